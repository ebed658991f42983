/**
 * No lesson is a tautology: each rule on figures that confirm it, on those of a machine that would
 * refute it, as its `refutedIf` says, and of many on near misses, which decide nothing. Needs no
 * permission.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { LESSONS } from "../../bench/lab/mod.ts";
import * as allDescriptors from "../../bench/lab/all_descriptors.ts";
import * as blockedCostsNothing from "../../bench/lab/blocked_costs_nothing.ts";
import * as boundedPool from "../../bench/lab/bounded_pool.ts";
import * as completions from "../../bench/lab/completions.ts";
import * as concurrentTransfers from "../../bench/lab/concurrent_transfers.ts";
import * as connectedNotAccepted from "../../bench/lab/connected_not_accepted.ts";
import * as copies from "../../bench/lab/copies.ts";
import * as dupStillTold from "../../bench/lab/dup_still_told.ts";
import * as echoMultiplexed from "../../bench/lab/echo_multiplexed.ts";
import * as edgeEagain from "../../bench/lab/edge_eagain.ts";
import * as emfileSpins from "../../bench/lab/emfile_spins.ts";
import * as eventQueue from "../../bench/lab/event_queue.ts";
import * as fileBlocks from "../../bench/lab/file_blocks.ts";
import * as fourModels from "../../bench/lab/four_models.ts";
import * as hello from "../../bench/lab/hello.ts";
import * as lateByHalf from "../../bench/lab/late_by_half.ts";
import * as levelAndEdge from "../../bench/lab/level_and_edge.ts";
import * as looksEvery4Seconds from "../../bench/lab/looks_every_4_seconds.ts";
import * as lostEdge from "../../bench/lab/lost_edge.ts";
import * as lowestDescriptor from "../../bench/lab/lowest_descriptor.ts";
import * as lyingLoad from "../../bench/lab/lying_load.ts";
import * as nagle from "../../bench/lab/nagle.ts";
import * as orderOfCalls from "../../bench/lab/order_of_calls.ts";
import * as readinessHint from "../../bench/lab/readiness_hint.ts";
import * as regularFile from "../../bench/lab/regular_file.ts";
import * as reuseport from "../../bench/lab/reuseport.ts";
import * as selectChat from "../../bench/lab/select_chat.ts";
import * as selectLimit from "../../bench/lab/select_limit.ts";
import * as spinning from "../../bench/lab/spinning.ts";
import * as switchingThreads from "../../bench/lab/switching_threads.ts";
import * as tenThousand from "../../bench/lab/ten_thousand.ts";
import * as threadPerConnection from "../../bench/lab/thread_per_connection.ts";
import * as thunderingHerd from "../../bench/lab/thundering_herd.ts";
import * as waitingInLine from "../../bench/lab/waiting_in_line.ts";
import * as watchedOrReady from "../../bench/lab/watched_or_ready.ts";
import * as withoutIdleClients from "../../bench/lab/without_idle_clients.ts";
import * as c from "../../models/libc/constants.ts";
import { changed, ruled, tried, undecided } from "./lesson_rules.ts";

const SAID = ["event 3", "socket 7", "signal 23", "timer 1"];

changed(
  allDescriptors,
  { early: 0, late: 0, said: SAID, empty: true },
  { early: 1 }, // told of before it happens
  { late: 1 }, // or again
  { said: SAID.slice(0, -1) }, // a timer that needs a wait of its own
  { said: [...SAID, "timer 1"] },
  { said: SAID.toReversed() }, // the timer before what was there when it was set
  { empty: false },
);
changed(
  blockedCostsNothing,
  { requests: 20, wakeups: 20, share: 0.001, perWakeup: 1 },
  { share: 0.2 }, // a kernel that looks again and again
  { perWakeup: 3 },
);
// Woken for something else, too.
undecided(blockedCostsNothing, [{ requests: 20, wakeups: 25, share: 0.001, perWakeup: 1 }]);
changed(
  boundedPool,
  { quick: 20, pool: 0, loop: 20 },
  { pool: 1 }, // more threads than slow readers
  { loop: 0 },
);
undecided(boundedPool, [{ quick: 20, pool: 0, loop: 19 }]);
ruled(
  completions,
  [11, [{ epoll: 3, ring: 1 }, { epoll: 2.02, ring: 0.02 }], [0.6, 0.8]],
  // One operation handed over at a time, and a ring that costs more.
  [11, [{ epoll: 3, ring: 2 }, { epoll: 2.02, ring: 2 }], [0.6, 0.8]],
  [11, [{ epoll: 3, ring: 1 }, { epoll: 2.02, ring: 0.02 }], [1.1, 1.3]],
);
undecided(completions, [11, [{ epoll: 3, ring: 1 }, { epoll: 2.02, ring: 0.02 }], [0.9, 1.1]]);
ruled(
  concurrentTransfers,
  [{ met: true, right: 6 }, 6],
  [{ met: false, right: 6 }, 6], // one after the other
  [{ met: true, right: 5 }, 6],
);
changed(
  connectedNotAccepted,
  { connected: 5, others: [-c.EINPROGRESS], there: true, answer: -c.ECONNREFUSED },
  { connected: 8, others: [] },
  { connected: 0 },
  { others: [-c.EINPROGRESS, -c.ECONNRESET] }, // a kernel that resets what it has no room for
  { others: [-c.ECONNREFUSED] },
  { there: false },
  { answer: 0 },
);
undecided(
  connectedNotAccepted,
  [{ connected: 4, others: [-c.EINPROGRESS], there: true, answer: -c.ECONNREFUSED }],
);
changed(
  copies,
  { through: 2, sendfile: 0, kept: 0.999 }, // the kernel took a page back
  { through: 1 }, // pages that are moved
  { sendfile: 1 },
  { kept: 0 },
);
undecided(
  copies,
  [{ through: 2, sendfile: 0, kept: undefined }], // a kernel that does not tell
  [{ through: 2, sendfile: 0, kept: 0.8 }], // one that was short of memory
  [{ through: 2.4, sendfile: 0, kept: 1 }], // page faults of somebody else's
);
const told = 100;
const copied = {
  ...{ open: told, closed: told, removal: -c.EBADF, isNone: true, gone: 0 },
  cure: { removal: 0, told: 0 },
};
changed(
  dupStillTold,
  copied,
  { open: 0 },
  { closed: 0 }, // forgotten with its number
  { removal: 0 },
  { cure: { removal: -c.EBADF, told } }, // not to be taken out any more
  { gone: told },
);
undecided(
  dupStillTold,
  [{ ...copied, cure: undefined }], // something else has the number, or had it
  [{ ...copied, removal: -c.ENOENT, isNone: false, cure: undefined }],
  [{ ...copied, removal: -c.ENOENT }],
  [{ ...copied, isNone: false }],
);
changed(
  echoMultiplexed,
  { clients: 20, open: 20, total: 60, right: 60 },
  { right: 59 },
  { open: 1 }, // one after the other
);
changed(
  edgeEagain,
  {
    requests: 60,
    complete: true,
    drained: { eagain: 60, end: true },
    short: { eagain: 6, end: false },
    warned: { eagain: 6, end: true },
  },
  { drained: { eagain: 0, end: true } },
  { drained: { eagain: 60, end: false } },
  { short: { eagain: 60, end: false } }, // nothing saved by stopping
  { warned: { eagain: 60, end: true } },
  { short: { eagain: 6, end: true } }, // nothing would have to be read until EAGAIN
  { warned: { eagain: 6, end: false } }, // or all, though it asked for the end
  { complete: false },
);
changed(
  emfileSpins,
  { waits: 100, told: 100, refused: 100, toldPaused: 0, accepted: 1 },
  { told: 1 }, // by edge
  { refused: 0 },
  { toldPaused: 100 },
  { accepted: 0 },
);
changed(
  eventQueue,
  { inOrder: true, byNumber: true, byPlace: true, delayed: true, late: 1 },
  { inOrder: false }, // a kernel that keeps no list
  { byNumber: false }, // a select that does
  { byPlace: false }, // a poll that tells by number
  { delayed: false },
);
undecided(eventQueue, [{ inOrder: true, byNumber: true, byPlace: true, delayed: true, late: 0.1 }]);
const forgotten = {
  ...{ rounds: 20, ready: 20, wouldWait: 20, brought: 20, slept: 20 },
  ringed: { forgotten: 20, slept: 0 },
};
changed(
  fileBlocks,
  forgotten,
  { brought: 0 }, // it says EAGAIN
  { ready: 0 },
  { slept: 1 }, // an accident
  { ringed: { forgotten: 10, slept: 10 } },
);
undecided(
  fileBlocks,
  [{ ...forgotten, ringed: { forgotten: 20, slept: 15 } }],
  [{ ...forgotten, slept: 10 }],
  [{ ...forgotten, wouldWait: 0, brought: 0, slept: 0 }], // nothing forgotten
  [{ ...forgotten, ringed: { forgotten: 9, slept: 0 } }], // or too seldom
);
ruled(
  fourModels,
  [(name) => ({
    slept: name === "blocking" || name === "multiplexed" ? 1 : 0,
    copied: name === "asynchronous" ? 0 : 1,
  })],
  // A ring without a thread of the kernel.
  [(name) => ({ slept: name === "blocking" || name === "multiplexed" ? 1 : 0, copied: 1 })],
  // Whatever does not wait sleeps all the same.
  [(name) => ({ slept: 1, copied: name === "asynchronous" ? 0 : 1 })],
  // Somebody else copies for recv.
  [(name) => ({ slept: name === "blocking" || name === "multiplexed" ? 1 : 0, copied: 0 })],
);
changed(
  hello,
  { calls: 0, switches: 0, share: 0, greeted: true },
  { calls: 40, switches: 40 }, // one that polls
  { calls: 40 },
  { switches: 40 },
  { share: 1 },
  { greeted: false },
);
changed(
  lateByHalf,
  { requests: 200, open: [0.42, 0.58], closed: [0.99, 1.01] },
  { open: [0.01, 0.02], closed: [0.01, 0.02] }, // one that is woken
  { open: [0.01, 0.02] },
  { open: [0.97, 1.02] }, // no difference
);
undecided(
  lateByHalf,
  [{ requests: 200, open: [0.33, 0.58], closed: [0.99, 1.01] }],
  [{ requests: 200, open: [0.62, 0.75], closed: [1.1, 1.3] }], // a busy machine
  [{ requests: 200, open: [0.62, 0.75], closed: [0.99, 1.01] }],
  [{ requests: 200, open: [0.42, 0.58], closed: [0.99, 1.3] }],
  [{ requests: 200, open: [0.42, 0.58], closed: [0.9, 1.01] }],
);
const level = { first: 20, second: 20, accepted: 0 };
ruled(
  levelAndEdge,
  [20, [20, 20, 20, 1].map((each) => ({ first: each, second: each, accepted: 0 }))],
  [20, [1, 1, 1, 1].map((each) => ({ first: each, second: each, accepted: 0 }))],
  [20, [20, 20, 20, 20].map((each) => ({ first: each, second: each, accepted: 0 }))],
  [20, [20, 20, 20, 1].map((each) => ({ first: each, second: each, accepted: 20 }))],
  [20, [level, level, level, { first: 1, second: 0, accepted: 0 }]], // the first client only
  [20, [level, level, level, { first: 1, second: 1, accepted: 1 }]], // and once more of nobody
);
undecided(
  levelAndEdge,
  [1_000, [1_000, 1_000, 900, 1].map((each) => ({ first: each, second: each, accepted: 0 }))],
);
changed(
  looksEvery4Seconds,
  { passed: [0, 0], places: [1, 1] },
  { passed: [0, 1] },
  { places: [0.3, 1] }, // one that is woken
);
undecided(looksEvery4Seconds, [{ passed: [0, 0], places: [1, 1.2] }]);
changed(lostEdge, { level: 64, edge: 16, later: 16 }, { edge: 64 }, { level: 16 }, { later: 0 });
changed(
  lowestDescriptor,
  { numbers: [5, 6, 7, 6], lowest: [5, 6, 7, 6], alone: true },
  { numbers: [5, 6, 7, 8] }, // dealt in turn
);
undecided(lowestDescriptor, [{ numbers: [5, 8], lowest: [5, 6], alone: false }]); // somebody's 6
ruled(lyingLoad, [1_600, 500], [1_600, 1]);
undecided(lyingLoad, [1_600, 30], [60, 500]);
changed(nagle, { held: 1, ms: 41, others: 0 }, { held: 0, ms: 0.1 }, { others: 1 });
undecided(
  nagle,
  [{ held: 1, ms: 10, others: 0 }], // another price
  [{ held: 1, ms: 41, others: 0.2 }],
  [{ held: 0.5, ms: 41, others: 0 }],
);
ruled(
  orderOfCalls,
  [11, [[1.5, 1.7], [4, 6]]],
  [11, [[0.95, 1.05], [4, 6]]], // level
  [11, [[1.01, 1.03], [4, 6]]], // level, though certain
  [11, [[0.7, 0.9], [4, 6]]],
  [11, [[1.5, 1.7], [0.95, 1.05]]], // beside no silent descriptor
);
undecided(orderOfCalls, [11, [[0.9, 1.4], [4, 6]]]);
ruled(
  readinessHint,
  [20, [{ told: 20, vain: 20 }]],
  [20, [{ told: 0, vain: 20 }]], // only one of the two is told
  [20, [{ told: 20, vain: 0 }]],
);
undecided(readinessHint, [1_000, [{ told: 1_000, vain: 1_000 }, { told: 950, vain: 1_000 }]]);
const ready = { file: "readable and writable", pipe: "not ready" };
const refused = { file: "refused: EPERM", pipe: "not ready" };
ruled(
  regularFile,
  [[ready, ready, refused]],
  [[ready, ready, ready]],
  [[ready, { ...ready, file: "not ready" }, refused]],
  [[ready, { ...ready, pipe: "readable or writable" }, refused]], // as whatever it is asked about
);
changed(
  reuseport,
  { clients: 80, dealt: [25, 15, 22, 18], free: 19, closed: 42, reset: 42 },
  { dealt: [20, 20, 20, 20] }, // dealt in turn
  { dealt: [25, 15, 22, 17] }, // one in no queue
  { free: 80 }, // to who is free
  { reset: 0 },
  { closed: 0, reset: 0 }, // nobody waited, so that nothing was shown
);
changed(
  selectChat,
  { inOrder: true, complete: true, together: 4 },
  { inOrder: false },
  { complete: false },
  { together: 1 },
);
ruled(selectLimit, [1_023, 0], [1_500, -22], [1_500, undefined]);
undecided(selectLimit, [1_023, undefined], [1_023, -22]);
changed(
  spinning,
  { wasted: 99.9, busy: 99, preempted: 0 },
  { wasted: 50 },
  { busy: 60 }, // though nobody disturbed it
);
undecided(spinning, [{ wasted: 99.9, busy: 60, preempted: 3 }]);
const prices = [[5, 6], [2, 3], [1.1, 1.3]] as const;
ruled(
  switchingThreads,
  [11, prices, [0, 1, 1.02]],
  [11, [[5, 6], [0.5, 0.9], [1.1, 1.3]], [0, 1, 1]],
  [11, [[5, 6], [2, 3], [0.8, 0.9]], [0, 1, 1]],
  [11, prices, [0, 0, 1]], // threads that are fibers
  [11, prices, [1, 1, 1]], // one that is made to wait alone
);
undecided(
  switchingThreads,
  [11, prices, [0, 1, 1.4]], // the machine's other work has the processor, too
  [11, prices, [0.2, 1, 1]],
  [11, [[5, 6], [0.9, 1.2], [1.1, 1.3]], [0, 1, 1]],
);
changed(
  tenThousand,
  { clients: 200, open: 200, asking: 50, right: 50, last: true },
  { open: 100 }, // a table that is too small
  { right: 49 },
  { last: false },
);
changed(
  threadPerConnection,
  { threads: { megabytes: 8, switches: 1 }, loop: { megabytes: 0.05, switches: 0.1 } },
  { threads: { megabytes: 0.06, switches: 1 } }, // as light as a session
  { threads: { megabytes: 8, switches: 0.1 } }, // awake
  { loop: { megabytes: 0.05, switches: 1 } }, // as many by a loop
);
undecided(
  threadPerConnection,
  [{ threads: { megabytes: 8, switches: 1 }, loop: { megabytes: 0.05, switches: 0.4 } }],
  [{ threads: { megabytes: 8, switches: 0.7 }, loop: { megabytes: 0.05, switches: 0.1 } }],
  // Of a loop that did not grow anything is more than four times as much.
  [{ threads: { megabytes: 0.01, switches: 1 }, loop: { megabytes: -0.02, switches: 0.1 } }],
);
const herded = { accepted: 300, woken: 2_400 }, calm = { accepted: 300, woken: 310 };
changed(
  thunderingHerd,
  { connections: 300, threads: 8, all: herded, one: calm },
  { one: herded }, // the flag changes nothing
  { one: { accepted: 299, woken: 310 } },
);
undecided(
  thunderingHerd,
  [{ connections: 300, threads: 8, all: herded, one: { accepted: 300, woken: 1_500 } }],
  // No herd without the flag either.
  [{ connections: 300, threads: 8, all: { accepted: 300, woken: 1_000 }, one: calm }],
);
changed(
  waitingInLine,
  { inOrder: true, together: 1, correlation: 1 },
  { inOrder: false },
  { together: 2 },
  { correlation: 0.5 },
);
ruled(
  watchedOrReady,
  [11, [[60, 70], [90, 110]], [-0.5, 0.5]],
  [11, [[60, 70], [90, 110]], [80, 90]], // an epoll that looks through its whole list
);
undecided(watchedOrReady, [11, [[20, 70], [90, 110]], [1, 5]]);
ruled(
  withoutIdleClients,
  [15, [[0.95, 1.05], [0.97, 1.08]]],
  [15, [[0.95, 1.05], [3, 4]]], // hundreds of silent clients
);
undecided(withoutIdleClients, [15, [[0.6, 1.1], [0.97, 1.08]]]);

Deno.test("every lesson that can be run has a rule that was seen to fail", () => {
  const left = LESSONS.filter(({ name }) => !tried.has(name));
  // What no machine can run here has no figures.
  assertEquals(left.map(({ name }) => name), ["windows-select"]);
});
