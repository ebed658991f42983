/**
 * Which parts of a tree take part in a mirror: --include and --exclude, as users of rsync and lftp
 * write them.
 *
 * Pure. What is left out here is left out on both sides: it is neither copied nor deleted.
 *
 * @module
 */

import type { EntryKind } from "../listing.ts";
import { compilePath } from "./pattern.ts";
import { directoriesAbove } from "./tree.ts";

/** Decides over paths below the root of a tree. */
export interface PathFilter {
  /** Whether a file, or a directory with what is in it, takes part. */
  takes(path: string, isDirectory: boolean): boolean;
  /** Only some files are wanted: a directory without any of them is not made. */
  readonly sparse: boolean;
  /** Whether a directory takes part for itself, and not only for what may be in it. */
  takesEmpty(path: string): boolean;
}

/** Patterns as they were typed; see `filterOf`. */
export interface FilterPatterns {
  /** What takes part. */
  readonly include: readonly string[];
  /** What does not, unless it is included, too. */
  readonly exclude: readonly string[];
}

/**
 * The filter of `include` and `exclude`. A pattern means names, or with "/" in it ends of paths, at
 * any depth; "/" at its beginning makes it one of whole paths, at its end one of directories. What
 * an --exclude matches is left out unless an --include matches it, too; with --include alone, only
 * what one matches is taken, a directory with all that is in it. A directory that is left out is
 * not looked into.
 */
export function filterOf({ include, exclude }: FilterPatterns): PathFilter {
  const included = include.map(compileRule);
  const excluded = exclude.map(compileRule);
  const sparse = include.length > 0 && exclude.length === 0;
  const isIn = (rules: readonly Rule[], path: string, isDirectory: boolean) =>
    rules.some((matches) => matches(path, isDirectory));
  const isWanted = (path: string, isDirectory: boolean) =>
    isIn(included, path, isDirectory) ||
    directoriesAbove(path).some((at) => isIn(included, at, true));
  return {
    sparse,
    takes(path, isDirectory) {
      if (sparse) return isDirectory || isWanted(path, false);
      return !isIn(excluded, path, isDirectory) || isIn(included, path, isDirectory);
    },
    takesEmpty: (path) => !sparse || isWanted(path, true),
  };
}

type Rule = (path: string, isDirectory: boolean) => boolean;

function compileRule(pattern: string): Rule {
  const directoriesOnly = pattern.endsWith("/");
  const text = pattern.replace(/\/+$/, "");
  const matches = compilePath(text.startsWith("/") ? text.replace(/^\/+/, "") : `**/${text}`);
  return (path, isDirectory) => (isDirectory || !directoriesOnly) && matches(path);
}

/** Whether an entry is part of a tree: a link is if either of what it may lead to takes part. */
export function takesPart(filter: PathFilter, path: string, kind: EntryKind): boolean {
  return filter.takes(path, kind === "directory") || kind === "link" && filter.takes(path, true);
}

/** Whether a link takes part: it does if both of what it may lead to do. */
export function takesLink(filter: PathFilter, path: string): boolean {
  return filter.takes(path, false) && filter.takes(path, true);
}
