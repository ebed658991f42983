/**
 * What a client is told: one send at a time, from memory that is the kernel's until it completes.
 * Mostly it is taken at once, and then nothing is said of it; the rest waits for the peer. What is
 * said meanwhile waits, too, and the peer counts as congested until all of it is on its way.
 *
 * @module
 */

import { concatenate } from "../../server/mod.ts";
import * as c from "../libc/constants.ts";
import type { Completing, Operation, RingLoop } from "./loop.ts";
import type { Piece, RingMemory } from "./memory.ts";

/** The sending side of one control connection. */
export class ReplyOutput {
  readonly #operation: Operation;
  #piece: Piece | undefined;
  /** Where in the piece the send under way begins and ends. */
  #start = 0;
  #end = 0;
  /** What waits for the send under way. */
  #queued: Uint8Array<ArrayBuffer> | undefined;
  /** Nothing is sent any more. */
  #over = false;

  /** @param memory REPLIES_BYTES_MAX each, as many as are wanted */
  constructor(
    readonly loop: RingLoop,
    readonly memory: RingMemory,
    readonly fd: number,
    owner: Completing,
  ) {
    this.#operation = loop.operation(owner);
  }

  /** Whether `operation` is the send. */
  owns(operation: Operation): boolean {
    return operation === this.#operation;
  }

  /** Nothing is under way, and nothing waits. */
  get idle(): boolean {
    return !this.#operation.underWay && this.#queued === undefined;
  }

  /** Something waits for the peer to take what was said before. */
  get congested(): boolean {
    return this.#queued !== undefined;
  }

  /** Sends the first `length` of `octets`, which are copied, behind what was said before. */
  send(octets: Uint8Array<ArrayBuffer>, length: number): void {
    if (this.#over) return;
    const said = octets.subarray(0, length);
    if (this.#queued !== undefined) this.#queued = concatenate([this.#queued, said]);
    else if (!this.#operation.underWay) this.#begin(said);
    else {
      this.#queued = said.slice();
      this.loop.hurry(this.#operation);
    }
  }

  /**
   * The send has completed: goes on with what is left.
   *
   * @returns false: the connection broke, and nothing is sent any more
   */
  completed(result: number): boolean {
    if (this.#over || (result < 0 && result !== -c.EAGAIN)) {
      this.end();
      return false;
    }
    this.#start += Math.max(0, result);
    if (this.#start < this.#end) {
      this.#wait();
      return true;
    }
    this.#givePiece();
    const queued = this.#queued;
    this.#queued = undefined;
    if (queued !== undefined) this.#begin(queued);
    return true;
  }

  /** Nothing is to be sent any more; `idle` says when the kernel has let go of it. */
  end(): void {
    this.#over = true;
    this.#queued = undefined;
    if (this.#operation.underWay) this.loop.cancel(this.#operation);
    else this.#givePiece();
  }

  /** `idle` is waited for. */
  hurry(): void {
    this.loop.hurry(this.#operation);
  }

  /** The connection is closed. */
  release(): void {
    this.loop.release(this.#operation);
  }

  #begin(octets: Uint8Array<ArrayBuffer>): void {
    const piece = this.#piece = this.memory.take()!;
    const count = Math.min(octets.length, this.memory.bytes);
    piece.octets.set(count < octets.length ? octets.subarray(0, count) : octets);
    if (count < octets.length) this.#queued = octets.slice(count);
    this.#start = 0;
    this.#end = count;
    const { ring } = this.loop;
    if (ring.polled) return this.#wait();
    ring.sendNow(this.fd, piece.address, count, this.loop.beginSilent(this.#operation, count));
    if (this.#queued !== undefined) this.hurry();
  }

  /** Sends of the rest what is taken first; `completed` sees to what is left. */
  #wait(): void {
    const address = this.#piece!.address + this.#start;
    const length = this.#end - this.#start;
    this.loop.ring.send(this.fd, address, length, this.loop.begin(this.#operation));
  }

  #givePiece(): void {
    if (this.#piece !== undefined) this.memory.give(this.#piece);
    this.#piece = undefined;
  }
}
