/**
 * Two echo servers of the same sockets, one by readiness and one by completions, turn by turn, with
 * their calls counted. completions.ts compares them.
 *
 * @module
 */

import { Libc } from "../../../models/libc/mod.ts";
import { memoryAddress, Ring } from "../../../models/libc/uring.ts";
import { EchoLoop, selectorOf } from "./selectors.ts";

/** Octets of a message: who says it, and in which turn. */
export const BYTES = 8;

/** A server of the sockets of all clients. */
export interface EchoServer extends Disposable {
  /** Answers what came, or will do so in the next turn; it has come already. */
  turn(): void;
  /** Sends the answers that are left. */
  finish(): void;
  /** Calls of the kernel so far. */
  readonly calls: number;
}

/** By readiness: a wait, and two calls for each message. */
export function overEpoll(sockets: readonly number[]): EchoServer {
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
export function overUring(sockets: readonly number[]): EchoServer {
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
