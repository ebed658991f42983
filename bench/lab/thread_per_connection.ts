/**
 * A thread for each connection is the simplest server there is: what a connection has to remember
 * stands in its thread's local variables and in the place where the program has got to. That comfort
 * is paid for twice. A thread has a stack, here even an engine with a heap of its own, whether its
 * client says anything or not; and each request finds its thread asleep in recv(2), so the kernel
 * has to switch to it and, when it sleeps again, away.
 *
 * A blocking server in a process of its own gets one client after the other, and starts a thread
 * for each. The slope of its memory over its threads is the price of one; then all clients ask in
 * turn, and the kernel's count of switches is divided by the requests. How much of that is the
 * engine's, a server in C beside it tells: a thread of its costs a stack, and the same switch.
 *
 * @module
 */

import { models } from "../../models/mod.ts";
import { processWork } from "../run/process_figures.ts";
import { type Lesson, LessonError, type Verdict } from "./lesson.ts";
import { Apart } from "./stage/apart.ts";
import { slope } from "./stage/compare.ts";
import { pause } from "./stage/pause.ts";
import { pthreadCost } from "./stage/pthreads.ts";
import { Client } from "./stage/serving.ts";
import { procUnavailable } from "./stage/thread.ts";

/** More than a connection can need, so it is the thread's. */
const MB_MIN = 1;

/** Voluntary switches per request. */
const SWITCHES_MIN = 0.8, SWITCHES_MAX = 1.2;

/** How long a new thread may take, milliseconds. */
const GROW_MS_MAX = 5_000;

/** Between two looks at how many threads there are, milliseconds. */
const LOOK_MS = 50;

const MESSAGE = "a request";

/** See Lesson. */
export const lesson: Lesson = {
  name: "thread-per-connection",
  title: "what a thread for each connection costs",
  claim: "A thread per connection costs memory for each, and a context switch for each request",
  plan: "Connect more and more clients to a blocking server that grows by a thread for each, and " +
    "take the slope of its memory; then let them ask in turn and count its voluntary switches. " +
    "The same of a server in C, whose threads have no engine of their own, where there is a compiler",
  rule: `confirmed when one more thread costs more than ${MB_MIN} MB and a request ` +
    `${SWITCHES_MIN} to ${SWITCHES_MAX} voluntary switches; C is shown beside it`,
  refutedIf:
    "a thread costs less memory than that, as one whose stack alone is its own, or a request is " +
    "served without a switch or by several",
  code: [
    "models/blocking.ts: saturated() starts a thread when all have a client",
    "models/readiness/blocking_wire.ts: where a thread waits",
  ],
  unavailable: () => models.get("blocking")!.unavailable() ?? procUnavailable(),
  async run({ size, say, signal }) {
    const [ladder, rounds] = size === "full" ? [[0, 8, 16, 24, 32], 30] : [[0, 2], 20];
    const most = ladder.at(-1)!;
    const threads = ["--workers", "1", "--max-workers", `${most + 1}`];
    const flags = ["--model", "blocking", "--protocol", "echo", ...threads];
    const pthread = await pthreadCost(most, rounds, signal);
    await using apart = await Apart.start(flags, signal);
    const { server } = apart;
    const clients: Client[] = [];
    const ask = async (client: Client) => {
      await client.send(MESSAGE);
      if (await client.receiveAll(MESSAGE.length) !== MESSAGE) throw new Error("Another echo");
    };

    const points: [threads: number, megabytes: number][] = [];
    try {
      for (const count of ladder) {
        while (clients.length < count) {
          const { host: hostname, port } = server;
          clients.push(new Client(await Deno.connect({ hostname, port })));
          await ask(clients.at(-1)!);
        }
        // One thread more than clients: it waits for the next.
        const deadline = performance.now() + GROW_MS_MAX;
        while ((await server.sample()).workers?.length !== count + 1) {
          if (performance.now() > deadline) throw new LessonError("The pool did not grow in time");
          await pause(LOOK_MS, signal);
        }
        points.push([count + 1, server.memoryBytes() / 1e6]);
        say(`${count} clients, ${count + 1} threads, ${points.at(-1)![1].toFixed(0)} MB`);
      }
      const before = await server.sample();
      for (let round = 0; round < rounds; round++) for (const client of clients) await ask(client);
      const after = await server.sample();

      const requests = rounds * most;
      const counted = processWork(before, after).switches;
      if (counted === undefined) throw new LessonError("A thread ended while it was counted");
      const switches = counted.voluntary / requests;
      const megabytes = slope(points);
      return {
        measured: [
          { name: "clients at the end", value: most },
          { name: "threads that serve", value: after.workers!.length },
          { name: "memory with one thread", value: points[0]![1], unit: "MB" },
          { name: "one more thread", value: megabytes, unit: "MB" },
          { name: "requests", value: requests },
          { name: "voluntary switches per request", value: switches },
          ...("unavailable" in pthread
            ? [{ name: "a pthread of the twin in C", value: `not here: ${pthread.unavailable}` }]
            : [
              { name: "one more pthread of the twin in C", value: pthread.kilobytes, unit: "kB" },
              { name: "the same: voluntary switches per request", value: pthread.switches },
            ]),
        ],
        verdict: verdictOf({ megabytes, switches }),
        reason: `one more thread costs ${megabytes.toFixed(1)} MB, and a request ` +
          `${switches.toFixed(2)} voluntary switches` +
          ("unavailable" in pthread
            ? ""
            : `; a pthread in C ${pthread.kilobytes.toFixed(0)} kB and ` +
              `${pthread.switches.toFixed(2)}`),
      };
    } finally {
      for (const client of clients) client.close();
    }
  },
};

/** The rule: memory of one more thread, and switches for one request. */
export function verdictOf({ megabytes, switches }: {
  readonly megabytes: number;
  readonly switches: number;
}): Verdict {
  const once = switches >= SWITCHES_MIN && switches <= SWITCHES_MAX;
  return megabytes > MB_MIN && once ? "confirmed" : "refuted";
}
