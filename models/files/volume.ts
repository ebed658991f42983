/**
 * What the executor of file operations needs of a tree, in the kernel's own steps: directories
 * that are held, names in them, open files. disk.ts, runtime.ts and memory.ts implement it; what
 * uploads, listings and failures are stands above it, once.
 *
 * A call answers 0, a count or an object, else -errno (errors.ts): a volume never throws for what a
 * tree can do. It never follows a link by itself, except in `hold` and `openPath`, which follow
 * those that stay inside the root.
 *
 * @module
 */

import type { FileStat, StoreAbilities } from "../../server/mod.ts";
import { ERRNO } from "./errors.ts";

/** Of a tree that can do all that a store may be asked for. */
export const EVERYTHING: StoreAbilities = { append: true, rename: true, modes: true, times: true };

/** JavaScript's Date ends here, on both sides of the epoch (ECMA-262, time values). */
const TIME_MS_MAX = 8.64e15;

/** What stat(2) says of one entry; each volume fills one of its own again and again. */
export class Info {
  /** A link is an entry of its own here. */
  kind: "file" | "directory" | "link" | "other" = "other";
  /** Octets. */
  size = 0;
  /** Milliseconds since the epoch, within what a Date can hold. */
  modifiedMs = 0;
  /**
   * When anything of it changed last, by the system's clock, which nobody sets (st_ctime of
   * stat(2)); Infinity where that is not told.
   */
  changedMs = Infinity;
  /** Permission bits, 0 to 0o7777. */
  mode = 0;
  /** The owner's number. */
  uid = 0;
  /** The group's number. */
  gid = 0;
  /** Names of this file. */
  links = 0;
  /** The device's number, as makedev(3) makes it. */
  device = 0;
  /** The upper and lower 32 bits of the inode's number. */
  inoHigh = 0;
  /** See inoHigh. */
  inoLow = 0;
  /** That number is rounded: other files may seem to have it, too. */
  isRounded = false;
  /** When a file with such a number was made, milliseconds since the epoch; 0 of all others. */
  madeMs = 0;

  /**
   * When its content was written last, as far as that is known: a time of modification that lies
   * ahead of the last change was set (MFMT, utimensat(2)), and the content is no younger than that.
   */
  get writtenMs(): number {
    return Math.min(this.modifiedMs, this.changedMs);
  }

  /** Sets the time; what no Date can hold becomes the nearest that it can. */
  setModified(ms: number): void {
    this.modifiedMs = Number.isNaN(ms)
      ? TIME_MS_MAX
      : Math.min(Math.max(Math.floor(ms), -TIME_MS_MAX), TIME_MS_MAX);
  }

  /** Whether both are the same file. */
  isSame(other: Identity): boolean {
    return this.inoLow === other.inoLow && this.inoHigh === other.inoHigh &&
      this.device === other.device && this.madeMs === other.madeMs;
  }

  /** What a session hears of it. */
  toStat(): FileStat {
    return {
      kind: this.kind === "link" ? "other" : this.kind,
      size: this.size,
      modifiedMs: this.modifiedMs,
      mode: this.mode,
      uid: this.uid,
      gid: this.gid,
      links: this.links,
      unique: this.isRounded ? "" : this.device.toString(16) + "g" + this.#inode(),
    };
  }

  #inode(): string {
    if (this.inoHigh === 0) return this.inoLow.toString(16);
    return this.inoHigh.toString(16) + this.inoLow.toString(16).padStart(8, "0");
  }
}

/** What tells two files apart, whatever their names. */
export interface Identity {
  /** See Info. */
  readonly device: number;
  /** See Info. */
  readonly inoHigh: number;
  /** See Info. */
  readonly inoLow: number;
  /** See Info. */
  readonly madeMs: number;
}

/** Only what `isSame` compares, to be kept. */
export function identityOf({ device, inoHigh, inoLow, madeMs }: Info): Identity {
  return { device, inoHigh, inoLow, madeMs };
}

/**
 * How a regular file is opened: there to be read, there to be written, there or made, made only.
 * "probe" is for its lock alone.
 */
export type OpenMode = "read" | "probe" | "modify" | "create" | "createNew";

/** How a name is taken: whatever bears it, or only when nothing does (EEXIST). */
export type RenameMode = "replace" | "keep";

/** Why what is no regular file is not opened. */
export function notRegular(kind: Info["kind"]): number {
  if (kind === "directory") return -ERRNO.EISDIR;
  return kind === "link" ? -ERRNO.ELOOP : -ERRNO.NOT_REGULAR;
}

/** What leaves open whether a call on names was carried out: nothing is tried behind it. */
export const UNDECIDED: readonly number[] = [ERRNO.EINTR, ERRNO.EIO, ERRNO.ETIMEDOUT];

