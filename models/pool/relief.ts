/**
 * Looks now and then for workers that do not come back from a slow call, and has the others take
 * over what they were to accept or to begin. The supervisor runs it beside workers that hand
 * connections over; it waits for nobody.
 *
 * @module
 */

import { now } from "../clock.ts";
import type { Counters } from "./counters.ts";
import type { Handoff } from "./handoff.ts";

/** Between two looks, milliseconds: a client waits for two of them at most. */
const LOOK_MS = 250;

/** What it sees of a worker. */
export interface Watched {
  /** Its counters tell whether its loop turns. */
  readonly counters: Counters;
  /** false: it has ended. */
  readonly running: boolean;
}

/** One for each pool. */
export class Relief {
  readonly #timer: ReturnType<typeof setInterval>;
  /** The wake-ups of each worker at the last look; undefined where it waited. */
  #seen: (number | undefined)[] = [];

  /**
   * @param workers by their index; it may grow
   * @param wake gets a worker, by its index, to look at its inbox
   */
  constructor(
    readonly handoff: Handoff,
    readonly workers: readonly Watched[],
    readonly wake: (worker: number) => void,
  ) {
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** Looks at once: a worker has ended. */
  look(): void {
    const seen = this.workers.map(({ counters }) => {
      const { lane, wakeups } = counters.read();
      return lane === "waiting" ? undefined : wakeups;
    });
    const stuck = this.workers.map(({ running }, worker) =>
      !running || seen[worker] !== undefined && seen[worker] === this.#seen[worker]
    );
    this.#seen = seen;
    for (const worker of this.handoff.relieve(stuck, now())) this.wake(worker);
  }

  /** Looks no more. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
