/**
 * From repeats to a statement: medians, ranges, bootstrap intervals, paired ratios, and the random
 * order of runs. Pure: chance comes in as a function, so a seed repeats everything.
 *
 * @module
 */

/** Numbers from 0 up to but not including 1. */
export type Random = () => number;

/** A generator whose whole sequence follows from `seed` (an integer): a 32-bit xorshift. */
export function randomFrom(seed: number): Random {
  // Xorshift stays at 0 for ever, so a state of 0 is replaced by any other.
  let state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** `items` in a random order (Fisher and Yates); the argument stays as it is. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/**
 * The value below which the fraction `q` (0 to 1) of `values` lies, interpolated between
 * neighbours.
 *
 * @throws {RangeError} when there are no values.
 */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError("Cannot take a quantile of no values");
  const sorted = values.toSorted((left, right) => left - right);
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/** The middle of `values`. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Two ends, the lower one first. */
export type Interval = readonly [low: number, high: number];

/** Resamples of a bootstrap: the ends of a 95 % interval then rest on 50 of them each. */
const RESAMPLES = 2000;

/**
 * The percentile bootstrap interval of the median of `values`, in which 95 % of the medians of
 * resamples lie. With fewer than 6 values it is little more than their range.
 */
export function bootstrapInterval(values: readonly number[], random: Random): Interval {
  // A report draws thousands of intervals: places in the sorted values stand for the values.
  const sorted = Float64Array.from(values).sort();
  const places = new Int32Array(values.length);
  const upper = values.length >> 1;
  const lower = (values.length - 1) >> 1;
  const medians = Array.from({ length: RESAMPLES }, () => {
    for (let draw = 0; draw < places.length; draw++) {
      places[draw] = Math.floor(random() * places.length);
    }
    places.sort();
    return (sorted[places[lower]!]! + sorted[places[upper]!]!) / 2;
  });
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}

/** What repeats of one measurement say together. */
export interface Summary {
  /** How many values there were. */
  readonly count: number;
  /** The middle one. */
  readonly median: number;
  /** The smallest. */
  readonly lowest: number;
  /** The largest. */
  readonly highest: number;
  /** Of the median, 95 %, by bootstrap. */
  readonly interval: Interval;
}

/** Sums up `values`, or undefined when there are none. */
export function summarize(values: readonly number[], random: Random): Summary | undefined {
  if (values.length === 0) return undefined;
  return {
    count: values.length,
    median: median(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
    interval: bootstrapInterval(values, random),
  };
}

/**
 * Quotients of measurements with those of the baseline from the same block, where both exist:
 * what disturbed a block disturbed both. Keys are block numbers.
 */
export function pairedRatios(
  values: ReadonlyMap<number, number>,
  baseline: ReadonlyMap<number, number>,
): number[] {
  const ratios: number[] = [];
  for (const [block, value] of values) {
    const reference = baseline.get(block);
    if (reference !== undefined && reference > 0) ratios.push(value / reference);
  }
  return ratios;
}

/**
 * How much y grows with x: the slope of the least-squares line, or undefined when all points stand
 * at one x.
 */
export function slope(points: readonly (readonly [x: number, y: number])[]): number | undefined {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  let products = 0;
  let squares = 0;
  for (const [x, y] of points) {
    products += (x - meanX) * (y - meanY);
    squares += (x - meanX) ** 2;
  }
  return squares > 0 ? products / squares : undefined;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
