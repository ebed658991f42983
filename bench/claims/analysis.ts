/**
 * What the cells of a run say together: figures over blocks with their intervals, ratios, and what
 * may be claimed of them. Pure and without chance. report/ shows it; nothing there decides anything.
 *
 * @module
 */

import type { CellRecord, Idleness, SubjectCard } from "../record.ts";
import { type FigureId, type Scenario, scenarioOf, type Tag } from "../scenarios/mod.ts";
import { aboveCeiling, faultsOf } from "./faults.ts";
import { type Bound, FIGURES } from "./figures.ts";
import {
  judge,
  type Known,
  quotient,
  RANK_SUM_MAX,
  rankSumTest,
  REPEATS_FOR_CLAIM_MIN,
  repeatsToDecide,
  signTest,
  smallestSeen,
  summarize,
  type Summary,
  unpairedRatio,
} from "./inference.ts";
import { floorOf, leastRepeats, machineOf, type Run } from "./run.ts";
import {
  boundOfSummary,
  cleanValues,
  memoryFaults,
  type MemoryOf,
  memorySlopes,
  type Place,
  type Row,
  rowsOf,
  type Series,
  seriesOf,
} from "./series.ts";
import { correlation, median } from "./statistics.ts";

/** What may be said of a subject against another. */
export type Verdict =
  /** The interval of the ratio lies on the good side of 1. */
  | "better"
  /** It lies on the other. */
  | "worse"
  /**
   * It holds 1 and lies within the margin that was named beforehand; or both lie below the floor,
   * whatever the ratio is, and be there none.
   */
  | "equivalent"
  /** Neither: see the reasons. */
  | "not enough";

/** One subject over another in one figure. */
export interface Comparison {
  /** Of clean blocks, or of all when none are clean; missing when there is nothing to compare. */
  readonly ratio?: Summary;
  /** Which way the true ratio may lie. */
  readonly bound: Bound;
  /** What follows. */
  readonly verdict: Verdict;
  /** The interval lies within the margin, whether it holds 1 or not; or both lie below the floor. */
  readonly withinMargin: boolean;
  /** Both medians' intervals end below it: named before the run, in the figure's unit. */
  readonly belowFloor?: number;
  /**
   * Quotients of the same block; of all blocks where pairing does nothing (PAIRING_MIN), and no side
   * has more than RANK_SUM_MAX.
   */
  readonly paired: boolean;
  /**
   * Exact two-sided probability of such a split without a difference; missing without a claim, and
   * below the floor, where nobody asks for one.
   */
  readonly p?: number;
  /** The factor from 1 that would have been seen at even odds. */
  readonly seen?: number;
  /** Why nothing is claimed; empty when something is. */
  readonly reasons: readonly string[];
}

/**
 * Correlation of either sign below which pairs are dropped: they would cost values and take away no
 * noise. A negative one keeps them as a positive one does: the rank sum takes both sides to be
 * independent, and where one goes up as the other goes down its level is less than it states.
 */
export const PAIRING_MIN = 0.3;

/** More than this share of the processors in use is somebody else's work. */
const BUSY_MAX = 0.1;

