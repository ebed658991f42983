/**
 * A loop waits in one call, so all that it waits for has to be a descriptor. Linux makes descriptors
 * of what used to interrupt or to be counted: a timer (timerfd_create(2)), a wish of another thread
 * (eventfd(2)), a signal (signalfd(2)), and the sockets are ones anyway. A signal that is held back and
 * read from a descriptor interrupts no call and comes in its turn, like an octet.
 *
 * The claim would be refuted if one of them needed a call of its own to be waited for.
 *
 * @module
 */

import { EAGAIN, SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { LessonCalls, SIGNAL_BYTES, SIGURG } from "../../models/libc/lesson_calls.ts";
import { unavailableReason } from "../../models/libc/mod.ts";
import { EpollSelector } from "../../models/selector/epoll.ts";
import { READ, ReadyList } from "../../models/selector/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { Sockets } from "./stage/sockets.ts";

/** What the client sends. */
const OCTET = 7;

/** When the timer expires, and how long all of it may take, milliseconds. */
const TIMER_MS = 20, PATIENCE_MS = 5_000;

/** See Lesson. */
export const lesson: Lesson = {
  name: "all-descriptors",
  title: "signals, timers and events as descriptors in one wait",
  claim: "Signals, timers and events are descriptors on Linux: one loop waits for all of them",
  plan: "Let epoll watch a socket, an event and a signal. Nothing is ready; then the event is " +
    "written, the signal raised, an octet sent, and a timer is set and watched, too. Read each " +
    "that is told of, and ask a last time.",
  rule: "confirmed when none is told of before, each is told of once and can be read as what it " +
    "is, none after, and the timer as the last",
  refutedIf:
    "one of the four is told of before it happens, twice or never, or is read as something " +
    "else, as by a kernel on which a signal or a timer needs a wait of its own",
  code: [
    "models/readiness/loop.ts: its own timers are a time-out of the wait, its wake-up an eventfd",
  ],
  unavailable: unavailableReason,
  run({ say }) {
    using sockets = new Sockets();
    const { libc } = sockets;
    const more = new LessonCalls();
    const selector = new EpollSelector(libc, "level");
    more.holdBack(SIGURG);
    try {
      const [client, socket] = sockets.pair(SOCK_NONBLOCK);
      const event = sockets.own(libc.eventfd());
      const signal = sockets.own(more.signal(SIGURG));
      const names = new Map([
        [socket, "socket"],
        [event, "event"],
        [signal, "signal"],
      ]);
      for (const fd of names.keys()) selector.set(fd, READ);
      const ready = new ReadyList();
      selector.wait(0, ready);
      const early = ready.count;

      libc.write(event, new Uint8Array(new BigUint64Array([3n]).buffer));
      more.raise(SIGURG);
      libc.send(client, new Uint8Array([OCTET]), 0);
      const timer = sockets.own(more.timer(TIMER_MS));
      names.set(timer, "timer");
      selector.set(timer, READ);
      const buffer = new Uint8Array(SIGNAL_BYTES);
      const words = new Uint32Array(buffer.buffer);
      const said: string[] = [];
      const deadline = performance.now() + PATIENCE_MS;
      while (said.length < names.size && performance.now() < deadline) {
        selector.wait(PATIENCE_MS, ready);
        for (const fd of ready.descriptors()) {
          const count = libc.read(fd, buffer);
          const name = names.get(fd)!;
          // A count of expirations or of wishes, a signal's number, an octet.
          said.push(`${name} ${count === 1 ? buffer[0] : words[0]}`);
          say(`${said.at(-1)}, read as ${count} octets`);
        }
      }
      selector.wait(0, ready);
      const late = ready.count;
      const empty = [...names.keys()].every((fd) => libc.read(fd, buffer) === -EAGAIN);
      return Promise.resolve({
        measured: [
          { name: "told of before anything happened", value: early },
          { name: "told of", value: said.join(", ") },
          { name: "told of after all was read", value: late },
          { name: "all of them empty then", value: empty ? "yes" : "no" },
        ],
        verdict: verdictOf({ early, late, said, empty }),
        reason: `one epoll told of ${said.join(", ")}`,
      });
    } finally {
      more.letThrough();
      selector.close();
    }
  },
};

/** What each of them is read as. */
const EXPECTED = ["event 3", `socket ${OCTET}`, `signal ${SIGURG}`, "timer 1"];

/** The rule: `early` and `late` are told of before and after, `said` is what was told, and read. */
export function verdictOf({ early, late, said, empty }: {
  readonly early: number;
  readonly late: number;
  readonly said: readonly string[];
  readonly empty: boolean;
}): Verdict {
  const each = `${said.toSorted()}` === `${EXPECTED.toSorted()}`;
  const holds = early + late === 0 && each && empty && said.at(-1) === "timer 1";
  return holds ? "confirmed" : "refuted";
}
