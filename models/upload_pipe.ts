/**
 * Octets from a data connection into a file without a buffer of this process: splice(2) hands the
 * kernel's own pages from the socket to a pipe, and from the pipe to the file.
 *
 * One for each worker, used by one transfer at a time: the pipe is empty between two moves. Where
 * there is none, or the file system cannot take from one, transfers copy through their buffer.
 *
 * @module
 */

import { BULK_BYTES } from "./limits.ts";
import * as c from "./libc/constants.ts";
import type { Libc } from "./libc/mod.ts";
import { fileFailure } from "./open_file.ts";

const BULK = BigInt(BULK_BYTES);

/** The pipe of one worker. */
export class UploadPipe {
  /** The end that is read from, or -1 before the first use and after a failure. */
  #from = -1;
  #to = -1;
  #unusable = false;

  /** @param buffer for what a file does not take from a pipe; holds nothing between two moves */
  constructor(readonly libc: Libc, readonly buffer: Uint8Array<ArrayBuffer>) {}

  /** Whether octets can go this way; makes the pipe when there is none. */
  get usable(): boolean {
    if (this.#from >= 0) return true;
    if (this.#unusable) return false;
    const ends = this.libc.pipe();
    if (typeof ends === "number") return false; // no descriptors are left: perhaps next time
    [this.#from, this.#to] = ends;
    this.libc.setPipeSize(this.#to, BULK_BYTES);
    return true;
  }

  /**
   * Moves what `socket` has, at most BULK_BYTES, to the position of `file`.
   *
   * @returns the octets moved, 0 at the end, or the -errno of `socket`
   * @throws {FileFailure} when `file` does not take them
   */
  move(socket: number, file: number): number {
    const count = this.libc.splice(socket, this.#to, BULK);
    for (let left = count; left > 0;) {
      const moved = this.libc.splice(this.#from, file, BigInt(left));
      if (moved > 0) left -= moved;
      else if (moved === -c.EINVAL) left -= this.#copy(file, left);
      else if (moved !== -c.EINTR) this.#fail(moved);
    }
    return count;
  }

  /** Closes the pipe. */
  close(): void {
    if (this.#from < 0) return;
    this.libc.close(this.#from);
    this.libc.close(this.#to);
    this.#from = -1;
  }

  /** Not every file system takes octets from a pipe: for one that does not, they are copied. */
  #copy(file: number, left: number): number {
    const count = this.libc.read(this.#from, this.buffer.subarray(0, left));
    if (count < 0) this.#fail(count);
    for (let done = 0; done < count;) {
      const written = this.libc.write(file, this.buffer.subarray(done, count));
      if (written < 0) this.#fail(written);
      done += written;
    }
    this.#unusable = true;
    if (count === left) this.close();
    return count;
  }

  /** What is left in the pipe belongs to nobody any more. */
  #fail(error: number): never {
    this.close();
    throw fileFailure(error);
  }
}
