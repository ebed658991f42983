/**
 * The lessons on what waiting costs, small: their counters and orders, never times.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as boundedPool } from "../../bench/lessons/bounded_pool.ts";
import { lesson as completions } from "../../bench/lessons/completions.ts";
import { lesson as concurrentTransfers } from "../../bench/lessons/concurrent_transfers.ts";
import { lesson as copies } from "../../bench/lessons/copies.ts";
import { lesson as edgeEagain } from "../../bench/lessons/edge_eagain.ts";
import { lesson as lateByHalf } from "../../bench/lessons/late_by_half.ts";
import { LessonError, type Stage } from "../../bench/lessons/lesson.ts";
import { lesson as lyingLoad } from "../../bench/lessons/lying_load.ts";
import { lesson as spinning } from "../../bench/lessons/spinning.ts";
import { estimate, inBlocks, ratio, slope, verdictBy } from "../../bench/lessons/stage/compare.ts";
import { Apart } from "../../bench/lessons/stage/apart.ts";
import { lesson as switchingThreads } from "../../bench/lessons/switching_threads.ts";
import { lesson as threadPerConnection } from "../../bench/lessons/thread_per_connection.ts";
import { lesson as watchedOrReady } from "../../bench/lessons/watched_or_ready.ts";
import { lesson as withoutIdleClients } from "../../bench/lessons/without_idle_clients.ts";
import { models } from "../../models/mod.ts";
import { SERVER_NEEDS, testWith } from "../permission.ts";
import { lessonTest, number } from "./lesson_case.ts";

lessonTest(
  watchedOrReady,
  "each wait tells of what is ready, however many are silent",
  (figures) => {
    for (const kind of ["select", "poll", "epoll"]) {
      assertEquals(figures[`told by one wait, ${kind}`], 4);
      assert(`one wait beside 100 silent ones, ${kind}` in figures);
    }
  },
);

lessonTest(withoutIdleClients, "every selector echoes what was sent", (figures) => {
  assertEquals(figures["requests"], 3 * 8 * 4);
  assertEquals(figures["answers that were what was sent"], 3 * 8 * 4);
});

lessonTest(edgeEagain, "EAGAIN by edge only, and every other recv a request", (figures) => {
  assertEquals(figures["EAGAIN per request, level"], 0);
  assertEquals(figures["recv per request, level"], 1);
  const eagain = number(figures, "EAGAIN per request, edge");
  assert(eagain > 0 && eagain <= 1, `${eagain}`);
  const requests = number(figures, "requests each");
  const recv = number(figures, "recv per request, edge");
  assertEquals(Math.round(requests * recv), Math.round(requests * (1 + eagain)));
});

lessonTest(lateByHalf, "the server sleeps between two requests", (figures, verdict) => {
  assert(number(figures, "sleeps per request at random moments") >= 1);
  assertEquals(verdict, "inconclusive"); // of so few requests
});

lessonTest(spinning, "nearly all calls say EAGAIN, and a wait makes none", (figures) => {
  assert(number(figures, "of them EAGAIN") > 99);
  assert(number(figures, "calls, spinning") > 0);
  assertEquals(figures["calls, waiting in epoll"], 0);
});

lessonTest(
  switchingThreads,
  "a turn of threads is a switch of the kernel's",
  (figures, verdict) => {
    const turns = number(figures, "turns on one processor");
    assertEquals(turns, 100);
    // The first and the last switch of a player may lie outside of its account.
    assert(number(figures, "context switches for them") >= turns - 4);
    assertEquals(verdict, "inconclusive"); // of one block
  },
);

lessonTest(threadPerConnection, "a thread for each client, and one to accept", (figures) => {
  assertEquals(figures["clients at the end"], 2);
  assertEquals(figures["threads that serve"], 3);
  assertEquals(figures["requests"], 40);
  assert(number(figures, "voluntary switches per request") > 0);
}, ["run"]);

lessonTest(boundedPool, "the pool serves nobody before a slow reader ends", (figures) => {
  assertEquals(figures["served before a slow one ended, pool"], 0);
  assertEquals(figures["served before a slow one ended, loop"], figures["quick clients"]);
});

lessonTest(copies, "two octets through user space for each one, and none", (figures, verdict) => {
  assertEquals(figures["through user space per octet, read and send"], 2);
  assertEquals(figures["through user space per octet, read and send, 512 octets"], 2);
  assertEquals(figures["through user space per octet, sendfile"], 0);
  assert([100, "not known"].includes(figures["of the file cached after read and send"]!));
  assert(number(figures, "calls per MiB, read and send, 512 octets") >= 4096);
  assert(number(figures, "calls per MiB, read and send") < 100);
  assert(number(figures, "through a buffer per octet of a download, multiplex") < 0.01);
  assert(number(figures, "through a buffer per octet of a download, async") >= 1);
  assertEquals(verdict, "confirmed");
});

lessonTest(completions, "at most half of the calls, and every answer right", (figures, verdict) => {
  const messages = number(figures, "messages each way");
  assertEquals(messages, 5 * 64);
  assertEquals(figures["answers that were what was sent"], 2 * messages);
  assertEquals(figures["calls, epoll"], 5 * (1 + 2 * 64));
  assert(number(figures, "calls, io_uring") <= number(figures, "calls, epoll") / 2);
  assertEquals(verdict, "confirmed");
});

lessonTest(lyingLoad, "one request is sent where many were due", (figures, verdict) => {
  assertEquals(figures["sent while the server stood still"], 1);
  assert(number(figures, "due while the server stood still") >= 10);
  assertEquals(verdict, "inconclusive"); // of so few requests
}, ["run"]);

lessonTest(
  concurrentTransfers,
  "all at once under every model, every octet right",
  (figures, verdict) => {
    assertEquals(Object.keys(figures), [...models.keys()]);
    for (const course of Object.values(figures)) {
      if (`${course}`.startsWith("not here")) continue;
      assert(`${course}`.startsWith("4 sessions at once, 4 of 4 transfers right"), `${course}`);
    }
    assertEquals(verdict, "confirmed");
  },
);

const LESSONS_THAT_PAUSE = [edgeEagain, spinning, lateByHalf, boundedPool, concurrentTransfers];

for (const lesson of LESSONS_THAT_PAUSE) {
  testWith(SERVER_NEEDS, `lesson ${lesson.name}, interrupted, ends with the reason`, async () => {
    const interrupt = new AbortController();
    const stage: Stage = { size: "full", say: () => interrupt.abort(), signal: interrupt.signal };
    const error = await lesson.run(stage).then(() => undefined, (error) => error);
    assertEquals(error, interrupt.signal.reason);
  }, lesson.unavailable?.());
}

testWith(
  [...SERVER_NEEDS, "run"],
  "Apart, a server that does not start is a LessonError",
  async () => {
    const flags = ["--model", "nonsense"];
    const error = await Apart.start(flags, new AbortController().signal).catch((error) => error);
    assert(error instanceof LessonError && error.message.includes("--model"), `${error}`);
  },
);

Deno.test("inBlocks: every variant once in each block, in the order of chance", async () => {
  const order: string[] = [];
  const { signal } = new AbortController();
  const results = await inBlocks(["a", "b", "c"], 20, signal, (variant) => order.push(variant));
  for (let block = 0; block < 20; block++) {
    assertEquals(order.slice(3 * block, 3 * block + 3).sort(), ["a", "b", "c"]);
  }
  assert(new Set(results.get("a")!.values().map((place) => place % 3)).size > 1);
  assertEquals([...results.keys()], ["a", "b", "c"]);
});

Deno.test("ratio: quotients within blocks, so that what disturbs a block cancels", () => {
  const baseline = new Map([[0, 1], [1, 10], [2, 100]]);
  const values = new Map([[0, 2], [1, 20], [2, 200]]);
  assertEquals(ratio(values, baseline), { median: 2, interval: [2, 2] });
});

Deno.test("slope: of points on a line exactly, of others the best", () => {
  assertEquals(slope([[0, 1], [1, 3], [2, 5]]), 2);
  assertEquals(slope([[0, 0], [1, 1], [2, 0]]), 0);
});

Deno.test("verdictBy: too few blocks decide nothing, nor does neither rule", () => {
  assertEquals(verdictBy(5, true, false), "inconclusive");
  assertEquals(verdictBy(6, true, false), "confirmed");
  assertEquals(verdictBy(6, false, true), "refuted");
  assertEquals(verdictBy(6, false, false), "inconclusive");
  assertEquals(estimate([1, 2, 3]).median, 2);
});
