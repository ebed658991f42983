/**
 * A file of this machine that is read for an upload.
 *
 * @module
 */

import type { Source } from "../data.ts";
import { LocalError, localError } from "../errors.ts";

/** A file of this machine as a source. */
export class LocalFile implements Source, Disposable {
  /** Octets; undefined for a pipe and the like. */
  readonly size: number | undefined;
  readonly #file: Deno.FsFile;
  readonly #action: string;
  /** Octets from the beginning that were read or skipped. */
  #position = 0;

  private constructor(file: Deno.FsFile, size: number | undefined, action: string) {
    this.#file = file;
    this.size = size;
    this.#action = action;
  }

  /** Opens `path`. */
  static async open(path: string): Promise<LocalFile> {
    const action = `Cannot read "${path}"`;
    let file: Deno.FsFile | undefined;
    try {
      file = await Deno.open(path);
      const stat = await file.stat();
      if (stat.isDirectory) throw new LocalError(`${action}: it is a directory`);
      return new LocalFile(file, stat.isFile ? stat.size : undefined, action);
    } catch (error) {
      file?.close();
      throw localError(action, error);
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
