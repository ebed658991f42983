/**
 * Asks a server what its listings left open about files of one size: the exact time, or the
 * checksum of the content.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { joinPath } from "../directory.ts";
import { LocalError } from "../errors.ts";
import type { ClientPool } from "../pool.ts";
import { type MirrorPace, withConnection } from "./attempts.ts";
import { checksumHere } from "./checksum.ts";
import { type Action, type CompareOptions, isSameTime } from "./compare.ts";
import type { Roots } from "./hands.ts";
import { forEachAtOnce } from "./parallel.ts";
import type { Node } from "./tree.ts";

/** MDTM tells seconds. */
const EXACT_MS = 1_000;

/** What has to be known of a mirror. */
export interface Settling extends Roots {
  readonly direction: "down" | "up";
  readonly by: CompareOptions["by"];
  readonly pace: MirrorPace;
}

/** Every check becomes a copy or is kept; several are asked at once. */
export async function settled(
  pool: ClientPool,
  actions: readonly Action[],
  plan: Settling,
): Promise<Action[]> {
  const result = [...actions];
  await forEachAtOnce(result.keys(), pool.size, async (index) => {
    const action = result[index]!;
    if (action.kind !== "check") return;
    plan.pace.signal?.throwIfAborted();
    const { path, node, by } = action;
    const isSame = await withConnection(
      pool,
      plan.pace,
      (client) =>
        by === "content"
          ? isSameContent(client, joinPath(plan.remote, path), `${plan.local}/${path}`)
          : isSameExactTime(client, action, plan),
    );
    result[index] = isSame ? { kind: "keep", path } : { kind: "copy", path, node, why: by };
  });
  return result;
}

/** By MDTM in the place of a listing's time; by that, as far as it can tell, where there is none. */
async function isSameExactTime(
  client: Client,
  { path, node, there }: { readonly path: string; readonly node: Node; readonly there: Node },
  { direction, remote, by }: Settling,
): Promise<boolean> {
  const modified = await client.modified(joinPath(remote, path));
  if (modified === undefined) return isSameTime(node, there, by);
  const exact = { modifiedMs: modified.getTime(), resolutionMs: EXACT_MS };
  return direction === "down"
    ? isSameTime({ ...node, ...exact }, there, by)
    : isSameTime(node, { ...there, ...exact }, by);
}

async function isSameContent(client: Client, remote: string, local: string): Promise<boolean> {
  const hash = await client.hash(remote);
  if (hash === undefined) {
    throw new LocalError(`Cannot compare "${remote}" by checksum: the server makes none`);
  }
  return hash.hex === await checksumHere(local, hash.algorithm);
}
