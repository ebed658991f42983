/**
 * A file's way to a socket over loopback, by read(2) and send(2) or by sendfile(2), with an account
 * of what passed through this program, by page faults: a page of the buffer that was given back is
 * missed by the call that copies to it or from it. copies.ts compares such ways.
 *
 * @module
 */

import {
  EAGAIN,
  MSG_DONTWAIT,
  MSG_TRUNC,
  O_DIRECT,
  O_RDONLY,
} from "../../../models/libc/constants.ts";
import { CALL_NAMES, EAGAIN_COUNTER, errorText, Libc } from "../../../models/libc/mod.ts";
import { LessonCalls } from "../../../models/libc/lesson_calls.ts";
import { alignedBuffer, pageBytes, Probe } from "../../../models/libc/probe.ts";
import { giveBack } from "./missing_pages.ts";

/** One read, write or sendfile of a program that knows what it does, octets. */
export const LARGE_BYTES = 256 << 10;

/** The same of one that does not. */
export const SMALL_BYTES = 512;

/** How the octets get from the file to the socket. */
export const WAYS = {
  "read and send": { flags: O_RDONLY, bytes: LARGE_BYTES },
  "read and send, 512 octets": { flags: O_RDONLY, bytes: SMALL_BYTES },
  "O_DIRECT read and send": { flags: O_RDONLY | O_DIRECT, bytes: LARGE_BYTES },
  "sendfile": { flags: O_RDONLY, bytes: 0 },
} as const;

/** One of them. */
export type Way = keyof typeof WAYS;

/** How often the last octets are waited for, a millisecond each: on loopback they are there. */
const WAITS_MAX = 2_000;

/** What one journey of the file took. */
export interface Journey {
  /** Octets that arrived. */
  readonly arrived: number;
  /** Octets of the pages that the kernel had to find meanwhile, for this program or for itself. */
  readonly touched: number;
  /** Calls that moved octets. */
  readonly calls: number;
  /** Processor time without the draining, microseconds. */
  readonly cpuUs: number;
}

/** A file's way to a socket that is drained at its other end. */
export class Mover {
  readonly #probe = new Probe();
  readonly #more = new LessonCalls();
  readonly #large = alignedBuffer(LARGE_BYTES);
  readonly #scratch = new Uint8Array(LARGE_BYTES);
  /** Counts apart: draining is not the program's work. */
  readonly #drainer = new Libc();
  #drainUs = 0;
  #arrived = 0;
  #missing = false;

  /** @param near does not block; what is sent to it arrives at `far`. */
  constructor(readonly libc: Libc, readonly near: number, readonly far: number) {}

  /**
   * Moves the `size` octets of `file` from its position on in steps of `bytes`; 0: by sendfile.
   *
   * @param missing gives the buffer's pages back before each call, so that the kernel counts those
   *   it needs. What arrives is then zeros: good for counting, and it costs time.
   */
  move(file: number, size: number, bytes: number, missing = false): Journey {
    this.#drainUs = this.#arrived = 0;
    this.#missing = missing;
    const faultsBefore = this.#probe.pageFaults();
    const before = this.#probe.cpuUs();
    const callsBefore = this.#calls();
    if (bytes === 0) this.#sendfile(file);
    else this.#copy(file, this.#large.subarray(0, bytes));
    const calls = this.#calls() - callsBefore;
    const cpuUs = this.#probe.cpuUs() - before - this.#drainUs;
    const touched = (this.#probe.pageFaults() - faultsBefore) * pageBytes();
    for (let waits = 0; waits < WAITS_MAX; waits++) {
      this.#drain();
      if (this.#arrived >= size) break;
      this.#drainer.sleep(1);
    }
    return { arrived: this.#arrived, touched, calls, cpuUs };
  }

  #copy(file: number, buffer: Uint8Array<ArrayBuffer>): void {
    for (;;) {
      if (this.#missing) giveBack(this.#more, this.#large);
      const count = this.#moved(this.libc.read(file, buffer));
      if (count === 0) return;
      if (this.#missing) giveBack(this.#more, this.#large);
      for (let sent = 0; sent < count;) {
        const taken = this.libc.send(this.near, buffer.subarray(sent, count), 0);
        if (taken === -EAGAIN) this.#drain();
        else sent += this.#moved(taken);
      }
    }
  }

  #sendfile(file: number): void {
    const most = BigInt(LARGE_BYTES);
    for (;;) {
      const count = this.libc.sendfile(this.near, file, most);
      if (count === -EAGAIN) this.#drain();
      else if (this.#moved(count) === 0) return;
    }
  }

  /** Takes what has arrived, without copying it (MSG_TRUNC, tcp(7)). */
  #drain(): void {
    const before = this.#probe.cpuUs();
    const most = BigInt(LARGE_BYTES);
    for (;;) {
      const count = this.#drainer.recv(this.far, this.#scratch, most, MSG_TRUNC | MSG_DONTWAIT);
      if (count <= 0) break;
      this.#arrived += count;
    }
    this.#drainUs += this.#probe.cpuUs() - before;
  }

  #calls(): number {
    const names = ["read", "send", "sendfile"] as const;
    const { calls } = this.libc;
    const made = names.reduce((sum, name) => sum + calls[CALL_NAMES.indexOf(name)]!, 0);
    return made - calls[EAGAIN_COUNTER]!;
  }

  #moved(count: number): number {
    if (count < 0) throw new Error(`Cannot move octets: ${errorText(-count)}`);
    return count;
  }
}
