/**
 * A thread for each connection is the simplest server there is: what a connection has to remember
 * stands in its thread's local variables and in the place where the program has got to. That comfort
 * is paid for twice. A thread has a stack, here even an engine with a heap of its own, whether its
 * client says anything or not; and each request finds its thread asleep in recv(2), so the kernel
 * has to switch to it and, when it sleeps again, away.
 *
 * To find its server asleep is the lot of any request that comes alone. So all clients ask at once:
 * a loop is woken for the first of them and finds the others there, while every thread is woken for
 * its own. Two servers in processes of their own get the same clients and requests, one that starts
 * a thread for each and one that is a single loop: what the first pays beyond the second is the
 * threads'. How much of that is the engine's, a server of threads in C beside them tells.
 *
 * @module
 */

import { models } from "../../models/mod.ts";
import type { Lesson, Verdict } from "./lesson.ts";
import { type Cost, crowd } from "./stage/crowd.ts";
import { pthreadCost } from "./stage/pthreads.ts";
import { procUnavailable } from "./stage/thread.ts";

/** So many times the loop's cost is clearly more, and so many hardly. */
const CLEARLY = 4, HARDLY = 1.5;

/** Voluntary switches for a request: about one, and too few for that. */
const SWITCHES_MIN = 0.8, SWITCHES_FEW = 0.5;

/** See Lesson. */
export const lesson: Lesson = {
  name: "thread-per-connection",
  title: "what a thread for each connection costs",
  claim: "A thread per connection costs memory for each, and a context switch for each request",
  plan: "Connect more and more clients to a blocking server that grows by a thread for each, and " +
    "take the slope of its memory; then let all of them ask at once, again and again, and count " +
    "its voluntary switches. The same by multiplex, which is one thread, and of a server in C, " +
    "whose threads have no engine of their own, where there is a compiler",
  rule: `confirmed when a client costs the threads more than ${CLEARLY} times the memory that it ` +
    `costs the loop, and a request ${SWITCHES_MIN} voluntary switches or more and ${CLEARLY} ` +
    `times the loop's; refuted when it is not even ${HARDLY} times one of them, or fewer than ` +
    `${SWITCHES_FEW} switches; inconclusive between, and when the loop's memory did not grow, of ` +
    "which nothing is a multiple; C is shown beside it",
  refutedIf:
    "a thread is about as light as a session of the loop, as a fiber is, or requests find their " +
    "threads awake, as where recv(2) spins for a while before it sleeps",
  code: [
    "models/readiness/growth.ts: saturated(), which starts a thread when all have a client",
    "models/readiness/blocking_wire.ts: where a thread waits",
    "models/readiness/loop.ts: round(), which serves all who are ready after one wait",
  ],
  unavailable: () => models.get("blocking")!.unavailable() ?? procUnavailable(),
  async run(stage) {
    const [ladder, rounds] = stage.size === "full" ? [[0, 8, 16, 24, 32], 30] : [[0, 2], 20];
    const most = ladder.at(-1)!;
    const pthread = await pthreadCost(most, rounds, stage.signal);
    const threads = await crowd("blocking", ladder, rounds, stage);
    const loop = await crowd("multiplex", ladder, rounds, stage);
    const shown = (amount: number) => amount.toFixed(2);
    return {
      measured: [
        { name: "clients at the end", value: most },
        { name: "threads that serve", value: threads.serving },
        { name: "memory with one thread", value: threads.firstMegabytes, unit: "MB" },
        { name: "one more client, threads", value: threads.megabytes, unit: "MB" },
        { name: "one more client, loop", value: loop.megabytes, unit: "MB" },
        { name: "requests", value: rounds * most },
        { name: "voluntary switches per request, threads", value: threads.switches },
        { name: "voluntary switches per request, loop", value: loop.switches },
        ...("unavailable" in pthread
          ? [{ name: "a pthread of the twin in C", value: `not here: ${pthread.unavailable}` }]
          : [
            { name: "one more pthread of the twin in C", value: pthread.kilobytes, unit: "kB" },
            { name: "the same: voluntary switches per request", value: pthread.switches },
          ]),
      ],
      verdict: verdictOf({ threads, loop }),
      reason: `one more client costs ${shown(threads.megabytes)} MB with a thread, ` +
        `${shown(loop.megabytes)} MB in a loop; a request ${shown(threads.switches)} voluntary ` +
        `switches against ${shown(loop.switches)}` +
        ("unavailable" in pthread
          ? ""
          : `; a pthread in C ${pthread.kilobytes.toFixed(0)} kB and ${shown(pthread.switches)}`),
    };
  },
};

/** The rule: what a server of threads pays, and what a loop does. */
export function verdictOf({ threads, loop }: {
  readonly threads: Cost;
  readonly loop: Cost;
}): Verdict {
  if (loop.megabytes <= 0) return "inconclusive";
  const dearer = (times: number) =>
    threads.megabytes > times * loop.megabytes && threads.switches > times * loop.switches;
  if (dearer(CLEARLY) && threads.switches >= SWITCHES_MIN) return "confirmed";
  return !dearer(HARDLY) || threads.switches < SWITCHES_FEW ? "refuted" : "inconclusive";
}
