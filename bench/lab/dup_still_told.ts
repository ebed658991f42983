/**
 * A descriptor is a number for an open file description, and dup(2), fork(2) and sent descriptors
 * make several numbers for one. epoll(7) takes a number and watches the description: it forgets it
 * when the last number is closed, not when the registered one is. A program that closes a socket of
 * which a copy is open somewhere is told of it on and on, by a number that is not its own any more,
 * and cannot take it out by that: EPOLL_CTL_DEL of the closed number says EBADF.
 *
 * An entry is found by the description and the number together. So whoever has the copy can make
 * the number mean the same description again, by dup2(2) or, if it is the lowest one free, by
 * dup(2), and then take it out; closing the epoll is the other way. poll(2) is given numbers each
 * time, and says of the closed one that it is none (POLLNVAL). The claim would be refuted by an
 * epoll that forgets the descriptor at close(2).
 *
 * @module
 */

import { EBADF, EPOLL_CTL_DEL, EPOLLIN } from "../../models/libc/constants.ts";
import { EPOLL_CTL_ADD, POLLIN, POLLNVAL } from "../../models/libc/constants.ts";
import { errorText, unavailableReason } from "../../models/libc/mod.ts";
import { LessonCalls } from "../../models/libc/lesson_calls.ts";
import { EPOLL_EVENT_LAYOUTS, POLLFD_BYTES } from "../../models/libc/structs.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { Sockets } from "./stage/sockets.ts";

/** How often epoll is asked after the close. */
const WAITS = 100;

/** See Lesson. */
export const lesson: Lesson = {
  name: "dup-still-told",
  title: "a closed descriptor with a copy open is still told of",
  claim: "epoll watches the open file description: a close with a copy open is still told, and " +
    "cannot be taken out by the closed number, until that means the description again",
  plan: "Watch a socket with something to read by epoll, make a copy of it by dup, and close the " +
    `number that was registered. Ask ${WAITS} times, try to take it out, ask poll about the ` +
    "number. Copy the copy until it gets the number, take it out by that, and ask; put it in " +
    "again, close all and ask a last time.",
  rule:
    `confirmed when epoll tells at each of ${WAITS} waits after the close, taking it out says ` +
    "EBADF, poll calls the number none, and nothing is told once it was taken out by the number " +
    "that means it again, or once all are closed; inconclusive when something else had the " +
    "number meanwhile",
  refutedIf:
    "epoll forgets a descriptor with its number, as kqueue(2) does: no wait tells after the " +
    "close, or taking it out by the closed number succeeds, or by the number that means it again " +
    "fails",
  code: [
    "models/selector/epoll.ts: forget(), which relies on there being no copies",
    "models/libc/mod.ts: close-on-exec at every descriptor, so that no child inherits one",
  ],
  unavailable: unavailableReason,
  run({ say }) {
    using sockets = new Sockets();
    const { libc } = sockets;
    const layout = EPOLL_EVENT_LAYOUTS[Deno.build.arch]!;
    const event = new Uint8Array(layout.bytes);
    new DataView(event.buffer).setUint32(0, EPOLLIN, true);
    const [client, server] = sockets.pair();
    const epoll = sockets.own(libc.epollCreate());
    const more = new LessonCalls();
    const copies = [sockets.own(more.dup(server))];
    const control = (op: number) => libc.epollControl(epoll, op, server, event);
    control(EPOLL_CTL_ADD);
    libc.send(client, new Uint8Array(1), 0);
    sockets.awaitInput(server);
    const told = () => {
      let count = 0;
      for (let wait = 0; wait < WAITS; wait++) {
        count += Math.max(0, libc.epollWait(epoll, event, 1, 0));
      }
      return count;
    };
    const open = told();
    sockets.close(server);
    const closed = told();
    say(`told at ${open} of ${WAITS} waits before the close, at ${closed} after it`);
    const removal = control(EPOLL_CTL_DEL);
    const entry = new DataView(new ArrayBuffer(POLLFD_BYTES));
    entry.setInt32(0, server, true);
    entry.setInt16(4, POLLIN, true);
    libc.poll(new Uint8Array(entry.buffer), 1n, 0);
    const isNone = entry.getInt16(6, true) === POLLNVAL;
    // dup(2) gives the lowest number that is free: sooner or later the closed one.
    let again = -1;
    while (again < server) copies.push(again = sockets.own(more.dup(copies[0]!)));
    const cure = again === server ? { removal: control(EPOLL_CTL_DEL), told: told() } : undefined;
    if (cure !== undefined) control(EPOLL_CTL_ADD);
    for (const fd of copies) sockets.close(fd);
    const gone = told();
    const words = (result: number) =>
      result === -EBADF ? "EBADF" : result < 0 ? errorText(-result) : "done";
    return Promise.resolve({
      measured: [
        { name: "waits that told, both open", value: open },
        { name: "waits that told, the registered one closed", value: closed },
        { name: "taking it out then", value: words(removal) },
        { name: "poll calls the number none (POLLNVAL)", value: isNone ? "yes" : "no" },
        {
          name: "taking it out by the number that means it again",
          value: cure === undefined ? "something else got the number" : words(cure.removal),
        },
        { name: "waits that told then", value: cure?.told ?? "not known" },
        { name: "waits that told, the copy closed, too", value: gone },
      ],
      verdict: verdictOf({ open, closed, removal, isNone, cure, gone }),
      reason: `after the close ${closed} of ${WAITS} waits told of it, after the copy's ${gone}` +
        (cure === undefined ? "" : `; taken out by the number that means it again: ${cure.told}`),
    });
  },
};

/** The rule: of WAITS told while open, closed and gone, and what the removals said. */
export function verdictOf({ open, closed, removal, isNone, cure, gone }: {
  readonly open: number;
  readonly closed: number;
  readonly removal: number;
  readonly isNone: boolean;
  /** By the number that means the description again, if it was to be had. */
  readonly cure: { readonly removal: number; readonly told: number } | undefined;
  readonly gone: number;
}): Verdict {
  const still = open === WAITS && closed === WAITS && gone === 0;
  if (!still || removal === 0) return "refuted";
  // A thread of the runtime may open a descriptor at any time, and what is asked by the number is
  // then about that one.
  if (cure === undefined || removal !== -EBADF || !isNone) return "inconclusive";
  return cure.removal === 0 && cure.told === 0 ? "confirmed" : "refuted";
}
