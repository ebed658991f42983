/**
 * From repeats to a statement, exactly: intervals of a median from order statistics, of a ratio
 * without pairs from ranks, the tests that they invert, and a correction for asking often. No
 * distribution is assumed, and by ranks only that the two sides differ by a factor; nothing is drawn
 * by chance. Pure; analysis.ts asks.
 *
 * @module
 */

import { median, normalBelow, normalQuantile } from "./statistics.ts";

/** Two ends, the lower one first. */
export type Interval = readonly [low: number, high: number];

/** The level that an interval has at least, where there are values enough for it. */
export const LEVEL = 0.95;

/** Fewer clean repeats claim nothing: of 9 an interval leaves out one value at each end. */
export const REPEATS_FOR_CLAIM_MIN = 9;

/** An interval by ranks: which of the sorted values its ends are, and what that is worth. */
export interface Ranks {
  /** The lower end is the value of this rank, from 1; the upper one that of the same from above. */
  readonly rank: number;
  /** The chance that such an interval holds the true value, 0 to 1. */
  readonly level: number;
}

/**
 * Ranks of the interval of a median of `count` values: the number of values below the true median
 * is binomial (n, 1/2), so that x_k to x_(n+1-k) holds it with 1 - 2 P(B <= k - 1). The narrowest
 * of at least LEVEL; below 6 values that is out of reach, and the range has the level it has.
 */
export function medianRanks(count: number): Ranks {
  return narrowest(binomialHalf(count), Math.ceil(count / 2));
}

/** The narrowest pair of ranks of at least LEVEL, the tail being `distribution` from 0 on. */
function narrowest(distribution: readonly number[], most: number): Ranks {
  let tail = distribution[0]!;
  let best: Ranks = { rank: 1, level: 1 - 2 * tail };
  for (let rank = 2; rank <= most; rank++) {
    tail += distribution[rank - 1]!;
    if (1 - 2 * tail < LEVEL) break;
    best = { rank, level: 1 - 2 * tail };
  }
  return { rank: best.rank, level: Math.max(0, best.level) };
}

/** Rows of Pascal's triangle, each halved, as far as they were asked for: 4 MB for 1,000 blocks. */
const TRIANGLE: (readonly number[])[] = [[1]];

/** P(B = k) for k from 0 to n, B binomial (n, 1/2). */
function binomialHalf(count: number): readonly number[] {
  for (let n = TRIANGLE.length; n <= count; n++) {
    const above = TRIANGLE[n - 1]!;
    TRIANGLE.push(
      Array.from({ length: n + 1 }, (_, k) => ((above[k - 1] ?? 0) + (above[k] ?? 0)) / 2),
    );
  }
  return TRIANGLE[count]!;
}

/** A rank sum is of so many values a side at most: rounding is 1e-10 there, and tenfold at 350. */
export const RANK_SUM_MAX = 300;

/**
 * P(U = u) for u from 0 to m n: how many pairs of a value of each side are in reverse (Mann and
 * Whitney). Orders counted by their U are the coefficients of a Gaussian binomial, the product of
 * (1 - q^(n + i)) / (1 - q^i) for i from 1 to m: factor by factor, each divided by what it is at
 * q = 1, it takes one row.
 */
function rankSum(own: number, other: number): number[] {
  const most = own * other;
  // U and m n - U are equally probable.
  const row = new Float64Array(Math.floor(most / 2) + 1);
  row[0] = 1;
  for (let i = 1; i <= own; i++) {
    const sum = other + i;
    for (let u = row.length - 1; u >= sum; u--) row[u]! -= row[u - sum]!;
    for (let u = i; u < row.length; u++) row[u]! += row[u - i]!;
    for (let u = 0; u < row.length; u++) row[u]! *= i / sum;
  }
  return Array.from({ length: most + 1 }, (_, u) => row[Math.min(u, most - u)]!);
}

/** A figure that may be known from one side only: the least and the most that it can be. */
export interface Known {
  /** As it was measured. */
  readonly value: number;
  /** `value`, or less where the true figure may be smaller: 0 where nobody knows by how much. */
  readonly least: number;
  /** `value`, or Infinity where the true figure may be larger. */
  readonly most: number;
}

