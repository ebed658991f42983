/**
 * A server that serves one connection to its end before it accepts the next one keeps a queue
 * without a line of code for it: the backlog of its listening socket. Everybody is connected at
 * once, by the kernel; everybody is served in the order of coming; and each waits for all before.
 *
 * @module
 */

import { models } from "../../models/mod.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { pause, until } from "./stage/pause.ts";
import { type Client, serve } from "./stage/serving.ts";

/** Clients in the line, and how long each keeps the server, milliseconds. */
const SIZES = { full: { clients: 20, stayMs: 50 }, small: { clients: 6, stayMs: 5 } };

/** Longer than a loop takes to greet them all, milliseconds. */
const GREETING_MS = 2_000;

/** Below this the order of waits is not that of places. */
const CORRELATION_MIN = 0.95;

/** One thread, many clients. */
export const lesson: Lesson = {
  name: "waiting-in-line",
  title: "one connection at a time means waiting in line",
  claim:
    "Where one connection is served at a time, the others wait in line: a client's wait grows " +
    "with its place.",
  plan: "Serve hello by the model blocking with a single thread. Many clients connect one after " +
    "the other before the first has been greeted; each stays a while once it is greeted. Note the " +
    "order of the greetings and each one's wait. The same again by multiplex, for comparison.",
  rule:
    "confirmed when clients are greeted in the order in which they connected, one session at a " +
    `time, and the rank correlation of place and wait is at least ${CORRELATION_MIN}`,
  refutedIf:
    "a client is greeted before one that came earlier, or two have a session at once, as in the " +
    "event loop beside it, or waits do not grow with places",
  code: [
    "models/readiness/blocking_worker.ts: serve(), after whose end the thread accepts again",
    "models/limits.ts: BACKLOG, how many may wait in the kernel",
  ],
  unavailable: () => models.get("blocking")!.unavailable(),
  run,
};

/** The rule: the order of greetings, sessions at once, and how waits follow places. */
export function verdictOf({ inOrder, together, correlation }: {
  readonly inOrder: boolean;
  readonly together: number;
  readonly correlation: number;
}): Verdict {
  const holds = inOrder && together === 1 && correlation >= CORRELATION_MIN;
  return holds ? "confirmed" : "refuted";
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const { clients, stayMs } = SIZES[size];
  say(`${clients} clients come to one thread`);
  const line = await visit("blocking", clients, stayMs, signal);
  say(`${clients} clients come to one event loop`);
  const crowd = await visit("multiplex", clients, stayMs, signal);
  const places = line.waits.map((_, place) => place);
  const correlation = rankCorrelation(places, line.waits);
  const inOrder = line.order.every((place, index) => place === index);
  return {
    measured: [
      { name: "one thread: greeted in the order of coming", value: inOrder ? "yes" : "no" },
      { name: "one thread: most sessions at once", value: line.together },
      { name: "one thread: the first waits", value: line.waits[0]!, unit: "ms" },
      { name: "one thread: the last waits", value: line.waits.at(-1)!, unit: "ms" },
      { name: "rank correlation of place and wait", value: correlation },
      { name: "one event loop: most sessions at once", value: crowd.together },
      { name: "one event loop: the longest wait", value: Math.max(...crowd.waits), unit: "ms" },
    ],
    verdict: verdictOf({ inOrder, together: line.together, correlation }),
    reason: `greeted ${inOrder ? "" : "not "}in order, rank correlation ${
      correlation.toFixed(3)
    }, the last of ${clients} waited ${line.waits.at(-1)!.toFixed(0)} ms`,
  };
}

/** Clients come, are greeted, stay, and leave: the order of greetings, waits by place. */
async function visit(model: string, clients: number, stayMs: number, signal: AbortSignal) {
  await using served = await serve(model, { protocol: "hello" }, signal);
  const order: number[] = [];
  const waits: number[] = [];
  let together = 0;
  const count = () => together = Math.max(together, served.stats().sessionsOpen);
  // A first visitor stands in the door until all others have come.
  const first = await served.connect();
  await first.receive();
  const door = Promise.withResolvers<void>();
  const stay = async (client: Client, place: number) => {
    const begun = performance.now();
    await client.receive();
    order.push(place);
    waits[place] = performance.now() - begun;
    count();
    await door.promise;
    await pause(stayMs, signal);
    await client.send("bye");
    await client.receive();
  };
  const visits: Promise<void>[] = [];
  for (let place = 0; place < clients; place++) {
    const visit = stay(await served.connect(), place);
    visit.catch(() => {}); // it is awaited below
    visits.push(visit);
  }
  if (model === "multiplex") {
    await until(() => served.stats().sessionsOpen === clients + 1, GREETING_MS, signal);
  }
  count();
  door.resolve();
  await first.send("bye");
  await Promise.all(visits);
  return { order, waits, together };
}

/** Spearman's: 1 when the order is the same in both, -1 when one is the reverse of the other. */
function rankCorrelation(xs: readonly number[], ys: readonly number[]): number {
  const rank = (values: readonly number[]) => {
    const sorted = values.toSorted((one, other) => one - other);
    return values.map((value) => sorted.indexOf(value));
  };
  const [left, right] = [rank(xs), rank(ys)];
  const squares = left.reduce((sum, place, index) => sum + (place - right[index]!) ** 2, 0);
  const count = xs.length;
  return 1 - 6 * squares / (count * (count ** 2 - 1));
}
