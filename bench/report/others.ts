/**
 * Other servers beside the baseline: the best of them in each figure, and each of them. Pure: an
 * analysis in, blocks of document.ts out.
 *
 * @module
 */

import type { Analysis, Comparison } from "../claims/analysis.ts";
import { compareIn } from "../claims/family.ts";
import { type Contest, contests, standingIn } from "../claims/grid.ts";
import { REPEATS_FOR_CLAIM_MIN } from "../claims/inference.ts";
import type { SubjectCard } from "../record.ts";
import type { Block, Column } from "./document.ts";
import {
  bounded,
  factor,
  factorWithInterval,
  levelOf,
  levelsOf,
  NOTHING,
  seenOf,
  verdictInWords,
  withMicro,
} from "./numbers.ts";

/** What stands at the end of a row of ratios: what their intervals are worth. */
export const WORTH: readonly Column[] = [
  { title: "Level" },
  { title: "Even odds at", align: "right" },
];

/** Other servers beside the baseline. */
export function peers(analysis: Analysis): Block[] {
  const others = analysis.run.header.subjects.filter(({ kind }) => kind === "peer");
  if (others.length === 0) return [];
  const all = contests(analysis);
  return [
    { kind: "heading", level: 2, text: "Other servers" },
    {
      kind: "text",
      text: [
        `${analysis.baseline.title} against the best peer of each row; + and − say which way it is ` +
        `better or worse, = that it is equivalent, ? that there is not enough (it takes at least ` +
        `${REPEATS_FOR_CLAIM_MIN} clean blocks). The best is chosen by its median of the same ` +
        `blocks, which flatters it: "better" than it is the safer for that, "worse" the less safe. ` +
        `Their configurations are below.`,
      ],
    },
    {
      kind: "table",
      caption: `${analysis.baseline.title} over the best peer`,
      columns: [
        { title: "Figure" },
        { title: "Better" },
        { title: "Best peer" },
        { title: "Its median", align: "right" },
        { title: analysis.baseline.id, align: "right" },
        { title: `${analysis.baseline.id} / best peer`, align: "right" },
        ...WORTH,
        { title: "Verdict" },
      ],
      rows: all.map((contest) => bestPeerRow(analysis, contest, others)),
    },
    {
      kind: "table",
      caption: `Each peer over ${analysis.baseline.title} (ratio and interval)`,
      columns: [
        { title: "Figure" },
        ...others.map(({ id }) => ({ title: id, align: "right" as const })),
        ...WORTH,
      ],
      rows: all.map((contest) => [
        withMicro(contest.label),
        ...ratios(analysis, contest, others.map(({ id }) => [id, analysis.baseline.id])),
      ]),
    },
  ];
}

/** Who is compared with whom, by their ids; there may be nobody to compare with. */
export type Pair = readonly [own: string, reference: string | undefined];

/** Fields of a row: each of `pairs` with its interval and what may be claimed, and what that is worth. */
export function ratios(analysis: Analysis, contest: Contest, pairs: readonly Pair[]): string[] {
  const all = pairs.map(([own, reference]) =>
    reference === undefined || own === reference
      ? undefined
      : compareIn(analysis, contest, own, reference)
  );
  const known = all.flatMap((one) => one ?? []);
  return [
    ...pairs.map(([own, reference], index) => own === reference ? "1" : withSign(all[index])),
    levelsOf(known.flatMap(({ ratio }) => ratio ?? [])),
    seenOf(known),
  ];
}

function withSign(compared: Comparison | undefined): string {
  if (compared === undefined || isBlank(compared)) return NOTHING;
  return `${factorWithInterval(compared.ratio, compared.bound)} ${VERDICTS[compared.verdict]}`;
}

/** Whether there is neither a ratio nor a verdict that needs none. */
export function isBlank({ ratio, belowFloor }: Comparison): boolean {
  return ratio === undefined && belowFloor === undefined;
}

/** A verdict as a sign. */
const VERDICTS: Readonly<Record<Comparison["verdict"], string>> = {
  "better": "+",
  "worse": "−",
  "equivalent": "=",
  "not enough": "?",
};

function bestPeerRow(analysis: Analysis, contest: Contest, others: readonly SubjectCard[]) {
  const found = standingIn(
    analysis,
    others,
    contest.better,
    ({ id }) => contest.series(id),
  );
  const best = found?.ahead[0];
  const own = contest.series(analysis.baseline.id);
  const ownSummary = own && analysis.summary(own);
  const compared = best && compareIn(analysis, contest, analysis.baseline.id, best.subject.id);
  return [
    withMicro(contest.label),
    contest.better,
    best?.subject.id ?? "none",
    bounded(best?.summary),
    bounded(ownSummary),
    factorWithInterval(compared?.ratio, compared?.bound),
    compared?.ratio === undefined ? NOTHING : levelOf(compared.ratio),
    factor(compared?.seen),
    compared === undefined || isBlank(compared)
      ? NOTHING
      : `${VERDICTS[compared.verdict]} ${verdictInWords(compared.verdict, compared)}`,
  ];
}
