/**
 * Directory listings: the lines of LIST (as `ls -l`), NLST, and MLSD.
 *
 * `openDirectory` calls what is made here once for each entry; an empty result leaves the entry
 * out. Names that cannot be asked for again (isAddressable) are always left out, so no line of a
 * listing can be bent by a name.
 *
 * @module
 */

import type { Access } from "../accounts.ts";
import type { DirectoryEntry, FileStat } from "../effects.ts";
import { isAddressable, isPartialName, joinPath, nameOf, parentOf, resolvePath } from "../paths.ts";
import { type FactName, formatFactLine, formatTime } from "./words/facts.ts";
import { encodeLine } from "./words/lines.ts";

/**
 * Renders one entry; see the header of this file. `isSingle`: the path was a file's, and this is
 * its only entry.
 */
export type Render = (entry: DirectoryEntry, isSingle: boolean) => Uint8Array;

/** What a LIST, NLST or STAT wants to see. */
export interface ListRequest {
  /** The directory, or the single file. */
  readonly path: string;
  /** The argument without its flags. */
  readonly name: string;
  /** What NLST has before the names in a directory: the argument up to them. */
  readonly prefix: string;
  /** Which entries to show. */
  readonly shows: (entry: string, isSingle: boolean) => boolean;
}

const LEFT_OUT = new Uint8Array(0);
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY_MS = 86_400_000;
/** ls shows the time of day for what changed in the last half year, else the year. */
const RECENT_MS = 182 * DAY_MS;

/**
 * Reads the argument of LIST, NLST and STAT: flags as ls has them (of which "a" shows names that
 * begin with a dot, and the others change nothing), then a path, whose last component may hold
 * "*" and "?".
 *
 * @returns undefined when the path cannot be.
 */
export function parseListArgument(directory: string, argument: string): ListRequest | undefined {
  const flags = /^(?:-[A-Za-z1]+(?: +|$))+/.exec(argument)?.[0] ?? "";
  const all = flags.includes("a");
  const name = argument.slice(flags.length);
  const path = resolvePath(directory, name);
  if (path === undefined) return undefined;
  const pattern = name.slice(name.lastIndexOf("/") + 1);
  if (pattern.includes("*") || pattern.includes("?")) {
    const hidden = all || pattern.startsWith(".");
    return {
      path: parentOf(path),
      name,
      prefix: name.slice(0, name.length - pattern.length),
      // What is in a file that stands where a directory should, nothing matches.
      shows: (entry, isSingle) =>
        !isSingle && (hidden || !entry.startsWith(".")) && matchesPattern(entry, pattern),
    };
  }
  return {
    path,
    name,
    prefix: name === "" || name.endsWith("/") ? name : `${name}/`,
    // A single file was named, so it is shown whatever its name begins with.
    shows: (entry, isSingle) => all || isSingle || !entry.startsWith("."),
  };
}

/** Lines of LIST and STAT. `now` decides between time of day and year. */
export function renderLong({ shows }: ListRequest, now: number): Render {
  return (entry, isSingle) =>
    isAddressable(entry.name) && shows(entry.name, isSingle)
      ? encodeLine(formatLong(entry, now))
      : LEFT_OUT;
}

/**
 * Lines of NLST: names that RETR takes as they are (RFC 1123 section 4.1.2.7), so with the
 * directory of the argument before them.
 */
export function renderNames({ name, prefix, shows }: ListRequest): Render {
  return (entry, isSingle) =>
    isAddressable(entry.name) && shows(entry.name, isSingle)
      ? encodeLine(isSingle ? name : prefix + entry.name)
      : LEFT_OUT;
}

/** Lines of MLSD for the directory `path`; the entry "." is that directory itself. */
export function renderFacts(wanted: readonly FactName[], access: Access, path: string): Render {
  return (entry) => {
    if (!isAddressable(entry.name)) return LEFT_OUT;
    const facts = entry.name === "."
      ? { ...factsOf(entry, access, path), type: "cdir" }
      : factsOf(entry, access, joinPath(path, entry.name));
    return encodeLine(formatFactLine(facts, wanted, entry.name));
  };
}

/** The facts of what is at `path` (RFC 3659 section 7.5) for a user with `access`. */
export function factsOf(
  stat: FileStat,
  access: Access,
  path: string,
): Partial<Record<FactName, string>> {
  const facts = {
    modify: formatTime(stat.modifiedMs),
    unique: stat.unique,
    "UNIX.mode": stat.mode.toString(8).padStart(4, "0"),
  };
  const writes = access === "write";
  switch (stat.kind) {
    case "file": {
      const perm = !writes ? "r" : isPartialName(nameOf(path)) ? "dfr" : "adfrw";
      return { ...facts, type: "file", size: String(stat.size), perm };
    }
    case "directory": {
      const perm = !writes ? "el" : path === "/" ? "celmp" : "cdeflmp";
      return { ...facts, type: "dir", perm };
    }
    case "other":
      return { ...facts, type: "OS.unix=special", perm: writes ? "df" : "" };
  }
}

/** One line as `ls -l` has it, in UTC. */
export function formatLong(entry: DirectoryEntry, now: number): string {
  const links = String(entry.links).padStart(4);
  const owner = String(entry.uid).padEnd(8);
  const group = String(entry.gid).padEnd(8);
  const size = String(entry.size).padStart(12);
  const date = formatDate(entry.modifiedMs, now);
  return `${formatMode(entry)} ${links} ${owner} ${group} ${size} ${date} ${entry.name}`;
}

/** A link that leads nowhere in the served tree is the usual "other". */
const KIND_LETTERS = { file: "-", directory: "d", other: "l" } as const;

/** For owner, group and others: the bits' place, and the special bit shown in place of "x". */
const MODE_GROUPS = [[6, 0o4000, "s"], [3, 0o2000, "s"], [0, 0o1000, "t"]] as const;

function formatMode({ kind, mode }: FileStat): string {
  let text: string = KIND_LETTERS[kind];
  for (const [shift, special, letter] of MODE_GROUPS) {
    const bits = mode >> shift;
    const executable = (bits & 1) !== 0;
    text += (bits & 4 ? "r" : "-") + (bits & 2 ? "w" : "-");
    if ((mode & special) === 0) text += executable ? "x" : "-";
    else text += executable ? letter : letter.toUpperCase();
  }
  return text;
}

function formatDate(ms: number, now: number): string {
  const date = new Date(ms);
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  if (ms > now - RECENT_MS && ms <= now + DAY_MS) {
    return `${day} ${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}`;
  }
  return `${day}  ${String(date.getUTCFullYear()).padStart(4, "0")}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

/**
 * Whether `name` matches `pattern`, where "*" stands for any characters and "?" for one. Its time
 * grows with the product of the two lengths at worst.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  const characters = Array.from(name);
  const tokens = Array.from(pattern);
  let [at, token] = [0, 0];
  // Where the last "*" was, and up to where it has been taken to reach.
  let [star, reach] = [-1, 0];
  while (at < characters.length) {
    if (tokens[token] === "*") {
      star = token++;
      reach = at;
    } else if (
      token < tokens.length && (tokens[token] === "?" || tokens[token] === characters[at])
    ) {
      token++;
      at++;
    } else if (star !== -1) {
      token = star + 1;
      at = ++reach;
    } else {
      return false;
    }
  }
  while (tokens[token] === "*") token++;
  return token === tokens.length;
}
