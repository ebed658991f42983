/**
 * Looks at a tree of this machine. No link is followed, so no tree is endless.
 *
 * @module
 */

import { LocalError, localError } from "../errors.ts";
import { DEPTH_MAX } from "../limits.ts";
import { takesPart } from "./filter.ts";
import {
  addWithAbove,
  below,
  depthOf,
  ENTRIES_MAX,
  type Node,
  SECOND_MS,
  type Tree,
} from "./tree.ts";
import type { WalkOptions } from "./walk_remote.ts";

/** FAT keeps every other second, without a fraction: what has such a time may be on one. */
const FAT_MS = 2_000;

/**
 * The tree below the directory `root`, which must be there. What cannot be looked at below it is a
 * fault of the tree; that a folder breaks off while it is read (EIO), the runtime does not tell.
 *
 * @throws {LocalError} when the root cannot be read, or has too many entries.
 */
export async function walkLocal(root: string, options: WalkOptions): Promise<Tree> {
  const { filter, nameFault, entriesMax = ENTRIES_MAX, pace } = options;
  const nodes = new Map<string, Node>();
  const partial = new Set<string>();
  const faults: LocalError[] = [];
  const left = [""];
  let seen = 0;
  for (let path; (path = left.pop()) !== undefined;) {
    pace?.signal?.throwIfAborted();
    try {
      for await (const { name } of Deno.readDir(path === "" ? root : `${root}/${path}`)) {
        if (++seen > entriesMax) {
          throw new LocalError(`Cannot mirror "${root}": it has more than ${entriesMax} entries`);
        }
        const at = below(path, name);
        const stat = lookAt(root, at, faults);
        if (stat === undefined) continue;
        const node = nodeOf(stat);
        if (!takesPart(filter, at, node.kind)) {
          addWithAbove(partial, path);
          continue;
        }
        const fault = nameFault?.(name);
        nodes.set(at, { ...node, ...(fault === undefined ? {} : { fault }) });
        if (!stat.isDirectory || fault !== undefined) continue;
        if (depthOf(at) < DEPTH_MAX) left.push(at);
        else faults.push(new LocalError(`Cannot enter "${at}": over ${DEPTH_MAX} folders deep`));
      }
    } catch (error) {
      const told = localError(`Cannot read "${path === "" ? root : `${root}/${path}`}"`, error);
      if (path === "" || !(told instanceof LocalError) || told === error) throw told;
      faults.push(told);
    }
  }
  return { nodes, partial, faults };
}

function lookAt(root: string, path: string, faults: LocalError[]): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(`${root}/${path}`);
  } catch (error) {
    const told = localError(`Cannot look at "${root}/${path}"`, error);
    if (!(told instanceof LocalError)) throw told;
    faults.push(told);
    return undefined;
  }
}

function nodeOf(stat: Deno.FileInfo): Node {
  if (stat.isDirectory) return { kind: "directory" };
  const kind = stat.isFile ? "file" : stat.isSymlink ? "link" : "other";
  const { size, mtime } = stat;
  if (mtime === null) return { kind, size };
  const modifiedMs = mtime.getTime();
  return {
    kind,
    size,
    modifiedMs,
    resolutionMs: modifiedMs % FAT_MS === 0 ? FAT_MS : SECOND_MS,
  };
}
