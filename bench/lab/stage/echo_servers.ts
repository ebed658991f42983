/**
 * Two echo servers of the same sockets, one by readiness and one by completions, turn by turn, with
 * their calls counted. completions.ts compares them.
 *
 * @module
 */

import { SOCK_NONBLOCK } from "../../../models/libc/constants.ts";
import { Libc } from "../../../models/libc/mod.ts";
import type { Probe } from "../../../models/libc/probe.ts";
import { memoryAddress, Ring } from "../../../models/libc/uring.ts";
import { LessonError } from "../lesson.ts";
import { EchoLoop, selectorOf, WAIT_MS_MAX, WAITS_MAX } from "./selectors.ts";
import { Sockets } from "./sockets.ts";

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
  const start = memoryAddress(memory);
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
      received = 0;
      for (let vain = 0; received < sockets.length;) {
        const before = received;
        ring.enter(1, WAIT_MS_MAX);
        ring.reap(onCompletion);
        vain = received > before ? 0 : vain + 1;
        if (vain === WAITS_MAX) throw new LessonError("No message came to be echoed");
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

/** By the names that a report has. */
const WAYS = { epoll: overEpoll, "io_uring": overUring } as const;

/** One of the two. */
export type Way = keyof typeof WAYS;

/** One of the two with so many clients. */
export interface Cell {
  /** Which. */
  readonly way: Way;
  /** Clients. */
  readonly batch: number;
  /** What it counted so far. */
  calls: number;
  /** Answers that were what was sent. */
  unchanged: number;
}

/** Has `messages` messages echoed in batches; the server's processor time for one, microseconds. */
export function converse(cell: Cell, messages: number, probe: Pick<Probe, "cpuUs">): number {
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
      if (clients.receive(fd, got) <= 0) throw new LessonError("No echo came");
      if (answer[0] === index && answer[1] === turn) cell.unchanged++;
    }
  };
  let spentUs = 0;
  const timed = (work: () => void) => {
    const before = probe.cpuUs();
    work();
    spentUs += probe.cpuUs() - before;
  };
  for (let turn = 0; turn < turns; turn++) {
    send(turn);
    timed(() => server.turn());
    if (turn > 0) read(turn - 1);
  }
  timed(() => server.finish());
  read(turns - 1);
  cell.calls += server.calls;
  return spentUs / messages;
}
