/**
 * Other servers beside the baseline: the best of them in each figure, and each of them. Pure: an
 * analysis in, blocks of document.ts out.
 *
 * @module
 */

import { type Analysis, type Comparison, REPEATS_FOR_CLAIM_MIN } from "../claims/analysis.ts";
import { compareIn, ofPeers } from "../claims/family.ts";
import { type Contest, contests, standingIn } from "../claims/grid.ts";
import type { SubjectCard } from "../record.ts";
import type { Block } from "./document.ts";
import { bounded, factorWithInterval, levelsOf, NOTHING, withMicro } from "./numbers.ts";

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
        { title: "Verdict" },
      ],
      rows: all.map((contest) => bestPeerRow(analysis, contest, others)),
    },
    {
      kind: "table",
      caption: `Each peer over ${analysis.baseline.title} (ratio and interval; ${
        levelsOf(ofPeers(analysis).flatMap(({ ratio }) => ratio ?? []))
      })`,
      columns: [
        { title: "Figure" },
        ...others.map(({ id }) => ({ title: id, align: "right" as const })),
      ],
      rows: all.map((contest) => [
        withMicro(contest.label),
        ...others.map((peer) => {
          const compared = compareIn(analysis, contest, peer.id, analysis.baseline.id);
          return compared?.ratio === undefined
            ? NOTHING
            : `${factorWithInterval(compared.ratio, compared.bound)} ${VERDICTS[compared.verdict]}`;
        }),
      ]),
    },
  ];
}

/** A verdict as a sign. */
export const VERDICTS: Readonly<Record<Comparison["verdict"], string>> = {
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
    compared === undefined || compared.ratio === undefined
      ? NOTHING
      : `${VERDICTS[compared.verdict]} ${compared.verdict}`,
  ];
}
