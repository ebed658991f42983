/**
 * A load generator that sends a request, waits for the answer, notes how long it took and sends the
 * next, asks nothing while the server stands still. All the requests that others would have made
 * meanwhile are missing from its notes: one single bad value stands for the whole pause, and no
 * percentile shows it. The load was "coordinated" with the server, and omits what matters most.
 *
 * The remedy is to know when each request was _due_, to measure from then, and to send what is
 * overdue as soon as one can. Where only the notes are left, the missing values can be filled in
 * from the interval at which requests were due.
 *
 * A client with a request due every few milliseconds meets an echo server that is stopped for a
 * while by SIGSTOP. The same answers go into three histograms: from when a request was sent, from
 * when it was due, and the first one filled in.
 *
 * @module
 */

import { build, type Histogram } from "hdr-histogram-js";
import { models } from "../../models/mod.ts";
import { type Lesson, LessonError, type Verdict } from "./lesson.ts";
import { Apart } from "./stage/apart.ts";
import { pause } from "./stage/pause.ts";
import { Client } from "./stage/serving.ts";
import { procUnavailable } from "./stage/thread.ts";

/** A request is due every so many milliseconds. */
const INTERVAL_MS = 5;

/**
 * Of fewer than 100 one is more than a hundredth, which even a closed loop's p99 shows; of so many
 * four others may be late as well.
 */
const REQUESTS_MIN = 500;

/** How much the load has to have lied, and what is hardly a lie. */
const RATIO_MIN = 50, HARDLY = 2;

const MESSAGE = "are you there?";

/** See Lesson. */
export const lesson: Lesson = {
  name: "lying-load",
  title: "coordinated omission: a load generator that waits with its server",
  claim: "A closed loop does not measure while the server stands still, and so hides that it did",
  plan: `Ask an echo server every ${INTERVAL_MS} ms, stop its process for a while, and compare ` +
    "the p99 from when requests were sent with the p99 from when they were due",
  rule: `confirmed when the p99 from the intended start is over ${RATIO_MIN} times the other, ` +
    `refuted when it is less than ${HARDLY} times; else inconclusive`,
  refutedIf:
    "what is measured from the intended start is no worse than from the actual one, as with a " +
    "load that does not wait for its server",
  code: [
    "bench/load/: the benchmark's own load, which in its open loops counts from when an " +
    "operation was due",
    "models/multiplex.ts: the server",
  ],
  unavailable: () => models.get("multiplex")!.unavailable() ?? procUnavailable(),
  async run({ size, say, signal }) {
    const [requests, stopMs] = size === "full" ? [1_600, 1_400] : [60, 100];
    const stopAt = Math.floor(requests / 4);
    const flags = ["--model", "multiplex", "--protocol", "echo"];
    await using apart = await Apart.start(flags, signal);
    const { host: hostname, port } = apart.server;
    const client = new Client(await Deno.connect({ hostname, port }));
    const fromSent = build(), fromDue = build(), filledIn = build();
    let stopped = false, sentMeanwhile = 0, dueMeanwhile = 0;
    let waking: ReturnType<typeof setTimeout> | undefined;
    const goOn = () => {
      stopped = false;
      apart.goOn();
    };
    try {
      say(`a request every ${INTERVAL_MS} ms; the server stops for ${stopMs} ms at no. ${stopAt}`);
      const begun = performance.now();
      let stoppedAt = Infinity, wentOnAt = Infinity;
      for (let request = 0; request < requests; request++) {
        const due = begun + request * INTERVAL_MS;
        if (due > performance.now()) await pause(due - performance.now(), signal);
        if (request === stopAt) {
          stopped = true;
          await apart.halt();
          stoppedAt = due;
          waking = setTimeout(goOn, stopMs);
        }
        if (stopped) sentMeanwhile++;
        const sent = performance.now();
        await client.send(MESSAGE);
        if (await client.receiveAll(MESSAGE.length) !== MESSAGE) throw new LessonError("No echo");
        const answered = performance.now();
        if (request === stopAt) wentOnAt = answered;
        if (due >= stoppedAt && due < wentOnAt) dueMeanwhile++;
        note(fromSent, answered - sent);
        note(fromDue, answered - due);
        filledIn.recordValueWithExpectedInterval(microseconds(answered - sent), 1e3 * INTERVAL_MS);
      }
    } finally {
      clearTimeout(waking);
      if (stopped) goOn();
      client.close();
    }
    const p99 = (histogram: Histogram) => histogram.getValueAtPercentile(99) / 1e3;
    const ratio = p99(fromDue) / p99(fromSent);
    return {
      measured: [
        { name: "requests", value: requests },
        { name: "due while the server stood still", value: dueMeanwhile },
        { name: "sent while the server stood still", value: sentMeanwhile },
        { name: "p99 from when they were sent", value: p99(fromSent), unit: "ms" },
        { name: "p99 from when they were due", value: p99(fromDue), unit: "ms" },
        { name: "p99 with the missing ones filled in", value: p99(filledIn), unit: "ms" },
        { name: "due over sent", value: ratio, unit: "times" },
      ],
      verdict: verdictOf(requests, ratio),
      reason: `p99 is ${p99(fromDue).toFixed(0)} ms from the intended start, and ` +
        `${p99(fromSent).toFixed(2)} ms from the actual one`,
    };
  },
};

/** The rule: p99 from the intended starts over that from the actual ones. */
export function verdictOf(requests: number, ratio: number): Verdict {
  if (requests < REQUESTS_MIN) return "inconclusive";
  return ratio > RATIO_MIN ? "confirmed" : ratio < HARDLY ? "refuted" : "inconclusive";
}

function microseconds(milliseconds: number): number {
  return Math.max(1, Math.round(1e3 * milliseconds));
}

function note(histogram: Histogram, milliseconds: number): void {
  histogram.recordValue(microseconds(milliseconds));
}
