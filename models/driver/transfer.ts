/**
 * One data connection as a pure machine: from the first attempt to make it to its close.
 *
 * The machine names the one legal next act; a wire carries it out in its own way of waiting and
 * says what came of it. Nothing here opens, waits or reads a clock, so the machine is the same
 * under readiness, blocking calls and awaiting.
 *
 * The acts, each with what the wire calls then (see Act), in their order:
 *
 *     accept, connect -> [hold ->] move* or (read, send*)*      -> close -> over    "send"
 *     accept, connect -> [hold ->] move* or (receive, write)*   -> look -> [hold ->] hold
 *                                                                 -> close -> over    "receive"
 *     any -> close -> over                                      failed, timeout, abort
 *
 * An upload holds at its end until its file has its name: there are clients that take the close of
 * the data connection for the end of the command.
 *
 * The end of an upload is two facts: the data ended, and the control connection is alive. A client
 * that is killed closes both, and the end of its data is then not the end of its file. One that has
 * said QUIT may close both (RFC 959 section 4.1.1); that may still be unread when its data ends, so
 * where the control connection has ended the upload holds until all that was said is heard.
 *
 * @module
 */

import {
  type Address,
  type Completion,
  concatenate,
  converter,
  type Effect,
  type Failure,
  type Filter,
} from "../../server/mod.ts";
import type { SlotClient } from "../files/contract.ts";

/** The effect that sets a transfer in motion. */
export type StartTransfer = Extract<Effect, { kind: "startTransfer" }>;

/** What a wire has to do next; see the header of this file. */
export type Act =
  /** Takes a connection from the passive slot; then `accepted(host)`. */
  | "accept"
  /** Connects to `address`; then `madeConnection()`. */
  | "connect"
  /** Nothing, until the driver says start, heardOut or release. */
  | "hold"
  /** Lets the kernel move up to `moveMax()` octets; then `moved(count)`, 0 at the end. */
  | "move"
  /** Fills `buffer` from the file slot, which answers. */
  | "read"
  /** Sends `chunk`, or a part of it; then `sent(count)`. */
  | "send"
  /** Receives into `buffer`; then `received(count)`, 0 at the end. */
  | "receive"
  /** Writes `chunk` to the file slot, which answers. */
  | "write"
  /** Sees whether the control connection is alive; then `controlSeen(alive)`. */
  | "look"
  /** Closes the data connection; then `closed()`. */
  | "close"
  /** Nothing: `completion` says how it ended. */
  | "over";

/** What a transfer has to work with once it starts. */
export interface TransferMeans {
  /** Octets that the file slot gives, where that is known. */
  readonly length: number | undefined;
  /** Whether the kernel can move octets between file and connection by itself. */
  readonly direct: boolean;
  /**
   * For one "read" or "receive": BULK_BYTES, or what `turnBytes` says where the model keeps to it.
   * It may be shared with other transfers of a thread, since file slots answer before they return:
   * `park` copies out of it what has to wait.
   */
  readonly buffer: Uint8Array<ArrayBuffer>;
}

const NOTHING = new Uint8Array(0);

/** One data connection; see the header of this file. */
export class Transfer implements SlotClient {
  /** The one legal next act. */
  act: Act;
  /** Octets that went over the data connection. */
  octets = 0;
  /** What "send" sends and "write" writes. */
  chunk: Uint8Array<ArrayBuffer> = NOTHING;
  /** When waiting has been too long, in the driver's time. */
  deadline: number;
  /** How it ended; undefined before "close". */
  completion: Completion | undefined;
  /** The effect that set it in motion. */
  effect: StartTransfer | undefined;
  /** When that was. */
  startedAt = 0;
  #means: TransferMeans | undefined;
  #filter: Filter | undefined;
  /** Octets taken from the file slot, before any conversion. */
  #taken = 0;
  #connected = false;
  #ended = false;
  #borrowed = false;
  /** Since the deadline was put off the file was read, and gave nothing to send. */
  #works = false;

