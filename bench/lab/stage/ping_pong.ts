/**
 * A game of two threads over the same shared numbers: one hands the turn to the other and waits
 * until it comes back. It waits by Atomics.wait, which is futex(2) underneath: the thread leaves
 * its processor until the other one wakes it. ping_pong_worker.ts plays it, switching_threads.ts
 * starts it.
 *
 * @module
 */

import type { Probe } from "../../../models/libc/probe.ts";

/** Where things are in the shared numbers. */
export const PLACES = { turn: 0, present: 1, count: 2 } as const;

/** A turn that is nobody's: both threads end their game. */
export const OVER = -1;

/** Between two looks whether the game is over, milliseconds: only a lost partner takes so long. */
const LOOK_MS = 500;

/** What a thread is told. */
export interface Game {
  /** Of PLACES.count numbers, all 0. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  /** 0 begins. */
  readonly player: 0 | 1;
  /** How often each player has the turn. */
  readonly turns: number;
  /** The processor to stay on. */
  readonly processor: number;
}

/** What a thread tells at the end. */
export interface Score {
  /** Turns that it had. */
  readonly turns: number;
  /** From its first turn to its last, microseconds. */
  readonly us: number;
  /** Context switches of this thread in that time. */
  readonly switches: number;
  /** false: the system does not let it stay on one processor. */
  readonly pinned: boolean;
}

/** Plays one game on the calling thread, which it blocks. */
export function play({ shared, player, turns, processor }: Game, probe: Probe): Score {
  const pinned = probe.pin(processor);
  const other = 1 - player;
  Atomics.add(shared, PLACES.present, 1);
  Atomics.notify(shared, PLACES.present);
  while (Atomics.load(shared, PLACES.present) === 1) {
    Atomics.wait(shared, PLACES.present, 1, LOOK_MS);
  }
  const before = probe.switches();
  const begun = performance.now();
  let had = 0;
  for (; had < turns; had++) {
    for (let turn = Atomics.load(shared, PLACES.turn); turn !== player;) {
      if (turn === OVER) return { turns: had, us: 0, switches: 0, pinned };
      Atomics.wait(shared, PLACES.turn, turn, LOOK_MS);
      turn = Atomics.load(shared, PLACES.turn);
    }
    // Nobody else changes the turn while it is this player's, but for the end of all.
    Atomics.compareExchange(shared, PLACES.turn, player, other);
    Atomics.notify(shared, PLACES.turn);
  }
  const us = 1e3 * (performance.now() - begun);
  const after = probe.switches();
  const switches = after.voluntary - before.voluntary + after.involuntary - before.involuntary;
  return { turns: had, us, switches, pinned };
}
