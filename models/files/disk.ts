/**
 * A tree on disk by descriptors: whatever is opened, changed or removed is named by one component
 * in a directory that is held open, and directories are opened by openat2(2) beneath the root.
 *
 * One for each worker, made by its model. No path of it ever leads out, however links and folders
 * are exchanged meanwhile; what was opened inside stays what it is, wherever it is moved.
 *
 * @module
 */

import type { FileStat, StoreAbilities } from "../../server/mod.ts";
import * as c from "../libc/constants.ts";
import { errorText } from "../libc/errors.ts";
import { FileCalls, type Kernel } from "../libc/mod.ts";
import { ServeError } from "../model.ts";
import type { DiskCalls, DiskDirectory, DiskFile, DiskNames, NameCalls } from "./disk_types.ts";
import {
  CString,
  DIRECTORY,
  fillFromStatx,
  INSIDE,
  nameIn,
  NO_NAME,
  OPEN_FLAGS,
  PATH_BYTES_MAX,
  readNames,
} from "./disk_octets.ts";
import type { FileStore } from "./contract.ts";
import { ERRNO, inUse } from "./errors.ts";
import { VolumeStore } from "./slot.ts";
import {
  EVERYTHING,
  identityOf,
  Info,
  notRegular,
  type OpenMode,
  renameByLink,
  type RenameMode,
  UNDECIDED,
  type Volume,
} from "./volume.ts";
import { walkTo } from "./walk.ts";

/** What new files and folders may be at most; the umask takes from it. */
const FILE_MODE = 0o666, DIRECTORY_MODE = 0o777;

/** openat2 says EAGAIN when a folder on the way was renamed meanwhile, or the file is leased. */
const RESOLVE_TRIES_MAX = 32;
/** One getdents64(2): some hundred names. */
const NAMES_BYTES = 16_384, NAMES_LENGTH = BigInt(NAMES_BYTES);

/** The tree below one folder. */
export class DiskVolume implements Volume<DiskDirectory, DiskFile, DiskNames> {
  /** See Volume. */
  readonly can: StoreAbilities = EVERYTHING;
  /** See Volume. */
  readonly found = new Info();
  /** See Volume. */
  uid: number;
  /** See Volume. */
  readonly euid: number;
  /** See Volume. */
  readonly now = Date.now;
  readonly #root: DiskDirectory;
  /** The device that the root is on. */
  readonly #device: number;
  /** The directory that was held last, as `#remember` takes it: most operations are about that. */
  #last: DiskDirectory | undefined;
  readonly #identity = new Info();
  readonly #name = new CString();
  readonly #newName = new CString();
  readonly #dirents = new Uint8Array(NAMES_BYTES);
  readonly #link = new Uint8Array(PATH_BYTES_MAX);
  /** Whether the kernel resolves whole paths; a kernel before 5.6 or a filter may refuse. */
  #resolves = true;

