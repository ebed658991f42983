/**
 * A server that sleeps between two looks finds a request when it looks next. A request that comes
 * at any moment comes, on the average, in the middle of a sleep: its answer is late by half the
 * interval. That is what an open loop sees, whose requests do not ask how the last one fared.
 *
 * A client that sends its next request soon after an answer is another matter. Its answer was sent
 * at a look, the server looked once more, found nothing and lay down, and the new request comes just
 * then: it waits for the whole sleep, every time. The closed loop marches in step with the server,
 * and measures twice the lateness; neither of them is wrong, they ask different questions.
 *
 * And a client that is quicker than that one more look is never late: the server finds work at
 * every look and does not lie down. The client here blocks in calls of its own, so it is that quick
 * if it wants to be, and exact to a fraction of a millisecond when it waits.
 *
 * @module
 */

import { Libc } from "../../models/libc/mod.ts";
import { models } from "../../models/mod.ts";
import { median, randomFrom } from "../claims/statistics.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { pause } from "./stage/pause.ts";
import { difference, serve } from "./stage/serving.ts";
import { Sockets } from "./stage/sockets.ts";

/** The median answer in intervals, from and to. */
const OPEN_MIN = 0.45, OPEN_MAX = 0.75, CLOSED_MIN = 0.95, CLOSED_MAX = 1.2;

/** A median of fewer requests at random moments is itself a matter of chance. */
const REQUESTS_MIN = 100;

/** A closed loop takes longer than the server's next look, and much less than its sleep. */
const TURNAROUND_MS = 0.3;

const MESSAGE = Uint8Array.of(1);

/** See Lesson. */
export const lesson: Lesson = {
  name: "late-by-half",
  title: "sleep-polling answers late by half its interval",
  claim: "Sleep-polling answers late by half its interval, in a closed loop by all of it",
  plan: "Serve echo by polling that sleeps T between two looks. Ask at random moments, then " +
    "soon after each answer, and take the median latency in units of T",
  rule: `confirmed when it is ${OPEN_MIN} to ${OPEN_MAX} at random moments and ${CLOSED_MIN} to ` +
    `${CLOSED_MAX} in a closed loop that turns round in ${TURNAROUND_MS} ms; one that asks at ` +
    "once may be quicker than the server's next look: it is shown and does not count",
  refutedIf:
    "the median at random moments is far from half an interval, as with a server that is woken " +
    "and does not sleep",
  code: [
    "models/selector/scan.ts: wait(), the sleep",
    "models/polling.ts: the interval",
  ],
  unavailable: () => models.get("polling")!.unavailable(),
  async run({ size, say, signal }) {
    const [intervalMs, requests] = size === "full" ? [20, 160] : [5, 8];
    const options = { protocol: "echo", intervalMs } as const;
    await using server = await serve("polling", options, signal);
    using sockets = new Sockets(new Libc());
    const client = sockets.connect(server.port);
    const { libc } = sockets;
    const random = randomFrom(1);

    /** Requests that each come `gapMs()` after the last answer; the median latency in intervals. */
    async function ask(gapMs: () => number) {
      const before = server.stats();
      const latencies: number[] = [];
      for (let request = 0; request < requests; request++) {
        const gap = gapMs();
        if (gap > intervalMs) await pause(0, signal); // Ctrl-C is heard between two calls only
        if (gap > 0) libc.sleep(gap);
        const begun = performance.now();
        libc.send(client, MESSAGE, 0);
        libc.recv(client, new Uint8Array(1), 1n, 0);
        latencies.push((performance.now() - begun) / intervalMs);
      }
      await pause(0, signal);
      const { calls } = difference(server.stats(), before);
      return { p50: median(latencies), sleeps: (calls.nanosleep ?? 0) / requests };
    }

    say(`${requests} requests at random moments, the server looks every ${intervalMs} ms`);
    // The server lies down at its answer: any moment of its next sleep but one is as likely.
    const open = await ask(() => (1 + random()) * intervalMs);
    say(`${requests} requests, each soon after the answer to the last`);
    const closed = await ask(() => TURNAROUND_MS);
    say(`${requests} requests, each at once`);
    const hasty = await ask(() => 0);
    return {
      measured: [
        { name: "interval T", value: intervalMs, unit: "ms" },
        { name: "p50 at random moments", value: open.p50, unit: "T" },
        { name: "p50 in a closed loop", value: closed.p50, unit: "T" },
        { name: "p50 of a client that asks at once", value: hasty.p50, unit: "T" },
        { name: "sleeps per request at random moments", value: open.sleeps },
        { name: "sleeps per request in a closed loop", value: closed.sleeps },
        { name: "sleeps per request of one that asks at once", value: hasty.sleeps },
      ],
      verdict: verdictOf({ requests, open: open.p50, closed: closed.p50 }),
      reason: `the median answer is late by ${open.p50.toFixed(2)} intervals at random moments, ` +
        `by ${closed.p50.toFixed(2)} in a closed loop, by ${
          hasty.p50.toFixed(2)
        } when the client ` +
        "asks at once",
    };
  },
};

/** The rule: medians at random moments and in a closed loop, in intervals. */
export function verdictOf({ requests, open, closed }: {
  readonly requests: number;
  readonly open: number;
  readonly closed: number;
}): Verdict {
  if (requests < REQUESTS_MIN) return "inconclusive";
  const holds = open >= OPEN_MIN && open <= OPEN_MAX &&
    closed >= CLOSED_MIN && closed <= CLOSED_MAX;
  return holds ? "confirmed" : "refuted";
}
