/**
 * Tells how far a run is and how long it still takes: on a terminal in one line that is written
 * over, elsewhere in a line for each tenth. fill.ts calls it.
 *
 * @module
 */

/** Columns that a progress line overwrites, so that no escape sequence is needed. */
const COLUMNS_MAX = 79;

/** Steps of progress that are told where there is no terminal. */
const STEPS = 10;

/** The progress of one run, on standard error. */
export class Progress {
  readonly #terminal = Deno.stderr.isTerminal();
  readonly #begin = performance.now();
  #told = -1;

  /** `done` of `total` cells are measured, `now` is next; `share` of the time should be over. */
  advance(done: number, total: number, now: string, share: number): void {
    const step = Math.floor(done / total * STEPS);
    if (!this.#terminal && step === this.#told) return;
    this.#told = step;
    const spent = performance.now() - this.#begin;
    const left = share > 0 ? `, ${duration(spent / share * (1 - share))} left` : "";
    this.show(`${done} of ${total} cells${left}: ${now}`);
  }

  /** Shows `text` in place of what was shown before. */
  show(text: string): void {
    if (this.#terminal) this.#write(`\r${this.#fit(text)}\r`);
    else this.#write(`ftplab: ${text}\n`);
  }

  /** Leaves nothing on the terminal. */
  clear(): void {
    if (this.#terminal) this.#write(`\r${this.#fit("")}\r`);
  }

  #fit(text: string): string {
    let columns = COLUMNS_MAX;
    try {
      columns = Math.min(columns, Deno.consoleSize().columns - 1);
    } catch {
      // Standard output is no terminal: the usual width will do.
    }
    return text.slice(0, columns).padEnd(columns);
  }

  /** What cannot be shown is lost, as when the terminal has gone: the run goes on. */
  #write(text: string): void {
    try {
      Deno.stderr.writeSync(new TextEncoder().encode(text));
    } catch {
      // There is no other place to say it.
    }
  }
}

/** Milliseconds as "10 s", "2 min 10 s", "3 h 2 min". */
export function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1e3);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
