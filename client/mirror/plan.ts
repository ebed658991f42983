/**
 * From two looks to a plan: what planMirror of mod.ts does.
 *
 * @module
 */

import { joinPath } from "../directory.ts";
import { LocalError, localError, ProtocolError } from "../errors.ts";
import { originPath, partPath } from "../local/names.ts";
import type { ClientPool } from "../pool.ts";
import { onceMore, plainly } from "./attempts.ts";
import { type Action, type CompareOptions, compareTrees } from "./compare.ts";
import { filterOf, type FilterPatterns } from "./filter.ts";
import { keepsTimes, type Roots } from "./hands.ts";
import { localNameFault } from "./names.ts";
import { settled } from "./settle.ts";
import { EMPTY_TREE, type Tree } from "./tree.ts";
import { walkLocal } from "./walk_local.ts";
import { tellsSeconds, walkRemote } from "./walk_remote.ts";

/** What to mirror, and how. */
export interface MirrorOptions extends Roots, Partial<FilterPatterns> {
  /** "down" makes `local` like `remote`, "up" the other way round. */
  readonly direction: "down" | "up";
  /**
   * What makes a file different besides its size: a time that differs (the default; on a server
   * that does not take the times of uploads, a local file that is newer), a source that is newer,
   * nothing, or the content, by checksums that the server makes (HASH, XSHA256 and its kin).
   */
  readonly by?: "time" | "newer" | "size" | "content";
  /** Remove what only the target has. */
  readonly remove?: boolean;
  /** Ends looks and transfers, which then throw its reason. */
  readonly signal?: AbortSignal;
}

/** What a mirror would do. */
export interface MirrorPlan extends Roots {
  /** As in the options. */
  readonly direction: "down" | "up";
  /** In the order in which they are carried out. */
  readonly actions: readonly Action[];
  /** What could not be looked at. With any, nothing is removed. */
  readonly faults: readonly Error[];
}

/**
 * Looks at both trees and plans; changes nothing.
 *
 * @throws {ClientError} when the source is not there, or either tree cannot be looked at.
 */
export function planMirror(pool: ClientPool, options: MirrorOptions): Promise<MirrorPlan> {
  return plainly(async () => {
    const { direction } = options;
    const roots = { remote: await rootThere(pool, options.remote), local: rootHere(options.local) };
    const { source, target } = await looks(pool, options, roots);
    const filter = filterOf(patternsOf(options));
    const how = await onceMore(pool, (client) =>
      Promise.resolve({
        exactTimes: !tellsSeconds(client),
        by: direction === "up" && !keepsTimes(client) ? "newer" as const : "time" as const,
      }));
    const compared: CompareOptions = {
      by: options.by === undefined || options.by === "time" ? how.by : options.by,
      remove: options.remove === true,
      exactTimes: how.exactTimes,
      sparse: filter.sparse,
      ...(direction === "down" ? HERE : {}),
    };
    const actions = compareTrees(source, target, compared);
    if (target === EMPTY_TREE) actions.unshift({ kind: "makeDirectory", path: "" });
    return {
      ...roots,
      direction,
      actions: await settled(pool, actions, target, { ...options, ...roots, by: compared.by }),
      faults: [...source.faults, ...target.faults],
    };
  });
}

/** What is peculiar to files of this machine. */
const HERE: Pick<CompareOptions, "fold" | "partsOf"> = {
  partsOf: (path) => [partPath(path), originPath(path)],
  // What their file systems do with names by default.
  ...(["darwin", "windows"].includes(Deno.build.os)
    ? { fold: (path) => path.normalize("NFC").toLowerCase() }
    : {}),
};

/** From the root folder on: another connection may be in another directory. */
async function rootThere(pool: ClientPool, remote: string): Promise<string> {
  if (remote.startsWith("/")) return remote;
  const folder = await onceMore(pool, (client) => client.workingDirectory());
  return remote === "" ? folder : joinPath(folder, remote);
}

/** The local root without links in its own path: that they are used there is the user's choice. */
function rootHere(local: string): string {
  try {
    return Deno.realPathSync(local);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return local.replace(/(?<=.)\/+$/, "");
    throw localError(`Cannot use "${local}"`, error);
  }
}

function patternsOf({ include = [], exclude = [] }: MirrorOptions): FilterPatterns {
  return { include, exclude };
}

async function looks(
  pool: ClientPool,
  options: MirrorOptions,
  { remote, local }: Roots,
): Promise<{ source: Tree; target: Tree }> {
  const { direction, signal } = options;
  const walk = {
    filter: filterOf(patternsOf(options)),
    ...(signal === undefined ? {} : { signal }),
  };
  if (direction === "down") {
    const source = await walkRemote(pool, remote, { ...walk, nameFault: localNameFault });
    return { source, target: isHere(local) ? await walkLocal(local, walk) : EMPTY_TREE };
  }
  const source = await walkLocal(local, walk);
  const isThere = await onceMore(pool, async (client) => {
    try {
      return (await client.stat(remote)).kind === "directory";
    } catch (error) {
      if (error instanceof ProtocolError) return false;
      throw error;
    }
  });
  return { source, target: isThere ? await walkRemote(pool, remote, walk) : EMPTY_TREE };
}

function isHere(local: string): boolean {
  try {
    if (Deno.statSync(local).isDirectory) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw localError(`Cannot use "${local}"`, error);
  }
  throw new LocalError(`Cannot mirror into "${local}": it is no directory`);
}
