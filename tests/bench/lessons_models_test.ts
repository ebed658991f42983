/**
 * The lessons on the models side by side, on orders of cost and on many sessions. Small: counters
 * and orders, never times.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as fourModels } from "../../bench/lab/four_models.ts";
import { lesson as orderOfCalls } from "../../bench/lab/order_of_calls.ts";
import { lesson as tenThousand } from "../../bench/lab/ten_thousand.ts";
import { lessonTest, number } from "./lesson_case.ts";

lessonTest(fourModels, "each waits and copies as it says", (figures, verdict) => {
  assertEquals(figures["all octets came and were right"], "yes");
  const pages = number(figures, "pages of all messages");
  for (const way of ["blocking", "polling", "multiplexed", "ring without it"]) {
    assert(number(figures, `${way}: pages that it copied`) >= pages * 0.75, way);
  }
  const calls = (phase: string) => number(figures, `${phase}: calls for a message`);
  assert(calls("blocking, both in one call") >= 1);
  assert(!("blocking, waiting: calls for a message" in figures));
  for (const way of ["polling", "multiplexed"]) {
    assert(calls(`${way}, waiting`) >= 1 && calls(`${way}, copying`) >= 1, way);
  }
  // The thread of the kernel is woken for a message, and its completion found in memory.
  assert(calls("asynchronous, waiting") <= 2);
  assertEquals(calls("asynchronous, copying"), 0);
  // Whatever the runtime touches meanwhile counts, too.
  assert(number(figures, "asynchronous: pages that it copied") <= pages * 0.25);
  assertEquals(figures["blocking: own work meanwhile"], 0);
  assert(number(figures, "polling: own work meanwhile") > 0);
  assert(number(figures, "asynchronous: own work meanwhile") > 0);
  assertEquals(verdict, "confirmed");
});

lessonTest(orderOfCalls, "all three tell of the same, beside silent ones", (figures, verdict) => {
  assertEquals(figures["told by one wait"], 4);
  assert("select over poll, 64 silent" in figures);
  assertEquals(verdict, "inconclusive"); // of one block
});

lessonTest(tenThousand, "all sessions open in one worker, all who ask answered", (figures) => {
  assertEquals(figures["sessions open at once"], 200);
  assertEquals(figures["workers"], 1);
  assertEquals(figures["answers that were what was sent"], figures["clients that asked"]);
}, ["run"]);
