/**
 * How mini tells a pull that came too late from a new get of the same name: both are the very same
 * message, so it counts. The session in session.ts asks here; nothing here does anything itself.
 *
 * A client pulls once to begin and at most once for each piece that it received, and no piece is
 * shorter than one octet. So, of the messages that repeat a get:
 *
 * 1. Each of the first ceil(SIZE / BLOCK_BYTES) gets a block; of a file without octets, the one
 *    pull gets nothing. What comes after the last octet was sent is late.
 * 2. Number 2 + SIZE cannot be owed any more: it is a new get.
 * 3. Up to that number a late one is a pull, and dropped, if anything at all follows it: a client
 *    that asks waits for its answer.
 * 4. If nothing follows it within PULL_WAIT_MS, it is the new get of a waiting client when at most
 *    WHOLE_BLOCK_REPEATS_MAX came late, as many as one that reads whole blocks can send, or when
 *    its number is beyond SIZE. Otherwise the client reads in small pieces, and it is dropped.
 * 5. After PULL_WAIT_MS without a word no pull is on its way any more: it is a new get.
 *
 * What rule 4 found is kept as the client's habit with that file, and the next get of it waits for
 * nothing. Rule 4 is a guess, and misjudges two clients. One pulls once more after its last piece
 * and then rests: it hears a YES|SIZE that it did not ask for, as it would from the teaching server,
 * for which a finished get's next message is a new one. It does not pull that get, so at least the
 * habit is forgotten. The other reads in pieces smaller than blocks and gets the same file again
 * before PULL_WAIT_MS has passed: it is not heard.
 *
 * @module
 */

import type { Message } from "./message.ts";

/** What one pull gets: the field's programs receive so much at once. */
export const BLOCK_BYTES = 1024;

/** How long a pull may be on its way, milliseconds: longer than a round trip on any network. */
export const PULL_WAIT_MS = 1_500;

/** What a client that reads whole blocks can send after the last: a pull, and a new get. */
const WHOLE_BLOCK_REPEATS_MAX = 2;

/** How many late pulls a client sends for one file, before it gets the same file again. */
export interface Habit {
  readonly name: string | undefined;
  /** Octets of the file. */
  readonly size: number;
  readonly late: number;
}

/** A get that was answered with YES, and the messages that repeated it. */
export class Get {
  /** Octets not sent yet. */
  left: number;
  #pulls = 0;
  #late = 0;
  #finished = false;
  #doubtful = false;

  /** `size` is the file's, octets, as YES said it. */
  constructor(readonly message: Message, readonly size: number) {
    this.left = size;
  }

  /** Whether the last late pull may be a new get: rule 4 decides when its time has come. */
  get doubtful(): boolean {
    return this.#doubtful;
  }

  /** Whether a pull came, as after every YES that was asked for. */
  get pulled(): boolean {
    return this.#pulls > 0;
  }

  /** The last octet was sent, or the pull of a file without octets came. */
  finish(): void {
    this.#finished = true;
  }

  /** Counts a message that repeats this get; true when it is a new get by rules 2 or 3. */
  isNewGet(habit: Habit | undefined): boolean {
    this.#pulls++;
    if (!this.#finished) return false;
    this.#late++;
    if (this.#pulls >= 2 + this.size) return true;
    const known = habit?.size === this.size && habit.name === this.message.name;
    this.#doubtful = !known;
    return known && this.#late > habit.late;
  }

  /** Rule 4: the habit that made the last message a new get, or undefined when it was a pull. */
  judge(): Habit | undefined {
    this.#doubtful = false;
    const isPull = this.#late > WHOLE_BLOCK_REPEATS_MAX && this.#pulls <= this.size;
    if (isPull) return undefined;
    return { name: this.message.name, size: this.size, late: this.#late - 1 };
  }
}
