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
import { KernelConnection } from "../kernel/data_connection.ts";
import { type LoopTools, LoopWire } from "../kernel/loop_wire.ts";
import * as c from "../libc/constants.ts";
import { errorText } from "../libc/mod.ts";
import { CONTROL_BYTES, STEPS_PER_TURN_MAX } from "../limits.ts";
import { READ, WRITE } from "../selector/mod.ts";
import type { Loop, Watch, Worked } from "./loop.ts";
import { WatchedData } from "./watched_data.ts";

const CONTROL = BigInt(CONTROL_BYTES);

/** One connection, from its first word to its last. */
export class ReadinessWire extends LoopWire<LoopTools<Loop>> implements Worked {
  readonly #control: Watch;
  /** What the control connection did not take yet. */
  #unsent: Uint8Array<ArrayBuffer> | undefined;
  #data: WatchedData | undefined;

  /** @throws {Error} when the selector has no room for `fd`, which stays open then */
  constructor(tools: LoopTools<Loop>, fd: number, peer: Peer) {
    super(tools, fd, peer);
    this.#control = tools.loop.watch(fd, this);
    const result = tools.loop.interest(this.#control, READ);
    if (result < 0) {
      tools.loop.forget(this.#control);
      throw new Error(errorText(-result));
    }
  }

  /** See Worked. */
  ready(watch: Watch): void {
    if (watch !== this.#control) this.moveData(STEPS_PER_TURN_MAX);
    else if (this.#unsent === undefined) this.#receive(watch);
    else {
      this.#sendUnsent();
      if (this.#unsent === undefined) this.driver.resume(this.tools.loop.now);
    }
    this.settle();
  }

  #receive(watch: Watch): void {
    const { loop, controlBuffer } = this.tools;
    const count = this.channel.receive(controlBuffer, CONTROL);
    if (count > 0) {
      loop.progressed();
      this.driver.input(controlBuffer.subarray(0, count), loop.now);
    } else if (count === -c.EAGAIN) {
      watch.ready &= ~READ;
    } else if (count !== -c.EINTR) {
      loop.progressed();
      if (count < 0) this.broken = true;
      else this.driver.end(loop.now);
    }
  }

  /** See LoopWire. */
  protected settle(): void {
    if (this.closed) return;
    if (this.broken) this.driver.abandon(this.tools.loop.now);
    if (this.closing !== undefined && (this.broken || this.#unsent === undefined)) {
      return this.release();
    }
    const { loop } = this.tools;
    const interest = this.#unsent !== undefined ? WRITE : this.driver.wantsInput ? READ : 0;
    if (loop.interest(this.#control, interest) < 0) {
      this.broken = true;
      return this.settle();
    }
    loop.deadlines.update(this);
  }

  /** See Wire. */
  get congested(): boolean {
    return this.#unsent !== undefined;
  }

  /** See Wire. */
  send(octets: Uint8Array<ArrayBuffer>, length: number): void {
    if (this.broken) return;
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
    const sent = this.channel.send(octets, length);
    if (sent >= 0) {
      this.tools.loop.progressed();
      return sent;
    }
    if (sent === -c.EAGAIN) {
      this.#control.ready &= ~WRITE;
      return 0;
    }
    this.broken = true;
    return length;
  }

  /** See LoopWire. */
  protected moveData(budget: number): void {
    const { loop, data } = this.tools;
    const { slot, peer, passive, transfer } = this.driver;
    if (transfer === undefined) return;
    if (this.#data === undefined) {
      const { local } = peer;
      const connection = new KernelConnection(data, slot, local, this.channel, passive.socket);
      this.#data = new WatchedData(loop, connection, this);
    }
    this.#data.turn(transfer, budget);
    if (transfer.act === "over") this.#data = undefined;
    this.driver.advanced(loop.now);
  }

  /** See LoopWire. */
  protected dropReplies(): void {
    this.#unsent = undefined;
  }

  /** See Wire. */
  override close(): void {
    const { transfer } = this.driver;
    if (transfer !== undefined) this.#data?.turn(transfer, 0);
    this.#data = undefined;
    super.close();
  }

  /** See LoopWire. */
  protected override release(): void {
    this.tools.loop.forget(this.#control);
    super.release();
  }
}
