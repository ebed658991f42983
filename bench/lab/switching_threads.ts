/**
 * Two parties take turns, as a server's connections do. If they are processes or threads, each turn
 * ends in the kernel: the one is put to sleep, a queue is looked through, registers and stacks are
 * exchanged, and between processes the memory that addresses mean, too. If they are fibers within one
 * thread, which is what generators, coroutines and the handlers of an event loop are, a turn ends by
 * a return and the next begins by a call.
 *
 * Two processes, and then two threads, pass an octet to and fro through two pipes, all on one
 * processor. One thread alone makes the same calls and never waits: what the others take beyond that
 * is the switch. The claim would be refuted if that were nothing. All players are of this runtime,
 * whose own threads are beside them.
 *
 * @module
 */

import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import { type Lesson, LessonError } from "./lesson.ts";
import { type Blocks, estimate, inBlocks, ratio, shown, verdictBy } from "./stage/compare.ts";
import { type Ends, OVER, type Score } from "./stage/ping_pong.ts";
import type { Ready, Role } from "./stage/ping_pong_player.ts";
import { Sockets } from "./stage/sockets.ts";

const PLAYER = new URL("./stage/ping_pong_player.ts", import.meta.url);

const WAYS = ["two fibers", "one thread", "two threads", "two processes"] as const;

type Way = typeof WAYS[number];

const NOT_PINNED = "Cannot keep a player on one processor";

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
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const [blocks, turns] = size === "full" ? [11, 4_000] : [1, 50];
    using sockets = new Sockets(new Libc());
    await using players = new Players(sockets);
    await players.start();
    say(`${blocks} blocks, in each ${2 * turns} turns in each way`);
    const switches = new Map<Way, number>();
    const costs = await inBlocks<Way>(WAYS, blocks, signal, async (way) => {
      if (way === "two fibers") return playFibers(FIBER_GAMES * turns) / (2 * FIBER_GAMES * turns);
      const score = await players.play(way, turns);
      switches.set(way, (switches.get(way) ?? 0) + score.switches);
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
      ],
      verdict: verdictBy(
        blocks,
        steps.every(({ interval: [low] }) => low > 1),
        steps.some(({ interval: [, high] }) => high < 1),
      ),
      reason: `a turn costs ${shown(dearer)} times as much between two threads as in one; a ` +
        `switch takes ${beyond(threads!)} us between threads, ${beyond(processes!)} us between ` +
        "processes",
    };
  },
};

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

/** A first player, and the second ones: a thread and a process. */
class Players implements AsyncDisposable {
  readonly #workers: Worker[] = [];
  readonly #pipes: Readonly<Record<Exclude<Way, "two fibers">, readonly Ends[]>>;
  #process: Deno.ChildProcess | undefined;

  constructor(readonly sockets: Sockets) {
    const pipe = () => sockets.pipe();
    this.#pipes = {
      "one thread": [pipe()],
      "two threads": [pipe(), pipe()],
      "two processes": [pipe(), pipe()],
    };
  }

  /** @throws {LessonError} when one of them may not stay on its processor. */
  async start(): Promise<void> {
    const [to, from] = this.#pipes["two processes"];
    const paths = [to!.from, from!.to].map((fd) => `/proc/${Deno.pid}/fd/${fd}`);
    const args = ["run", "--no-prompt", "--allow-all", PLAYER.href, ...paths];
    const command = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped" });
    this.#process = command.spawn();
    const reader = this.#process.stdout.getReader();
    for (let count = 0; count < 2; count++) {
      const worker = new Worker(PLAYER, { type: "module" });
      this.#workers.push(worker);
      if (!(await told<Ready>(worker)).pinned) throw new LessonError(NOT_PINNED);
    }
    const { value } = await reader.read();
    reader.releaseLock();
    if (new TextDecoder().decode(value) !== "ready\n") throw new LessonError(NOT_PINNED);
    const [there, back] = this.#pipes["two threads"];
    this.#workers[1]!.postMessage(
      { answers: { from: there!.from, to: back!.to } } satisfies Role,
    );
  }

  /** One game of `turns` turns of the first player. */
  play(way: Exclude<Way, "two fibers">, turns: number): Promise<Score> {
    const pipes = this.#pipes[way];
    const game = { to: pipes[0]!.to, from: pipes.at(-1)!.from, turns };
    const score = told<Score>(this.#workers[0]!);
    this.#workers[0]!.postMessage({ plays: game } satisfies Role);
    return score;
  }

  /** Ends the second players, who wait for their turn, and then the first. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const way of ["two threads", "two processes"] as const) {
      this.sockets.libc.write(this.#pipes[way][0]!.to, new Uint8Array([OVER]));
    }
    await this.#process?.stdout.cancel();
    await this.#process?.status;
    for (const worker of this.#workers) worker.terminate();
  }
}

/** The next thing that `worker` tells. */
function told<Told>(worker: Worker): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  worker.onmessage = (event) => resolve(event.data);
  worker.onerror = (event) => reject(new Error(event.message));
  return promise;
}
