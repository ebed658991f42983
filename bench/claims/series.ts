/**
 * A figure of one subject at one point, block by block: of each block the attempt that counts, what
 * it may be from one side only, and why a block carries no claim. Every cell is judged for itself.
 * Pure; analysis.ts compares series.
 *
 * @module
 */

import type { CellRecord, Machine, SubjectCard } from "../record.ts";
import { headlinePoints, type Point, type Scenario } from "../scenarios/mod.ts";
import { faultsOf, isOfOthersOnly } from "./faults.ts";
import { type Bound, boundOf, type FigureId, FIGURES, leastOf, tooFewSamples } from "./figures.ts";
import { type GateId, gatesOf, isDisturbed } from "./gates.ts";
import { exactly, type Known, type Summary } from "./inference.ts";
import { slope } from "./statistics.ts";
import { together } from "./together.ts";

/** All blocks of one subject at one point of a scenario. */
export interface Row {
  readonly subject: SubjectCard;
  readonly scenario: Scenario;
  readonly point: Point;
  /** The attempt that counts of each block, in their order. */
  readonly cells: readonly CellRecord[];
  /** Attempts that were disturbed, and measured again. */
  readonly repeated: readonly CellRecord[];
  /** Gates that were not passed: "steal 2.4 %, in 1 of 11". */
  readonly gates: readonly { readonly id: GateId; readonly text: string }[];
  /** Why the subject cannot do this at all. */
  readonly unable?: string;
}

/** Whose memory a slope is of. */
export type MemoryOf = "server" | "kernel";

/** What was measured of all subjects alike: a figure at one point, or a slope over several. */
export type Place =
  | { readonly scenario: Scenario; readonly point: string; readonly figure: FigureId }
  | { readonly slopeOf: MemoryOf };

/** A figure by block, what it may be compared with, and what speaks against it. */
export interface Series {
  /** What it is of. */
  readonly place: Place;
  /** Below this two are as good as each other, by what was named before the run; missing: nothing. */
  readonly floor?: number;
  /** Values by block. */
  readonly values: ReadonlyMap<number, Known>;
  /** Blocks that carry no claim, and why: shown, but left out of every comparison. */
  readonly spoilt: ReadonlyMap<number, string>;
  /** Failures and errors, in some block. */
  readonly faults: readonly string[];
  /** Clients were never served: the figure is that of those who were, and cannot win. */
  readonly partial: boolean;
  /** Why blocks have no figure at all, when none has. */
  readonly missing?: string;
}

/** Why a block is spoilt where the ticks of the machine missed a part of the work. */
const OTHERS_UNKNOWN = "unknown what others did";

/** The values of a series that describe: also where nobody knows whether others disturbed them. */
export function describingValues({ values, spoilt }: Series): Map<number, Known> {
  return new Map(
    [...values].filter(([block]) => (spoilt.get(block) ?? OTHERS_UNKNOWN) === OTHERS_UNKNOWN),
  );
}

/** The values of a series that may carry a claim. */
export function cleanValues({ values, spoilt }: Series): Map<number, Known> {
  return new Map([...values].filter(([block]) => !spoilt.has(block)));
}

/** Which way a summary is only a bound. */
export function boundOfSummary(summary: Summary | undefined): Bound {
  const [, high] = summary?.interval ?? [1, 1];
  return { atLeast: high === Infinity, atMost: summary?.lowUnknown === true };
}

/** Rows of `subject` in `scenario`, a point each. */
export function rowsOf(
  cells: readonly CellRecord[],
  subject: SubjectCard,
  scenario: Scenario,
): Row[] {
  const own = cells.filter((cell) => cell.subject === subject.id && cell.scenario === scenario.id);
  const byPoint = Map.groupBy(own, (cell) => cell.point);
  const known = scenario.points.filter(({ id }) => byPoint.has(id));
  // A run of another version may have points that this one has not: they are shown all the same.
  const unknown = [...byPoint.keys()].filter((id) => !known.some((point) => point.id === id))
    .map((id): Point => ({ id, x: Number(id.split("=")[1] ?? NaN), quick: false, peers: false }));
  return [...known, ...unknown].map((point): Row => {
    const all = byPoint.get(point.id)!;
    const counting = [...Map.groupBy(all, ({ block }) => block).values()].map(passesThatCount);
    const blocks = counting.map(passesTogether)
      .toSorted((left, right) => left.block - right.block);
    const unable = blocks.find((cell) => cell.unable !== undefined)?.unable;
    return {
      subject,
      scenario,
      point,
      cells: blocks,
      repeated: all.filter((cell) => !counting.some((passes) => passes.includes(cell))),
      gates: [...gatesOfBlocks(blocks), ...unableAtTimes(blocks)],
      ...(unable ? { unable } : {}),
    };
  });
}

