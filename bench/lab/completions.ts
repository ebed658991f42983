/**
 * select, poll and epoll tell that a call would not wait; then the call has to be made. For an echo
 * of M messages that came together this is one wait, M times recv(2) and M times send(2). Each of
 * them crosses into the kernel and back.
 *
 * io_uring(7) turns the order round. The program writes down what it wants done, "receive here",
 * "send this and then receive again", in memory that the kernel reads, too. One io_uring_enter(2)
 * hands all of it over and waits; what has been done is found in a second ring. The number of calls
 * no longer depends on the number of messages: a busy server makes fewer calls per message, since
 * more of them come together. Whether that also saves processor time is another question: the work
 * of receiving and sending is still done, only the crossings are saved.
 *
 * So the number that matters is how many messages come together. Both servers echo for 1, 2, 4, up to
 * 64 clients, each of which has its next message on the way before it reads the last answer. Calls are
 * counted one by one; the processor time is that of the server's turns only. The claim would be
 * refuted by a ring that needs a call for each operation, or that costs more even with 64 at once.
 *
 * @module
 */

import { unavailableReason } from "../../models/libc/mod.ts";
import { Probe } from "../../models/libc/probe.ts";
import { uringUnavailable } from "../../models/libc/uring_setup.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import type { Interval } from "../claims/inference.ts";
import { inBlocks, ratio, shown, verdictBy } from "./stage/compare.ts";
import { type Cell, converse, type Way } from "./stage/echo_servers.ts";

/** Clients, each with one message in each turn: powers of two, as rings are. */
const BATCHES = [1, 2, 4, 8, 16, 32, 64] as const;

/** See Lesson. */
export const lesson: Lesson = {
  name: "completions",
  title: "completion I/O needs fewer calls, and from some batch on less time",
  claim: "Completions need fewer calls of the kernel than readiness, one message at a time " +
    "already, and less processor time when many come together",
  plan:
    `Echo for ${BATCHES.join(", ")} clients over epoll and over io_uring, which hands over all ` +
    "answers and waits for what comes next in one call; count the calls and the processor time",
  rule: "confirmed when io_uring needs at most half of epoll's calls per message with one client " +
    `and with ${BATCHES.at(-1)}, and with these less processor time by the interval of the ` +
    "quotient; refuted when one of the calls or this interval say the contrary; else " +
    "inconclusive. From which batch on it takes less time is shown",
  refutedIf:
    "the ring takes more than half of epoll's calls at a batch of 1 or of 64, as with one " +
    "operation handed over at a time, or its time with 64 lies above epoll's by the whole " +
    "interval",
  code: [
    "models/libc/uring.ts: the two rings",
    "bench/lab/stage/echo_servers.ts: both servers, overEpoll() and overUring()",
  ],
  unavailable: () => unavailableReason() ?? uringUnavailable(),
  async run({ size, say, signal }) {
    const [blocks, messages] = size === "full" ? [11, 4_096] : [1, 128];
    const probe = new Probe();
    const cells = BATCHES.flatMap((batch) =>
      (["epoll", "io_uring"] as const).map((way): Cell => ({ way, batch, calls: 0, unchanged: 0 }))
    );
    say(`${blocks} blocks, in each ${messages.toLocaleString("en-US")} messages for each batch`);
    const costs = await inBlocks(cells, blocks, signal, (cell) => converse(cell, messages, probe));
    const rows = BATCHES.map((batch) => {
      const of = (way: Way) => cells.find((cell) => cell.way === way && cell.batch === batch)!;
      const [epoll, ring] = [of("epoll"), of("io_uring")];
      const cpu = ratio(costs.get(ring)!, costs.get(epoll)!);
      const per = ({ calls }: Cell) => calls / (blocks * messages);
      return { batch, epoll: per(epoll), ring: per(ring), cpu };
    });
    const [one, most] = [rows[0]!, rows.at(-1)!];
    const dearer = rows.findLastIndex(({ cpu }) => cpu.interval[1] >= 1);
    const from = rows[dearer + 1]?.batch ?? "none";
    return {
      measured: [
        { name: "messages each way, each batch", value: blocks * messages },
        {
          name: "answers that were what was sent",
          value: cells.reduce((sum, { unchanged }) => sum + unchanged, 0),
        },
        ...rows.flatMap(({ batch, epoll, ring, cpu }) => [
          { name: `calls per message, epoll, ${batch} at once`, value: epoll },
          { name: `calls per message, io_uring, ${batch} at once`, value: ring },
          { name: `io_uring over epoll, CPU, ${batch} at once`, value: shown(cpu) },
        ]),
        { name: "less CPU from a batch of", value: from },
      ],
      verdict: verdictOf(blocks, [one, most], most.cpu.interval),
      reason: `${one.ring.toFixed(2)} calls per message against ${one.epoll.toFixed(2)} with one ` +
        `client, CPU ${shown(one.cpu)} times epoll's; ${most.ring.toFixed(3)} against ` +
        `${most.epoll.toFixed(3)} with ${most.batch}, CPU ${shown(most.cpu)} times`,
    };
  },
};

/** The rule: calls per message with one client and with most, and the time of these. */
export function verdictOf(
  blocks: number,
  calls: readonly { readonly epoll: number; readonly ring: number }[],
  [low, high]: Interval,
): Verdict {
  if (calls.some(({ epoll, ring }) => ring > epoll / 2)) return "refuted";
  return verdictBy(blocks, high < 1, low > 1);
}
