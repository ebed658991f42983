/**
 * The wire of a session over sockets that block: a thread serves one connection at a time and
 * really waits in recv(2), and in the data connection's calls while a transfer runs.
 *
 * Between two of those it looks, without waiting, whether the client has sent ABOR or another
 * command, whether the deadline has passed and whether the server stops.
 *
 * @module
 */

import type { Peer } from "../../server/mod.ts";
import { now } from "../clock.ts";
import { Driver, type Wire } from "../driver/mod.ts";
import { type Channel, PlainChannel } from "../kernel/channel.ts";
import { KernelConnection } from "../kernel/data_connection.ts";
import { closeGently, type PassiveDescriptor } from "../kernel/sockets.ts";
import type { ConnectionTools } from "../kernel/tools.ts";
import * as c from "../libc/constants.ts";
import {
  CONTROL_BYTES,
  REPLIES_STALL_MS,
  SILENT_GRACE_MS,
  STEPS_AT_ONCE_MAX,
  TICK_MS,
} from "../limits.ts";
import { CLOSING, EMPTY, MAILBOX, RUNNING, type WorkerContext } from "../pool/link.ts";

const CONTROL = BigInt(CONTROL_BYTES);

/** How often a thread looks for octets of a client while the server stops, milliseconds. */
const DRAIN_LOOK_MS = 10;

/** What a thread keeps from one connection to the next. */
export interface BlockingTools extends ConnectionTools {
  /** The way to the supervisor. */
  readonly context: WorkerContext;
}

/** Serves one client from its first word to its last. */
export class BlockingWire implements Wire {
  /** See Wire. What is sent is taken when `send` returns. */
  readonly congested = false;
  readonly #tools: BlockingTools;
  readonly #channel: Channel;
  readonly #driver: Driver<PassiveDescriptor>;
  #data: KernelConnection | undefined;
  #broken = false;
  /** It is broken because the client takes no replies. */
  #unread = false;
  #stopTold = false;
  /** The client has said something: its thread is its own, whoever else waits. */
  #heard = false;
  /** SO_RCVTIMEO of the control connection, milliseconds; 0 waits for ever. */
  #patienceMs = 0;

  constructor(tools: BlockingTools, fd: number, peer: Peer) {
    this.#tools = tools;
    this.#channel = new PlainChannel(tools.data.kernel, fd);
    this.#driver = new Driver(tools.driver, this, peer, now());
    tools.data.kernel.setTimeout(fd, c.SO_SNDTIMEO, TICK_MS);
  }

