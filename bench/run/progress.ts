/**
 * Tells how far a run is and how long it still takes: on a terminal in one line that is written
 * over, elsewhere in a line for each tenth. mod.ts calls it.
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

  /** `done` of `total` cells are measured, `now` is next. */
  advance(done: number, total: number, now: string): void {
    const step = Math.floor(done / total * STEPS);
    if (!this.#terminal && step === this.#told) return;
    this.#told = step;
    const spent = performance.now() - this.#begin;
    const left = done === 0 ? "" : `, ${duration(spent / done * (total - done))} left`;
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

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}

/** Milliseconds as "2 min 10 s". */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1e3);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
