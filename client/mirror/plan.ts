/**
 * From two looks to a plan: what planMirror of mod.ts does.
 *
 * @module
 */

import { joinPath } from "../directory.ts";
import { type ClientError, LocalError, localError } from "../errors.ts";
import { originPath, partPath } from "../local/names.ts";
import type { ClientPool } from "../pool.ts";
import { kindThere } from "../tree.ts";
import { type MirrorPace, plainly, withConnection } from "./attempts.ts";
import { type Action, type CompareOptions, compareTrees } from "./compare.ts";
import { filterOf, type FilterPatterns, type PathFilter, takesLink } from "./filter.ts";
import { keepsTimes, type Roots } from "./hands.ts";
import { withoutLeftovers } from "./leftovers.ts";
import { localNameFault, remoteNameFault } from "./names.ts";
import { settled } from "./settle.ts";
import { EMPTY_TREE, foldLetters, hasExactTime, type Tree } from "./tree.ts";
import { walkLocal } from "./walk_local.ts";
import { walkRemote } from "./walk_remote.ts";

/** What to mirror, and how. */
export interface MirrorOptions extends Roots, Partial<FilterPatterns> {
  /** "down" makes `local` like `remote`, "up" the other way round. */
  readonly direction: "down" | "up";
  /**
   * What makes a file different besides its size: a time that differs (the default; on a server
   * that does not take the times of uploads, a local file that is newer), a source that is newer,
   * nothing, or the content, by checksums that the server makes (HASH, XSHA256 and its kin). By
   * "newer" another size alone is no difference.
   */
  readonly by?: "time" | "newer" | "size" | "content";
  /** Remove what only the target has. */
  readonly remove?: boolean;
}

/** What a mirror would do. */
export interface MirrorPlan extends Roots {
  /** As in the options. */
  readonly direction: "down" | "up";
  /** In the order in which they are carried out. */
  readonly actions: readonly Action[];
  /** What could not be looked at or compared. With any, nothing is removed. */
  readonly faults: readonly ClientError[];
}

/**
 * Looks at both trees and plans; changes nothing. A signal in `pace` ends it with its reason.
 *
 * @throws {ClientError} when the source is not there, or either tree cannot be looked at.
 */
export function planMirror(
  pool: ClientPool,
  options: MirrorOptions,
  pace: MirrorPace = {},
): Promise<MirrorPlan> {
  return plainly(async () => {
    const { direction, include = [], exclude = [] } = options;
    const remote = await rootThere(pool, options.remote, pace);
    const roots = { remote, local: rootHere(options.local) };
    const filter = filterOf({ include, exclude });
    const looked = await looks(pool, options, roots, filter, pace);
    const source = withoutLeftovers(looked.source);
    const target = withoutLeftovers(looked.target);
    const takesTimes = direction === "down" ||
      await withConnection(pool, pace, (client) => Promise.resolve(keepsTimes(client)));
    const compared: CompareOptions = {
      by: options.by !== undefined && options.by !== "time"
        ? options.by
        : takesTimes
        ? "time"
        : "newer",
      remove: options.remove === true,
      asksTime: (node, there) => !hasExactTime(direction === "down" ? node : there),
      sparse: filter.sparse,
      takesEmpty: (path) => filter.takesEmpty(path),
      takesLink: (path) => takesLink(filter, path),
      ...(options.by === "newer" ? { onlyNewer: true } : {}),
      ...(direction === "down" ? HERE : {}),
    };
    const steps = compareTrees(source, target, compared);
    if (looked.target === EMPTY_TREE) steps.unshift({ kind: "makeDirectory", path: "" });
    const done = await settled(pool, steps, { direction, ...roots, by: compared.by, pace });
    return {
      ...roots,
      direction,
      actions: done.actions,
      faults: [...source.faults, ...target.faults, ...done.faults],
    };
  });
}

/** What is peculiar to files of this machine. */
const HERE: Pick<CompareOptions, "fold" | "partsOf"> = {
  partsOf: (path) => [partPath(path), originPath(path)],
  // What their file systems do with names by default.
  ...(["darwin", "windows"].includes(Deno.build.os) ? { fold: foldLetters } : {}),
};

/** From the root folder on: another connection may be in another directory. */
async function rootThere(pool: ClientPool, remote: string, pace: MirrorPace): Promise<string> {
  if (remote.startsWith("/")) return remote;
  const folder = await withConnection(pool, pace, (client) => client.workingDirectory(pace));
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

async function looks(
  pool: ClientPool,
  options: MirrorOptions,
  { remote, local }: Roots,
  filter: PathFilter,
  pace: MirrorPace,
): Promise<{ source: Tree; target: Tree }> {
  const walk = { filter, pace };
  if (options.direction === "down") {
    const source = await walkRemote(pool, remote, { ...walk, nameFault: localNameFault });
    return { source, target: isHere(local) ? await walkLocal(local, walk) : EMPTY_TREE };
  }
  const source = await walkLocal(local, { ...walk, nameFault: remoteNameFault });
  const changes = (path: string) =>
    options.remove === true || source.nodes.get(path)?.kind === "directory";
  const kind = await withConnection(pool, pace, (client) => kindThere(client, remote, pace));
  return {
    source,
    target: kind === "directory"
      ? await walkRemote(pool, remote, { ...walk, changes })
      : EMPTY_TREE,
  };
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
