/**
 * mget and mput: get and put for every file that a pattern matches.
 *
 * @module
 */

import { isPlainName, LocalError } from "../../mod.ts";
import { globToRegExp } from "@std/path";
import { UsageError } from "../flags.ts";
import { localNames } from "./local.ts";
import type { Outcome, ShellTask } from "./task.ts";

/** Names and flags as a line has them. */
interface Asked {
  /** Those of get or put. */
  readonly flags: readonly string[];
  readonly patterns: readonly string[];
}

/** Has get download all files that match. */
export async function mget({ shell, operands }: ShellTask): Promise<Outcome> {
  const { flags, patterns } = asked("mget", operands);
  const client = await shell.session.connected();
  const list = async (directory: string) =>
    (await client.list(directory)).filter(({ kind, name }) => kind === "file" && isPlainName(name))
      .map(({ name }) => name);
  return { next: ["get", ...flags, "--", ...await matching(patterns, list)] };
}

/** Has put upload all files that match. */
export async function mput({ operands }: ShellTask): Promise<Outcome> {
  const { flags, patterns } = asked("mput", operands);
  const list = async (directory: string) =>
    (await localNames(directory === "" ? "." : directory)).filter((name) => !name.endsWith("/"));
  return { next: ["put", ...flags, "--", ...await matching(patterns, list)] };
}

/** Parts flags from patterns; what the flags mean is seen by the verb that gets them. */
function asked(verb: string, operands: readonly string[]): Asked {
  const end = operands.indexOf("--");
  const before = end === -1 ? operands : operands.slice(0, end);
  const patterns = before.filter((word) => !word.startsWith("-"));
  if (end !== -1) patterns.push(...operands.slice(end + 1));
  if (patterns.length === 0) throw new UsageError(`${verb} takes [FLAGS] PATTERN...`);
  return { flags: before.filter((word) => word.startsWith("-")), patterns };
}

/** The names that patterns match: each is looked for in the one directory that it names. */
async function matching(
  patterns: readonly string[],
  list: (directory: string) => Promise<string[]>,
): Promise<string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const cut = pattern.lastIndexOf("/") + 1;
    const [directory, last] = [pattern.slice(0, cut), pattern.slice(cut)];
    if (/[*?[]/.test(directory)) {
      throw new UsageError(`A pattern may stand in the last name of a path only: "${pattern}"`);
    }
    const matches = globToRegExp(last, { extended: false, globstar: false });
    // As in shells, a pattern finds no hidden file unless it says so.
    const isWanted = (name: string) =>
      matches.test(name) && (!name.startsWith(".") || last.startsWith("."));
    const names = (await list(directory)).filter(isWanted).sort();
    if (names.length === 0) throw new LocalError(`No file matches "${pattern}"`);
    for (const name of names) found.add(directory + name);
  }
  return [...found];
}