  /**
   * @param route the passive slot, or the address to connect to
   * @param host the only host whose connections are taken (RFC 2577 section 5)
   * @param deadline when the data connection must have been made
   */
  constructor(readonly route: "passive" | Address, readonly host: string, deadline: number) {
    this.act = route === "passive" ? "accept" : "connect";
    this.deadline = deadline;
  }

  /** Whether the data connection is made and not closed yet. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Where octets of "read" and "receive" go. */
  get buffer(): Uint8Array<ArrayBuffer> {
    return this.#means!.buffer;
  }

  /** All has come of a client that has closed; `heardOut` is to say whether that is the file. */
  get isUnheard(): boolean {
    return this.act === "hold" && this.effect !== undefined && this.completion === undefined;
  }

  /** How many octets of `block` one "move" may have: never more than what was announced. */
  moveMax(block: number): number {
    const { length } = this.#means!;
    return length === undefined ? block : Math.min(block, length - this.octets);
  }

  /** The session has said startTransfer. */
  start(effect: StartTransfer, means: TransferMeans, now: number): void {
    this.effect = effect;
    this.#means = means;
    this.startedAt = now;
    this.#filter = effect.lines === undefined ? undefined : converter(effect.lines);
    if (this.act === "hold") this.#begin(now);
  }

  // --- what came of an act ---

