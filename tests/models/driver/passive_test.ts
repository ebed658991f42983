/**
 * The pool of passive sockets: which it lends and to whom, which it keeps, when it has none.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Chance } from "../../../models/clock.ts";
import { PassivePool, PassiveSlot, type PassiveSocket } from "../../../models/driver/passive.ts";
import {
  PASSIVE_DRAWN_FROM,
  PASSIVE_IDLE_MAX,
  PASSIVE_PORTS_DEFAULT,
  PASSIVE_TRIES_MAX,
  PASSIVE_USES_MAX,
} from "../../../models/limits.ts";

const HOST = "192.0.2.1";

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
  uses = 0;
  broken = false;

  constructor(readonly ports: Ports, readonly port: number) {}

  lend(host: string): boolean {
    this.ports.log.push(`lend ${this.port} to ${host}`);
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

/** Draws whatever comes from a seed: every run the same. */
function seeded(seed: number): Chance {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor(state / 2 ** 31 * below);
  };
}

interface Plan {
  readonly workers?: number;
  readonly chance?: Chance;
}

/** A pool over `count` ports from 5000 on. */
function poolOf(count: number, ports: Ports, { workers = 1, chance = seeded(7) }: Plan = {}) {
  return new PassivePool([5_000, 5_000 + count - 1], workers, chance, ports.listen);
}

function lendAll(pool: PassivePool<Socket>, count: number): Socket[] {
  return Array.from({ length: count }, () => pool.lend(HOST)!);
}

/** Gives back as many as it takes for the pool to lend them again instead of new ones. */
function filled(pool: PassivePool<Socket>): Socket[] {
  const sockets = lendAll(pool, PASSIVE_DRAWN_FROM);
  for (const socket of sockets) pool.giveBack(socket);
  return sockets;
}

Deno.test("PassivePool lends every port of its range once, then none", () => {
  const ports = new Ports();
  const pool = poolOf(8, ports);
  const lent = lendAll(pool, 8).map(({ port }) => port);
  assertEquals(lent.toSorted(), [5_000, 5_001, 5_002, 5_003, 5_004, 5_005, 5_006, 5_007]);
  assertEquals(pool.lend(HOST), undefined);
});

Deno.test("PassivePool draws its ports: no order, no neighbours, each seed another", () => {
  const drawn = [1, 2, 3].map((seed) => {
    const pool = poolOf(4_000, new Ports(), { chance: seeded(seed) });
    return lendAll(pool, 50).map(({ port }) => port);
  });
  for (const ports of drawn) {
    const steps = ports.slice(1).map((port, index) => port - ports[index]!);
    assert(steps.filter((step) => step < 0).length > 10, "They rise");
    assert(steps.filter((step) => Math.abs(step) === 1).length < 5, "They are neighbours");
  }
  assert(drawn[0]!.join() !== drawn[1]!.join() && drawn[1]!.join() !== drawn[2]!.join());
});

Deno.test("PassivePool draws among the idle ones, too: six in a row are not one or two", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const pool = poolOf(4_000, new Ports(), { chance: seeded(seed) });
    filled(pool);
    const ports = new Set<number>();
    const slot = new PassiveSlot(pool, HOST);
    for (let count = 0; count < 6; count++) ports.add(slot.exchange()!.port);
    assert(ports.size >= 3, `${[...ports]}`);
  }
});

Deno.test("PassivePool lends ports of the default range to whoever is told", () => {
  const ports = new Ports();
  const pool = new PassivePool(PASSIVE_PORTS_DEFAULT, 1, seeded(7), ports.listen);
  for (const { port } of lendAll(pool, 100)) {
    assert(port >= 61_000 && port <= 65_535, `${port}`);
    assertEquals(ports.log.shift(), `lend ${port} to ${HOST}`);
  }
});

Deno.test("PassivePool goes past ports that are taken, but not for ever", () => {
  const ports = new Ports((port) => port % 16 !== 0);
  const pool = poolOf(64, ports);
  assertEquals(lendAll(pool, 4).map(({ port }) => port % 16), [0, 0, 0, 0]);
  assertEquals(pool.lend(HOST), undefined);

  const none = new Ports(() => true);
  assertEquals(poolOf(8, none).lend(HOST), undefined);
  assertEquals(none.tries, 8);
  const many = new Ports(() => true);
  assertEquals(poolOf(10_000, many).lend(HOST), undefined);
  assertEquals(many.tries, PASSIVE_TRIES_MAX);
});

