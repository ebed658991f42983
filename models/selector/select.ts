/**
 * Readiness by select(2): two bit sets copied in and out at each call, looked through from 0 to
 * the highest descriptor. A descriptor of FD_SETSIZE or more does not fit and is refused.
 *
 * @module
 */

import type { Libc } from "../libc/mod.ts";
import { EINTR, FD_SETSIZE } from "../libc/constants.ts";
import { errorText } from "../libc/errors.ts";
import { FD_SET_BYTES } from "../libc/structs.ts";
import { type OnReady, READ, type Selector, WRITE } from "./mod.ts";

/** Watches descriptors below 1024. */
export class SelectSelector implements Selector {
  readonly edge = false;
  readonly #wantRead = new Uint8Array(FD_SET_BYTES);
  readonly #wantWrite = new Uint8Array(FD_SET_BYTES);
  readonly #canRead = new Uint8Array(FD_SET_BYTES);
  readonly #canWrite = new Uint8Array(FD_SET_BYTES);
  /** The highest watched descriptor plus one: select's first argument. */
  #count = 0;

  constructor(readonly libc: Libc) {}

  refuses(fd: number): string | undefined {
    return fd < FD_SETSIZE ? undefined : `select(2) cannot watch descriptor ${fd}`;
  }

  set(fd: number, interest: number): void {
    const byte = fd >> 3, bit = 1 << (fd & 7);
    if (interest & READ) this.#wantRead[byte]! |= bit;
    else this.#wantRead[byte]! &= ~bit;
    if (interest & WRITE) this.#wantWrite[byte]! |= bit;
    else this.#wantWrite[byte]! &= ~bit;
    if (interest !== 0) this.#count = Math.max(this.#count, fd + 1);
    else if (fd + 1 === this.#count) this.#lowerCount();
  }

  remove(fd: number): void {
    this.set(fd, 0);
  }

  forget(fd: number): void {
    this.remove(fd);
  }

  wait(timeoutMs: number, _idle: boolean, onReady: OnReady): void {
    this.#canRead.set(this.#wantRead);
    this.#canWrite.set(this.#wantWrite);
    let ready = this.libc.select(this.#count, this.#canRead, this.#canWrite, timeoutMs);
    if (ready < 0) {
      if (ready === -EINTR) return;
      throw new Error(`Cannot wait in select(2): ${errorText(-ready)}`);
    }
    const bytes = (this.#count + 7) >> 3;
    for (let byte = 0; byte < bytes && ready > 0; byte++) {
      const readable = this.#canRead[byte]!, writable = this.#canWrite[byte]!;
      if ((readable | writable) === 0) continue;
      for (let index = 0; index < 8; index++) {
        const bits = (readable >> index & 1 ? READ : 0) | (writable >> index & 1 ? WRITE : 0);
        if (bits === 0) continue;
        ready -= bits === (READ | WRITE) ? 2 : 1;
        onReady(byte << 3 | index, bits);
      }
    }
  }

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
