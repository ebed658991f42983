/**
 * Readiness by guessing: every watched descriptor may be ready, so each is tried in each round.
 * Between two rounds that found nothing it sleeps: this is what polling means without a kernel
 * call that waits.
 *
 * @module
 */

import type { Kernel } from "../libc/mod.ts";
import type { ReadyList, Selector } from "./mod.ts";

/** Tells everything it watches, always. `intervalMs` 0 spins. */
export class ScanSelector implements Selector {
  /** See Selector. */
  readonly edge = false;
  /** See Selector. */
  readonly guesses = true;
  readonly #interests = new Map<number, number>();

  constructor(readonly kernel: Kernel, readonly intervalMs: number) {
  }

  /** See Selector. */
  refuses(): undefined {}

  /** See Selector. */
  set(fd: number, interest: number): number {
    if (interest === 0) this.#interests.delete(fd);
    else this.#interests.set(fd, interest);
    return 0;
  }

  /** See Selector. */
  remove(fd: number): void {
    this.#interests.delete(fd);
  }

  /** See Selector. */
  forget(fd: number): void {
    this.remove(fd);
  }

  /** See Selector. */
  wait(timeoutMs: number, ready: ReadyList): void {
    ready.count = 0;
    if (timeoutMs !== 0 && this.intervalMs > 0) {
      this.kernel.sleep(timeoutMs < 0 ? this.intervalMs : Math.min(timeoutMs, this.intervalMs));
    }
    for (const [fd, interest] of this.#interests) ready.add(fd, interest);
  }

  /** See Selector. */
  close(): void {}
}
