/**
 * accept(2) connects nobody. The kernel shakes hands with whoever calls, as long as there is room
 * in the listener's backlog; accept only takes a connection out of it. So a client can be
 * connected to a server that never looks, and may even send. When the backlog is full the kernel
 * keeps silent, and the client calls again later; where nobody listens it says so at once.
 *
 * @module
 */

import {
  EAGAIN,
  ECONNREFUSED,
  EINPROGRESS,
  ETIMEDOUT,
  SO_SNDTIMEO,
  SOCK_NONBLOCK,
} from "../../models/libc/constants.ts";
import { errorText, unavailableReason } from "../../models/libc/mod.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { HOST } from "./stage/serving.ts";
import { begunAgain, Sockets } from "./stage/sockets.ts";

/** The backlog asked for: Linux keeps one more (the queue is full when it is longer). */
const BACKLOG = 4;

/** Clients that call: more than there is room for. */
const CLIENTS = 8;

/** How long each of them waits to be connected: it takes microseconds, or a second and more. */
const CONNECT_MS = 100;

/** What connect(2) says of a call that nobody has answered by then (socket(7), SO_SNDTIMEO). */
const STILL_WAITING = [-EINPROGRESS, -EAGAIN, -ETIMEDOUT];

/** Connections that nobody accepts. */
export const lesson: Lesson = {
  name: "connected-not-accepted",
  title: "connected by the kernel, accepted by nobody",
  claim: "A client is connected before the server accepts it, as long as the backlog has room; " +
    "with the backlog full it waits, and where nobody listens it is refused at once.",
  plan: `Listen with a backlog of ${BACKLOG} and accept nobody. ${CLIENTS} clients try to ` +
    "connect for a moment, and to send an octet: how many can, and what do the others hear? " +
    "Accept the first: its octet is there. Then connect to a port on which nobody listens.",
  rule: `confirmed when exactly ${BACKLOG + 1} clients can send (Linux keeps one more than asked ` +
    "for), the others hear nothing, what the first one sent is there when it is accepted, and " +
    "the closed port refuses; inconclusive when fewer could, but some",
  refutedIf:
    "clients connect beyond the backlog or are refused there, as where the kernel resets what it " +
    "has no room for, or none connects before accept(2), or the octet sent before it is lost",
  code: [
    "models/kernel/sockets.ts: listenOn(), the backlog",
    "models/limits.ts: BACKLOG, how many may wait in the kernel",
    "models/libc/mod.ts: backlogLength(), how many wait in it",
  ],
  unavailable: unavailableReason,
  run,
};

/**
 * The rule: who connected, what the others heard, whether the octet was there, and the answer where
 * nobody listens.
 */
export function verdictOf({ connected, others, there, answer }: {
  readonly connected: number;
  readonly others: readonly number[];
  readonly there: boolean;
  readonly answer: number;
}): Verdict {
  const wait = others.every((heard) => STILL_WAITING.includes(heard));
  const some = connected > 0 && connected <= BACKLOG + 1;
  if (!some || !wait || !there || answer !== -ECONNREFUSED) return "refuted";
  return connected === BACKLOG + 1 ? "confirmed" : "inconclusive";
}

function run({ say }: Stage): Promise<Finding> {
  using sockets = new Sockets();
  const { libc } = sockets;
  const listener = sockets.listen(SOCK_NONBLOCK, BACKLOG);
  const octet = new Uint8Array([42]);
  let connected = 0;
  const others: number[] = [];
  for (let client = 0; client < CLIENTS; client++) {
    const fd = sockets.own(libc.socket(4, 0));
    libc.setTimeout(fd, SO_SNDTIMEO, CONNECT_MS); // holds for connect(2), too (socket(7))
    const address = { family: 4, host: HOST, port: listener.port } as const;
    const made = begunAgain(() => libc.connect(fd, address));
    const answer = made === 0 ? libc.send(fd, octet, 0) : made;
    if (answer === 1) connected++;
    else others.push(answer);
  }
  const waiting = libc.backlogLength(listener.fd);
  say(`${connected} of ${CLIENTS} clients are connected, nobody has accepted them`);

  const first = sockets.own(libc.accept(listener.fd, SOCK_NONBLOCK));
  const received = new Uint8Array(1);
  sockets.awaitInput(first);
  const there = libc.recv(first, received, 1n, 0) === 1 && received[0] === octet[0];
  sockets.close(listener.fd);
  const stranger = sockets.own(libc.socket(4, 0));
  const answer = libc.connect(stranger, { family: 4, host: HOST, port: listener.port });
  return Promise.resolve({
    measured: [
      { name: "backlog asked for", value: BACKLOG },
      { name: "clients", value: CLIENTS },
      { name: "of them connected, nobody having accepted", value: connected },
      { name: "waiting in the backlog", value: waiting },
      { name: "what the others hear", value: [...new Set(others.map(words))].join(", ") },
      { name: "sent before it was accepted", value: there ? "there" : "lost" },
      { name: "where nobody listens", value: answer < 0 ? errorText(-answer) : "connected" },
    ],
    verdict: verdictOf({ connected, others, there, answer }),
    reason: `${connected} of ${CLIENTS} connected to a backlog of ${BACKLOG} that nobody looked at`,
  });
}

function words(heard: number): string {
  return STILL_WAITING.includes(heard) ? "nothing yet" : errorText(-heard);
}
