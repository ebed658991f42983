/**
 * The wire of a session in an event loop, but for the waiting: its calls go to the driver, after
 * each of them it settles what to wait for, and it closes its sockets when its last reply is taken.
 * ReadinessWire and UringWire say how octets come and go; nothing here waits.
 *
 * @module
 */

import type { Peer } from "../../server/mod.ts";
import { Driver, type Wire } from "../driver/mod.ts";
import { LAST_REPLY_MS, STEPS_AT_ONCE_MAX } from "../limits.ts";
import { type Channel, PlainChannel } from "./channel.ts";
import type { Admitted } from "./clients.ts";
import type { Timed } from "../driver/deadlines.ts";
import type { EventLoop, Resumed } from "./event_loop.ts";
import { closeGently, type PassiveDescriptor } from "./sockets.ts";
import type { ConnectionTools } from "./tools.ts";

/** What the wires of one loop share. */
export interface LoopTools<L extends EventLoop = EventLoop> extends ConnectionTools {
  /** Where they wait. */
  readonly loop: L;
  /** The wire's sockets are closed. */
  ended(wire: Admitted): void;
}

/** One connection, from its first word to its last. */
export abstract class LoopWire<T extends LoopTools> implements Wire, Admitted, Timed, Resumed {
  /** See Timed. */
  dueIn: number | undefined;
  /** See Wire. */
  abstract readonly congested: boolean;
  /** The control connection. */
  protected readonly channel: Channel;
  /** Who drives the session. */
  protected readonly driver: Driver<PassiveDescriptor>;
  /** When the last reply must have been taken, once the driver has closed. */
  protected closing: number | undefined;
  /** The control connection is of no use any more. */
  protected broken = false;
  /** Its sockets are closed. */
  protected closed = false;
  #resumes = false;

  constructor(protected readonly tools: T, fd: number, peer: Peer) {
    this.channel = new PlainChannel(tools.data.kernel, fd);
    this.driver = new Driver(tools.driver, this, peer, tools.loop.now);
  }

  /** See Wire. */
  abstract send(octets: Uint8Array<ArrayBuffer>, length: number): void;

  /** Carries acts of the transfer out, which cost `budget` at most. */
  protected abstract moveData(budget: number): void;

  /** What was not sent yet is not sent any more. */
  protected abstract dropReplies(): void;

  /** After every turn: what to wait for, and until when. */
  protected abstract settle(): void;

  /** See Admitted. */
  get fd(): number {
    return this.channel.fd;
  }

  /** See Admitted. */
  begin(): void {
    this.driver.begin(this.tools.loop.now);
    this.settle();
  }

  /** See Admitted. */
  stop(): void {
    this.driver.stop(this.tools.loop.now);
    this.settle();
  }

  /** See Admitted. */
  abandon(): void {
    this.dropReplies();
    this.driver.abandon(this.tools.loop.now);
    this.settle();
  }

  /** See Admitted and Resumed. */
  crashed(error: unknown): void {
    this.broken = true;
    this.driver.crashed(error, this.tools.loop.now);
    this.settle();
  }

  /** See Resumed. */
  resume(): void {
    this.#resumes = false;
    this.driver.resume(this.tools.loop.now);
    this.settle();
  }

  /** See Timed. */
  get deadline(): number {
    if (this.closed) return Infinity;
    return this.closing ?? this.driver.deadline;
  }

  /** See Timed. */
  onDeadline(now: number): void {
    if (this.closing !== undefined) this.broken = true; // its last reply is not taken
    try {
      if (!this.broken) this.driver.expire(now);
      this.settle();
    } catch (error) {
      this.crashed(error);
    }
  }

  /** See Wire. */
  get takesFile(): boolean {
    return this.channel.takesFile;
  }

  /** See Wire. */
  buffer(): Uint8Array<ArrayBuffer> {
    return this.tools.data.buffer;
  }

  /** See Wire. */
  pursue(): void {
    this.moveData(STEPS_AT_ONCE_MAX);
  }

  /** See Wire. */
  again(): void {
    if (this.#resumes) return;
    this.#resumes = true;
    this.tools.loop.later(this);
  }

  /** See Wire. */
  close(): void {
    this.closing = this.tools.loop.now + LAST_REPLY_MS;
  }

  /** Closes the control connection, on which nothing is waited for any more. */
  protected release(): void {
    const { loop, data: { kernel }, controlBuffer, ended } = this.tools;
    const { fd } = this.channel;
    this.closed = true;
    loop.deadlines.remove(this);
    if (this.broken) kernel.close(fd);
    else closeGently(kernel, fd, controlBuffer);
    this.driver.ended();
    ended(this);
  }
}
