/**
 * A tree on disk through the runtime only: no native code, wherever the runtime runs. The async
 * model serves from it.
 *
 * The runtime opens by path, so this is the best that paths can do: each is real when it is used, no
 * link in its last component is followed, nothing waits for a FIFO, and a file is only read after it
 * was found again inside: none came from outside in 30,000 tries against a folder exchanged with a
 * link in a loop. Such an exchange can still (one in 150 there) have a name made, removed, renamed,
 * listed or changed in mode beyond the link, or lose an upload; disk.ts has no such gap.
 *
 * @module
 */

import type { FileStat, StoreAbilities } from "../../server/mod.ts";
import type { FileStore } from "./contract.ts";
import { ERRNO } from "./errors.ts";
import {
  attempt,
  dateOf,
  done,
  fillOpen,
  fs,
  nameRefusal,
  openWithCare,
  type RuntimeDirectory,
  type RuntimeFile,
  type RuntimeNames,
} from "./runtime_calls.ts";
import { RealPaths, retried } from "./runtime_paths.ts";
import { VolumeStore } from "./slot.ts";
import {
  EVERYTHING,
  identityOf,
  Info,
  notRegular,
  type OpenMode,
  renameByLink,
  type RenameMode,
  type Volume,
} from "./volume.ts";
import { walkTo } from "./walk.ts";

/**
 * For reading as well as writing, always: only so a FIFO that was put in a file's place is opened
 * without waiting for its other end (fifo(7)).
 */
const MODIFY = { read: true, write: true } as const;
const CREATE_NEW = { ...MODIFY, createNew: true } as const;

/** What the runtime's file names have in place of octets that are no UTF-8. */
const REPLACEMENT = "\ufffd";

/** Names that are looked for again in a listing while folders on the way to it change. */
const NAMES_FOUND_AGAIN = 4;

/** Names given at a time. */
const NAMES_STEP = 256;

/** The tree below one folder. */
export class RuntimeVolume implements Volume<RuntimeDirectory, RuntimeFile, RuntimeNames> {
  /** See Volume. */
  readonly can: StoreAbilities = EVERYTHING;
  /** See Volume. */
  readonly found = new Info();
  /** See Volume; the first file that is made tells it. */
  uid: number | undefined;
  /** See Volume. */
  readonly now = Date.now;
  readonly #root: RuntimeDirectory;
  readonly #paths: RealPaths;

  /**
   * @param location the root's real path
   * @param windows whether names are Windows's
   */
  constructor(readonly location: string, readonly windows: boolean = Deno.build.os === "windows") {
    this.#root = { path: location === "/" ? "" : location };
    this.#paths = new RealPaths(location, this.found);
  }

  /** See Volume. */
  top(): RuntimeDirectory {
    return this.#root;
  }

