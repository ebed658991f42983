/**
 * Looks at a tree on a server, by listings over the connections of a pool.
 *
 * Nothing that a server says makes it endless: links are not followed, depth and number of entries
 * are bounded, and a directory that says (by the fact `unique`, RFC 3659 section 7.5.2) that it is
 * one of those above it is not entered.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { joinPath, notUnderstood } from "../directory.ts";
import { type ClientError, LocalError, ProtocolError } from "../errors.ts";
import { hasFacts } from "../facts.ts";
import type { Entry } from "../listing.ts";
import { DEPTH_MAX, PATHS_BYTES_MAX } from "../limits.ts";
import type { ClientPool } from "../pool.ts";
import { listWithLinks } from "../tree.ts";
import { type PathFilter, takesPart } from "./filter.ts";
import { type MirrorPace, withConnection } from "./attempts.ts";
import { forEachAtOnce } from "./parallel.ts";
import { remoteNameFault } from "./names.ts";
import {
  addWithAbove,
  below,
  depthOf,
  ENTRIES_MAX,
  type Node,
  SECOND_MS,
  type Tree,
} from "./tree.ts";

/** How a walk goes. */
export interface WalkOptions {
  readonly filter: PathFilter;
  /** Why a name cannot be used on the other side. */
  readonly nameFault?: (name: string) => string | undefined;
  /** Whether a directory of the server would be written into, or emptied: it must be no link. */
  readonly changes?: (path: string) => boolean;
  /** The most entries; default `ENTRIES_MAX`. */
  readonly entriesMax?: number;
  /** The most that the paths of a server may have together, in octets; default `PATHS_BYTES_MAX`. */
  readonly pathsBytesMax?: number;
  /** How it is tried again; its signal ends the walk between two directories. */
  readonly pace?: MirrorPace;
}

/** `ls -l` tells minutes of the last half year, and days of what is older. */
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A directory to look into, with what those above it call themselves. */
interface Visit {
  readonly path: string;
  readonly above: readonly string[];
}

/**
 * The tree below the directory `root`, which must be there. A directory below it that cannot be
 * listed is a fault of the tree.
 *
 * @throws {LocalError} when it has too many entries, or too long ones.
 */
export async function walkRemote(
  pool: ClientPool,
  root: string,
  options: WalkOptions,
): Promise<Tree> {
  const { filter, nameFault, changes, pace = {} } = options;
  const { entriesMax = ENTRIES_MAX, pathsBytesMax = PATHS_BYTES_MAX } = options;
  const nodes = new Map<string, Node>();
  const partial = new Set<string>();
  const faults: ClientError[] = [];
  let [seen, kept] = [0, 0];

  const visit = async ({ path, above }: Visit, add: (visit: Visit) => void) => {
    pace.signal?.throwIfAborted();
    const isChanged = (name: string) => changes?.(below(path, name)) === true;
    const directory = path === "" ? root : joinPath(root, path);
    const { entries, exact, unread } = await listed(pool, directory, pace, isChanged);
    if (unread > 0) faults.push(notUnderstood(directory, unread));
    seen += entries.length;
    if (seen > entriesMax) {
      throw new LocalError(`Cannot mirror "${root}": it has more than ${entriesMax} entries`);
    }
    for (const entry of entries) {
      const at = below(path, entry.name);
      const isDirectory = entry.kind === "directory";
      if (!takesPart(filter, at, entry.kind)) {
        addWithAbove(partial, path);
        continue;
      }
      if ((kept += at.length) > pathsBytesMax) {
        throw new LocalError(`Cannot mirror "${root}": its names are over ${pathsBytesMax} octets`);
      }
      const fault = nameFault?.(entry.name);
      nodes.set(at, { ...nodeOf(entry, exact), ...(fault === undefined ? {} : { fault }) });
      if (!isDirectory || fault !== undefined) continue;
      const { unique } = entry;
      const enter = { path: at, above: unique === undefined ? above : [...above, unique] };
      const unsendable = remoteNameFault(entry.name);
      if (unsendable !== undefined) {
        faults.push(new LocalError(`Cannot enter "${at}": ${unsendable}`));
      } else if (unique !== undefined && above.includes(unique)) {
        faults.push(new LocalError(`Cannot enter "${at}": it leads back to one above it`));
      } else if (depthOf(at) >= DEPTH_MAX) {
        faults.push(new LocalError(`Cannot enter "${at}": over ${DEPTH_MAX} directories deep`));
      } else {
        add(enter);
      }
    }
  };

  const visitOrFault = async (each: Visit, add: (visit: Visit) => void) => {
    try {
      await visit(each, add);
    } catch (error) {
      // One directory that may not be read is no reason to leave the others.
      if (!(error instanceof ProtocolError) || each.path === "") throw error;
      faults.push(error);
    }
  };
  await forEachAtOnce([{ path: "", above: [] }], pool.size, visitOrFault);
  return { nodes, partial, faults };
}

/** What one listing tells. */
interface Listed {
  readonly entries: readonly Entry[];
  /** Whether its times are of whole seconds. */
  readonly exact: boolean;
  /** Lines that were not understood. */
  readonly unread: number;
}

function listed(
  pool: ClientPool,
  path: string,
  pace: MirrorPace,
  isChanged: (name: string) => boolean,
): Promise<Listed> {
  const { signal } = pace;
  return withConnection(pool, pace, async (client) => {
    let unread = 0;
    const entries = await listWithLinks(client, path, isChanged, {
      ...(signal === undefined ? {} : { signal }),
      onUnread: (lines) => unread += lines,
    });
    return { entries, exact: tellsSeconds(client), unread };
  });
}

/** Whether listings are of MLSD, as far as this connection knows by those that it has had. */
export function tellsSeconds(client: Client): boolean {
  return hasFacts(client.features);
}

function nodeOf({ kind, size, modified, dayOnly }: Entry, exact: boolean): Node {
  if (kind === "directory") return { kind };
  const whole = exact ? SECOND_MS : MINUTE_MS;
  return {
    kind,
    ...(size === undefined ? {} : { size }),
    ...(modified === undefined
      ? {}
      : { modifiedMs: modified.getTime(), resolutionMs: dayOnly ? DAY_MS : whole }),
  };
}
