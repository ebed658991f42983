/**
 * What does "ready" mean? To select(2), poll(2) and epoll(7) by level it is a state: the listener
 * is readable as long as a connection waits in its backlog, and every call says so again. By edge
 * it is an event: something came, said once. Whoever does not take what came is not reminded.
 *
 * @module
 */

import { EAGAIN, SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { type Libc, unavailableReason } from "../../models/libc/mod.ts";
import { EpollSelector } from "../../models/selector/epoll.ts";
import { READ, ReadyList, type Selector } from "../../models/selector/mod.ts";
import { PollSelector } from "../../models/selector/poll.ts";
import { SelectSelector } from "../../models/selector/select.ts";
import type { Finding, Lesson, Stage, Verdict } from "./lesson.ts";
import { until } from "./stage/pause.ts";
import { Sockets } from "./stage/sockets.ts";

/** How often each selector is asked. */
const WAITS = { full: 1_000, small: 20 };

/** The part of the waits by level that a connection may be late for; more is no accident. */
const LATE_MAX = 0.01, ODD_MIN = 0.5;

/** How long a connection may take to be in the backlog, milliseconds. */
const PATIENCE_MS = 5_000;

const KINDS: readonly { readonly name: string; make(libc: Libc): Selector }[] = [
  { name: "select", make: (libc) => new SelectSelector(libc) },
  { name: "poll", make: (libc) => new PollSelector(libc) },
  { name: "epoll, level", make: (libc) => new EpollSelector(libc, "level") },
  { name: "epoll, edge", make: (libc) => new EpollSelector(libc, "edge") },
];

/** Level against edge over a connection that nobody accepts. */
export const lesson: Lesson = {
  name: "level-and-edge",
  title: "told again and again of a connection that nobody accepts, or once",
  claim: "Level-triggered readiness is repeated until it is consumed; edge-triggered readiness " +
    "comes once for each thing that happens.",
  plan: "Watch a listener by each selector. One client connects, and nobody accepts it: ask many " +
    "times, count how often the selector tells of it. A second client connects: count again. Then " +
    "accept both, and count a last time.",
  rule: "confirmed when select, poll and epoll by level tell at every wait while a connection " +
    `waits and at none after, but for ${100 * LATE_MAX} %, and epoll by edge tells once per ` +
    `connection and not again; inconclusive when some of the waits by level were otherwise, but ` +
    `less than ${100 * ODD_MIN} %`,
  refutedIf:
    `${100 * ODD_MIN} % of the waits by level or more are silent while a connection is there, as ` +
    "they are with EPOLLONESHOT, or tell when none is, or one by edge tells of the same " +
    "connection again",
  code: [
    "models/selector/epoll.ts: set(), EPOLLET",
    "models/readiness/loop.ts: #work(), what has to be remembered for edge and may be forgotten for level",
  ],
  unavailable: unavailableReason,
  run,
};

/** The rule: what each of KINDS told in so many waits. */
export function verdictOf(waits: number, told: readonly Told[]): Verdict {
  const edge = KINDS.findIndex(({ name }) => name === "epoll, edge");
  const { first, second, accepted } = told[edge]!;
  const odd = told.filter((_, index) => index !== edge)
    .flatMap(({ first, second, accepted }) => [waits - first, waits - second, accepted]);
  const part = Math.max(...odd) / waits;
  if (first !== 1 || second !== 1 || accepted !== 0 || part >= ODD_MIN) return "refuted";
  return part <= LATE_MAX ? "confirmed" : "inconclusive";
}

/** How often a selector told of the listener in each part of the experiment. */
interface Told {
  readonly first: number;
  readonly second: number;
  readonly accepted: number;
}

async function run({ size, say, signal }: Stage): Promise<Finding> {
  const waits = WAITS[size];
  const told: Told[] = [];
  for (const { name, make } of KINDS) {
    const counts = await watch(make, waits, signal);
    say(`${name}: told at ${counts.first} of ${waits} waits`);
    told.push(counts);
  }
  const parts = [
    ["first", "nobody accepts the first client"],
    ["second", "a second one has come"],
    ["accepted", "both are accepted"],
  ] as const;
  return {
    measured: parts.flatMap(([part, words]) =>
      KINDS.map(({ name }, index) => ({ name: `${name}: ${words}`, value: told[index]![part] }))
    ),
    verdict: verdictOf(waits, told),
    reason: `of ${waits} waits level told ${told[2]!.first}, edge ${told[3]!.first}`,
  };
}

async function watch(
  make: (libc: Libc) => Selector,
  waits: number,
  signal: AbortSignal,
): Promise<Told> {
  using sockets = new Sockets();
  const { libc } = sockets;
  const listener = sockets.listen(SOCK_NONBLOCK);
  const selector = make(libc);
  selector.set(listener.fd, READ);
  const ready = new ReadyList();
  const told = () => {
    let count = 0;
    for (let wait = 0; wait < waits; wait++) {
      selector.wait(0, ready);
      count += ready.count;
    }
    return count;
  };
  const come = async (clients: number) => {
    sockets.connect(listener.port);
    await until(() => libc.backlogLength(listener.fd) === clients, PATIENCE_MS, signal);
  };
  try {
    await come(1);
    const first = told();
    await come(2);
    const second = told();
    for (let fd = 0; fd !== -EAGAIN;) {
      fd = libc.accept(listener.fd, 0);
      if (fd !== -EAGAIN) sockets.own(fd);
    }
    return { first, second, accepted: told() };
  } finally {
    selector.close();
  }
}
