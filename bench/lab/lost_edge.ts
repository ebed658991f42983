/**
 * An edge is told once. A reader that takes a part of what came and waits again waits for an edge
 * that does not come: the octets are there, the client waits for its answer, and both wait for ever.
 * That is the hang of edge-triggered programs, and it appears only when a message is longer than a
 * read, so it passes every test with short ones. By level the same reader is told again.
 *
 * New octets are a new edge, even if old ones are left: then the reader goes on, one message late.
 * The claim would be refuted by an edge that is told again while octets are left.
 *
 * @module
 */

import { SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { unavailableReason } from "../../models/libc/mod.ts";
import { EpollSelector } from "../../models/selector/epoll.ts";
import { READ, ReadyList } from "../../models/selector/mod.ts";
import type { Trigger } from "../../models/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { Sockets } from "./stage/sockets.ts";

/** A message needs so many reads of so many octets. */
const READS = 4, READ_BYTES = 16;

/** A wait that is in vain lasts so long, milliseconds. */
const PATIENCE_MS = { full: 500, small: 20 };

/** See Lesson. */
export const lesson: Lesson = {
  name: "lost-edge",
  title: "a reader that leaves something hangs by edge, not by level",
  claim: "An edge-triggered reader that does not drain its socket hangs",
  plan:
    `Send a message of ${READS * READ_BYTES} octets to a reader that takes ${READ_BYTES} each ` +
    "time it is told; count what it gets by level and by edge until a wait ends in vain. Then " +
    "send one octet more to the one that hangs.",
  rule: "confirmed when by level the whole message is read, by edge one part of it only, and the " +
    "octet that comes later makes the edge for one part more; refuted when it is otherwise",
  refutedIf:
    "a reader by edge that left something is told again without anything new, as where it sets " +
    "the socket again before each wait (EPOLL_CTL_MOD), or one by level is not, or what comes " +
    "later is no edge",
  code: ["models/readiness/loop.ts: #work(), which goes on until EAGAIN by edge"],
  unavailable: unavailableReason,
  run({ size, say }) {
    const [level, edge] = [take("level", PATIENCE_MS[size]), take("edge", PATIENCE_MS[size])];
    say(`by level ${level.first} octets are read, by edge ${edge.first}`);
    const whole = READS * READ_BYTES;
    return Promise.resolve({
      measured: [
        { name: "octets sent", value: whole },
        { name: "octets read, level", value: level.first },
        { name: "octets read, edge", value: edge.first },
        { name: "octets left, edge", value: whole - edge.first },
        { name: "octets read after one more came, edge", value: edge.later },
      ],
      verdict: verdictOf({ level: level.first, edge: edge.first, later: edge.later }),
      reason: `by level ${level.first} of ${whole} octets were read, by edge ${edge.first}, and ` +
        `${edge.later} more when another one came`,
    });
  },
};

/** The rule: octets read by level and by edge, and by edge when another one came. */
export function verdictOf({ level, edge, later }: {
  readonly level: number;
  readonly edge: number;
  readonly later: number;
}): Verdict {
  const hangs = level === READS * READ_BYTES && edge === READ_BYTES;
  return hangs && later === READ_BYTES ? "confirmed" : "refuted";
}

/** How many octets are read of the message, and of what is there when one more has come. */
function take(trigger: Trigger, patienceMs: number): { first: number; later: number } {
  using sockets = new Sockets();
  const { libc } = sockets;
  const [client, server] = sockets.pair(SOCK_NONBLOCK);
  const selector = new EpollSelector(libc, trigger);
  const ready = new ReadyList();
  const buffer = new Uint8Array(READ_BYTES);
  selector.set(server, READ);
  selector.wait(0, ready); // the first edge: it can be written to
  const readUntilInVain = () => {
    let octets = 0;
    for (let turn = 0; turn <= READS; turn++) {
      selector.wait(patienceMs, ready);
      if (ready.count === 0) break;
      octets += Math.max(0, libc.recv(server, buffer, BigInt(READ_BYTES), 0));
    }
    return octets;
  };
  libc.send(client, new Uint8Array(READS * READ_BYTES), 0);
  const first = readUntilInVain();
  libc.send(client, new Uint8Array(1), 0);
  const later = readUntilInVain();
  selector.close();
  return { first, later };
}
