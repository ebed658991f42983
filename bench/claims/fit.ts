/**
 * What a wake-up costs, taken apart: of one wake-up that looks at `watched` descriptors and brings
 * `ready` events, a + b * watched + c * ready. Operations are what is measured, one event each, so
 * that CPU per operation is (a + b * watched) / batch + c, where batch is the number of events that
 * shared a wake-up, as the server counted them. Fitted block by block, by cells that may carry a
 * claim; the spread of blocks is that of the coefficients. Pure; report/wakeups.ts shows it.
 *
 * @module
 */

import { REPEATS_FOR_CLAIM_MIN, summarize, type Summary } from "./inference.ts";
import { quantile } from "./statistics.ts";

/** One cell, as the fit needs it. */
export interface Wakeup {
  /** The repeat. */
  readonly block: number;
  /** Descriptors that a wait looks at. */
  readonly watched: number;
  /** Events per wake-up. */
  readonly batch: number;
  /** CPU of the server per operation, microseconds. */
  readonly cost: number;
  /** Whether it may carry a claim: others it is shown beside, and not fitted. */
  readonly isClean: boolean;
}

/** Microseconds: of a wake-up, of each descriptor watched in it, of each event. */
export type Coefficients = readonly [a: number, b: number, c: number];

/** A fit over all blocks, or why there is none. */
export type Fit = {
  /** Each coefficient with the interval of its median over blocks. */
  readonly a: Summary;
  /** See a. */
  readonly b: Summary;
  /** See a. */
  readonly c: Summary;
  /** Medians of the three. */
  readonly medians: Coefficients;
  /** Nine in ten of the cells that were fitted lie within this factor of the fit, such as 1.1. */
  readonly within: number;
} | { readonly unfit: string };

/** The least by which batches and numbers of descriptors must vary, from the lowest to the highest. */
const SPREAD_MIN = 4;

/** Cells of a block that three coefficients take: with fewer nothing is left to contradict them. */
const CELLS_MIN = 6;

/** Fits the clean of `all` cells of one subject. */
export function fitWakeups(all: readonly Wakeup[]): Fit {
  const cells = all.filter(({ isClean }) => isClean);
  const batches = cells.map(({ batch }) => batch);
  const watched = cells.map((cell) => cell.watched);
  if (all.length === 0) return { unfit: "its wake-ups are not counted" };
  if (cells.length === 0) return { unfit: "no cell of it may carry a claim" };
  if (Math.max(...batches) < SPREAD_MIN * Math.min(...batches)) {
    const most = Math.max(...batches).toFixed(1);
    return { unfit: `its events hardly share wake-ups (${most} at most): a and c are one` };
  }
  if (Math.max(...watched) < SPREAD_MIN * Math.min(...watched)) {
    return { unfit: "the number of descriptors hardly varied" };
  }
  const blocks = [...Map.groupBy(cells, ({ block }) => block).values()];
  const fits = blocks.flatMap((block) => block.length < CELLS_MIN ? [] : [leastSquares(block)])
    .filter((found) => found !== undefined);
  if (fits.length < REPEATS_FOR_CLAIM_MIN) {
    const shown = `${fits.length} of ${blocks.length} blocks have ${CELLS_MIN} clean cells`;
    return { unfit: `${shown}, where a claim needs ${REPEATS_FOR_CLAIM_MIN}` };
  }
  const [a, b, c] = [0, 1, 2].map((index) => summarize(fits.map((fit) => fit[index]!))!);
  const medians: Coefficients = [a!.median, b!.median, c!.median];
  const errors = cells.map((cell) => Math.abs(Math.log(cell.cost / costOf(medians, cell))));
  return { a: a!, b: b!, c: c!, medians, within: Math.exp(quantile(errors, 0.9)) };
}

/** CPU per operation by the fit. */
export function costOf(
  [a, b, c]: Coefficients,
  { watched, batch }: Pick<Wakeup, "watched" | "batch">,
): number {
  return (a + b * watched) / batch + c;
}

/**
 * Weighted by 1 / cost^2, so that it is the relative errors whose squares are least: costs range
 * over three decades, and each cell is known to about the same part of itself.
 */
function leastSquares(cells: readonly Wakeup[]): Coefficients | undefined {
  const matrix = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
  const right = [0, 0, 0];
  for (const { watched, batch, cost } of cells) {
    const row = [1 / batch, watched / batch, 1].map((value) => value / cost);
    for (const [i, value] of row.entries()) {
      right[i]! += value;
      for (const [j, other] of row.entries()) matrix[i]![j]! += value * other;
    }
  }
  return solve(matrix, right);
}

/** Cramer's rule for three; undefined where the equations do not tell the unknowns apart. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]) {
  const whole = determinant(matrix);
  const scale = matrix.reduce((product, row, index) => product * row[index]!, 1);
  if (!(Math.abs(whole) > 1e-9 * scale)) return undefined;
  const replaced = (column: number) =>
    matrix.map((row, i) => row.map((value, j) => j === column ? right[i]! : value));
  return [0, 1, 2].map((column) =>
    determinant(replaced(column)) / whole
  ) as unknown as Coefficients;
}

function determinant(matrix: readonly (readonly number[])[]): number {
  const [[a, b, c], [d, e, f], [g, h, i]] = matrix as [
    [number, number, number],
    [number, number, number],
    [number, number, number],
  ];
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}
