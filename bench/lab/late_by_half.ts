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
import type { Interval } from "../claims/inference.ts";
import { randomFrom, shuffled } from "../claims/statistics.ts";
import { type Lesson, LessonError, type Verdict } from "./lesson.ts";
import { estimate, shown } from "./stage/compare.ts";
import { pause } from "./stage/pause.ts";
import { difference, serve } from "./stage/serving.ts";
import { Sockets } from "./stage/sockets.ts";

/** Where the interval of the median answer has to lie, in intervals of the server, from and to. */
const OPEN_MIN = 0.35, OPEN_MAX = 0.7, CLOSED_MIN = 0.95, CLOSED_MAX = 1.2;

/** A median of fewer requests at random moments is itself a matter of chance. */
const REQUESTS_MIN = 100;

/** The moments are the same each time, so that two runs differ by the machine only. */
const SEED = 1;

/** A closed loop takes longer than the server's next look, and much less than its sleep. */
const TURNAROUND_MS = 0.3;

const MESSAGE = Uint8Array.of(1);

/** See Lesson. */
export const lesson: Lesson = {
  name: "late-by-half",
  title: "sleep-polling answers late by half its interval",
  claim: "Sleep-polling answers late by half its interval, in a closed loop by all of it",
  plan: "Serve echo by polling that sleeps T between two looks. Ask at random moments, then " +
    "soon after each answer, and take the median latency in units of T, with its interval",
  rule: `confirmed when that lies within ${OPEN_MIN} to ${OPEN_MAX} at random moments and within ` +
    `${CLOSED_MIN} to ${CLOSED_MAX} in a closed loop that turns round in ${TURNAROUND_MS} ms; ` +
    `refuted when it lies below ${OPEN_MIN} at random moments, or reaches as far as in the ` +
    "closed loop; else inconclusive. One that asks at once may be quicker than the server's next " +
    "look: it is shown and does not count",
  refutedIf:
    "answers at random moments come well before half an interval has passed, as from a server " +
    "that is woken and does not sleep, or as late as in a closed loop",
  code: [
    "models/selector/scan.ts: wait(), the sleep",
    "models/polling.ts: the interval",
  ],
  unavailable: () => models.get("polling")!.unavailable(),
  async run({ size, say, signal }) {
    const [intervalMs, requests, turns] = size === "full" ? [20, 200, 50] : [5, 8, 8];
    const options = { protocol: "echo", intervalMs } as const;
    await using server = await serve("polling", options, signal);
    using sockets = new Sockets(new Libc());
    const client = sockets.connect(server.port);
    const { libc } = sockets;
    const random = randomFrom(SEED);

    /** Requests that each come one of `gapsMs` after the last answer; their latency in intervals. */
    async function ask(gapsMs: readonly number[]) {
      const before = server.stats();
      const latencies: number[] = [];
      for (const gap of gapsMs) {
        if (gap > intervalMs) await pause(0, signal); // Ctrl-C is heard between two calls only
        if (gap > 0) libc.sleep(gap);
        const begun = performance.now();
        libc.send(client, MESSAGE, 0);
        if (sockets.receive(client, new Uint8Array(1)) !== 1) throw new LessonError("No answer");
        latencies.push((performance.now() - begun) / intervalMs);
      }
      await pause(0, signal);
      const { calls } = difference(server.stats(), before);
      return { p50: estimate(latencies), sleeps: (calls.nanosleep ?? 0) / gapsMs.length };
    }

    say(`${requests} requests at random moments, the server looks every ${intervalMs} ms`);
    // The server lies down at its answer. One request comes in each part of its next sleep but one,
    // at a random moment of that part, so that the sample is not one-sided by chance.
    const moments = Array.from({ length: requests }, (_, part) => (part + random()) / requests);
    const open = await ask(shuffled(moments, random).map((moment) => (1 + moment) * intervalMs));
    say(`${turns} requests, each soon after the answer to the last`);
    const closed = await ask(new Array(turns).fill(TURNAROUND_MS));
    say(`${turns} requests, each at once`);
    const hasty = await ask(new Array(turns).fill(0));
    return {
      measured: [
        { name: "interval T", value: intervalMs, unit: "ms" },
        { name: "p50 at random moments", value: shown(open.p50), unit: "T" },
        { name: "p50 in a closed loop", value: shown(closed.p50), unit: "T" },
        { name: "p50 of a client that asks at once", value: shown(hasty.p50), unit: "T" },
        { name: "sleeps per request at random moments", value: open.sleeps },
        { name: "sleeps per request in a closed loop", value: closed.sleeps },
        { name: "sleeps per request of one that asks at once", value: hasty.sleeps },
      ],
      verdict: verdictOf({ requests, open: open.p50.interval, closed: closed.p50.interval }),
      reason: `the median answer is late by ${shown(open.p50)} intervals at random moments, by ` +
        `${shown(closed.p50)} in a closed loop, by ${shown(hasty.p50)} when the client asks at ` +
        "once",
    };
  },
};

/** The rule: intervals of the medians at random moments and in a closed loop, in units of T. */
export function verdictOf({ requests, open, closed }: {
  readonly requests: number;
  readonly open: Interval;
  readonly closed: Interval;
}): Verdict {
  if (requests < REQUESTS_MIN) return "inconclusive";
  if (open[1] < OPEN_MIN || closed[1] <= open[1]) return "refuted";
  const holds = open[0] >= OPEN_MIN && open[1] <= OPEN_MAX &&
    closed[0] >= CLOSED_MIN && closed[1] <= CLOSED_MAX;
  return holds ? "confirmed" : "inconclusive";
}
