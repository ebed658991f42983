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

/** Tags: the read itself, which tells only of a failure, and what follows it. */
const READ = 1, DONE = 2;

/** What a read took. */
export interface RingRead {
  /** 1 when the thread slept in one of its calls, else 0. */
  readonly slept: number;
  /** How often the thread worked, when it had looked and the read was not done. */
  readonly worked: number;
}

/**
 * Reads files through a ring. No thread of the kernel looks for submissions: the calls that hand
 * the read over and look for its completion are this thread's, which could be stopped in each of
 * them.
 */
export class RingReader implements Disposable {
  readonly #ring = new Ring({ entries: 4 });
  readonly #probe = new Probe();

  /** Fills `buffer` from the position of `fd`. @throws {LessonError} when that fails. */
  read(fd: number, buffer: Uint8Array<ArrayBuffer>): RingRead {
    let slept = 0, worked = 0, done = false, failed = false;
    const look = () => {
      const before = this.#probe.switches().voluntary;
      this.#ring.enter(0);
      if (this.#probe.switches().voluntary > before) slept = 1;
      this.#ring.reap((tag, result) => {
        done ||= tag === DONE;
        failed ||= tag === DONE ? result < 0 : result !== buffer.length;
      });
    };
    this.#ring.readThen(fd, memoryAddress(buffer), buffer.length, READ);
    this.#ring.nop(DONE);
    const deadline = performance.now() + PATIENCE_MS;
    for (look(); !done; look()) {
      const now = performance.now();
      if (now > deadline) throw new LessonError("A read of a file did not end in time");
      while (performance.now() < now + WORK_MS) continue;
      worked++;
    }
    if (failed) throw new LessonError("Cannot read a file through the ring");
    return { slept, worked };
  }

  [Symbol.dispose](): void {
    this.#ring.close();
  }
}
