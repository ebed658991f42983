/**
 * Memory that the kernel reads or writes between two calls, in pieces of one size: whoever begins an
 * operation takes one and gives it back when the completion came, never before.
 *
 * @module
 */

import { memoryAddress } from "../libc/uring.ts";

/** One piece of memory. */
export interface Piece {
  /** Its octets. */
  readonly octets: Uint8Array<ArrayBuffer>;
  /** Where they are, as operations name it. */
  readonly address: number;
}

/** Pieces made at once: memory is taken when it is first written to. */
const PIECES_AT_ONCE = 16;

/** Pieces of `bytes` each, made as they are wanted. */
export class RingMemory {
  readonly #idle: Piece[] = [];
  #made = 0;

  /** @param most how many there may be; Infinity: as many as are wanted at the same time */
  constructor(readonly bytes: number, readonly most: number) {}

  /** One that nobody has; undefined: all that there may be are taken. */
  take(): Piece | undefined {
    if (this.#idle.length === 0) this.#make();
    return this.#idle.pop();
  }

  /** It is free again; the last one that was used is the next: it is in the caches. */
  give(piece: Piece): void {
    this.#idle.push(piece);
  }

  #make(): void {
    const count = Math.min(PIECES_AT_ONCE, this.most - this.#made);
    if (count <= 0) return;
    const memory = new Uint8Array(count * this.bytes);
    const address = memoryAddress(memory);
    for (let at = (count - 1) * this.bytes; at >= 0; at -= this.bytes) {
      this.#idle.push({ octets: memory.subarray(at, at + this.bytes), address: address + at });
    }
    this.#made += count;
  }
}
