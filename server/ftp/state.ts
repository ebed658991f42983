/**
 * The states of an FTP session, and which may follow which: the session asks here before it moves.
 *
 * A session is `free`, or it does exactly one thing. A command either replies at once and leaves
 * it free, or asks its driver for something and goes on in the answer. A transfer command goes
 * through states of its own, each with one ask, because the client may say more in them:
 *
 *     free        nothing is under way
 *     asking      an ask of a command is open, which is no transfer: a file operation, a port
 *     opening     openRead, openUpload or openListing: what is wrong with the file is said first
 *     connecting  connectData, where PORT or EPRT told an address; 425 without a 150 if it fails
 *     moving      150 was said; startTransfer is under way
 *     closing     commitUpload for a complete upload, else closeFile; then 226, 425, 426, 451 ...
 *     holding     a reply waits for its time: 530 to a failed login
 *     closed      the close effect was emitted; nothing happens any more
 *
 * A passive route has nothing to connect, so opening is followed by moving; what cannot be opened,
 * or has no route, is never moved. Whatever was opened is closed, so a transfer that came further
 * than opening ends in closing. Only free, asking and holding may be followed by closed: QUIT, the
 * end of the client or of the server and idle time out of free, the time for a login out of each,
 * refusals out of asking and holding.
 *
 * @module
 */

/** One state; see the header of this file. */
export type State =
  | "free"
  | "asking"
  | "opening"
  | "connecting"
  | "moving"
  | "closing"
  | "holding"
  | "closed";

/** What may follow each state. */
export const MOVES: Readonly<Record<State, readonly State[]>> = {
  free: ["asking", "opening", "closed"],
  asking: ["free", "holding", "closed"],
  opening: ["connecting", "moving", "closing", "free"],
  connecting: ["moving", "closing"],
  moving: ["closing"],
  closing: ["free"],
  holding: ["free", "closed"],
  closed: [],
};

/**
 * Which commands are taken from the queue in each state: its head whatever it is, ABOR from
 * anywhere, that and a STAT without a path from anywhere (RFC 959 section 4.1.3), or none. Between
 * 150 and the last reply a client expects other replies; elsewhere they would be taken for the
 * reply to the transfer command itself. QUIT waits like the rest, so it takes effect after the
 * transfer (RFC 959 section 4.1.1).
 */
export const TAKES: Readonly<Record<State, "any" | "abort" | "abortAndStatus" | "nothing">> = {
  free: "any",
  asking: "nothing",
  opening: "abort",
  connecting: "abort",
  moving: "abortAndStatus",
  closing: "abort",
  holding: "nothing",
  closed: "nothing",
};

/** The state of one session. */
export class Course {
  #state: State = "free";

  /** Where it is now. */
  get state(): State {
    return this.#state;
  }

  /**
   * Moves on.
   *
   * @throws {Error} when `next` may not follow: a bug in the session.
   */
  become(next: State): void {
    if (!MOVES[this.#state].includes(next)) {
      throw new Error(`Cannot become "${next}" from "${this.#state}"`);
    }
    this.#state = next;
  }
}