  /** A connection came from `host`; false: a stranger's, to be closed, and the act stays. */
  accepted(host: string, now: number): boolean {
    if (!this.#during("accept") || host !== this.host) return false;
    this.#connected = true;
    this.#begin(now);
    return true;
  }

  /** The connection to `route` is made. */
  madeConnection(now: number): void {
    if (!this.#during("connect")) return;
    this.#connected = true;
    if (this.effect !== undefined) return this.#begin(now);
    this.act = "hold";
    this.deadline = Infinity;
  }

  /** The kernel moved `count` octets; 0: what they come from has ended. */
  moved(count: number, now: number): void {
    if (!this.#during("move")) return;
    if (this.effect!.direction === "receive") {
      if (count > 0) this.#progress(count, now);
      else this.act = "look";
      return;
    }
    if (count === 0) return this.#sourceEnded(this.octets);
    this.#progress(count, now);
    // A file whose length is known needs no further call to learn of its end.
    if (this.octets === this.#means!.length) this.#complete();
  }

  /** The kernel cannot move the file's octets: from its beginning they are read and sent. */
  immovable(): void {
    if (this.#during("move")) this.act = "read";
  }

  /** A part of `chunk` was sent. */
  sent(count: number, now: number): void {
    if (!this.#during("send")) return;
    this.#progress(count, now);
    if (count < this.chunk.length) {
      this.chunk = this.chunk.subarray(count);
      return;
    }
    this.chunk = NOTHING;
    if (this.#ended) this.#complete();
    else this.act = "read";
  }

  /** `count` octets came to the start of `buffer`; 0: the peer has sent all. */
  received(count: number, now: number): void {
    if (!this.#during("receive")) return;
    this.#ended = count === 0;
    if (count > 0) this.#progress(count, now);
    this.chunk = this.#converted(count);
    if (this.chunk.length > 0) this.act = "write";
    else if (this.#ended) this.act = "look";
  }

  /** See SlotClient. */
  filled(count: number, ended: boolean): void {
    if (!this.#during("read")) return;
    const { length } = this.#means!;
    const room = length === undefined ? count : length - this.#taken;
    const taken = Math.min(count, room);
    this.#taken += taken;
    this.#ended = ended || this.#taken === length;
    if (this.#ended && length !== undefined && this.#taken < length) {
      return this.#sourceEnded(this.#taken);
    }
    this.chunk = this.#converted(taken);
    if (this.chunk.length > 0) this.act = "send";
    else if (!this.#ended) this.#works = true;
    else if (this.#filter?.isShort) this.fail("badOffset", "the file ends before its offset");
    else this.#complete();
  }

  /** See SlotClient. */
  written(): void {
    if (!this.#during("write")) return;
    this.chunk = NOTHING;
    this.act = this.#ended ? "look" : "receive";
  }

  /** See SlotClient. */
  fileFailed(failure: Failure, detail: string): void {
    this.fail(failure, detail);
  }

  /** Whether the control connection is alive. */
  controlSeen(alive: boolean): void {
    if (!this.#during("look")) return;
    this.act = "hold";
    if (alive) this.heardOut(true);
  }

  /** All is heard that its client said before it closed: what came is the whole file, or not. */
  heardOut(isWhole: boolean): void {
    if (!this.isUnheard) return;
    if (!isWhole) return this.fail("reset", "the client has gone");
    this.deadline = Infinity;
    this.completion = { kind: "transferred", octets: this.octets };
  }

  /** The file of an upload is `closed`: nothing holds the data connection any more. */
  release(closed: Completion): void {
    if (this.act !== "hold" || this.completion === undefined) return;
    this.act = "close";
    if (closed.kind === "failed") this.completion = closed; // all has come, and has no name
  }

  /** The data connection is closed. */
  closed(): void {
    if (this.act !== "close") throw new Error(`Cannot close while the act is "${this.act}"`);
    this.#connected = false;
    this.act = "over";
  }

  // --- what ends it from outside ---

  /** A call on the data connection failed, or none could be made. */
  socketFailed(detail: string): void {
    this.fail(this.#connected ? "reset" : "noConnection", detail);
  }

  /** The deadline has passed; while it is the file that takes the time, nobody stands still. */
  timeout(): void {
    if (this.#works) {
      this.#works = false;
      this.deadline += this.effect!.stallTimeoutMs;
      return;
    }
    if (this.#connected) this.fail("stalled", "the data connection stood still");
    else this.fail("noConnection", "the data connection did not come in time");
  }

  /** Ends it with `failure`; the first one counts. */
  fail(failure: Failure, detail: string): void {
    if (this.act === "close" || this.act === "over") return;
    this.completion = { kind: "failed", failure, detail };
    this.chunk = NOTHING;
    this.act = "close";
    this.deadline = Infinity;
  }

  /** Others have their turn: what lies in a shared buffer is copied out of it. */
  park(): void {
    if (this.#borrowed && this.chunk.length > 0) this.chunk = this.chunk.slice();
    this.#borrowed = false;
  }

  // --- within ---

  /** Whether an answer to `act` counts: it comes too late for one that was ended from outside. */
  #during(act: Act): boolean {
    if (this.act === act) return true;
    if (this.act === "close" || this.act === "over") return false;
    throw new Error(`Cannot answer "${act}" while the act is "${this.act}"`);
  }

  #begin(now: number): void {
    const { direct, length } = this.#means!;
    this.deadline = now + this.effect!.stallTimeoutMs;
    if (this.effect!.direction === "receive") this.act = direct ? "move" : "receive";
    else if (length === 0 && this.#filter === undefined) this.#complete();
    else this.act = direct ? "move" : "read";
  }

  #progress(count: number, now: number): void {
    this.octets += count;
    this.#works = false;
    this.deadline = now + this.effect!.stallTimeoutMs;
  }

  #converted(count: number): Uint8Array<ArrayBuffer> {
    const octets = this.buffer.subarray(0, count);
    this.#borrowed = this.#filter === undefined;
    if (this.#filter === undefined) return octets;
    const chunk = count > 0 ? this.#filter.push(octets) : NOTHING;
    if (!this.#ended) return chunk as Uint8Array<ArrayBuffer>;
    return concatenate([chunk, this.#filter.end()]);
  }

  /** A download has come to its end, whatever becomes of the client meanwhile. */
  #complete(): void {
    this.act = "close";
    this.completion = { kind: "transferred", octets: this.octets };
  }

  /** The file ended after `count` octets. */
  #sourceEnded(count: number): void {
    const { length } = this.#means!;
    if (length === undefined || count >= length) this.#complete();
    else this.fail("changed", "the file became shorter while it was read");
  }
}