/** What repeats of one measurement say together. */
export interface Summary {
  /** How many values there were. */
  readonly count: number;
  /** The middle one, as measured. */
  readonly median: number;
  /** The smallest. */
  readonly lowest: number;
  /** The largest. */
  readonly highest: number;
  /** Of the median; 0 or Infinity where values were bounds. */
  readonly interval: Interval;
  /** The low end is 0 since what was measured there may be less by any amount. */
  readonly lowUnknown: boolean;
  /** The true level of the interval, 0 to 1. */
  readonly level: number;
}

/** A plain figure. */
export function exactly(value: number): Known {
  return { value, least: value, most: value };
}

/** Sums up `values`, or undefined when there are none. */
export function summarize(values: readonly (number | Known)[]): Summary | undefined {
  const known = values.map((value) => typeof value === "number" ? exactly(value) : value);
  return known.length === 0 ? undefined : summaryBy(medianRanks(known.length), known, known.length);
}

function summaryBy(
  { rank, level }: Ranks,
  known: readonly Known[],
  count: number,
): Summary {
  const sorted = (side: keyof Known) =>
    known.map((one) => one[side]).toSorted((left, right) => left - right);
  const values = sorted("value");
  const low = sorted("least")[rank - 1]!;
  return {
    count,
    median: median(values),
    lowest: values[0]!,
    highest: values.at(-1)!,
    interval: [low, sorted("most")[known.length - rank]!],
    lowUnknown: low === 0 && values[rank - 1] !== 0,
    level,
  };
}

/** `own` over `reference`, from one side where either is. */
export function quotient(own: Known, reference: Known): Known {
  const over = (amount: number, by: number) =>
    by > 0 ? (amount === Infinity && by === Infinity ? Infinity : amount / by) : Infinity;
  return {
    value: over(own.value, reference.value),
    least: reference.most === Infinity ? 0 : over(own.least, reference.most),
    most: over(own.most, reference.least),
  };
}

/**
 * The ratio of two groups that are not paired: Hodges and Lehmann's estimate, the median of all
 * quotients, with the interval of the rank sum's exact distribution.
 */
export function unpairedRatio(
  own: readonly Known[],
  reference: readonly Known[],
): Summary | undefined {
  if (own.length === 0 || reference.length === 0) return undefined;
  const all = own.flatMap((one) => reference.map((other) => quotient(one, other)));
  const ranks = narrowest(rankSum(own.length, reference.length), Math.ceil(all.length / 2));
  return summaryBy(ranks, all, Math.min(own.length, reference.length));
}

/**
 * Two-sided exact sign test of `ratios` against `centre`: how probable so lopsided a split is when
 * the true median is there. What may lie on either side counts against a difference, and so does
 * what is equal.
 */
export function signTest(ratios: readonly Known[], centre = 1): number {
  const above = ratios.filter(({ least }) => least > centre).length;
  const below = ratios.filter(({ most }) => most < centre).length;
  return twoSided(binomialHalf(ratios.length), ratios.length - Math.max(above, below));
}

/** The same by rank sum, of groups that are not paired. */
export function rankSumTest(own: readonly Known[], reference: readonly Known[]): number {
  const all = own.flatMap((one) => reference.map((other) => quotient(one, other)));
  const above = all.filter(({ least }) => least > 1).length;
  const below = all.filter(({ most }) => most < 1).length;
  return twoSided(rankSum(own.length, reference.length), all.length - Math.max(above, below));
}

function twoSided(distribution: readonly number[], against: number): number {
  const tail = distribution.slice(0, against + 1).reduce((sum, each) => sum + each, 0);
  return Math.min(1, 2 * tail);
}

/**
 * Benjamini and Hochberg's adjusted values: rejecting all that are at most q keeps the expected part
 * of false ones among the rejected at or below q, where the tests are independent or depend on each
 * other positively (Benjamini and Yekutieli, 2001, theorem 1.2).
 */
