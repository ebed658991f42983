/** Tests of bench/claims/inference.ts against values that tables of statistics give. @module */

import { assert, assertEquals } from "@std/assert";
import {
  adjusted,
  dependenceFactor,
  exactly,
  judge,
  type Known,
  LEVEL,
  medianRanks,
  quotient,
  RANK_SUM_MAX,
  rankSumTest,
  repeatsToDecide,
  signTest,
  smallestSeen,
  summarize,
  type Summary,
  unpairedRatio,
} from "../../bench/claims/inference.ts";
import { normalBelow, randomFrom } from "../../bench/claims/statistics.ts";

function assertNear(actual: number, expected: number, within: number): void {
  assert(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

const known = (...values: number[]): Known[] => values.map(exactly);

Deno.test("medianRanks: the narrowest order statistics of at least 95 %, at their true level", () => {
  // 1 - 2 sum C(n, i) / 2^n for i below the rank.
  const cases: [count: number, rank: number, level: number][] = [
    [1, 1, 0],
    [2, 1, 0.5],
    [5, 1, 0.9375],
    [6, 1, 0.96875],
    [7, 1, 0.984375], // the 2nd to the 6th, as a bootstrap has it, would be 87.5 %
    [8, 1, 0.9921875],
    [9, 2, 0.9609375],
    [10, 2, 0.978515625],
    [11, 2, 0.98828125],
    [12, 3, 0.961425781],
    [15, 4, 0.96484375],
    [20, 6, 0.958610535],
    [25, 8, 0.956714749],
  ];
  for (const [count, rank, level] of cases) {
    const found = medianRanks(count);
    assertEquals(found.rank, rank, `of ${count}`);
    assertNear(found.level, level, 1e-8);
  }
});

Deno.test("summarize: of 11 values the 2nd to the 10th, whatever their order", () => {
  const summary = summarize([5, 11, 1, 10, 2, 9, 3, 8, 4, 7, 6])!;
  assertEquals([summary.count, summary.median, summary.lowest, summary.highest], [11, 6, 1, 11]);
  assertEquals(summary.interval, [2, 10]);
  assertNear(summary.level, 0.98828125, 1e-12);
  assertEquals(summarize([]), undefined);
});

Deno.test("summarize: values known from one side move one end of the interval only", () => {
  const values = Array.from({ length: 11 }, (_, index) => exactly(index + 1));
  const open = values.map((one, index) => index < 2 ? { ...one, most: Infinity } : one);
  // Two that may be anything from 1 and 2 on: ten may lie above the tenth.
  assertEquals(summarize(open)!.interval, [2, Infinity]);
  assertEquals(summarize(values.with(0, open[0]!))!.interval, [2, 11]);
  assertEquals(summarize(open)!.median, 6);
});

Deno.test("quotient: a bound below makes a bound above", () => {
  const atLeast = { value: 4, least: 4, most: Infinity };
  assertEquals(quotient(exactly(8), atLeast), { value: 2, least: 0, most: 2 });
  assertEquals(quotient(atLeast, exactly(2)), { value: 2, least: 2, most: Infinity });
  assertEquals(quotient(atLeast, atLeast), { value: 1, least: 0, most: Infinity });
});

Deno.test("signTest is the binomial's, and what equals or may be either counts against", () => {
  const above = (count: number, of: number) =>
    known(...Array.from({ length: of }, (_, index) => index < count ? 2 : 0.5));
  assertNear(signTest(above(11, 11)), 2 / 2048, 1e-12);
  assertNear(signTest(above(10, 11)), 24 / 2048, 1e-12);
  assertNear(signTest(above(9, 11)), 0.0654296875, 1e-12);
  assertNear(signTest(above(0, 9)), 2 / 512, 1e-12);
  assertEquals(signTest(above(5, 10)), 1);
  assertNear(signTest([...above(10, 10), exactly(1)]), 24 / 2048, 1e-12);
  const either = { value: 2, least: 0, most: Infinity };
  assertNear(signTest([...above(10, 10), either]), 24 / 2048, 1e-12);
});

Deno.test("an interval leaves out 1 when the sign test does, at its own level", () => {
  for (let against = 0; against <= 11; against++) {
    const ratios = Array.from({ length: 11 }, (_, i) => i < against ? 0.9 - i / 100 : 2 + i);
    const { interval: [low, high], level } = summarize(ratios)!;
    const differs = low > 1 || high < 1;
    assertEquals(differs, signTest(known(...ratios)) <= 1 - level + 1e-12, `${against}`);
  }
});

Deno.test("rankSumTest and unpairedRatio follow the exact distribution of the rank sum", () => {
  // All of one side below the other: 2 / C(m + n, m).
  const low = known(1, 2, 3, 4), high = known(5, 6, 7, 8);
  assertNear(rankSumTest(low, high), 2 / 70, 1e-12);
  // U = 1 of 5 and 5: (1 + 1) of 252 at each side.
  assertNear(rankSumTest(known(1, 2, 3, 4, 6), known(5, 7, 8, 9, 10)), 4 / 252, 1e-12);
  // Tables: 5 and 5 at 5 % reject at U <= 2, so that the ends are the 3rd of 25.
  const ratio = unpairedRatio(known(2, 4, 8, 16, 32), known(1, 1.1, 1.2, 1.3, 1.4))!;
  assertNear(ratio.level, 1 - 2 * 4 / 252, 1e-12);
  const all = [2, 4, 8, 16, 32].flatMap((x) => [1, 1.1, 1.2, 1.3, 1.4].map((y) => x / y))
    .toSorted((a, b) => a - b);
  assertEquals([ratio.interval[0], ratio.interval[1]], [all[2]!, all[22]!]);
});

Deno.test("rankSumTest is that of all orders, of each as probable as another", () => {
  for (const [own, other] of [[1, 1], [1, 4], [2, 3], [3, 3], [4, 4], [5, 4]] as const) {
    // An order is which places of both sides together are the first side's.
    const orders = Array.from(
      { length: 2 ** (own + other) },
      (_, bits) => Array.from({ length: own + other }, (_, place) => (bits >> place & 1) === 1),
    )
      .filter((order) => order.filter(Boolean).length === own);
    const reversed = orders.map((order) =>
      order.reduce(
        (sum, isOwn, place) =>
          sum + (isOwn ? order.slice(0, place).filter((before) => !before).length : 0),
        0,
      )
    );
    for (const [index, order] of orders.entries()) {
      const against = Math.min(reversed[index]!, own * other - reversed[index]!);
      const beyond = reversed.filter((count) => count <= against).length;
      const side = (which: boolean) =>
        known(...order.flatMap((isOwn, place) => isOwn === which ? [place + 1] : []));
      const expected = Math.min(1, 2 * beyond / orders.length);
      assertNear(rankSumTest(side(true), side(false)), expected, 1e-12);
    }
  }
});

Deno.test("the rank sum is exact for hundreds of repeats, too, and the same from both sides", () => {
  const repeats = RANK_SUM_MAX;
  const side = (from: number) =>
    known(...Array.from({ length: repeats }, (_, index) => from + index));
  // All on one side: 2 / C(600, 300).
  let orders = 1;
  for (let i = 1; i <= repeats; i++) orders *= (repeats + i) / i;
  assertNear(rankSumTest(side(1), side(1_000)) * orders, 2, 1e-9);
  const [low, high] = [side(1), side(15.5)];
  const p = rankSumTest(low, high);
  assertEquals(rankSumTest(high, low), p);
  // About normal, by the variance m n (m + n + 1) / 12.
  const pairs = repeats ** 2;
  const inReverse = 285 * 286 / 2;
  const z = (pairs / 2 - inReverse - 0.5) / Math.sqrt(pairs * (2 * repeats + 1) / 12);
  assertNear(p / (2 * normalBelow(-z)), 1, 0.01);
  const { level, interval } = unpairedRatio(low, high)!;
  assertNear(level, LEVEL, 1e-4);
  assert(interval[0] < interval[1]);
});

Deno.test("adjusted is Benjamini and Hochberg's, as R's p.adjust gives it", () => {
  const found = adjusted([0.01, 0.04, 0.03, 0.005]);
  for (const [index, expected] of [0.02, 0.04, 0.04, 0.02].entries()) {
    assertNear(found[index]!, expected, 1e-12);
  }
  assertEquals(adjusted([]), []);
  assertEquals(adjusted([0.9, 1]), [1, 1]);
});

Deno.test("dependenceFactor makes Benjamini and Yekutieli's of them, as R's p.adjust gives it", () => {
  const values = [0.01, 0.04, 0.03, 0.005];
  const factor = dependenceFactor(values.length);
  for (const [index, expected] of [0.0416667, 0.0833333, 0.0833333, 0.0416667].entries()) {
    assertNear(adjusted(values)[index]! * factor, expected, 1e-6);
  }
  assertEquals([dependenceFactor(0), dependenceFactor(1)], [0, 1]);
});

Deno.test("judge: outside 1, within the margin, both, or neither", () => {
  assertEquals(judge([1.3, 2]), { differs: "more", equivalent: false });
  assertEquals(judge([0.2, 0.99]), { differs: "less", equivalent: false });
  assertEquals(judge([0.9, 1.2]), { equivalent: true });
  assertEquals(judge([1.02, 1.1]), { differs: "more", equivalent: true });
  assertEquals(judge([0.7, 1.1]), { equivalent: false });
  assertEquals(judge([0.8, 1.25]), { equivalent: false });
});

/** Values of a standard normal distribution (Box and Muller). */
function normalFrom(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

Deno.test("repeatsToDecide: as many as decide one run in two, and none where it takes too many", () => {
  const of = (low: number, median: number, high: number) => ({
    count: 11,
    median,
    lowest: low,
    highest: high,
    interval: [low, high] as const,
    lowUnknown: false,
    level: 0.98828125,
  });
  const even = of(1 / 1.25 ** 2, 1, 1.25 ** 2);
  const proposed = repeatsToDecide(even, false)!;
  // A difference that is there needs what makes its interval as wide as itself.
  const aside = repeatsToDecide(of(1.2 / 1.25 ** 2, 1.2, 1.2 * 1.25 ** 2), false)!;
  assert(aside > 55 && aside <= 66, `${aside} repeats`);
  for (const paired of [false, true]) {
    assertEquals(repeatsToDecide(of(1 / 1.25 ** 40, 1, 1.25 ** 40), paired), undefined);
    assertEquals(repeatsToDecide(of(0.9, 1.05, Infinity), paired), undefined);
    assert(repeatsToDecide(of(0.98, 1.2, 1.5), paired)! > 11);
  }
  assertEquals(smallestSeen(of(0.8, 1, 1.1)), 1.25);
  assertEquals(smallestSeen(of(0, 1, 1.1)), undefined);
  // Drawn: estimates that scatter as the intervals of such runs say. 1,000 of them are off by 5 %
  // once in 600 times.
  const normal = normalFrom(randomFrom(7));
  const half = Math.log(1.25 ** 2) * Math.sqrt(11 / proposed);
  const deviation = half / 2.52;
  const decided = Array.from({ length: 1_000 }, () => {
    const estimate = deviation * normal();
    const { differs, equivalent } = judge([Math.exp(estimate - half), Math.exp(estimate + half)]);
    return differs !== undefined || equivalent;
  }).filter(Boolean).length;
  assert(decided > 450 && decided < 600, `${decided} of 1,000 by ${proposed} repeats`);
});

Deno.test("repeatsToDecide: of pairs no number that makes the interval wider", () => {
  // Of 10 and of 11 values the ends are the second ones: about 1.00 and 1.06 deviations out.
  const centre = Math.log(1.5), half = 1.03 * centre;
  const [low, high] = [Math.exp(centre - half), Math.exp(centre + half)];
  const ten: Summary = {
    count: 10,
    median: 1.5,
    lowest: low,
    highest: high,
    interval: [low, high],
    lowUnknown: false,
    level: medianRanks(10).level,
  };
  assertEquals([repeatsToDecide(ten, true), repeatsToDecide(ten, false)], [12, 11]);
  // Drawn: 2,000 runs of ratios that scatter so. By the binomial distribution 43 and 68 % decide.
  const normal = normalFrom(randomFrom(7));
  const decided = (repeats: number) =>
    Array.from({ length: 2_000 }, () => {
      const ratios = Array.from({ length: repeats }, () => Math.exp(centre + half * normal()));
      const { differs, equivalent } = judge(summarize(ratios)!.interval);
      return differs !== undefined || equivalent;
    }).filter(Boolean).length;
  const [eleven, twelve] = [decided(11), decided(12)];
  assert(eleven < 950 && twelve > 1_250, `${eleven} by 11, ${twelve} by 12`);
});
