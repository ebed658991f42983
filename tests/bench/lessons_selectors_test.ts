/**
 * The lessons on descriptors and readiness: select, poll and epoll, by level and by edge. Small:
 * counters and orders, never times.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as echoMultiplexed } from "../../bench/lab/echo_multiplexed.ts";
import { lesson as lostEdge } from "../../bench/lab/lost_edge.ts";
import { lesson as regularFile } from "../../bench/lab/regular_file.ts";
import { lesson as dupStillTold } from "../../bench/lab/dup_still_told.ts";
import { lesson as readinessHint } from "../../bench/lab/readiness_hint.ts";
import { lesson as edgeEagain } from "../../bench/lab/edge_eagain.ts";
import { lesson as levelAndEdge } from "../../bench/lab/level_and_edge.ts";
import { lesson as lowestDescriptor } from "../../bench/lab/lowest_descriptor.ts";
import { lesson as selectChat } from "../../bench/lab/select_chat.ts";
import { lesson as selectLimit } from "../../bench/lab/select_limit.ts";
import { lesson as watchedOrReady } from "../../bench/lab/watched_or_ready.ts";
import { lesson as withoutIdleClients } from "../../bench/lab/without_idle_clients.ts";
import { lessonTest, number } from "./lesson_case.ts";

lessonTest(lowestDescriptor, "gets the lowest free number each time", (_figures, verdict) => {
  assertEquals(verdict, "confirmed");
});

lessonTest(selectChat, "shows in order, answers the right ones", (figures, verdict) => {
  assertEquals(figures["sessions open at once"], 4);
  assertEquals(figures["threads that serve them"], 1);
  assertEquals(figures["messages shown"], 6);
  assertEquals(figures["shown when they spoke, and then as answered"], "yes");
  assertEquals(figures["clients that read their own answers only"], 4);
  assertEquals(figures["octets of all answers, and octets that left"], "30, 30"); // 6 of "to n."
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

lessonTest(selectLimit, "ends at 1024 by fd_set alone", (figures, verdict) => {
  assertEquals(figures["select, fd_set: highest"], 1023);
  for (const kind of ["select, longer sets", "poll", "epoll"]) {
    assertEquals(figures[`${kind}: highest`], 1500);
  }
  assert(number(figures, "of 8 clients around 1024, served with select, fd_set") < 8);
  assertEquals(figures["of 8 clients around 1024, served with select, longer sets"], 8);
  assertEquals(figures["what the others read"]?.toString().slice(0, 22), "select(2) cannot watch");
  assert(["taken", "not tried"].includes(`${figures["poll with as many entries"]}`));
  assert(["invalid argument", "not tried"].includes(`${figures["poll with one entry more"]}`));
  assertEquals(verdict, "refuted");
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

lessonTest(edgeEagain, "one by edge, and the end that a short read misses", (figures, verdict) => {
  assertEquals(figures["recv per request, level, one read"], 1);
  assertEquals(figures["EAGAIN per request, edge, until EAGAIN"], 1);
  assertEquals(figures["EAGAIN per request, edge, until a short read"], 0.1); // of full buffers
  assertEquals(figures["sees the end that came along, edge, until EAGAIN"], "yes");
  assertEquals(figures["sees the end that came along, edge, until a short read"], "no");
  const warned = "edge with EPOLLRDHUP, until a short read";
  assertEquals(figures[`EAGAIN per request, ${warned}`], 0.1);
  assertEquals(figures[`sees the end that came along, ${warned}`], "yes");
  assertEquals(figures["every octet of every request was read"], "yes");
  assertEquals(verdict, "confirmed");
});

lessonTest(lostEdge, "reads all by level and one part by edge", (figures, verdict) => {
  assertEquals(figures["octets read, level"], 64);
  assertEquals(figures["octets read, edge"], 16);
  assertEquals(figures["octets read after one more came, edge"], 16);
  assertEquals(verdict, "confirmed");
});

lessonTest(readinessHint, "tells both and has something for one", (figures, verdict) => {
  for (const kind of ["select", "poll", "epoll"]) {
    assertEquals(figures[`both told of an octet, ${kind}`], 20);
    assertEquals(figures[`the second recv says EAGAIN, ${kind}`], 20);
    assertEquals(figures[`the second accept says EAGAIN, ${kind}`], 20);
  }
  assertEquals(verdict, "confirmed");
});

lessonTest(dupStillTold, "tells until the copy is closed", (figures, verdict) => {
  assertEquals(figures["waits that told, the registered one closed"], 100);
  assertEquals(figures["taking it out then"], "EBADF");
  assertEquals(figures["taking it out by the number that means it again"], "done");
  assertEquals(figures["waits that told then"], 0);
  assertEquals(figures["waits that told, the copy closed, too"], 0);
  assertEquals(verdict, "confirmed");
});

lessonTest(regularFile, "ready to select and poll, refused by epoll", (figures, verdict) => {
  assertEquals(figures["an empty file, select"], "readable and writable");
  assertEquals(figures["an empty file, poll"], "readable and writable");
  assertEquals(figures["an empty file, epoll"], "refused: EPERM");
  assertEquals(verdict, "confirmed");
});

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
