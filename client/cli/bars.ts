/**
 * The lower lines of a terminal: a bar for each transfer that runs, a total below several, or what
 * is waited for; and the lines that stay above them.
 *
 * A timer draws, not the transfers, so that a chunk costs nothing and a standstill can be seen.
 * Each frame is one write that leaves the terminal as it found it, so that nothing has to be put
 * right after a crash.
 *
 * @module
 */

import type { Console } from "./console.ts";
import { Pace, type ProgressState, renderLines } from "./progress.ts";
import { type Expected, type Now, type Screen, SILENCE_MS, systemNow } from "./screen.ts";
import { countFiles, type TalliedTransfer, type Tally } from "./tally.ts";
import { shorten, textWidth, widthsFor } from "./width.ts";

/** Ten times a second reads as movement and costs nothing. */
export const DRAW_INTERVAL_MS = 100;

/** More bars than a person follows; the total tells of all. */
export const BARS_MAX = 8;

/** The control sequences of ECMA-48 and DEC that a frame needs. */
const WRAP_OFF = "\x1b[?7l";
const WRAP_ON = "\x1b[?7h";
const CLEAR_LINE_END = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const up = (rows: number) => rows > 0 ? `\r\x1b[${rows}A` : "\r";

/** A terminal that can move its cursor. */
export class BarScreen implements Screen {
  readonly #console: Console;
  readonly #now: Now;
  /** The transfers that run, in the order of their beginning; a pace from their start on. */
  readonly #running = new Map<TalliedTransfer, Pace | undefined>();
  #ended: Tally | undefined;
  #expected: Expected | undefined;
  #total: Pace | undefined;
  /** When the first transfer was begun. */
  #begunMs = Infinity;
  #status: { readonly text: string; readonly fromMs: number } | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** What is on the screen now, and how wide the screen was then. */
  #frame: readonly string[] = [];
  #columns = 0;
  /** The transfers whose bars the first lines of the frame are. */
  #shown: readonly TalliedTransfer[] = [];

  /** Nothing is drawn before there is something to draw. */
  constructor(console: Console, now: Now = systemNow) {
    this.#console = console;
    this.#now = now;
  }

  line(text: string): void {
    const before = this.#clearing();
    // A transfer that has ended meanwhile has said so in a line of its own.
    const isOver = (transfer: TalliedTransfer | undefined) =>
      transfer !== undefined && !this.#running.has(transfer);
    this.#frame = this.#frame.filter((_, index) => !isOver(this.#shown[index]));
    this.#shown = this.#shown.filter((transfer) => !isOver(transfer));
    this.#console.writeError(`${before}${text}\n${framed(this.#frame)}`);
    this.#columns = this.#console.columns();
  }

  status(text: string | undefined, delayMs: number): void {
    const isShown = this.#status !== undefined && this.#now() >= this.#status.fromMs;
    this.#status = text === undefined ? undefined : { text, fromMs: this.#now() + delayMs };
    if (isShown || delayMs === 0) this.draw();
    this.#keepTime();
  }

  add(transfer: TalliedTransfer): void {
    this.#begunMs = Math.min(this.#begunMs, transfer.begunMs);
    // The next frames may do without.
    void widthsFor([transfer.name]);
    // One that goes on after a failure has a pace of its own again.
    const { startedMs, moved } = transfer;
    this.#running.set(transfer, startedMs === undefined ? undefined : new Pace(this.#now(), moved));
    this.#keepTime();
  }