/** What link(2) says where files have one name only: vfat, exFAT and vboxsf, some of FUSE. */
const LINKLESS: readonly number[] = [ERRNO.EPERM, ERRNO.EOPNOTSUPP, ERRNO.ENOSYS];

/**
 * Gives a file a name that nothing has (EEXIST), where rename(2) can only replace: `link` gives it
 * a second one, which fails the same, and the first is removed. Where there are no links a look has
 * to do, and what takes the name between the two is replaced.
 *
 * @returns 0, or -errno
 */
export function renameByLink<D extends object, F extends object, N extends object>(
  volume: Volume<D, F, N>,
  from: D,
  name: string,
  to: D,
  newName: string,
  link: () => number,
): number {
  const linked = link();
  if (linked === 0) return volume.remove(from, name, false);
  if (!LINKLESS.includes(-linked)) return linked;
  const looked = volume.look(to, newName);
  if (looked !== -ERRNO.ENOENT) return looked === 0 ? -ERRNO.EEXIST : looked;
  return volume.rename(from, name, to, newName, "replace");
}

/** A tree. `D` is a directory that is held, `F` an open regular file, `N` names being read. */
export interface Volume<D extends object, F extends object, N extends object> {
  /** See FileStore. */
  readonly can: StoreAbilities;
  /** The root's real path, which absolute links inside it begin with. */
  readonly location: string;
  /** What `look`, `lookAt`, `open` and `openPath` found. */
  readonly found: Info;
  /** Who owns the files that it makes; undefined until that is known. */
  uid: number | undefined;
  /** Whom the kernel takes the server for; missing where that is not known. */
  readonly euid?: number;
  /** Milliseconds since the epoch, by the clock that times of files are by. */
  readonly now: () => number;

  /** The root; never to be released. */
  top(): D;
  /** Holds the directory at a virtual path; links that stay inside are followed. */
  hold(path: string): D | number;
  /** Holds the directory `name` in `directory`: ELOOP or ENOTDIR for what is none. */
  descend(directory: D, name: string): D | number;
  /** Lets one hold go. */
  release(directory: D): void;

  /** Looks at an entry, not through a link; "." is the directory itself, for who may enter it. */
  look(directory: D, name: string): number;
  /** What a link says. */
  readLink(directory: D, name: string): string | number;
  /** mkdir(2) */
  makeDirectory(directory: D, name: string): number;
  /** unlink(2), or rmdir(2) for a directory. */
  remove(directory: D, name: string, isDirectory: boolean): number;
  /** rename(2) */
  rename(from: D, name: string, to: D, newName: string, how: RenameMode): number;
  /**
   * Gives a complete upload its name in place of a file that somebody may have open; like `rename`
   * to who looks, and as fast as the file system allows.
   */
  replace(from: D, name: string, to: D, newName: string): number;
  /** chmod(2), not through a link; `mode` is 0 to 0o777. */
  chmod(directory: D, name: string, mode: number): number;
  /** utimensat(2) of the time of change, not through a link. */
  setModified(directory: D, name: string, modifiedMs: number): number;

  /**
   * Opens a regular file, not through a link, without waiting: EISDIR or NOT_REGULAR for others.
   * `found` says what was opened, but for "probe".
   */
  open(directory: D, name: string, mode: OpenMode): F | number;
  /** Opens the regular file at a virtual path for reading, through links that stay inside. */
  openPath(path: string): F | number;
  /** Looks at an open file. */
  lookAt(file: F): number;
  /** Fills `buffer` from the file's position; the count, 0 at its end. */
  read(file: F, buffer: Uint8Array<ArrayBuffer>): number;
  /** Writes all of `octets` at the file's position: 0. */
  write(file: F, octets: Uint8Array<ArrayBuffer>): number;
  /** Sets the position. */
  seek(file: F, offset: number): number;
  /** ftruncate(2) */
  truncate(file: F, length: number): number;
  /** Takes flock(2)'s lock, shared or not, without waiting: EAGAIN, which nothing else says. */
  lock(file: F, shared: boolean): number;
  /** Gives the open file in `directory` this owner, where that is allowed, and these bits. */
  setOwner(file: F, directory: D, name: string, like: FileStat): number;
  /** Closes it; its lock goes with it. -errno: what was written before is lost, as NFS may tell. */
  closeFile(file: F): number;
  /** The descriptor that the kernel's calls can take. */
  descriptor(file: F): number | undefined;

  /** Octets that are free where `directory` is, undefined where that cannot be known. */
  free(directory: D): number | undefined;

  /** Begins to read the names in a directory. */
  openNames(directory: D): N | number;
  /**
   * Adds some more names to `names`, none but at the end; without "." and "..". 0 at the end, else
   * how many were read. A volume that knows without a look what each is adds that to `kinds`.
   */
  nextNames(reading: N, names: string[], kinds?: (Info["kind"] | undefined)[]): number;
  /** Ends it. */
  closeNames(reading: N): void;

  /** Releases the root. */
  close(): void;
}
