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
 * Both servers echo for the same clients, each of which has its next message on the way before it
 * reads the last answer. Calls are counted one by one; the processor time is that of the server's
 * turn only.
 *
 * @module
 */

import { SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import { Probe } from "../../models/libc/probe.ts";
import { addressOf, Ring } from "../../models/libc/uring.ts";
import { uringUnavailable } from "../../models/libc/uring_setup.ts";
import type { Lesson } from "./lesson.ts";
import { inBlocks, ratio, shown } from "./stage/compare.ts";
import { EchoLoop, selectorOf } from "./stage/selectors.ts";
import { Sockets } from "./stage/sockets.ts";

/** Clients, each with one message in each turn; twice as many is a power of two. */
const CLIENTS = 64;

/** Octets of a message: who says it, and in which turn. */
const BYTES = 8;

/** A server of the sockets of all clients. */
interface EchoServer extends Disposable {
  /** Answers what came, or will do so in the next turn; it has come already. */
  turn(): void;
  /** Sends the answers that are left. */
  finish(): void;
  /** Calls of the kernel so far. */
  readonly calls: number;
}

/** By readiness: a wait, and two calls for each message. */
function overEpoll(sockets: readonly number[]): EchoServer {
  const libc = new Libc();
  const loop = new EchoLoop(selectorOf("epoll", libc), libc, sockets, BYTES);
  const total = () => libc.calls.reduce((sum, count) => sum + count, 0);
  const prepared = total();
  return {
    turn: () => loop.turn(),
    finish() {},
    get calls() {
      return total() - prepared;
    },
    [Symbol.dispose]: () => loop[Symbol.dispose](),
  };
}

/**
 * By completions: all answers and the next receives in one call, which also waits. It comes back
 * when the first has completed; what completes a moment later takes another call.
 */
function overUring(sockets: readonly number[]): EchoServer {
  const ring = new Ring({ entries: 2 * sockets.length });
  const memory = new Uint8Array(BYTES * sockets.length);
  const start = addressOf(memory);
  for (const [index, fd] of sockets.entries()) ring.recv(fd, start + BYTES * index, BYTES, index);
  let received = 0;
  const onCompletion = (index: number, count: number) => {
    if (count <= 0) throw new Error(`Cannot receive or send: ${count}`);
    received++;
    const [fd, at] = [sockets[index]!, start + BYTES * index];
    ring.sendSilentlyThen(fd, at, count, index);
    ring.recv(fd, at, BYTES, index);
  };
  return {
    turn() {
      for (received = 0; received < sockets.length;) {
        ring.enter(1);
        ring.reap(onCompletion);
      }
    },
    finish: () => ring.enter(0),
    get calls() {
      return ring.enters;
    },
    [Symbol.dispose]() {
      ring.close();
      memory.fill(0); // it was the kernel's until now
    },
  };
}

const WAYS = { epoll: overEpoll, "io_uring": overUring } as const;

type Way = keyof typeof WAYS;

/** See Lesson. */
export const lesson: Lesson = {
  name: "completions",
  title: "completion I/O needs fewer calls",
  claim: "Completions need fewer calls of the kernel than readiness",
  plan: `Echo for ${CLIENTS} clients over epoll and over io_uring, which hands over all answers ` +
    "and waits for what comes next in one call; count the calls",
  rule: "confirmed when io_uring needs at most half of epoll's calls per message; the processor " +
    "time is shown as an interval and promised nothing",
  code: [
    "models/libc/uring.ts: the two rings",
    "bench/lab/stage/selectors.ts: the same echo by readiness, EchoLoop.turn",
  ],
  unavailable: () => unavailableReason() ?? uringUnavailable(),
  async run({ size, say, signal }) {
    const [blocks, turns] = size === "full" ? [15, 300] : [1, 5];
    const probe = new Probe();
    const calls: Record<Way, number> = { epoll: 0, "io_uring": 0 };
    const messages = blocks * turns * CLIENTS;
    let unchanged = 0;
    say(`${blocks} blocks, in each ${(turns * CLIENTS).toLocaleString("en-US")} messages each way`);
    const costs = await inBlocks<Way>(["epoll", "io_uring"], blocks, signal, (way) => {
      using clients = new Sockets(new Libc());
      const pairs = Array.from({ length: CLIENTS }, () => clients.pair(SOCK_NONBLOCK));
      using server = WAYS[way](pairs.map(([, fd]) => fd));
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
          if (answer[0] === index && answer[1] === turn) unchanged++;
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
      calls[way] += server.calls;
      return spentUs / (turns * CLIENTS);
    });
    const perMessage = { epoll: calls.epoll / messages, ring: calls.io_uring / messages };
    const cost = shown(ratio(costs.get("io_uring")!, costs.get("epoll")!));
    return {
      measured: [
        { name: "messages each way", value: messages },
        { name: "answers that were what was sent", value: unchanged },
        { name: "calls, epoll", value: calls.epoll },
        { name: "calls, io_uring", value: calls.io_uring },
        { name: "calls per message, epoll", value: perMessage.epoll },
        { name: "calls per message, io_uring", value: perMessage.ring },
        { name: "io_uring over epoll, CPU per message", value: cost },
      ],
      verdict: perMessage.ring <= perMessage.epoll / 2 ? "confirmed" : "refuted",
      reason: `${perMessage.ring.toFixed(3)} calls per message against ` +
        `${perMessage.epoll.toFixed(3)}; processor time ${cost} times epoll's`,
    };
  },
};
