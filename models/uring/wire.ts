/**
 * The wire of a session over completions: what uring does for one connection. Its receive and its
 * sends are operations of the kernel's, and so is each wait of its data connection.
 *
 * Nothing is closed, and no memory given back, while an operation on it is under way: what is not
 * wanted any more is cancelled, and the rest follows when that has completed.
 *
 * @module
 */

import type { Peer } from "../../server/mod.ts";
import { type LoopTools, LoopWire } from "../kernel/loop_wire.ts";
import type { BufferRing } from "../libc/buffer_ring.ts";
import { STEPS_PER_TURN_MAX } from "../limits.ts";
import { RingConnection, type RingTools } from "./data_connection.ts";
import { Input, type Listening } from "./input.ts";
import type { Completing, Operation, RingLoop } from "./loop.ts";
import type { RingMemory } from "./memory.ts";
import { ReplyOutput } from "./output.ts";

/** What the wires of one ring share. */
export interface RingWireTools extends LoopTools<RingLoop> {
  /** See ConnectionTools. */
  readonly data: RingTools;
  /** Where the kernel puts what clients say. */
  readonly buffers: BufferRing;
  /** Where what clients are told stays until it is sent; REPLIES_BYTES_MAX each. */
  readonly replyMemory: RingMemory;
}

/** One connection, from its first word to its last. */
export class UringWire extends LoopWire<RingWireTools> implements Completing, Listening {
  readonly #input: Input;
  readonly #output: ReplyOutput;
  #data: RingConnection | undefined;

  constructor(tools: RingWireTools, fd: number, peer: Peer) {
    super(tools, fd, peer);
    const { loop, buffers, replyMemory } = tools;
    this.#input = new Input(loop, buffers, fd, this, this);
    this.#output = new ReplyOutput(loop, replyMemory, fd, this);
  }

  /** See Completing. */
  completed(operation: Operation, result: number, flags: number): void {
    if (this.#input.owns(operation)) this.#input.completed(result, flags);
    else if (this.#output.owns(operation)) return this.#sent(result);
    else this.#dataCompleted(operation, result);
    this.settle();
  }

  /** See Listening. */
  get wantsInput(): boolean {
    return this.driver.wantsInput;
  }

  /** See Listening. */
  heard(octets: Uint8Array): void {
    this.driver.input(octets, this.tools.loop.now);
  }

  /** See Listening. */
  ended(result: number): void {
    if (result < 0) this.broken = true;
    else this.driver.end(this.tools.loop.now);
  }

  #dataCompleted(operation: Operation, result: number): void {
    const data = this.#data!;
    data.completed(operation, result);
    if (data.transfer === this.driver.transfer) this.moveData(STEPS_PER_TURN_MAX);
    else if (data.advance(0)) this.#data = undefined; // it was given up
  }

  #sent(result: number): void {
    const { congested } = this;
    if (!this.#output.completed(result)) this.broken = this.broken || this.closing === undefined;
    else if (!congested && this.closing === undefined) return; // nothing waited for it
    if (congested && !this.congested) this.driver.resume(this.tools.loop.now);
    this.settle();
  }

  /** See LoopWire. */
  protected settle(): void {
    if (this.closed) return;
    this.#input.settle();
    if (this.broken) {
      this.#output.end();
      this.driver.abandon(this.tools.loop.now);
    }
    if (this.closing !== undefined) {
      this.#input.end();
      this.#output.hurry();
      if (this.#input.idle && this.#output.idle && this.#data === undefined) return this.release();
    }
    this.tools.loop.deadlines.update(this);
  }

  /** See Wire. */
  get congested(): boolean {
    return this.#output.congested;
  }

  /** See Wire. */
  send(octets: Uint8Array<ArrayBuffer>, length: number): void {
    if (!this.broken) this.#output.send(octets, length);
  }

  /** See LoopWire. */
  protected moveData(budget: number): void {
    const { loop, data } = this.tools;
    const { slot, peer, passive, transfer } = this.driver;
    if (transfer === undefined) return;
    this.#data ??= new RingConnection(
      data,
      transfer,
      slot,
      peer.local,
      this.channel,
      passive.socket,
      this,
    );
    if (this.#data.advance(budget)) this.#data = undefined;
    this.driver.advanced(loop.now);
  }

  /** See LoopWire. */
  protected dropReplies(): void {
    this.#output.end();
  }

  /** See Wire. */
  override close(): void {
    if (this.#data?.advance(0) === true) this.#data = undefined;
    super.close();
  }

  /** See LoopWire. */
  protected override release(): void {
    this.#input.release();
    this.#output.release();
    super.release();
  }
}