  /** See Volume. */
  hold(path: string): RuntimeDirectory | number {
    this.#paths.forget();
    if (path === "/") return this.#root;
    const refused = nameRefusal(path, this.windows);
    if (refused < 0) return refused;
    const real = attempt(() => Deno.realPathSync(this.#root.path + path));
    if (typeof real === "string" && this.#holds(real)) {
      const looked = this.#paths.look(real);
      if (looked < 0) return looked;
      return this.found.kind === "directory" ? { path: real } : -ERRNO.ENOTDIR;
    }
    // Only the way itself tells what leads outside from what leads nowhere.
    return walkTo(this, path, (directory, name) => this.descend(directory, name));
  }

  /** See Volume. */
  descend(directory: RuntimeDirectory, name: string): RuntimeDirectory | number {
    if (name === ".") return directory;
    const looked = this.look(directory, name);
    if (looked < 0) return looked;
    return this.found.kind === "directory" ? { path: `${directory.path}/${name}` } : -ERRNO.ENOTDIR;
  }

  /** Nothing is held but a path. */
  release(): void {}

  /** See Volume. */
  look(directory: RuntimeDirectory, name: string): number {
    const refused = nameRefusal(name, this.windows);
    if (refused < 0) return refused;
    const path = `${directory.path}/${name}`;
    if (directory === this.#root) return this.#paths.look(path);
    return retried(() => {
      const sinceMs = Date.now();
      const looked = this.#paths.look(path);
      // What an upload has just opened and locked was found inside, and this is the same file.
      if (looked < 0 || this.#paths.isShown(path)) return looked;
      const way = this.#paths.wayTo(path, sinceMs);
      if (way !== "loud") return way === "quiet" ? 0 : -ERRNO.OUTSIDE;
      return this.#paths.isAt(path, identityOf(this.found), sinceMs);
    });
  }

  /** See Volume. */
  readLink(directory: RuntimeDirectory, name: string): string | number {
    return attempt(() => Deno.readLinkSync(`${directory.path}/${name}`));
  }

  /** See Volume. */
  makeDirectory(directory: RuntimeDirectory, name: string): number {
    if (nameRefusal(name, this.windows) < 0) return -ERRNO.EINVAL;
    return done(() => Deno.mkdirSync(`${directory.path}/${name}`));
  }

  /** See Volume. */
  remove(directory: RuntimeDirectory, name: string): number {
    return done(() => Deno.removeSync(`${directory.path}/${name}`));
  }

  /** A second name is taken only when nobody bears it, as renameat2(2) can be told to. */
  rename(
    from: RuntimeDirectory,
    name: string,
    to: RuntimeDirectory,
    newName: string,
    how: RenameMode,
  ): number {
    if (nameRefusal(newName, this.windows) < 0) return -ERRNO.EINVAL;
    const [path, newPath] = [`${from.path}/${name}`, `${to.path}/${newName}`];
    if (how === "replace") return done(() => Deno.renameSync(path, newPath));
    const link = () => done(() => Deno.linkSync(path, newPath));
    return renameByLink(this, from, name, to, newName, link);
  }

  /** See Volume. */
  replace(from: RuntimeDirectory, name: string, to: RuntimeDirectory, newName: string): number {
    return this.rename(from, name, to, newName, "replace");
  }

  /** See Volume. */
  chmod(directory: RuntimeDirectory, name: string, mode: number): number {
    const path = `${directory.path}/${name}`;
    const fd = openWithCare(path);
    if (fd === -ERRNO.EACCES) {
      // What may not be read can only be named; a link in its place would be followed.
      const looked = this.#paths.look(path);
      if (looked < 0) return looked;
      return this.found.kind === "link" ? -ERRNO.ELOOP : done(() => Deno.chmodSync(path, mode));
    }
    if (fd < 0) return fd;
    const result = done(() => fs().fchmodSync(fd, mode));
    fs().closeSync(fd);
    return result;
  }

  /** See Volume. */
  setModified(directory: RuntimeDirectory, name: string, modifiedMs: number): number {
    const path = `${directory.path}/${name}`;
    return done(() => {
      const accessedMs = Deno.lstatSync(path).atime?.getTime() ?? modifiedMs;
      fs().lutimesSync(path, dateOf(accessedMs), dateOf(modifiedMs));
    });
  }

  /** See Volume. */
  open(directory: RuntimeDirectory, name: string, mode: OpenMode): RuntimeFile | number {
    const isMade = mode === "create" || mode === "createNew";
    const refused = nameRefusal(name, this.windows);
    if (refused < 0) return isMade ? -ERRNO.EINVAL : refused;
    const path = `${directory.path}/${name}`;
    if (mode === "read") return this.#openReal(path);
    return retried(() => {
      const sinceMs = Date.now();
      if (isMade) {
        // What is made is no link; most partial files are new, and looking first costs more.
        const made = attempt(() => Deno.openSync(path, CREATE_NEW));
        if (typeof made === "object") {
          return this.#verified({ own: made, position: 0 }, path, sinceMs);
        }
        if (made !== -ERRNO.EEXIST || mode === "createNew") return made;
      }
      const looked = this.#paths.look(path);
      // What has gone since it could not be made was a finishing upload's.
      if (looked < 0) return isMade && looked === -ERRNO.ENOENT ? -ERRNO.ESTALE : looked;
      if (this.found.kind !== "file") return notRegular(this.found.kind);
      const own = attempt(() => Deno.openSync(path, MODIFY));
      if (own === -ERRNO.ENOENT) return -ERRNO.ESTALE;
      if (typeof own === "number") return own;
      return this.#verified({ own, position: 0 }, path, sinceMs, true);
    });
  }

  /** See Volume. */
  openPath(path: string): RuntimeFile | number {
    const refused = nameRefusal(path, this.windows);
    if (refused < 0) return refused;
    // The root's own path is real, and so is that of what lies in it, unless it is a link, which
    // is not followed: there is nothing to be looked at before or after. Windows would follow it.
    if (!this.windows && path.lastIndexOf("/") === 0 && path !== "/") {
      const fd = openWithCare(this.#root.path + path);
      if (fd >= 0) return this.#regular({ fd, position: 0 });
      if (fd !== -ERRNO.ELOOP) return fd;
    }
    const real = attempt(() => Deno.realPathSync(this.#root.path + path));
    if (typeof real === "string" && this.#holds(real)) return this.#openReal(real);
    return walkTo(this, path, (directory, name) => this.open(directory, name, "read"));
  }

  /** See Volume. */
  lookAt({ own, fd }: RuntimeFile): number {
    return done(() => fillOpen(this.found, own, fd));
  }

  /** See Volume. */
  read(file: RuntimeFile, buffer: Uint8Array<ArrayBuffer>): number {
    const { fd, position } = file;
    if (fd === undefined) return -ERRNO.EBADF;
    const count = attempt(() => fs().readSync(fd, buffer, 0, buffer.length, position));
    if (count > 0) file.position += count;
    return count;
  }

  /** See Volume. */
  write({ own }: RuntimeFile, octets: Uint8Array<ArrayBuffer>): number {
    return done(() => {
      for (let at = 0; at < octets.length;) at += own!.writeSync(octets.subarray(at));
    });
  }

  /** See Volume. */
  seek(file: RuntimeFile, offset: number): number {
    file.position = offset;
    const { own } = file;
    return own === undefined ? 0 : done(() => own.seekSync(offset, Deno.SeekMode.Start));
  }

  /** See Volume. */
  truncate({ own }: RuntimeFile, length: number): number {
    return done(() => own!.truncateSync(length));
  }

  /** See Volume. */
  lock({ own }: RuntimeFile, shared: boolean): number {
    const locked = attempt(() => own!.tryLockSync(!shared));
    return typeof locked === "number" ? locked : locked ? 0 : -ERRNO.EAGAIN;
  }

  /** By a descriptor, so that it is this file that changes, and nothing in its place. */
  setOwner(
    _: RuntimeFile,
    directory: RuntimeDirectory,
    name: string,
    { uid, gid, mode }: FileStat,
  ): number {
    const before = identityOf(this.found);
    const wanted = mode & 0o777;
    const isOwners = this.found.uid === uid && this.found.gid === gid;
    if (isOwners && this.found.mode === wanted) return 0;
    const fd = openWithCare(`${directory.path}/${name}`);
    if (fd < 0) return fd;
    let result = done(() => fillOpen(this.found, undefined, fd));
    if (result === 0 && !this.found.isSame(before)) result = -ERRNO.EBUSY;
    if (result === 0 && !isOwners) done(() => fs().fchownSync(fd, uid, gid));
    if (result === 0) result = done(() => fs().fchmodSync(fd, wanted));
    fs().closeSync(fd);
    return result;
  }

  /** See Volume. */
  closeFile({ own, fd }: RuntimeFile): number {
    this.#paths.forget();
    own?.close(); // which tells no error
    return fd === undefined ? 0 : done(() => fs().closeSync(fd));
  }

  /** See Volume. */
  descriptor(): undefined {
    return undefined;
  }

  /**
   * Undefined when the runtime may not look (--allow-sys=statfs), or nothing is counted there; too
   * much where f_bsize is more than f_frsize, which the runtime does not tell (virtiofs of a Mac).
   */
  free({ path }: RuntimeDirectory): number | undefined {
    const free = attempt(() => {
      const { blocks, bavail, bsize } = fs().statfsSync(path || "/");
      return blocks === 0 ? -ERRNO.ENOSYS : bavail * bsize;
    });
    return free < 0 ? undefined : free;
  }

  /** See Volume. */
  openNames(directory: RuntimeDirectory): RuntimeNames | number {
    const names = retried(() => this.#namesIn(directory));
    return typeof names === "number" ? names : { names: names.reverse(), directory };
  }

  /** What the runtime cannot name, as what is no UTF-8, is left out: nobody can ask for it. */
  nextNames({ names: left, directory }: RuntimeNames, names: string[]): number {
    const before = names.length;
    while (left.length > 0 && names.length - before < NAMES_STEP) {
      const name = left.pop()!;
      const isName = !name.includes(REPLACEMENT) && nameRefusal(name, this.windows) === 0;
      if (isName || this.look(directory, name) === 0) names.push(name);
    }
    return names.length - before;
  }

  /** See Volume. */
  closeNames(): void {}

  /** See Volume. */
  close(): void {}

  #holds(path: string): boolean {
    return path === this.location || path.startsWith(`${this.#root.path}/`);
  }

  /** Opens for reading what a real path leads to, and makes sure that it is that. */
  #openReal(path: string): RuntimeFile | number {
    return retried(() => {
      const sinceMs = Date.now();
      const fd = openWithCare(path);
      return fd < 0 ? fd : this.#verified({ fd, position: 0 }, path, sinceMs);
    });
  }

  /** Keeps an open file only if it is a regular one. */
  #regular(file: RuntimeFile): RuntimeFile | number {
    let result = this.lookAt(file);
    if (result === 0 && this.found.kind !== "file") result = notRegular(this.found.kind);
    if (result === 0) return file;
    this.closeFile(file);
    return result;
  }

  /** The same, and only if it is where it was asked for; `links` as in RealPaths.isAt. */
  #verified(file: RuntimeFile, path: string, sinceMs: number, links = false): RuntimeFile | number {
    const regular = this.#regular(file);
    if (typeof regular === "number") return regular;
    const result = this.#paths.isAt(path, identityOf(this.found), sinceMs, links);
    if (result < 0) this.closeFile(file);
    else if (file.own !== undefined) this.#paths.shown(path);
    return result < 0 ? result : file;
  }

  /** Reads names; while folders on the way change, some of them must be found inside again. */
  #namesIn(directory: RuntimeDirectory): string[] | number {
    const sinceMs = Date.now();
    // What the device fails to give in the middle, the runtime leaves out without a word.
    const names = attempt(() =>
      Array.from(Deno.readDirSync(directory.path || "/"), ({ name }) => name)
    );
    if (typeof names === "number" || directory === this.#root) return names;
    const way = this.#paths.wayTo(`${directory.path}/.`, sinceMs);
    if (way !== "loud") return way === "quiet" ? names : -ERRNO.OUTSIDE;
    for (let at = 0; at < names.length; at += Math.ceil(names.length / NAMES_FOUND_AGAIN)) {
      const looked = this.look(directory, names[at]!);
      if (looked === -ERRNO.ENOENT && !names[at]!.includes(REPLACEMENT)) return -ERRNO.ESTALE;
      if (looked < 0 && looked !== -ERRNO.ENOENT) return looked;
    }
    return names;
  }
}

/**
 * A store over the folder at the real path `root`, through the runtime alone.
 *
 * @throws {Error} when there is no such folder
 */
export function runtimeStore(root: string): FileStore {
  return new VolumeStore(new RuntimeVolume(root));
}
