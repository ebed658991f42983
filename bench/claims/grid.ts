/**
 * What a run says at a glance: the grid of signs against what the textbook expects, the winners of
 * each scenario, and the peers beside the baseline. Pure; report/ shows it.
 *
 * @module
 */

import type { Analysis, Comparison } from "./analysis.ts";
import { type Bound, FIGURES } from "./figures.ts";
import { adjusted, dependenceFactor, REPEATS_FOR_CLAIM_MIN, type Summary } from "./inference.ts";
import { boundOfSummary, cleanValues, type Row, type Series } from "./series.ts";
import type { SubjectCard } from "../record.ts";
import type { FigureId, Scenario, Sign } from "../scenarios/mod.ts";

/** What was measured of a subject in a scenario. */
export type Mark =
  | Sign
  /** Not enough. */
  | "?"
  | "baseline"
  | "unable"
  | "failed"
  /** The run has no such cell. */
  | "missing";

/** One field of the grid. */
export interface GridField {
  readonly subject: SubjectCard;
  readonly scenario: Scenario;
  /** What the textbook expects; missing when it expects nothing. */
  readonly expected?: Sign;
  /** What was measured. */
  readonly mark: Mark;
  /** Over the baseline. */
  readonly comparison?: Comparison;
  /** Whether a gate was not passed. */
  readonly red: boolean;
  /** "open" when there is not enough, "none" when nothing was expected. */
  readonly agreement: "agrees" | "differs" | "open" | "none";
  /** Why there is no sign. */
  readonly why?: string;
}

/** The row by which a scenario is judged. */
export function headlineRow(
  analysis: Analysis,
  subject: string,
  scenario: Scenario,
): Row | undefined {
  return analysis.row(subject, scenario.id, analysis.headline(scenario).point);
}

/** The figure by which a scenario is judged, of one subject. */
function headlineSeries(
  analysis: Analysis,
  subject: string,
  scenario: Scenario,
): Series | undefined {
  const row = headlineRow(analysis, subject, scenario);
  return row && analysis.series(row, scenario.headline.metric);
}

/** One field. */
export function gridField(
  analysis: Analysis,
  subject: SubjectCard,
  scenario: Scenario,
): GridField {
  const row = headlineRow(analysis, subject.id, scenario);
  const own = headlineSeries(analysis, subject.id, scenario);
  const reference = headlineSeries(analysis, analysis.baseline.id, scenario);
  const expected = scenario.expected[subject.id];
  const comparison = own && reference && subject.id !== analysis.baseline.id
    ? analysis.compare(own, reference, scenario.headline.better)
    : undefined;
  const mark = markOf(analysis, row, own, comparison);
  const why = mark === "unable"
    ? row?.unable
    : mark === "failed"
    ? row?.cells.find((cell) => cell.failure !== undefined)?.failure
    : mark === "?"
    ? (comparison?.reasons.join("; ") ?? own?.missing ?? "the baseline was not measured")
    : undefined;
  return {
    subject,
    scenario,
    ...(expected === undefined ? {} : { expected }),
    mark,
    ...(comparison === undefined ? {} : { comparison }),
    red: (row?.gates.length ?? 0) > 0,
    agreement: agreementOf(expected, mark, comparison),
    ...(why === undefined ? {} : { why }),
  };
}

/**
 * "=" means: within the margin, be the difference certain or not; a sign means that side of 1. What
 * is certain, and on the other side of the expectation, differs.
 */
function agreementOf(
  expected: Sign | undefined,
  mark: Mark,
  comparison: Comparison | undefined,
): GridField["agreement"] {
  if (expected === undefined) return "none";
  if (mark !== "+" && mark !== "-" && mark !== "=") return "open";
  if (expected === "=") return comparison?.withinMargin ? "agrees" : "differs";
  return mark === expected ? "agrees" : "differs";
}