/**
 * Of all measurements of a block those that count: of each pass one attempt. Passes that stayed
 * disturbed are left out as long as half of them are there: none is chosen by its figures.
 */
function passesThatCount(all: readonly CellRecord[]): CellRecord[] {
  const passes = [...Map.groupBy(all, ({ pass = 0 }) => pass).values()].map(attemptThatCounts);
  const clean = passes.filter((cell) => !isDisturbed(cell));
  return 2 * clean.length >= passes.length ? clean : passes;
}

/** The cell of a block; a pass that failed stands for all of them. */
function passesTogether(passes: readonly CellRecord[]): CellRecord {
  const failed = passes.find(({ failure, unable }) =>
    failure !== undefined || unable !== undefined
  );
  const [first] = passes;
  const one = failed ?? (passes.length === 1 ? first : undefined);
  if (one !== undefined) return one;
  const all = { ...first!, ...together(passes) };
  if (!passes.some(isDisturbed)) return all;
  // Two that were disturbed in different ways are no clean one by their mean.
  const worst = (of: "steal" | "others") => Math.max(...passes.map((pass) => pass[of]));
  return { ...all, steal: worst("steal"), others: worst("others") };
}

/** The first that nothing disturbed, else the last: it is never chosen by its figures. */
function attemptThatCounts(attempts: readonly CellRecord[]): CellRecord {
  const order = attempts.toSorted((left, right) => (left.attempt ?? 0) - (right.attempt ?? 0));
  return order.find((cell) => !isDisturbed(cell)) ?? order.at(-1)!;
}

/** Each gate once, with the text of the block where it was worst. */
function gatesOfBlocks(cells: readonly CellRecord[]): Row["gates"] {
  const tripped = cells.flatMap((cell) =>
    gatesOf(cell).map((gate) => ({ ...gate, block: cell.block }))
  );
  return [...Map.groupBy(tripped, ({ id }) => id)].map(([id, gates]) => {
    const worst = gates.reduce((left, right) => right.amount > left.amount ? right : left);
    const blocks = new Set(gates.map(({ block }) => block)).size;
    const most = blocks > 1 && id !== "failure" ? " at worst" : "";
    return { id, text: `${worst.text}${most}, in ${blocks} of ${cells.length}` };
  });
}

/** Who can do it in some blocks only is measured in those in which it went well for it. */
function unableAtTimes(cells: readonly CellRecord[]): Row["gates"] {
  const count = cells.filter(({ unable }) => unable !== undefined).length;
  return count === 0 || count === cells.length
    ? []
    : [{ id: "unable", text: `unable in ${count} of ${cells.length}` }];
}

/** Figures that the resolution of the server's CPU bears on. */
const OF_CPU: readonly FigureId[] = ["cpuPerOperation", "cpuPerGB", "cpuShare"];

/** A figure of `row`, which was measured on `machine`, by block; see Series.floor. */
export function seriesOf(row: Row, figure: FigureId, machine: Machine, floor?: number): Series {
  const values = new Map<number, Known>();
  const spoilt = new Map<number, string>();
  const faults = new Set<string>();
  let partial = false, missing: string | undefined;
  for (const cell of row.cells) {
    if (cell.unable !== undefined) {
      spoilt.set(cell.block, "unable");
      continue;
    }
    const value = FIGURES[figure].of(cell);
    if (value === undefined) missing ??= cell.failure ?? tooFewSamples(cell, figure);
    else {
      const { atLeast, atMost } = boundOf(cell, figure);
      values.set(cell.block, {
        value,
        least: atMost ? 0 : leastOf(cell, figure, value),
        most: atLeast ? Infinity : value,
      });
    }
    // What disturbs a window comes after what was over before it.
    if (FIGURES[figure].isBefore) continue;
    for (const { id } of gatesOf(cell)) {
      if (id === "steal" || id === "others") spoilt.set(cell.block, "disturbed");
      if (id === "resolution" && OF_CPU.includes(figure)) spoilt.set(cell.block, "coarse");
      if (id === "failure") faults.add("failures");
      if (id === "errors") faults.add("errors");
      if (id === "failure" || id === "errors") spoilt.set(cell.block, "faulty");
      if (id === "unserved") partial = true;
    }
    const impossible = faultsOf(cell, machine);
    if (impossible.length > 0) {
      const isOthers = isOfOthersOnly(impossible);
      spoilt.set(cell.block, isOthers ? OTHERS_UNKNOWN : "a fault of the harness");
    }
  }
  return {
    place: { scenario: row.scenario, point: row.point.id, figure },
    ...(floor === undefined ? {} : { floor }),
    values,
    spoilt,
    faults: [...faults],
    partial,
    ...(values.size === 0 && missing !== undefined ? { missing } : {}),
  };
}

