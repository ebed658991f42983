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
import { Driver, type Wire } from "../driver/mod.ts";
import { type Channel, PlainChannel } from "../kernel/channel.ts";
import type { Admitted } from "../kernel/clients.ts";
import type { Timed } from "../kernel/deadlines.ts";
import { closeGently, type PassiveDescriptor } from "../kernel/sockets.ts";
import type { ConnectionTools } from "../kernel/tools.ts";
import type { BufferRing } from "../libc/buffer_ring.ts";
import { LAST_REPLY_MS, STEPS_AT_ONCE_MAX, STEPS_PER_TURN_MAX } from "../limits.ts";
import { RingConnection, type RingTools } from "./data_connection.ts";
import { Input, type Listening } from "./input.ts";
import type { Completing, Operation, Resumed, RingLoop } from "./loop.ts";
import { ReplyOutput } from "./output.ts";
import type { Slots } from "./slots.ts";

/** What the wires of one ring share. */
export interface RingWireTools extends ConnectionTools {
  /** Where they wait. */
  readonly loop: RingLoop;
  /** See ConnectionTools. */
  readonly data: RingTools;
  /** Where the kernel puts what clients say. */
  readonly buffers: BufferRing;
  /** Where what clients are told stays until it is sent; REPLIES_BYTES_MAX each. */
  readonly replySlots: Slots;
  /** The wire's sockets are closed. */
  ended(wire: UringWire): void;
}

/** One connection, from its first word to its last. */
export class UringWire implements Wire, Admitted, Timed, Completing, Resumed, Listening {
  /** See Timed. */
  slot: number | undefined;
  readonly #tools: RingWireTools;
  readonly #channel: Channel;
  readonly #driver: Driver<PassiveDescriptor>;
  readonly #input: Input;
  readonly #output: ReplyOutput;
  #data: RingConnection | undefined;
  /** When the last reply must have been taken. */
  #closing: number | undefined;
  #broken = false;
  #resumes = false;
  #closed = false;

  constructor(tools: RingWireTools, fd: number, peer: Peer) {
    const { loop, buffers, replySlots } = tools;
    this.#tools = tools;
    this.#channel = new PlainChannel(tools.data.kernel, fd);
    this.#input = new Input(loop, buffers, fd, this, this);
    this.#output = new ReplyOutput(loop, replySlots, fd, this);
    this.#driver = new Driver(tools.driver, this, peer, loop.now);
  }

  /** See Admitted. */
  begin(): void {
    this.#driver.begin(this.#tools.loop.now);
    this.#settle();
  }

  /** See Admitted. */
  stop(): void {
    this.#driver.stop(this.#tools.loop.now);
    this.#settle();
  }

  /** See Admitted. */
  abandon(): void {
    this.#output.end();
    this.#driver.abandon();
    this.#settle();
  }

  /** See Admitted, Completing and Resumed. */
  crashed(error: unknown): void {
    this.#broken = true;
    this.#driver.crashed(error);
    this.#settle();
  }

  /** See Completing. */
  completed(operation: Operation, result: number, flags: number): void {
    if (this.#input.owns(operation)) this.#input.completed(result, flags);
    else if (this.#output.owns(operation)) return this.#sent(result);
    else this.#dataCompleted(operation, result);
    this.#settle();
  }

  /** See Resumed. */
  resume(): void {
    this.#resumes = false;
    this.#driver.resume(this.#tools.loop.now);
    this.#settle();
  }

  /** See Timed. */
  get deadline(): number | undefined {
    if (this.#closed) return undefined;
    return this.#closing ?? this.#driver.deadline;
  }

  /** See Timed. */
  onDeadline(now: number): void {
    if (this.#closing !== undefined) this.#broken = true; // its last reply is not taken
    try {
      if (!this.#broken) this.#driver.expire(now);
      this.#settle();
    } catch (error) {
      this.crashed(error);
    }
  }

  /** See Listening. */
  get wantsInput(): boolean {
    return this.#closing === undefined && this.#driver.wantsInput;
  }

  /** See Listening. */
  heard(octets: Uint8Array): void {
    this.#driver.input(octets, this.#tools.loop.now);
  }

  /** See Listening. */
  ended(result: number): void {
    if (result < 0) this.#broken = true;
    else this.#driver.end(this.#tools.loop.now);
  }

  #dataCompleted(operation: Operation, result: number): void {
    const data = this.#data!;
    data.completed(operation, result);
    if (data.transfer === this.#driver.transfer) this.#moveData(STEPS_PER_TURN_MAX);
    else if (data.advance(0)) this.#data = undefined; // it was given up
  }

  #sent(result: number): void {
    const { congested } = this;
    if (!this.#output.completed(result)) this.#broken = this.#broken || this.#closing === undefined;
    else if (!congested && this.#closing === undefined) return; // nothing waited for it
    if (congested && !this.congested) this.#driver.resume(this.#tools.loop.now);
    this.#settle();
  }

  /** After every turn: what to receive, and until when to wait. */
  #settle(): void {
    if (this.#closed) return;
    this.#input.settle();
    if (this.#broken) {
      this.#output.end();
      this.#driver.abandon();
    }
    if (this.#closing !== undefined) {
      this.#input.end();
      this.#output.hurry();
      if (this.#input.idle && this.#output.idle && this.#data === undefined) return this.#release();
    }
    this.#tools.loop.deadlines.update(this);
  }

  /** See Wire. */
  get congested(): boolean {
    return this.#output.congested;
  }

  /** See Wire. */
  moves(): boolean {
    return this.#channel.takesFile;
  }

  /** See Wire. */
  buffer(): Uint8Array<ArrayBuffer> {
    return this.#tools.data.buffer;
  }

  /** See Wire. */
  send(octets: Uint8Array<ArrayBuffer>, length: number): void {
    if (!this.#broken) this.#output.send(octets, length);
  }

  /** See Wire. */
  pursue(): void {
    this.#moveData(STEPS_AT_ONCE_MAX);
  }

  #moveData(budget: number): void {
    const { loop, data } = this.#tools;
    const { slot, peer, passive, transfer } = this.#driver;
    if (transfer === undefined) return;
    this.#data ??= new RingConnection(
      data,
      transfer,
      slot,
      peer.local,
      this.#channel,
      passive.socket,
      this,
    );
    if (this.#data.advance(budget)) this.#data = undefined;
    this.#driver.advanced(loop.now);
  }

  /** See Wire. */
  again(): void {
    if (this.#resumes) return;
    this.#resumes = true;
    this.#tools.loop.later(this);
  }

  /** See Wire. */
  close(): void {
    if (this.#data?.close() === true) this.#data = undefined;
    this.#closing = this.#tools.loop.now + LAST_REPLY_MS;
  }

  /** Closes the control connection. */
  #release(): void {
    const { loop, data, controlBuffer, ended } = this.#tools;
    const { fd } = this.#channel;
    this.#closed = true;
    loop.deadlines.remove(this);
    this.#input.release();
    this.#output.release();
    if (this.#broken) data.kernel.close(fd);
    else closeGently(data.kernel, fd, controlBuffer);
    this.#driver.ended();
    ended(this);
  }
}
