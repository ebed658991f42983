/**
 * The deadlines of all connections of an async worker, and one timer of the runtime for the next of
 * them: a timer for each would be a twentieth of what an idle session takes.
 *
 * @module
 */

import { msUntil, now } from "../clock.ts";
import { Deadlines, type Timed } from "../driver/deadlines.ts";

/** One for each worker. */
export class Alarm {
  readonly #deadlines = new Deadlines();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When it goes off; Infinity for never. */
  #at = Infinity;

  /** To be called when the deadline of `timed` may have moved earlier. */
  update(timed: Timed): void {
    this.#deadlines.update(timed);
    this.#set();
  }

  /** Forgets `timed`. */
  remove(timed: Timed): void {
    this.#deadlines.remove(timed);
  }

  /** It does not go off any more, until the next call of `update`. */
  close(): void {
    clearTimeout(this.#timer);
    this.#at = Infinity;
  }

  #set(): void {
    const { next } = this.#deadlines;
    if (next >= this.#at) return; // one that goes off early looks again
    clearTimeout(this.#timer);
    this.#at = next;
    this.#timer = setTimeout(() => {
      this.#at = Infinity;
      this.#deadlines.expire(now());
      this.#set();
    }, msUntil(next, now()));
  }
}
