/**
 * One connection as the gate knows it: let in, trying passwords, logged in, gone.
 *
 * @module
 */

import type { Admission, Attempt } from "../admission.ts";

/** From `admit`, which came before, to `leave`. */
export class Visit {
  #loggedIn = false;

  constructor(readonly admission: Admission, readonly host: string) {}

  /**
   * A password is about to be tried.
   *
   * @param delayMs how long the answer to the host's first failure waits
   */
  attempt(delayMs: number, now: number): Attempt {
    return this.admission.attempt(this.host, delayMs, now);
  }

  /** It was right. */
  loggedIn(): void {
    this.#loggedIn = true;
    this.admission.loggedIn(this.host);
  }

  /** The user is no longer logged in. */
  loggedOut(): void {
    if (this.#loggedIn) this.admission.loggedOut(this.host);
    this.#loggedIn = false;
  }

  /** The connection has ended. */
  leave(): void {
    this.admission.leave(this.host, this.#loggedIn);
  }
}
