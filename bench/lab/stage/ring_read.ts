/**
 * A read of a file through io_uring(7), for which the thread does not wait: it hands the read over,
 * works, and looks at times whether the completion is there. file_blocks.ts compares it with read(2).
 *
 * @module
 */

import { Probe } from "../../../models/libc/probe.ts";
import { memoryAddress, Ring } from "../../../models/libc/uring.ts";
import { LessonError } from "../lesson.ts";

/** How long a read may take, milliseconds; and the own work between two looks. */
const PATIENCE_MS = 10_000, WORK_MS = 0.1;

/** The kernel's thread goes to sleep after that without submissions, milliseconds. */
const IDLE_MS = 1;

/** Tags: the read itself, which tells only of a failure, and what follows it. */
const READ = 1, DONE = 2;

/** What a read took. */
export interface RingRead {
  /** In how many of the calls that handed it over the thread slept. */
  readonly slept: number;
  /** How often the thread worked before it was done. */
  readonly worked: number;
}

/** Reads files through a ring, whose submissions a thread of the kernel takes. */
export class RingReader implements Disposable {
  readonly #ring = new Ring({ entries: 4, pollingIdleMs: IDLE_MS });
  readonly #probe = new Probe();

  /** Fills `buffer` from the position of `fd`. @throws {LessonError} when that fails. */
  read(fd: number, buffer: Uint8Array<ArrayBuffer>): RingRead {
    const before = this.#probe.switches().voluntary;
    this.#ring.readThen(fd, memoryAddress(buffer), buffer.length, READ);
    this.#ring.nop(DONE);
    this.#ring.enter(0);
    const slept = this.#probe.switches().voluntary > before ? 1 : 0;
    const deadline = performance.now() + PATIENCE_MS;
    let worked = 0, done = false, failed = false;
    for (; !done; worked++) {
      const now = performance.now();
      if (now > deadline) throw new LessonError("A read of a file did not end in time");
      while (performance.now() < now + WORK_MS) continue;
      this.#ring.reap((tag, result) => {
        done ||= tag === DONE;
        failed ||= tag === DONE ? result < 0 : result !== buffer.length;
      });
    }
    if (failed) throw new LessonError("Cannot read a file through the ring");
    return { slept, worked };
  }

  [Symbol.dispose](): void {
    this.#ring.close();
  }
}
