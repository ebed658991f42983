/**
 * What is counted of transfers: of one while it runs, and of all of them for the sum.
 *
 * @module
 */

import { printable } from "../text.ts";
import { formatElapsed, formatRate, formatSize } from "./format.ts";

/** One transfer in numbers. */
export class TalliedTransfer {
  /** As the user knows it; it may hold anything. */
  readonly name: string;
  /** When it was begun, in milliseconds of the clock of whoever counts. */
  readonly begunMs: number;
  /** When octets could first move; undefined before. */
  startedMs: number | undefined;
  /** Octets that were there before. */
  offset = 0;
  /** The size of the whole file, as far as it is known. */
  total: number | undefined;
  #moved = 0;
  #end: End | undefined;

  /** Begins now. */
  constructor(name: string, begunMs: number) {
    this.name = name;
    this.begunMs = begunMs;
  }

  /**
   * Octets may move from now on. One that was broken off starts again where it first did, with all
   * that it has moved as its next update (`AttemptedTransfer`).
   */
  start(offset: number, total: number | undefined, ms: number): void {
    this.startedMs ??= ms;
    this.offset = offset;
    this.total = total;
  }

  /** It has ended so; false: it had ended before, and that counts. */
  endAs(end: End): boolean {
    if (this.#end !== undefined) return false;
    this.#end = end;
    return true;
  }

  /** It is tried again; false: it was not stopped. */
  goOn(): boolean {
    if (this.#end !== "stopped") return false;
    this.#end = undefined;
    return true;
  }

  /** So many octets have been moved since the first start. */
  update(octets: number): void {
    this.#moved = octets;
  }

  /** Octets that were moved and count, in all starts of it. */
  get moved(): number {
    return this.#moved;
  }

  /** Octets of the file that are where they belong. */
  get done(): number {
    return this.offset + this.#moved;
  }
}

/** How a transfer ended: "skipped" when nothing had to be moved. */
export type End = "complete" | "skipped" | "stopped";

/** What has become of the transfers of a run. */
export class Tally {
  /** Files that are complete, whether octets had to be moved or not. */
  files = 0;
  /** Those among them that were so before. */
  skipped = 0;
  /** Files that are not. */
  stopped = 0;
  /** Octets that were moved by transfers that have ended. */
  octets = 0;
  /** The same with those that were there before. */
  done = 0;

  /** Takes in one that has ended. */
  add(transfer: TalliedTransfer, end: End): void {
    this.#count(transfer, end, 1);
  }

  /** One that was stopped goes on. */
  takeBack(transfer: TalliedTransfer): void {
    this.#count(transfer, "stopped", -1);
  }

  #count({ moved, done, total = 0 }: TalliedTransfer, end: End, by: 1 | -1): void {
    this.octets += by * moved;
    this.done += by * (end === "skipped" ? total : done);
    if (end === "stopped") this.stopped += by;
    else this.files += by;
    if (end === "skipped") this.skipped += by;
  }
}

/** `a.avi: 1.2 MiB in 0.4 s (3.0 MiB/s)`. */
export function renderSummary(name: string, octets: number, elapsedMs: number): string {
  // A millisecond is the least that makes a rate worth reading.
  const rate = formatRate(1000 * octets / Math.max(1, elapsedMs));
  return `${printable(name)}: ${formatSize(octets)} in ${formatElapsed(elapsedMs)} (${rate})`;
}

/** `8 files (2 of them complete before), 1 not: 96.0 MiB in 3.2 s (30.0 MiB/s)`. */
export function renderSum({ files, skipped, stopped, octets }: Tally, elapsedMs: number): string {
  const before = skipped === 0 ? "" : ` (${skipped} of them complete before)`;
  const not = stopped === 0 ? "" : `, ${stopped} not`;
  return renderSummary(`${countFiles(files)}${before}${not}`, octets, elapsedMs);
}

/** `1 file`, `8 files`. */
export function countFiles(count: number): string {
  return `${count} ${count === 1 ? "file" : "files"}`;
}