export function adjusted(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index }))
    .toSorted((left, right) => right.value - left.value);
  const result: number[] = Array.from({ length: values.length });
  let least = 1;
  for (const [place, { value, index }] of order.entries()) {
    least = Math.min(least, value * values.length / (values.length - place));
    result[index] = least;
  }
  return result;
}

/**
 * By what the adjusted values of so many tests are multiplied to say the same however these depend
 * on each other: the sum of 1 / i (Benjamini and Yekutieli, theorem 1.3).
 */
export function dependenceFactor(count: number): number {
  return Array.from({ length: count }, (_, index) => 1 / (index + 1))
    .reduce((sum, each) => sum + each, 0);
}

/** Ratios within these are as good as 1: named before anything was measured. */
export const MARGIN: Interval = [0.8, 1.25];

/** What the interval of a ratio shows; both may hold of a difference that is small but certain. */
export interface Finding {
  /** On which side of 1 it lies; missing when it holds 1. */
  readonly differs?: "more" | "less";
  /** It lies within MARGIN. */
  readonly equivalent: boolean;
}

/** Judges the interval of a ratio. */
export function judge([low, high]: Interval): Finding {
  const equivalent = low > MARGIN[0] && high < MARGIN[1];
  return low > 1
    ? { differs: "more", equivalent }
    : high < 1
    ? { differs: "less", equivalent }
    : { equivalent };
}

/** More repeats than these are not proposed. */
const REPEATS_MAX = 1_000;

/**
 * How far the interval of a median of `count` normal values reaches to either side, in their
 * standard deviations: about where the value of its rank is expected (Blom, 1958). It shrinks in
 * steps: of 10 values and of 11 the ends are the second ones, which lie further out in 11.
 */
function medianReach(count: number): number {
  return -normalQuantile((medianRanks(count).rank - 0.375) / (count + 0.25));
}

/**
 * How many repeats would decide at even odds, if ratios scatter as they did (in their logarithms,
 * about normally) around the one that was seen: then an interval comes to lie beside 1, or within
 * MARGIN, as often as not. Intervals of `paired` ratios shrink as their ranks allow, and those of a
 * rank sum with the root of the number of repeats. undefined where it takes too many.
 */
export function repeatsToDecide(
  { count, median, interval, level }: Summary,
  paired: boolean,
): number | undefined {
  const [low, high] = interval.map(Math.log) as [number, number];
  const half = (high - low) / 2;
  if (!Number.isFinite(half)) return undefined;
  const decides = (repeats: number) => {
    const part = paired ? medianReach(repeats) / medianReach(count) : Math.sqrt(count / repeats);
    const reach = normalQuantile((1 + (paired ? medianRanks(repeats).level : level)) / 2);
    return chanceOfVerdict(Math.log(median), half * part, reach) >= 0.5;
  };
  // The chance of being equivalent alone grows at first and may fall at the margin: so one by one.
  for (let repeats = count + 1; repeats <= REPEATS_MAX; repeats++) {
    if (decides(repeats)) return repeats;
  }
  return undefined;
}

/**
 * How probable a verdict is of an interval that reaches `half` to both sides of an estimate, as far
 * as `reach` of its standard deviations, where the true value is `centre`; both in logarithms.
 */
function chanceOfVerdict(centre: number, half: number, reach: number): number {
  const [least, most] = MARGIN.map(Math.log) as [number, number];
  const deviation = half / reach;
  const below = (value: number) => normalBelow((value - centre) / deviation);
  const [lowest, highest] = [least + half, most - half];
  // Beside 1 on either side, and of what is left in between the equivalent.
  const [left, right] = [Math.max(lowest, -half), Math.min(highest, half)];
  return below(-half) + 1 - below(half) + Math.max(0, below(right) - below(left));
}

/**
 * By how much a ratio must differ from 1 to be seen as a difference at even odds: the wider half of
 * its interval; undefined: none.
 */
export function smallestSeen({ median, interval: [low, high] }: Summary): number | undefined {
  const factor = Math.max(high / median, median / low);
  return Number.isFinite(factor) ? factor : undefined;
}