/** Expectations with which a difference agrees that is certain, and within the margin. */
export function agreesWithinMargin({ agreement, mark, comparison }: GridField): boolean {
  return agreement === "agrees" && mark !== "=" && comparison?.withinMargin === true;
}

const SIGNS: Readonly<Record<Comparison["verdict"], Mark>> = {
  "better": "+",
  "worse": "-",
  "equivalent": "=",
  "not enough": "?",
};

/** Of several findings, how many stand when it counts that there are so many. */
export interface Correction {
  /** Comparisons that were tested. */
  readonly tested: number;
  /** Those that differ, each for itself. */
  readonly alone: number;
  /**
   * Those of which the expected part of false ones is at most FALSE_DISCOVERIES_MAX, if the tests
   * are independent or depend on each other positively.
   */
  readonly corrected: number;
  /** Of these, those that stand by that alone, and not however the tests depend on each other. */
  readonly provisional: ReadonlySet<Comparison>;
  /** The adjusted value of each that was tested. */
  readonly adjusted: ReadonlyMap<Comparison, number>;
}

/** The part of false findings that is expected among those that stand. */
export const FALSE_DISCOVERIES_MAX = 0.05;

/**
 * Benjamini and Hochberg over the exact tests that the intervals invert: by signs where blocks are
 * paired, by ranks where not. Unlike the intervals it takes them to be independent, or to depend on
 * each other positively, which tests over one baseline are likely to do; two-sided ones are not
 * proven to. So those are told apart that stand without that, too (Benjamini and Yekutieli).
 */
export function correctionOf(comparisons: readonly Comparison[]): Correction {
  const tested = comparisons.filter(({ p }) => p !== undefined);
  const values = adjusted(tested.map(({ p }) => p!));
  const found = tested.map((comparison, index) => ({ comparison, value: values[index]! }));
  const differ = found.filter(({ comparison: { verdict } }) =>
    verdict === "better" || verdict === "worse"
  );
  const standing = differ.filter(({ value }) => value <= FALSE_DISCOVERIES_MAX);
  const factor = dependenceFactor(tested.length);
  const provisional = standing.filter(({ value }) => factor * value > FALSE_DISCOVERIES_MAX);
  return {
    tested: tested.length,
    alone: differ.length,
    corrected: standing.length,
    provisional: new Set(provisional.map(({ comparison }) => comparison)),
    adjusted: new Map(found.map(({ comparison, value }) => [comparison, value])),
  };
}

/** The correction over the fields of the grid. */
export function correct(fields: readonly GridField[]): Correction {
  return correctionOf(fields.flatMap(({ comparison }) => comparison ?? []));
}

function markOf(
  analysis: Analysis,
  row: Row | undefined,
  own: Series | undefined,
  comparison: Comparison | undefined,
): Mark {
  if (row === undefined || own === undefined) return "missing";
  if (own.values.size === 0) {
    if (row.unable !== undefined) return "unable";
    return row.cells.some(({ failure }) => failure !== undefined) ? "failed" : "?";
  }
  if (row.subject.id === analysis.baseline.id) return "baseline";
  return comparison === undefined ? "?" : SIGNS[comparison.verdict];
}

/** Who is ahead in a figure, and by how much. */
export interface Standing {
  /** Nobody is shown to be better than these; the first has the best median. */
  readonly ahead: readonly { readonly subject: SubjectCard; readonly summary: Summary }[];
  /** Some of them are, since they lie below the floor as the first does. */
  readonly belowFloor: boolean;
  /** Which way the best figure may lie. */
  readonly bound: Bound;
  /** The best of those that are shown to be worse than the first, over the first. */
  readonly next?: { readonly subject: SubjectCard; readonly comparison: Comparison };
  /** Not counted, for errors, failures or clients that were not served. */
  readonly excluded: readonly { readonly subject: SubjectCard; readonly why: string }[];
  /** Why it is no claim. */
  readonly reasons: readonly string[];
}

