/**
 * The two rings of io_uring against what the kernel answers: order, results, failures, and that
 * positions go round.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import * as c from "../../../models/libc/constants.ts";
import { BufferRing } from "../../../models/libc/buffer_ring.ts";
import { CALL_NAMES, Libc, unavailableReason } from "../../../models/libc/mod.ts";
import { SOCKADDR_IN6_BYTES } from "../../../models/libc/structs.ts";
import { memoryAddress, Ring } from "../../../models/libc/uring.ts";
import { uringUnavailable } from "../../../models/libc/uring_setup.ts";
import * as abi from "../../../models/libc/uring_abi.ts";
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

function onRing(body: (ring: Ring, loopback: Loopback) => void): void {
  using loopback = new Loopback();
  const ring = new Ring({ entries: 8 });
  try {
    body(ring, loopback);
  } finally {
    ring.close();
  }
}

function ringTest(name: string, body: (ring: Ring, loopback: Loopback) => void): void {
  testWith(["ffi"], `Ring, ${name}`, () => onRing(body), absent);
}

/** The same, with files. */
function fileTest(name: string, body: (ring: Ring, loopback: Loopback) => void): void {
  testWith(["ffi", "read", "write"], `Ring, ${name}`, () => onRing(body), absent);
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

ringTest("reserve keeps entries together: what is before them goes first if it must", (ring) => {
  const tags = [1, 2, 3, 4, 5, 6];
  for (const tag of tags) ring.nop(tag);
  ring.reserve(2);
  assertEquals(ring.enters, 0);
  ring.reserve(3);
  assertEquals(ring.enters, 1);
  for (const tag of [7, 8, 9]) ring.nop(tag);
  assertEquals(ring.enters, 1);
  assertEquals(completed(ring, 9), [...tags, 7, 8, 9].map((tag) => [tag, 0]));
});

ringTest("completions beyond the ring's room are not lost, and keep their order", (ring) => {
  const tags = Array.from({ length: 100 }, (_, tag) => tag); // there is room for 16
  for (const tag of tags) ring.nop(tag);
  assertEquals(completed(ring, 100), tags.map((tag) => [tag, 0]));
});

ringTest("recv completes with the octets that came, to where it said", (ring, loopback) => {
  const { server, client } = loopback.connect();
  const memory = new Uint8Array(64);
  ring.recv(server, memoryAddress(memory) + 16, 8, 7);
  ring.enter(0);
  ring.reap(() => assert(false, "Nothing has come yet"));
  loopback.libc.send(client, Uint8Array.of(1, 2, 3), 0);
  assertEquals(completed(ring, 1), [[7, 3]]);
  assertEquals([...memory.subarray(15, 20)], [0, 1, 2, 3, 0]);
});

ringTest("sendSilentlyThen is silent, and what follows it comes after it", (ring, loopback) => {
  const { server, client } = loopback.connect();
  const memory = Uint8Array.of(4, 5, 6, 9);
  const at = memoryAddress(memory);
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

ringTest("sendNow says nothing of what was taken, and at once what was not", (ring, loopback) => {
  const { server, client } = loopback.connect();
  const memory = new Uint8Array(65_536);
  const at = memoryAddress(memory);
  ring.sendNow(server, at, 4, 1);
  ring.enter(0);
  ring.look(() => assert(false, "It is silent"));
  assertEquals([loopback.drain(client), ring.handedOver], [4, true]);
  loopback.fill(server);
  ring.sendNow(server, at, memory.length, 2);
  assertEquals(ring.handedOver, false);
  ring.enter(0);
  const tags: number[] = [];
  ring.look((tag) => tags.push(tag));
  assertEquals(tags, [2]);
  assertEquals(completed(ring, 1), [[2, -c.EAGAIN]]);
});

ringTest("sendNow says how much was taken when it was a part", (ring, loopback) => {
  const { server } = loopback.connect();
  const memory = new Uint8Array(16 << 20);
  ring.sendNow(server, memoryAddress(memory), memory.length, 1);
  ring.enter(0);
  const [[tag, taken]] = completed(ring, 1) as [[number, number]];
  assert(tag === 1 && taken > 0 && taken < memory.length, `${taken}`);
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
  ring.recv(server, memoryAddress(memory), 8, 3);
  assertEquals(completed(ring, 1), [[3, 0]]);
});

ringTest("sendThen is followed only when all is sent", (ring, loopback) => {
  const { server, client } = loopback.connect();
  const memory = Uint8Array.of(1, 2, 3);
  ring.sendThen(server, memoryAddress(memory), 3, 1);
  ring.nop(2);
  assertEquals(completed(ring, 2), [[1, 3], [2, 0]]);
  assertEquals(loopback.drain(client), 3);
  ring.sendThen(-1, memoryAddress(memory), 3, 3);
  ring.nop(4);
  assertEquals(completed(ring, 2), [[3, -c.EBADF], [4, -c.ECANCELED]]);
});

/** Runs `body` with a file of `length` octets at its start. */
function withFile(loopback: Loopback, length: number, body: (fd: number) => void): void {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, new Uint8Array(length).fill(7));
    body(loopback.open(loopback.libc.open(path, c.O_RDONLY, 0)));
  } finally {
    Deno.removeSync(path);
  }
}

fileTest(
  "readThen reads at the file's position, and goes on when all is read",
  (ring, loopback) => {
    withFile(loopback, 10, (file) => {
      const memory = new Uint8Array(16);
      const at = memoryAddress(memory);
      ring.readThen(file, at, 4, 1);
      ring.nop(2);
      assertEquals(completed(ring, 2), [[1, 4], [2, 0]]);
      ring.readThen(file, at, 16, 3);
      ring.nop(4);
      assertEquals(completed(ring, 2), [[3, 6], [4, -c.ECANCELED]]);
      assertEquals([...memory], [7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    });
  },
);

ringTest("accept gives a descriptor and the address of its peer", (ring, loopback) => {
  const { libc } = loopback;
  const { fd, address } = loopback.listen();
  const memory = new Uint8Array(SOCKADDR_IN6_BYTES + 4);
  memory[SOCKADDR_IN6_BYTES] = SOCKADDR_IN6_BYTES;
  ring.accept(fd, memoryAddress(memory), c.SOCK_NONBLOCK, 1);
  ring.enter(0);
  const client = loopback.open(libc.socket(4, 0));
  assertEquals(libc.connect(client, address), 0);
  const [[tag, accepted]] = completed(ring, 1) as [[number, number]];
  loopback.open(accepted);
  assertEquals(tag, 1);
  assertEquals(libc.decodeAddress(memory), libc.localAddress(client));
  assertEquals(libc.recv(accepted, memory, 1n, 0), -c.EAGAIN); // it does not block
});

ringTest(
  "acceptMany and pollMany go on and on, and end when they are cancelled",
  (ring, loopback) => {
    const { libc } = loopback;
    const { fd, address } = loopback.listen();
    ring.acceptMany(fd, 0, 1);
    const event = loopback.open(libc.eventfd());
    ring.pollMany(event, c.POLLIN, 2);
    ring.enter(0);
    for (let count = 0; count < 3; count++) {
      const client = loopback.open(libc.socket(4, 0));
      libc.connect(client, address);
      ring.enter(1);
      ring.reap((tag, result, flags) => {
        assertEquals([tag, flags & abi.CQE_F_MORE], [1, abi.CQE_F_MORE]);
        loopback.open(result);
      });
      libc.write(event, new Uint8Array(new BigUint64Array([1n]).buffer));
      ring.enter(1);
      ring.reap((tag, result, flags) => {
        assertEquals([tag, result & c.POLLIN, flags & abi.CQE_F_MORE], [2, 1, abi.CQE_F_MORE]);
      });
    }
    ring.cancel(1, 9);
    ring.cancel(2, 9);
    const ended: Completed = [];
    ring.enter(2);
    ring.reap((tag, result, flags) => {
      assertEquals(flags & abi.CQE_F_MORE, 0);
      ended.push([tag, result]);
    });
    assertEquals(ended, [[1, -c.ECANCELED], [2, -c.ECANCELED]]);
  },
);

ringTest("a cancel of what is not there says so, and harms nobody", (ring, loopback) => {
  const { server, client } = loopback.connect();
  const memory = new Uint8Array(8);
  ring.recv(server, memoryAddress(memory), 8, 1);
  ring.cancel(5, 6);
  assertEquals(completed(ring, 1), [[6, -c.ENOENT]]);
  loopback.libc.send(client, Uint8Array.of(1), 0);
  assertEquals(completed(ring, 1), [[1, 1]]);
});

ringTest("what is cancelled completes, and its memory is written to no more", (ring, loopback) => {
  const { server, client } = loopback.connect();
  const memory = new Uint8Array(8);
  ring.recv(server, memoryAddress(memory), 8, 1);
  ring.enter(0);
  ring.cancel(1, 2);
  assertEquals(completed(ring, 1), [[1, -c.ECANCELED]]);
  loopback.libc.send(client, Uint8Array.of(1), 0);
  ring.nop(3);
  assertEquals(completed(ring, 1), [[3, 0]]);
  assertEquals(memory[0], 0);
});

ringTest(
  "an operation under way keeps a connection open whose descriptor is closed",
  (ring, loopback) => {
    const { server, client } = loopback.connect();
    const buffer = new Uint8Array(8);
    ring.poll(server, c.POLLIN, 1);
    ring.enter(0);
    loopback.close(server);
    assertEquals(loopback.libc.recv(client, buffer, 8n, 0), -c.EAGAIN);
    ring.cancel(1, 2);
    assertEquals(completed(ring, 1), [[1, -c.ECANCELED]]);
    ring.nop(3);
    completed(ring, 1);
    assertEquals(loopback.libc.recv(client, buffer, 8n, 0), 0);
  },
);

ringTest("closeDescriptor closes once the call has returned", (ring, loopback) => {
  const { libc } = loopback;
  const { fd, address } = loopback.listen();
  const client = loopback.open(libc.socket(4, 0));
  libc.connect(client, address);
  ring.closeDescriptor(libc.accept(fd, 0), 1);
  assertEquals(completed(ring, 1), [[1, 0]]);
  assertEquals(libc.recv(client, new Uint8Array(8), 8n, 0), 0);
});

ringTest("enter ends at its time-out when nothing completes", (ring, loopback) => {
  const { server } = loopback.connect();
  ring.poll(server, c.POLLIN, 1);
  assertEquals(ring.enter(1, 5), 0);
  assertEquals(ring.enter(1, 0), 0);
  ring.reap(() => assert(false, "Nothing has happened"));
});

/** What recvMany brought by one enter. */
function heard(ring: Ring, buffers: BufferRing, keep = false) {
  const all: (string | number)[] = [];
  ring.enter(1);
  ring.reap((_, result, flags) => {
    if ((flags & abi.CQE_F_BUFFER) === 0) return void all.push(result);
    all.push(new TextDecoder().decode(buffers.octets(flags, result)));
    if (!keep) buffers.giveBack(flags);
  });
  return all;
}

ringTest(
  "recvMany takes a buffer for what comes, and none while nothing does",
  (ring, loopback) => {
    const { server, client } = loopback.connect();
    const buffers = new BufferRing(ring, 3, 4, 8);
    ring.recvMany(server, buffers.group, 1);
    for (let turn = 0; turn < 10; turn++) { // more than there are buffers
      loopback.libc.send(client, new TextEncoder().encode(`turn ${turn}`), 0);
      assertEquals(heard(ring, buffers), [`turn ${turn}`]);
    }
    loopback.libc.send(client, new TextEncoder().encode("0123456789"), 0);
    assertEquals(heard(ring, buffers).join(""), "0123456789");
    loopback.close(client);
    assertEquals(heard(ring, buffers), [0]);
  },
);

ringTest(
  "recvMany ends by ENOBUFS when all buffers are taken, and loses nothing",
  (ring, loopback) => {
    const { server, client } = loopback.connect();
    const buffers = new BufferRing(ring, 0, 2, 8);
    ring.recvMany(server, buffers.group, 1);
    loopback.libc.send(client, new TextEncoder().encode("0123456789abcdefXYZ"), 0);
    assertEquals(heard(ring, buffers, true), ["01234567", "89abcdef", -c.ENOBUFS]);
    for (const buffer of [1, 0]) buffers.giveBack(buffer << abi.CQE_BUFFER_SHIFT);
    ring.recvMany(server, buffers.group, 1);
    assertEquals(heard(ring, buffers), ["XYZ"]);
  },
);

testWith(["ffi"], "Ring, a thread of the kernel does what is written down, asleep or not", () => {
  const ring = new Ring({ entries: 8, pollingIdleMs: 1 });
  try {
    for (let turn = 0; turn < 20; turn++) {
      const tags = Array.from({ length: 12 }, (_, tag) => tag); // more than there is room for
      for (const tag of tags) ring.nop(tag);
      assertEquals(completed(ring, 12), tags.map((tag) => [tag, 0]));
      if (turn % 5 === 0) new Libc().sleep(5); // it falls asleep
    }
  } finally {
    ring.close();
  }
}, absent);

testWith(["ffi"], "Ring, reserve waits for the kernel's thread, and nobody hears of it", () => {
  const ring = new Ring({ entries: 8, pollingIdleMs: 1 });
  try {
    const tags = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    for (let turn = 0; turn < 20; turn++) {
      for (const tag of tags) {
        if (tag % 3 === 1) ring.reserve(3);
        ring.nop(tag);
      }
      assertEquals(completed(ring, tags.length), tags.map((tag) => [tag, 0]));
      if (turn % 5 === 0) new Libc().sleep(5); // it falls asleep
    }
  } finally {
    ring.close();
  }
}, absent);

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
