/**
 * The one gate of a server: who is let in, and how often a password may be tried. Every model asks
 * it before a session begins; all workers of a pool ask the same one (pool/gate.ts).
 *
 * @module
 */

/** How many are let in, and how often they may fail. Plain data. */
export interface AdmissionLimits {
  /**
   * Sessions at the same time, over all workers; where a protocol has a login, at most half of them
   * before it.
   */
  readonly sessionsMax: number;
  /** The same from one address, or one IPv6 network of 64 bits; 0: unlimited. */
  readonly sessionsPerHostMax: number;
  /** Failed logins of one address or such network within a minute; 0: unlimited. */
  readonly failedLoginsPerMinuteMax: number;
}

/** What may become of a password that is about to be tried. */
export interface Attempt {
  /** false: the address has failed too often; nothing is looked at. */
  readonly allowed: boolean;
  /** How long the answer waits if it fails, milliseconds: longer with every failure. */
  readonly delayMs: number;
}

/** Over all connections and workers of one server. */
export interface Admission {
  /** undefined: `host` is let in and counted until `leave`. Else the reason, in one sentence. */
  admit(host: string): string | undefined;
  /** A session of `host` that was let in has ended. */
  leave(host: string, loggedIn: boolean): void;
  /** A password is about to be tried: it counts as failed until `loggedIn` takes that back. */
  attempt(host: string, delayMs: number, now: number): Attempt;
  /** The attempt succeeded: the session no longer waits for a login. */
  loggedIn(host: string): void;
  /** The session waits for a login again (REIN). */
  loggedOut(host: string): void;
}
