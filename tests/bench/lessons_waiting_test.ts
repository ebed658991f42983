/**
 * The lessons on what waiting is and costs: a thread that blocks, one that looks again and again, and
 * clients in line. Small: counters and orders, never times.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as blockedCostsNothing } from "../../bench/lab/blocked_costs_nothing.ts";
import { lesson as connectedNotAccepted } from "../../bench/lab/connected_not_accepted.ts";
import { lesson as hello } from "../../bench/lab/hello.ts";
import { lesson as lateByHalf } from "../../bench/lab/late_by_half.ts";
import { lesson as looksEvery4Seconds } from "../../bench/lab/looks_every_4_seconds.ts";
import { lesson as spinning } from "../../bench/lab/spinning.ts";
import { lesson as waitingInLine } from "../../bench/lab/waiting_in_line.ts";
import { lessonTest, number } from "./lesson_case.ts";

lessonTest(hello, "makes no call before a client comes", (figures) => {
  assertEquals(figures["what the thread does while nobody comes"], "waiting");
  assertEquals(figures["calls that it makes meanwhile"], 0);
  assertEquals(figures["the client reads"], "hello client");
  assertEquals(figures["the server shows"], "hello server");
});

lessonTest(blockedCostsNothing, "wakes up once a request", (figures) => {
  assertEquals(figures["requests"], 5);
  assertEquals(figures["wake-ups of the thread"], 5);
  assertEquals(figures["calls of recv"], 5);
});

lessonTest(waitingInLine, "greets in the order of coming, one at a time", (figures) => {
  assertEquals(figures["one thread: greeted in the order of coming"], "yes");
  assertEquals(figures["one thread: most sessions at once"], 1);
  assertEquals(figures["one event loop: most sessions at once"], 7);
});

lessonTest(connectedNotAccepted, "connects one more than the backlog", (figures, verdict) => {
  assertEquals(figures["of them connected, nobody having accepted"], 5);
  assertEquals(figures["waiting in the backlog"], 5);
  assertEquals(figures["what the others hear"], "nothing yet");
  assertEquals(verdict, "confirmed");
});

lessonTest(looksEvery4Seconds, "looks in vain in every interval", (figures) => {
  const alone = Number(figures["looks before anybody came"]);
  assert(alone >= 1);
  assertEquals(figures["of them answered EAGAIN"], alone);
  assert(Number(figures["looks in vain in all (accept4)"]) >= alone + 2);
});

lessonTest(spinning, "nearly all calls say EAGAIN, and a wait makes none", (figures) => {
  assert(number(figures, "of them EAGAIN") > 99);
  assert(number(figures, "calls, spinning") > 0);
  assertEquals(figures["calls, waiting in epoll"], 0);
});

lessonTest(lateByHalf, "the server sleeps between two requests", (figures, verdict) => {
  assert(number(figures, "sleeps per request at random moments") >= 1);
  assertEquals(verdict, "inconclusive"); // of so few requests
});
