/**
 * Two parties take turns, as a server's connections do. If they are threads, each turn ends in the
 * kernel: the thread is put to sleep, a queue is looked through, registers and stacks are exchanged,
 * and if the other one sleeps on another processor that has to be woken by an interrupt. If they are
 * fibers within one thread, which is what generators, coroutines and the handlers of an event loop
 * are, a turn ends by a return and the next begins by a call.
 *
 * Both play the same game here, a turn to the one, a turn to the other: two Workers that wait for
 * each other by Atomics.wait, on one processor and on two, and two generators. That the threads
 * really switched is counted by the kernel.
 *
 * @module
 */

import { unavailableReason } from "../../models/libc/mod.ts";
import { type Lesson, LessonError } from "./lesson.ts";
import { estimate, inBlocks, ratio, shown, verdictBy } from "./stage/compare.ts";
import { type Game, OVER, PLACES, type Score } from "./stage/ping_pong.ts";

/** The players of a game, and where each of them stays. */
const WAYS = {
  fibers: "two fibers in one thread",
  together: "two threads on one processor",
  apart: "two threads on two processors",
} as const;

type Way = keyof typeof WAYS;

/** A turn of fibers is so short that a game of theirs has to be longer by that much. */
const FIBER_GAMES = 50;

/** A fiber: it takes its turn, gives it to the other one, and is called again. */
function* fiber(board: { turn: number }, player: 0 | 1): Generator<void, never, void> {
  for (;;) {
    if (board.turn === player) board.turn = 1 - player;
    yield;
  }
}

/** Microseconds of `turns` turns of each of two fibers. */
function playFibers(turns: number): number {
  const board = { turn: 0 };
  const [one, other] = [fiber(board, 0), fiber(board, 1)];
  const begun = performance.now();
  for (let turn = 0; turn < turns; turn++) {
    one.next();
    other.next();
  }
  return 1e3 * (performance.now() - begun);
}

/** Two threads that play as often as they are asked to. */
class Threads implements Disposable {
  readonly #workers = [0, 1].map(() =>
    new Worker(new URL("./stage/ping_pong_worker.ts", import.meta.url), { type: "module" })
  );
  #shared: Game["shared"] | undefined;

  /** One game of `turns` turns each; processors as the players' numbers, or all on the first. */
  async play(turns: number, apart: boolean): Promise<Score[]> {
    const shared = new Int32Array(new SharedArrayBuffer(PLACES.count * 4));
    this.#shared = shared;
    return await Promise.all(this.#workers.map((worker, index) => {
      const score = Promise.withResolvers<Score>();
      worker.onmessage = (event) => score.resolve(event.data);
      worker.onerror = (event) => score.reject(new Error(event.message));
      const processor = apart ? index : 0;
      worker.postMessage({ shared, player: index as 0 | 1, turns, processor } satisfies Game);
      return score.promise;
    }));
  }

  [Symbol.dispose](): void {
    if (this.#shared !== undefined) Atomics.store(this.#shared, PLACES.turn, OVER);
    for (const worker of this.#workers) worker.terminate();
  }
}

/** See Lesson. */
export const lesson: Lesson = {
  name: "switching-threads",
  title: "the price of a context switch",
  claim: "Switching between threads has a price that switching between fibers has not",
  plan: "Let two threads hand each other the turn, on one processor and on two, and two " +
    "generators in one thread, and divide the time by the turns",
  rule: "confirmed when a turn of threads on one processor costs more than one of fibers, by the " +
    "95 % interval of the quotient; how much more is measured, there is no bound",
  code: [
    "bench/lab/stage/ping_pong.ts: the threads",
    "models/blocking.ts: a thread per connection, models/readiness/loop.ts: a call per connection",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const [blocks, turns] = size === "full" ? [15, 4_000] : [1, 50];
    using threads = new Threads();
    const ways: readonly Way[] = navigator.hardwareConcurrency > 1
      ? ["fibers", "together", "apart"]
      : ["fibers", "together"];
    const switches = { together: 0, apart: 0 };
    let played = 0;
    say(`${blocks} blocks, in each ${2 * turns} turns in each way`);
    const costs = await inBlocks<Way>(ways, blocks, signal, async (way) => {
      if (way === "fibers") return playFibers(FIBER_GAMES * turns) / (2 * FIBER_GAMES * turns);
      const scores = await threads.play(turns, way === "apart");
      if (!scores.every(({ pinned }) => pinned)) {
        throw new LessonError("Cannot keep a thread on one processor: not permitted");
      }
      for (const score of scores) switches[way] += score.switches;
      if (way === "together") played += scores.reduce((sum, score) => sum + score.turns, 0);
      return scores[0]!.us / (2 * turns);
    });
    const dearer = ratio(costs.get("together")!, costs.get("fibers")!);
    return {
      measured: [
        ...ways.map((way) => ({
          name: `a turn, ${WAYS[way]}`,
          value: shown(estimate(costs.get(way)!.values())),
          unit: "us",
        })),
        { name: "turns on one processor", value: played },
        { name: "context switches for them", value: switches.together },
        { name: "threads on one processor over fibers", value: shown(dearer), unit: "times" },
      ],
      verdict: verdictBy(blocks, dearer.interval[0] > 1, dearer.interval[1] < 1),
      reason: `a turn of threads on one processor costs ${shown(dearer)} times one of fibers`,
    };
  },
};
