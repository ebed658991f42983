/**
 * Readiness by select(2): two bit sets copied in and out at each call, looked through from 0 to
 * the highest descriptor. A descriptor of FD_SETSIZE or more does not fit and is refused.
 *
 * @module
 */

import type { Kernel } from "../libc/mod.ts";
import { EINTR, FD_SETSIZE } from "../libc/constants.ts";
import { errorText } from "../libc/errors.ts";
import { FD_SET_BYTES } from "../libc/structs.ts";
import { READ, type ReadyList, type Selector, WRITE } from "./mod.ts";

/** Watches descriptors below 1024. */
export class SelectSelector implements Selector {
  /** See Selector. */
  readonly edge = false;
  /** See Selector. */
  readonly guesses = false;
  readonly #wantRead = new Uint8Array(FD_SET_BYTES);
  readonly #wantWrite = new Uint8Array(FD_SET_BYTES);
  readonly #canRead = new Uint8Array(FD_SET_BYTES);
  readonly #canWrite = new Uint8Array(FD_SET_BYTES);
  /** The highest watched descriptor plus one: select's first argument. */
  #count = 0;

  constructor(readonly libc: Kernel) {}

  /** See Selector. */
  refuses(fd: number): string | undefined {
    return fd < FD_SETSIZE ? undefined : `select(2) cannot watch descriptor ${fd}`;
  }

  /** See Selector. */
  set(fd: number, interest: number): number {
    const byte = fd >> 3, bit = 1 << (fd & 7);
    if (interest & READ) this.#wantRead[byte]! |= bit;
    else this.#wantRead[byte]! &= ~bit;
    if (interest & WRITE) this.#wantWrite[byte]! |= bit;
    else this.#wantWrite[byte]! &= ~bit;
    if (interest !== 0) this.#count = Math.max(this.#count, fd + 1);
    else if (fd + 1 === this.#count) this.#lowerCount();
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
    this.#canRead.set(this.#wantRead);
    this.#canWrite.set(this.#wantWrite);
    let left = this.libc.select(this.#count, this.#canRead, this.#canWrite, timeoutMs);
    if (left < 0) {
      if (left === -EINTR) return;
      throw new Error(`Cannot wait in select(2): ${errorText(-left)}`);
    }
    const bytes = (this.#count + 7) >> 3;
    for (let byte = 0; byte < bytes && left > 0; byte++) {
      const readable = this.#canRead[byte]!, writable = this.#canWrite[byte]!;
      if ((readable | writable) === 0) continue;
      for (let index = 0; index < 8; index++) {
        const bits = (readable >> index & 1 ? READ : 0) | (writable >> index & 1 ? WRITE : 0);
        if (bits === 0) continue;
        left -= bits === (READ | WRITE) ? 2 : 1;
        ready.add(byte << 3 | index, bits);
      }
    }
  }

  /** See Selector. */
  close(): void {}

  #lowerCount(): void {
    let count = this.#count;
    while (count > 0 && !this.#watches(count - 1)) count--;
    this.#count = count;
  }

  #watches(fd: number): boolean {
    return ((this.#wantRead[fd >> 3]! | this.#wantWrite[fd >> 3]!) >> (fd & 7) & 1) === 1;
  }
}
