/**
 * Readiness by select(2): two bit sets copied in and out at each call, looked through from 0 to
 * the highest descriptor. A descriptor beyond the sets does not fit and is refused.
 *
 * The kernel takes sets of any length; 1,024 bits are what the C library's fd_set has, and what
 * programs that use it are bound by (select(2), "BUGS").
 *
 * @module
 */

import type { Kernel } from "../libc/mod.ts";
import { EINTR, EINVAL, FD_SETSIZE } from "../libc/constants.ts";
import { errorText } from "../libc/errors.ts";
import { READ, type ReadyList, type Selector, WRITE } from "./mod.ts";

/** One set, as the words that are looked through and as the octets that the kernel is given. */
class BitSet {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly octets: Uint8Array<ArrayBuffer>;

  constructor(bits: number) {
    this.words = new Uint32Array(Math.ceil(bits / 64) * 2); // the kernel's words are longs
    this.octets = new Uint8Array(this.words.buffer);
  }

  /** Puts descriptor `fd` in, or takes it out. */
  put(fd: number, on: boolean): void {
    if (on) this.words[fd >> 5]! |= 1 << (fd & 31);
    else this.words[fd >> 5]! &= ~(1 << (fd & 31));
  }
}

/** Watches descriptors below `bits`. */
export class SelectSelector implements Selector {
  /** See Selector. */
  readonly edge = false;
  /** See Selector. */
  readonly guesses = false;
  readonly #wantRead: BitSet;
  readonly #wantWrite: BitSet;
  readonly #canRead: BitSet;
  readonly #canWrite: BitSet;
  /** The highest watched descriptor plus one: select's first argument. */
  #count = 0;

  /** @param bits the length of the sets */
  constructor(readonly kernel: Kernel, readonly bits: number = FD_SETSIZE) {
    this.#wantRead = new BitSet(bits);
    this.#wantWrite = new BitSet(bits);
    this.#canRead = new BitSet(bits);
    this.#canWrite = new BitSet(bits);
  }

  /** See Selector. */
  refuses(fd: number): string | undefined {
    return fd < this.bits ? undefined : `select(2) cannot watch descriptor ${fd}`;
  }

  /** See Selector. */
  set(fd: number, interest: number): number {
    if (interest !== 0 && fd >= this.bits) return -EINVAL; // the kernel would write past the sets
    this.#wantRead.put(fd, (interest & READ) !== 0);
    this.#wantWrite.put(fd, (interest & WRITE) !== 0);
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
    const words = (this.#count + 31) >> 5;
    const { words: canRead } = this.#canRead, { words: canWrite } = this.#canWrite;
    for (let word = 0; word < words; word++) {
      canRead[word] = this.#wantRead.words[word]!;
      canWrite[word] = this.#wantWrite.words[word]!;
    }
    const { octets: read } = this.#canRead, { octets: write } = this.#canWrite;
    let left = this.kernel.select(this.#count, read, write, timeoutMs);
    if (left < 0) {
      if (left === -EINTR) return;
      throw new Error(`Cannot wait in select(2): ${errorText(-left)}`);
    }
    for (let word = 0; word < words && left > 0; word++) {
      const readable = canRead[word]!, writable = canWrite[word]!;
      for (let bits = readable | writable; bits !== 0; bits &= bits - 1) {
        const index = 31 - Math.clz32(bits & -bits);
        const found = (readable >>> index & 1 ? READ : 0) | (writable >>> index & 1 ? WRITE : 0);
        left -= found === (READ | WRITE) ? 2 : 1;
        ready.add(word << 5 | index, found);
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
    const both = this.#wantRead.words[fd >> 5]! | this.#wantWrite.words[fd >> 5]!;
    return (both >>> (fd & 31) & 1) === 1;
  }
}
