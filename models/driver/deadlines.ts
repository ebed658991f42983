/**
 * When to stop waiting: the deadlines of many connections, in slots of time.
 *
 * A connection whose deadline moves later, as it does with every command, is left in its slot and
 * looked at again when that slot is due: the usual case costs nothing.
 *
 * @module
 */

import { BinaryHeap } from "@std/data-structures/binary-heap";
import { msUntil } from "../clock.ts";

/** The length of a slot, milliseconds: how late a deadline may be told. */
const SLOT_MS = 20;

/** Something with a deadline. */
export interface Timed {
  /** Infinity for never. */
  readonly deadline: number;
  /** The deadline has passed. */
  onDeadline(now: number): void;
  /** The slot of time that it is due in, kept by Deadlines; undefined for none. */
  dueIn: number | undefined;
}

/** All deadlines of one thread. */
export class Deadlines {
  readonly #slots = new Map<number, Set<Timed>>();
  readonly #order = new BinaryHeap<number>((left, right) => left - right);

  /** The last slot that was told: what is still due goes to a later one. */
  #told = 0;

  /** To be called when the deadline of `timed` may have moved earlier. */
  update(timed: Timed): void {
    const { deadline } = timed;
    if (deadline === Infinity) return;
    const slot = Math.max(Math.ceil(deadline / SLOT_MS), this.#told + 1);
    if (timed.dueIn !== undefined) {
      if (timed.dueIn <= slot) return;
      this.remove(timed);
    }
    timed.dueIn = slot;
    const members = this.#slots.get(slot);
    if (members !== undefined) {
      members.add(timed);
    } else {
      this.#slots.set(slot, new Set([timed]));
      this.#order.push(slot);
    }
  }

  /** Forgets `timed`. */
  remove(timed: Timed): void {
    if (timed.dueIn === undefined) return;
    this.#slots.get(timed.dueIn)?.delete(timed);
    timed.dueIn = undefined;
  }

  /** Runs `run` once, at `time` or up to a slot later. */
  after(time: number, run: () => void): void {
    let due = time;
    this.update({
      dueIn: undefined,
      get deadline() {
        return due;
      },
      onDeadline() {
        due = Infinity;
        run();
      },
    });
  }

  /** When the next deadline may be due, milliseconds since the epoch; Infinity for never. */
  get next(): number {
    const slot = this.#order.peek();
    return slot === undefined ? Infinity : slot * SLOT_MS;
  }

  /** Milliseconds until then, TIMER_MS_MAX at most; -1 for never. */
  timeout(now: number): number {
    const { next } = this;
    return next === Infinity ? -1 : msUntil(next, now);
  }

  /** Tells all whose deadline has passed. */
  expire(now: number): void {
    while (this.next <= now) {
      const slot = this.#order.pop()!;
      this.#told = slot;
      const members = this.#slots.get(slot);
      this.#slots.delete(slot);
      for (const timed of members ?? []) {
        timed.dueIn = undefined;
        if (timed.deadline <= now) timed.onDeadline(now);
        this.update(timed);
      }
    }
  }
}
