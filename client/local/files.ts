/**
 * What is under a name on this machine, and how a part is opened under one.
 *
 * Looks are taken at once, for they are faster than handing them to another thread and back.
 *
 * @module
 */

import { LocalError } from "../errors.ts";

/** What is there; undefined when nothing is. */
export function statIfThere(
  path: string,
  look: (path: string) => Deno.FileInfo = Deno.statSync,
): Deno.FileInfo | undefined {
  try {
    return look(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The file that a path leads to: its path, and what it is if it is there. */
export interface Found {
  /** The path itself when it is no link, or one to a pipe or a device. */
  readonly path: string;
  /** What has it, no link. */
  readonly there: Deno.FileInfo | undefined;
}

/**
 * Looks where `path` leads to; once, for a name that nothing has. With `noLinks` it must not be a
 * link.
 */
export function throughLinks(path: string, noLinks = false): Found {
  const named = statIfThere(path, Deno.lstatSync);
  if (!named?.isSymlink) return { path, there: named };
  if (noLinks) throw new LocalError(`Cannot use "${path}": it is a link, which is not followed`);
  const there = statIfThere(path);
  if (there === undefined) {
    throw new LocalError(`Cannot write "${path}": it is a link that leads to no file`);
  }
  return { path: there.isFile ? Deno.realPathSync(path) : path, there };
}

/** A part that is open and locked. */
export interface OpenedPart {
  readonly file: Deno.FsFile;
  /** Octets that were in it. */
  readonly size: number;
  /** Nothing had its name. */
  readonly isNew: boolean;
}

/**
 * Opens and locks a part. What has that name and is more than a file of its own, such as a link
 * to another file, is never written through: it gives way, or nothing is resumed.
 */
export function openPart(path: string, resume: boolean): OpenedPart {
  // That no part is there is the rule.
  const created = openNew(path);
  const file = created ?? openOld(path, resume);
  try {
    const locked = lock(file);
    const [opened, named] = [file.statSync(), statIfThere(path, Deno.lstatSync)];
    // Between the two looks another transfer may have ended, and its part got its name.
    if (!locked || opened.ino !== named?.ino || opened.dev !== named?.dev) {
      throw new LocalError(`Cannot write "${path}": another transfer is writing it`);
    }
    return { file, size: opened.size, isNew: created !== undefined };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Whether nobody else has the lock (flock(2), LockFileEx), which lasts until the file is closed.
 * File systems that know none (ENOLCK, ENOSYS) keep nobody out.
 */
function lock(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    return true;
  }
}

/** Undefined when something has the name. */
function openNew(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, { write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

function openOld(path: string, resume: boolean): Deno.FsFile {
  const there = statIfThere(path, Deno.lstatSync);
  const isOwn = there !== undefined && there.isFile && (there.nlink ?? 1) === 1;
  if (isOwn) return Deno.openSync(path, { read: true, write: true });
  if (there !== undefined) {
    if (resume) throw new LocalError(`Cannot continue "${path}": it is no file of its own`);
    Deno.removeSync(path);
  }
  return Deno.openSync(path, { write: true, createNew: true });
}
