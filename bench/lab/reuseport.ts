/**
 * With SO_REUSEPORT several sockets listen on one port, each with a queue of its own (socket(7)). The
 * kernel picks the queue by a hash of the addresses and ports when a connection comes, whoever is
 * busy. So workers need not share a listener; and what is in the queue of a worker that stands still
 * stays there, while its neighbours have nothing to do. If that worker closes its listener, the
 * connections in its queue are reset: they were made, and nobody will ever have accepted them.
 *
 * The claim would be refuted by a kernel that gives each listener its turn, or that hands a queue over
 * (the sysctl net.ipv4.tcp_migrate_req does that; it is off by default).
 *
 * @module
 */

import { ECONNRESET, MSG_DONTWAIT, SOL_SOCKET } from "../../models/libc/constants.ts";
import { unavailableReason } from "../../models/libc/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { until } from "./stage/pause.ts";
import { HOST } from "./stage/serving.ts";
import { Sockets } from "./stage/sockets.ts";

/** <asm/socket.h> */
const SO_REUSEPORT = 15;

const LISTENERS = 4;

/** More than comes, so that no queue is full. */
const BACKLOG = 1024;

/** How long connections may take to be in a queue, and resets to come, milliseconds. */
const PATIENCE_MS = 5_000;

/** See Lesson. */
export const lesson: Lesson = {
  name: "reuseport",
  title: "one port, four listeners: chance deals, and a queue can be stranded",
  claim: "SO_REUSEPORT deals connections by chance, not to who is free, and what waits for a " +
    "listener that closes is lost",
  plan:
    `Listen ${LISTENERS} times on one port, connect, and ask the kernel how many wait in each ` +
    "queue, nobody having accepted. Drain one queue and connect as many again: does the free one " +
    "get more? Then close the listener with the longest queue, and let its clients receive.",
  rule: "confirmed when every client is in some queue, the queues are not all of one length, the " +
    "free one gets less than half of those that come then, and the clients that are reset are as " +
    "many as waited for the listener that closed",
  refutedIf:
    "the queues are of one length, as with a kernel that deals in turn, or go to the free " +
    "listener, or no client is lost with a listener that closes",
  code: [
    "models/kernel/loops.ts: one listener for all workers",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const clients = size === "full" ? 400 : 80;
    using sockets = new Sockets();
    const { libc } = sockets;
    const listeners: number[] = [];
    for (let port = 0; listeners.length < LISTENERS; port = libc.localAddress(listeners[0]!).port) {
      const fd = sockets.own(libc.socket(4, 0));
      libc.setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
      if (libc.bind(fd, { family: 4, host: HOST, port }) < 0 || libc.listen(fd, BACKLOG) < 0) {
        throw new Error("Cannot listen on a port twice");
      }
      listeners.push(fd);
    }
    const { port } = libc.localAddress(listeners[0]!);
    const connected: number[] = [];
    /** Lengths of the queues once as many as `clients` have come, and `waiting` in all are there. */
    const come = async (waiting: number) => {
      for (let client = 0; client < clients; client++) connected.push(sockets.connect(port));
      const lengths = () => listeners.map((fd) => libc.backlogLength(fd));
      await until(() => sum(lengths()) >= waiting, PATIENCE_MS, signal);
      return lengths();
    };

    const dealt = await come(clients);
    say(`${clients} connections wait in queues of ${dealt.join(", ")}`);
    for (let left = dealt[0]!; left > 0; left--) sockets.own(libc.accept(listeners[0]!, 0));
    const after = await come(2 * clients - dealt[0]!);
    say(`the first listener was drained; as many again: ${after.join(", ")}`);
    const longest = after.indexOf(Math.max(...after));
    const closed = after[longest]!;
    sockets.close(listeners[longest]!);
    const octet = new Uint8Array(1);
    const reset = new Set<number>();
    const allReset = () => {
      for (const fd of connected) {
        if (libc.recv(fd, octet, 1n, MSG_DONTWAIT) === -ECONNRESET) reset.add(fd);
      }
      return reset.size >= closed;
    };
    await until(allReset, PATIENCE_MS, signal);
    return {
      measured: [
        { name: "connections", value: clients },
        { name: "in the queues", value: dealt.join(", ") },
        { name: "the same after the first was drained and as many came", value: after.join(", ") },
        { name: "of these the free listener got", value: after[0]! },
        { name: "waited for the listener that closed", value: closed },
        { name: "clients that were reset", value: reset.size },
      ],
      verdict: verdictOf({ clients, dealt, free: after[0]!, closed, reset: reset.size }),
      reason: `queues of ${dealt.join(", ")}; the free listener got ${after[0]} of ${clients}; ` +
        `${reset.size} clients were reset when a listener closed for which ${closed} waited`,
    };
  },
};

/** The rule: queues, what the free listener got, and who waited for the closed one and was reset. */
export function verdictOf({ clients, dealt, free, closed, reset }: {
  readonly clients: number;
  readonly dealt: readonly number[];
  readonly free: number;
  readonly closed: number;
  readonly reset: number;
}): Verdict {
  const all = sum(dealt) === clients;
  const uneven = Math.max(...dealt) > Math.min(...dealt);
  // Where nobody waited there is nothing to lose.
  const lost = closed > 0 && reset === closed;
  return all && uneven && free < clients / 2 && lost ? "confirmed" : "refuted";
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0);
}
