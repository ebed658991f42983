/**
 * Two parties take turns, as a server's connections do. If they are processes or threads, each turn
 * ends in the kernel: the one is put to sleep, a queue is looked through, registers and stacks are
 * exchanged, and between processes the memory that addresses mean, too. If they are fibers within one
 * thread, which is what generators, coroutines and the handlers of an event loop are, a turn ends by
 * a return and the next begins by a call.
 *
 * Two processes, and then two threads, pass an octet to and fro through two pipes, all on one
 * processor. One thread alone makes the same calls and never waits: what the others take beyond
 * that is the switch. The claim would be refuted if that were nothing. Of a switch's steps the
 * kernel tells three: the player leaves the processor, since it sleeps in its read (a voluntary
 * switch) or since whom its write has woken goes first (an involuntary one); it is ready and stands
 * in the queue; and it is put on the processor. A turn has to have them once, or what is priced is
 * no switch. To save registers and to change the memory are within the third, and no count parts
 * them. All players are of this runtime, whose own threads are beside them.
 *
 * @module
 */

import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import type { Interval } from "../claims/inference.ts";
import { type Blocks, estimate, inBlocks, ratio, shown, verdictBy } from "./stage/compare.ts";
import type { Score } from "./stage/ping_pong.ts";
import { Players, playFibers, type Way, WAYS } from "./stage/players.ts";
import { Sockets } from "./stage/sockets.ts";
import { procUnavailable } from "./stage/thread.ts";

/** A turn of fibers is so short that a game of theirs has to be longer by that much. */
const FIBER_GAMES = 50;

/** Times in a turn: once, but for what else the machine does; hardly ever; and between the two. */
const ONCE: Interval = [0.9, 1.1], HARDLY = 0.1, HALF = 0.5;

/** Who makes calls of the kernel. */
const PLAYERS = ["one thread", "two threads", "two processes"] as const;

/** What the kernel counts of the first player, of a turn of its own. */
const STEPS = [
  { figure: "voluntary", name: "slept in a turn of its own", unit: "times" },
  { figure: "involuntary", name: "made room in it for whom it woke", unit: "times" },
  { figure: "queuedUs", name: "ready and in the queue in it", unit: "us" },
  { figure: "slices", name: "put on the processor in it", unit: "times" },
] as const;

/** See Lesson. */
export const lesson: Lesson = {
  name: "switching-threads",
  title: "the price of a context switch",
  claim: "Switching between processes, off the processor and on it again once in each turn, has " +
    "a price, switching between threads a smaller one, and switching between fibers next to none",
  plan: "Pass an octet through two pipes between two processes and between two threads on one " +
    "processor; let one thread make the same calls alone, and take that away; call two generators " +
    "in turn. The kernel counts how often the first player left the processor, by sleeping and " +
    "by making room, and how often it was put on it again",
  rule:
    "confirmed when a turn costs more between processes than between threads, more there than " +
    "in one thread, and more in one thread than of fibers, by the intervals of the quotients, " +
    `and the first of two players is put on the processor ${ONCE.join(" to ")} times a turn, who ` +
    `plays alone ${HARDLY} times or fewer; refuted when one of the dearer costs less, or one of ` +
    `two is put on it fewer than ${HALF} times, or who plays alone more; else inconclusive`,
  refutedIf:
    "a turn costs less between processes than between threads, less there than in one thread, " +
    "or less there than of fibers, by the whole interval, or the first of two keeps the " +
    "processor in its turn, as where the runtime's threads are fibers",
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
    const scores = new Map<Way, Score[]>(PLAYERS.map((way) => [way, []]));
    const costs = await inBlocks<Way>(WAYS, blocks, signal, async (way) => {
      if (way === "two fibers") return playFibers(FIBER_GAMES * turns) / (2 * FIBER_GAMES * turns);
      const score = await players.play(way, turns);
      scores.get(way)!.push(score);
      // Alone it makes both calls of a turn for one turn; two players make them twice.
      return score.us / (way === "one thread" ? turns : 2 * turns);
    });
    const [fibers, alone, threads, processes] = WAYS.map((way) => costs.get(way)!);
    const beyond = (values: Blocks) =>
      shown(estimate([...values].map(([block, us]) => us - alone!.get(block)!)));
    const perTurn = (way: Way, figure: keyof Score) =>
      scores.get(way)!.reduce((sum, score) => sum + score[figure], 0) / (blocks * turns);
    const dearer = ratio(threads!, alone!), dearest = ratio(processes!, threads!);
    const prices = [ratio(alone!, fibers!), dearer, dearest];
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
        ...PLAYERS.flatMap((way) =>
          STEPS.map(({ figure, name, unit }) => ({
            name: `${name}, ${way}`,
            value: perTurn(way, figure),
            unit,
          }))
        ),
      ],
      verdict: verdictOf(
        blocks,
        prices.map(({ interval }) => interval),
        PLAYERS.map((way) => perTurn(way, "slices")),
      ),
      reason: `a turn costs ${shown(dearer)} times as much between two threads as in one; a ` +
        `switch takes ${beyond(threads!)} us between threads, ${beyond(processes!)} us between ` +
        "processes",
    };
  },
};

/**
 * The rule: intervals of one thread over fibers, threads over that, processes over these; and how
 * often the first player of each of PLAYERS was put on the processor in a turn of its own.
 */
export function verdictOf(
  blocks: number,
  prices: readonly Interval[],
  [alone, ...ofTwo]: readonly number[],
): Verdict {
  const once = ofTwo.every((slices) => slices >= ONCE[0] && slices <= ONCE[1]);
  return verdictBy(
    blocks,
    prices.every(([low]) => low > 1) && once && alone! <= HARDLY,
    prices.some(([, high]) => high < 1) || alone! > HALF || ofTwo.some((slices) => slices < HALF),
  );
}
