/**
 * A run as text for a terminal: plain characters, no colours, at most 100 columns. mod.ts prints
 * it; nothing here measures or decides.
 *
 * @module
 */

import { REPEATS_FOR_CLAIM_MIN, type Row } from "./analysis.ts";
import { type Idleness, type Machine, wasIdle } from "./machine.ts";
import type { Cell } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";
import type { Summary } from "./statistics.ts";

/** All that a run leaves behind: this, as JSON, is what --json writes. */
export interface Report {
  /** 1; goes up when a reader of the JSON would have to change. */
  readonly format: number;
  /** The arguments of `deno task bench`. */
  readonly args: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** What it was measured on. */
  readonly machine: Machine;
  /** What the machine did when nothing of this ran yet. */
  readonly before: Idleness;
  /** And when nothing of it ran any more. */
  readonly after: Idleness;
  /** How often each cell was to be measured. */
  readonly repeats: number;
  /** How long a cell was measured after its warm-up, milliseconds. */
  readonly measureMs: number;
  /** What the order of the cells followed from. */
  readonly seed: number;
  /** The columns. */
  readonly scenarios: readonly Scenario[];
  /** The lines, peers first. */
  readonly subjects: readonly ReportedSubject[];
  /** The subject that ratios are over. */
  readonly baseline: string;
  /** What the cells say together. */
  readonly rows: readonly Row[];
  /** Every measurement as it was taken. */
  readonly cells: readonly Cell[];
  /** Subjects left out, cells not measured, and why. */
  readonly notes: readonly string[];
}

/** A subject as the report names it. */
export interface ReportedSubject {
  /** As rows and cells refer to it. */
  readonly id: string;
  /** As tables show it. */
  readonly title: string;
  /** A peer's configuration file. */
  readonly configuration?: string;
}

/** Columns that fit everywhere. */
export const COLUMNS_MAX = 100;

/** Cells shorter than this are measured before the compilers are done, milliseconds. */
const MEASURE_MS_WARM = 1_000;

const NAME_COLUMNS = 25;
const RATE_COLUMNS = 9;
const RATIO_COLUMNS = 8;
const ERROR_COLUMNS = 7;

/** The whole report. */
export function renderReport(report: Report): string {
  return [
    renderHeader(report),
    renderOverview(report),
    ...report.scenarios.map((scenario) => renderScenario(report, scenario)),
    renderNotes(report),
  ].filter((part) => part !== "").join("\n\n") + "\n";
}

function renderHeader(report: Report): string {
  const { machine, before, after } = report;
  const idle = (idleness: Idleness) =>
    `load ${idleness.load[0]!.toFixed(2)}, ${(100 * idleness.busy).toFixed(0)} % of CPU used`;
  return [
    `machine  ${machine.processors} x ${machine.processor}, ${machine.memory.toFixed(0)} GiB, ` +
    `${machine.kernel}, Deno ${machine.deno}`,
    `before   ${idle(before)}`,
    `after    ${idle(after)}`,
    `run      ${report.repeats} repeats of ${
      report.measureMs / 1e3
    } s after a warm-up, each with fresh servers, ` +
    `random order, seed ${report.seed}`,
  ].map((line) => line.slice(0, COLUMNS_MAX)).join("\n");
}

/** Medians of all scenarios and their ratios to the baseline, a line per subject. */
function renderOverview(report: Report): string {
  const width = RATE_COLUMNS + RATIO_COLUMNS;
  const head = "median, x baseline".padEnd(NAME_COLUMNS) +
    report.scenarios.map(({ title }) => title.padStart(width)).join("") +
    "errors".padStart(ERROR_COLUMNS);
  const lines = report.subjects.map(({ id, title }) => {
    const rows = report.scenarios.map((scenario) => rowOf(report, id, scenario.id));
    const columns = rows.map((row) => {
      const rate = rateText(row) + (row?.loadBound ? "+" : " ");
      const ratio = row?.rate !== undefined && row.verdict === "baseline"
        ? "1"
        : ratioText(row?.ratio?.median);
      return rate.padStart(RATE_COLUMNS + 1) + ratio.padStart(RATIO_COLUMNS - 1);
    });
    const errors = rows.reduce((sum, row) => sum + (row?.errorCount ?? 0), 0);
    return title.padEnd(NAME_COLUMNS) + columns.join("") + String(errors).padStart(ERROR_COLUMNS);
  });
  return [head, ...lines].map((line) => line.trimEnd()).join("\n");
}

