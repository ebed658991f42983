/**
 * Several connections to one server: when they are made, lent, replaced, refused and closed.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ClientPool,
  connect,
  ConnectionError,
  LocalError,
  LoginError,
  POOL_SIZE_MAX,
} from "../../client/mod.ts";
import { testWith } from "../permission.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";
import { NEEDS, ours, withFolders } from "./stage.ts";

/** Runs `body` against a server of this script, with a way to count its connections. */
function scripted(
  name: string,
  script: Script,
  body: (server: ScriptedServer, accepted: () => number) => Promise<void>,
): void {
  testWith(["net"], name, async () => {
    let accepted = 0;
    await using server = new ScriptedServer({ ...script, onAccept: () => void accepted++ });
    await body(server, () => accepted);
  });
}

/** So many works that end only when all of them have begun. */
function together(pool: ClientPool, count: number): Promise<void[]> {
  const all = Promise.withResolvers<void>();
  let begun = 0;
  return Promise.all(Array.from({ length: count }, () =>
    pool.run(async () => {
      if (++begun === count) all.resolve();
      await all.promise;
    })));
}

scripted(
  "ClientPool opens no more connections than are used at once",
  {},
  async (server, accepted) => {
    await using pool = await ClientPool.open(server.address, 4);
    assertEquals(accepted(), 1, "the first one tells whether there is a server");
    await pool.run((client) => client.command("NOOP"));
    await pool.run((client) => client.command("NOOP"));
    assertEquals(accepted(), 1);
    await together(pool, 3);
    assertEquals([accepted(), pool.open], [3, 3]);
    await together(pool, 3);
    assertEquals([accepted(), pool.open], [3, 3]);
  },
);

scripted("ClientPool serves in order who waits", {}, async (server) => {
  await using pool = await ClientPool.open(server.address, 1);
  const order: number[] = [];
  await Promise.all([0, 1, 2, 3, 4].map((index) =>
    pool.run((client) => {
      order.push(index);
      return client.command("NOOP");
    })
  ));
  assertEquals(order, [0, 1, 2, 3, 4]);
});

scripted("ClientPool replaces a connection that broke", {
  answers: { STAT: (_, session) => session.close() },
}, async (server, accepted) => {
  await using pool = await ClientPool.open(server.address, 1);
  await assertRejects(() => pool.run((client) => client.command("STAT")), ConnectionError);
  assertEquals((await pool.run((client) => client.command("NOOP"))).code, 502);
  assertEquals(accepted(), 2);
});

testWith(["net"], "ClientPool goes on with fewer connections when a login is refused", async () => {
  let logins = 0;
  await using limited = new ScriptedServer({
    answers: {
      USER: (_, session) => session.say(++logins > 2 ? "530 Too many of you" : "230 In"),
    },
  });
  const heard: [number, string][] = [];
  await using pool = await ClientPool.open(limited.address, 5, {
    onFewer: (size, error) => heard.push([size, error.message]),
  });
  await Promise.all(Array.from({ length: 20 }, () => pool.run((client) => client.command("NOOP"))));
  assertEquals([pool.size, pool.open], [2, 2]);
  assertEquals(heard.length, 1);
  assertEquals(heard[0]![0], 2);
  assert(heard[0]![1].includes("530 Too many of you"), heard[0]![1]);
});

testWith(["net"], "ClientPool ends with what onFewer throws, and who waits hears it", async () => {
  let logins = 0;
  await using limited = new ScriptedServer({
    answers: {
      USER: (_, session) => session.say(++logins > 1 ? "530 Too many of you" : "230 In"),
    },
  });
  const pool = await ClientPool.open(limited.address, 2, {
    onFewer() {
      throw new RangeError("nobody listens");
    },
  });
  {
    using lent = await pool.lend();
    await assertRejects(() => pool.lend(), RangeError, "nobody listens");
    assertEquals((await lent.client.command("NOOP")).code, 502);
  }
  await assertRejects(() => pool.lend(), RangeError, "nobody listens");
  await pool.close();
  assertEquals(pool.open, 0);
});

testWith(
  NEEDS,
  "ClientPool goes on with fewer connections when our server says 421",
  () =>
    withFolders(async (root) => {
      const server = await ours.start(root, { sessionsPerHostMax: 3 });
      try {
        const { port } = server.endpoint;
        let fewer = 0;
        await using pool = await ClientPool.open({ port }, 8, {
          onFewer: (size) => void (fewer = size),
        });
        const works = Array.from({ length: 50 }, () => pool.run((client) => client.list("/")));
        assertEquals((await Promise.all(works)).length, 50);
        assertEquals([fewer, pool.size], [3, 3]);
      } finally {
        await server.stop(0);
      }
    }),
);

