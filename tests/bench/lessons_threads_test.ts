/**
 * The lessons on threads and loops: pools, a thread for each client, switches, queues of events, all
 * models side by side. Small: counters and orders, never times.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as boundedPool } from "../../bench/lab/bounded_pool.ts";
import { lesson as concurrentTransfers } from "../../bench/lab/concurrent_transfers.ts";
import { lesson as eventQueue } from "../../bench/lab/event_queue.ts";
import { lesson as switchingThreads } from "../../bench/lab/switching_threads.ts";
import { lesson as threadPerConnection } from "../../bench/lab/thread_per_connection.ts";
import { models } from "../../models/mod.ts";
import { lessonTest, number } from "./lesson_case.ts";

lessonTest(boundedPool, "the pool serves nobody before a slow reader ends", (figures) => {
  assertEquals(figures["served before a slow one ended, pool"], 0);
  assertEquals(figures["served before a slow one ended, loop"], figures["quick clients"]);
  for (const way of ["pool", "loop"]) assert(number(figures, `longest wait of 3, ${way}`) > 0, way);
});

lessonTest(threadPerConnection, "a thread for each client, and one to accept", (figures) => {
  assertEquals(figures["clients at the end"], 2);
  assertEquals(figures["threads that serve"], 3);
  assertEquals(figures["requests"], 40);
  assert(number(figures, "voluntary switches per request, threads") > 0);
  assert(number(figures, "voluntary switches per request, loop") > 0);
  assert(number(figures, "one more client, threads") > number(figures, "one more client, loop"));
}, ["run"]);

lessonTest(
  switchingThreads,
  "a turn of two is a switch of the kernel's, and of one none",
  (figures, verdict) => {
    const turns = number(figures, "turns in each way");
    assertEquals(turns, 100);
    const switches = (way: string) =>
      number(figures, `slept in a turn of its own, ${way}`) +
      number(figures, `made room in it for whom it woke, ${way}`);
    for (const way of ["two threads", "two processes"]) {
      assert(switches(way) >= (50 - 4) / 50, way);
      assert(number(figures, `put on the processor in it, ${way}`) > 0, way);
    }
    assertEquals(verdict, "inconclusive"); // of one block
  },
  ["run"],
);

lessonTest(eventQueue, "handles in the order posted, by number, or by place", (figures) => {
  assertEquals(figures["handled"], figures["posted"]);
  assertEquals(figures["handled over select"], figures["by number of the descriptors"]);
  assertEquals(figures["handled over poll"], figures["by place in the array of poll"]);
  const orders = ["handled", "handled over select", "handled over poll"];
  assertEquals(new Set(orders.map((name) => figures[name])).size, 3);
  assert(String(figures["late by the slow handler"]).endsWith("charlie, bravo, echo"));
  assertEquals(figures["slow reads, multiplex and async"], 2);
});

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
