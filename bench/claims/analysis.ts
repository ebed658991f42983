/**
 * What the cells of a run say together: figures over blocks with their intervals, paired ratios,
 * and what may be claimed of them. Pure and without chance: the bootstrap follows from the run's
 * seed. report/ shows it; nothing there decides anything.
 *
 * @module
 */

import {
  type Bound,
  boundOf,
  type FigureId,
  FIGURES,
  type GateId,
  gatesOf,
  isBentByLateness,
} from "./figures.ts";
import type {
  CellRecord,
  CountRecord,
  EndRecord,
  HeaderRecord,
  Idleness,
  SubjectCard,
} from "../record.ts";
import { type Point, type Scenario, scenarioOf } from "../scenarios/mod.ts";
import { median, pairedRatios, randomFrom, slope, summarize, type Summary } from "./statistics.ts";

/** A run as it was read. */
export interface Run {
  /** The first record. */
  readonly header: HeaderRecord;
  /** In the order in which they were measured. */
  readonly cells: readonly CellRecord[];
  /** Calls that were counted from outside, in a pass of its own. */
  readonly counts: readonly CountRecord[];
  /** Missing when the run was killed. */
  readonly end?: EndRecord;
  /** What reading it showed, and the notes of the header; a sentence each. */
  readonly notes: readonly string[];
  /** The name of the file, for a reader who wants the raw figures. */
  readonly file?: string;
}

/** All blocks of one subject at one point of a scenario. */
export interface Row {
  readonly subject: SubjectCard;
  readonly scenario: Scenario;
  readonly point: Point;
  /** One per block, in their order. */
  readonly cells: readonly CellRecord[];
  /** Gates that were not passed: "steal 2.4 %, in 1 of 7". */
  readonly gates: readonly { readonly id: GateId; readonly text: string }[];
  /** Why the subject cannot do this at all. */
  readonly unable?: string;
}

/** What may be said of a subject against another. */
export type Verdict =
  | "better"
  | "worse"
  /** The interval of the ratio holds 1. */
  | "no difference shown"
  /** See the reasons. */
  | "no claim";

/** One subject over another in one figure. */
export interface Comparison {
  /** Quotients of the same blocks; missing when there are none. */
  readonly ratio?: Summary;
  /** Which way the true ratio may lie. */
  readonly bound: Bound;
  /** What follows. */
  readonly verdict: Verdict;
  /** Why nothing is claimed; empty when something is. */
  readonly reasons: readonly string[];
}

/** A figure by block, what it may be compared with, and what speaks against it. */
export interface Series {
  /** Values by block. */
  readonly values: ReadonlyMap<number, number>;
  /** Blocks in which something disturbed this figure: shown, but they carry no claim. */
  readonly disturbed: ReadonlySet<number>;
  /** Which way the true figure may lie. */
  readonly bound: Bound;
  /** Failures and errors: nothing is claimed of figures that stand beside them. */
  readonly faults: readonly string[];
  /** Clients were never served: the figure is that of those who were, and cannot win. */
  readonly partial: boolean;
}

/** Fewer repeats are a first look: their intervals are hardly more than ranges. */
export const REPEATS_FOR_CLAIM_MIN = 7;

/** More than this share of the processors, in the median cell, is somebody else's work. */
export const OTHERS_MAX = 0.1;

/** More than this share of the processors in use is somebody else's work. */
const BUSY_MAX = 0.1;

/** Whether the machine did nothing else. */
function wasIdle(idleness: Idleness): boolean {
  return idleness.busy <= BUSY_MAX;
}

const NO_BOUND: Bound = { atLeast: false, atMost: false };

/** What is computed of a run. */
export interface Analysis {
  /** What was read. */
  readonly run: Run;
  /** Of scenarios.ts, those that the run is about. */
  readonly scenarios: readonly Scenario[];
  /** The subject that ratios are over. */
  readonly baseline: SubjectCard;
  /** Why nothing at all is claimed of this run; empty when claims are allowed. */
  readonly reservations: readonly string[];
  /** Every subject at every point that was measured, by scenario, subject and point. */
  readonly rows: readonly Row[];
  /** The scenario's own, unless this run has not that point: then its outermost one. */
  headline(scenario: Scenario): Scenario["headline"];
  /** The row, if there is one. */
  row(subject: string, scenario: string, point: string): Row | undefined;
  /** A figure of a row by block. */
  series(row: Row, figure: FigureId): Series;
  /** KiB per silent client: the slope of memory over the points of "idle", else of "asleep". */
  memorySlope(subject: string): Series;
  /** What blocks say together; undefined when there are none. */
  summary(series: Series): Summary | undefined;
  /** `own` over `reference`, and what may be claimed. */
  compare(own: Series, reference: Series, better: "higher" | "lower"): Comparison;
}

