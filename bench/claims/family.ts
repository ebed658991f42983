/**
 * The comparisons of a run that are corrected for their number, models, peers and twins alike: who
 * asks often finds something. What else a report has a verdict of is each for itself: models in
 * figures beside the headline, by their rates under a quota, at other points, over who is best;
 * rungs of the ladder. Pure; report/ shows it.
 *
 * @module
 */

import type { Analysis, Comparison } from "./analysis.ts";
import { type Contest, contests, type Correction, correctionOf, type GridField } from "./grid.ts";

/** `own` over `reference` in one figure; undefined where one of them was not measured. */
export function compareIn(
  analysis: Analysis,
  { series, better }: Contest,
  own: string,
  reference: string,
): Comparison | undefined {
  const [left, right] = [series(own), series(reference)];
  return left && right && analysis.compare(left, right, better);
}

/** Each peer over the baseline, figure by figure. */
function ofPeers(analysis: Analysis): Comparison[] {
  const peers = analysis.run.header.subjects.filter(({ kind }) => kind === "peer");
  return contests(analysis).flatMap((contest) =>
    peers.flatMap(({ id }) => compareIn(analysis, contest, id, analysis.baseline.id) ?? [])
  );
}

/** Figures that twins say something of: what an operation costs, for their rates are the load's. */
export function contestsOfTwins(analysis: Analysis): Contest[] {
  return contests(analysis).filter(({ better }) => better === "lower");
}

/** Each twin over that of the baseline, and each model over its twin. */
function ofTwins(analysis: Analysis): Comparison[] {
  const twins = analysis.run.header.subjects.filter(({ twinOf }) => twinOf !== undefined);
  const reference = twins.find(({ twinOf }) => twinOf === analysis.baseline.id);
  return contestsOfTwins(analysis).flatMap((contest) =>
    twins.flatMap(({ id, twinOf }) => [
      ...(reference === undefined || reference.id === id
        ? []
        : [compareIn(analysis, contest, id, reference.id)]),
      compareIn(analysis, contest, twinOf!, id),
    ]).filter((found) => found !== undefined)
  );
}

/** The correction for the fields of the grid, the peers' and the twins'. */
export function correctAll(analysis: Analysis, fields: readonly GridField[]): Correction {
  const grid = fields.flatMap(({ comparison }) => comparison ?? []);
  return correctionOf([...grid, ...ofPeers(analysis), ...ofTwins(analysis)]);
}
