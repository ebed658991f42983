/**
 * Who plays ping_pong.ts: two fibers of the calling thread, one thread alone, two threads, and two
 * processes, all on one processor. switching_threads.ts lets them play and compares.
 *
 * @module
 */

import { LessonError } from "../lesson.ts";
import { AS_PROCESS, type Ends, OVER, type Score } from "./ping_pong.ts";
import type { Ready, Role } from "./ping_pong_player.ts";
import type { Sockets } from "./sockets.ts";

const PLAYER = new URL("./ping_pong_player.ts", import.meta.url);

/** What the players are, from the cheapest turn to the dearest. */
export const WAYS = ["two fibers", "one thread", "two threads", "two processes"] as const;

/** One of WAYS. */
export type Way = typeof WAYS[number];

const NOT_PINNED = "Cannot keep a player on one processor";

/** How long a process may take to end when the game is over, milliseconds. */
const END_MS_MAX = 2_000;

/** A fiber: it takes its turn, gives it to the other one, and is called again. */
function* fiber(board: { turn: number }, player: 0 | 1): Generator<void, never, void> {
  for (;;) {
    if (board.turn === player) board.turn = 1 - player;
    yield;
  }
}

/** Microseconds of `turns` turns of each of two fibers. */
export function playFibers(turns: number): number {
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
export class Players implements AsyncDisposable {
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
    const args = ["run", "--no-prompt", "--allow-all", PLAYER.href, AS_PROCESS, ...paths];
    const command = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped" });
    this.#process = command.spawn();
    for (let count = 0; count < 2; count++) {
      const worker = new Worker(PLAYER, { type: "module" });
      this.#workers.push(worker);
      if (!(await told<Ready>(worker)).pinned) throw new LessonError(NOT_PINNED);
    }
    const reader = this.#process.stdout.getReader();
    try {
      const { value } = await reader.read();
      if (new TextDecoder().decode(value) !== "ready\n") throw new LessonError(NOT_PINNED);
    } finally {
      reader.releaseLock(); // the stream is cancelled in the end, which a lock would forbid
    }
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
    for (const worker of this.#workers) worker.terminate();
    if (this.#process === undefined) return;
    const child = this.#process;
    const late = setTimeout(() => child.kill("SIGKILL"), END_MS_MAX);
    await child.stdout.cancel();
    await child.status;
    clearTimeout(late);
  }
}

/** The next thing that `worker` tells. */
function told<Told>(worker: Worker): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  worker.onmessage = (event) => resolve(event.data);
  worker.onerror = (event) => reject(new Error(event.message));
  return promise;
}