/** Sums a run up. */
export function analyze(run: Run): Analysis {
  const { header } = run;
  const scenarios = header.scenarios.flatMap((id) => scenarioOf(id) ?? []);
  const rows = scenarios.flatMap((scenario) =>
    header.subjects.flatMap((subject) => rowsOf(run.cells, subject, scenario))
  );
  const byKey = new Map(
    rows.map((row) => [keyOf(row.subject.id, row.scenario.id, row.point.id), row]),
  );
  const reservations = reservationsOf(run);
  const seriesByRow = new Map<Row, Map<FigureId, Series>>();
  const summaries = new Map<Series, Summary | undefined>();
  const slopes = new Map(header.subjects.map(({ id }) => [id, slopeSeries(rows, id)]));
  return {
    run,
    scenarios,
    baseline: header.subjects.find(({ id }) => id === header.baseline) ??
      { id: header.baseline, title: header.baseline, kind: "model", flags: [] },
    reservations,
    rows,
    headline: (scenario) => headlineOf(rows, scenario),
    row: (subject, scenario, point) => byKey.get(keyOf(subject, scenario, point)),
    series: (row, figure) =>
      remembered(
        remembered(seriesByRow, row, () => new Map<FigureId, Series>()),
        figure,
        () => seriesOf(row, figure),
      ),
    memorySlope: (subject) => slopes.get(subject) ?? seriesFrom(new Map()),
    summary: (series) =>
      remembered(
        summaries,
        series,
        () => summarize([...series.values.values()], randomFrom(header.seed)),
      ),
    compare: (own, reference, better) => compare(own, reference, better, reservations, header.seed),
  };
}

function keyOf(subject: string, scenario: string, point: string): string {
  return JSON.stringify([subject, scenario, point]);
}

function remembered<K, V>(memory: Map<K, V>, key: K, make: () => V): V {
  if (!memory.has(key)) memory.set(key, make());
  return memory.get(key)!;
}

function headlineOf(rows: readonly Row[], { id, headline }: Scenario): Scenario["headline"] {
  const own = rows.filter(({ scenario }) => scenario.id === id);
  const [outermost] = own.map(({ point }) => point).toSorted((left, right) => right.x - left.x);
  const missing = own.every(({ point }) => point.id !== headline.point);
  const point = missing && outermost !== undefined ? outermost.id : headline.point;
  const label = headline.label + (FIGURES[headline.metric].unit === "%" ? ", %" : "") +
    (point === headline.point ? "" : ` (this run: at ${point})`);
  return { ...headline, point, label };
}

/** Why nothing may be claimed, whatever the figures are. */
function reservationsOf({ header, cells, end }: Run): string[] {
  const reasons: string[] = [];
  if (header.repeats < REPEATS_FOR_CLAIM_MIN) {
    const repeats = header.repeats === 1 ? "1 repeat" : `${header.repeats} repeats`;
    reasons.push(`${repeats}, where a claim needs ${REPEATS_FOR_CLAIM_MIN}`);
  }
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  if (!wasIdle(header.before)) {
    reasons.push(`the machine was busy before the run (${percent(header.before.busy)})`);
  }
  if (cells.length > 0) {
    const others = median(cells.map((cell) => cell.others));
    if (others > OTHERS_MAX) {
      reasons.push(`others used the machine during the run (median ${percent(others)})`);
    }
  }
  if (end !== undefined && !wasIdle(end.after)) {
    reasons.push(`the machine was busy after the run (${percent(end.after.busy)})`);
  }
  return reasons;
}

