/** Tests of bench/statistics.ts. @module */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  bootstrapInterval,
  median,
  pairedRatios,
  quantile,
  randomFrom,
  shuffled,
  slope,
  summarize,
} from "../../bench/claims/statistics.ts";

Deno.test("quantile interpolates between neighbours and does not depend on the order", () => {
  const cases: [number[], number, number][] = [
    [[5], 0.5, 5],
    [[4, 1, 3, 2], 0.5, 2.5],
    [[3, 1, 2], 0.5, 2],
    [[3, 1, 2], 0, 1],
    [[3, 1, 2], 1, 3],
    [[0, 10], 0.25, 2.5],
    [[10, 9, 100], 0.5, 10],
  ];
  for (const [values, q, expected] of cases) assertEquals(quantile(values, q), expected);
});

Deno.test("quantile and median leave their argument as it is, and refuse no values", () => {
  const values = [3, 1, 2];
  median(values);
  assertEquals(values, [3, 1, 2]);
  assertThrows(() => median([]), RangeError, "no values");
});

Deno.test("randomFrom gives one sequence per seed, within 0 and 1 and about 1/2 in the mean", () => {
  for (const seed of [0, 1, 42, -7, 999_999]) {
    const first = randomFrom(seed);
    const second = randomFrom(seed);
    let sum = 0;
    for (let index = 0; index < 2000; index++) {
      const value = first();
      assertEquals(value, second());
      assert(value >= 0 && value < 1);
      sum += value;
    }
    assert(Math.abs(sum / 2000 - 0.5) < 0.05, `the mean of seed ${seed} is ${sum / 2000}`);
  }
  assert(randomFrom(1)() !== randomFrom(2)());
});

Deno.test("shuffled keeps every item once and puts each in every place", () => {
  const random = randomFrom(3);
  const places = new Set<string>();
  for (let turn = 0; turn < 200; turn++) {
    const order = shuffled(["a", "b", "c"], random);
    assertEquals(order.toSorted(), ["a", "b", "c"]);
    order.forEach((item, place) => places.add(`${item}${place}`));
  }
  assertEquals(places.size, 9);
});

Deno.test("bootstrapInterval holds the median, is a point for equal values, narrows with more", () => {
  assertEquals(bootstrapInterval([7, 7, 7], randomFrom(1)), [7, 7]);
  const few = [90, 100, 110, 95, 105, 120, 80];
  const many = Array.from({ length: 20 }, () => few).flat();
  const [low, high] = bootstrapInterval(few, randomFrom(1));
  assert(low >= 80 && low <= 100 && high >= 100 && high <= 120);
  const [lowMany, highMany] = bootstrapInterval(many, randomFrom(1));
  assert(highMany - lowMany < high - low);
});

Deno.test("summarize tells count, median and range, and nothing of no values", () => {
  const summary = summarize([3, 1, 2], randomFrom(1))!;
  assertEquals([summary.count, summary.median, summary.lowest, summary.highest], [3, 2, 1, 3]);
  assertEquals(summarize([], randomFrom(1)), undefined);
});

Deno.test("pairedRatios divides within a block and skips blocks that lack either side", () => {
  const values = new Map([[0, 10], [1, 30], [2, 50], [4, 5]]);
  const baseline = new Map([[0, 5], [1, 10], [3, 1], [4, 0]]);
  assertEquals(pairedRatios(values, baseline), [2, 3]);
});

Deno.test("bootstrapInterval of an even number of values takes the mean of the middle two", () => {
  // Of two values a median is either of them or their mean, and of many resamples none is likely.
  assertEquals(bootstrapInterval([1, 3], randomFrom(1)), [1, 3]);
  const [low, high] = bootstrapInterval([1, 1, 3, 3], randomFrom(1));
  assertEquals([low, high], [1, 3]);
});

Deno.test("slope is that of the least-squares line, and there is none at a single x", () => {
  assertEquals(slope([[0, 5], [1, 7], [2, 9]]), 2);
  assertEquals(slope([[0, 0], [1, 2], [2, 1]]), 0.5);
  assertEquals(slope([[4, 1], [2, 1]]), 0);
  for (const points of [[], [[1, 2]], [[1, 2], [1, 9]]] as [number, number][][]) {
    assertEquals(slope(points), undefined);
  }
});
