/**
 * A file of this machine that is read for an upload.
 *
 * @module
 */

import { fingerprint } from "../../server/octets.ts";
import { openUnlessAborted } from "../abort.ts";
import type { Source } from "../data.ts";
import { LocalError, localError } from "../errors.ts";
import { readEnd } from "./overlap.ts";

/** A file was written to while it was sent: what came of it on the server is no content of it. */
export class ChangedMeanwhile extends LocalError {}

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
  /** When anything of it was last changed (ctime of inode(7)), which nobody can set. */
  readonly #changedMs: number | undefined;
  /** Octets from the beginning that were read or skipped. */
  #position = 0;

  private constructor(file: Deno.FsFile, stat: Deno.FileInfo, path: string, action: string) {
    this.#file = file;
    this.#action = action;
    this.#path = path;
    this.#inode = stat.ino;
    this.#changedMs = stat.ctime?.getTime();
    this.size = stat.isFile ? stat.size : undefined;
    this.modified = stat.isFile ? stat.mtime ?? undefined : undefined;
  }

  /** Opens `path`; with a signal, which ends the wait for the other end of a pipe. */
  static async open(path: string, signal?: AbortSignal): Promise<LocalFile> {
    const action = `Cannot read "${path}"`;
    let file: Deno.FsFile | undefined;
    try {
      file = await openUnlessAborted(path, { read: true }, signal);
      const stat = await file.stat();
      if (stat.isDirectory) throw new LocalError(`${action}: it is a directory`);
      return new LocalFile(file, stat, path, action);
    } catch (error) {
      file?.close();
      throw localError(action, error);
    }
  }

  /**
   * 16 digits that are the same as long as the file is: its path, its inode, its size and its times
   * go into it. undefined for what is no regular file, or while another upload has them.
   */
  async claimTag(): Promise<string | undefined> {
    if (this.size === undefined) return undefined;
    try {
      // flock(2): until the file is closed. Some network file systems know none.
      if (!await this.#file.tryLock(true)) return undefined;
      const path = await Deno.realPath(this.#path);
      const times = [this.modified?.getTime(), this.#changedMs];
      return fingerprint(JSON.stringify([path, this.#inode, this.size, ...times]));
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

  /**
   * The last octets of the first `size`. By the file itself, because on Windows the lock on it
   * keeps all others out; `skip` has to say where it goes on.
   */
  async readEnd(size: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await readEnd(this.#file, size);
    } catch (error) {
      throw localError(this.#action, error);
    }
  }

  /**
   * Looks at a regular file once more, when it was read, or more of it than there was.
   *
   * @throws {ChangedMeanwhile} when its size or its time are not those with which it was opened.
   */
  assertUnchanged(): void {
    if (this.size === undefined) return;
    let stat: Deno.FileInfo;
    try {
      stat = this.#file.statSync();
    } catch (error) {
      return this.#fail(error);
    }
    const isSame = stat.size === this.size && stat.mtime?.getTime() === this.modified?.getTime();
    if (!isSame) throw new ChangedMeanwhile(`${this.#action}: it was changed while it was sent`);
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
    // What grows as fast as it is sent has no end. Of a file of proc(5) the size is 0, and stays so.
    if (this.#position > this.size) this.assertUnchanged();
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
