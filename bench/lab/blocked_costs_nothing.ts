/**
 * A thread that waits in recv(2) is on no run queue. The kernel knows for what it waits and puts it
 * back when that comes: one switch away, one switch to. Between the two it costs memory, but no
 * processor: to block is the cheapest way to wait, for one connection.
 *
 * @module
 */

import { models } from "../../models/mod.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { pause } from "./stage/pause.ts";
import { difference, serve } from "./stage/serving.ts";
import { procUnavailable, threadUse } from "./stage/thread.ts";

/** Requests, and the silence before each, milliseconds. */
const SIZES = { full: { requests: 40, silenceMs: 100 }, small: { requests: 5, silenceMs: 20 } };

/** The share of the time that a thread may use which mostly waits. */
const SHARE_MAX = 0.01;

/** Switches per wake-up may be off by this: a page fault or a lock of the runtime adds one. */
const SWITCHES_OFF_MAX = 0.1;

/** The account of one blocked thread. */
export const lesson: Lesson = {
  name: "blocked-costs-nothing",
  title: "a blocked thread costs no processor time",
  claim: "A blocked thread costs no CPU: it is switched away from once, and to once, for each " +
    "thing that it waits for.",
  plan: "Serve echo by the model blocking. A client sends one octet ten times a second, and the " +
    "thread answers. Read the kernel's account of this one thread before and after: processor " +
    "time, and how often it gave the processor away.",
  rule: `confirmed when the thread used less than ${SHARE_MAX * 100} % of the time, and gave the ` +
    "processor away once per wake-up, to 10 %; inconclusive when wake-ups were not one a request",
  refutedIf:
    "a thread in recv(2) uses a share of a processor all the same, or is switched to without an " +
    "octet having come, as by a kernel that looks again and again",
  code: [
    "models/readiness/blocking_wire.ts: recv(2) on a blocking socket",
    "models/libc/mod.ts: recv(), a plain call that returns when there is something",
  ],
  unavailable: () => models.get("blocking")!.unavailable() ?? procUnavailable(),
  run,
};

/** The rule: `share` of the time on the processor, switches for one wake-up. */
export function verdictOf({ requests, wakeups, share, perWakeup }: {
  readonly requests: number;
  readonly wakeups: number;
  readonly share: number;
  readonly perWakeup: number;
}): Verdict {
  if (wakeups !== requests) return "inconclusive";
  const holds = share < SHARE_MAX && Math.abs(perWakeup - 1) <= SWITCHES_OFF_MAX;
  return holds ? "confirmed" : "refuted";
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const { requests, silenceMs } = SIZES[size];
  await using served = await serve("blocking", { protocol: "echo" }, signal);
  const client = await served.connect();
  const ask = async () => {
    await pause(silenceMs, signal);
    await client.send("?");
    await client.receiveAll(1);
  };
  await ask(); // compiles what is compiled at the first use
  await pause(silenceMs, signal);
  const before = { stats: served.stats(), use: threadUse("blocking 0") };
  const begun = performance.now();
  say(`${requests} requests, ${silenceMs} ms of silence before each`);
  for (let request = 0; request < requests; request++) await ask();
  await pause(silenceMs, signal);
  const elapsedMs = performance.now() - begun;
  const use = threadUse("blocking 0");
  const stats = difference(served.stats(), before.stats);
  const share = (use.cpuMs - before.use.cpuMs) / elapsedMs;
  const switches = use.voluntary - before.use.voluntary;
  const perWakeup = switches / stats.wakeups;
  return {
    measured: [
      { name: "requests", value: requests },
      { name: "wake-ups of the thread", value: stats.wakeups },
      { name: "calls of recv", value: stats.calls.recv ?? 0 },
      { name: "times that it gave the processor away", value: switches },
      { name: "of them per wake-up", value: perWakeup },
      {
        name: "times that the processor was taken",
        value: use.involuntary - before.use.involuntary,
      },
      { name: "elapsed", value: elapsedMs, unit: "ms" },
      { name: "processor time of the thread", value: use.cpuMs - before.use.cpuMs, unit: "ms" },
      { name: "share of the time", value: share * 100, unit: "%" },
    ],
    verdict: verdictOf({ requests, wakeups: stats.wakeups, share, perWakeup }),
    reason: `${(share * 100).toFixed(2)} % of a processor, ${
      perWakeup.toFixed(2)
    } voluntary switches per wake-up`,
  };
}
