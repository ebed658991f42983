/**
 * The shell's directory on this machine. It is the process's own: every verb, those that are yet to
 * come too, and every command behind "!" goes on from there without being told, as in ftp(1).
 *
 * @module
 */

import { LocalError, localError } from "../../errors.ts";
import type { ShellFace } from "./task.ts";

/** Names that a listing here keeps, at most: what is more is no directory for a screen. */
const NAMES_MAX = 100_000;

/** The directory from which local names go on. */
export function localDirectory(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    throw localError("Cannot tell the directory here", error);
  }
}

/** Changes it; without a path back to where the shell was begun. */
export function changeLocalDirectory(shell: ShellFace, path: string | undefined): void {
  shell.begunIn ??= localDirectory();
  const target = path ?? shell.begunIn;
  try {
    Deno.chdir(target);
  } catch (error) {
    throw localError(`Cannot change to "${target}"`, error);
  }
}

/** What a directory here has, sorted; directories end with "/". */
export async function localNames(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) {
      if (names.length === NAMES_MAX) {
        throw new LocalError(`Cannot list "${path}": it has more than ${NAMES_MAX} names`);
      }
      names.push(entry.isDirectory ? `${entry.name}/` : entry.name);
    }
  } catch (error) {
    throw localError(`Cannot list "${path}"`, error);
  }
  return names.sort();
}
