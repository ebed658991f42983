/**
 * The two rings of io_uring against what the kernel answers: order, results, failures, and that
 * positions go round.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import { BufferRing } from "../../../models/libc/buffer_ring.ts";
import { CALL_NAMES, unavailableReason } from "../../../models/libc/mod.ts";
import { addressOf, Ring, uringUnavailable } from "../../../models/libc/uring.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason() ?? uringUnavailable();

/** Completions as they came. */
type Completed = [tag: number, result: number][];

/** Enters `ring` until `count` operations have completed. */
function completed(ring: Ring, count: number): Completed {
  const all: Completed = [];
  while (all.length < count) {
    ring.enter(1);
    ring.reap((tag, result) => all.push([tag, result]));
  }
  return all;
}

function ringTest(name: string, body: (ring: Ring, loopback: Loopback) => void): void {
  testWith(["ffi"], `Ring, ${name}`, () => {
    using loopback = new Loopback();
    const ring = new Ring({ entries: 8 });
    try {
      body(ring, loopback);
    } finally {
      ring.close();
    }
  }, absent);
}

ringTest("one enter hands over all that is written down", (ring) => {
  for (const tag of [1, 2, 3]) ring.nop(tag);
  assertEquals(completed(ring, 3), [[1, 0], [2, 0], [3, 0]]);
  assertEquals(ring.enters, 1);
});

ringTest("positions go round the rings many times", (ring) => {
  for (let tag = 0; tag < 1_000; tag += 2) {
    ring.nop(tag);
    ring.nop(tag + 1);
    assertEquals(completed(ring, 2), [[tag, 0], [tag + 1, 0]]);
  }
  assertEquals(ring.enters, 500);
});

ringTest("what does not fit is done, too: a full ring is handed over", (ring) => {
  const tags = Array.from({ length: 12 }, (_, tag) => tag);
  for (const tag of tags) ring.nop(tag);
  assertEquals(ring.enters, 1);
  assertEquals(completed(ring, 12), tags.map((tag) => [tag, 0]));
});

ringTest("completions beyond the ring's room are not lost, and keep their order", (ring) => {
  const tags = Array.from({ length: 100 }, (_, tag) => tag); // there is room for 16
  for (const tag of tags) ring.nop(tag);
  assertEquals(completed(ring, 100), tags.map((tag) => [tag, 0]));
});

ringTest("recv completes with the octets that came, to where it said", (ring, loopback) => {
  const { server, client } = loopback.connect();
  const memory = new Uint8Array(64);
  ring.recv(server, addressOf(memory) + 16, 8, 7);
  ring.enter(0);
  ring.reap(() => assert(false, "Nothing has come yet"));
  loopback.libc.send(client, Uint8Array.of(1, 2, 3), 0);
  assertEquals(completed(ring, 1), [[7, 3]]);
  assertEquals([...memory.subarray(15, 20)], [0, 1, 2, 3, 0]);
});

ringTest("sendSilentlyThen is silent, and what follows it comes after it", (ring, loopback) => {
  const { server, client } = loopback.connect();
  const memory = Uint8Array.of(4, 5, 6, 9);
  const at = addressOf(memory);
  ring.sendSilentlyThen(server, at, 4, 1);
  ring.recv(server, at, 4, 2);
  ring.enter(0);
  const buffer = new Uint8Array(8);
  assertEquals(loopback.libc.recv(client, buffer, 8n, 0), 4);
  assertEquals([...buffer.subarray(0, 4)], [4, 5, 6, 9]);
  loopback.libc.send(client, Uint8Array.of(7), 0);
  assertEquals(completed(ring, 1), [[2, 1]]);
  assertEquals(memory[0], 7);
});

ringTest("a send that fails says why, and cancels what follows it without a word", (ring) => {
  ring.sendSilentlyThen(-1, 0, 1, 1);
  ring.nop(2);
  assertEquals(completed(ring, 1), [[1, -c.EBADF]]);
  ring.nop(3);
  assertEquals(completed(ring, 1), [[3, 0]]);
});

ringTest("the end of a stream is 0", (ring, loopback) => {
  const { server, client } = loopback.connect();
  loopback.close(client);
  const memory = new Uint8Array(8);
  ring.recv(server, addressOf(memory), 8, 3);
  assertEquals(completed(ring, 1), [[3, 0]]);
});

testWith(["ffi"], "Ring, every call of it is counted by its name", () => {
  const calls = new Float64Array(CALL_NAMES.length + 1);
  const ring = new Ring({ entries: 8, completions: 32 }, calls);
  new BufferRing(ring, 0, 4, 16);
  ring.enter(0);
  ring.close();
  const counted = CALL_NAMES.flatMap((name, index) => calls[index]! > 0 ? [name] : []);
  const [setup, enter, register] = ["io_uring_setup", "io_uring_enter", "io_uring_register"];
  assertEquals(counted.toSorted(), ["close", enter, register, setup, "mmap", "munmap"]);
}, absent);
