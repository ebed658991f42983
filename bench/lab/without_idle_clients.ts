/**
 * What of it is left when nobody is silent? With a handful of connections the lists of select(2)
 * and poll(2) are short, and beside the calls that receive a request and send its answer the wait is
 * small whatever it is made of. A server with few clients gains nothing by epoll(7): what
 * watched-or-ready showed is about the many who are connected and say nothing.
 *
 * The same echo runs over each selector in turn, with the same clients, in blocks: within a block
 * all three meet the same machine, so their quotient is taken there. Only the server's side is
 * timed, on the processor time of its thread.
 *
 * @module
 */

import { SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import { Probe } from "../../models/libc/probe.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import type { Interval } from "../claims/inference.ts";
import { inBlocks, ratio, shown, verdictBy } from "./stage/compare.ts";
import { EchoLoop, type Kind, KINDS, selectorOf } from "./stage/selectors.ts";
import { Sockets } from "./stage/sockets.ts";

/** Clients; a quarter of them have something to say in each turn. */
const CLIENTS = 16, TALKING = 4;

/** A difference of that much is "hardly". */
const HARDLY = 0.3;

const MESSAGE = new TextEncoder().encode("What time is it?");

/** See Lesson. */
export const lesson: Lesson = {
  name: "without-idle-clients",
  title: "with few clients the mechanism hardly matters",
  claim: "Without idle clients select, poll and epoll cost about the same",
  plan: `Echo for ${CLIENTS} clients, of whom ${TALKING} talk at a time, over each selector in ` +
    "turn, and compare the server's processor time per request within each block",
  rule: `confirmed when the intervals of select's and poll's quotients with epoll lie within ` +
    `${100 * HARDLY} % of 1, refuted when one lies wholly outside; else inconclusive`,
  refutedIf: "a quotient lies wholly outside of that, as with hundreds of silent clients",
  code: [
    "models/selector/mod.ts: the contract that makes the three exchangeable",
    "bench/lab/stage/selectors.ts: the echo, EchoLoop.turn",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const [blocks, turns] = size === "full" ? [15, 2000] : [1, 8];
    // Two tables of counters: what clients call is not the server's work.
    using clients = new Sockets(new Libc());
    const libc = new Libc();
    const probe = new Probe();
    const pairs = Array.from({ length: CLIENTS }, () => clients.pair(SOCK_NONBLOCK));
    const reply = new Uint8Array(MESSAGE.length);
    let requests = 0, unchanged = 0;
    say(`${blocks} blocks, in each ${turns * TALKING} requests over every selector`);
    const costs = await inBlocks<Kind>(KINDS, blocks, signal, (kind) => {
      const sockets = pairs.map(([, server]) => server);
      using loop = new EchoLoop(selectorOf(kind, libc), libc, sockets, MESSAGE.length);
      let spentUs = 0;
      for (let turn = 0; turn < turns; turn++) {
        const talking = Array.from(
          { length: TALKING },
          (_, index) => pairs[(turn + index * TALKING) % CLIENTS]![0],
        );
        for (const fd of talking) clients.libc.send(fd, MESSAGE, 0);
        const before = probe.cpuUs();
        loop.turn();
        spentUs += probe.cpuUs() - before;
        for (const fd of talking) {
          clients.libc.recv(fd, reply, BigInt(reply.length), 0);
          if (reply.every((octet, at) => octet === MESSAGE[at])) unchanged++;
        }
      }
      requests += loop.echoed;
      return spentUs / loop.echoed;
    });
    const select = ratio(costs.get("select")!, costs.get("epoll")!);
    const poll = ratio(costs.get("poll")!, costs.get("epoll")!);
    return {
      measured: [
        { name: "requests", value: requests },
        { name: "answers that were what was sent", value: unchanged },
        { name: "select over epoll, CPU per request", value: shown(select) },
        { name: "poll over epoll, CPU per request", value: shown(poll) },
      ],
      verdict: verdictOf(blocks, [select.interval, poll.interval]),
      reason: `a request costs ${shown(select)} times as much over select as over epoll, over ` +
        `poll ${shown(poll)} times`,
    };
  },
};

/** The rule: intervals of select and of poll over epoll. */
export function verdictOf(blocks: number, both: readonly Interval[]): Verdict {
  const within = both.every(([low, high]) => low > 1 - HARDLY && high < 1 + HARDLY);
  const outside = both.some(([low, high]) => high < 1 - HARDLY || low > 1 + HARDLY);
  return verdictBy(blocks, within, outside);
}
