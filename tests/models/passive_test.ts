/**
 * The pool of passive sockets: which it lends, which it keeps, when it has none.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { PASSIVE_IDLE_MAX, PASSIVE_TRIES_MAX } from "../../models/limits.ts";
import { PassivePool, type PassiveSocket } from "../../models/passive.ts";
import { OPTIONS } from "./options.ts";

/** Ports on which a listening socket can be made, and what became of each. */
class Ports {
  readonly open = new Set<number>();
  readonly log: string[] = [];
  tries = 0;

  /** @param taken ports that another program listens on */
  constructor(readonly taken: (port: number) => boolean = () => false) {}

  readonly listen = (port: number): Socket | undefined => {
    this.tries++;
    if (this.taken(port) || this.open.has(port)) return undefined;
    this.open.add(port);
    return new Socket(this, port);
  };
}

class Socket implements PassiveSocket {
  broken = false;

  constructor(readonly ports: Ports, readonly port: number) {}

  drain(): boolean {
    this.ports.log.push(`drain ${this.port}`);
    return !this.broken;
  }

  rest(): void {
    this.ports.log.push(`rest ${this.port}`);
  }

  close(): void {
    assert(this.ports.open.delete(this.port), `Port ${this.port} is closed twice`);
    this.ports.log.push(`close ${this.port}`);
  }
}

/** A pool over `count` ports from 5000 on. */
function poolOf(count: number, ports: Ports, workers = 1): PassivePool<Socket> {
  const passivePorts = [5_000, 5_000 + count - 1] as const;
  return new PassivePool({ ...OPTIONS, passivePorts }, workers, ports.listen);
}

function lendAll(pool: PassivePool<Socket>, count: number): Socket[] {
  return Array.from({ length: count }, () => pool.lend()!);
}

Deno.test("PassivePool lends every port of its range once, then none", () => {
  const ports = new Ports();
  const pool = poolOf(8, ports);
  const lent = lendAll(pool, 8).map(({ port }) => port);
  assertEquals(lent.toSorted(), [5_000, 5_001, 5_002, 5_003, 5_004, 5_005, 5_006, 5_007]);
  assertEquals(pool.lend(), undefined);
});

Deno.test("PassivePool lends ports of the default range where none is given", () => {
  const pool = new PassivePool(OPTIONS, 1, new Ports().listen);
  for (const { port } of lendAll(pool, 100)) assert(port >= 61_000 && port <= 65_535, `${port}`);
});

Deno.test("PassivePool goes past ports that are taken, but not for ever", () => {
  const ports = new Ports((port) => port % 16 !== 0);
  const pool = poolOf(64, ports);
  assertEquals(lendAll(pool, 4).map(({ port }) => port % 16), [0, 0, 0, 0]);
  assertEquals(pool.lend(), undefined);

  const none = new Ports(() => true);
  assertEquals(poolOf(8, none).lend(), undefined);
  assertEquals(none.tries, 8);
  const many = new Ports(() => true);
  assertEquals(poolOf(10_000, many).lend(), undefined);
  assertEquals(many.tries, PASSIVE_TRIES_MAX);
});

Deno.test("PassivePool lends again what came back, emptied of late-comers first", () => {
  const ports = new Ports();
  const pool = poolOf(100, ports);
  const first = pool.lend()!;
  pool.giveBack(first);
  const tries = ports.tries;
  assertEquals(pool.lend(), first);
  assertEquals(ports.tries, tries);
  assertEquals(ports.log, [`rest ${first.port}`, `drain ${first.port}`]);
});

Deno.test("PassivePool closes what cannot be emptied, and makes another", () => {
  const ports = new Ports();
  const pool = poolOf(100, ports);
  const first = pool.lend()!;
  first.broken = true;
  pool.giveBack(first);
  const second = pool.lend()!;
  assert(second !== first);
  assertEquals(ports.log.at(-1), `close ${first.port}`);
  assertEquals([...ports.open], [second.port]);
});

Deno.test("PassivePool.exchange gives another socket while there is one, else the same", () => {
  const ports = new Ports();
  const pool = poolOf(8, ports);
  const first = pool.exchange(undefined)!;
  const second = pool.exchange(first)!;
  assert(second !== first);
  assertEquals(ports.open.size, 2); // the first is kept for another
  lendAll(pool, 7);
  assertEquals(pool.lend(), undefined);
  assertEquals(pool.exchange(second), second);
  assertEquals(ports.log.slice(-2), [`rest ${second.port}`, `drain ${second.port}`]);
  assertEquals(pool.exchange(undefined), undefined);
});

Deno.test("PassivePool.exchange: the only socket, when it is of no use any more, makes none", () => {
  const ports = new Ports();
  const pool = poolOf(1, ports);
  const only = pool.lend()!;
  only.broken = true;
  assertEquals(pool.exchange(only), undefined);
  const fresh = pool.lend();
  assert(fresh !== undefined && fresh !== only);
  assertEquals(ports.open.size, 1);
});

Deno.test("PassivePool keeps no more idle sockets than its limit", () => {
  const ports = new Ports();
  const pool = poolOf(20_000, ports);
  for (const socket of lendAll(pool, PASSIVE_IDLE_MAX + 10)) pool.giveBack(socket);
  assertEquals(ports.open.size, PASSIVE_IDLE_MAX);
});

Deno.test("PassivePool of one worker of several leaves most of a small range to the others", () => {
  for (const [workers, kept] of [[1, 20], [2, 10], [10, 2], [40, 0]] as const) {
    const ports = new Ports();
    const pool = poolOf(40, ports, workers);
    for (const socket of lendAll(pool, 20)) pool.giveBack(socket);
    assertEquals(ports.open.size, kept);
  }
});

Deno.test("PassivePool.close closes what is idle, and leaves what is lent", () => {
  const ports = new Ports();
  const pool = poolOf(100, ports);
  const [lent, idle] = lendAll(pool, 2);
  pool.giveBack(idle!);
  pool.close();
  pool.close();
  assertEquals([...ports.open], [lent!.port]);
});
