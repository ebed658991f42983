/**
 * An event loop is a queue of events and, for each kind, a handler that runs to its end. Nothing
 * interrupts a handler, which is why loops need no locks; and nothing runs beside it, which is why
 * a handler must never wait. Whatever stands behind a slow one in the queue is late by all of it.
 *
 * The order is that in which the kernel tells. epoll(7) has a list that grows as things happen;
 * select(2) and poll(2) look through what they are handed, so they tell by number or by place. The
 * rule would fail by a kernel that keeps no list, or by a select that did.
 *
 * @module
 */

import { unavailableReason } from "../../models/libc/mod.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { POSTED, turn } from "./stage/event_loop.ts";
import { waitBesideSlowRead } from "./stage/slow_read.ts";

/** How long the slow handler takes, milliseconds. */
const SLOW_MS = { full: 500, small: 50 };

/** A queue, handlers, and a slow one among them. */
export const lesson: Lesson = {
  name: "event-queue",
  title: "an event loop is a queue of events with a handler each",
  claim: "An event loop takes events from a queue and runs a handler for each: over epoll in the " +
    "order of arrival, over select and poll by number; a slow handler delays all behind it.",
  plan: "Make a loop over the selector of this project: what epoll tells goes to a queue, what " +
    "comes out of the queue is handled. Post events on six connections, not in the order of their " +
    "descriptors; the third has a handler that takes long. The same over select and poll, which " +
    "have no list of what happened. Then the project's own loop: while it " +
    "reads a file from a slow disk for one client, another one sends NOOP. The model async, " +
    "which awaits the read, does the same for comparison.",
  rule: "confirmed when epoll has the events handled in the order in which they were posted, " +
    "select and poll in that of their descriptors, those behind the slow handler and only those " +
    "are later by its time, and the NOOP is later by at least half of it; inconclusive when only " +
    "the NOOP was not late",
  refutedIf:
    "epoll tells in another order than that of arrival, as a kernel would that keeps no list, " +
    "select or poll in another than that of descriptors, or an event behind the slow handler " +
    "does not wait for it, as where each has a thread",
  code: [
    "models/readiness/loop.ts: #queue, #take() and round()",
    "models/readiness/loop.ts: #work(), one unit of work per watch and round, so that none is slow",
    "models/files/slow_disk.ts: slowStore, where blocking models sleep and async awaits",
  ],
  unavailable: unavailableReason,
  run,
};

/** The rule: the orders, who waited for the slow handler, and the part of its time that NOOP did. */
export function verdictOf({ inOrder, byPlace, delayed, late }: {
  readonly inOrder: boolean;
  readonly byPlace: boolean;
  readonly delayed: boolean;
  readonly late: number;
}): Verdict {
  if (!inOrder || !byPlace || !delayed) return "refuted";
  return late >= 0.5 ? "confirmed" : "inconclusive";
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const slowMs = SLOW_MS[size];
  const { trace, byNumber } = turn("epoll", slowMs);
  for (const { name, beganMs, endedMs } of trace) {
    say(`${name} handled from ${beganMs.toFixed(2)} to ${endedMs.toFixed(2)} ms`);
  }
  const order = trace.map(({ name }) => name);
  const late = trace.filter(({ beganMs }) => beganMs >= slowMs).map(({ name }) => name);
  const scanned = (["select", "poll"] as const).map((kind) => {
    const names = turn(kind, 0).trace.map(({ name }) => name);
    say(`over ${kind} they are handled as ${names.join(", ")}`);
    return { kind, names };
  });
  const inOrder = `${order}` === `${POSTED}`;
  const byPlace = scanned.every(({ names }) => `${names}` === `${byNumber}`);
  const delayed = `${late}` === `${POSTED.slice(POSTED.indexOf("slow") + 1)}`;
  say(`a client reads from a disk that is ${slowMs} ms late, another sends NOOP`);
  const loop = await waitBesideSlowRead("multiplex", slowMs, signal);
  const awaiting = await waitBesideSlowRead("async", slowMs, signal);
  return {
    measured: [
      { name: "posted", value: POSTED.join(", ") },
      { name: "handled", value: order.join(", ") },
      { name: "by number of the descriptors", value: byNumber.join(", ") },
      ...scanned.map(({ kind, names }) => ({
        name: `handled over ${kind}`,
        value: names.join(", "),
      })),
      { name: "late by the slow handler", value: late.join(", ") },
      { name: "the last of them begins after", value: trace.at(-1)?.beganMs ?? "none", unit: "ms" },
      { name: "slow reads, multiplex and async", value: loop.slowReads + awaiting.slowReads },
      { name: "multiplex: NOOP waits", value: loop.waitMs, unit: "ms" },
      { name: "async: NOOP waits", value: awaiting.waitMs, unit: "ms" },
    ],
    verdict: verdictOf({ inOrder, byPlace, delayed, late: loop.waitMs / slowMs }),
    reason: `handled ${inOrder ? "in the order posted" : "in another order"} over epoll, ` +
      `${byPlace ? "by number" : "not by number"} over select and poll; ${late.length} of ` +
      `${POSTED.length} events late by ${slowMs} ms; NOOP waited ${loop.waitMs.toFixed(1)} ms`,
  };
}
