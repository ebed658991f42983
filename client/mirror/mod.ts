/**
 * Mirrors: one tree made like another, down from a server or up to it.
 *
 * `planMirror` looks at both trees and changes nothing; `runMirror` does what the plan says. A room
 * of its own, which a program loads when it mirrors: client/mod.ts does not.
 *
 * @example
 * ```ts
 * import { ClientPool } from "../mod.ts";
 * import { describeAction, planMirror, runMirror } from "./mod.ts";
 *
 * await using pool = await ClientPool.open({ host: "127.0.0.1", port: 2121 }, 4);
 * const plan = await planMirror(pool, { direction: "down", remote: "/films", local: "films" });
 * for (const action of plan.actions) console.log(describeAction(action, plan.direction));
 * const { copied, failed } = await runMirror(pool, plan);
 * console.log(copied, failed);
 * ```
 *
 * @module
 */

import type { ClientPool } from "../pool.ts";
import { type MirrorPace, plainly } from "./attempts.ts";
import { downHands, upHands } from "./hands.ts";
import type { MirrorPlan } from "./plan.ts";
import { type MirrorHooks, type MirrorSummary, runActions } from "./run.ts";

export type { MirrorPace } from "./attempts.ts";
export type { Action, CopyReason } from "./compare.ts";
export { describeAction, refusalOf } from "./describe.ts";
export type { FilterPatterns } from "./filter.ts";
export {
  expandRemote,
  GLOB_DIRECTORIES_MAX,
  GLOB_NAMES_MAX,
  type MatchOptions,
  matchRemote,
  type RemoteMatch,
} from "./glob.ts";
export type { Roots, TransferHooks } from "./hands.ts";
export { localNameFault } from "./names.ts";
export { compileName } from "./pattern.ts";
export { type MirrorOptions, type MirrorPlan, planMirror } from "./plan.ts";
export type { MirrorHooks, MirrorSummary } from "./run.ts";
export type { Node } from "./tree.ts";

/**
 * Does what `plan` says. A file that fails does not stop the others; what fails by something that
 * passes is tried again, from where it broke off. What is to be removed is removed last, and only
 * when nothing failed. A signal in `pace` ends it with its reason.
 *
 * @throws {ClientError} when no connection is left; a failure of one file is in the summary.
 */
export function runMirror(
  pool: ClientPool,
  plan: MirrorPlan,
  hooks: MirrorHooks = {},
  pace: MirrorPace = {},
): Promise<MirrorSummary> {
  const handsOf = plan.direction === "down" ? downHands : upHands;
  const hands = handsOf(pool, plan, pace);
  const options = { keepAll: plan.faults.length > 0, signal: pace.signal };
  return plainly(() => runActions(pool, hands, plan.actions, hooks, options));
}
