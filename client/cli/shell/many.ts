/**
 * mget and mput: get and put for every file that a pattern matches.
 *
 * @module
 */

import { hasWildcards } from "../../directory.ts";
import { LocalError } from "../../errors.ts";
import { isDirectory } from "../../tree.ts";
import { escapeName } from "../../escapes.ts";
import { GRAMMAR } from "../arguments.ts";
import { checkSendable } from "../checks.ts";
import { decodedNames } from "../connection.ts";
import { namesTyped } from "../escaped.ts";
import { SomeFailed } from "../exit.ts";
import { readFlags, UsageError } from "../flags.ts";
import { matchesOf, patternRoom } from "../remote_names.ts";
import { isFileHere } from "../targets.ts";
import { localNames, localPath } from "./local.ts";
import type { Line } from "./session.ts";
import type { Outcome, ShellTask } from "./task.ts";

/** Names and flags as a line has them. */
interface Asked {
  /** Those of get or put. */
  readonly flags: readonly string[];
  readonly patterns: readonly string[];
}

/**
 * Has get download all files that match.
 *
 * @throws {LocalError} when the only pattern matches nothing.
 * @throws {SomeFailed} when nothing is left to download.
 */
export async function mget({ shell, operands }: ShellTask): Promise<Outcome> {
  const { flags, patterns: typed } = asked("mget", operands);
  const { session } = shell;
  const { escapes } = session.target;
  const { operands: patterns } = await decodedNames({
    ...session.target,
    operands: namesTyped(typed, escapes),
  });
  checkSendable(patterns);
  const { localNameFault } = await patternRoom();
  const { signal } = session.now;
  const found = new Set<string>();
  const failures: Failures = new Map();
  for (const pattern of patterns) {
    let isMatched = false;
    for (const { path, entry } of await matchesOf(session, pattern, { escapes, signal })) {
      const { kind } = entry ?? { kind: "file" };
      const isFile = kind === "file" || kind === "link" && !await isDirectory(session.last, path);
      if (!isFile) continue;
      isMatched = true;
      // What nobody typed is looked at before it becomes the name of a file here.
      const fault = entry === undefined ? undefined : localNameFault(entry.name);
      if (fault === undefined) found.add(asName(path));
      else failures.set(path, new LocalError(`Cannot write "${path}": ${fault}`));
    }
    if (!isMatched) missed(pattern, patterns, failures);
  }
  const names = escapes ? [...found].map(escapeName) : [...found];
  return outcomeOf(session.now, ["get", ...flags, "--"], names, failures);
}

/**
 * Has put upload all files that match.
 *
 * @throws {LocalError} when the only pattern matches nothing.
 * @throws {SomeFailed} when none of several does.
 */
export async function mput({ shell, operands }: ShellTask): Promise<Outcome> {
  const { flags, patterns } = asked("mput", operands);
  const found = new Set<string>();
  const failures: Failures = new Map();
  for (const typed of patterns) {
    const pattern = localPath(typed, shell.console);
    const paths = await filesHere(pattern);
    if (paths.length === 0) missed(pattern, patterns, failures);
    for (const path of paths) found.add(asName(path));
  }
  return outcomeOf(shell.session.now, ["put", ...flags, "--"], [...found], failures);
}

/** Names that are left out, and patterns that match nothing, with why. */
type Failures = Map<string, LocalError>;

/** Takes in a pattern that matches nothing; one that is alone fails the line at once. */
function missed(pattern: string, { length }: readonly string[], failures: Failures): void {
  const error = new LocalError(`No file matches "${pattern}"`);
  if (length === 1) throw error;
  failures.set(pattern, error);
}

/** Goes on with the names by `words`; what failed before is told now and fails the line at last. */
function outcomeOf(
  { reporter }: Line,
  words: readonly string[],
  names: readonly string[],
  failures: Failures,
): Outcome {
  const next = [...words, ...names];
  const [first] = failures.values();
  if (first === undefined) return { next };
  for (const error of failures.values()) reporter.failed(error);
  const count = `${failures.size} of ${failures.size + names.length}`;
  const failure = new SomeFailed(`${count} left out`, first);
  if (names.length === 0) throw failure;
  return { next, failure };
}

/** The files here that a pattern means; what is called just so means itself, as on the server. */
async function filesHere(pattern: string): Promise<string[]> {
  if (isFileHere(pattern)) return [pattern];
  const cut = pattern.lastIndexOf("/") + 1;
  const [directory, last] = [pattern.slice(0, cut), pattern.slice(cut)];
  if (hasWildcards(directory)) {
    throw new UsageError(`Here a pattern stands in the last name of a path only: "${pattern}"`);
  }
  const matches = (await patternRoom()).compileName(last, false);
  // A FIFO that nobody meant would be waited for.
  const isMeant = ({ name, isFile, isSymlink }: Deno.DirEntry) =>
    (isFile || isSymlink) && matches(name);
  return (await localNames(directory || ".", isMeant)).map((name) => directory + name);
}

/** A path that is nothing but a name: "-" is a standard stream, and "~" the user's own folder. */
function asName(path: string): string {
  return path.replace(/^(?:-$|~)/, "./$&");
}

/** Parts flags from patterns; what the flags mean is seen by the verb that gets them. */
function asked(verb: string, words: readonly string[]): Asked {
  const flags = readFlags(GRAMMAR, words);
  const patterns = flags.operands;
  if (patterns.length === 0) throw new UsageError(`${verb} takes [FLAGS] PATTERN...`);
  return { flags: flags.words(), patterns };
}
