/**
 * A disk that is slow now and then, for experiments: files on a developer's machine come from the
 * page cache, where no read ever waits, and so nobody sees what a slow one does to each model.
 *
 * One for each worker. It counts reads and says how much longer one takes; how to wait for so long
 * is the model's affair. A thread that reads by itself sleeps, as it would in read(2) or
 * sendfile(2). The async model awaits a timer, as it would a read on the runtime's thread pool;
 * its reads themselves come from the page cache without one (ARCHITECTURE.md says why).
 *
 * @module
 */

import type { Counters } from "./counters.ts";
import type { DiskDelay } from "./model.ts";

/** Says which reads are slow. */
export class SlowDisk {
  #reads = 0;

  constructor(readonly delay: DiskDelay, readonly counters: Counters) {}

  /** One block is read: the milliseconds that it takes longer, 0 for most. */
  read(): number {
    this.#reads += 1;
    if (this.#reads % this.delay.every !== 0) return 0;
    this.counters.add("delayedReads", 1);
    return this.delay.ms;
  }
}

/** The disk of one worker; undefined where every read is as fast as it is. */
export function slowDisk(delay: DiskDelay | undefined, counters: Counters): SlowDisk | undefined {
  return delay === undefined ? undefined : new SlowDisk(delay, counters);
}
