/**
 * Fair comparisons within one experiment: every variant is measured once in each block, in an order
 * that chance makes, so that whatever disturbs the machine for a while disturbs all of them.
 *
 * @module
 */

import { type Interval, REPEATS_FOR_CLAIM_MIN, summarize } from "../../claims/inference.ts";
import { randomFrom, shuffled } from "../../claims/statistics.ts";
import type { Verdict } from "../lesson.ts";
import { pause } from "./pause.ts";

/** Chance is the same each time, so that two runs differ by the machine only. */
const SEED = 1;

/** What one variant showed, by block. */
export type Blocks = ReadonlyMap<number, number>;

/**
 * Measures each of `variants` in each of `blocks` blocks; the results by variant, in its order.
 *
 * @throws the reason of `signal` when it is aborted.
 */
export async function inBlocks<V>(
  variants: readonly V[],
  blocks: number,
  signal: AbortSignal,
  measure: (variant: V) => number | Promise<number>,
): Promise<Map<V, Blocks>> {
  const random = randomFrom(SEED);
  const results = new Map(variants.map((variant) => [variant, new Map<number, number>()]));
  for (let block = 0; block < blocks; block++) {
    for (const variant of shuffled(variants, random)) {
      results.get(variant)!.set(block, await measure(variant));
      await pause(0, signal);
    }
  }
  return results;
}

/** A figure of several blocks: the middle one, and where the true median lies. */
export interface Estimate {
  /** The middle one. */
  readonly median: number;
  /** By order statistics, of at least 95 % from 6 values on: of 6 to 8 their range. */
  readonly interval: Interval;
  /** The true level of the interval, 0 to 1; of a single block it is 0. */
  readonly level: number;
}

/** What `values` say together; there is at least one. */
export function estimate(values: Iterable<number>): Estimate {
  const { median, interval, level } = summarize([...values])!;
  return { median, interval, level };
}

/** How many times as much as `baseline` in the same block. */
export function ratio(values: Blocks, baseline: Blocks): Estimate {
  const blocks = [...values.keys()].filter((block) => (baseline.get(block) ?? 0) > 0);
  return estimate(
    blocks.map((block) => values.get(block)! / baseline.get(block)!),
  );
}

/**
 * The verdict on figures of `blocks` blocks, of which two rules say what they show; too few decide
 * nothing, by the benchmark's own rule.
 */
export function verdictBy(blocks: number, confirmed: boolean, refuted: boolean): Verdict {
  if (blocks < REPEATS_FOR_CLAIM_MIN) return "inconclusive";
  return confirmed ? "confirmed" : refuted ? "refuted" : "inconclusive";
}

/** A figure with its interval and the true level of it: "1.31 (1.24 to 1.40 at 98.8 %)". */
export function shown({ median, interval: [low, high], level }: Estimate): string {
  const text = (value: number) => value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
  return `${text(median)} (${text(low)} to ${text(high)} at ${(100 * level).toFixed(1)} %)`;
}
