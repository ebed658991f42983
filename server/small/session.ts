/**
 * What echo, hello and chat have in common: effects in a queue, one time-out for a client that says
 * nothing, and an end. The contract is server/session.ts; each protocol adds what it says.
 *
 * @module
 */

import type { Completion, Effect } from "../effects.ts";
import type { Session } from "../session.ts";
import type { SmallSettings } from "../settings.ts";

/** A session of a small protocol. */
export abstract class SmallSession implements Session {
  readonly #effects: Effect[] = [];
  readonly #idleTimeoutMs: number;
  #heardAt: number;
  #closed = false;

  /** `now` begins the time that a client may say nothing. */
  constructor({ idleTimeoutMs }: SmallSettings, now: number) {
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#heardAt = now;
  }

  /** See Session. An input is used when what the one before it caused has been taken. */
  get wantsInput(): boolean {
    return !this.#closed && this.#effects.length === 0;
  }

  /** The close effect is emitted. */
  protected get closed(): boolean {
    return this.#closed;
  }

  /** It is not the client that is waited for. */
  protected get isPatient(): boolean {
    return false;
  }

  /** See Session. */
  handleInput(octets: Uint8Array, now: number): void {
    if (this.#closed) return;
    this.hear(now);
    this.take(octets);
  }

  /** What the protocol does with an input; the octets are borrowed. */
  protected abstract take(octets: Uint8Array): void;

  /** See Session. */
  handleEnd(_now: number): void {
    this.close();
  }

  /** See Session. */
  handleCompletion(id: number, completion: Completion, _now: number): void {
    if (this.#closed) return;
    throw new Error(`Cannot use "${completion.kind}" for ${id}: nothing asked for it`);
  }

  /** See Session. */
  handleTimeout(now: number): void {
    if (now < this.pollDeadline()) return;
    this.emit({ kind: "refused", reason: "nothing came for too long" });
    this.close();
  }

  /** See Session. */
  handleStop(_now: number): void {
    this.close();
  }

  /** See Session. */
  pollEffect(_now: number): Effect | undefined {
    return this.#effects.shift();
  }

  /** See Session. */
  pollDeadline(): number {
    return this.#closed || this.isPatient ? Infinity : this.#heardAt + this.#idleTimeoutMs;
  }

  /** The client is not idle at `now`. */
  protected hear(now: number): void {
    this.#heardAt = now;
  }

  /** Adds an effect. */
  protected emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** The last effect. */
  protected close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.emit({ kind: "close" });
  }
}
