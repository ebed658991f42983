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
 * counted one by one; the processor time is that of the server's turn only. The claim would be refuted
 * by a ring that needs a call for each operation, or that costs more even with 64 at once.
 *
 * @module
 */

import { SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import { Probe } from "../../models/libc/probe.ts";
import { uringUnavailable } from "../../models/libc/uring_setup.ts";
import type { Lesson } from "./lesson.ts";
import { inBlocks, ratio, shown, verdictBy } from "./stage/compare.ts";
import { BYTES, overEpoll, overUring } from "./stage/echo_servers.ts";
import { Sockets } from "./stage/sockets.ts";

/** Clients, each with one message in each turn: powers of two, as rings are. */
const BATCHES = [1, 2, 4, 8, 16, 32, 64] as const;

const WAYS = { epoll: overEpoll, "io_uring": overUring } as const;

type Way = keyof typeof WAYS;

/** One of the two with so many clients. */
interface Cell {
  readonly way: Way;
  readonly batch: number;
  /** What it counted so far. */
  calls: number;
  unchanged: number;
}

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
    "quotient; refuted when one of the calls or this interval say the contrary. From which batch " +
    "on it takes less time is shown",
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
    const fewer = [one, most].every(({ epoll, ring }) => ring <= epoll / 2);
    const dearer = rows.findLastIndex(({ cpu }) => cpu.interval[1] >= 1);
    const from = rows[dearer + 1]?.batch ?? "none";
    const [low, high] = most.cpu.interval;
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
      verdict: fewer ? verdictBy(blocks, high < 1, low > 1) : "refuted",
      reason: `${one.ring.toFixed(2)} calls per message against ${one.epoll.toFixed(2)} with one ` +
        `client, CPU ${shown(one.cpu)} times epoll's; ${most.ring.toFixed(3)} against ` +
        `${most.epoll.toFixed(3)} with ${most.batch}, CPU ${shown(most.cpu)} times`,
    };
  },
};

/** Has `messages` messages echoed in batches; the server's processor time for one, microseconds. */
function converse(cell: Cell, messages: number, probe: Probe): number {
  const turns = messages / cell.batch;
  using clients = new Sockets(new Libc());
  const pairs = Array.from({ length: cell.batch }, () => clients.pair(SOCK_NONBLOCK));
  using server = WAYS[cell.way](pairs.map(([, fd]) => fd));
  const message = new Uint32Array(BYTES / 4), answer = new Uint32Array(BYTES / 4);
  const [sent, got] = [new Uint8Array(message.buffer), new Uint8Array(answer.buffer)];
  const send = (turn: number) => {
    for (const [index, [fd]] of pairs.entries()) {
      message.set([index, turn]);
      clients.libc.send(fd, sent, 0);
    }
  };
  const read = (turn: number) => {
    for (const [index, [fd]] of pairs.entries()) {
      clients.libc.recv(fd, got, BigInt(BYTES), 0);
      if (answer[0] === index && answer[1] === turn) cell.unchanged++;
    }
  };
  let spentUs = 0;
  for (let turn = 0; turn < turns; turn++) {
    send(turn);
    const before = probe.cpuUs();
    server.turn();
    spentUs += probe.cpuUs() - before;
    if (turn > 0) read(turn - 1);
  }
  server.finish();
  read(turns - 1);
  cell.calls += server.calls;
  return spentUs / messages;
}
