/**
 * The shortest way to be never late is to look all the time: no sleep between two rounds, O_NONBLOCK
 * on every socket, and again from the start. The answer leaves microseconds after its request came,
 * and for that the program asks "anything?" some hundred thousand times a second and hears EAGAIN,
 * day and night. It is a whole processor for doing nothing, taken from whoever else could use it.
 *
 * Silent clients are connected to a server that spins, and to one that sleeps in epoll_wait(2), for
 * the same time; the workers' counters and the kernel's account of their threads are compared.
 *
 * @module
 */

import { models } from "../../models/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { pause, until } from "./stage/pause.ts";
import { difference, serve } from "./stage/serving.ts";
import { procUnavailable, threadUse } from "./stage/thread.ts";

/** Connections that say nothing. */
const CLIENTS = 8;

/** Shares of a processor, and of the calls, in percent. */
const BUSY_MIN = 95, WASTED_MIN = 99;

/** How long the connections may take to be accepted, milliseconds. */
const ACCEPT_MS_MAX = 5_000;

/** From when they are accepted until the worker that waits does so, milliseconds. */
const SETTLE_MS = 50;

/** See Lesson. */
export const lesson: Lesson = {
  name: "spinning",
  title: "spinning buys latency with a whole processor",
  claim: "A server that spins uses a whole processor when it is idle, and nearly all its calls " +
    "are wasted",
  plan: `Connect ${CLIENTS} clients that say nothing to polling --interval 0, then to multiplex, ` +
    "and compare calls, EAGAIN and the processor time of the worker",
  rule: `confirmed when the spinning worker uses more than ${BUSY_MIN} % of a processor and more ` +
    `than ${WASTED_MIN} % of its calls end with EAGAIN; inconclusive when the processor was taken ` +
    "from it by others",
  refutedIf:
    "the worker that spins leaves more of the processor to others than it may, undisturbed, as " +
    "one that sleeps between two looks does, or its calls find something to do",
  code: [
    "models/selector/scan.ts: everything may be ready, and nobody sleeps",
    "models/readiness/wire.ts: #receive, where EAGAIN is heard",
  ],
  unavailable: () => models.get("polling")!.unavailable() ?? procUnavailable(),
  async run({ size, say, signal }) {
    const idleMs = size === "full" ? 2_000 : 50;

    async function idle(model: "polling" | "multiplex") {
      say(`${model} does nothing for ${idleMs} ms`);
      await using server = await serve(model, { protocol: "echo", intervalMs: 0 }, signal);
      for (let client = 0; client < CLIENTS; client++) await server.connect();
      await until(() => server.stats().sessions === CLIENTS, ACCEPT_MS_MAX, signal);
      await pause(SETTLE_MS, signal);
      const [statsBefore, useBefore] = [server.stats(), threadUse(`${model} 0`)];
      const begun = performance.now();
      await pause(idleMs, signal);
      const [use, stats] = [threadUse(`${model} 0`), server.stats()];
      const passedMs = performance.now() - begun;
      const { calls, eagain } = difference(stats, statsBefore);
      return {
        calls: Object.values(calls).reduce((sum, count) => sum + count, 0),
        eagain,
        busy: 100 * (use.cpuMs - useBefore.cpuMs) / passedMs,
        preempted: use.involuntary - useBefore.involuntary,
      };
    }

    const spins = await idle("polling");
    const waits = await idle("multiplex");
    // The worker goes on between the reading of one counter and of the next.
    const wasted = Math.min(100, 100 * spins.eagain / spins.calls);
    const verdict = verdictOf({ wasted, ...spins });
    return {
      measured: [
        { name: "calls, spinning", value: spins.calls },
        { name: "of them EAGAIN", value: wasted, unit: "%" },
        { name: "of a processor, spinning", value: spins.busy, unit: "%" },
        { name: "times that others took the processor", value: spins.preempted },
        { name: "calls, waiting in epoll", value: waits.calls },
        { name: "of a processor, waiting in epoll", value: waits.busy, unit: "%" },
      ],
      verdict,
      reason: `${spins.busy.toFixed(1)} % of a processor, and ${wasted.toFixed(2)} % of ` +
        `${spins.calls.toLocaleString("en-US")} calls wasted; epoll made ${waits.calls}` +
        (verdict === "inconclusive" ? `; others took the processor ${spins.preempted} times` : ""),
    };
  },
};

/** The rule: shares in percent, and how often others took the processor. */
export function verdictOf({ wasted, busy, preempted }: {
  readonly wasted: number;
  readonly busy: number;
  readonly preempted: number;
}): Verdict {
  if (wasted <= WASTED_MIN) return "refuted";
  return busy > BUSY_MIN ? "confirmed" : preempted > 0 ? "inconclusive" : "refuted";
}