/** One scenario with ranges and intervals. */
function renderScenario(report: Report, scenario: Scenario): string {
  const clients = scenario.clients === 1 ? "1 client" : `${scenario.clients} clients`;
  const title = `${scenario.title}: ${clients}, ${scenario.summary}`;
  const over = `x ${titleOf(report, report.baseline)}`;
  const head = "".padEnd(NAME_COLUMNS) + "median".padStart(9) + "lowest".padStart(9) +
    "highest".padStart(9) + over.slice(0, 26).padStart(27);
  const lines = report.subjects.map(({ id, title }) => {
    const row = rowOf(report, id, scenario.id);
    const { rate, ratio } = row ?? {};
    const interval = ratio === undefined
      ? ""
      : ` (${ratioText(ratio.interval[0])} to ${ratioText(ratio.interval[1])})`;
    return title.padEnd(NAME_COLUMNS) + rateText(row).padStart(9) +
      numberText(rate?.lowest).padStart(9) + numberText(rate?.highest).padStart(9) +
      (ratio === undefined ? "" : ratioText(ratio.median) + interval).padStart(27) +
      `  ${verdictText(row)}`;
  });
  return [title, head, ...lines].map((line) => line.trimEnd()).join("\n");
}

/** What a reader has to know before believing any of it; lines may be long, they hold causes. */
function renderNotes(report: Report): string {
  const notes = [...report.notes];
  for (const [when, idleness] of [["before", report.before], ["after", report.after]] as const) {
    if (!wasIdle(idleness)) {
      const busy = (100 * idleness.busy).toFixed(0);
      notes.push(
        `The machine was not idle ${when} the run (${busy} % of CPU used by others): ` +
          "nothing is claimed",
      );
    }
  }
  if (report.rows.some(({ rate }) => rate !== undefined && rate.count < REPEATS_FOR_CLAIM_MIN)) {
    notes.push(
      `Fewer than ${REPEATS_FOR_CLAIM_MIN} repeats are a first look: intervals are ranges, ` +
        "nothing is claimed",
    );
  }
  if (report.measureMs < MEASURE_MS_WARM) {
    notes.push(
      "Warm-ups this short leave compilers cold, most of all those of blocking, one per thread",
    );
  }
  if (report.rows.some((row) => row.loadBound)) {
    notes.push(
      "+ The load used more than 80 % of its processor: the server may be able to do more",
    );
  }
  for (const row of report.rows) {
    const where = `${titleOf(report, row.subject)}, ${row.scenario}`;
    for (const failure of new Set(row.failures)) notes.push(`${where}: failed: ${failure}`);
    for (const [what, count] of Object.entries(row.errors)) {
      notes.push(`${where}: ${count} x ${what}`);
    }
  }
  return notes.join("\n");
}

function rowOf(report: Report, subject: string, scenario: string): Row | undefined {
  return report.rows.find((row) => row.subject === subject && row.scenario === scenario);
}

function titleOf(report: Report, subject: string): string {
  return report.subjects.find(({ id }) => id === subject)?.title ?? subject;
}

function rateText(row: Row | undefined): string {
  if (row?.rate !== undefined) return numberText(row.rate.median);
  return row !== undefined && row.failures.length > 0 ? "failed" : "-";
}

function verdictText(row: Row | undefined): string {
  if (row === undefined || row.failures.length > 0) return "failed";
  if (row.errorCount > 0) return `${row.errorCount} errors`;
  return row.verdict === "no claim" ? "" : row.verdict;
}

/** Three significant digits at least, and thousands apart. */
function numberText(value: number | undefined): string {
  if (value === undefined) return "-";
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function ratioText(value: Summary["median"] | undefined): string {
  if (value === undefined) return "";
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
