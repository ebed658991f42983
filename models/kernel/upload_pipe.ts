/**
 * Octets from a data connection into a file without a buffer of this process: splice(2) hands the
 * kernel's own pages from the socket to a pipe, and from the pipe to the file.
 *
 * One for each worker, used by one transfer at a time: the pipe is empty between two moves. Where
 * there is none, or the file system cannot take from one, transfers copy through their buffer.
 *
 * @module
 */

import * as c from "../libc/constants.ts";
import type { Kernel } from "../libc/mod.ts";
import { BULK_BYTES } from "../limits.ts";

/** The pipe of one worker. */
export class UploadPipe {
  /** The end that is read from, or -1 before the first use and after a failure. */
  #from = -1;
  #to = -1;
  /** A file system has refused a pipe. */
  #refused = false;
  /** The errno of a file that did not take what the last move brought; 0 when it did. */
  fileErrno = 0;

  /** The most that one move takes, as the kernel's calls want it. */
  readonly #most: bigint;

  /**
   * @param buffer for what does not go through the pipe; holds nothing between two moves
   * @param most octets of one move, which `buffer` has room for
   */
  constructor(
    readonly kernel: Kernel,
    readonly buffer: Uint8Array<ArrayBuffer>,
    most = BULK_BYTES,
  ) {
    this.#most = BigInt(most);
  }

  /**
   * Moves what `socket` has, at most as many as one move takes, to the position of `file`.
   *
   * @returns the octets moved, 0 at the end, or the -errno of `socket`; `fileErrno` says whether
   * `file` took them
   */
  move(socket: number, file: number): number {
    this.fileErrno = 0;
    if (!this.#usable()) return this.#receive(socket, file, 0);
    const count = this.kernel.splice(socket, this.#to, this.#most);
    // At an urgent octet (tcp(7)) splice(2) stands still for good, and then says end or EAGAIN, too:
    // recv(2) steps over it, so its word counts.
    if (count === 0 || count === -c.EAGAIN) return this.#receive(socket, file, c.MSG_DONTWAIT);
    for (let left = count; left > 0 && this.fileErrno === 0;) {
      const moved = this.kernel.splice(this.#from, file, BigInt(left));
      if (moved > 0) left -= moved;
      else if (moved === -c.EINVAL) left -= this.#copy(file, left);
      else if (moved !== -c.EINTR) this.#fail(moved);
    }
    return count;
  }

  /** Closes the pipe. */
  close(): void {
    if (this.#from < 0) return;
    this.kernel.close(this.#from);
    this.kernel.close(this.#to);
    this.#from = -1;
  }

  /** Makes the pipe when there is none. */
  #usable(): boolean {
    if (this.#from >= 0) return true;
    if (this.#refused) return false;
    const ends = this.kernel.pipe();
    if (typeof ends === "number") return false; // no descriptors are left: perhaps next time
    [this.#from, this.#to] = ends;
    this.kernel.setPipeSize(this.#to, BULK_BYTES);
    return true;
  }

  /** Through the buffer; as `move`. */
  #receive(socket: number, file: number, flags: number): number {
    const count = this.kernel.recv(socket, this.buffer, this.#most, flags);
    return count > 0 ? this.#write(file, count) : count;
  }

  /** Not every file system takes octets from a pipe: for one that does not, they are copied. */
  #copy(file: number, left: number): number {
    const count = this.kernel.read(this.#from, this.buffer.subarray(0, left));
    if (count < 0) return this.#fail(count);
    this.#refused = true;
    if (count === left) this.close();
    return this.#write(file, count);
  }

  /** The first `count` octets of the buffer. */
  #write(file: number, count: number): number {
    for (let done = 0; done < count;) {
      const written = this.kernel.write(file, this.buffer.subarray(done, count));
      if (written < 0) return this.#fail(written);
      done += written;
    }
    return count;
  }

  /** What is left in the pipe belongs to nobody any more. */
  #fail(error: number): number {
    this.close();
    this.fileErrno = -error;
    return 0;
  }
}
