/**
 * A session that is watched from both sides: its effects are written down, and what it and its
 * driver owe each other (server/session.ts) is checked at every step.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Completion, Effect, Moving, Session } from "../../server/mod.ts";

/** Effects that one input may cause: more is a loop. */
const EFFECTS_MAX = 200_000;

/** What octets are that a session has no right to look at any more. */
const SCRIBBLE = 0x21;

/** Watches `session`. */
export class WatchedSession implements Session {
  /** Every effect but send, by kind, file operations by name, in order. */
  readonly effects: string[] = [];
  /** The same, whole; sends, too. */
  readonly all: Effect[] = [];
  #closed = false;
  #polls = 0;
  #now = -Infinity;
  /** Effects that wait for their answers. */
  readonly #asked = new Map<number, string>();

  /** @param session what is watched */
  constructor(readonly session: Session) {}

  get wantsInput(): boolean {
    const { wantsInput } = this.session;
    assert(!this.#closed || !wantsInput, "a closed session wants nothing");
    return wantsInput;
  }

  get moving(): Moving | undefined {
    return this.session.moving;
  }

  get leaving(): boolean {
    return this.session.leaving ?? false;
  }

  handleInput(octets: Uint8Array, now: number): void {
    this.#passes(now);
    // Sessions are lent the octets for the call only: what they keep must be a copy.
    const lent = octets.slice();
    this.session.handleInput(lent, now);
    lent.fill(SCRIBBLE);
  }

  handleEnd(now: number): void {
    this.#passes(now);
    this.session.handleEnd(now);
  }

  handleCompletion(id: number, completion: Completion, now: number): void {
    this.#passes(now);
    assert(this.#asked.delete(id), `nobody asked what "${completion.kind}" answers`);
    this.session.handleCompletion(id, completion, now);
  }

  handleTimeout(now: number): void {
    this.#passes(now);
    this.session.handleTimeout(now);
    const next = this.session.pollDeadline();
    assert(next > now, "a deadline that came is not asked for again");
  }

  handleStop(now: number): void {
    this.#passes(now);
    this.session.handleStop(now);
  }

  pollEffect(now: number): Effect | undefined {
    const effect = this.session.pollEffect(now);
    if (effect === undefined) return undefined;
    assert(++this.#polls < EFFECTS_MAX, "the session never stops asking");
    assert(!this.#closed, `nothing follows the close effect: ${effect.kind}`);
    this.all.push(effect);
    if (effect.kind !== "send") this.#watch(effect);
    return effect;
  }

  pollDeadline(): number {
    const deadline = this.session.pollDeadline();
    assert(!this.#closed || deadline === Infinity, "a closed session has no deadline");
    return deadline;
  }

  #watch(effect: Exclude<Effect, { kind: "send" }>): void {
    const name = effect.kind === "file" ? effect.operation.do : effect.kind;
    this.effects.push(name);
    if ("id" in effect) {
      const rivals = [...this.#asked.values()].filter((kind) =>
        kind === "startTransfer" ? effect.kind !== "askProgress" : kind === effect.kind
      );
      assert(rivals.length === 0, `"${name}" is asked beside ${rivals}`);
      this.#asked.set(effect.id, effect.kind);
    }
    this.#closed = effect.kind === "close";
  }

  #passes(now: number): void {
    assert(now >= this.#now, "the clock goes back");
    this.#now = now;
    this.#polls = 0;
  }
}
