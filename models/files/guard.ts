/**
 * What others may do to a file that somebody may be uploading to: an upload has flock(2)'s lock on
 * what it writes (upload.ts), and who removes, renames or changes a file tries a shared one first.
 *
 * @module
 */

import { type FileStat, isPartialName, partialName } from "../../server/mod.ts";
import { ERRNO } from "./errors.ts";
import { identityOf, type Volume } from "./volume.ts";

/**
 * What `guard` answers for: files that cannot be opened are nobody's upload here, and a program
 * that runs is written by nobody (ETXTBSY of open(2) and execve(2)).
 */
const UNGUARDED: readonly number[] = [
  ERRNO.EACCES,
  ERRNO.EPERM,
  ERRNO.ENOENT,
  ERRNO.ELOOP,
  ERRNO.ETXTBSY,
];

/**
 * What flock(2) says where there are no locks: on Lustre without its option "flock", on NFS 3 with
 * no lock manager. ENOLCK is a kernel out of memory, too: rather an upload without a lock now and
 * then than none at all on such a file system.
 */
const LOCKLESS: readonly number[] = [ERRNO.ENOLCK, ERRNO.ENOSYS, ERRNO.EOPNOTSUPP];

/** The bit of a folder whose files only their owners and its own may remove (inode(7), S_ISVTX). */
const STICKY = 0o1000;

/**
 * Takes the lock of an open file, shared or not, without waiting: 0, or -errno, EAGAIN while others
 * have it. File systems that know none keep nobody out, and NFS 4 gives none to share for what may
 * be written to only (EBADF).
 */
export function lock<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  file: F,
  shared: boolean,
): number {
  const locked = volume.lock(file, shared);
  const isNone = LOCKLESS.includes(-locked) || shared && locked === -ERRNO.EBADF;
  return isNone ? 0 : locked;
}

/**
 * Makes sure that nobody uploads to a file for as long as it is open: the open file, undefined for
 * one that cannot be opened, or -errno, EAGAIN for an upload under way.
 */
export function guard<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  directory: D,
  name: string,
): F | undefined | number {
  let file = volume.open(directory, name, "probe");
  // Who may write to a file, and so upload to it, may not always read it.
  if (file === -ERRNO.EACCES) file = volume.open(directory, name, "modify");
  if (typeof file === "number") return UNGUARDED.includes(-file) ? undefined : file;
  const locked = lock(volume, file, true);
  if (locked === 0) return file;
  volume.closeFile(file);
  return locked;
}

/**
 * Whether rename(2) will let the file `like` in `directory` be replaced, as far as a sticky folder
 * goes; to be asked before octets come. Where the file is another's, `found` is the folder then. A
 * server with CAP_FOWNER alone is refused what the kernel would let it do.
 */
export function mayReplace<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  directory: D,
  like: FileStat,
): boolean {
  const { euid, found } = volume;
  if (euid === undefined || euid === 0 || euid === like.uid) return true;
  if (volume.look(directory, ".") < 0) return true; // who renames is told
  return (found.mode & STICKY) === 0 || found.uid === euid;
}

/**
 * Removes the file that was just looked at, unless somebody uploads to it or has put another in its
 * place: whether it did.
 */
export function removeIdle<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  directory: D,
  name: string,
): boolean {
  const identity = identityOf(volume.found);
  const file = guard(volume, directory, name);
  if (typeof file === "number") return false;
  const isStill = volume.look(directory, name) === 0 && volume.found.isSame(identity);
  const removed = isStill && volume.remove(directory, name, false) === 0;
  if (file !== undefined) volume.closeFile(file);
  return removed;
}

/**
 * The complete file `name` has gone, or another has come by rename(2): what an interrupted upload
 * to it left goes, too, as far as it can. Whoever goes on with the next file of that name would
 * find it, and mix the two.
 */
export function dropPartial<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  directory: D,
  name: string,
): void {
  const partial = partialOf(volume, directory, name);
  if (partial !== undefined) removeIdle(volume, directory, partial);
}

/**
 * The time or the mode of the complete file `name` has changed, and not its content, which was
 * written at `writtenMs`: what an interrupted upload to it left stays younger, if it was (upload.ts).
 */
export function keepPartialYounger<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  directory: D,
  name: string,
  writtenMs: number,
): void {
  const partial = partialOf(volume, directory, name);
  const { modifiedMs } = volume.found;
  if (partial === undefined || modifiedMs < writtenMs) return;
  volume.setModified(directory, partial, Math.max(modifiedMs, volume.now()));
}

/** The name of what an interrupted upload to `name` left, which was just looked at, if it did. */
function partialOf<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  directory: D,
  name: string,
): string | undefined {
  if (isPartialName(name)) return undefined;
  const partial = partialName(name);
  const isThere = volume.look(directory, partial) === 0 && volume.found.kind === "file";
  return isThere ? partial : undefined;
}