Deno.test("PassivePool lends what came back, once it has some of them to draw from", () => {
  const ports = new Ports();
  const pool = poolOf(1_000, ports);
  const sockets = filled(pool);
  const { tries } = ports;
  const again = pool.lend("192.0.2.9")!;
  assert(sockets.includes(again));
  assertEquals(ports.tries, tries);
  assertEquals(ports.log.slice(-2), [
    `rest ${sockets.at(-1)!.port}`,
    `lend ${again.port} to 192.0.2.9`,
  ]);
});

Deno.test("PassivePool closes what is of no use any more, and makes another", () => {
  const ports = new Ports();
  const pool = poolOf(1_000, ports);
  const sockets = filled(pool);
  for (const socket of sockets) socket.broken = true;
  const fresh = pool.lend(HOST)!;
  assert(!sockets.includes(fresh));
  assertEquals([...ports.open], [fresh.port]);
});

Deno.test("PassivePool lends a host what it had before, if that is free", () => {
  const pool = new PassivePool<Socket & { host?: string }>(
    [1_000, 1_003],
    1,
    seeded(7),
    new Ports().listen,
  );
  const hosts = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
  const lent = hosts.map((host) => Object.assign(pool.lend(host)!, { host }));
  for (const socket of lent) pool.giveBack(socket);
  for (let round = 0; round < 8; round++) {
    for (const host of hosts) {
      const socket = pool.lend(host)!;
      assertEquals(socket.host, host);
      pool.giveBack(socket);
    }
  }
  const former = pool.lend(hosts[0]!)!;
  assert(pool.lend(hosts[0]!)!.host !== hosts[0], "Another's serves when it has none left");
  pool.giveBack(former);
});

Deno.test("PassivePool gives a port up after PASSIVE_USES_MAX loans", () => {
  const ports = new Ports();
  const pool = poolOf(1, ports);
  const only = pool.lend(HOST)!;
  for (let loans = 1; loans < PASSIVE_USES_MAX; loans++) {
    assertEquals(only.uses, loans);
    pool.giveBack(only);
    assertEquals(pool.lend(HOST), only);
  }
  pool.giveBack(only);
  assertEquals(ports.log.at(-1), `close ${only.port}`);
  assert(pool.lend(HOST) !== only);
});

Deno.test("PassiveSlot.exchange gives another socket while there is one, else the same", () => {
  const ports = new Ports();
  const pool = poolOf(8, ports);
  const slot = new PassiveSlot(pool, HOST);
  const first = slot.exchange()!;
  const second = slot.exchange()!;
  assert(second !== first);
  assertEquals(slot.socket, second);
  assertEquals(ports.open.size, 2); // the first is kept for another
  lendAll(pool, 7);
  assertEquals(pool.lend(HOST), undefined);
  assertEquals(slot.exchange(), second);
  assertEquals(ports.log.at(-1), `lend ${second.port} to ${HOST}`); // emptied of late-comers
  assertEquals(new PassiveSlot(pool, HOST).exchange(), undefined);
});

Deno.test("PassiveSlot.exchange: the only socket, when it is of no use any more, makes none", () => {
  const ports = new Ports();
  const pool = poolOf(1, ports);
  const slot = new PassiveSlot(pool, HOST);
  const only = slot.exchange()!;
  only.broken = true;
  assertEquals(slot.exchange(), undefined);
  assertEquals(slot.socket, undefined);
  const fresh = slot.exchange();
  assert(fresh !== undefined && fresh !== only);
  assertEquals(ports.open.size, 1);
});

Deno.test("PassiveSlot.giveBack gives back once", () => {
  const ports = new Ports();
  const slot = new PassiveSlot(poolOf(8, ports), HOST);
  slot.giveBack();
  const { port } = slot.exchange()!;
  slot.giveBack();
  slot.giveBack();
  assertEquals(ports.log, [`lend ${port} to ${HOST}`, `rest ${port}`]);
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
    const pool = poolOf(40, ports, { workers });
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