function rowsOf(cells: readonly CellRecord[], subject: SubjectCard, scenario: Scenario): Row[] {
  const own = cells.filter((cell) => cell.subject === subject.id && cell.scenario === scenario.id);
  const byPoint = Map.groupBy(own, (cell) => cell.point);
  const known = scenario.points.filter(({ id }) => byPoint.has(id));
  // A run of another version may have points that this one has not: they are shown all the same.
  const unknown = [...byPoint.keys()].filter((id) => !known.some((point) => point.id === id))
    .map((id): Point => ({ id, x: Number(id.split("=")[1] ?? NaN), quick: false, peers: false }));
  return [...known, ...unknown].map((point): Row => {
    const blocks = byPoint.get(point.id)!.toSorted((left, right) => left.block - right.block);
    const unable = blocks.find((cell) => cell.unable !== undefined)?.unable;
    const gates = gatesOfBlocks(blocks);
    return { subject, scenario, point, cells: blocks, gates, ...(unable ? { unable } : {}) };
  });
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

function seriesFrom(values: ReadonlyMap<number, number>): Series {
  return { values, disturbed: new Set(), bound: NO_BOUND, faults: [], partial: false };
}

function seriesOf(row: Row, figure: FigureId): Series {
  const values = new Map<number, number>();
  const disturbed = new Set<number>();
  const bound = { atLeast: false, atMost: false };
  const faults = new Set<string>();
  let partial = false;
  for (const cell of row.cells) {
    const value = FIGURES[figure].of(cell);
    if (value !== undefined && cell.unable === undefined) values.set(cell.block, value);
    const own = boundOf(cell, figure);
    bound.atLeast ||= own.atLeast;
    bound.atMost ||= own.atMost;
    if (isBentByLateness(cell, figure)) disturbed.add(cell.block);
    for (const { id } of gatesOf(cell)) {
      if (id === "steal") disturbed.add(cell.block);
      if (id === "failure") faults.add("failures");
      if (id === "errors") faults.add("errors");
      if (id === "unserved") partial = true;
    }
  }
  return { values, disturbed, bound, faults: [...faults], partial };
}

function slopeSeries(rows: readonly Row[], subject: string): Series {
  for (const scenario of ["idle", "asleep"]) {
    const own = rows.filter((row) => row.subject.id === subject && row.scenario.id === scenario);
    const points = own.flatMap((row) =>
      row.cells.flatMap((cell) => {
        const bytes = cell.server?.memoryBytes;
        return bytes === undefined || cell.unable ? [] : [{ ...cell, x: row.point.x, bytes }];
      })
    );
    const values = new Map<number, number>();
    for (const [block, of] of Map.groupBy(points, (point) => point.block)) {
      const found = slope(of.map(({ x, bytes }) => [x, bytes / 1024]));
      if (found !== undefined) values.set(block, found);
    }
    if (values.size > 0) return seriesFrom(values);
  }
  return seriesFrom(new Map());
}

function compare(
  own: Series,
  reference: Series,
  better: "higher" | "lower",
  reservations: readonly string[],
  seed: number,
): Comparison {
  const clean = (block: number) => !own.disturbed.has(block) && !reference.disturbed.has(block);
  const undisturbed = new Map([...own.values].filter(([block]) => clean(block)));
  const cleanRatios = pairedRatios(undisturbed, reference.values);
  const enough = cleanRatios.length >= REPEATS_FOR_CLAIM_MIN;
  const ratios = enough ? cleanRatios : pairedRatios(own.values, reference.values);
  const ratio = summarize(ratios, randomFrom(seed));
  // A figure that is at least so much makes a ratio over it at most so much.
  const bound: Bound = {
    atLeast: own.bound.atLeast || reference.bound.atMost,
    atMost: own.bound.atMost || reference.bound.atLeast,
  };
  const reasons = [...reservations, ...own.faults];
  for (const fault of reference.faults) reasons.push(`${fault} of what it is compared with`);
  if (ratio === undefined) return { bound, verdict: "no claim", reasons: ["nothing to compare"] };
  if (!enough) {
    const disturbed = ratios.length - cleanRatios.length;
    const because = disturbed > 0 ? ` (${disturbed} disturbed)` : "";
    reasons.push(
      `${cleanRatios.length} pairs${because}, where a claim needs ${REPEATS_FOR_CLAIM_MIN}`,
    );
  }
  if (reasons.length > 0) return { ratio, bound, verdict: "no claim", reasons };
  const [low, high] = ratio.interval;
  if (low > 1 && !bound.atMost) {
    return { ratio, bound, verdict: better === "higher" ? "better" : "worse", reasons };
  }
  if (high < 1 && !bound.atLeast) {
    return { ratio, bound, verdict: better === "lower" ? "better" : "worse", reasons };
  }
  if (!bound.atLeast && !bound.atMost) {
    return { ratio, bound, verdict: "no difference shown", reasons };
  }
  return { ratio, bound, verdict: "no claim", reasons: [boundReason(bound)] };
}

function boundReason({ atLeast, atMost }: Bound): string {
  if (atLeast && atMost) return "the ratio is bounded by the load and by what was not served";
  return `the ratio is only a bound, ${atLeast ? "at least" : "at most"} so much`;
}
