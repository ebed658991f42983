/**
 * Where people read: lines that stay, and on a terminal more. Here is the plain one; bars.ts has
 * the one that redraws.
 *
 * @module
 */

import type { Console } from "./console.ts";
import type { TalliedTransfer, Tally } from "./tally.ts";

/** Where a person reads: lines that stay, and on a terminal what is redrawn below them. */
export interface Screen {
  /** Writes a line that stays; it is printable. */
  line(text: string): void;
  /** A line that is shown from `delayMs` on until there is another one or none. */
  status(text: string | undefined, delayMs: number): void;
  /** A transfer that runs until it is removed. */
  add(transfer: TalliedTransfer): void;
  /** It has ended. */
  remove(transfer: TalliedTransfer): void;
  /** Shows how far all is: the sum so far, and what is expected. */
  sum(tally: Tally, expected: Expected): void;
  /** Clears what is drawn. */
  close(): void;
}

/** What is to come, as far as it is known. */
export interface Expected {
  readonly files: number | undefined;
  readonly octets: number | undefined;
}

/** Milliseconds of any clock that never goes back. */
export type Now = () => number;

/** The clock of this process. */
export const systemNow: Now = () => performance.now();

/** Silence on a terminal for longer makes people wonder whether anything happens. */
export const SILENCE_MS = 1_000;

/** Lines and nothing that is redrawn: for files, pipes, and terminals that cannot move a cursor. */
export class PlainScreen implements Screen {
  readonly #console: Console;
  readonly #isWatched: boolean;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  /** @param isWatched Whether a person waits in front of it and wants to know what for. */
  constructor(console: Console, isWatched: boolean) {
    this.#console = console;
    this.#isWatched = isWatched;
  }

  line(text: string): void {
    this.#console.writeError(`${text}\n`);
  }

  status(text: string | undefined, delayMs: number): void {
    this.#stopWaiting();
    if (text === undefined || !this.#isWatched) return;
    if (delayMs === 0) this.line(text);
    else this.#waiting = setTimeout(() => this.line(text), delayMs);
  }

  add(): void {}

  remove(): void {}

  sum(): void {}

  close(): void {
    this.#stopWaiting();
  }

  #stopWaiting(): void {
    // The runtime reads what timers need when the first one is touched: see time_limit.ts.
    if (this.#waiting !== undefined) clearTimeout(this.#waiting);
  }
}