/** What is computed of a run. */
export interface Analysis {
  /** What was read. */
  readonly run: Run;
  /** Of scenarios/, those that the run is about. */
  readonly scenarios: readonly Scenario[];
  /** The subject that ratios are over. */
  readonly baseline: SubjectCard;
  /** Why nothing at all is claimed of this run; empty when claims are allowed. */
  readonly reservations: readonly string[];
  /** What a reader should know of the machine; every cell is judged for itself all the same. */
  readonly cautions: readonly string[];
  /** Every subject at every point that was measured, by scenario, subject and point. */
  readonly rows: readonly Row[];
  /** Figures that cannot be: each with the cell it was found in. */
  readonly faults: readonly { readonly cell: CellRecord; readonly what: string }[];
  /** The scenario's own, unless this run has not that point: then its outermost one. */
  headline(scenario: Scenario): Scenario["headline"];
  /** The first scenario of the run with that tag. */
  tagged(tag: Tag): Scenario | undefined;
  /** The row, if there is one. */
  row(subject: string, scenario: string, point: string): Row | undefined;
  /** A figure of a row by block. */
  series(row: Row, figure: FigureId): Series;
  /** KiB per silent client: the slope of memory over numbers of sessions. */
  memorySlope(subject: string): Series;
  /** The same of the kernel's memory, both ends of a connection. */
  kernelSlope(subject: string): Series;
  /** What clean blocks say together, or all when none are clean; undefined when there are none. */
  summary(series: Series): Summary | undefined;
  /** Median over subjects of the correlation with the baseline within blocks, at `place`. */
  correlation(place: Place): number | undefined;
  /** `own` over `reference`, and what may be claimed; paired where that does something. */
  compare(own: Series, reference: Series, better: "higher" | "lower"): Comparison;
}

