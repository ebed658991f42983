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
import { type Handled, POSTED, turn } from "./stage/event_loop.ts";
import { waitBesideSlowRead } from "./stage/slow_read.ts";

/** How long the slow handler takes, milliseconds. */
const SLOW_MS = { full: 500, small: 50 };

/** A queue, handlers, and a slow one among them. */
export const lesson: Lesson = {
  name: "event-queue",
  title: "an event loop is a queue of events with a handler each",
  claim: "An event loop takes events from a queue and runs a handler for each: over epoll in the " +
    "order of arrival, over select by number, over poll by place in its array; a slow handler " +
    "delays all behind it.",
  plan: "Make a loop over the selector of this project: what epoll tells goes to a queue, what " +
    "comes out of the queue is handled. Watch six connections, those with the highest descriptors " +
    "first, and post an event on each in a third order; the third has a handler that takes long. " +
    "The same over select and poll, which have no list of what happened. Then the project's own " +
    "loop: while it reads a file from a slow disk for one client, another one sends NOOP. The " +
    "model async, which awaits sockets but no file, does the same for comparison.",
  rule: "confirmed when epoll has the events handled in the order in which they were posted, " +
    "select in that of their descriptors, poll in that in which they were given to it, those " +
    "behind the slow handler and only those are later by its time, and the NOOP is later by at " +
    "least half of it; inconclusive when only the NOOP was not late",
  refutedIf:
    "epoll tells in another order than that of arrival, as a kernel would that keeps no list, " +
    "select in another than that of descriptors, poll in another than that of its array, or an " +
    "event behind the slow handler does not wait for it, as where each has a thread",
  code: [
    "models/readiness/loop.ts: #queue, #take() and round()",
    "models/readiness/loop.ts: #work(), one unit of work per watch and round, so that none is slow",
    "models/selector/poll.ts: #drop(), by which the last entry changes its place",
    "models/files/slow_disk.ts: slowStore, in which the thread stands still, as in read(2)",
    "models/async.ts: files are read synchronously there, too",
  ],
  unavailable: unavailableReason,
  run,
};

/** The rule: the orders, who waited for the slow handler, and the part of its time that NOOP did. */
export function verdictOf({ inOrder, byNumber, byPlace, delayed, late }: {
  /** Over epoll. */
  readonly inOrder: boolean;
  /** Over select. */
  readonly byNumber: boolean;
  /** Over poll. */
  readonly byPlace: boolean;
  readonly delayed: boolean;
  readonly late: number;
}): Verdict {
  if (!inOrder || !byNumber || !byPlace || !delayed) return "refuted";
  return late >= 0.5 ? "confirmed" : "inconclusive";
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const slowMs = SLOW_MS[size];
  const { trace } = turn("epoll", slowMs);
  for (const { name, beganMs, endedMs } of trace) {
    say(`${name} handled from ${beganMs.toFixed(2)} to ${endedMs.toFixed(2)} ms`);
  }
  const order = namesOf(trace);
  const late = namesOf(trace.filter(({ beganMs }) => beganMs >= slowMs));
  const [select, poll] = [turn("select", 0), turn("poll", 0)];
  say(`over select they are handled as ${namesOf(select.trace).join(", ")}`);
  say(`over poll they are handled as ${namesOf(poll.trace).join(", ")}`);
  const inOrder = `${order}` === `${POSTED}`;
  const byNumber = `${namesOf(select.trace)}` === `${select.byNumber}`;
  const byPlace = `${namesOf(poll.trace)}` === `${poll.byPlace}`;
  const delayed = `${late}` === `${POSTED.slice(POSTED.indexOf("slow") + 1)}`;
  say(`a client reads from a disk that is ${slowMs} ms late, another sends NOOP`);
  const loop = await waitBesideSlowRead("multiplex", slowMs, signal);
  const awaiting = await waitBesideSlowRead("async", slowMs, signal);
  return {
    measured: [
      { name: "posted", value: POSTED.join(", ") },
      { name: "handled", value: order.join(", ") },
      { name: "by number of the descriptors", value: select.byNumber.join(", ") },
      { name: "handled over select", value: namesOf(select.trace).join(", ") },
      { name: "by place in the array of poll", value: poll.byPlace.join(", ") },
      { name: "handled over poll", value: namesOf(poll.trace).join(", ") },
      { name: "late by the slow handler", value: late.join(", ") },
      { name: "the last of them begins after", value: trace.at(-1)?.beganMs ?? "none", unit: "ms" },
      { name: "slow reads, multiplex and async", value: loop.slowReads + awaiting.slowReads },
      { name: "multiplex: NOOP waits", value: loop.waitMs, unit: "ms" },
      { name: "async: NOOP waits", value: awaiting.waitMs, unit: "ms" },
    ],
    verdict: verdictOf({ inOrder, byNumber, byPlace, delayed, late: loop.waitMs / slowMs }),
    reason: `handled ${inOrder ? "in the order posted" : "in another order"} over epoll, ` +
      `${byNumber ? "by number" : "not by number"} over select, ` +
      `${byPlace ? "by place" : "not by place"} over poll; ${late.length} of ${POSTED.length} ` +
      `events late by ${slowMs} ms; NOOP waited ${loop.waitMs.toFixed(1)} ms`,
  };
}

function namesOf(trace: readonly Handled[]): string[] {
  return trace.map(({ name }) => name);
}
