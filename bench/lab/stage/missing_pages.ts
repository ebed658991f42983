/**
 * Memory that is missed by whoever touches it next: so the kernel's count of page faults tells who
 * copies. mover.ts and four_ways.ts have their buffers miss their pages before a call.
 *
 * @module
 */

import type { LessonCalls } from "../../../models/libc/lesson_calls.ts";
import { errorText } from "../../../models/libc/mod.ts";
import { LessonError } from "../lesson.ts";

/**
 * Gives the pages of `memory` back, an alignedBuffer() of probe.ts.
 *
 * @throws {LessonError} when the kernel keeps them: nobody would miss them then.
 */
export function giveBack(calls: LessonCalls, memory: Uint8Array<ArrayBuffer>): void {
  const result = calls.giveBack(memory);
  if (result < 0) throw new LessonError(`Cannot give memory back: ${errorText(-result)}`);
}
