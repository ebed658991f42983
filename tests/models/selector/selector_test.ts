/**
 * The readiness contract on every selector: one list of cases, real sockets, one loop.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { EAGAIN, ECONNRESET, FD_SETSIZE } from "../../../models/libc/constants.ts";
import { type Libc, unavailableReason } from "../../../models/libc/mod.ts";
import { EVENTS_MAX } from "../../../models/selector/epoll.ts";
import { READ, ReadyList, type Selector, WRITE } from "../../../models/selector/mod.ts";
import { PollSelector } from "../../../models/selector/poll.ts";
import { missing, testWith } from "../../permission.ts";
import { Loopback } from "../loopback.ts";
import { type Kind, kinds } from "./selector_kinds.ts";

/** A wait that has something to tell ends long before. */
const LONG_MS = 10_000;

/** Waits for everything that is ready: what is beyond EVENTS_MAX comes with the next. */
const WAITS_MAX = 5;

/**
 * A selector as a reactor uses it: readiness that an edge-triggered one tells once is remembered
 * until a call says EAGAIN, that of the others until the next wait.
 */
class Bench implements Disposable {
  readonly selector: Selector;
  readonly libc: Libc;
  readonly interests = new Map<number, number>();
  readonly #ready = new Map<number, number>();
  readonly #list = new ReadyList();
  #closed = false;

  constructor(readonly kind: Kind, readonly loopback: Loopback) {
    this.libc = loopback.libc;
    this.selector = kind.make(this.libc);
  }

  set(fd: number, interest: number): void {
    this.interests.set(fd, interest);
    this.selector.set(fd, interest);
  }

  remove(fd: number): void {
    this.#drop(fd);
    this.selector.remove(fd);
  }

  forget(fd: number): void {
    this.#drop(fd);
    this.selector.forget(fd);
  }

