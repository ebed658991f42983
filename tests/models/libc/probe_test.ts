/**
 * What experiments ask the kernel, against things that are known to happen.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Libc, unavailableReason } from "../../../models/libc/mod.ts";
import { EINVAL, O_DIRECT, O_RDONLY } from "../../../models/libc/constants.ts";
import { LessonCalls } from "../../../models/libc/lesson_calls.ts";
import { alignedBuffer, pageBytes, Probe } from "../../../models/libc/probe.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

/** Sleeps of a thread, each a switch away from it. */
const SLEEPS = 5;

testWith(["ffi"], "Probe, switches: a sleep is a voluntary one", () => {
  const [probe, libc] = [new Probe(), new Libc()];
  const before = probe.switches();
  for (let sleep = 0; sleep < SLEEPS; sleep++) libc.sleep(1);
  const after = probe.switches();
  assert(after.voluntary - before.voluntary >= SLEEPS);
  assert(after.involuntary >= before.involuntary);
}, absent);

testWith(["ffi"], "Probe, cpuUs: goes on with work, and nearly not at all with sleep", () => {
  const [probe, libc] = [new Probe(), new Libc()];
  const before = probe.cpuUs();
  for (let call = 0; call < 1_000; call++) probe.switches();
  const worked = probe.cpuUs();
  libc.sleep(50);
  const slept = probe.cpuUs();
  assert(worked > before);
  assert(slept >= worked && slept - worked < 25_000, `${slept - worked} us`);
}, absent);

testWith(["ffi"], "Probe, pin: a processor that is not there is refused", () => {
  assertEquals(new Probe().pin(1_023), false);
}, absent);

testWith(["ffi", "read", "write"], "Probe, cachedPages: those of a file just written", async () => {
  using loopback = new Loopback();
  const path = await Deno.makeTempFile({ prefix: "ftplab-probe-" });
  try {
    const probe = new Probe();
    const pagesOf = (octets: number) => {
      Deno.writeFileSync(path, new Uint8Array(octets));
      const fd = loopback.open(loopback.libc.open(path, O_RDONLY, 0));
      return probe.cachedPages(fd);
    };
    if (pagesOf(0) === undefined) return; // before Linux 6.5
    assertEquals([0, 1, 3 * pageBytes()].map(pagesOf), [0, 1, 3]);
    assertEquals(probe.cachedPages(2 ** 30), undefined);
  } finally {
    await Deno.remove(path);
  }
}, absent);

testWith(["ffi", "read", "write"], "alignedBuffer: as O_DIRECT wants it, of any size", async () => {
  using loopback = new Loopback();
  const { libc } = loopback;
  const path = await Deno.makeTempFile({ prefix: "ftplab-probe-" });
  try {
    Deno.writeFileSync(path, new Uint8Array(2 * pageBytes()).fill(7));
    const direct = libc.open(path, O_RDONLY | O_DIRECT, 0);
    if (direct !== -EINVAL) { // the file system knows it
      loopback.open(direct);
      for (let page = 0; page < 2; page++) {
        const buffer = alignedBuffer(pageBytes());
        assertEquals(libc.read(direct, buffer), pageBytes());
        assertEquals(buffer.at(-1), 7);
      }
    }
    assertEquals([1, 512, 100_000].map((size) => alignedBuffer(size).length), [1, 512, 100_000]);
  } finally {
    await Deno.remove(path);
  }
}, absent);

testWith(["ffi"], "pageBytes: memory is given back from there on, and not from its half", () => {
  const [calls, page] = [new LessonCalls(), pageBytes()];
  const buffer = alignedBuffer(2 * page);
  const results = [0, page / 2, page].map((from) => calls.giveBack(buffer.subarray(from)));
  assertEquals(results, [0, -EINVAL, 0]);
}, absent);

testWith(["ffi"], "alignedBuffer: all of it can be given back, to the end of its last page", () => {
  const calls = new LessonCalls();
  for (const bytes of [1, pageBytes(), pageBytes() + 1]) {
    const buffer = alignedBuffer(bytes).fill(7);
    const end = buffer.byteOffset + Math.ceil(bytes / pageBytes()) * pageBytes();
    assert(end <= buffer.buffer.byteLength, `${end}`);
    assertEquals(calls.giveBack(buffer), 0);
    assert(buffer.every((octet) => octet === 0));
  }
}, absent);
