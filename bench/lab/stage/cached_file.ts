/**
 * Files and the kernel's page cache: one that is not in it, and how much of one is. copies.ts asks.
 *
 * @module
 */

import { EINVAL, O_CREAT, O_DIRECT, O_RDONLY, O_WRONLY } from "../../../models/libc/constants.ts";
import { alignedBuffer, pageBytes, Probe } from "../../../models/libc/probe.ts";
import { LessonError } from "../lesson.ts";
import { LARGE_BYTES } from "./mover.ts";
import type { Sockets } from "./sockets.ts";

/** Makes a file of which nothing is cached; false: the file system has no O_DIRECT, so it is. */
export function writePastTheCache(sockets: Sockets, path: string, bytes: number): boolean {
  const { libc } = sockets;
  const open = (flags: number) => libc.open(path, O_WRONLY | O_CREAT | flags, 0o600);
  const past = open(O_DIRECT);
  const file = sockets.own(past === -EINVAL ? open(0) : past);
  const buffer = alignedBuffer(LARGE_BYTES).fill(0x55);
  for (let written = 0; written < bytes; written += buffer.length) {
    if (libc.write(file, buffer) !== buffer.length) throw new LessonError("Cannot write the file");
  }
  sockets.close(file);
  return past !== -EINVAL;
}

/** How much of the file at `path` is cached now, or undefined when the kernel does not tell. */
export function cachedShare(sockets: Sockets, path: string, bytes: number): number | undefined {
  const file = sockets.own(sockets.libc.open(path, O_RDONLY, 0));
  const pages = new Probe().cachedPages(file);
  sockets.close(file);
  return pages === undefined ? undefined : pages * pageBytes() / bytes;
}