testWith(["net"], "ClientPool stays as large when one connection more is broken off", async () => {
  let accepted = 0;
  let limit = 2;
  await using server = new ScriptedServer({
    onAccept() {
      if (++accepted > limit) throw new Error("full");
    },
  });
  const heard: number[] = [];
  await using pool = await ClientPool.open(server.address, 3, {
    onFewer: (size) => heard.push(size),
  });
  const works = Array.from({ length: 50 }, () => pool.run((client) => client.command("NOOP")));
  await Promise.all(works);
  assertEquals([pool.size, pool.open, heard], [3, 2, []]);
  assert(accepted < 10, "it is not tried for with every work");
  limit = Infinity;
  await pool.run((client) => Promise.resolve(client.close()));
  await pool.run((client) => Promise.resolve(client.close()));
  await together(pool, 3);
  assertEquals(pool.open, 3, "all that were there have gone, so it is tried for at once");
});

testWith(["net"], "ClientPool.open says at once that it is not let in", async () => {
  await using server = new ScriptedServer({ answers: { USER: "530 No" } });
  await assertRejects(() => ClientPool.open(server.address, 4), LoginError, "530 No");
});

testWith(["net"], "ClientPool tells all who wait that the server has gone", async () => {
  const server = new ScriptedServer();
  await using pool = await ClientPool.open(server.address, 2);
  await server[Symbol.asyncDispose]();
  const works = Array.from({ length: 5 }, () => pool.run((client) => client.command("NOOP")));
  for (const ended of await Promise.allSettled(works)) {
    assertEquals(ended.status, "rejected");
    assert((ended as PromiseRejectedResult).reason instanceof ConnectionError);
  }
});

scripted("ClientPool.close lets what runs end, and nothing else begin", {}, async (server) => {
  const pool = await ClientPool.open(server.address, 1);
  const held = Promise.withResolvers<void>();
  const running = pool.run(() => held.promise);
  const waiting = assertRejects(() => pool.run((client) => client.command("NOOP")), LocalError);
  const closed = pool.close();
  await waiting;
  await assertRejects(() => pool.run((client) => client.command("NOOP")), LocalError, "closed");
  held.resolve();
  await running;
  await closed;
});

scripted("ClientPool hears of a signal", {}, async (server) => {
  const abort = new AbortController();
  await using pool = new ClientPool({
    connect: () => connect(server.address),
    size: 1,
    signal: abort.signal,
  });
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const running = pool.run(() => {
    begun.resolve();
    return held.promise;
  });
  await begun.promise;
  const waiting = assertRejects(() => pool.run(() => Promise.resolve()), Error, "enough");
  abort.abort(new Error("enough"));
  await waiting;
  held.resolve();
  await running;
});

scripted("ClientPool.lend and run are given up while they wait", {}, async (server) => {
  await using pool = await ClientPool.open(server.address, 1);
  const abort = new AbortController();
  const { signal } = abort;
  const lent = await pool.lend({ signal });
  let isBegun = false;
  const begin = () => Promise.resolve(void (isBegun = true));
  const calls: (() => Promise<unknown>)[] = [
    () => pool.lend({ signal }),
    () => pool.run(begin, { signal }),
  ];
  const given = calls.map((call) => assertRejects(call, RangeError, "enough"));
  const next = pool.run((client) => client.command("NOOP"));
  abort.abort(new RangeError("enough"));
  await Promise.all(given);
  await Promise.all(calls.map((call) => assertRejects(call, RangeError, "enough")));
  lent[Symbol.dispose]();
  assertEquals([(await next).code, isBegun], [502, false], "who waits behind them has his turn");
});

scripted("ClientPool.lend takes a connection back once", {}, async (server) => {
  await using pool = await ClientPool.open(server.address, 2);
  const lent = await pool.lend();
  for (let count = 0; count < 2; count++) lent[Symbol.dispose]();
  using one = await pool.lend();
  using other = await pool.lend();
  assert(one.client !== other.client);
});

Deno.test("ClientPool takes a number of connections that it can have", () => {
  for (const size of [0, -1, 1.5, NaN, POOL_SIZE_MAX + 1]) {
    assertThrows(() => new ClientPool({ connect, size }), LocalError, "a pool has from 1 to 32");
  }
});
