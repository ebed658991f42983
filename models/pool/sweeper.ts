/**
 * Has the partial uploads that nobody went on with removed, after a server has started and daily: a
 * few names at a time, between which the supervisor does what it is there for.
 *
 * @module
 */

import type { FileStore } from "../files/contract.ts";

/** Between two ways through the tree. */
const DAY_MS = 86_400_000;

/** Before the first way: those who waited for the server to start are served meanwhile. */
const START_MS = 1_000;

/** Between two steps of one. */
const STEP_MS = 20;

/** Sweeps one store. */
export class Sweeper {
  #timer: ReturnType<typeof setTimeout>;
  #store: FileStore | undefined;
  #stopped = false;

  /**
   * @param open opens the store, once it is needed
   * @param days how old a partial file must be
   * @param warn told when the store cannot be opened; that is tried again after a day
   */
  constructor(
    readonly open: () => Promise<FileStore>,
    readonly days: number,
    readonly warn: (text: string) => void,
  ) {
    this.#timer = setTimeout(() => this.#begin(), START_MS);
  }

  /** Ends it, and closes the store. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#store?.close();
    this.#store = undefined;
  }

  async #begin(): Promise<void> {
    try {
      const store = await this.open();
      if (this.#stopped) return store.close();
      this.#store = store;
      this.#step(store);
    } catch (error) {
      if (this.#stopped) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.warn(`Old partial files are not looked for: ${reason}`);
      this.#timer = setTimeout(() => this.#begin(), DAY_MS);
    }
  }

  #step(store: FileStore): void {
    const { ended } = store.sweep(this.days, Date.now());
    this.#timer = setTimeout(() => this.#step(store), ended ? DAY_MS : STEP_MS);
  }
}
