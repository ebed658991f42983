/**
 * How far a transfer is, on standard error: one line that is redrawn on a terminal, and one line
 * at the end anywhere.
 *
 * The verbs drive it. A timer draws, not the transfer, so that a chunk costs nothing and a
 * standstill can be seen.
 *
 * @module
 */

import { printable } from "../mod.ts";
import type { Console } from "./console.ts";
import {
  formatClock,
  formatElapsed,
  formatRate,
  formatSize,
  padEnd,
  shorten,
  textWidth,
} from "./format.ts";

/** Ten times a second reads as movement and costs nothing. */
export const DRAW_INTERVAL_MS = 100;

/** The rate shown is that of so many draws: 3 seconds follow a change and do not jitter. */
const RATE_DRAWS = 30;

const BAR_WIDTH_MIN = 10;
const BAR_WIDTH_MAX = 40;
/** A longer name gives way to the numbers. */
const NAME_WIDTH_KEPT = 16;

/** What a progress line shows. */
export interface ProgressState {
  readonly name: string;
  /** Octets of the file that are there, with those of an earlier transfer. */
  readonly done: number;
  readonly total: number | undefined;
  readonly octetsPerSecond: number;
  readonly elapsedMs: number;
}

/** One line of at most `columns - 1` columns: in the last one some terminals wrap. */
export function renderProgress(state: ProgressState, columns: number): string {
  const room = columns - 1;
  const name = printable(state.name);
  const nameKept = Math.min(textWidth(name), NAME_WIDTH_KEPT);
  const numbers = layouts(state).find((text) => nameKept + textWidth(text) <= room) ?? "";
  const nameShown = shorten(name, room - textWidth(numbers));
  const spare = room - textWidth(nameShown) - textWidth(numbers) - 4;
  if (state.total === undefined || state.total === 0 || spare < BAR_WIDTH_MIN) {
    return nameShown + numbers;
  }
  return `${nameShown}  ${bar(state.done / state.total, Math.min(spare, BAR_WIDTH_MAX))}${numbers}`;
}

/** What can stand behind the name, from the most to the least. */
function layouts(state: ProgressState): string[] {
  const done = formatSize(state.done).padStart(10);
  const rate = formatRate(state.octetsPerSecond).padStart(12);
  if (state.total === undefined) {
    const elapsed = formatClock(state.elapsedMs);
    return [`  ${done}  ${rate}  ${elapsed}`, `  ${done}  ${rate}`, `  ${done}`];
  }
  const share = state.total === 0 ? 1 : Math.min(1, state.done / state.total);
  // Only what is complete is 100 %.
  const percent = `${Math.floor(100 * share)}%`.padStart(4);
  const left = state.octetsPerSecond > 0
    ? 1000 * Math.max(0, state.total - state.done) / state.octetsPerSecond
    : undefined;
  const eta = `ETA ${formatClock(left).padStart(5)}`;
  return [
    `  ${percent}  ${done} of ${formatSize(state.total)}  ${rate}  ${eta}`,
    `  ${percent}  ${done}  ${rate}  ${eta}`,
    `  ${percent}  ${rate}`,
    `  ${percent}`,
  ];
}

function bar(share: number, width: number): string {
  const inner = width - 2;
  const filled = Math.min(inner, Math.floor(inner * share));
  return `[${padEnd("=".repeat(filled), inner)}]`;
}

/** `a.avi: 1.2 MiB in 0.4 s (3.0 MiB/s)`. */
export function renderSummary(name: string, octets: number, elapsedMs: number): string {
  // A millisecond is the least that makes a rate worth reading.
  const rate = formatRate(1000 * octets / Math.max(1, elapsedMs));
  return `${printable(name)}: ${formatSize(octets)} in ${formatElapsed(elapsedMs)} (${rate})`;
}

/** The progress of one transfer. */
export class Progress {
  readonly #console: Console;
  readonly #name: string;
  readonly #now: () => number;
  readonly #startedMs: number;
  readonly #samples: { readonly ms: number; readonly octets: number }[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #offset = 0;
  #total: number | undefined;
  #octets = 0;
  #drawn = false;

  /** @param now Milliseconds of any clock that never goes back. */
  constructor(console: Console, name: string, now: () => number = () => performance.now()) {
    this.#console = console;
    this.#name = name;
    this.#now = now;
    this.#startedMs = now();
  }

  /** The transfer begins at `offset` of a file of `total` octets; a terminal shows it from now on. */
  start(offset: number, total: number | undefined): void {
    this.#offset = offset;
    this.#total = total;
    if (!this.#console.errTerminal) return;
    this.#timer = setInterval(() => this.draw(), DRAW_INTERVAL_MS);
  }

  /** So many octets have been moved. */
  update(octets: number): void {
    this.#octets = octets;
  }

  /** Draws the line as it is now. */
  draw(): void {
    const ms = this.#now();
    this.#samples.push({ ms, octets: this.#octets });
    if (this.#samples.length > RATE_DRAWS) this.#samples.shift();
    const oldest = this.#samples.length < RATE_DRAWS
      ? { ms: this.#startedMs, octets: 0 }
      : this.#samples[0]!;
    const line = renderProgress({
      name: this.#name,
      done: this.#offset + this.#octets,
      total: this.#total,
      octetsPerSecond: 1000 * (this.#octets - oldest.octets) / Math.max(1, ms - oldest.ms),
      elapsedMs: ms - this.#startedMs,
    }, this.#console.columns());
    this.#drawn = true;
    this.#console.writeError(`\r${line}\x1b[K`);
  }

  /** Ends the drawing and clears the line. */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#drawn) this.#console.writeError("\r\x1b[K");
    this.#drawn = false;
  }

  /** Ends the drawing with the one line that stays. */
  finish(): void {
    this.stop();
    const elapsedMs = this.#now() - this.#startedMs;
    this.#console.writeError(`${renderSummary(this.#name, this.#octets, elapsedMs)}\n`);
  }
}
