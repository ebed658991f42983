/**
 * Plain statistics: the random order of runs, quantiles, the slope of a line, correlation, the
 * normal distribution. Pure: chance comes in as a function, so a seed repeats everything.
 * inference.ts draws conclusions.
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

/** Pearson's correlation of pairs, -1 to 1; undefined of fewer than 3, or where a side is constant. */
export function correlation(
  pairs: readonly (readonly [x: number, y: number])[],
): number | undefined {
  if (pairs.length < 3) return undefined;
  const [meanX, meanY] = [mean(pairs.map(([x]) => x)), mean(pairs.map(([, y]) => y))];
  let products = 0, squaresX = 0, squaresY = 0;
  for (const [x, y] of pairs) {
    products += (x - meanX) * (y - meanY);
    squaresX += (x - meanX) ** 2;
    squaresY += (y - meanY) ** 2;
  }
  const scale = Math.sqrt(squaresX * squaresY);
  return scale > 0 ? products / scale : undefined;
}

/**
 * The part of a standard normal distribution that lies below `value`: by the error function
 * (Abramowitz and Stegun, 7.1.26), off by at most 1e-7.
 */
export function normalBelow(value: number): number {
  const x = Math.abs(value) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const coefficients = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const series = coefficients.reduce((sum, coefficient) => (sum + coefficient) * t, 0);
  const tail = series * Math.exp(-x * x) / 2;
  return value > 0 ? 1 - tail : tail;
}

/** Beyond this, on either side, lies nothing that matters, and so often the way to it is halved. */
const NORMAL_MOST = 8, HALVINGS = 50;

/** The value that the part `share` (above 0 and below 1) of a standard normal one lies below. */
export function normalQuantile(share: number): number {
  let [low, high] = [-NORMAL_MOST, NORMAL_MOST];
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
