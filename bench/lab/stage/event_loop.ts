/**
 * A loop of a queue and handlers over a selector, one of which takes long; event_queue.ts looks at the
 * order.
 *
 * @module
 */

import { SOCK_NONBLOCK } from "../../../models/libc/constants.ts";
import { READ, ReadyList } from "../../../models/selector/mod.ts";
import { type Kind, selectorOf } from "./selectors.ts";
import { Sockets } from "./sockets.ts";

/** Connections, in the order in which events are posted on them; the slow one is in the middle. */
export const POSTED = ["delta", "alpha", "slow", "charlie", "bravo", "echo"];

/** Longer than anything here takes, milliseconds. */
const PATIENCE_MS = 5_000;

/** One event, from the moment when the loop began to turn. */
export interface Handled {
  /** The connection. */
  readonly name: string;
  /** Milliseconds. */
  readonly beganMs: number;
  /** The same. */
  readonly endedMs: number;
}

/** What a loop did, and in which other orders it might have done it. */
export interface Turned {
  /** All events, as they were handled. */
  readonly trace: readonly Handled[];
  /** Connections by the number of their descriptors. */
  readonly byNumber: readonly string[];
  /** Connections as they were given to the selector: from the highest number down. */
  readonly byPlace: readonly string[];
}

/** Posts an event on a connection each, then lets a loop turn until all have been handled. */
export function turn(kind: Kind, slowMs: number): Turned {
  using sockets = new Sockets();
  const selector = selectorOf(kind, sockets.libc);
  const buffer = new Uint8Array(1);
  const handlers = new Map<number, () => void>();
  const names = new Map<number, string>();
  const ends = new Map<string, [client: number, server: number]>();
  const trace: Handled[] = [];
  // Sorted: so the numbers of the descriptors say nothing of the order in which events come.
  for (const name of POSTED.toSorted()) {
    const [client, server] = sockets.pair(SOCK_NONBLOCK);
    ends.set(name, [client, server]);
    names.set(server, name);
    handlers.set(server, () => {
      const beganMs = performance.now() - begun;
      sockets.libc.read(server, buffer); // consumed, or it would be told again
      if (name === "slow" && slowMs > 0) sockets.libc.sleep(slowMs);
      trace.push({ name, beganMs, endedMs: performance.now() - begun });
    });
  }
  const numbers = [...names.keys()].sort((one, other) => one - other);
  const places = numbers.toReversed();
  for (const fd of places) selector.set(fd, READ);
  for (const name of POSTED) {
    const [client, server] = ends.get(name)!;
    sockets.libc.send(client, buffer, 0);
    sockets.awaitInput(server); // so that what is posted first comes first
  }

  const begun = performance.now();
  const ready = new ReadyList();
  while (trace.length < POSTED.length) {
    selector.wait(PATIENCE_MS, ready);
    const queue = ready.descriptors();
    if (queue.length === 0) break; // nothing came in all that time
    for (let fd = queue.shift(); fd !== undefined; fd = queue.shift()) handlers.get(fd)!();
  }
  selector.close();
  const namesOf = (fds: readonly number[]) => fds.map((fd) => names.get(fd)!);
  return { trace, byNumber: namesOf(numbers), byPlace: namesOf(places) };
}
