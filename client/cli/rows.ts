/**
 * The entries of a directory for ls: as they come, or no more of them than is shown, so that a
 * directory of any size needs little memory.
 *
 * @module
 */

import { type ListOptions, notUnderstood } from "../directory.ts";
import { ProtocolError } from "../errors.ts";
import type { Entry } from "../listing.ts";
import { onConnection, type Task } from "./task.ts";

/** Lines that are written to standard output at once. */
const LINES_PER_WRITE = 4_096;

/**
 * Is given entries as they come, at least once, and the directory in which they are: undefined for
 * a file by itself.
 */
export type OnGroup = (
  group: readonly Entry[],
  directory: string | undefined,
) => void | Promise<void>;

/**
 * Hands on the entries of `path`, with these fields or all; a file is listed by itself. Lines that
 * were not understood are told.
 */
export async function eachGroup(
  task: Task,
  path: string,
  fields: Pick<ListOptions, "fields">,
  take: OnGroup,
): Promise<void> {
  const { reporter, signal } = task;
  const onUnread = (lines: number) => reporter.note(notUnderstood(path, lines).message);
  const options = { ...fields, signal, onUnread };
  let isEmpty = true;
  try {
    await onConnection(task, async (client) => {
      for await (const group of client.entries(path, options).groups()) {
        isEmpty = false;
        await take(group, path);
      }
    });
  } catch (refused) {
    if (!(refused instanceof ProtocolError) || path === "" || !isEmpty) throw refused;
    const entry = await task.client.stat(path, options).catch((error) => {
      throw error instanceof ProtocolError ? refused : error;
    });
    if (entry.kind === "directory") throw refused;
    return await take([{ ...entry, name: path }], undefined);
  }
  if (isEmpty) await take([], path);
}

/**
 * Names of any number of entries. The name of an entry is a part of the text of its group, and
 * keeps all of it: these are parts of a text of names.
 */
export class NameRows {
  readonly #texts: string[] = [];

  /** Adds those of `group`. */
  add(group: readonly Entry[]): void {
    // No name has LF, which ends a line of a listing.
    if (group.length > 0) this.#texts.push(group.map(({ name }) => name).join("\n"));
  }

  /** All of them by their code units, in which most are what people expect. */
  sorted(): string[] {
    return this.#texts.length === 0 ? [] : this.#texts.join("\n").split("\n").sort();
  }
}

/** Cuts lines into pieces that are written one after the other. */
export function* piecesOf(lines: Iterable<string>): Generator<readonly string[], void, void> {
  let piece: string[] = [];
  for (const line of lines) {
    if (piece.push(line) < LINES_PER_WRITE) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}