  /**
   * @param location the root's real path
   * @throws {ServeError} when it cannot be opened
   */
  constructor(readonly libc: DiskCalls, readonly names: NameCalls, readonly location: string) {
    this.uid = this.euid = names.geteuid();
    const path = new CString(location).octets;
    const fd = names.openat(c.AT_FDCWD, path, c.O_PATH | c.O_DIRECTORY, 0);
    if (fd < 0) throw new ServeError(`Cannot open the served folder: ${errorText(-fd)}`);
    this.#root = { fd, path: "/", holds: 1 };
    const looked = this.#look(fd, NO_NAME, c.AT_EMPTY_PATH, this.#identity);
    this.#device = looked < 0 ? NaN : this.#identity.device;
    const probe = names.openat2(fd, this.#name.set("."), c.O_PATH, INSIDE);
    if (probe < 0) this.#resolves = false;
    else libc.close(probe);
  }

  /** See Volume. */
  top(): DiskDirectory {
    return this.#root;
  }

  /** See Volume. */
  hold(path: string): DiskDirectory | number {
    if (path === "/") return this.#root;
    const last = this.#last;
    if (last !== undefined && last.path === path && this.#isStill(last)) {
      last.holds++;
      return last;
    }
    const opened = this.#openDirectory(path);
    if (typeof opened === "object") this.#remember(opened);
    return opened;
  }

  /** See Volume. */
  descend(directory: DiskDirectory, name: string): DiskDirectory | number {
    const fd = this.#openAt(directory, name, DIRECTORY);
    return fd < 0 ? fd : { fd, path: "", holds: 1 };
  }

  /** See Volume. */
  release(directory: DiskDirectory): void {
    if (directory === this.#root) return;
    if (--directory.holds === 0) this.libc.close(directory.fd);
  }

  /** See Volume. */
  look(directory: DiskDirectory, name: string): number {
    return this.#look(directory.fd, this.#name.set(name), c.AT_SYMLINK_NOFOLLOW, this.found);
  }

  /** See Volume. */
  readLink(directory: DiskDirectory, name: string): string | number {
    const count = this.names.readlinkat(directory.fd, this.#name.set(name), this.#link);
    if (count === PATH_BYTES_MAX) return -ERRNO.ENAMETOOLONG;
    return count < 0 ? count : nameIn(this.#link, 0, count);
  }

  /** See Volume. */
  makeDirectory(directory: DiskDirectory, name: string): number {
    return this.names.mkdirat(directory.fd, this.#name.set(name), DIRECTORY_MODE);
  }

  /** See Volume. */
  remove(directory: DiskDirectory, name: string, isDirectory: boolean): number {
    const flags = isDirectory ? c.AT_REMOVEDIR : 0;
    return this.names.unlinkat(directory.fd, this.#name.set(name), flags);
  }

  /** See Volume. */
  rename(
    from: DiskDirectory,
    name: string,
    to: DiskDirectory,
    newName: string,
    how: RenameMode,
  ): number {
    const result = this.#rename(from, name, to, newName, how === "keep" ? c.RENAME_NOREPLACE : 0);
    if (result !== -ERRNO.EINVAL || how !== "keep") return result;
    // Not every file system knows RENAME_NOREPLACE.
    const [path, newPath] = [this.#name.set(name), this.#newName.set(newName)];
    const link = () => this.names.linkat(from.fd, path, to.fd, newPath);
    return renameByLink(this, from, name, to, newName, link);
  }

  /**
   * ext4 writes a file out at once that takes another's place by rename(2) (auto_da_alloc,
   * ext4(5)): five times the cost of the rest of a small upload. Exchanging the two names and
   * removing the old file under its new name spares that, and nobody sees the name without a file:
   * the old one moves first, so that inotify(7) tells last that the name has come back. After a crash
   * of the machine a file that was replaced in the last seconds may be empty, as a new one may be.
   */
  replace(from: DiskDirectory, name: string, to: DiskDirectory, newName: string): number {
    const result = this.#rename(to, newName, from, name, c.RENAME_EXCHANGE);
    if (UNDECIDED.includes(-result)) return result;
    // Not all file systems exchange names, and ext4 none of two projects with quotas (EXDEV).
    if (result < 0) return this.#rename(from, name, to, newName, 0);
    const removed = this.remove(from, name, false);
    if (removed !== -ERRNO.EISDIR) return 0; // what is left of the old file is swept one day
    this.#rename(from, name, to, newName, c.RENAME_EXCHANGE); // the name had become a folder's
    return removed;
  }

  /** chmod(2) of what an O_PATH descriptor holds: no link is followed, none need be readable. */
  chmod(directory: DiskDirectory, name: string, mode: number): number {
    const fd = this.#openAt(directory, name, c.O_PATH | c.O_NOFOLLOW);
    if (fd < 0) return fd;
    let result = this.#look(fd, NO_NAME, c.AT_EMPTY_PATH, this.#identity);
    if (result === 0 && this.#identity.kind === "link") result = -ERRNO.ELOOP;
    if (result === 0) {
      const own = this.#name.set(`/proc/self/fd/${fd}`);
      result = this.names.fchmodat(c.AT_FDCWD, own, mode);
    }
    this.libc.close(fd);
    return result === -ERRNO.ENOENT ? this.#chmodOpen(directory, name, mode) : result;
  }

  /** See Volume. */
  setModified(directory: DiskDirectory, name: string, modifiedMs: number): number {
    return this.names.setModified(directory.fd, this.#name.set(name), modifiedMs);
  }

  /** See Volume. */
  open(directory: DiskDirectory, name: string, mode: OpenMode): DiskFile | number {
    const flags = OPEN_FLAGS[mode];
    let fd = this.#openAt(directory, name, flags);
    // Who may write to a file may not always read it.
    if (fd === -ERRNO.EACCES && (flags & c.O_RDWR) !== 0) {
      fd = this.#openAt(directory, name, flags ^ (c.O_RDWR | c.O_WRONLY));
    }
    return mode === "probe" && fd >= 0 ? { fd } : this.#opened(fd);
  }

  /** See Volume. */
  openPath(path: string): DiskFile | number {
    const fd = this.#resolve(path, c.O_RDONLY | c.O_NONBLOCK);
    if (fd !== -ERRNO.EXDEV && fd !== -ERRNO.ENOSYS) return this.#opened(fd);
    return walkTo(this, path, (directory, name) => this.open(directory, name, "read"));
  }

  /** See Volume. */
  lookAt(file: DiskFile): number {
    return this.#look(file.fd, NO_NAME, c.AT_EMPTY_PATH, this.found);
  }

  /** See Volume. */
  read(file: DiskFile, buffer: Uint8Array<ArrayBuffer>): number {
    return inUse(this.libc.read(file.fd, buffer));
  }

  /** See Volume. */
  write(file: DiskFile, octets: Uint8Array<ArrayBuffer>): number {
    for (let done = 0; done < octets.length;) {
      const part = done === 0 ? octets : octets.subarray(done);
      const written = this.libc.write(file.fd, part);
      if (written < 0) return inUse(written);
      done += written;
    }
    return 0;
  }

  /** See Volume. */
  seek(file: DiskFile, offset: number): number {
    return Math.min(0, this.libc.seek(file.fd, offset));
  }

  /** See Volume. */
  truncate(file: DiskFile, length: number): number {
    return this.libc.truncate(file.fd, length);
  }

  /** See Volume. */
  lock(file: DiskFile, shared: boolean): number {
    return this.libc.tryLock(file.fd, shared);
  }

  /** Owner and group are kept where the server may set them: as root, or a group of its own. */
  setOwner({ fd }: DiskFile, _: DiskDirectory, _name: string, like: FileStat): number {
    const { uid, gid, mode } = this.found;
    if (uid !== like.uid || gid !== like.gid) this.names.fchown(fd, like.uid, like.gid);
    const wanted = like.mode & 0o777;
    return (mode & 0o7777) === wanted ? 0 : this.names.fchmod(fd, wanted);
  }

  /** See Volume. */
  closeFile(file: DiskFile): number {
    return this.libc.close(file.fd);
  }

  /** See Volume. */
  descriptor(file: DiskFile): number {
    return file.fd;
  }

  /** See Volume. */
  free(directory: DiskDirectory): number | undefined {
    const octets = this.names.free(directory.fd);
    return octets < 0 ? undefined : octets;
  }

  /** See Volume. */
  openNames(directory: DiskDirectory): DiskNames | number {
    const fd = this.#openAt(directory, ".", c.O_RDONLY | c.O_DIRECTORY);
    return fd < 0 ? fd : { fd };
  }

  /** See Volume. */
  nextNames({ fd }: DiskNames, names: string[], kinds?: (Info["kind"] | undefined)[]): number {
    const before = names.length;
    // A block may hold nothing but "." and "..", which is not the end.
    while (names.length === before) {
      const count = this.names.getdents(fd, this.#dirents, NAMES_LENGTH);
      if (count <= 0) return count;
      readNames(this.#dirents, count, names, kinds);
    }
    return names.length - before;
  }

  /** See Volume. */
  closeNames(reading: DiskNames): void {
    this.libc.close(reading.fd);
  }

  /** See Volume. */
  close(): void {
    if (this.#last !== undefined) this.release(this.#last);
    this.#last = undefined;
    this.libc.close(this.#root.fd);
  }

  #openAt(directory: DiskDirectory, name: string, flags: number): number {
    return inUse(this.names.openat(directory.fd, this.#name.set(name), flags, FILE_MODE));
  }

  /** chmod(2) where there is no /proc to name a descriptor by: of what may be read only. */
  #chmodOpen(directory: DiskDirectory, name: string, mode: number): number {
    const fd = this.#openAt(directory, name, OPEN_FLAGS.probe);
    if (fd < 0) return fd === -ERRNO.EACCES || fd === -ERRNO.ENXIO ? -ERRNO.EOPNOTSUPP : fd;
    const result = this.names.fchmod(fd, mode);
    this.libc.close(fd);
    return result;
  }

  #look(fd: number, path: Uint8Array<ArrayBuffer>, flags: number, info: Info): number {
    const result = this.names.statx(fd, path, flags);
    if (result === 0) fillFromStatx(info, this.names.stat);
    return result;
  }

  #rename(
    from: DiskDirectory,
    name: string,
    to: DiskDirectory,
    newName: string,
    flags: number,
  ): number {
    const [path, newPath] = [this.#name.set(name), this.#newName.set(newName)];
    return this.names.renameat2(from.fd, path, to.fd, newPath, flags);
  }

  /** Has the kernel open what `path` leads to inside; EXDEV and ENOSYS leave it to `walk`. */
  #resolve(path: string, flags: number): number {
    if (!this.#resolves) return -ERRNO.ENOSYS;
    const octets = this.#name.set(path === "/" ? "." : path.slice(1));
    for (let tries = 0; tries < RESOLVE_TRIES_MAX; tries++) {
      const fd = this.names.openat2(this.#root.fd, octets, flags, INSIDE);
      if (fd !== -ERRNO.EAGAIN) return fd;
    }
    return -ERRNO.EBUSY;
  }

  #openDirectory(path: string): DiskDirectory | number {
    const fd = this.#resolve(path, c.O_PATH | c.O_DIRECTORY);
    if (fd >= 0) return { fd, path, holds: 1 };
    if (fd !== -ERRNO.EXDEV && fd !== -ERRNO.ENOSYS) return fd;
    const result = walkTo(this, path, (directory, name) => this.descend(directory, name));
    return typeof result === "number" ? result : { fd: result.fd, path, holds: 1 };
  }

  /**
   * Holds `directory` in place of the last one, unless it is deeper in the tree, where only opening
   * it anew shows that no link has come on the way, or on another device, which could not be
   * unmounted meanwhile (umount(2), EBUSY).
   */
  #remember(directory: DiskDirectory): void {
    if (directory.path.lastIndexOf("/") > 0) return;
    const seen = this.#identity;
    if (this.#look(directory.fd, NO_NAME, c.AT_EMPTY_PATH, seen) < 0) return;
    if (seen.device !== this.#device) return;
    directory.holds++;
    if (this.#last !== undefined) this.release(this.#last);
    directory.identity = identityOf(seen);
    this.#last = directory;
  }

  /** Whether its name is still its own: a link to it, which may lead outside, is another file. */
  #isStill({ path, identity }: DiskDirectory): boolean {
    const seen = this.#identity;
    const name = this.#name.set(path.slice(1));
    const looked = this.#look(this.#root.fd, name, c.AT_SYMLINK_NOFOLLOW, seen);
    return looked === 0 && seen.isSame(identity!);
  }

  /** Looks at what was opened, and keeps it only if it is a regular file. */
  #opened(fd: number): DiskFile | number {
    if (fd === -ERRNO.ENXIO) return -ERRNO.NOT_REGULAR; // a socket, or a FIFO to write to
    if (fd < 0) return fd;
    let result = this.#look(fd, NO_NAME, c.AT_EMPTY_PATH, this.found);
    if (result === 0 && this.found.kind !== "file") result = notRegular(this.found.kind);
    if (result === 0) return { fd };
    this.libc.close(fd);
    return result;
  }
}

/**
 * A store over the folder at the real path `root`, by the calls of this thread.
 *
 * @throws {ServeError} when the folder cannot be opened
 */
export function diskStore(kernel: Kernel, root: string): FileStore {
  return new VolumeStore(new DiskVolume(kernel, new FileCalls(kernel.calls), root));
}
