/**
 * The wire of a session over non-blocking sockets: what polling and multiplex do for one
 * connection. It waits in the loop for one thing on each of its sockets, and when that is ready it
 * carries out one unit of work.
 *
 * It reads only while the driver wants input and nothing is unsent: no queue grows.
 *
 * @module
 */

import { concatenate, type Peer } from "../../server/mod.ts";
import { Driver, type Wire } from "../driver/mod.ts";
import { type Channel, PlainChannel } from "../kernel/channel.ts";
import { KernelConnection } from "../kernel/data_connection.ts";
import type { Timed } from "../kernel/deadlines.ts";
import { closeGently, type PassiveDescriptor } from "../kernel/sockets.ts";
import type { ConnectionTools } from "../kernel/tools.ts";
import * as c from "../libc/constants.ts";
import { errorText } from "../libc/mod.ts";
import { CONTROL_BYTES, LAST_REPLY_MS, STEPS_AT_ONCE_MAX, STEPS_PER_TURN_MAX } from "../limits.ts";
import { READ, WRITE } from "../selector/mod.ts";
import type { Loop, Watch, Worked } from "./loop.ts";
import { WatchedData } from "./watched_data.ts";

const CONTROL = BigInt(CONTROL_BYTES);

/** What the wires of one loop share. */
export interface WireTools extends ConnectionTools {
  /** Where they wait. */
  readonly loop: Loop;
  /** The wire's sockets are closed. */
  ended(wire: ReadinessWire): void;
}

/** One connection, from its first word to its last. */
export class ReadinessWire implements Wire, Timed, Worked {
  /** See Timed. */
  slot: number | undefined;
  readonly #tools: WireTools;
  readonly #channel: Channel;
  readonly #control: Watch;
  readonly #driver: Driver<PassiveDescriptor>;
  /** What the control connection did not take yet. */
  #unsent: Uint8Array<ArrayBuffer> | undefined;
  #data: WatchedData | undefined;
  /** When the last reply must have been taken. */
  #closing: number | undefined;
  #broken = false;
  #resumes = false;

  /** @throws {Error} when the selector has no room for `fd`, which stays open then */
  constructor(tools: WireTools, fd: number, peer: Peer) {
    this.#tools = tools;
    this.#channel = new PlainChannel(tools.data.kernel, fd);
    this.#control = tools.loop.watch(fd, this);
    const result = tools.loop.interest(this.#control, READ);
    if (result < 0) {
      tools.loop.forget(this.#control);
      throw new Error(errorText(-result));
    }
    this.#driver = new Driver(tools.driver, this, peer, tools.loop.now);
  }

  /** Says what the session says first. */
  begin(): void {
    this.#driver.begin(this.#tools.loop.now);
    this.#settle();
  }

  /** The server stops: goodbye as soon as nothing is under way. */
  stop(): void {
    this.#driver.stop(this.#tools.loop.now);
    this.#settle();
  }

  /** Drops everything at once. */
  abandon(): void {
    this.#unsent = undefined;
    this.#driver.abandon();
    this.#settle();
  }

  /** See Worked. */
  ready(watch: Watch): void {
    if (watch !== this.#control) this.#moveData(STEPS_PER_TURN_MAX);
    else if (this.#unsent === undefined) this.#receive(watch);
    else {
      this.#sendUnsent();
      if (this.#unsent === undefined) this.#driver.resume(this.#tools.loop.now);
    }
    this.#settle();
  }

  /** See Worked. */
  resume(): void {
    this.#resumes = false;
    this.#driver.resume(this.#tools.loop.now);
    this.#settle();
  }

  /** See Worked. */
  crashed(error: unknown): void {
    this.#broken = true;
    this.#driver.crashed(error);
    this.#settle();
  }

  /** See Timed. */
  get deadline(): number | undefined {
    if (this.#control.closed) return undefined;
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

  #receive(watch: Watch): void {
    if (this.#closing !== undefined) return;
    const { loop, controlBuffer } = this.#tools;
    const count = this.#channel.receive(controlBuffer, CONTROL);
    if (count > 0) {
      loop.progressed();
      this.#driver.input(controlBuffer.subarray(0, count), loop.now);
    } else if (count === -c.EAGAIN) {
      watch.ready &= ~READ;
    } else if (count !== -c.EINTR) {
      loop.progressed();
      if (count < 0) this.#broken = true;
      else this.#driver.end(loop.now);
    }
  }

  /** After every turn: what to wait for, and until when. */
  #settle(): void {
    if (this.#control.closed) return;
    if (this.#broken) this.#driver.abandon();
    if (this.#closing !== undefined && (this.#broken || this.#unsent === undefined)) {
      return this.#release();
    }
    const { loop } = this.#tools;
    const interest = this.#unsent !== undefined ? WRITE : this.#driver.wantsInput ? READ : 0;
    if (loop.interest(this.#control, interest) < 0) {
      this.#broken = true;
      return this.#settle();
    }
    loop.deadlines.update(this);
  }

  /** See Wire. */
  get congested(): boolean {
    return this.#unsent !== undefined;
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
    if (this.#broken) return;
    if (this.#unsent !== undefined) {
      this.#unsent = concatenate([this.#unsent, octets.subarray(0, length)]);
      return;
    }
    const sent = this.#sendSome(octets, length);
    if (sent < length) this.#unsent = octets.slice(sent, length);
  }

  #sendUnsent(): void {
    const unsent = this.#unsent!;
    const sent = this.#sendSome(unsent, unsent.length);
    this.#unsent = sent < unsent.length ? unsent.slice(sent) : undefined;
  }

  /** How many octets are taken, or of no use any more. */
  #sendSome(octets: Uint8Array<ArrayBuffer>, length: number): number {
    const sent = this.#channel.send(octets, length);
    if (sent >= 0) {
      this.#tools.loop.progressed();
      return sent;
    }
    if (sent === -c.EAGAIN) {
      this.#control.ready &= ~WRITE;
      return 0;
    }
    this.#broken = true;
    return length;
  }

  /** See Wire. */
  pursue(): void {
    this.#moveData(STEPS_AT_ONCE_MAX);
  }

  #moveData(budget: number): void {
    const { loop, data } = this.#tools;
    const { slot, peer, passive, transfer } = this.#driver;
    if (transfer === undefined) return;
    if (this.#data === undefined) {
      const { local } = peer;
      const connection = new KernelConnection(data, slot, local, this.#channel, passive.socket);
      this.#data = new WatchedData(loop, connection, this);
    }
    this.#data.turn(transfer, budget);
    if (transfer.act === "over") this.#data = undefined;
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
    const { transfer } = this.#driver;
    if (transfer !== undefined) this.#data?.close(transfer);
    this.#data = undefined;
    this.#closing = this.#tools.loop.now + LAST_REPLY_MS;
  }

  /** Closes the control connection. */
  #release(): void {
    if (this.#control.closed) return;
    const { loop, data, controlBuffer, ended } = this.#tools;
    const { fd } = this.#control;
    loop.forget(this.#control);
    loop.deadlines.remove(this);
    if (this.#broken) data.kernel.close(fd);
    else closeGently(data.kernel, fd, controlBuffer);
    this.#driver.ended();
    ended(this);
  }
}
