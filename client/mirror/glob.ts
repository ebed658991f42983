/**
 * Remote names by patterns: what `get '*.avi'`, `ls '*.avi'` and `rm 'films/*.tmp'` mean.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { isSendable } from "../conversation.ts";
import { hasWildcards, joinPath } from "../directory.ts";
import { isLasting, LocalError } from "../errors.ts";
import { PATHS_BYTES_MAX } from "../limits.ts";
import type { Entry } from "../listing.ts";
import type { CallOptions } from "../transfer.ts";
import { compileName, expandBraces } from "./pattern.ts";

/** The most directories that one pattern lists. */
export const GLOB_DIRECTORIES_MAX = 10_000;

/** The most names that one pattern means. */
export const GLOB_NAMES_MAX = 100_000;

/** A path that a pattern means. */
export interface RemoteMatch {
  /** From where the pattern begins. */
  readonly path: string;
  /** What the listing says of it; undefined for a path that is as it was typed. */
  readonly entry?: Entry;
}

/**
 * The paths on the server that `pattern` means, sorted: `*`, `?`, `[a-z]` and `{a,b}` as in shells,
 * where `*` and `?` match no dot at the beginning of a name, and no "/". A path that exists as it
 * is typed means itself, whatever it looks like; what has no pattern in it does so unasked. Empty
 * when nothing matches.
 *
 * @example
 * ```ts
 * import { connect } from "../mod.ts";
 * import { expandRemote } from "./mod.ts";
 *
 * await using client = await connect();
 * for (const path of await expandRemote(client, "films/*.avi")) console.log(path);
 * ```
 *
 * @throws {LocalError} when it takes too many listings, or means too many names.
 */
export async function expandRemote(
  client: Client,
  pattern: string,
  options: CallOptions = {},
): Promise<string[]> {
  return (await matchRemote(client, pattern, options)).map(({ path }) => path);
}

/** How `matchRemote` reads a pattern. */
export interface MatchOptions extends CallOptions {
  /** A backslash is a letter of names, and quotes nothing: "[*]" is what only a star is meant by. */
  readonly ownBackslash?: boolean;
}

/**
 * As `expandRemote`, with what the listings said of each.
 *
 * @throws {LocalError} when it takes too many listings, or means too many names.
 */
export async function matchRemote(
  client: Client,
  pattern: string,
  options: MatchOptions = {},
): Promise<RemoteMatch[]> {
  if (!hasWildcards(pattern) || await isThere(client, pattern, options)) {
    return [{ path: pattern }];
  }
  const found = new Map<string, RemoteMatch>();
  const listings = { left: GLOB_DIRECTORIES_MAX, pathsBytes: 0 };
  const read = options.ownBackslash ? pattern.replaceAll("\\", "\\\\") : pattern;
  for (const each of expandBraces(read)) {
    for (const match of await expandOne(client, each, pattern, listings, options)) {
      found.set(match.path, match);
    }
    assertFew(found.size, 0, pattern);
  }
  return [...found.values()].sort((left, right) => left.path < right.path ? -1 : 1);
}

/** One pattern without braces, name by name from its beginning. */
async function expandOne(
  client: Client,
  pattern: string,
  whole: string,
  listings: { left: number; pathsBytes: number },
  options: CallOptions,
): Promise<RemoteMatch[]> {
  if (!hasWildcards(pattern)) return [{ path: unescaped(pattern) }];
  const names = pattern.split("/").filter((name) => name !== "");
  const first = names.findIndex(hasWildcards);
  const start = joinPath(pattern.startsWith("/") ? "/" : "", names.slice(0, first).join("/"));
  let paths: RemoteMatch[] = [{ path: unescaped(start) }];
  for (const [index, name] of names.slice(first).entries()) {
    const isLast = first + index === names.length - 1;
    const onlyDirectories = !isLast || pattern.endsWith("/");
    const matches = compileName(name, false);
    const next: RemoteMatch[] = [];
    for (const { path } of paths) {
      if (listings.left-- === 0) {
        throw new LocalError(`Cannot use "${whole}": over ${GLOB_DIRECTORIES_MAX} directories`);
      }
      for (const entry of await entriesOf(client, path, options)) {
        if (!matches(entry.name)) continue;
        if (onlyDirectories && entry.kind !== "directory" && entry.kind !== "link") continue;
        const match = { path: joinPath(path, entry.name), entry };
        next.push(match);
        listings.pathsBytes += match.path.length;
        assertFew(next.length, listings.pathsBytes, whole);
      }
    }
    paths = next;
  }
  return paths;
}

function assertFew(names: number, bytes: number, pattern: string): void {
  if (names <= GLOB_NAMES_MAX && bytes <= PATHS_BYTES_MAX) return;
  const most = names > GLOB_NAMES_MAX ? `${GLOB_NAMES_MAX} names` : `${PATHS_BYTES_MAX} octets`;
  throw new LocalError(`Cannot use "${pattern}": it means over ${most}`);
}

/** Whether a path is there as it is typed; what the server takes for no path at all is not. */
async function isThere(client: Client, path: string, options: CallOptions): Promise<boolean> {
  try {
    await client.stat(path, options);
    return true;
  } catch (error) {
    if (isLasting(error)) return false;
    throw error;
  }
}

/** What cannot be listed, or is not understood, has no names that match. */
async function entriesOf(client: Client, path: string, options: CallOptions): Promise<Entry[]> {
  if (!isSendable(path)) return [];
  try {
    return await client.list(path, { ...options, onUnread() {} });
  } catch (error) {
    if (isLasting(error)) return [];
    throw error;
  }
}

function unescaped(pattern: string): string {
  return pattern.replace(/\\(.)/gs, "$1");
}
