/**
 * "Ready" says what was so when the kernel looked. Between the wait and the call somebody else may
 * have taken what there was: another thread that waits for the same socket, another process that
 * accepts from the same listener. (A packet with a wrong checksum does the same, select(2), BUGS.)
 * Then a blocking call waits, and with it a loop that has other clients. That is why each descriptor
 * in a loop does not block: the call after the wait may say EAGAIN, and that is no error.
 *
 * The claim would be refuted if the kernel kept what it told of for whom it told.
 *
 * @module
 */

import { EAGAIN, SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { type Libc, unavailableReason } from "../../models/libc/mod.ts";
import { READ, ReadyList } from "../../models/selector/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { KINDS, selectorOf } from "./stage/selectors.ts";
import { Sockets } from "./stage/sockets.ts";

/** Messages and connections, each of which two parties are told of. */
const ROUNDS = { full: 1_000, small: 20 };

/** The part of the rounds in which an octet may be later than the question; more is no accident. */
const LATE_MAX = 0.01, ODD_MIN = 0.5;

/** See Lesson. */
export const lesson: Lesson = {
  name: "readiness-hint",
  title: "ready is a hint: the call may find nothing all the same",
  claim: "Readiness is a hint: a call after it may find nothing, so descriptors must not block",
  plan: "Let two selectors of each kind watch one socket. Send an octet, ask both, and let both " +
    "receive, one after the other. The same with a listener, one connection and two accepts.",
  rule: `confirmed when in all rounds but ${100 * LATE_MAX} % both are told and the second call ` +
    `says EAGAIN, for recv and for accept; refuted when in ${100 * ODD_MIN} % or more of one ` +
    "kind only one is told, or the second one gets something; else inconclusive",
  refutedIf:
    `in ${100 * ODD_MIN} % of the rounds or more only one of two who wait is told, as by a ` +
    "kernel that keeps what it told of for whom it told, or the second call gets something",
  code: [
    "models/selector/mod.ts: readiness may be spurious, so every call that follows does not block",
    "models/kernel/sockets.ts: where sockets are made",
  ],
  unavailable: unavailableReason,
  run({ size, say }) {
    const rounds = ROUNDS[size];
    const results = KINDS.map((name) => {
      using sockets = new Sockets();
      const { libc } = sockets;
      const [client, server] = sockets.pair(SOCK_NONBLOCK);
      const octet = new Uint8Array(1);
      const recv = race(name, libc, server, rounds, {
        cause: () => void libc.send(client, octet, 0),
        call: () => libc.recv(server, octet, 1n, 0),
      });
      const listener = sockets.listen(SOCK_NONBLOCK);
      const accept = race(name, libc, listener.fd, rounds, {
        cause: () => sockets.close(sockets.connect(listener.port)),
        call: () => {
          const fd = libc.accept(listener.fd, 0);
          if (fd >= 0) libc.close(fd);
          return fd;
        },
      });
      say(`${name}: both told ${recv.told} times, ${recv.vain} times for nothing`);
      return { name, recv, accept };
    });
    return Promise.resolve({
      measured: results.flatMap(({ name, recv, accept }) => [
        { name: `both told of an octet, ${name}`, value: recv.told },
        { name: `the second recv says EAGAIN, ${name}`, value: recv.vain },
        { name: `the second accept says EAGAIN, ${name}`, value: accept.vain },
      ]),
      verdict: verdictOf(rounds, results.flatMap(({ recv, accept }) => [recv, accept])),
      reason: `of ${rounds} octets epoll told both of ${results[2]!.recv.told}, and ` +
        `${results[2]!.recv.vain} times the second one found nothing`,
    });
  },
};

/** The rule: how often both were told, and the second call was in vain, of so many rounds. */
export function verdictOf(
  rounds: number,
  races: readonly { readonly told: number; readonly vain: number }[],
): Verdict {
  const odd = Math.max(...races.flatMap(({ told, vain }) => [rounds - told, rounds - vain])) /
    rounds;
  return odd <= LATE_MAX ? "confirmed" : odd >= ODD_MIN ? "refuted" : "inconclusive";
}

/** Two selectors over `fd`: how often both are told, and how often the second call is in vain. */
function race(
  name: typeof KINDS[number],
  libc: Libc,
  fd: number,
  rounds: number,
  { cause, call }: { cause(): void; call(): number },
): { told: number; vain: number } {
  const selectors = [selectorOf(name, libc), selectorOf(name, libc)];
  for (const selector of selectors) selector.set(fd, READ);
  const ready = new ReadyList();
  let [told, vain] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    cause();
    const both = selectors.filter((selector) => {
      selector.wait(0, ready);
      return ready.count > 0;
    });
    if (both.length === selectors.length) told++;
    call();
    if (call() === -EAGAIN) vain++;
  }
  for (const selector of selectors) selector.close();
  return { told, vain };
}
