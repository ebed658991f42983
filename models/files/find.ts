/**
 * Where the entry of a virtual path is: the directory that holds it, and its name there; and which
 * number behind a name is free. The executor of file operations asks once for each path; nothing is
 * opened but directories.
 *
 * @module
 */

import { nameOf, parentPath } from "../../server/mod.ts";
import { ERRNO } from "./errors.ts";
import type { Volume } from "./volume.ts";
import { type Place, walk } from "./walk.ts";

/** The highest number behind a name for a unique upload: more files than a folder holds. */
const UNIQUE_NUMBER_MAX = 2 ** 30;

/**
 * Finds a number that is free behind one that is taken, the first being 0: by doubling up to a free
 * one, and by halving what lies between. Of numbers without gaps that is the next, and a million of
 * them take forty looks.
 *
 * @param look looks at what has a number: 0, or -errno, ENOENT where nothing has
 * @returns the number, or -errno
 */
export function findFree(look: (number: number) => number): number {
  let [taken, free] = [-1, Infinity];
  while (free - taken > 1) {
    const number = free < Infinity ? (taken + free) >> 1 : Math.max(taken + 1, 2 * taken);
    if (number > UNIQUE_NUMBER_MAX) return -ERRNO.EEXIST;
    const looked = look(number);
    if (looked === -ERRNO.ENOENT) free = number;
    else if (looked === 0) taken = number;
    else return looked;
  }
  return free;
}

/** One place that is looked for; it is used again for the next path, once it was released. */
export class Finder<D extends object, F extends object, N extends object> implements Place<D> {
  /** The folder that holds what was found, held until `release` or `take`. */
  directory: D | undefined;
  /** Its name there, "." for the root. */
  name = "";
  /** The last component was a link, and its end is what was found. */
  followed = false;

  constructor(readonly volume: Volume<D, F, N>) {}

  /** Holds the directory of `path`, whose last component need not exist: 0 or -errno. */
  locate(path: string): number {
    this.release();
    this.followed = false;
    this.name = nameOf(path);
    if (path.includes("\0") || this.name === "." || this.name === "..") return -ERRNO.EINVAL;
    const directory = this.volume.hold(parentPath(path));
    if (typeof directory === "number") return directory;
    this.directory = directory;
    if (path === "/") this.name = ".";
    return 0;
  }

  /** The same, and looks at the entry: `volume.found` says what it is. */
  find(path: string): number {
    const located = this.locate(path);
    return located < 0 ? located : this.volume.look(this.directory!, this.name);
  }

  /** The same, and goes on to where a link leads, if that is inside. */
  follow(path: string): number {
    const found = this.find(path);
    if (found < 0 || this.volume.found.kind !== "link") return found;
    this.release();
    this.followed = true;
    return walk(this.volume, path, this);
  }

  /** Lets the directory go. */
  release(): void {
    if (this.directory !== undefined) this.volume.release(this.directory);
    this.directory = undefined;
  }

  /** Leaves the directory to the caller, who releases it. */
  take(): D {
    const directory = this.directory!;
    this.directory = undefined;
    return directory;
  }
}
