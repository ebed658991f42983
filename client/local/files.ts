/**
 * What is under a name on this machine.
 *
 * @module
 */

import { LocalError } from "../errors.ts";

/** What is there; undefined when nothing is. */
export async function statIfThere(
  path: string,
  look: (path: string) => Promise<Deno.FileInfo> = Deno.stat,
): Promise<Deno.FileInfo | undefined> {
  try {
    return await look(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The file that `path` leads to; itself when it is no link, or one to a pipe or a device. */
export async function throughLinks(path: string): Promise<string> {
  if (!(await statIfThere(path, Deno.lstat))?.isSymlink) return path;
  const there = await statIfThere(path);
  if (there === undefined) {
    throw new LocalError(`Cannot write "${path}": it is a link that leads to no file`);
  }
  return there.isFile ? await Deno.realPath(path) : path;
}
