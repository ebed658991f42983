/**
 * Readiness by guessing: every watched descriptor may be ready, so each is tried in each round.
 * Between two rounds that found nothing it sleeps: this is what polling means without a kernel
 * call that waits.
 *
 * @module
 */

import type { Libc } from "../libc/mod.ts";
import type { OnReady, Selector } from "./mod.ts";

/** Tells everything it watches, always. `intervalMs` 0 spins. */
export class ScanSelector implements Selector {
  readonly edge = false;
  readonly #interests = new Map<number, number>();

  constructor(readonly libc: Libc, readonly intervalMs: number) {
  }

  refuses(): undefined {}

  set(fd: number, interest: number): void {
    if (interest === 0) this.#interests.delete(fd);
    else this.#interests.set(fd, interest);
  }

  remove(fd: number): void {
    this.#interests.delete(fd);
  }

  forget(fd: number): void {
    this.remove(fd);
  }

  wait(timeoutMs: number, idle: boolean, onReady: OnReady): void {
    if (idle && timeoutMs !== 0 && this.intervalMs > 0) {
      this.libc.sleep(timeoutMs < 0 ? this.intervalMs : Math.min(timeoutMs, this.intervalMs));
    }
    for (const [fd, interest] of this.#interests) onReady(fd, interest);
  }

  close(): void {}
}
