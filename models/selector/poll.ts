/**
 * Readiness by poll(2): an array of every watched descriptor, handed over and looked through at
 * each call.
 *
 * @module
 */

import type { Kernel } from "../libc/mod.ts";
import { EINTR, POLLERR, POLLHUP, POLLNVAL } from "../libc/constants.ts";
import { errorText } from "../libc/errors.ts";
import { POLLFD_BYTES } from "../libc/structs.ts";
import { READ, type ReadyList, type Selector, WRITE } from "./mod.ts";

/** Entries that the array has room for at first; it doubles when full. */
const ENTRIES_AT_FIRST = 64;

/** Watches any number of descriptors, densely packed. */
export class PollSelector implements Selector {
  /** See Selector. */
  readonly edge = false;
  /** See Selector. */
  readonly guesses = false;
  #octets = new Uint8Array(ENTRIES_AT_FIRST * POLLFD_BYTES);
  #view = new DataView(this.#octets.buffer);
  #count = 0;
  /** Where each descriptor's entry is. */
  readonly #indexes = new Map<number, number>();

  constructor(readonly kernel: Kernel) {}

  /** See Selector. */
  refuses(): undefined {}

  /** See Selector. */
  set(fd: number, interest: number): number {
    let index = this.#indexes.get(fd);
    if (interest === 0) {
      if (index !== undefined) this.#drop(fd, index);
      return 0;
    }
    if (index === undefined) {
      index = this.#count++;
      if (this.#count * POLLFD_BYTES > this.#octets.length) this.#grow();
      this.#indexes.set(fd, index);
      this.#view.setInt32(index * POLLFD_BYTES, fd, true);
    }
    this.#view.setInt16(index * POLLFD_BYTES + 4, interest, true);
    this.#view.setInt16(index * POLLFD_BYTES + 6, 0, true);
    return 0;
  }

  /** See Selector. */
  remove(fd: number): void {
    this.set(fd, 0);
  }

  /** See Selector. */
  forget(fd: number): void {
    this.remove(fd);
  }

  /** See Selector. */
  wait(timeoutMs: number, ready: ReadyList): void {
    ready.count = 0;
    let left = this.kernel.poll(this.#octets, BigInt(this.#count), Math.ceil(timeoutMs));
    if (left < 0) {
      if (left === -EINTR) return;
      throw new Error(`Cannot wait in poll(2): ${errorText(-left)}`);
    }
    for (let index = 0; left > 0 && index < this.#count; index++) {
      const events = this.#view.getInt16(index * POLLFD_BYTES + 6, true);
      if (events === 0) continue;
      left--;
      const failed = events & (POLLERR | POLLHUP | POLLNVAL);
      const bits = failed ? READ | WRITE : events & (READ | WRITE);
      ready.add(this.#view.getInt32(index * POLLFD_BYTES, true), bits);
    }
  }

  /** See Selector. */
  close(): void {}

  /** The last entry moves into the place of the dropped one. */
  #drop(fd: number, index: number): void {
    this.#indexes.delete(fd);
    const last = --this.#count;
    if (index === last) return;
    const at = last * POLLFD_BYTES;
    this.#octets.copyWithin(index * POLLFD_BYTES, at, at + POLLFD_BYTES);
    this.#indexes.set(this.#view.getInt32(at, true), index);
  }

  #grow(): void {
    const octets = new Uint8Array(this.#octets.length * 2);
    octets.set(this.#octets);
    this.#octets = octets;
    this.#view = new DataView(octets.buffer);
  }
}
