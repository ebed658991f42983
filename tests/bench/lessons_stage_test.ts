/**
 * What lessons take their figures with: who is ready among the silent, what a thread does while a
 * ring reads, what is timed and what is counted. Counts and orders, never times.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fourModels from "../../bench/lab/four_models.ts";
import { LessonError } from "../../bench/lab/lesson.ts";
import { type Cell, converse } from "../../bench/lab/stage/echo_servers.ts";
import { asynchronous, MESSAGE_BYTES, Meter } from "../../bench/lab/stage/four_ways.ts";
import { giveBack } from "../../bench/lab/stage/missing_pages.ts";
import { RingReader } from "../../bench/lab/stage/ring_read.ts";
import { Sockets } from "../../bench/lab/stage/sockets.ts";
import { READY, Watched } from "../../bench/lab/stage/waits.ts";
import { O_RDONLY } from "../../models/libc/constants.ts";
import { LessonCalls } from "../../models/libc/lesson_calls.ts";
import { Libc, unavailableReason } from "../../models/libc/mod.ts";
import { alignedBuffer, pageBytes } from "../../models/libc/probe.ts";
import { uringUnavailable } from "../../models/libc/uring_setup.ts";
import type { ReadyList } from "../../models/selector/mod.ts";
import { PollSelector } from "../../models/selector/poll.ts";
import { missing, type Need, testWith } from "../permission.ts";

const NEEDS: readonly Need[] = ["ffi", "read", "write"];
const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();
const noRing = missing(["ffi"]).length > 0 ? undefined : absent ?? uringUnavailable();

testWith(["ffi"], "giveBack, memory that does not begin at a page is a LessonError", () => {
  const [calls, buffer] = [new LessonCalls(), alignedBuffer(2)];
  giveBack(calls, buffer);
  assertThrows(() => giveBack(calls, buffer.subarray(1)), LessonError, "invalid argument");
}, absent);

/** One that notes what it is given, and what it told of. */
class Noting extends PollSelector {
  readonly given: number[] = [];
  told: number[] = [];

  override set(fd: number, interest: number): number {
    this.given.push(fd);
    return super.set(fd, interest);
  }

  override wait(timeoutMs: number, ready: ReadyList): void {
    super.wait(timeoutMs, ready);
    this.told = ready.descriptors();
  }
}

testWith(["ffi"], "Watched, ready ones stand among those in use, by number and by order", () => {
  using watched = new Watched(100);
  for (const idle of [0, 10, 100, 10]) {
    const selector = new Noting(watched.sockets.libc);
    assertEquals(watched.measure(selector, idle, 1).told, READY);
    const { given, told } = selector;
    assertEquals(given, given.toSorted((one, other) => one - other));
    const places = told.map((fd) => given.indexOf(fd));
    const expected = [1, 2, 3, 4].map((fifths) => Math.floor(fifths * (idle + READY) / 5));
    assertEquals(places, expected, `${idle}`);
  }
}, absent);

testWith(NEEDS, "RingReader, nothing is done meanwhile when the file is in memory", async () => {
  const path = await Deno.makeTempFile({ prefix: "ftplab-test-" });
  const libc = new Libc();
  await Deno.writeFile(path, new Uint8Array(4_096).fill(7));
  const fd = libc.open(path, O_RDONLY, 0);
  try {
    using reader = new RingReader();
    const buffer = new Uint8Array(4_096);
    assertEquals(reader.read(fd, buffer).worked, 0);
    assert(buffer.every((octet) => octet === 7));
  } finally {
    libc.close(fd);
    await Deno.remove(path);
  }
}, noRing);

for (const way of ["epoll", "io_uring"] as const) {
  testWith(["ffi"], `converse, times each turn and the answers that are left, ${way}`, () => {
    const cell: Cell = { way, batch: 2, calls: 0, unchanged: 0 };
    let looks = 0;
    const spentUs = converse(cell, 8, { cpuUs: () => ++looks });
    assertEquals(cell.unchanged, 8);
    assertEquals(spentUs, (4 + 1) / 8); // one between the two looks of each
  }, noRing);
}

testWith(["ffi"], "Meter, counts the calls that were made where there may be none", () => {
  const meter = new Meter();
  let made = 3;
  meter.book(() => 0, () => made);
  meter.book(() => (made++, 5), () => made);
  meter.book(() => 0);
  const { waiting, copying } = meter.account;
  assertEquals([waiting.calls, copying.calls], [1, 1]);
}, absent);

testWith(["ffi"], "asynchronous, pages that this thread misses until the completion count", () => {
  using sockets = new Sockets(new Libc());
  const [far, near] = sockets.pair();
  using way = asynchronous(near, true);
  way.get(() => {
    way.meter.buffer.fill(1); // as one that copied by itself
    sockets.libc.send(far, new Uint8Array(MESSAGE_BYTES).fill(0x55), 0);
  });
  const pages = Math.ceil(MESSAGE_BYTES / pageBytes());
  const { copying, octets } = way.meter.account;
  assertEquals(octets, MESSAGE_BYTES);
  assert(copying.pages >= pages, `${copying.pages} of ${pages}`);
  // By the rule of the lesson that is no asynchronous I/O.
  const shares = { blocking: 1, polling: 0, multiplexed: 1, asynchronous: 0 };
  const verdict = (copied: number) =>
    fourModels.verdictOf((name) => ({
      slept: shares[name as keyof typeof shares],
      copied: name === "asynchronous" ? copied : 1,
    }));
  assertEquals([verdict(0), verdict(copying.pages / pages)], ["confirmed", "refuted"]);
}, noRing);
