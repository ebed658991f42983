/**
 * A server in a process of its own, to which more and more clients come, who then ask all at once:
 * what one more of them costs it in memory, and a request in context switches.
 * thread_per_connection.ts compares two such servers.
 *
 * @module
 */

import { MSG_WAITALL } from "../../../models/libc/constants.ts";
import { slope } from "../../claims/statistics.ts";
import { processWork } from "../../run/process_figures.ts";
import { LessonError, type Stage } from "../lesson.ts";
import { Apart } from "./apart.ts";
import { pause } from "./pause.ts";
import { Sockets } from "./sockets.ts";

/** How long a new thread may take, milliseconds. */
const GROW_MS_MAX = 5_000;

/** Between two looks at how many threads there are, milliseconds. */
const LOOK_MS = 50;

const MESSAGE = new TextEncoder().encode("a request");

/** By model: how many threads serve so many clients. One more than clients waits for the next. */
const SERVERS = {
  blocking: (clients: number) => clients + 1,
  multiplex: () => 1,
} as const;

/** What a server pays. */
export interface Cost {
  /** Memory for one more client. */
  readonly megabytes: number;
  /** Voluntary switches for one request. */
  readonly switches: number;
}

/** What clients cost `model` that come by `ladder`, and of whom all ask at once in each round. */
export async function crowd(
  model: keyof typeof SERVERS,
  ladder: readonly number[],
  rounds: number,
  { say, signal }: Stage,
): Promise<Cost & { readonly firstMegabytes: number; readonly serving: number }> {
  const most = ladder.at(-1)!;
  const room = model === "blocking" ? ["--max-workers", `${most + 1}`] : [];
  const flags = ["--model", model, "--protocol", "echo", "--workers", "1", ...room];
  await using apart = await Apart.start(flags, signal);
  using sockets = new Sockets();
  const { server } = apart;
  const clients: number[] = [];
  const points: [clients: number, megabytes: number][] = [];
  for (const count of ladder) {
    while (clients.length < count) {
      clients.push(sockets.connect(server.port));
      askAtOnce(sockets, clients.slice(-1));
      await pause(0, signal); // Ctrl-C is heard between two calls only
    }
    const deadline = performance.now() + GROW_MS_MAX;
    while ((await apart.sample("opening")).workers?.length !== SERVERS[model](count)) {
      if (performance.now() > deadline) throw new LessonError("The pool did not grow in time");
      await pause(LOOK_MS, signal);
    }
    points.push([count, server.memoryBytes() / 1e6]);
    say(`${model}: ${count} clients, ${points.at(-1)![1].toFixed(0)} MB`);
  }
  const before = await apart.sample("opening");
  for (let round = 0; round < rounds; round++) {
    await pause(0, signal);
    askAtOnce(sockets, clients);
  }
  const after = await apart.sample("closed");
  const { switches } = processWork(before, after);
  if (switches === undefined) throw new LessonError("A thread ended while it was counted");
  return {
    firstMegabytes: points[0]![1],
    serving: after.workers!.length,
    megabytes: slope(points)!,
    switches: switches.voluntary / (rounds * most),
  };
}

/** All of `clients` send a request before the first of them receives its answer. */
function askAtOnce(sockets: Sockets, clients: readonly number[]): void {
  const answer = new Uint8Array(MESSAGE.length);
  for (const fd of clients) sockets.libc.send(fd, MESSAGE, 0);
  for (const fd of clients) {
    const count = sockets.receive(fd, answer.fill(0), MSG_WAITALL);
    const right = count === answer.length && answer.every((octet, at) => octet === MESSAGE[at]);
    if (!right) throw new LessonError("The server did not send the echo in time");
  }
}
