/**
 * Several threads wait for one listener, each with an epoll of its own. One connection comes: by level
 * the kernel wakes all of them, one gets the connection, the others find nothing and sleep again. With
 * thousands of threads that is a herd that thunders at each connection. EPOLLEXCLUSIVE (epoll_ctl(2),
 * since Linux 4.5) asks to wake at least one, not all.
 *
 * "At least": a rule that wants exactly one would be wrong. And who wakes up late finds the listener
 * empty within epoll_wait(2) and sleeps again there, so the program itself sees little of the herd. The
 * kernel counts it: each sleep of a thread is a voluntary switch. The claim would be refuted if without
 * the flag one thread per connection woke up, or with it as many as without.
 *
 * @module
 */

import { SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { unavailableReason } from "../../models/libc/mod.ts";
import { type Lesson, LessonError, type Verdict } from "./lesson.ts";
import { pause, until } from "./stage/pause.ts";
import { type Ended, type Herd, PLACES } from "./stage/herd_worker.ts";
import { Sockets } from "./stage/sockets.ts";

const THREADS = { full: 4, small: 2 };

/** <sys/epoll.h> */
const EPOLLEXCLUSIVE = 1 << 28;

/** Between two connections the herd goes to sleep, milliseconds. */
const REST_MS = 5;

/**
 * How long the threads may take to start, milliseconds, and a connection until it is accepted: one
 * that is not told of again in all that time is lost.
 */
const START_MS_MAX = 10_000, ACCEPT_MS_MAX = 1_000;

/** See Lesson. */
export const lesson: Lesson = {
  name: "thundering-herd",
  title: "one connection wakes every thread, or with EPOLLEXCLUSIVE fewer",
  claim: "A connection wakes all threads that wait for the listener; EPOLLEXCLUSIVE wakes one",
  plan:
    `Let ${THREADS.full} threads wait for one listener, each with its own epoll, and connect one ` +
    "client after the other. Who is told accepts. Count how often the kernel woke a thread, " +
    "without the flag and with it.",
  rule:
    "confirmed when all connections are accepted either way, more than half of the threads are " +
    "woken for one without the flag, and in vain less than a quarter as often with it; refuted " +
    "when with it there are as many; else inconclusive",
  refutedIf: "with EPOLLEXCLUSIVE as many wake-ups are in vain as without, as on a kernel that " +
    "does not know the flag (before Linux 4.5), or a connection is lost",
  code: [
    "models/pool/handoff.ts: one worker accepts for all, so that nobody is woken in vain",
    "bench/lab/stage/herd_worker.ts: a thread of the herd",
  ],
  unavailable: unavailableReason,
  async run({ size, say, signal }) {
    const connections = size === "full" ? 300 : 20;
    using threads = new Threads(THREADS[size]);
    const all = await herd(threads, connections, 0, signal);
    say(`all are woken: ${all.woken} times for ${connections} connections`);
    const one = await herd(threads, connections, EPOLLEXCLUSIVE, signal);
    say(`EPOLLEXCLUSIVE: ${one.woken} times`);
    return {
      measured: [
        { name: "threads", value: THREADS[size] },
        { name: "connections each", value: connections },
        { name: "accepted, without the flag", value: all.accepted },
        { name: "accepted, EPOLLEXCLUSIVE", value: one.accepted },
        { name: "woken, without the flag", value: all.woken },
        { name: "woken, EPOLLEXCLUSIVE", value: one.woken },
        { name: "of them told by epoll_wait, without the flag", value: all.told },
        { name: "of them told by epoll_wait, EPOLLEXCLUSIVE", value: one.told },
      ],
      verdict: verdictOf({ connections, threads: THREADS[size], all, one }),
      reason: `${all.woken} wake-ups of ${THREADS[size]} threads for ${connections} connections ` +
        `without the flag, ${one.woken} with it`,
    };
  },
};

/** What a herd did. */
type Herded = Readonly<Record<"accepted" | "woken", number>>;

/** The rule: wake-ups without the flag (`all`) and with it (`one`). */
export function verdictOf({ connections, threads, all, one }: {
  readonly connections: number;
  readonly threads: number;
  readonly all: Herded;
  readonly one: Herded;
}): Verdict {
  const served = all.accepted === connections && one.accepted === connections;
  const many = all.woken > connections * threads / 2;
  const [vain, left] = [all.woken - connections, Math.max(0, one.woken - connections)];
  if (served && many && left < vain / 4) return "confirmed";
  return !served || one.woken >= all.woken ? "refuted" : "inconclusive";
}

/** The herd, which waits for one listener after the other. */
class Threads implements Disposable {
  readonly #workers: readonly Worker[];

  constructor(readonly count: number) {
    const url = new URL("./stage/herd_worker.ts", import.meta.url);
    this.#workers = Array.from({ length: count }, () => new Worker(url, { type: "module" }));
  }

  /** Lets all of them wait; resolves when all have ended. @throws {LessonError} if one cannot. */
  async wait(herd: Herd): Promise<void> {
    await Promise.all(this.#workers.map((worker) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      worker.onmessage = ({ data: { failed } }: MessageEvent<Ended>) =>
        failed === undefined ? resolve() : reject(new LessonError(`Cannot wait: ${failed}`));
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(herd);
      return promise;
    }));
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

/** What the herd did for `connections`, one after the other. */
async function herd(threads: Threads, connections: number, flags: number, signal: AbortSignal) {
  using sockets = new Sockets();
  const { fd: listener, port } = sockets.listen(SOCK_NONBLOCK);
  const shared = new Int32Array(new SharedArrayBuffer(PLACES.count * 4));
  const count = (place: keyof typeof PLACES) => Atomics.load(shared, PLACES[place]);
  const ended = threads.wait({ listener, flags, shared });
  let failed = false;
  ended.catch(() => failed = true); // it is awaited below
  try {
    const there = () => failed || count("waiting") === threads.count;
    if (!await until(there, START_MS_MAX, signal)) {
      throw new LessonError("The threads did not start in time");
    }
    for (let connection = 1; !failed && connection <= connections; connection++) {
      await pause(REST_MS, signal);
      sockets.close(sockets.connect(port));
      if (!await until(() => count("accepted") === connection, ACCEPT_MS_MAX, signal)) break;
    }
    await pause(REST_MS, signal);
  } finally {
    Atomics.store(shared, PLACES.over, 1);
    await ended;
  }
  return { woken: count("woken"), accepted: count("accepted"), told: count("told") };
}
