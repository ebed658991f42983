/** Tests of bench/claims/statistics.ts. @module */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  correlation,
  median,
  quantile,
  randomFrom,
  shuffled,
  slope,
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

Deno.test("slope is that of the least-squares line, and there is none at a single x", () => {
  assertEquals(slope([[0, 5], [1, 7], [2, 9]]), 2);
  assertEquals(slope([[0, 0], [1, 2], [2, 1]]), 0.5);
  assertEquals(slope([[4, 1], [2, 1]]), 0);
  for (const points of [[], [[1, 2]], [[1, 2], [1, 9]]] as [number, number][][]) {
    assertEquals(slope(points), undefined);
  }
});

Deno.test("correlation is 1 on a line, -1 on a falling one, and not told of a constant", () => {
  assertEquals(correlation([[1, 2], [2, 4], [3, 6]]), 1);
  assertEquals(correlation([[1, 3], [2, 2], [3, 1]]), -1);
  assertEquals(correlation([[1, 3], [2, 1], [3, 3]]), 0);
  assertEquals(correlation([[1, 3], [2, 3], [3, 3]]), undefined);
  assertEquals(correlation([[1, 3], [2, 4]]), undefined);
});
