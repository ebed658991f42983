/**
 * Many descriptors: how many this process may have, numbers up to a wanted one, and what poll(2) says
 * to as many entries as one likes. select_limit.ts asks.
 *
 * @module
 */

import { openFilesMax } from "../../run/machine.ts";
import { Libc } from "../../../models/libc/mod.ts";
import { POLLFD_BYTES } from "../../../models/libc/structs.ts";
import { LessonError } from "../lesson.ts";
import type { Sockets } from "./sockets.ts";

/** A longer array of entries for poll(2) would not be worth its memory. */
const ENTRIES_MAX = 1 << 20;

/** Opens descriptors until one is `last`; they are numbered upwards with few holes. */
export function openUpTo(last: number, sockets: Sockets): number[] {
  const opened: number[] = [];
  for (let fd = -1; fd < last;) {
    fd = sockets.own(sockets.libc.eventfd());
    if (opened.length > last) throw new LessonError(`Descriptors end before number ${last}`);
    opened.push(fd);
  }
  return opened;
}

/** RLIMIT_NOFILE, or undefined when it is too large to be tried. */
export function openFilesToTry(): number | undefined {
  const soft = openFilesMax();
  return soft <= ENTRIES_MAX ? soft : undefined;
}

/** What poll(2) says to `count` entries that name no descriptor at all (-1). */
export function pollEntries(count: number): number {
  return new Libc().poll(new Uint8Array(count * POLLFD_BYTES).fill(0xff), BigInt(count), 0);
}
