/**
 * What a client says: one receive that goes on and on, into buffers that the kernel picks when
 * octets have come. What comes while the driver wants nothing is held, up to a limit; beyond it the
 * receive is cancelled, and the client's octets stay in the kernel.
 *
 * @module
 */

import * as c from "../libc/constants.ts";
import type { BufferRing } from "../libc/buffer_ring.ts";
import { CQE_F_BUFFER } from "../libc/uring_abi.ts";
import { CONTROL_BYTES } from "../limits.ts";
import type { Completing, Operation, RingLoop } from "./loop.ts";

/** Who listens. */
export interface Listening {
  /** Whether octets would be used now. */
  readonly wantsInput: boolean;
  /** Octets, borrowed for the call. */
  heard(octets: Uint8Array): void;
  /** Nothing follows: 0 the peer has closed its side, or the -errno of a connection that broke. */
  ended(result: number): void;
}

/** The receiving side of one control connection. */
export class Input {
  readonly #operation: Operation;
  /** Copies of what nobody wanted yet, in order. */
  readonly #held: Uint8Array<ArrayBuffer>[] = [];
  #heldBytes = 0;
  /** How it ended, not told yet. */
  #end: number | undefined;
  /** Nothing is to be received any more. */
  #over = false;

  constructor(
    readonly loop: RingLoop,
    readonly buffers: BufferRing,
    readonly fd: number,
    readonly listener: Listening,
    owner: Completing,
  ) {
    this.#operation = loop.operation(owner);
  }

  /** Whether `operation` is the receive. */
  owns(operation: Operation): boolean {
    return operation === this.#operation;
  }

  /** Nothing of it is under way. */
  get idle(): boolean {
    return !this.#operation.underWay;
  }

  /** The receive has completed, once more or for the last time. */
  completed(result: number, flags: number): void {
    if ((flags & CQE_F_BUFFER) !== 0) {
      if (result > 0 && !this.#over) this.#take(this.buffers.octets(flags, result));
      this.buffers.giveBack(flags);
      if (result > 0) return;
    }
    // Without a buffer, or cancelled for what is held, it begins anew when there is room.
    const goesOn = result === -c.ENOBUFS || result === -c.ECANCELED || result === -c.EINTR ||
      result === -c.EAGAIN;
    if (goesOn || this.#over) return;
    this.#over = true;
    this.#end = result;
  }

  /** After every turn: tells what was held, and sees that what may come is received. */
  settle(): void {
    const { listener } = this;
    while (this.#held.length > 0 && listener.wantsInput) {
      const octets = this.#held.shift()!;
      this.#heldBytes -= octets.length;
      listener.heard(octets);
    }
    if (this.#held.length > 0) {
      if (this.#heldBytes > CONTROL_BYTES) this.loop.cancel(this.#operation);
      return;
    }
    if (!listener.wantsInput) return;
    if (this.#end !== undefined) {
      const end = this.#end;
      this.#end = undefined;
      listener.ended(end);
    } else if (!this.#over && !this.#operation.underWay) {
      this.loop.ring.recvMany(this.fd, this.buffers.group, this.loop.begin(this.#operation));
    }
  }

  /** Nothing is wanted any more; `idle` says when the kernel has let go of it. */
  end(): void {
    this.#over = true;
    this.#held.length = 0;
    this.loop.cancel(this.#operation);
  }

  /** The connection is closed. */
  release(): void {
    this.loop.release(this.#operation);
  }

  #take(octets: Uint8Array<ArrayBuffer>): void {
    if (this.#held.length === 0 && this.listener.wantsInput) return this.listener.heard(octets);
    this.#held.push(octets.slice());
    this.#heldBytes += octets.length;
  }
}
