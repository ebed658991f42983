/**
 * Asks a server what its listings left open about files of one size: the exact time, or the
 * checksum of the content.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { joinPath } from "../directory.ts";
import { ClientError, LocalError } from "../errors.ts";
import type { ClientPool } from "../pool.ts";
import { type MirrorPace, withConnection } from "./attempts.ts";
import { checksumHere } from "./checksum.ts";
import { type Action, type Check, type CompareOptions, isSameTime, type Step } from "./compare.ts";
import type { Roots } from "./hands.ts";
import { forEachAtOnce } from "./parallel.ts";
import { SECOND_MS } from "./tree.ts";

/** What has to be known of a mirror. */
export interface Settling extends Roots {
  readonly direction: "down" | "up";
  readonly by: CompareOptions["by"];
  readonly pace: MirrorPace;
}

/** What came of the checks. */
export interface Settled {
  /** What the steps have become, in their order. */
  readonly actions: readonly Action[];
  /** Why files are neither copied nor kept: what differs in them is not known. */
  readonly faults: readonly ClientError[];
}

/** No file can be compared by what was asked for. */
class NoChecksums extends LocalError {}

/**
 * Every check becomes a copy or is kept; several are asked at once. One that fails is a fault.
 *
 * @throws {LocalError} when the server makes no checksums.
 */
export async function settled(
  pool: ClientPool,
  steps: readonly Step[],
  plan: Settling,
): Promise<Settled> {
  const { signal } = plan.pace;
  const actions: (Action | undefined)[] = [];
  const faults: ClientError[] = [];
  await forEachAtOnce(steps.entries(), pool.size, async ([index, step]) => {
    if (step.kind !== "check") {
      actions[index] = step;
      return;
    }
    signal?.throwIfAborted();
    try {
      actions[index] = await settledCheck(pool, step, plan);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ClientError) || error instanceof NoChecksums) throw error;
      faults.push(error);
    }
  });
  return { actions: actions.filter((action) => action !== undefined), faults };
}

async function settledCheck(pool: ClientPool, check: Check, plan: Settling): Promise<Action> {
  const { path, node, by } = check;
  const isSame = await withConnection(
    pool,
    plan.pace,
    (client) =>
      by === "content" ? isSameContent(client, path, plan) : isSameExactTime(client, check, plan),
  );
  return isSame ? { kind: "keep", path } : { kind: "copy", path, node, why: by };
}

/** By MDTM in the place of a listing's time; by that, as far as it can tell, where there is none. */
async function isSameExactTime(
  client: Client,
  { path, node, there }: Check,
  { direction, remote, by, pace }: Settling,
): Promise<boolean> {
  const modified = await client.modified(joinPath(remote, path), pace);
  if (modified === undefined) return isSameTime(node, there, by);
  const exact = { modifiedMs: modified.getTime(), resolutionMs: SECOND_MS };
  return direction === "down"
    ? isSameTime({ ...node, ...exact }, there, by)
    : isSameTime(node, { ...there, ...exact }, by);
}

async function isSameContent(
  client: Client,
  path: string,
  { remote, local, pace }: Settling,
): Promise<boolean> {
  const there = joinPath(remote, path);
  const hash = await client.hash(there, pace);
  if (hash === undefined) {
    throw new NoChecksums(`Cannot compare "${there}" by checksum: the server makes none`);
  }
  return hash.hex === await checksumHere(`${local}/${path}`, hash.algorithm, pace.signal);
}