  #drop(fd: number): void {
    this.interests.delete(fd);
    this.#ready.delete(fd);
  }

  close(): void {
    if (!this.#closed) this.selector.close();
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** What one wait told, by descriptor. */
  wait(timeoutMs: number): Map<number, number> {
    const told = new Map<number, number>();
    this.selector.wait(timeoutMs, this.#list);
    for (const [index, fd] of this.#list.descriptors().entries()) {
      assert(!told.has(fd), `Descriptor ${fd} is told twice`);
      assert(this.interests.has(fd), `Descriptor ${fd} is not watched`);
      told.set(fd, this.#list.bits[index]!);
    }
    if (!this.selector.edge) this.#ready.clear();
    for (const [fd, bits] of told) this.#ready.set(fd, (this.#ready.get(fd) ?? 0) | bits);
    return told;
  }

  /** A call on `fd` said EAGAIN. */
  exhausted(fd: number, bits: number): void {
    this.#ready.set(fd, (this.#ready.get(fd) ?? 0) & ~bits);
  }

  /** What is known to be ready of what is wanted. */
  ready(fd: number): number {
    return (this.#ready.get(fd) ?? 0) & (this.interests.get(fd) ?? 0);
  }

  /** Waits without patience; `fd` must then be ready for exactly `bits`. */
  assertReady(fd: number, bits: number): void {
    this.wait(0);
    if (this.kind.guesses) assertEquals(this.ready(fd) & bits, bits);
    else assertEquals(this.ready(fd), bits);
  }
}

type Case = (bench: Bench, loopback: Loopback) => void;

const octet = Uint8Array.of(1);

const cases: Readonly<Record<string, Case>> = {
  "readable when octets have come, until they are read": (bench, loopback) => {
    const { client, server } = loopback.connect();
    bench.set(server, READ);
    bench.assertReady(server, 0);
    bench.libc.send(client, octet, 0);
    bench.wait(LONG_MS);
    assertEquals(bench.ready(server), READ);
    assertEquals(loopback.drain(server), 1);
    bench.exhausted(server, READ);
    bench.assertReady(server, 0);
  },

  "writable while the peer has room": (bench, loopback) => {
    const { client, server } = loopback.connect();
    bench.set(server, WRITE);
    bench.assertReady(server, WRITE);
    const sent = loopback.fill(server);
    bench.exhausted(server, WRITE);
    bench.assertReady(server, 0);
    assertEquals(drainAll(loopback, client, sent), sent);
    bench.wait(LONG_MS);
    assertEquals(bench.ready(server), WRITE);
  },

  "a listener is readable when a client waits": (bench, loopback) => {
    const { fd, address } = loopback.listen("127.0.0.1", 0o4000);
    bench.set(fd, READ);
    bench.assertReady(fd, 0);
    bench.libc.connect(loopback.open(bench.libc.socket(4, 0)), address);
    bench.wait(LONG_MS);
    assertEquals(bench.ready(fd), READ);
    loopback.open(bench.libc.accept(fd, 0));
    assertEquals(bench.libc.accept(fd, 0), -EAGAIN);
    bench.exhausted(fd, READ);
    bench.assertReady(fd, 0);
  },

  "an interest can change as often as it likes": (bench, loopback) => {
    const { client, server } = loopback.connect();
    bench.libc.send(client, octet, 0);
    for (const interest of [READ, WRITE, READ | WRITE, 0, WRITE, WRITE, READ]) {
      bench.set(server, interest);
      bench.assertReady(server, interest);
    }
  },

  "an interest in nothing is told nothing for long, not even the peer's end": (bench, loopback) => {
    const { client, server } = loopback.connect();
    bench.set(server, READ);
    bench.set(server, 0);
    loopback.close(client);
    bench.wait(0); // an edge-triggered one tells it, once
    for (let count = 0; count < 3; count++) assertEquals([...bench.wait(0)], []);
    bench.set(server, READ);
    bench.assertReady(server, READ);
  },

  "whoever goes leaves the interests of the others as they were": (bench, loopback) => {
    const fds = Array.from({ length: 5 }, () => loopback.connect().server);
    for (const fd of fds) bench.set(fd, READ);
    bench.remove(fds[1]!);
    loopback.close(fds[0]!);
    bench.forget(fds[0]!);
    for (const fd of fds.slice(2)) {
      bench.set(fd, WRITE);
      bench.assertReady(fd, WRITE);
    }
    assertEquals([...bench.wait(0).keys()].sort(), bench.selector.edge ? [] : fds.slice(2).sort());
  },

  "what is removed stays open, is not told, and can come back": (bench, loopback) => {
    const { client, server } = loopback.connect();
    bench.set(server, READ);
    bench.remove(server);
    bench.remove(server); // a second time changes nothing
    bench.libc.send(client, octet, 0);
    assertEquals([...bench.wait(0)], []);
    bench.set(server, READ);
    bench.wait(LONG_MS);
    assertEquals(bench.ready(server), READ);
    assertEquals(loopback.drain(server), 1);
  },

  "a number that was forgotten serves the next socket, closed before or after": (bench, lo) => {
    for (const order of ["forget, close", "close, forget"]) {
      const { client, server } = lo.connect();
      bench.set(server, READ | WRITE);
      bench.wait(0);
      if (order === "forget, close") bench.forget(server);
      lo.close(server);
      if (order === "close, forget") bench.forget(server);
      const next = reopened(lo, server);
      assertEquals([...bench.wait(0)], []);
      bench.set(next, READ);
      bench.assertReady(next, 0);
      bench.libc.write(next, new Uint8Array(new BigUint64Array([1n]).buffer));
      bench.wait(LONG_MS);
      assertEquals(bench.ready(next), READ);
      bench.forget(next);
      lo.close(next);
      lo.close(client);
    }
  },

  "300 connections: exactly those are told that are ready": (bench, loopback) => {
    const pairs = Array.from({ length: 300 }, () => loopback.connect());
    for (const { server } of pairs) bench.set(server, READ);
    const sending = pairs.filter((_, index) => index % 3 === 1);
    for (const { client } of sending) bench.libc.send(client, octet, 0);
    bench.wait(LONG_MS);
    for (const pair of pairs) {
      if (bench.kind.guesses) assertEquals(bench.ready(pair.server), READ);
      else assertEquals(bench.ready(pair.server), sending.includes(pair) ? READ : 0);
    }
    for (const { server } of pairs.slice(0, 299)) bench.remove(server);
    assertEquals([...bench.wait(0).keys()], bench.kind.guesses ? [pairs[299]!.server] : []);
  },

  "more that are ready than one wait tells come with the next": (bench, loopback) => {
    const pairs = Array.from({ length: 300 }, () => loopback.connect());
    const fds = new Set(pairs.flatMap(({ client, server }) => [client, server]));
    assert(fds.size > EVENTS_MAX);
    for (const fd of fds) bench.set(fd, WRITE);
    for (let waits = 0; waits < WAITS_MAX; waits++) {
      for (const fd of bench.wait(0).keys()) fds.delete(fd);
    }
    assertEquals(fds.size, 0);
  },

  "a wait with nothing to tell ends with its time": (bench, loopback) => {
    const { server } = loopback.connect();
    bench.set(server, READ);
    bench.wait(0); // an edge-triggered socket is told writable when it is added
    for (const timeoutMs of [0, 1.5, 20]) {
      const before = performance.now();
      const told = bench.wait(timeoutMs);
      assertEquals([...told.keys()], bench.kind.guesses ? [server] : []);
      // It must not come back early, or a loop would spin until the deadline; scan sleeps less.
      const least = bench.kind.guesses ? Math.min(1, timeoutMs) : timeoutMs;
      assert(performance.now() - before >= least, `${timeoutMs} ms`);
    }
  },

  "nothing watched is nothing told": (bench) => {
    assertEquals([...bench.wait(0)], []);
    assertEquals([...bench.wait(1)], []);
  },

  "without a time-out it waits until something is ready": (bench, loopback) => {
    const { client, server } = loopback.connect();
    bench.set(server, READ);
    bench.libc.send(client, octet, 0);
    bench.wait(-1);
    assertEquals(bench.ready(server), READ);
  },

  "level repeats what was not consumed, edge tells it once": (bench, loopback) => {
    const { client, server } = loopback.connect();
    bench.set(server, READ);
    bench.wait(0); // an edge-triggered socket is told writable when it is added
    bench.libc.send(client, octet, 0);
    assertEquals(bench.wait(LONG_MS).get(server)! & READ, READ);
    const { edge } = bench.selector;
    assertEquals(edge, bench.kind.name === "epoll edge");
    for (let count = 0; count < 3; count++) assertEquals(bench.wait(0).has(server), !edge);
    assertEquals(bench.ready(server), READ);
    bench.libc.send(client, octet, 0); // a new edge, though the old octet was never read
    assertEquals(bench.wait(LONG_MS).get(server)! & READ, READ);
    assertEquals(loopback.drain(server), 2);
  },

  "the peer's end is readable": (bench, loopback) => {
    const { client, server } = loopback.connect();
    bench.set(server, READ);
    bench.wait(0);
    loopback.close(client);
    bench.wait(LONG_MS);
    assertEquals(bench.ready(server), READ);
    assertEquals(bench.libc.recv(server, new Uint8Array(1), 1n, 0), 0);
  },

  "a reset is told to who waits to read and to who waits to write": (bench, loopback) => {
    for (const interest of [READ, WRITE, READ | WRITE]) {
      const { client, server } = loopback.connect();
      loopback.fill(server);
      bench.set(server, interest);
      bench.wait(0);
      bench.exhausted(server, READ | WRITE);
      loopback.close(client); // with octets that it never read: the kernel sends a reset
      bench.wait(LONG_MS);
      assertEquals(bench.ready(server), interest);
      assertEquals(bench.libc.recv(server, new Uint8Array(1), 1n, 0), -ECONNRESET);
      bench.forget(server);
      loopback.close(server);
    }
  },

  "closing it leaves the watched descriptors open": (bench, loopback) => {
    const { client, server } = loopback.connect();
    bench.set(server, READ);
    bench.close();
    assertEquals(bench.libc.send(client, octet, 0), 1);
    assertEquals(loopback.drain(server), 1);
  },

  [`descriptors from ${FD_SETSIZE} on: select refuses, the others watch`]: (bench, loopback) => {
    const { libc, selector } = bench;
    const fds: number[] = [];
    while ((fds.at(-1) ?? 0) <= FD_SETSIZE) fds.push(loopback.open(libc.eventfd()));
    for (const fd of [FD_SETSIZE - 1, FD_SETSIZE]) {
      assert(fds.includes(fd), `Descriptor ${fd} is another's`);
      const refusal = selector.refuses(fd);
      if (bench.kind.name === "select" && fd >= FD_SETSIZE) {
        assertMatch(refusal ?? "", /select\(2\).* 1024$/);
        continue;
      }
      assertEquals(refusal, undefined);
      bench.set(fd, READ);
      bench.assertReady(fd, 0);
      libc.write(fd, new Uint8Array(new BigUint64Array([1n]).buffer));
      bench.assertReady(fd, READ);
    }
  },
};

/** An eventfd with the number `fd`: the kernel gives the lowest that is free. */
function reopened(loopback: Loopback, fd: number): number {
  let next = -1;
  while (next < fd) next = loopback.open(loopback.libc.eventfd());
  assertEquals(next, fd, "The number is another's");
  return next;
}

/** Receives until `wanted` octets have come: the peer's side of a full connection. */
function drainAll(loopback: Loopback, fd: number, wanted: number): number {
  let total = 0;
  const poll = new PollSelector(loopback.libc);
  const ready = new ReadyList();
  poll.set(fd, READ);
  while (total < wanted) {
    poll.wait(LONG_MS, ready);
    if (ready.count === 0) break;
    total += loopback.drain(fd);
  }
  return total;
}

const absent = missing(["ffi"]).length > 0 ? undefined : unavailableReason();

for (const kind of kinds) {
  testWith(["ffi", "read"], `Selector [${kind.name}]`, async (context) => {
    for (const [name, run] of Object.entries(cases)) {
      await context.step(name, () => {
        using loopback = new Loopback();
        using bench = new Bench(kind, loopback);
        run(bench, loopback);
      });
    }
  }, absent);
}
