/**
 * The lessons on calls and copies, and on a load that lies. Small: counters and orders, never times.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { lesson as completions } from "../../bench/lab/completions.ts";
import { lesson as copies } from "../../bench/lab/copies.ts";
import { lesson as lyingLoad } from "../../bench/lab/lying_load.ts";
import { lessonTest, number } from "./lesson_case.ts";

lessonTest(copies, "two octets through user space for each one, and none", (figures, verdict) => {
  // A page fault of the runtime's own comes in now and then.
  const touched = number(figures, "touched in user space per octet, read and send");
  assert(touched >= 1.8 && touched <= 2.3, `${touched}`);
  assert(number(figures, "touched in user space per octet, sendfile") <= 0.2);
  const kept = figures["of the file cached after read and send"];
  assert([100, "not known"].includes(kept!));
  assert(number(figures, "calls per MiB, read and send, 512 octets") >= 4096);
  assert(number(figures, "calls per MiB, read and send") < 100);
  assert(number(figures, "through a buffer per octet of a download, multiplex") < 0.01);
  assert(number(figures, "through a buffer per octet of a download, async") >= 1);
  assertEquals(verdict, kept === 100 ? "confirmed" : "inconclusive");
});

lessonTest(completions, "at most half of the calls, and every answer right", (figures, verdict) => {
  const messages = number(figures, "messages each way, each batch");
  assertEquals(messages, 128);
  assertEquals(figures["answers that were what was sent"], 7 * 2 * messages);
  for (const batch of [1, 64]) {
    const [epoll, ring] = ["epoll", "io_uring"].map((way) =>
      number(figures, `calls per message, ${way}, ${batch} at once`)
    );
    assertEquals(epoll, 2 + 1 / batch);
    assert(ring! <= epoll! / 2, `${ring}`);
  }
  assertEquals(verdict, "inconclusive"); // of one block
});

lessonTest(lyingLoad, "one request is sent where many were due", (figures, verdict) => {
  assertEquals(figures["sent while the server stood still"], 1);
  assert(number(figures, "due while the server stood still") >= 10);
  assertEquals(verdict, "inconclusive"); // of so few requests
}, ["run"]);