  /** Blocks until the connection has ended. */
  serve(): void {
    const { context, data, controlBuffer } = this.#tools;
    const { fd } = this.#channel;
    context.showControl(fd);
    try {
      this.#driver.begin(now());
      while (!this.#driver.closed) this.#turn();
    } catch (error) { // a bug: it ends this connection, and not the thread
      this.#broken = true;
      this.#driver.crashed(error, now());
    }
    context.hideControl(fd);
    if (this.#broken) data.kernel.close(fd);
    else closeGently(data.kernel, fd, controlBuffer);
    this.#driver.ended();
  }

  /** One wait, and what came of it. */
  #turn(): void {
    const driver = this.#driver;
    const begun = now();
    this.#stopIfAsked();
    if (this.#unread) driver.unread(now());
    else if (this.#broken) driver.abandon(now());
    if (driver.closed) return;
    const { act } = driver.transfer ?? { act: "hold" };
    if (driver.pending) driver.resume(now());
    else if (act !== "hold") this.#moveData();
    else if (driver.asking) this.#waitForOperator();
    else this.#receive(this.#waitForInput());
    // Whoever keeps the thread busy has a deadline, too; what has come since is heard first.
    driver.expire(begun);
  }

  // --- waiting ---

  /** Blocks in recv(2) until the client speaks or the session's deadline has come. */
  #waitForInput(): number {
    const { data, controlBuffer, context } = this.#tools;
    const { deadline, wantsInput } = this.#driver;
    const left = Math.max(1, deadline - now());
    if (!wantsInput) {
      // Only time can go on: the session holds a reply back.
      data.kernel.sleep(Math.min(left, TICK_MS));
      return -c.EAGAIN;
    }
    this.#bePatient(this.#heard ? left : Math.min(left, SILENT_GRACE_MS));
    context.counters.enter("waiting");
    const count = this.#unlessShut(this.#channel.receive(controlBuffer, CONTROL));
    // Shut down, the socket waits no more, and an upload of mini's may still come by it.
    if (count === -c.EAGAIN && this.#stopTold) data.kernel.sleep(DRAIN_LOOK_MS);
    context.counters.enter("working");
    context.counters.add("wakeups", 1);
    if (count === -c.EAGAIN) context.counters.add("emptyWakeups", 1);
    return count;
  }

  /**
   * What recv(2) gave, or EAGAIN in the place of an end that is not the client's: when the server
   * stops the supervisor shuts the receiving side (SHUT_RD), and octets that come are still given.
   */
  #unlessShut(count: number): number {
    const { context, data } = this.#tools;
    if (count !== 0 || context.stopping === RUNNING) return count;
    return data.kernel.isEstablished(this.#channel.fd) ? -c.EAGAIN : 0;
  }

  /** Sets the time-out of recv(2), in whole seconds where it is long, so that it rarely changes. */
  #bePatient(milliseconds: number): void {
    const patience = milliseconds === Infinity
      ? 0
      : milliseconds > 1e3
      ? Math.ceil(milliseconds / 1e3) * 1e3
      : milliseconds;
    if (patience === this.#patienceMs) return;
    this.#patienceMs = patience;
    this.#tools.data.kernel.setTimeout(this.#channel.fd, c.SO_RCVTIMEO, patience);
  }

  #receive(count: number): void {
    const time = now();
    const { controlBuffer, context } = this.#tools;
    if (count > 0) {
      this.#heard = true;
      this.#driver.input(controlBuffer.subarray(0, count), time);
    } else if (count === 0) {
      this.#driver.end(time);
    } else if (count === -c.EAGAIN || count === -c.EINTR) {
      this.#driver.expire(time);
      if (!this.#heard && context.crowded) {
        this.#driver.refuse("Others wait, and nothing was said", time);
      }
    } else {
      this.#broken = true; // the next turn gives it up
    }
  }

  #stopIfAsked(): void {
    const { stopping } = this.#tools.context;
    if (stopping === RUNNING) return;
    if (stopping === CLOSING) return this.#driver.abandon(now());
    if (this.#stopTold) return;
    this.#stopTold = true;
    this.#driver.stop(now());
  }

  /** Acts of the transfer, each of which blocks for a tick at most; then a look at the rest. */
  #moveData(): void {
    this.#tools.context.counters.enter("transferring");
    this.pursue();
    this.#driver.expire(now());
    if (this.#driver.transfer === undefined || !this.#driver.wantsInput) return;
    const count = this.#hearNow();
    if (count !== -c.EAGAIN) this.#receive(count);
  }

  /** What the client has said by now, without waiting. */
  #hearNow(): number {
    const { controlBuffer, data: { kernel } } = this.#tools;
    const { fd } = this.#channel;
    return this.#unlessShut(kernel.recv(fd, controlBuffer, CONTROL, c.MSG_DONTWAIT));
  }

  /** Blocks until the operator has answered, and looks between whether the client is there. */
  #waitForOperator(): void {
    const { context } = this.#tools;
    Atomics.wait(context.mailbox, MAILBOX.state, EMPTY, TICK_MS);
    context.deliver();
    if (!this.#driver.wantsInput) return;
    const count = this.#hearNow();
    if (count !== -c.EAGAIN) this.#receive(count);
  }

  // --- the driver's calls ---

  /** See Wire. */
  get takesFile(): boolean {
    return this.#channel.takesFile;
  }

  /** See Wire. */
  buffer(): Uint8Array<ArrayBuffer> {
    return this.#tools.data.buffer;
  }

  /** See Wire: blocks, a tick at a time, until all is taken. */
  send(octets: Uint8Array<ArrayBuffer>, length: number): void {
    const until = now() + REPLIES_STALL_MS;
    for (let taken = 0; taken < length && !this.#broken;) {
      const sent = this.#channel.send(octets.subarray(taken), length - taken);
      if (sent >= 0) taken += sent;
      else if (sent !== -c.EAGAIN && sent !== -c.EINTR) this.#broken = true;
      else if (this.#tools.context.stopping === CLOSING) this.#broken = true;
      else if (now() > until) this.#broken = this.#unread = true;
    }
  }

  /** See Wire. The loop of `serve` takes further acts as long as there are any. */
  pursue(): void {
    const { transfer, slot, peer, passive } = this.#driver;
    if (transfer === undefined) return;
    const { data } = this.#tools;
    this.#data ??= new KernelConnection(data, slot, peer.local, this.#channel, passive.socket);
    const time = now();
    this.#data.turn(transfer, STEPS_AT_ONCE_MAX, time);
    if (transfer.act === "over") this.#data = undefined;
    this.#driver.advanced(time);
  }

  /** See Wire: `serve` looks at `pending` in its next turn. */
  again(): void {}

  /** See Wire. */
  close(): void {
    const { transfer } = this.#driver;
    if (transfer !== undefined) this.#data?.turn(transfer, 0, now());
    this.#data = undefined;
  }
}
