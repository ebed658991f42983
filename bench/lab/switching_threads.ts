/**
 * Two parties take turns, as a server's connections do. If they are processes or threads, each turn
 * ends in the kernel: the one is put to sleep, a queue is looked through, registers and stacks are
 * exchanged, and between processes the memory that addresses mean, too. If they are fibers within one
 * thread, which is what generators, coroutines and the handlers of an event loop are, a turn ends by
 * a return and the next begins by a call.
 *
 * Two processes, and then two threads, pass an octet to and fro through two pipes, all on one
 * processor. One thread alone makes the same calls and never waits: what the others take beyond that
 * is the switch. The claim would be refuted if that were nothing. Of a switch's steps the kernel tells
 * three: the player sleeps, is woken and stands in the queue of its processor, and is put on it. To
 * save registers and to change the memory are within the third, and no count parts them. All players
 * are of this runtime, whose own threads are beside them.
 *
 * @module
 */

import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import type { Interval } from "../claims/inference.ts";
import { type Blocks, estimate, inBlocks, ratio, shown, verdictBy } from "./stage/compare.ts";
import { Players, playFibers, type Way, WAYS } from "./stage/players.ts";
import { Sockets } from "./stage/sockets.ts";
import { procUnavailable } from "./stage/thread.ts";

/** A turn of fibers is so short that a game of theirs has to be longer by that much. */
const FIBER_GAMES = 50;

/** See Lesson. */
export const lesson: Lesson = {
  name: "switching-threads",
  title: "the price of a context switch",
  claim: "Switching between processes has a price, switching between threads a smaller one, and " +
    "switching between fibers next to none",
  plan: "Pass an octet through two pipes between two processes and between two threads on one " +
    "processor; let one thread make the same calls alone, and take that away; call two generators " +
    "in turn",
  rule:
    "confirmed when a turn costs more between processes than between threads, more there than " +
    "in one thread, and more in one thread than of fibers, by the intervals of the quotients; " +
    "refuted when one of them costs less",
  refutedIf:
    "a turn costs less between processes than between threads, less there than in one thread, " +
    "or less there than of fibers, by the whole interval of 6 blocks or more",
  code: [
    "bench/lab/stage/ping_pong.ts: the players",
    "models/blocking.ts: a thread per connection, models/readiness/loop.ts: a call per connection",
  ],
  unavailable: () => unavailableReason() ?? procUnavailable(),
  async run({ size, say, signal }) {
    const [blocks, turns] = size === "full" ? [11, 4_000] : [1, 50];
    using sockets = new Sockets(new Libc());
    await using players = new Players(sockets);
    await players.start();
    say(`${blocks} blocks, in each ${2 * turns} turns in each way`);
    const switches = new Map<Way, number>(), queuedUs = new Map<Way, number>();
    const slices = new Map<Way, number>();
    const costs = await inBlocks<Way>(WAYS, blocks, signal, async (way) => {
      if (way === "two fibers") return playFibers(FIBER_GAMES * turns) / (2 * FIBER_GAMES * turns);
      const score = await players.play(way, turns);
      const add = (sums: Map<Way, number>, amount: number) =>
        sums.set(way, (sums.get(way) ?? 0) + amount);
      add(switches, score.switches);
      add(queuedUs, score.queuedUs);
      add(slices, score.slices);
      // Alone it makes both calls of a turn for one turn; two players make them twice.
      return score.us / (way === "one thread" ? turns : 2 * turns);
    });
    const [fibers, alone, threads, processes] = WAYS.map((way) => costs.get(way)!);
    const beyond = (values: Blocks) =>
      shown(estimate([...values].map(([block, us]) => us - alone!.get(block)!)));
    const dearer = ratio(threads!, alone!), dearest = ratio(processes!, threads!);
    const steps = [ratio(alone!, fibers!), dearer, dearest];
    return {
      measured: [
        ...WAYS.map((way) => ({
          name: `a turn, ${way}`,
          value: shown(estimate(costs.get(way)!.values())),
          unit: "us",
        })),
        { name: "a switch between threads", value: beyond(threads!), unit: "us" },
        { name: "a switch between processes", value: beyond(processes!), unit: "us" },
        { name: "two processes over two threads", value: shown(dearest) },
        { name: "turns in each way", value: blocks * 2 * turns },
        ...[...switches].map(([way, count]) => ({
          name: `switches of the first player, ${way}`,
          value: count,
        })),
        ...(["two threads", "two processes"] as const).flatMap((way) => [
          {
            name: `put on the processor in a turn of its own, ${way}`,
            value: slices.get(way)! / (blocks * turns),
            unit: "times",
          },
          {
            name: `ready and in the queue before that, ${way}`,
            value: queuedUs.get(way)! / (blocks * turns),
            unit: "us",
          },
        ]),
      ],
      verdict: verdictOf(blocks, steps.map(({ interval }) => interval)),
      reason: `a turn costs ${shown(dearer)} times as much between two threads as in one; a ` +
        `switch takes ${beyond(threads!)} us between threads, ${beyond(processes!)} us between ` +
        "processes",
    };
  },
};

/** The rule: intervals of one thread over fibers, threads over that, processes over these. */
export function verdictOf(blocks: number, steps: readonly Interval[]): Verdict {
  return verdictBy(blocks, steps.every(([low]) => low > 1), steps.some(([, high]) => high < 1));
}