/** Right after the logins, where that was read; a run of an earlier edition has the window's end. */
function memoryOf({ server }: CellRecord, whose: MemoryOf): number | undefined {
  return whose === "kernel" ? server?.kernelBytes : server?.restBytes ?? server?.memoryBytes;
}

/**
 * Rows of `subject` at the numbers of silent sessions that a scenario is judged by, fewest first. Not
 * every server holds more, and slopes over other numbers are not to be compared.
 */
function besideSessions(rows: readonly Row[], subject: string): Row[] {
  return rows.filter(({ subject: { id }, scenario, point }) =>
    id === subject && scenario.tags.includes("sessions") &&
    headlinePoints(scenario).some((one) => one.id === point.id)
  );
}

/**
 * Blocks in which the memory of `slope`, which is of `subject`, falls as sessions come, which cannot
 * be: each with the cell that has most of them. They stay in the series: the others would be chosen
 * by their figures.
 */
export function memoryFaults(
  rows: readonly Row[],
  subject: string,
  { values }: Series,
  whose: MemoryOf,
): { readonly cell: CellRecord; readonly what: string }[] {
  const cells = besideSessions(rows, subject).flatMap((row) => row.cells);
  const name = whose === "kernel" ? "memory of the kernel" : "memory";
  return [...values].flatMap(([block, { value }]) => {
    const cell = cells.findLast((one) => one.block === block && one.unable === undefined)!;
    const shown = Number(value.toPrecision(3));
    return value < 0 ? [{ cell, what: `${name} of ${shown} KiB per session` }] : [];
  });
}

/**
 * KiB per silent client in each block: the slope of memory over the points by which such a scenario,
 * measured on `machineOf` it, is judged; a block that lacks one has none. A block carries no claim
 * where one of its cells carries none: memory is read as the window opens, and whoever disturbed that
 * was hardly away a moment before.
 */
export function memorySlopes(
  rows: readonly Row[],
  subject: string,
  whose: MemoryOf,
  machineOf: (scenario: string) => Machine,
): Series {
  const place = { slopeOf: whose };
  for (const [scenario, own] of Map.groupBy(besideSessions(rows, subject), (row) => row.scenario)) {
    const values = slopesByBlock(own, whose, headlinePoints(scenario).length);
    if (values.size === 0) continue;
    const parts = own.map((row) => seriesOf(row, "memory", machineOf(scenario.id)));
    return {
      place,
      values,
      spoilt: new Map(parts.flatMap(({ spoilt }) => [...spoilt])),
      faults: [...new Set(parts.flatMap(({ faults }) => faults))],
      partial: parts.some(({ partial }) => partial),
    };
  }
  return { place, values: new Map(), spoilt: new Map(), faults: [], partial: false };
}

/** Of blocks that have `count` points. */
function slopesByBlock(rows: readonly Row[], whose: MemoryOf, count: number): Map<number, Known> {
  const points = rows.flatMap(({ cells, point: { x } }) =>
    cells.flatMap((cell) => {
      const bytes = cell.unable === undefined ? memoryOf(cell, whose) : undefined;
      return bytes === undefined ? [] : [{ block: cell.block, x, bytes }];
    })
  );
  const values = new Map<number, Known>();
  for (const [block, of] of Map.groupBy(points, (point) => point.block)) {
    if (of.length < count) continue;
    const found = slope(of.map(({ x, bytes }) => [x, bytes / 1024]));
    if (found !== undefined) values.set(block, exactly(found));
  }
  return values;
}
