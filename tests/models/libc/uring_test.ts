/**
 * The two rings of io_uring against what the kernel answers: order, results, failures, and that
 * positions go round.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { unavailableReason } from "../../../models/libc/mod.ts";
import { Ring, uringUnavailable } from "../../../models/libc/uring.ts";
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
    const ring = new Ring(8, 64);
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

ringTest("more than fits is refused, and what fitted is done", (ring) => {
  for (let tag = 0; tag < 8; tag++) ring.nop(tag);
  assertThrows(() => ring.nop(8), Error, "The ring is full");
  assertEquals(completed(ring, 8).map(([tag]) => tag), [0, 1, 2, 3, 4, 5, 6, 7]);
});

ringTest("recv completes with the octets that came, to where it said", (ring, loopback) => {
  const { server, client } = loopback.connect();
  ring.recv(server, 16, 8, 7);
  ring.enter(0);
  ring.reap(() => assert(false, "Nothing has come yet"));
  loopback.libc.send(client, Uint8Array.of(1, 2, 3), 0);
  assertEquals(completed(ring, 1), [[7, 3]]);
  assertEquals([...ring.memory.subarray(15, 20)], [0, 1, 2, 3, 0]);
});

ringTest("sendThen is silent, and what follows it comes after it", (ring, loopback) => {
  const { server, client } = loopback.connect();
  ring.memory.set([4, 5, 6, 9], 0);
  ring.sendThen(server, 0, 4, 1);
  ring.recv(server, 0, 4, 2);
  ring.enter(0);
  const buffer = new Uint8Array(8);
  assertEquals(loopback.libc.recv(client, buffer, 8n, 0), 4);
  assertEquals([...buffer.subarray(0, 4)], [4, 5, 6, 9]);
  loopback.libc.send(client, Uint8Array.of(7), 0);
  assertEquals(completed(ring, 1), [[2, 1]]);
  assertEquals(ring.memory[0], 7);
});

ringTest("a send that fails says why, and cancels what follows it without a word", (ring) => {
  const EBADF = 9;
  ring.sendThen(-1, 0, 1, 1);
  ring.nop(2);
  assertEquals(completed(ring, 1), [[1, -EBADF]]);
  ring.nop(3);
  assertEquals(completed(ring, 1), [[3, 0]]);
});

ringTest("the end of a stream is 0", (ring, loopback) => {
  const { server, client } = loopback.connect();
  loopback.close(client);
  ring.recv(server, 0, 8, 3);
  assertEquals(completed(ring, 1), [[3, 0]]);
});
