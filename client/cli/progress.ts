/**
 * How far transfers are, as lines for a terminal: pure functions of numbers to text, and the pace
 * at which octets move.
 *
 * bars.ts draws them.
 *
 * @module
 */

import { printable } from "../text.ts";
import { formatClock, formatLeft, formatMinutes, formatRate, formatSize } from "./format.ts";
import { padEnd, shorten, textWidth } from "./width.ts";

/** The rate shown is that of so long: 3 seconds follow a change and do not jitter. */
const RATE_WINDOW_MS = 3_000;

/** Silence that is worth a word: shorter ones are the network's own. */
export const STALL_SHOWN_MS = 3_000;

/** Between columns. */
const GAP = "  ";

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
  /** Since octets could move; before that undefined. */
  readonly elapsedMs: number | undefined;
  /** For how long nothing has moved. */
  readonly idleMs: number;
}

/**
 * A line for each state, their numbers below each other, each of at most `columns - 1` columns: in
 * the last one some terminals wrap.
 */
export function renderLines(states: readonly ProgressState[], columns: number): string[] {
  if (states.length === 0) return [];
  const room = columns - 1;
  const names = states.map(({ name }) => printable(name));
  const nameKept = Math.min(Math.max(...names.map(textWidth)), NAME_WIDTH_KEPT);
  const { numbers, barWidthMin } = layoutFor(states, room - nameKept);
  const numbersWidth = numbers[0]!.length;
  const shown = names.map((name) => shorten(name, room - numbersWidth - barWidthMin));
  const nameWidth = Math.max(...shown.map(textWidth));
  const barWidth = Math.min(BAR_WIDTH_MAX, room - nameWidth - numbersWidth - GAP.length);
  return states.map((state, index) => {
    const name = padEnd(shown[index]!, nameWidth);
    if (barWidthMin === 0) return `${name}${numbers[index]}`.trimEnd();
    const space = hasBar(state) ? bar(state, barWidth) : " ".repeat(barWidth);
    return `${name}${GAP}${space}${numbers[index]}`.trimEnd();
  });
}

/** What stands behind the names in `room` columns, and how many of these are for a bar at least. */
function layoutFor(
  states: readonly ProgressState[],
  room: number,
): { readonly numbers: readonly string[]; readonly barWidthMin: number } {
  const tables = states.map(layouts);
  const layout = (index: number) => alignCells(tables.map((table) => table[index]!));
  const barWidthMin = BAR_WIDTH_MIN + GAP.length;
  for (let index = 0; states.some(hasBar) && index < LAYOUTS_WITH_BAR; index++) {
    const numbers = layout(index);
    if (numbers[0]!.length + barWidthMin <= room) return { numbers, barWidthMin };
  }
  for (let index = 0; index < LAYOUTS; index++) {
    const numbers = layout(index);
    if (numbers[0]!.length <= room) return { numbers, barWidthMin: 0 };
  }
  return { numbers: states.map(() => ""), barWidthMin: 0 };
}

const hasBar = ({ total }: ProgressState) => total !== undefined && total > 0;

function bar({ done, total }: ProgressState, width: number): string {
  const inner = width - 2;
  const filled = Math.min(inner, Math.floor(inner * done / total!));
  return `[${"=".repeat(filled).padEnd(inner)}]`;
}

const LAYOUTS = 5;
const SIZE_COLUMN = 1;
/** A bar says more than sizes, but less than rate and time. */
const LAYOUTS_WITH_BAR = 3;

/** What can stand behind the name, from the most to the least: `LAYOUTS` rows of ASCII cells. */
function layouts(state: ProgressState): string[][] {
  const { total } = state;
  const done = formatSize(state.done).padStart(10);
  const percent = total === undefined ? "" : percentOf(state.done, total);
  const share = total === undefined ? done : percent;
  const [pace, time] = paceOf(state);
  return [
    [percent, total === undefined ? done : `${done} of ${formatSize(total)}`, pace, time],
    [percent, done, pace, time],
    [share, "", pace, time],
    [share, "", pace],
    [share],
  ];
}

/** Only what is complete is 100 %. */
function percentOf(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  return `${Math.floor(100 * share)}%`.padStart(4);
}

/** How fast it is and how long it takes, or why neither can be said. */
function paceOf(state: ProgressState): [pace: string, time: string] {
  const { done, total, elapsedMs, idleMs, octetsPerSecond } = state;
  if (elapsedMs === undefined) return [`waiting ${formatWait(idleMs)}`, ""];
  const isComplete = total !== undefined && done >= total;
  if (idleMs >= STALL_SHOWN_MS && !isComplete) return [`stalled ${formatWait(idleMs)}`, ""];
  const rate = formatRate(octetsPerSecond).padStart(12);
  if (total === undefined) return [rate, formatClock(elapsedMs)];
  const leftMs = octetsPerSecond > 0
    ? 1000 * Math.max(0, total - done) / octetsPerSecond
    : undefined;
  return [rate, `ETA ${formatLeft(leftMs).padStart(5)}`];
}

/** `5 s`, `1:05 min`, `1:02:03 h`. */
function formatWait(ms: number): string {
  return ms < 59_500 ? `${Math.floor(ms / 1000)} s` : formatMinutes(ms);
}

/** Rows of cells as texts of one width; a column that is empty in all of them takes none. */
function alignCells(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column]!;
      if (width === 0) return "";
      // "of 10.0 MiB" stands behind some sizes, and sizes stand below each other.
      return GAP + (column === SIZE_COLUMN ? cell.padEnd(width) : cell.padStart(width));
    }).join("")
  );
}

/** How fast octets move, as far as it can be seen from looking now and then. */
export class Pace {
  readonly #samples: { readonly ms: number; readonly octets: number }[];
  #movedMs: number;

  /** So many octets had been moved at `ms`. */
  constructor(ms: number, octets = 0) {
    this.#samples = [{ ms, octets }];
    this.#movedMs = ms;
  }

  /** So many octets have been moved in all. */
  look(octets: number, ms: number): void {
    if (octets !== this.#samples.at(-1)!.octets) this.#movedMs = ms;
    this.#samples.push({ ms, octets });
    // The oldest is the last one that is as old as the window, so there are few.
    while (this.#samples.length > 2 && this.#samples[1]!.ms <= ms - RATE_WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Octets per second over the window, or over all the time that there is. */
  get octetsPerSecond(): number {
    const oldest = this.#samples[0]!;
    const newest = this.#samples.at(-1)!;
    return 1000 * (newest.octets - oldest.octets) / Math.max(1, newest.ms - oldest.ms);
  }

  /** For how long nothing has moved, at the time of the last look. */
  get idleMs(): number {
    return this.#samples.at(-1)!.ms - this.#movedMs;
  }
}
