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
  /** The permissions of the file that it is to replace (chmod(2)), if there is one. */
  readonly mode: number | undefined;
}

/** Permissions, without the bits of setuid and the like, which a new content has not earned. */
const MODE_BITS = 0o777;

/** Whoever made a part may go on with it, whatever may be done with the file in the end. */
const MODE_OWN = 0o600;

/**
 * Opens and locks a part. What has that name and is more than a file of its own, such as a link
 * to another file, is never written through: it gives way, or nothing is resumed. Nobody may read it
 * who may not read the file that it is to `replace`.
 *
 * @param assertOurs Throws when what has the name, of so many octets, is to be left as it is.
 */
export function openPart(
  path: string,
  resume: boolean,
  replace: Deno.FileInfo | undefined,
  assertOurs: (octets: number) => void,
): OpenedPart {
  const mode = replace?.mode == null ? undefined : replace.mode & MODE_BITS;
  const asNew = {
    write: true,
    createNew: true,
    ...(mode === undefined ? {} : { mode: mode | MODE_OWN }),
  };
  // That no part is there is the rule.
  const created = openNew(path, asNew);
  const file = created ?? openOld(path, resume, asNew, assertOurs);
  try {
    const locked = lock(file);
    const [opened, named] = [file.statSync(), statIfThere(path, Deno.lstatSync)];
    // Between the two looks another transfer may have ended, and its part got its name.
    if (!locked || opened.ino !== named?.ino || opened.dev !== named?.dev) {
      throw new LocalError(`Cannot write "${path}": another transfer is writing it`);
    }
    assertOurs(opened.size);
    const isNew = created !== undefined;
    if (mode !== undefined && !isNew) setMode(file, path, mode | MODE_OWN);
    return { file, size: opened.size, isNew, mode };
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
function openNew(path: string, asNew: Deno.OpenOptions): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, asNew);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

function openOld(
  path: string,
  resume: boolean,
  asNew: Deno.OpenOptions,
  assertOurs: (octets: number) => void,
): Deno.FsFile {
  const there = statIfThere(path, Deno.lstatSync);
  const isOwn = there !== undefined && there.isFile && (there.nlink ?? 1) === 1;
  if (isOwn) return Deno.openSync(path, { read: true, write: true });
  if (there !== undefined) {
    // Of a link it is the file that it leads to that counts.
    assertOurs(statIfThere(path)?.size ?? 0);
    if (resume) throw new LocalError(`Cannot continue "${path}": it is no file of its own`);
    Deno.removeSync(path);
  }
  return Deno.openSync(path, asNew);
}

/** Gives an open file the permissions `mode`, unless it has them: not all file systems know any. */
export function setMode(file: Deno.FsFile, path: string, mode: number): void {
  const { mode: has } = file.statSync();
  if (has !== null && (has & MODE_BITS) !== mode) Deno.chmodSync(path, mode);
}

/**
 * Gives a file a name that nothing has: link(2) fails where rename(2) replaces. Where there are no
 * links a look has to do.
 *
 * @throws {LocalError} when something has the name.
 */
export function takeFreeName(path: string, name: string): void {
  try {
    Deno.linkSync(path, name);
  } catch {
    if (statIfThere(name, Deno.lstatSync) !== undefined) {
      throw new LocalError(`Cannot write "${name}": it is there by now; what came is in "${path}"`);
    }
    return Deno.renameSync(path, name);
  }
  Deno.removeSync(path);
}
