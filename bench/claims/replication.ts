/**
 * Two runs side by side, of two machines or two versions: which verdicts of the one the other gives
 * again. Pure; report/compare.ts shows it.
 *
 * @module
 */

import type { Analysis } from "./analysis.ts";
import { type GridField, gridField } from "./grid.ts";
import type { Summary } from "./inference.ts";
import { partOf } from "./run.ts";
import type { Scenario } from "../scenarios/mod.ts";

/** What a second run makes of the verdict of a first. */
export type Replication =
  /**
   * Both give the same, and their intervals meet; or one is within the margin that the other calls
   * equivalent.
   */
  | "replicates"
  /** Both give the same sign, and their intervals do not meet: not of the same size. */
  | "apart"
  /** One claims a difference and the other none, and their intervals meet: both may be right. */
  | "undecided"
  /** Opposite signs; or one claims a difference and the other none, and intervals do not meet. */
  | "contradicts"
  /** Only one of them had enough to claim anything. */
  | "only first"
  | "only second"
  | "neither";

/** One field of the grid in both runs. */
export interface Replicated {
  /** In the first. */
  readonly first: GridField;
  /** In the second. */
  readonly second: GridField;
  /** What that means. */
  readonly outcome: Replication;
}

/** Scenarios that two runs have from one: they were joined with it, and are no second look. */
export function sharedScenarios(first: Analysis, second: Analysis): Scenario[] {
  const begun = ({ run }: Analysis, id: string) => partOf(run, id).startedAt;
  return inBoth(first, second).filter(({ id }) => begun(first, id) === begun(second, id));
}

function inBoth(first: Analysis, second: Analysis): Scenario[] {
  return first.scenarios.filter(({ id }) => second.scenarios.some((one) => one.id === id));
}

/** Every field that both runs measured, each for itself, of models and peers alike. */
export function replicate(first: Analysis, second: Analysis): Replicated[] {
  const shared = sharedScenarios(first, second);
  return inBoth(first, second).filter((scenario) => !shared.includes(scenario))
    .flatMap((scenario) =>
      first.run.header.subjects.flatMap((subject) => {
        const other = second.run.header.subjects.find(({ id }) => id === subject.id);
        if (other === undefined || subject.id === first.baseline.id) return [];
        const fields = [gridField(first, subject, scenario), gridField(second, other, scenario)];
        const [one, two] = fields as [GridField, GridField];
        if (one.mark === "missing" || two.mark === "missing") return [];
        return [{ first: one, second: two, outcome: outcomeOf(one, two) }];
      })
    );
}

function outcomeOf(first: GridField, second: GridField): Replication {
  const claims = ({ mark }: GridField) => mark === "+" || mark === "-" || mark === "=";
  if (!claims(first)) return claims(second) ? "only second" : "neither";
  if (!claims(second)) return "only first";
  const within = ({ comparison }: GridField) => comparison?.withinMargin === true;
  const oneIsLevel = first.mark === "=" || second.mark === "=";
  if (oneIsLevel && within(first) && within(second)) return "replicates";
  const meet = mayMeet(first.comparison?.ratio, second.comparison?.ratio);
  if (first.mark === second.mark) return meet ? "replicates" : "apart";
  return oneIsLevel && meet ? "undecided" : "contradicts";
}

/** Whether one ratio may be both; so may one that nobody knows, below the floor. */
function mayMeet(first: Summary | undefined, second: Summary | undefined): boolean {
  if (first === undefined || second === undefined) return true;
  const [[low, high], [least, most]] = [first.interval, second.interval];
  return low <= most && least <= high;
}
