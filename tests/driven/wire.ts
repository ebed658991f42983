/**
 * A wire of arrays: what a model does for one connection, without a socket. The test is the client
 * at the other end of both connections; nothing is opened or waited for.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Driver, Wire } from "../../models/driver/mod.ts";
import type { PassiveSocket } from "../../models/driver/passive.ts";
import type { Transfer } from "../../models/driver/transfer.ts";
import { BULK_BYTES } from "../../models/limits.ts";
import { concatenate, type Failure, unreachable } from "../../server/mod.ts";
import { ON_PURPOSE } from "./store.ts";

/** A listening socket that nobody can connect to but the test. */
export class ArrayPassive implements PassiveSocket {
  uses = 0;
  /** Whom it is lent to. */
  host: string | undefined;

  constructor(readonly port: number) {}

  lend(host: string): boolean {
    this.host = host;
    return true;
  }

  rest(): void {
    this.host = undefined;
  }

  close(): void {
    this.host = undefined;
  }
}

/** What is in a buffer that others use, too. */
const SCRIBBLE = 0x2a;

/** Acts of one transfer without an end: a loop. */
const ACTS_MAX = 10_000_000;

/** Both connections of one client. */
export class ArrayWire implements Wire {
  /** Who is driven; set right after its construction. */
  driver!: Driver<ArrayPassive>;
  /** What was sent and is not taken yet, each piece as it was sent. */
  sent: Uint8Array[] = [];
  /** The control connection is closed. */
  closed = false;
  /** The client has not closed it, whatever of it is heard. */
  alive = true;
  readonly takesFile = false;
  /** `resume` is to be called. */
  resumes = false;
  /** Octets that the client's end takes before it is full. */
  room = Infinity;
  /** A data connection to the client's address is neither made nor refused before `answer`. */
  slowToConnect = false;
  /** A data connection is closed by `finishClose` only, and not when the driver wants it. */
  slowToClose = false;
  /** The next data connection to the client's address is refused. */
  refusal: Failure | undefined;
  /** The next transfer fails when it starts. */
  trouble: Failure | undefined;
  /** What came over the data connection that is open, or was the last. */
  arrived: Uint8Array[] = [];
  readonly #buffer = new Uint8Array(BULK_BYTES);
  #connected = false;
  /** The client takes what comes, so many octets a call. */
  #takes = 0;
  /** What the client sends, a piece each call. */
  readonly #coming: Uint8Array[] = [];
  #ended = false;

  /** @param now the time */
  constructor(readonly now: () => number) {}

  get congested(): boolean {
    return this.room < 0;
  }

  buffer(): Uint8Array<ArrayBuffer> {
    return this.#buffer;
  }

  send(octets: Uint8Array<ArrayBuffer>, length: number): void {
    assert(!this.closed, "nothing is sent after the close");
    assert(length > 0, "nothing is no reply");
    this.sent.push(octets.slice(0, length));
    this.room -= length;
    octets.fill(SCRIBBLE, 0, length);
  }

  pursue(): void {
    const { transfer } = this.driver;
    if (transfer === undefined) return;
    let acts = 0;
    while (this.#carryOut(transfer)) assert(++acts < ACTS_MAX, "the transfer never waits");
    transfer.park();
    this.#buffer.fill(SCRIBBLE, 0, 64);
    this.driver.advanced(this.now());
  }

  again(): void {
    this.resumes = true;
  }

  close(): void {
    const { transfer } = this.driver;
    if (transfer?.act === "close") this.#carryOut(transfer);
    this.closed = true;
  }

  // --- the client's side ---

  /** Reads `count` octets of the replies, so that there is room for others. */
  take(count: number): void {
    const { congested } = this;
    this.room += count;
    if (congested && !this.congested) this.driver.resume(this.now());
  }

  /** The data connection to the client's address is made, or refused. */
  answer(failure?: Failure): void {
    const { slowToConnect } = this;
    this.refusal = failure;
    this.slowToConnect = false;
    this.pursue();
    this.slowToConnect = slowToConnect;
  }

  /** The data connection whose close is under way is closed. */
  finishClose(): void {
    const { slowToClose } = this;
    this.slowToClose = false;
    this.pursue();
    this.slowToClose = slowToClose;
  }

  /** Connects to the passive port, or has been connected to, and takes all that comes. */
  takeData(step: number): Uint8Array {
    this.arrived = [];
    this.#connected = true;
    this.#takes = step;
    this.pursue();
    return concatenate(this.arrived);
  }

  /** The same, sends `octets`, `step` at a time, and leaves the connection open. */
  giveData(octets: Uint8Array, step: number): void {
    this.#connected = true;
    for (let at = 0; at < octets.length; at += step) {
      this.#coming.push(octets.slice(at, at + step));
      this.pursue();
    }
    if (octets.length === 0) this.pursue();
  }

  /** Closes the data connection, all being sent. */
  endData(): void {
    this.#ended = true;
    this.pursue();
  }

  // --- acts ---

  /** One act; false when it has to wait. */
  #carryOut(transfer: Transfer): boolean {
    if (this.trouble !== undefined && transfer.effect !== undefined) {
      transfer.fail(this.trouble, ON_PURPOSE);
      this.trouble = undefined;
    }
    const { act } = transfer;
    switch (act) {
      case "accept":
        return this.#connected && transfer.accepted(this.driver.passive.socket!.host!, this.now());
      case "connect":
        return this.#connect(transfer);
      case "read":
        if (this.#takes === 0) return false;
        this.driver.slot.read(transfer.buffer, transfer);
        return true;
      case "send": {
        const part = transfer.chunk.slice(0, this.#takes);
        this.arrived.push(part);
        transfer.sent(part.length, this.now());
        return true;
      }
      case "receive": {
        const piece = this.#coming.shift();
        if (piece === undefined && !this.#ended) return false;
        if (piece !== undefined) transfer.buffer.set(piece);
        transfer.received(piece?.length ?? 0, this.now());
        return true;
      }
      case "write":
        this.driver.slot.write(transfer.chunk, transfer);
        return true;
      case "look":
        transfer.controlSeen(this.alive);
        return true;
      case "close":
        if (this.slowToClose) return false;
        this.#connected = this.#ended = false;
        this.#takes = 0;
        this.#coming.length = 0;
        transfer.closed();
        return true;
      case "hold":
      case "over":
        return false;
      case "move":
        throw new Error("There is no kernel here that moves octets");
      default:
        return unreachable(act);
    }
  }

  #connect(transfer: Transfer): boolean {
    if (this.slowToConnect) return false;
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal !== undefined) transfer.fail(refusal, ON_PURPOSE);
    else transfer.madeConnection(this.now());
    return true;
  }
}
