/**
 * One worker's counters in shared memory: the worker writes, the supervisor reads at any time.
 *
 * Only the worker writes its own counters while it runs, so plain stores suffice; a reader may see
 * one that is a moment old. That it has ended, the supervisor writes.
 *
 * @module
 */

import { type Lane, LANES, type WorkerStats } from "../model.ts";

/** The counters after the calls, in their order in memory. */
const FIELDS = [
  "wakeups",
  "emptyWakeups",
  "emptyAccepts",
  "octetsIn",
  "octetsOut",
  "octetsCopied",
  "delayedReads",
  "sessions",
  "sessionsOpen",
] as const;

type Field = typeof FIELDS[number];

const FIELD_INDEX = Object.fromEntries(FIELDS.map((name, index) => [name, index])) as Record<
  Field,
  number
>;

/** Counters of calls by `callNames`, one for EAGAIN after them, the fields, and the lane. */
export class Counters {
  /** One number per call name, then EAGAIN: as models/libc wants it. */
  readonly calls: Float64Array<SharedArrayBuffer>;
  readonly #fields: Float64Array<SharedArrayBuffer>;
  readonly #lane: Int32Array<SharedArrayBuffer>;

  /** @param buffer what `Counters.allocate` made, when another thread made it. */
  constructor(
    readonly callNames: readonly string[],
    readonly buffer: SharedArrayBuffer = Counters.allocate(callNames),
  ) {
    const calls = callNames.length + 1;
    this.calls = new Float64Array(buffer, 0, calls);
    this.#fields = new Float64Array(buffer, calls * 8, FIELDS.length);
    this.#lane = new Int32Array(buffer, (calls + FIELDS.length) * 8, 1);
  }

  /** Shared memory for counters of `callNames`. */
  static allocate(callNames: readonly string[]): SharedArrayBuffer {
    return new SharedArrayBuffer((callNames.length + 1 + FIELDS.length + 1) * 8);
  }

  /** Counts `amount` of `field`. */
  add(field: Field, amount: number): void {
    this.#fields[FIELD_INDEX[field]]! += amount;
  }

  /** Says what the worker does from now on. */
  enter(lane: Lane): void {
    this.#lane[0] = LANES.indexOf(lane);
  }

  /** The counters at this moment, calls that were never made left out. */
  read(): WorkerStats {
    const calls: Record<string, number> = {};
    for (const [index, name] of this.callNames.entries()) {
      if (this.calls[index]! > 0) calls[name] = this.calls[index]!;
    }
    const field = (name: Field) => this.#fields[FIELD_INDEX[name]]!;
    return {
      lane: LANES[this.#lane[0]!]!,
      calls,
      eagain: this.calls[this.callNames.length]!,
      wakeups: field("wakeups"),
      emptyWakeups: field("emptyWakeups"),
      emptyAccepts: field("emptyAccepts"),
      octetsIn: field("octetsIn"),
      octetsOut: field("octetsOut"),
      octetsCopied: field("octetsCopied"),
      delayedReads: field("delayedReads"),
      sessions: field("sessions"),
      sessionsOpen: field("sessionsOpen"),
    };
  }
}
