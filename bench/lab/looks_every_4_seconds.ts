/**
 * Non-blocking calls answer at once: EAGAIN, "nothing there, try again". The textbook's first use
 * of them is a server that looks, sleeps, and looks again, every 4 seconds. A client that comes
 * between two looks is connected by the kernel and greeted by nobody, until the next look.
 *
 * @module
 */

import { models } from "../../models/mod.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { pause, until } from "./stage/pause.ts";
import { serve } from "./stage/serving.ts";

/** Between two looks, milliseconds. */
const INTERVAL_MS = { full: 4_000, small: 200 };

/** Where in an interval the clients come. */
const PHASES = [0.2, 0.8];

/** An answer so near to the end of the interval came with the look there. */
const OFF_MAX = 0.05;

/** Polling with an interval that a person can wait for. */
export const lesson: Lesson = {
  name: "looks-every-4-seconds",
  title: "the non-blocking server that looks every 4 seconds",
  claim:
    "A server that looks for clients at intervals answers at the next look, however early in " +
    "the interval the client came; while nobody comes, it looks in vain.",
  plan: "Serve hello by the model polling with an interval of 4 s. Let one go by with nobody " +
    "there; then one client comes early and one late in an interval. Note when each is greeted, " +
    "and count accept4 and its EAGAIN.",
  rule: "confirmed when no look came between client and greeting but the one that greeted, and " +
    `that was at the end of the interval, to ${OFF_MAX * 100} % of it; refuted when one went by, ` +
    "or a greeting came before the end; inconclusive when one was only late",
  refutedIf: "a client is greeted between two looks, as by a server that is woken, or not by the " +
    "next one",
  code: [
    "models/selector/scan.ts: wait(), the sleep between two looks",
    "models/readiness/server.ts: #accept(), the look",
  ],
  unavailable: () => models.get("polling")!.unavailable(),
  run,
};

/** The rule: looks that a client saw go by, and the greetings' places in their intervals. */
export function verdictOf({ passed, places }: {
  readonly passed: readonly number[];
  readonly places: readonly number[];
}): Verdict {
  if (passed.some((count) => count > 0)) return "refuted";
  if (places.some((place) => place < 1 - OFF_MAX)) return "refuted";
  return places.every((place) => place <= 1 + OFF_MAX) ? "confirmed" : "inconclusive";
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const intervalMs = INTERVAL_MS[size];
  await using served = await serve("polling", { protocol: "hello", intervalMs }, signal);
  const sleeps = () => served.stats().calls.nanosleep ?? 0;
  /**
   * Resolves when the server has looked, and sleeps again, with the last time at which it did not:
   * so an interval is never taken for shorter than it is, however late that is noticed.
   */
  const look = async (number: number): Promise<number> => {
    let awake = performance.now();
    await until(
      () => {
        if (sleeps() >= number) return true;
        awake = performance.now();
        return false;
      },
      2 * intervalMs,
      signal,
    );
    return awake;
  };
  let looked = await look(2);
  const alone = served.stats();
  const clients = [];
  for (const phase of PHASES) {
    await pause(phase * intervalMs, signal);
    const before = sleeps();
    const came = performance.now() - looked;
    const client = await served.connect();
    await client.receive();
    const greeted = performance.now() - looked;
    // The sleep that the client came in was counted before. The look that greets may have ended in
    // another one by now, or not yet.
    clients.push({ came, greeted, passed: Math.max(0, sleeps() - before - 1) });
    say(`a client came after ${seconds(came)}, was greeted after ${seconds(greeted)}`);
    client.close();
    looked = await look(before + 1);
  }
  const { calls, eagain, sessions } = served.stats();
  const vain = calls.accept4! - sessions;
  const places = clients.map(({ greeted }) => greeted / intervalMs);
  const passed = clients.map(({ passed }) => passed);
  return {
    measured: [
      { name: "looks before anybody came", value: alone.calls.accept4! },
      { name: "of them answered EAGAIN", value: alone.calls.accept4! - alone.sessions },
      ...clients.map(({ came, greeted }, index) => ({
        name: `client ${index + 1} came ${seconds(came)} after a look, waited`,
        value: (greeted - came) / 1e3,
        unit: "s",
      })),
      { name: "looks that a client saw go by, at most", value: Math.max(...passed) },
      { name: "place of the answers in the interval, latest", value: Math.max(...places) },
      { name: "looks in vain in all (accept4)", value: vain },
      { name: "calls in vain in all (EAGAIN)", value: eagain },
    ],
    verdict: verdictOf({ passed, places }),
    reason: `answers came at ${places.map((place) => place.toFixed(3)).join(", ")} of the ` +
      `interval; ${vain} of ${calls.accept4} looks found nobody`,
  };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1e3).toFixed(milliseconds < 1000 ? 3 : 1)} s`;
}
