/**
 * How the pool of blocking grows: when the last idle thread has got a client another is started,
 * up to the most that there may be; beyond that clients wait, and the operator is told. While they
 * wait, a start that failed is tried again, more and more rarely.
 *
 * @module
 */

import { type Clock, now } from "../clock.ts";
import type { Kernel } from "../libc/mod.ts";
import type { Terminal } from "../model.ts";
import { SHARED } from "../pool/link.ts";
import type { Pool } from "../pool/supervisor.ts";

/** Between two looks whether a client waits while all threads are busy, milliseconds. */
const SATURATION_CHECK_MS = 250;

/** The pause after a start that failed, milliseconds; each in a row doubles it, up to the most. */
const RETRY_MS = 250, RETRY_MS_MAX = 16_000;

/** Starts threads for one pool. */
export class Growth {
  #growing = false;
  #watching: ReturnType<typeof setInterval> | undefined;
  /** Why the last start of a thread failed, which the operator has been told. */
  #failure: string | undefined;
  #retryMs = RETRY_MS;
  /** No thread is started before. */
  #retryAt = -Infinity;

  /** @param listener whose backlog clients wait in */
  constructor(
    readonly kernel: Kernel,
    readonly listener: number,
    readonly workersMax: number,
    readonly terminal: Terminal,
    readonly clock: Clock = now,
  ) {}

  /** All threads of `pool` have a client: starts others until one is idle again. */
  async saturated(pool: Pool): Promise<void> {
    if (this.#growing) return;
    this.#growing = true;
    let room = true;
    while (room && !pool.stopped && allBusy(pool)) {
      room = this.#mayGrow(pool) && await this.#grown(pool);
    }
    this.#growing = false;
    // Whoever makes all busy while there is room says so, and is heard after this.
    if (!room && allBusy(pool)) this.#watch(pool);
  }

  /** Looks no more. */
  stop(): void {
    clearInterval(this.#watching);
    this.#watching = undefined;
  }

  #mayGrow(pool: Pool): boolean {
    return pool.size < this.workersMax && this.clock() >= this.#retryAt;
  }

  async #grown(pool: Pool): Promise<boolean> {
    try {
      await pool.grow();
      this.#failure = undefined;
      this.#retryMs = RETRY_MS;
      return true;
    } catch (error) {
      this.#retryAt = this.clock() + this.#retryMs;
      this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS_MAX);
      const text = error instanceof Error ? error.message : String(error);
      if (text !== this.#failure) this.terminal.event({ kind: "warning", text });
      this.#failure = text;
      return false;
    }
  }

  /** Sees whether clients wait, for as long as all threads are busy. */
  #watch(pool: Pool): void {
    let told = false;
    this.#watching ??= setInterval(() => {
      const waiting = allBusy(pool) && !pool.stopped
        ? this.kernel.backlogLength(this.listener)
        : -1;
      Atomics.store(pool.shared, SHARED.crowded, waiting > 0 ? 1 : 0);
      if (waiting < 0) this.stop();
      if (waiting <= 0) return;
      if (this.#mayGrow(pool)) this.saturated(pool); // what failed may succeed by now
      if (told) return;
      told = true;
      const clients = waiting === 1 ? "1 client waits" : `${waiting} clients wait`;
      const text = `All ${pool.size} workers are busy: ${clients} in the backlog`;
      this.terminal.event({ kind: "warning", text });
    }, SATURATION_CHECK_MS);
  }
}

function allBusy(pool: Pool): boolean {
  return Atomics.load(pool.shared, SHARED.busy) >= pool.size;
}
