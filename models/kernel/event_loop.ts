/**
 * What an event loop is to the connections and the server in it, whatever it waits for: a time,
 * deadlines, and a next round. The loops of readiness/ and uring/ are such; it knows no session.
 *
 * @module
 */

import type { Deadlines } from "../driver/deadlines.ts";

/** Who goes on in the next round. */
export interface Resumed {
  /** Others had their turn. */
  resume(): void;
  /** The work threw, which only a bug can cause: it is to end, and nothing else. */
  crashed(error: unknown): void;
}

/** One loop of one thread. */
export interface EventLoop {
  /** The time of this round, milliseconds since the epoch. */
  readonly now: number;
  /** What waits for its time. */
  readonly deadlines: Deadlines;
  /** How many are given work in this round. */
  readonly worked: number;
  /** `resumed` goes on in the next round. */
  later(resumed: Resumed): void;
  /** Waits for anything or a deadline, then gives everybody concerned a unit of work. */
  round(): void;
}

/** Lets all go on whom `later` kept. */
export function resumeEach(later: readonly Resumed[]): void {
  for (const resumed of later) {
    try {
      resumed.resume();
    } catch (error) {
      resumed.crashed(error);
    }
  }
}
