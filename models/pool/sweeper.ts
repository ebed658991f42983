/**
 * Has the partial uploads that nobody went on with removed, when a server starts and daily: a few
 * names at a time, between which the supervisor does what it is there for.
 *
 * @module
 */

import { now } from "../clock.ts";
import type { FileStore } from "../files/contract.ts";

/** Between two ways through the tree. */
const DAY_MS = 86_400_000;

/** Between two steps of one. */
const STEP_MS = 20;

/** Sweeps one store. */
export class Sweeper {
  #timer: ReturnType<typeof setTimeout>;

  /** @param days how old a partial file must be */
  constructor(readonly store: FileStore, readonly days: number) {
    this.#timer = setTimeout(() => this.#step(), STEP_MS);
  }

  /** Ends it, and closes the store. */
  stop(): void {
    clearTimeout(this.#timer);
    this.store.close();
  }

  #step(): void {
    const { ended } = this.store.sweep(this.days, now());
    this.#timer = setTimeout(() => this.#step(), ended ? DAY_MS : STEP_MS);
  }
}
