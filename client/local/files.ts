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

/** Whether `path` is a name of the open file: what has it by now may be another, or a link. */
export function hasName(
  file: Deno.FsFile,
  path: string,
  opened: Deno.FileInfo = file.statSync(),
): boolean {
  const named = statIfThere(path, Deno.lstatSync);
  return opened.ino === named?.ino && opened.dev === named?.dev;
}

/**
 * Whether the user who runs this owns an open file, as far as the system tells owners. A file that
 * is made in the folder of `path` tells who that is: the runtime does not without `--allow-sys`.
 */
export function isOwned(file: Deno.FsFile, path: string): boolean {
  const { uid } = file.statSync();
  if (uid === null) return true;
  const dir = path.slice(0, path.lastIndexOf("/") + 1) || ".";
  const made = Deno.makeTempFileSync({ dir, prefix: ".", suffix: ".part.json" });
  try {
    return Deno.lstatSync(made).uid === uid;
  } finally {
    Deno.removeSync(made);
  }
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
  // That no part is there is the rule.
  const created = openNew(path, mode);
  const file = created ?? openOld(path, resume, mode, assertOurs);
  try {
    const size = lock(file, path);
    assertOurs(size);
    const isNew = created !== undefined && size === 0; // another may have had it before the lock
    if (mode !== undefined && !isNew) setMode(file, path, mode | MODE_OWN);
    return { file, size, isNew, mode };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Begins a part again that is open and locked: as a new file, for the old one may be somebody
 * else's, or open elsewhere. Where the system tells no owners, it is cut to nothing.
 *
 * @param mode As of `OpenedPart`.
 * @returns The file to go on with; the old one is closed if it is another.
 */
export function renewPart(file: Deno.FsFile, path: string, mode: number | undefined): Deno.FsFile {
  const { uid } = file.statSync();
  if (uid === null) {
    file.truncateSync(0);
    return file;
  }
  assertName(file, path);
  Deno.removeSync(path);
  const renewed = Deno.openSync(path, asNew(mode));
  try {
    lock(renewed, path);
  } catch (error) {
    renewed.close();
    throw error;
  }
  file.close();
  return renewed;
}

/** @throws {LocalError} when something else has the name of an open file by now, or nothing. */
export function assertName(file: Deno.FsFile, path: string): void {
  if (!hasName(file, path)) throw otherFile(path);
}

function otherFile(path: string): LocalError {
  return new LocalError(`Cannot write "${path}": it was removed or replaced meanwhile`);
}

/** A part of its own, with the permissions of the file that it is to replace. */
function asNew(mode: number | undefined): Deno.OpenOptions {
  return {
    write: true,
    createNew: true,
    ...(mode === undefined ? {} : { mode: mode | MODE_OWN }),
  };
}

/**
 * Locks a part until it is closed (flock(2), LockFileEx). File systems that know no locks (ENOLCK,
 * ENOSYS) keep nobody out.
 *
 * @returns The octets that are in it.
 * @throws {LocalError} when somebody else has the lock, or `path` is another file by now.
 */
function lock(file: Deno.FsFile, path: string): number {
  let isLocked = true;
  try {
    isLocked = file.tryLockSync(true);
  } catch {
    // There are no locks.
  }
  // Before it was locked another transfer may have ended, and its part got its name.
  const opened = file.statSync();
  if (isLocked && hasName(file, path, opened)) return opened.size;
  throw new LocalError(`Cannot write "${path}": another transfer is writing it`);
}

/** Undefined when something has the name. */
function openNew(path: string, mode: number | undefined): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, asNew(mode));
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

function openOld(
  path: string,
  resume: boolean,
  mode: number | undefined,
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
  return Deno.openSync(path, asNew(mode));
}

/**
 * Gives the open file that has the name `path` the permissions `mode`, unless it has them: not all
 * file systems know any. By a descriptor (fchmod(2)), for by then the name may be that of a link.
 *
 * @throws {LocalError} when something else has the name.
 */
export function setMode(file: Deno.FsFile, path: string, mode: number): void {
  const { mode: has, ino, dev } = file.statSync();
  if (has === null || (has & MODE_BITS) === mode) return;
  // The runtime tells no descriptor of its own files. Loading the module takes a while.
  const fs = process.getBuiltinModule("node:fs");
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const named = fs.fstatSync(fd);
    if (named.ino !== ino || named.dev !== dev) throw otherFile(path);
    fs.fchmodSync(fd, mode);
  } catch (error) {
    if (error instanceof LocalError) throw error;
    throw new LocalError(`Cannot change the mode of "${path}": ${(error as Error).message}`);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
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
