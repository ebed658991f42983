/**
 * What the cells of a run say together: a summary per subject and scenario, and its ratio to the
 * baseline. Pure; report.ts shows it, mod.ts writes it beside the raw cells.
 *
 * @module
 */

import type { Cell } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";
import { pairedRatios, type Random, summarize, type Summary } from "./statistics.ts";
import type { Subject } from "./subjects.ts";

/** All repeats of one subject in one scenario. */
export interface Row {
  /** The id of a subject. */
  readonly subject: string;
  /** The id of a scenario. */
  readonly scenario: string;
  /** In the scenario's unit; missing when no repeat gave a rate. */
  readonly rate?: Summary;
  /** Rate over the baseline's in the same block; missing for the baseline itself. */
  readonly ratio?: Summary;
  /** What the ratio allows to say. */
  readonly verdict: Verdict;
  /** Errors of all repeats by what they were. */
  readonly errors: Readonly<Record<string, number>>;
  /** All of `errors` together. */
  readonly errorCount: number;
  /** Reasons of repeats that gave no rate. */
  readonly failures: readonly string[];
  /** The load was so busy that the server may have been able to do more. */
  readonly loadBound: boolean;
}

/** What may be said of a ratio. */
export type Verdict =
  | "baseline"
  | "faster"
  | "slower"
  /** The interval of the ratio holds 1. */
  | "no difference shown"
  /** Too few repeats, or errors, or a busy machine, or nothing to compare with. */
  | "no claim";

/** Fewer repeats are a first look: their intervals are hardly more than ranges. */
export const REPEATS_FOR_CLAIM_MIN = 7;

/** A load process that uses more of a processor may be what was measured. */
const LOAD_CPU_SHARE_MAX = 0.8;

/** What the cells of a run belong to. */
export interface Context {
  /** What was measured. */
  readonly scenarios: readonly Scenario[];
  /** Who was measured. */
  readonly subjects: readonly Subject[];
  /** The id of the subject that ratios are over. */
  readonly baseline: string;
  /** Whether the machine did nothing else: a busy neighbour can turn a comparison round. */
  readonly idle: boolean;
}

/** One row per scenario and subject, in that order. */
export function analyze(cells: readonly Cell[], context: Context, random: Random): Row[] {
  const { scenarios, subjects, baseline, idle } = context;
  return scenarios.flatMap(({ id: scenario }) => {
    const of = (subject: string) =>
      cells.filter((cell) => cell.subject === subject && cell.scenario === scenario);
    const reference = ratesByBlock(of(baseline));
    return subjects.map(({ id: subject }): Row => {
      const own = of(subject);
      const ratios = subject === baseline ? [] : pairedRatios(ratesByBlock(own), reference);
      const row = makeRow(subject, scenario, own, ratios, random);
      if (subject === baseline) return { ...row, verdict: "baseline" };
      return idle ? row : { ...row, verdict: "no claim" };
    });
  });
}

function makeRow(
  subject: string,
  scenario: string,
  cells: readonly Cell[],
  ratios: readonly number[],
  random: Random,
): Row {
  const rate = summarize([...ratesByBlock(cells).values()], random);
  const ratio = summarize(ratios, random);
  const errors: Record<string, number> = {};
  let errorCount = 0;
  for (const [what, count] of cells.flatMap((cell) => Object.entries(cell.errors))) {
    errors[what] = (errors[what] ?? 0) + count;
    errorCount += count;
  }
  const failures = cells.flatMap((cell) => cell.failure ?? []);
  const trusted = errorCount === 0 && failures.length === 0;
  return {
    subject,
    scenario,
    ...(rate === undefined ? {} : { rate }),
    ...(ratio === undefined ? {} : { ratio }),
    verdict: trusted ? verdictOf(ratio) : "no claim",
    errors,
    errorCount,
    failures,
    loadBound: cells.some((cell) => cell.loadCpuShare > LOAD_CPU_SHARE_MAX),
  };
}

function ratesByBlock(cells: readonly Cell[]): Map<number, number> {
  const rates = new Map<number, number>();
  for (const cell of cells) if (cell.rate !== undefined) rates.set(cell.block, cell.rate);
  return rates;
}

function verdictOf(ratio: Summary | undefined): Verdict {
  if (ratio === undefined || ratio.count < REPEATS_FOR_CLAIM_MIN) return "no claim";
  const [low, high] = ratio.interval;
  return low > 1 ? "faster" : high < 1 ? "slower" : "no difference shown";
}
