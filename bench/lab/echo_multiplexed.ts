/**
 * The example of every textbook on selectors: an echo server without a thread per client. One
 * thread waits for all of them in one call, and gives each what is its own. Nothing about it is
 * parallel: while one client is answered the others wait, a few microseconds.
 *
 * @module
 */

import { models } from "../../models/mod.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { until } from "./stage/pause.ts";
import { type Client, difference, serve } from "./stage/serving.ts";

/** Clients, and messages of each. */
const SIZES = { full: { clients: 300, messages: 50 }, small: { clients: 20, messages: 3 } };

/** One message; a few words of each client's own. */
const MESSAGE_BYTES = 64;

/** Longer than connecting takes, milliseconds. */
const CONNECTING_MS = 5_000;

/** Many clients, one thread. */
export const lesson: Lesson = {
  name: "echo-multiplexed",
  title: "the echo server of many clients and one thread",
  claim: "With a selector one thread serves many connections at once, each as if it were alone.",
  plan: "Serve echo by the model multiplex (epoll, level), one worker. Many clients connect and " +
    "stay; each sends messages of its own and compares what comes back. Count sessions, threads, " +
    "wake-ups and octets.",
  rule: "confirmed when all sessions were open at once and every message came back unchanged",
  refutedIf: "a message comes back changed or not at all, or a client has to wait until another " +
    "one leaves, as where the thread blocks for one",
  code: [
    "models/readiness/loop.ts: round(), the loop",
    "models/selector/epoll.ts: wait()",
    "server/small/echo.ts: all that the protocol does",
  ],
  unavailable: () => models.get("multiplex")!.unavailable(),
  run,
};

/** The rule: sessions open of so many clients, and messages that came back of all. */
export function verdictOf({ clients, open, total, right }: {
  readonly clients: number;
  readonly open: number;
  readonly total: number;
  readonly right: number;
}): Verdict {
  return open === clients && right === total ? "confirmed" : "refuted";
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const { clients: count, messages } = SIZES[size];
  await using served = await serve("multiplex", { protocol: "echo" }, signal);
  const clients: Client[] = [];
  for (let number = 0; number < count; number++) clients.push(await served.connect());
  await until(() => served.stats().sessionsOpen === count, CONNECTING_MS, signal);
  const before = served.stats();
  say(`${before.sessionsOpen} sessions are open, each client sends ${messages} messages`);
  const unchanged = await Promise.all(
    clients.map((client, number) => converse(client, number, messages)),
  );
  const right = unchanged.reduce((sum, one) => sum + one, 0);
  const { wakeups, octetsIn, octetsOut, calls } = difference(served.stats(), before);
  const workers = served.server.stats().length;
  const total = count * messages;
  return {
    measured: [
      { name: "sessions open at once", value: before.sessionsOpen },
      { name: "workers", value: workers },
      { name: "messages that came back unchanged", value: right },
      { name: "octets that came", value: octetsIn },
      { name: "octets that left", value: octetsOut },
      { name: "wake-ups (epoll_wait)", value: wakeups },
      { name: "messages per wake-up", value: total / wakeups },
      { name: "calls of recv and send", value: (calls.recv ?? 0) + (calls.send ?? 0) },
    ],
    verdict: verdictOf({ clients: count, open: before.sessionsOpen, total, right }),
    reason: `${right} of ${total} messages of ${count} clients came back from ${workers} worker, ` +
      `${(total / wakeups).toFixed(1)} per wake-up`,
  };
}

/** Sends messages one after the other; how many came back as they were sent. */
async function converse(client: Client, number: number, messages: number): Promise<number> {
  let unchanged = 0;
  for (let index = 0; index < messages; index++) {
    const message = `client ${number}, message ${index}.`.padEnd(MESSAGE_BYTES, ".");
    await client.send(message);
    if (await client.receiveAll(MESSAGE_BYTES) !== message) break; // the next would be behind it
    unchanged++;
  }
  return unchanged;
}
