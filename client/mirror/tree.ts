/**
 * A tree of files as one look at it: what compare.ts compares and the walks make, of either side.
 *
 * @module
 */

import type { ClientError } from "../errors.ts";
import type { EntryKind } from "../listing.ts";

/** What one tree may have: its paths and their facts fit into some 500 MB. */
export const ENTRIES_MAX = 1_000_000;

/** A file, a directory, or what is neither. */
export interface Node {
  /** What it is, a link itself and not where it points. */
  readonly kind: EntryKind;
  /** Octets of a file, as far as they are known. */
  readonly size?: number;
  /** When it was changed, in milliseconds since the epoch. */
  readonly modifiedMs?: number;
  /** How exactly the side tells that: a second, a minute or a day. */
  readonly resolutionMs?: number;
  /** Why this name cannot be used on the other side. */
  readonly fault?: string;
}

/** What is below a root, by path with "/" between names. A link is one, and not where it leads. */
export interface Tree {
  readonly nodes: ReadonlyMap<string, Node>;
  /** Directories with something in them, at any depth, that a filter left out. */
  readonly partial: ReadonlySet<string>;
  /** What could not be looked at, a line each: such a tree is no reason to delete anything. */
  readonly faults: readonly ClientError[];
}

/** MLSD and MDTM tell seconds (RFC 3659 section 2.3), and servers take no finer times. */
export const SECOND_MS = 1_000;

/** Whether its time is one of MLSD: `ls -l` tells none that is as exact. */
export function hasExactTime({ resolutionMs = Infinity }: Node): boolean {
  return resolutionMs <= SECOND_MS;
}

/** A tree that has nothing: a root that is not there yet. */
export const EMPTY_TREE: Tree = { nodes: new Map(), partial: new Set(), faults: [] };

/** The directory of a path, "" for the root. */
export function above(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** The directories that a path is in, from below, without the root. */
export function* directoriesAbove(path: string): Generator<string> {
  for (let at = above(path); at !== ""; at = above(at)) yield at;
}

/** `name` in the directory `path`. */
export function below(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

/** What paths have in common that Windows and macOS take for one by default: fewer than `foldPath`. */
export function foldLetters(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

/**
 * What paths have in common that some file system may take for one. Some letters are one as capitals
 * (σ and ς, s and ſ), some as small ones (ẞ and ß), some beside two (ß and SS). Few systems take all
 * of these for one; what may be one is never removed.
 */
export function foldPath(path: string): string {
  return path.normalize("NFD").toLowerCase().toUpperCase().normalize("NFC");
}

/** How many directories a path has above it. */
export function depthOf(path: string): number {
  return path.split("/").length - 1;
}

/** Adds `path` and the directories above it to `set`. */
export function addWithAbove(set: Set<string>, path: string): void {
  for (let at = path; !set.has(at); at = above(at)) set.add(at);
}
