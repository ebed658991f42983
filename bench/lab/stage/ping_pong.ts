/**
 * A game over two pipes: the first player writes an octet into one and reads one from the other, the
 * second sends back what it reads. Each turn is one write(2) and one read(2), which puts the player to
 * sleep until the other one has written. ping_pong_player.ts is a player as a thread or a process,
 * switching_threads.ts starts it.
 *
 * @module
 */

import { errorText, type Libc } from "../../../models/libc/mod.ts";
import type { Probe, Switches } from "../../../models/libc/probe.ts";

/** The octet that ends the second player; 0 is a turn. */
export const OVER = 1;

/** The first argument of a second player that is a process: a Worker sees its program's, too. */
export const AS_PROCESS = "as-process";

/** Where a player reads and where it writes. */
export interface Ends {
  /** The end of a pipe to read from. */
  readonly from: number;
  /** The end of a pipe to write to. */
  readonly to: number;
}

/** What the first player is told. */
export interface Game extends Ends {
  /** How often it has the turn; a second player, if there is one, as often. */
  readonly turns: number;
}

/** What the first player tells at the end, with how often it had to wait, or to make room. */
export interface Score extends Switches {
  /** From its first turn to its last, microseconds. */
  readonly us: number;
  /** Ready to run and waiting for the processor meanwhile, microseconds (schedstat of proc(5)). */
  readonly queuedUs: number;
  /** How often it was put on the processor. */
  readonly slices: number;
}

/** Plays the first player on the calling thread, which it blocks. */
export function play({ from, to, turns }: Game, libc: Libc, probe: Probe): Score {
  const octet = new Uint8Array(1);
  const before = probe.switches(), scheduled = schedule();
  const begun = performance.now();
  for (let turn = 0; turn < turns; turn++) {
    check(libc.write(to, octet));
    check(libc.read(from, octet));
  }
  const us = 1e3 * (performance.now() - begun);
  const after = probe.switches();
  const [queuedUs, slices] = schedule().map((value, index) => value - scheduled[index]!);
  return {
    us,
    voluntary: after.voluntary - before.voluntary,
    involuntary: after.involuntary - before.involuntary,
    queuedUs: queuedUs!,
    slices: slices!,
  };
}

/** Of the calling thread: microseconds in the queue of a processor, and slices of its time. */
function schedule(): number[] {
  const [, queuedNs, slices] = Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ");
  return [Number(queuedNs) / 1e3, Number(slices)];
}

/** Plays the second player on the calling thread, which it blocks until the game is OVER. */
export function answer({ from, to }: Ends, libc: Libc): void {
  const octet = new Uint8Array(1);
  for (;;) {
    check(libc.read(from, octet));
    if (octet[0] === OVER) return;
    check(libc.write(to, octet));
  }
}

function check(count: number): void {
  if (count !== 1) throw new Error(`Cannot pass the turn: ${errorText(-count)}`);
}
