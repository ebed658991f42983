/**
 * Where the entry of a virtual path is: the directory that holds it, and its name there. The
 * executor of file operations asks once for each path; nothing is opened but directories.
 *
 * @module
 */

import { nameOf, parentPath } from "../../server/mod.ts";
import { ERRNO } from "./errors.ts";
import type { Volume } from "./volume.ts";
import { type Place, walk } from "./walk.ts";

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