/** Sums a run up. */
export function analyze(run: Run): Analysis {
  const { header } = run;
  const scenarios = header.scenarios.flatMap((id) => scenarioOf(id) ?? []);
  const rows = scenarios.flatMap((scenario) =>
    header.subjects.flatMap((subject) => rowsOf(run.cells, subject, scenario))
  );
  const keyOf = (...place: string[]) => JSON.stringify(place);
  const byKey = new Map(
    rows.map((row) => [keyOf(row.subject.id, row.scenario.id, row.point.id), row]),
  );
  const reservations = reservationsOf(run);
  const seriesByRow = new Map<Row, Map<FigureId, Series>>();
  const summaries = new Map<Series, Summary | undefined>();
  const slopes = new Map<string, Series>();
  const correlations = new Map<string, number | undefined>();
  const slopeOf = (subject: string, whose: MemoryOf) =>
    remembered(
      slopes,
      keyOf(subject, whose),
      () => memorySlopes(rows, subject, whose, (scenario) => machineOf(run, scenario)),
    );
  const analysis: Analysis = {
    run,
    scenarios,
    baseline: header.subjects.find(({ id }) => id === header.baseline) ??
      { id: header.baseline, title: header.baseline, kind: "model", flags: [] },
    reservations,
    cautions: cautionsOf(run),
    rows,
    faults: [
      ...faultsOfRun(run),
      ...header.subjects.flatMap(({ id }) =>
        (["server", "kernel"] as const).flatMap((whose) =>
          memoryFaults(rows, id, slopeOf(id, whose), whose)
        )
      ),
    ],
    headline: (scenario) => headlineOf(rows, scenario),
    tagged: (tag) => scenarios.find(({ tags }) => tags.includes(tag)),
    row: (subject, scenario, point) => byKey.get(keyOf(subject, scenario, point)),
    series: (row, figure) =>
      remembered(
        remembered(seriesByRow, row, () => new Map<FigureId, Series>()),
        figure,
        () => {
          const { id } = row.scenario;
          return seriesOf(row, figure, machineOf(run, id), floorOf(run, id, figure));
        },
      ),
    kernelSlope: (subject) => slopeOf(subject, "kernel"),
    memorySlope: (subject) => slopeOf(subject, "server"),
    summary: (series) => remembered(summaries, series, () => summaryOf(series)),
    correlation: (place) =>
      remembered(
        correlations,
        "slopeOf" in place
          ? keyOf(place.slopeOf)
          : keyOf(place.scenario.id, place.point, place.figure),
        () => correlationOf(analysis, place),
      ),
    compare: (own, reference, better) => {
      const r = analysis.correlation(own.place);
      const correlated = r === undefined || Math.abs(r) >= PAIRING_MIN;
      return compare(own, reference, better, reservations, correlated);
    },
  };
  return analysis;
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

/** Whether the machine did nothing else. */
function wasIdle(idleness: Idleness): boolean {
  return idleness.busy <= BUSY_MAX;
}

/** Why nothing may be claimed, whatever the figures are; what cells can tell, each cell tells. */
function reservationsOf(run: Run): string[] {
  const repeats = leastRepeats(run);
  if (repeats >= REPEATS_FOR_CLAIM_MIN) return [];
  const shown = repeats === 1 ? "1 repeat" : `${repeats} repeats`;
  return [`${shown}, where a claim needs ${REPEATS_FOR_CLAIM_MIN}`];
}

/**
 * What half a second before and after the run showed. It spoils nothing by itself: whether anybody
 * disturbed a cell is measured in that cell.
 */
function cautionsOf({ parts }: Run): string[] {
  const found: string[] = [];
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  for (const [index, { before, after }] of parts.entries()) {
    const what = parts.length === 1 ? "the run" : `its part ${index + 1}`;
    if (!wasIdle(before)) {
      found.push(`the machine was busy before ${what} (${percent(before.busy)})`);
    }
    if (after !== undefined && !wasIdle(after)) {
      found.push(`the machine was busy after ${what} (${percent(after.busy)})`);
    }
  }
  return found;
}

function faultsOfRun(run: Run): Analysis["faults"] {
  const { header, cells, ceilings } = run;
  // A twin does no more than the responder, so it may well be faster.
  const twins = new Set(header.subjects.filter(({ kind }) => kind === "twin").map(({ id }) => id));
  return cells.flatMap((cell) => {
    const above = twins.has(cell.subject) ? undefined : aboveCeiling(cell, ceilings);
    const machine = machineOf(run, cell.scenario);
    return [...faultsOf(cell, machine), ...(above === undefined ? [] : [above])]
      .map((what) => ({ cell, what }));
  });
}

function summaryOf(series: Series): Summary | undefined {
  const clean = [...cleanValues(series).values()];
  return summarize(clean.length > 0 ? clean : [...series.values.values()]);
}

/** The series of `subject` at `place`, if there is one. */
function seriesAt(analysis: Analysis, subject: string, place: Place): Series | undefined {
  if ("slopeOf" in place) {
    return place.slopeOf === "kernel"
      ? analysis.kernelSlope(subject)
      : analysis.memorySlope(subject);
  }
  const row = analysis.row(subject, place.scenario.id, place.point);
  return row && analysis.series(row, place.figure);
}

/** Of logarithms, since ratios are what is compared. */
function correlationOf(analysis: Analysis, place: Place): number | undefined {
  const valuesOf = (id: string) => {
    const series = seriesAt(analysis, id, place);
    return series ? cleanValues(series) : new Map<number, Known>();
  };
  const reference = valuesOf(analysis.baseline.id);
  const found = analysis.run.header.subjects.flatMap(({ id }) => {
    if (id === analysis.baseline.id) return [];
    const pairs = [...valuesOf(id)].flatMap(([block, { value }]): [number, number][] => {
      const other = reference.get(block)?.value ?? 0;
      return value > 0 && other > 0 ? [[Math.log(value), Math.log(other)]] : [];
    });
    return pairs.length < REPEATS_FOR_CLAIM_MIN ? [] : correlation(pairs) ?? [];
  });
  return found.length === 0 ? undefined : median(found);
}

/** Values of two series, those of the same block at the same place. */
interface Pairs {
  readonly own: readonly Known[];
  readonly reference: readonly Known[];
}

function pairsOf(own: ReadonlyMap<number, Known>, reference: ReadonlyMap<number, Known>): Pairs {
  const blocks = [...own.keys()].filter((block) => reference.has(block));
  return {
    own: blocks.map((block) => own.get(block)!),
    reference: blocks.map((block) => reference.get(block)!),
  };
}

/**
 * Why `pairs` have no ratio, if so. Blocks that have none are not left out: the others alone would
 * be chosen by their figures.
 */
function whyNoRatio({ own, reference }: Pairs): string | undefined {
  const { length } = own.filter(({ value }, index) => value < 0 || reference[index]!.value <= 0);
  return length === 0
    ? undefined
    : `no ratio: in ${length} of ${own.length} blocks it is negative, or the reference not above 0`;
}

function compare(
  own: Series,
  reference: Series,
  better: "higher" | "lower",
  reservations: readonly string[],
  correlated: boolean,
): Comparison {
  const clean = pairsOf(cleanValues(own), cleanValues(reference));
  const usable = clean.own.length > 0 ? clean : pairsOf(own.values, reference.values);
  const ratios = usable.own.map((value, index) => quotient(value, usable.reference[index]!));
  const paired = correlated || usable.own.length > RANK_SUM_MAX;
  const none = whyNoRatio(usable);
  const ratio = none !== undefined
    ? undefined
    : paired
    ? summarize(ratios)
    : unpairedRatio(usable.own, usable.reference);
  const bound = boundOfSummary(ratio);
  const seen = ratio && smallestSeen(ratio);
  const known = {
    ...{ bound, paired, withinMargin: false, verdict: "not enough" } as const,
    ...(ratio === undefined ? {} : { ratio }),
    ...(seen === undefined ? {} : { seen }),
  };
  const reasons = [...reservations, ...tooFew(clean, own, reference)];
  const belowFloor = reasons.length > 0 ? undefined : floorOverBoth(own, reference, usable);
  if (belowFloor !== undefined) {
    return { ...known, verdict: "equivalent", withinMargin: true, belowFloor, reasons };
  }
  if (ratio === undefined) {
    const why = none ?? own.missing ?? reference.missing ?? "nothing to compare";
    return { ...known, reasons: [why] };
  }
  if (reasons.length > 0) return { ...known, reasons };
  const p = paired ? signTest(ratios) : rankSumTest(usable.own, usable.reference);
  const { differs, equivalent: withinMargin } = judge(ratio.interval);
  const said = { ...known, p, withinMargin, reasons };
  if (differs !== undefined) {
    const wins = (differs === "more") === (better === "higher");
    return { ...said, verdict: wins ? "better" : "worse" };
  }
  if (withinMargin) return { ...said, verdict: "equivalent" };
  return { ...said, reasons: [undecided(ratio, bound, paired)] };
}

/** Why so few pairs claim nothing, if they are too few. */
function tooFew({ own: { length } }: Pairs, own: Series, reference: Series): string[] {
  return length >= REPEATS_FOR_CLAIM_MIN ? [] : [
    `${length} clean blocks${spoiltInWords(own, reference)}, where a claim needs ` +
    REPEATS_FOR_CLAIM_MIN,
  ];
}

/** The floor of the figure, where both lie below it at the level of their intervals. */
function floorOverBoth(own: Series, reference: Series, pairs: Pairs): number | undefined {
  const { floor = 0 } = own;
  const areBelow = own.floor === reference.floor &&
    [pairs.own, pairs.reference].every((values) => summarize(values)!.interval[1] < floor);
  return areBelow ? floor : undefined;
}

function spoiltInWords(own: Series, reference: Series): string {
  const counts = Map.groupBy([...own.spoilt.values(), ...reference.spoilt.values()], (why) => why);
  if (counts.size === 0) return "";
  return ` (${[...counts].map(([why, all]) => `${all.length} ${why}`).join(", ")})`;
}

/** Why an interval shows neither, and what would decide it. */
function undecided(ratio: Summary, { atLeast, atMost }: Bound, paired: boolean): string {
  if (atLeast && atMost) {
    return "the ratio is bounded from both sides: it takes a load that is not the limit";
  }
  if (atLeast || atMost) {
    return `the ratio is only a bound, ${atLeast ? "at least" : "at most"} so much: it takes a ` +
      "load that is not the limit, or a longer window";
  }
  const repeats = repeatsToDecide(ratio, paired);
  return repeats === undefined
    ? "the interval holds 1 and is wider than the margin: no number of repeats would decide it soon"
    : `the interval holds 1 and is wider than the margin: by this spread some ${repeats} repeats ` +
      "would decide it at even odds";
}
