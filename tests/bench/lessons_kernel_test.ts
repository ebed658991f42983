/**
 * The lessons on what the kernel does by itself: queues of listeners, late acknowledgements, files,
 * timers and signals. Small: counters and orders, never times.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as allDescriptors } from "../../bench/lab/all_descriptors.ts";
import { lesson as emfileSpins } from "../../bench/lab/emfile_spins.ts";
import { lesson as fileBlocks } from "../../bench/lab/file_blocks.ts";
import { lesson as nagle } from "../../bench/lab/nagle.ts";
import { lesson as reuseport } from "../../bench/lab/reuseport.ts";
import { lesson as thunderingHerd } from "../../bench/lab/thundering_herd.ts";
import { lessonTest, number } from "./lesson_case.ts";

lessonTest(reuseport, "resets who waited for the listener that closed", (figures) => {
  const queues = String(figures["in the queues"]).split(", ").map(Number);
  assertEquals(queues.reduce((sum, length) => sum + length, 0), 80);
  assertEquals(
    figures["clients that were reset"],
    figures["waited for the listener that closed"],
  );
});

lessonTest(nagle, "holds back a second piece, and never with TCP_NODELAY", (figures) => {
  assert(number(figures, "held back, two pieces") > 0);
  assertEquals(figures["held back, two pieces, TCP_NODELAY"], 0);
  assertEquals(figures["held back, one piece"], 0);
});

lessonTest(allDescriptors, "tells of each once, of the timer last", (figures, verdict) => {
  assertEquals(figures["told of before anything happened"], 0);
  assert(String(figures["told of"]).endsWith("timer 1"));
  assertEquals(figures["told of after all was read"], 0);
  assertEquals(verdict, "confirmed");
});

lessonTest(fileBlocks, "no read of a file says EAGAIN", (figures, verdict) => {
  assertEquals(figures["poll calls the forgotten file ready"], 3);
  assertEquals(figures["read says EAGAIN"], 0);
  assertEquals(
    figures["read brings octets"],
    number(figures, "a read would wait (RWF_NOWAIT says EAGAIN)"),
  );
  const waited = number(figures, "reads in which the thread slept");
  const asleep = number(figures, "reads through io_uring in which the thread slept");
  assert(asleep <= waited);
  assert(asleep <= number(figures, "forgotten again, and read through io_uring"));
  assertEquals(verdict, "inconclusive"); // of so few rounds
});

lessonTest(emfileSpins, "every wait tells, and none while it is paused", (figures, verdict) => {
  assertEquals(figures["of them told of the client"], 100);
  assertEquals(figures["accepts that said EMFILE"], 100);
  assertEquals(figures["waits that told while the listener was paused"], 0);
  assertEquals(figures["clients accepted when a descriptor was free"], 1);
  assertEquals(verdict, "confirmed");
}, ["run"]);

lessonTest(thunderingHerd, "accepts each once, and wakes fewer with the flag", (figures) => {
  for (const way of ["without the flag", "EPOLLEXCLUSIVE"]) {
    assertEquals(figures[`accepted, ${way}`], 20);
    assert(number(figures, `of them told by epoll_wait, ${way}`) >= 20, way);
    assert(number(figures, `woken, ${way}`) > 0, way);
  }
  assert(number(figures, "woken, without the flag") > number(figures, "woken, EPOLLEXCLUSIVE"));
});
