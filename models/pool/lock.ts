/**
 * A lock over one number in shared memory, for what several threads change together.
 *
 * The gate holds it for less than a microsecond at a time, and the hand-off for a few, so nearly
 * always it is free or about to be; it must never be held across a call of the kernel.
 *
 * @module
 */

/** Tries before a thread sleeps: about as long as the holder is inside. */
const SPINS_MAX = 64;

/** One sleep until the lock is looked at again, milliseconds: a wake-up is hardly ever missed. */
const SLEEP_MS = 10;

/** Sleeps before the lock is given up: its holder has ended inside, which only a bug can cause. */
const SLEEPS_MAX = 500;

/** Free; held; held while others may sleep, who then must be woken. */
const FREE = 0, HELD = 1, AWAITED = 2;

/** The number at `index` of `words`, 0 at first, as a lock. */
export class Lock {
  constructor(readonly words: Int32Array<SharedArrayBuffer>, readonly index: number) {}

  /**
   * Runs `critical` while no other thread is in here, and returns what it returns.
   *
   * @throws {Error} when the lock cannot be had after SLEEPS_MAX sleeps of SLEEP_MS at most.
   */
  run<T>(critical: () => T): T {
    this.#acquire();
    try {
      return critical();
    } finally {
      if (Atomics.exchange(this.words, this.index, FREE) === AWAITED) {
        Atomics.notify(this.words, this.index, 1);
      }
    }
  }

  #acquire(): void {
    const { words, index } = this;
    for (let spins = 0; spins < SPINS_MAX; spins++) {
      if (Atomics.compareExchange(words, index, FREE, HELD) === FREE) return;
    }
    for (let sleeps = 0; sleeps < SLEEPS_MAX; sleeps++) {
      // Whoever gets it by this exchange cannot know whether others sleep, so it wakes one.
      if (Atomics.exchange(words, index, AWAITED) === FREE) return;
      Atomics.wait(words, index, AWAITED, SLEEP_MS);
    }
    throw new Error("Cannot take a lock in shared memory: its holder has ended");
  }
}
