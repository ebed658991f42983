/**
 * What is under a name on this machine, and how a part is opened under one.
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

/**
 * Opens and locks a part. What has that name and is more than a file of its own, such as a link
 * to another file, is never written through: it gives way, or nothing is resumed.
 */
export async function openPart(path: string, resume: boolean): Promise<Deno.FsFile> {
  const there = await statIfThere(path, Deno.lstat);
  const isOwn = there !== undefined && there.isFile && (there.nlink ?? 1) === 1;
  if (there !== undefined && !isOwn) {
    if (resume) throw new LocalError(`Cannot continue "${path}": it is no file of its own`);
    await Deno.remove(path);
  }
  const file = await Deno.open(path, isOwn ? { write: true } : { write: true, createNew: true });
  try {
    const locked = await file.tryLock(true);
    const [opened, named] = [await file.stat(), await statIfThere(path, Deno.lstat)];
    // Between the two looks another transfer may have ended, and its part got its name.
    if (!locked || opened.ino !== named?.ino || opened.dev !== named?.dev) {
      throw new LocalError(`Cannot write "${path}": another transfer is writing it`);
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
