/**
 * The first server of every course: it greets whoever comes. Written with calls that block, it
 * needs no loop and no table of sockets; it stands in accept(2), and the kernel takes its thread
 * off the processor until a client is there. "The program hangs" is what beginners say of it: it
 * does not, it waits, and waiting is nothing that it does.
 *
 * @module
 */

import { models, type Terminal } from "../../models/mod.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { pause, until } from "./stage/pause.ts";
import { difference, serve } from "./stage/serving.ts";
import { procUnavailable, threadUse } from "./stage/thread.ts";

/** How long nobody comes, milliseconds. */
const ALONE_MS = { full: 4_000, small: 150 };

/** How long the thread may take to start, and to show what it was told, milliseconds. */
const START_MS_MAX = 1_000, SHOW_MS_MAX = 1_000;

/** It says that it waits a moment before it does, milliseconds. */
const SETTLE_MS = 50;

/** The thread may use this share of the time: it should be 0. */
const SHARE_MAX = 0.01;

/** A blocking server that waits for its first client. */
export const lesson: Lesson = {
  name: "hello",
  title: "the blocking server that stands still until a client comes",
  claim:
    "A server that blocks in accept(2) does nothing at all until a client connects: it makes " +
    "no call, it is not scheduled, it uses no processor.",
  plan: "Serve hello by the model blocking, one thread. For some seconds nobody comes: read the " +
    "thread's counters and the kernel's account of it before and after. Then a client connects, " +
    "reads the greeting and answers.",
  rule: `confirmed when the thread, alone, made no call, was never switched, and used less than ${
    SHARE_MAX * 100
  } % of the time, and the client was greeted`,
  refutedIf:
    "the thread makes a call, is switched or uses the processor while nobody comes, as one that " +
    "polls does",
  code: [
    "models/readiness/blocking_worker.ts: accept(), where the thread stands",
    "server/small/hello.ts: all that the protocol says",
  ],
  unavailable: () => models.get("blocking")!.unavailable() ?? procUnavailable(),
  run,
};

/** The rule: what the thread did alone, and whether the client was greeted. */
export function verdictOf({ calls, switches, share, greeted }: {
  readonly calls: number;
  readonly switches: number;
  readonly share: number;
  readonly greeted: boolean;
}): Verdict {
  const still = calls === 0 && switches === 0 && share < SHARE_MAX;
  return still && greeted ? "confirmed" : "refuted";
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const shown: string[] = [];
  const terminal: Terminal = {
    print: (text) => void shown.push(text),
    event: (event) => {
      if (event.kind === "warning") say(event.text);
    },
    ask: () => Promise.resolve(undefined),
  };
  await using served = await serve("blocking", { protocol: "hello" }, signal, terminal);
  await until(() => served.stats().lane === "waiting", START_MS_MAX, signal);
  await pause(SETTLE_MS, signal);
  const before = { stats: served.stats(), use: threadUse("blocking 0") };
  say(`nobody comes for ${ALONE_MS[size] / 1e3} s`);
  await pause(ALONE_MS[size], signal);
  const after = { stats: served.stats(), use: threadUse("blocking 0") };
  const { calls } = difference(after.stats, before.stats);
  const alone = Object.values(calls).reduce((sum, count) => sum + count, 0);
  const cpuMs = after.use.cpuMs - before.use.cpuMs;
  const switches = after.use.voluntary + after.use.involuntary -
    before.use.voluntary - before.use.involuntary;

  say("a client connects");
  const begun = performance.now();
  const client = await served.connect();
  const greeting = await client.receive();
  const greetedUs = (performance.now() - begun) * 1e3;
  await client.send("hello server");
  await until(() => shown.length > 0, SHOW_MS_MAX, signal);

  const share = cpuMs / ALONE_MS[size];
  const greeted = greeting === "hello client" && shown[0] === "hello server";
  return {
    measured: [
      { name: "what the thread does while nobody comes", value: after.stats.lane },
      { name: "calls that it makes meanwhile", value: alone },
      { name: "times that it is switched to or from", value: switches },
      { name: "processor time that it uses", value: cpuMs, unit: "ms" },
      { name: "the client reads", value: `${greeting}` },
      { name: "connected and greeted after", value: greetedUs, unit: "us" },
      { name: "the server shows", value: `${shown[0]}` },
    ],
    verdict: verdictOf({ calls: alone, switches, share, greeted }),
    reason: `${alone} calls and ${switches} switches in ${ALONE_MS[size] / 1e3} s, then ` +
      (greeted ? "a greeting" : "no greeting"),
  };
}
