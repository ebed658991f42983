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

import { SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { unavailableReason } from "../../models/libc/mod.ts";
import { READ, ReadyList } from "../../models/selector/mod.ts";
import type { Finding, Lesson, Stage } from "./lesson.ts";
import { type Kind, selectorOf } from "./stage/selectors.ts";
import { waitBesideSlowRead } from "./stage/slow_read.ts";
import { Sockets } from "./stage/sockets.ts";

/** Connections, in the order in which events are posted on them; the slow one is in the middle. */
const POSTED = ["delta", "alpha", "slow", "charlie", "bravo", "echo"];

/** How long the slow handler takes, milliseconds. */
const SLOW_MS = { full: 500, small: 50 };

/** Longer than anything here takes, milliseconds. */
const PATIENCE_MS = 5_000;

/** One event, from the moment when the loop began to turn. */
interface Handled {
  readonly name: string;
  readonly beganMs: number;
  readonly endedMs: number;
}

/** A queue, handlers, and a slow one among them. */
export const lesson: Lesson = {
  name: "event-queue",
  title: "an event loop is a queue of events with a handler each",
  claim: "An event loop takes events from a queue and runs a handler for each, in the order of " +
    "arrival; a slow handler delays all behind it.",
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
    "epoll tells in another order than that of arrival, select or poll in another than that of " +
    "descriptors, or an event behind the slow handler does not wait for it",
  code: [
    "models/readiness/loop.ts: #queue, #take() and round()",
    "models/readiness/loop.ts: #work(), one unit of work per watch and round, so that none is slow",
    "models/files/slow_disk.ts: slowStore, where blocking models sleep and async awaits",
  ],
  unavailable: unavailableReason,
  run,
};

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
    verdict: !inOrder || !byPlace || !delayed
      ? "refuted"
      : loop.waitMs >= slowMs / 2
      ? "confirmed"
      : "inconclusive",
    reason: `handled ${inOrder ? "in the order posted" : "in another order"} over epoll, ` +
      `${byPlace ? "by number" : "not by number"} over select and poll; ${late.length} of ` +
      `${POSTED.length} events late by ${slowMs} ms; NOOP waited ${loop.waitMs.toFixed(1)} ms`,
  };
}

/** Posts an event on a connection each, then lets a loop turn until all have been handled. */
function turn(kind: Kind, slowMs: number): { trace: Handled[]; byNumber: string[] } {
  using sockets = new Sockets();
  const selector = selectorOf(kind, sockets.libc);
  const buffer = new Uint8Array(1);
  const handlers = new Map<number, () => void>();
  const places: [fd: number, name: string][] = [];
  const clients = new Map<string, number>();
  const trace: Handled[] = [];
  // Sorted: so the numbers of the descriptors say nothing of the order in which events come.
  for (const name of POSTED.toSorted()) {
    const [client, server] = sockets.pair(SOCK_NONBLOCK);
    clients.set(name, client);
    places.push([server, name]);
    handlers.set(server, () => {
      const beganMs = performance.now() - begun;
      sockets.libc.read(server, buffer); // consumed, or it would be told again
      if (name === "slow" && slowMs > 0) sockets.libc.sleep(slowMs);
      trace.push({ name, beganMs, endedMs: performance.now() - begun });
    });
  }
  // By number: the array of poll is then in the same order as the bits of select.
  places.sort(([one], [other]) => one - other);
  for (const [fd] of places) selector.set(fd, READ);
  for (const name of POSTED) sockets.libc.send(clients.get(name)!, buffer, 0);

  const begun = performance.now();
  const ready = new ReadyList();
  while (trace.length < POSTED.length) {
    selector.wait(PATIENCE_MS, ready);
    const queue = ready.descriptors();
    if (queue.length === 0) break; // nothing came in all that time
    for (let fd = queue.shift(); fd !== undefined; fd = queue.shift()) handlers.get(fd)!();
  }
  selector.close();
  return { trace, byNumber: places.map(([, name]) => name) };
}
