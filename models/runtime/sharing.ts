/**
 * What the connections of one async worker share: buffers, counters, a timer, and the runtime's
 * attention.
 *
 * @module
 */

import { BULK_BYTES, CONTROL_BYTES } from "../limits.ts";
import type { Counters } from "../pool/counters.ts";
import { Alarm } from "./alarm.ts";
import type { Pulse } from "./pulse.ts";

/** The runtime's operations that are counted, by the index of their counter. */
export const CALLS = { accept: 0, connect: 1, read: 2, write: 3 } as const;

/** Buffers of each kind that a worker keeps for the next use. */
const IDLE_BUFFERS_MAX = 16;

/** Blocks of all transfers between two looks at everybody's sockets: about a millisecond. */
export const BLOCKS_BETWEEN_LOOKS = 8;

/** Where commands are read to: CONTROL_BYTES, and all but the first of them. */
export class ControlBuffer {
  /** All octets. */
  readonly whole: Uint8Array<ArrayBuffer> = new Uint8Array(CONTROL_BYTES);
  /** The same without the first. */
  readonly behindFirst: Uint8Array<ArrayBuffer> = this.whole.subarray(1);
}

/** One for each worker. */
export class Sharing {
  /** What waits for its time. */
  readonly alarm = new Alarm();
  readonly #bulk: Uint8Array<ArrayBuffer>[] = [];
  readonly #control: ControlBuffer[] = [];
  #blocks = 0;
  /** The beat that all transfers wait for. */
  #looking: Promise<void> | undefined;

  /**
   * @param pulse lets the runtime look
   * @param alone whether there is only one connection
   * @param blockBytes the size of a block, and of the buffer for it
   */
  constructor(
    readonly counters: Counters,
    readonly pulse: Pulse,
    readonly alone: () => boolean,
    readonly blockBytes = BULK_BYTES,
  ) {}

  /** Counts a call. */
  count(call: keyof typeof CALLS): void {
    this.counters.calls[CALLS[call]]! += 1;
  }

  /** Counts octets of a data connection, all of which go through a buffer here. */
  moved(way: "octetsIn" | "octetsOut", octets: number): void {
    this.counters.add(way, octets);
    this.counters.add("octetsCopied", octets);
  }

  /** A buffer for one transfer. */
  takeBuffer(): Uint8Array<ArrayBuffer> {
    return this.#bulk.pop() ?? new Uint8Array(this.blockBytes);
  }

  /** It is not used any more. */
  giveBuffer(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#bulk.length < IDLE_BUFFERS_MAX) this.#bulk.push(buffer);
  }

  /** A buffer for one read of commands. */
  takeControl(): ControlBuffer {
    return this.#control.pop() ?? new ControlBuffer();
  }

  /** It is not used any more. */
  giveControl(buffer: ControlBuffer): void {
    if (this.#control.length < IDLE_BUFFERS_MAX) this.#control.push(buffer);
  }

  /**
   * A block of a transfer is about to be moved. An awaited read or write that ends at once is a
   * microtask: the runtime polls no socket between two of them. So every few blocks all transfers
   * wait until it has, if there is anybody else.
   */
  breathe(blocks: number): Promise<void> | undefined {
    if (this.#looking !== undefined) return this.#looking;
    this.#blocks += blocks;
    if (this.#blocks < BLOCKS_BETWEEN_LOOKS || this.alone()) return undefined;
    return this.look();
  }

  /** Runs `run` when everybody's sockets were looked at. */
  afterOthers(run: () => void): void {
    this.look().then(run);
  }

  /** Resolves when everybody's sockets were looked at, and the listener: even who is alone waits. */
  look(): Promise<void> {
    return this.#looking ??= this.#beat();
  }

  async #beat(): Promise<void> {
    await this.pulse.beat();
    this.#looking = undefined;
    this.#blocks = 0;
  }
}