/** The standing among `subjects` at the headline of `scenario`; undefined when nobody has one. */
export function standing(
  analysis: Analysis,
  subjects: readonly SubjectCard[],
  scenario: Scenario,
): Standing | undefined {
  const { better } = scenario.headline;
  return standingIn(
    analysis,
    subjects,
    better,
    ({ id }) => headlineSeries(analysis, id, scenario),
  );
}

/** The same for any figure. */
export function standingIn(
  analysis: Analysis,
  subjects: readonly SubjectCard[],
  better: "higher" | "lower",
  seriesOf: (subject: SubjectCard) => Series | undefined,
): Standing | undefined {
  const measured = subjects.flatMap((subject) => {
    const series = seriesOf(subject);
    const summary = series && analysis.summary(series);
    return series && summary ? [{ subject, series, summary }] : [];
  });
  const faulty = measured.filter(({ series }) =>
    series.partial ||
    (series.faults.length > 0 && cleanValues(series).size < REPEATS_FOR_CLAIM_MIN)
  );
  const direction = better === "higher" ? -1 : 1;
  const [first, ...rest] = measured.filter((one) => !faulty.includes(one))
    .toSorted((left, right) => direction * (left.summary.median - right.summary.median));
  if (first === undefined) return undefined;
  const compared = rest.map((one) => ({
    ...one,
    comparison: analysis.compare(one.series, first.series, better),
  }));
  const behind = compared.filter(({ comparison }) => comparison.verdict === "worse");
  const open = compared.filter((one) => !behind.includes(one));
  // Without a claim there is nobody whom the intervals put beside the first.
  const unclaimed = compared.find(({ comparison: { p, belowFloor } }) =>
    p === undefined && belowFloor === undefined
  );
  const reasons = analysis.reservations.length > 0
    ? analysis.reservations
    : behind.length === 0 && unclaimed !== undefined
    ? unclaimed.comparison.reasons
    : [];
  const next = reasons.length > 0 ? compared[0] : behind[0];
  return {
    ahead: [first, ...(reasons.length > 0 ? [] : open)],
    belowFloor: open.some(({ comparison }) => comparison.belowFloor !== undefined),
    bound: boundOfSummary(first.summary),
    ...(next === undefined ? {} : { next: { subject: next.subject, comparison: next.comparison } }),
    excluded: faulty.map(({ subject, series: { faults, partial } }) => ({
      subject,
      why: [...faults, ...(partial ? ["unserved clients"] : [])].join(", "),
    })),
    reasons,
  };
}

/** A figure in which peers are compared with the baseline, besides the headlines. */
export interface Contest {
  /** In words, with the unit. */
  readonly label: string;
  readonly better: "higher" | "lower";
  /** Of a subject; undefined when it was not measured. */
  readonly series: (subject: string) => Series | undefined;
}

/** All contests of a run, the headlines first. */
export function contests(analysis: Analysis): Contest[] {
  const ofPoint = (scenario: string, point: string, figure: FigureId) => (subject: string) => {
    const row = analysis.row(subject, scenario, point);
    return row && analysis.series(row, figure);
  };
  const headlines = analysis.scenarios.map((scenario): Contest => ({
    label: analysis.headline(scenario).label,
    better: scenario.headline.better,
    series: (subject) => headlineSeries(analysis, subject, scenario),
  }));
  const further = analysis.scenarios.flatMap((scenario) =>
    (scenario.further ?? []).map(({ point, metric, label }): Contest => ({
      label,
      better: FIGURES[metric].better ?? "lower",
      series: ofPoint(scenario.id, point, metric),
    }))
  );
  const memory: Contest = {
    label: "memory per idle session, KiB",
    better: "lower",
    series: analysis.memorySlope,
  };
  return [...headlines, ...further, memory].filter(({ series }) =>
    analysis.run.header.subjects.some(({ id }) => (series(id)?.values.size ?? 0) > 0)
  );
}
