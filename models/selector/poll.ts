/**
 * Readiness by poll(2): an array of every watched descriptor, handed over and looked through at
 * each call.
 *
 * @module
 */

import type { Libc } from "../libc/mod.ts";
import { EINTR, POLLERR, POLLHUP, POLLNVAL } from "../libc/constants.ts";
import { errorText } from "../libc/errors.ts";
import { POLLFD_BYTES } from "../libc/structs.ts";
import { type OnReady, READ, type Selector, WRITE } from "./mod.ts";

/** Entries that the array has room for at first; it doubles when full. */
const ENTRIES_AT_FIRST = 64;

/** Watches any number of descriptors, densely packed. */
export class PollSelector implements Selector {
  readonly edge = false;
  #octets = new Uint8Array(ENTRIES_AT_FIRST * POLLFD_BYTES);
  #view = new DataView(this.#octets.buffer);
  #count = 0;
  /** Where each descriptor's entry is. */
  readonly #indexes = new Map<number, number>();

  constructor(readonly libc: Libc) {}

  refuses(): undefined {}

  set(fd: number, interest: number): void {
    let index = this.#indexes.get(fd);
    if (interest === 0) {
      if (index !== undefined) this.#drop(fd, index);
      return;
    }
    if (index === undefined) {
      index = this.#count++;
      if (this.#count * POLLFD_BYTES > this.#octets.length) this.#grow();
      this.#indexes.set(fd, index);
      this.#view.setInt32(index * POLLFD_BYTES, fd, true);
    }
    this.#view.setInt16(index * POLLFD_BYTES + 4, interest, true);
    this.#view.setInt16(index * POLLFD_BYTES + 6, 0, true);
  }

  remove(fd: number): void {
    this.set(fd, 0);
  }

  forget(fd: number): void {
    this.remove(fd);
  }

  wait(timeoutMs: number, _idle: boolean, onReady: OnReady): void {
    let ready = this.libc.poll(this.#octets, BigInt(this.#count), Math.ceil(timeoutMs));
    if (ready < 0) {
      if (ready === -EINTR) return;
      throw new Error(`Cannot wait in poll(2): ${errorText(-ready)}`);
    }
    for (let index = 0; ready > 0 && index < this.#count; index++) {
      const events = this.#view.getInt16(index * POLLFD_BYTES + 6, true);
      if (events === 0) continue;
      ready--;
      const failed = events & (POLLERR | POLLHUP | POLLNVAL);
      const bits = failed ? READ | WRITE : events & (READ | WRITE);
      onReady(this.#view.getInt32(index * POLLFD_BYTES, true), bits);
    }
  }

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
