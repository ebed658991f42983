/**
 * To get octets from a socket is to wait until they are there, and then to have them copied to the
 * program's memory. Models of I/O differ in who is stopped in which of the two. A blocking call stops
 * the thread in both. A non-blocking one says EAGAIN in place of waiting; the thread may work, and has
 * to ask again. A multiplexed wait stops the thread, but for all descriptors at once, and recv(2) then
 * copies as ever. Only where the buffer is handed over first and a completion comes when it is full,
 * asynchronous I/O, does the thread neither wait nor copy: somebody else does.
 *
 * Who? The kernel says: a thread that sleeps in a call is counted as a voluntary switch, and a page of
 * the buffer that was given back is missed by whoever copies to it, and by that thread's count only.
 * io_uring(7) with a thread of the kernel (SQPOLL) copies there. Without one it waits for nobody, but
 * the copy is made by this thread when it enters the ring: asynchronous by the textbook's words is the
 * first only, and the second is shown beside it.
 *
 * @module
 */

import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import { pageBytes } from "../../models/libc/probe.ts";
import { uringUnavailable } from "../../models/libc/uring_setup.ts";
import type { Finding, Lesson, Measured, Stage, Verdict } from "./lesson.ts";
import {
  type Account,
  asynchronous,
  blocking,
  MESSAGE_BYTES,
  multiplexed,
  type Phase,
  polling,
  receive,
  slept,
  type Way,
} from "./stage/four_ways.ts";
import { Later } from "./stage/later.ts";
import { Sockets } from "./stage/sockets.ts";

/** The models, and the ring whose completions this thread has to fetch. */
const WAYS: Readonly<Record<string, (fd: number) => Way>> = {
  blocking,
  polling,
  multiplexed,
  asynchronous: (fd) => asynchronous(fd, true),
  "ring without it": (fd) => asynchronous(fd, false),
};

/** A message comes so long after it was waited for, milliseconds. */
const DELAY_MS = 10;

/** Of all messages: the machine's other work may be in the way of a few. */
const MOST = 0.75, FEW = 0.25;

/** See Lesson. */
export const lesson: Lesson = {
  name: "four-models",
  title: "blocking, polling, multiplexed, asynchronous: who waits, who copies",
  claim:
    "A blocking call stops the thread while it waits and while it copies, a non-blocking one " +
    "and a multiplexed wait still copy, and only asynchronous I/O does neither in the thread",
  plan: `Let another thread send ${MESSAGE_BYTES >> 10} KiB ${DELAY_MS} ms after they are waited ` +
    "for, and get them by recv, by recv that never waits, by epoll and recv, and by a ring with " +
    "a thread of the kernel. Count in each phase the calls and those in which the thread slept, " +
    "and the pages of the buffer that it had to find for a copy",
  rule: `confirmed when the thread sleeps for ${100 * MOST} % of the messages or more in the ` +
    `blocking recv and in epoll_wait, for ${100 * FEW} % or fewer in the polling recv and in the ` +
    `ring, and copies ${100 * MOST} % of the pages or more itself in the first three, ` +
    `${100 * FEW} % or fewer in the ring`,
  refutedIf:
    "the thread finds the buffer's pages by the ring, too, as by one without a thread of the " +
    "kernel, or sleeps in a call that is not to wait, or somebody else copies for recv",
  code: [
    "models/mod.ts: the models side by side, on the same sessions",
    "bench/lab/stage/four_ways.ts: blocking(), polling(), multiplexed(), asynchronous()",
  ],
  unavailable: () => unavailableReason() ?? uringUnavailable(),
  run,
};

/** Parts of all messages for which the thread slept, and of all pages that it copied. */
export interface Shares {
  readonly slept: number;
  readonly copied: number;
}

/** The rule. */
export function verdictOf(of: (name: keyof typeof WAYS) => Shares): Verdict {
  const waits = ["blocking", "multiplexed"].every((name) => of(name).slept >= MOST) &&
    ["polling", "asynchronous"].every((name) => of(name).slept <= FEW);
  const copies = ["blocking", "polling", "multiplexed"].every((name) => of(name).copied >= MOST) &&
    of("asynchronous").copied <= FEW;
  return waits && copies ? "confirmed" : "refuted";
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const messages = size === "full" ? 50 : 32;
  const all = messages * Math.ceil(MESSAGE_BYTES / pageBytes());
  using sockets = new Sockets(new Libc());
  using later = await Later.start(sockets, MESSAGE_BYTES, DELAY_MS);
  const accounts = new Map<string, Account>();
  for (const [name, make] of Object.entries(WAYS)) {
    const account = await receive(make, messages, later, signal);
    accounts.set(name, account);
    say(
      `${name}: slept for ${slept(account)} of ${messages} messages, and copied ` +
        `${account.copying.pages} of ${all} pages itself`,
    );
  }
  const of = (name: keyof typeof WAYS) => accounts.get(name)!;
  const whole = accounts.values().every(({ octets }) => octets === messages * MESSAGE_BYTES);
  const shares = (name: keyof typeof WAYS): Shares => {
    const { waiting, copying } = of(name);
    // A multiplexed wait is to sleep itself, and not the recv behind it.
    const asleep = name === "multiplexed" ? waiting.slept : slept(of(name));
    return { slept: asleep / messages, copied: copying.pages / all };
  };
  return {
    measured: [
      { name: "messages each way", value: messages },
      { name: "pages of all messages", value: all },
      { name: "all octets came and were right", value: whole ? "yes" : "no" },
      ...accounts.entries().flatMap(([name, account]) => figures(name, account, messages)),
    ],
    verdict: whole ? verdictOf(shares) : "refuted",
    reason: `of ${all} pages the thread copied ` +
      [...accounts].map(([name, { copying }]) => `${copying.pages} (${name})`).join(", ") +
      "; it slept for " +
      [...accounts].map(([name, account]) => `${slept(account)} (${name})`).join(", ") +
      ` of ${messages} messages`,
  };
}

function figures(name: string, account: Account, messages: number): Measured[] {
  const { waiting, copying, worked } = account;
  const per = (amount: number) => amount / messages;
  const phase = (title: string, { calls, slept, stoppedMs }: Phase): Measured[] => [
    { name: `${name}, ${title}: calls for a message`, value: per(calls) },
    { name: `${name}, ${title}: calls in which it slept`, value: slept },
    { name: `${name}, ${title}: asleep for a message`, value: per(stoppedMs), unit: "ms" },
  ];
  return [
    ...(name === "blocking"
      ? phase("both in one call", copying)
      : [...phase("waiting", waiting), ...phase("copying", copying)]),
    { name: `${name}: in the call that copies`, value: per(copying.cpuUs), unit: "us CPU" },
    { name: `${name}: pages that it copied`, value: copying.pages },
    { name: `${name}: own work meanwhile`, value: per(worked), unit: "times" },
  ];
}