  remove(transfer: TalliedTransfer): void {
    this.#running.delete(transfer);
    // Where others run the next frame is soon enough: files may end by the thousand.
    if (this.#running.size === 0) this.draw();
    this.#keepTime();
  }

  sum(ended: Tally, expected: Expected): void {
    this.#ended = ended;
    this.#expected = expected;
  }

  close(): void {
    this.#status = undefined;
    this.#running.clear();
    this.#keepTime();
    this.#show([]);
  }

  /** Draws what is to be seen now. */
  draw(): void {
    const ms = this.#now();
    // The total and a status need a line each, and the line above them is worth seeing.
    const room = Math.max(1, Math.min(BARS_MAX, this.#console.rows() - 3));
    const columns = this.#console.columns();
    const states = new Map<TalliedTransfer, ProgressState>();
    for (const transfer of this.#running.keys()) {
      const state = this.#stateOf(transfer, ms);
      if (state !== undefined && states.size < room) states.set(transfer, state);
    }
    this.#shown = [...states.keys()];
    const lines = renderLines([...states.values(), ...this.#totalOf(ms)], columns);
    if (this.#status !== undefined && ms >= this.#status.fromMs) {
      lines.push(shorten(this.#status.text, columns - 1));
    }
    this.#show(lines);
  }

  #stateOf(transfer: TalliedTransfer, ms: number): ProgressState | undefined {
    const { name, done, total, begunMs, startedMs } = transfer;
    if (startedMs === undefined) {
      const idleMs = ms - begunMs;
      const waiting = { name, done, total, octetsPerSecond: 0, elapsedMs: undefined, idleMs };
      return idleMs < SILENCE_MS ? undefined : waiting;
    }
    const pace = this.#running.get(transfer) ?? new Pace(startedMs);
    this.#running.set(transfer, pace);
    pace.look(transfer.moved, ms);
    const { octetsPerSecond, idleMs } = pace;
    return { name, done, total, octetsPerSecond, elapsedMs: ms - startedMs, idleMs };
  }

  /** All transfers as one, where there are several at once or to come. */
  #totalOf(ms: number): ProgressState[] {
    const running = [...this.#running.keys()];
    const expected = this.#expected?.files;
    if (running.length === 0 || (running.length < 2 && (expected ?? 0) < 2)) return [];
    const ended = (this.#ended?.files ?? 0) + (this.#ended?.stopped ?? 0);
    this.#total ??= new Pace(this.#begunMs);
    const moved = running.reduce((sum, each) => sum + each.moved, this.#ended?.octets ?? 0);
    this.#total.look(moved, ms);
    const { octetsPerSecond, idleMs } = this.#total;
    return [{
      name: expected === undefined
        ? countFiles(ended + running.length)
        : `${ended} of ${countFiles(expected)}`,
      done: running.reduce((sum, each) => sum + each.done, this.#ended?.done ?? 0),
      total: this.#expected?.octets,
      octetsPerSecond,
      elapsedMs: ms - this.#begunMs,
      idleMs,
    }];
  }

  /** Lets the timer run as long as there is anything that could change. */
  #keepTime(): void {
    if (this.#running.size > 0 || this.#status !== undefined) {
      this.#timer ??= setInterval(() => this.draw(), DRAW_INTERVAL_MS);
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #show(lines: readonly string[]): void {
    if (lines.length === 0 && this.#frame.length === 0) return;
    const columns = this.#console.columns();
    // Lines that are only overwritten do not flicker.
    const isSame = this.#frame.length === 0 || columns === this.#columns;
    const fits = lines.length >= this.#frame.length && isSame;
    const before = fits ? up(this.#frame.length - 1) : this.#clearing();
    this.#frame = lines;
    this.#columns = columns;
    this.#console.writeError(before + framed(lines));
  }

  /**
   * Clears what is drawn. The cursor is at the beginning of the last line, and a terminal that has
   * become narrower has broken the lines above, as most do.
   */
  #clearing(): string {
    if (this.#frame.length === 0) return "";
    const columns = this.#console.columns();
    const rowsOf = (line: string) =>
      columns < this.#columns ? Math.max(1, Math.ceil(textWidth(line) / columns)) : 1;
    const above = this.#frame.slice(0, -1).reduce((sum, line) => sum + rowsOf(line), 0);
    return up(above) + CLEAR_BELOW;
  }
}

/** Lines from the cursor on, with the cursor at the beginning of the last. */
function framed(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const text = lines.map((line) => line + CLEAR_LINE_END).join("\n");
  // Where a terminal takes more columns for a name than expected, the line ends at its edge.
  return `${WRAP_OFF}${text}\r${WRAP_ON}`;
}
