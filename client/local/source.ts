/**
 * A file of this machine that is read for an upload.
 *
 * @module
 */

import type { Source } from "../data.ts";
import { LocalError, localError } from "../errors.ts";
import { fingerprint } from "./names.ts";

/** A file of this machine as a source. */
export class LocalFile implements Source, Disposable {
  /** Octets; undefined for a pipe and the like. */
  readonly size: number | undefined;
  /** When it was last changed; undefined where nobody knows. */
  readonly modified: Date | undefined;
  readonly #file: Deno.FsFile;
  readonly #action: string;
  readonly #path: string;
  readonly #inode: number | null;
  /** Octets from the beginning that were read or skipped. */
  #position = 0;

  private constructor(file: Deno.FsFile, stat: Deno.FileInfo, path: string, action: string) {
    this.#file = file;
    this.#action = action;
    this.#path = path;
    this.#inode = stat.ino;
    this.size = stat.isFile ? stat.size : undefined;
    this.modified = stat.isFile ? stat.mtime ?? undefined : undefined;
  }

  /** Opens `path`. */
  static async open(path: string): Promise<LocalFile> {
    const action = `Cannot read "${path}"`;
    let file: Deno.FsFile | undefined;
    try {
      file = await Deno.open(path);
      const stat = await file.stat();
      if (stat.isDirectory) throw new LocalError(`${action}: it is a directory`);
      return new LocalFile(file, stat, path, action);
    } catch (error) {
      file?.close();
      throw localError(action, error);
    }
  }

  /**
   * 16 digits that are the same as long as the file is: its path, its inode, its size and its time
   * go into it. undefined for what is no regular file, or while another upload has them.
   */
  async claimTag(): Promise<string | undefined> {
    if (this.size === undefined) return undefined;
    try {
      // flock(2): until the file is closed. Some network file systems know none.
      if (!await this.#file.tryLock(true)) return undefined;
      const path = await Deno.realPath(this.#path);
      return fingerprint(
        JSON.stringify([path, this.#inode, this.size, this.modified?.getTime()]),
      );
    } catch {
      return undefined;
    }
  }

  /** Goes on behind the first `octets`. */
  async skip(octets: number): Promise<void> {
    try {
      this.#position = await this.#file.seek(octets, Deno.SeekMode.Start);
    } catch (error) {
      throw localError(this.#action, error);
    }
  }

  /** A regular file is read at once, for that is faster than waiting; a pipe may keep waiting. */
  read(buffer: Uint8Array<ArrayBuffer>): number | null | Promise<number | null> {
    if (this.size === undefined) {
      return this.#file.read(buffer).catch((error) => this.#fail(error));
    }
    let count: number | null;
    try {
      count = this.#file.readSync(buffer);
    } catch (error) {
      return this.#fail(error);
    }
    this.#position += count ?? 0;
    if (count === null && this.#position < this.size) {
      const octets = `${this.#position} of ${this.size} octets`;
      throw new LocalError(`${this.#action}: it ended after ${octets}`);
    }
    return count;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  #fail(error: unknown): never {
    throw localError(this.#action, error);
  }
}
