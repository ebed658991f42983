/**
 * The lessons on waiting, descriptors and loops, small: their counters and orders, never times.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as blockedCostsNothing } from "../../bench/lessons/blocked_costs_nothing.ts";
import { lesson as connectedNotAccepted } from "../../bench/lessons/connected_not_accepted.ts";
import { lesson as echoMultiplexed } from "../../bench/lessons/echo_multiplexed.ts";
import { lesson as eventQueue } from "../../bench/lessons/event_queue.ts";
import { lesson as hello } from "../../bench/lessons/hello.ts";
import { lesson as levelAndEdge } from "../../bench/lessons/level_and_edge.ts";
import { lesson as looksEvery4Seconds } from "../../bench/lessons/looks_every_4_seconds.ts";
import { lesson as lowestDescriptor } from "../../bench/lessons/lowest_descriptor.ts";
import { lesson as selectChat } from "../../bench/lessons/select_chat.ts";
import { lesson as selectLimit } from "../../bench/lessons/select_limit.ts";
import { lesson as waitingInLine } from "../../bench/lessons/waiting_in_line.ts";
import { lessonTest } from "./lesson_case.ts";

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
  assertEquals(verdict, "confirmed");
});

lessonTest(looksEvery4Seconds, "looks in vain in every interval", (figures) => {
  const alone = Number(figures["looks before anybody came"]);
  assert(alone >= 1);
  assertEquals(figures["of them answered EAGAIN"], alone);
  assert(Number(figures["looks in vain in all (accept4)"]) >= alone + 2);
});

lessonTest(lowestDescriptor, "gets the lowest free number each time", (_figures, verdict) => {
  assertEquals(verdict, "confirmed");
});

lessonTest(selectChat, "shows in order, answers the right ones", (figures, verdict) => {
  assertEquals(figures["sessions open at once"], 4);
  assertEquals(figures["threads that serve them"], 1);
  assertEquals(figures["messages shown"], 6);
  assertEquals(figures["clients that read their own answers only"], 4);
  assertEquals(verdict, "confirmed");
});

lessonTest(echoMultiplexed, "returns every octet from one worker", (figures, verdict) => {
  assertEquals(figures["sessions open at once"], 20);
  assertEquals(figures["workers"], 1);
  assertEquals(figures["messages that came back unchanged"], 60);
  assertEquals(figures["octets that came"], 3_840);
  assertEquals(figures["octets that left"], 3_840);
  assertEquals(verdict, "confirmed");
});

lessonTest(selectLimit, "refuses with select alone, from 1024 on", (figures, verdict) => {
  assertEquals(figures["select: first descriptor refused"], 1024);
  assertEquals(figures["select: refused"], 16);
  assertEquals(figures["poll: refused"], 0);
  assertEquals(figures["epoll: refused"], 0);
  assert(Number(figures["of 8 clients around the limit, served with select"]) < 8);
  assertEquals(figures["of 8 clients around the limit, served with epoll"], 8);
  assertEquals(verdict, "confirmed");
});

lessonTest(levelAndEdge, "tells by level each time, by edge once", (figures, verdict) => {
  for (const kind of ["select", "poll", "epoll, level", "epoll, edge"]) {
    const times = kind === "epoll, edge" ? 1 : 20;
    assertEquals(figures[`${kind}: nobody accepts the first client`], times);
    assertEquals(figures[`${kind}: a second one has come`], times);
    assertEquals(figures[`${kind}: both are accepted`], 0);
  }
  assertEquals(verdict, "confirmed");
});

lessonTest(eventQueue, "handles in the order posted", (figures) => {
  assertEquals(figures["handled"], figures["posted"]);
  assert(String(figures["late by the slow handler"]).endsWith("charlie, bravo, echo"));
  assertEquals(figures["slow reads, multiplex and async"], 2);
});
