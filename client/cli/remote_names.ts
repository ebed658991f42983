/**
 * Names on the server that operands stand for: patterns become what they match.
 *
 * What is typed is the user's own matter; names that come from a listing are looked at before they
 * become names of files here.
 *
 * @module
 */

import { hasWildcards, lastName } from "../directory.ts";
import { LocalError } from "../errors.ts";
import type { Entry } from "../listing.ts";
import type { RemoteMatch } from "../mirror/mod.ts";
import { checkTwins } from "./checks.ts";
import { onConnection, type Task } from "./task.ts";

/** What the room of globs has, which is loaded for a pattern only. */
type Room = typeof import("../mirror/mod.ts");

/** Patterns need what names that are typed do not. */
export function patternRoom(): Promise<Room> {
  return import("../mirror/mod.ts");
}

/** What `operand` matches on the server; with --escapes a backslash is a letter of names. */
export async function matchesOf(
  source: Pick<Task, "connected">,
  operand: string,
  { escapes, signal }: { readonly escapes: boolean; readonly signal: AbortSignal },
): Promise<readonly RemoteMatch[]> {
  const { matchRemote } = await patternRoom();
  const options = { signal, ownBackslash: escapes };
  return await onConnection(source, (client) => matchRemote(client, operand, options));
}

/** Names for a verb, and which of them nobody typed. */
export interface RemoteNames {
  readonly names: readonly string[];
  /** Refuses a name of a listing that no file here should have. */
  assertUsable(name: string): void;
}

/**
 * Each operand, or the names that match it. As in shells, one that matches nothing stays as it is.
 */
export async function expandOperands(
  task: Task,
  operands: readonly string[],
): Promise<RemoteNames> {
  if (!operands.some(hasWildcards)) {
    return { names: operands, assertUsable() {} };
  }
  const { localNameFault } = await patternRoom();
  const options = { escapes: task.request.escapes, signal: task.signal };
  const names: string[] = [];
  for (const operand of operands) {
    const found = await matchesOf(task, operand, options);
    if (found.length === 0) names.push(operand);
    for (const { path } of found) names.push(path);
  }
  const typed = new Set(operands);
  return {
    names: [...new Set(names)],
    assertUsable(name) {
      const fault = typed.has(name) ? undefined : localNameFault(lastName(name));
      if (fault !== undefined) throw new LocalError(`Cannot write "${lastName(name)}": ${fault}`);
    },
  };
}

/** What ls is asked for. */
export interface ListedNames {
  /** What patterns matched and is no directory, or all of it; their names are paths. */
  readonly entries: readonly Entry[];
  /** Directories that patterns matched, and what was typed. */
  readonly paths: readonly string[];
}

/** What operands of ls stand for; `asEntries`: directories are not looked into. */
export async function listedNames(
  task: Task,
  operands: readonly string[],
  asEntries: boolean,
): Promise<ListedNames> {
  if (!operands.some(hasWildcards)) return { entries: [], paths: operands };
  const options = { escapes: task.request.escapes, signal: task.signal };
  const entries = new Map<string, Entry>();
  const paths = new Set<string>();
  for (const operand of operands) {
    const found = await matchesOf(task, operand, options);
    if (found.length === 0) paths.add(operand);
    for (const { path, entry } of found) {
      const isRow = entry !== undefined && (asEntries || entry.kind !== "directory");
      if (isRow) entries.set(path, { ...entry, name: path });
      else paths.add(path);
    }
  }
  return { entries: [...entries.values()], paths: [...paths] };
}

/** Two of them must not become one file here. */
export function assertApart(names: readonly string[]): void {
  checkTwins(names, lastName, "here");
}
