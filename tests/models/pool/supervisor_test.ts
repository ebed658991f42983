/**
 * The supervisor over workers that do nothing but answer it: what it tells them and keeps of those
 * that could not be started, which tree it sweeps, how long it waits when it stops, what it closes.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { TIMER_MS_MAX } from "../../../models/clock.ts";
import { ServeError, SILENT, type Terminal } from "../../../models/model.ts";
import type { Handed } from "../../../models/pool/handoff.ts";
import { OWN } from "../../../models/pool/link.ts";
import { Pool, type PoolPlan } from "../../../models/pool/supervisor.ts";
import { testWith } from "../../permission.ts";
import { OPTIONS } from "../options.ts";

/** The first one is ready, and ends when it is woken; all others cannot be started. */
const WORKER = `
  onmessage = ({ data }) => {
    if (data === "wake") postMessage({ kind: "finished" });
    else if (data.index === 0) postMessage({ kind: "ready", port: 2121 });
    else postMessage({ kind: "failed", reason: "no room" });
  };
`;

/** They have the kernel choose where they listen, if nobody says, and end when they are woken. */
const LISTENER = `
  onmessage = ({ data }) => {
    if (data === "wake") postMessage({ kind: "finished" });
    else postMessage({ kind: "ready", port: data.options.port || 2121 + data.index });
  };
`;

/** It has left three events out before its second one. */
const HASTY = `
  onmessage = ({ data }) => {
    if (data === "wake") return postMessage({ kind: "finished" });
    const own = new Int32Array(data.own);
    own[${OWN.untaken}] = 2;
    own[${OWN.leftOut}] = 3;
    for (const text of ["first", "second"]) {
      postMessage({ kind: "events", events: [{ event: { kind: "warning", text }, at: 0 }] });
    }
    postMessage({ kind: "ready", port: 2121 });
  };
`;

const ADDRESS = { family: 4, host: "127.0.0.1", port: 2121 } as const;

/** A pool of workers that run `worker`, begun with one. */
async function poolOf(plan: Partial<PoolPlan> = {}, worker = WORKER): Promise<Pool> {
  const pool = new Pool({
    model: "async",
    description: "test",
    worker: new URL(`data:text/javascript,${encodeURIComponent(worker)}`),
    callNames: [],
    options: { ...OPTIONS, protocol: "echo", root: "." },
    terminal: SILENT,
    listener: -1,
    wakeDescriptor: () => -1,
    wake: ({ thread }) => thread.postMessage("wake"),
    store: () => Promise.reject(new Error("There is nothing to be swept")),
    release() {},
    ...plan,
  });
  await pool.start(0);
  return pool;
}

/** Runs `body` with another setTimeout, that of the runtime given. */
async function withTimers<T>(
  timers: (original: typeof setTimeout) => (run: () => void, ms: number) => unknown,
  body: () => Promise<T>,
): Promise<T> {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = timers(setTimeout) as typeof setTimeout;
  try {
    return await body();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
}

testWith(["read"], "Pool keeps nothing of workers that could not be started", async () => {
  const pool = await poolOf();
  for (let tries = 0; tries < 3; tries++) {
    await assertRejects(() => pool.grow(), ServeError, "no room");
  }
  assertEquals(pool.server(ADDRESS).stats().length, 1);
  await pool.stop(0);
});

testWith(["read"], "Pool tells workers that it starts later which port is served", async () => {
  const pool = await poolOf({}, LISTENER);
  assertEquals([await pool.grow(), await pool.grow()], [2121, 2121]);
  await pool.stop(0);
});

testWith(["read"], "Pool tells how many events a worker left out, behind the others", async () => {
  const told: string[] = [];
  const event: Terminal["event"] = (event) => void told.push("text" in event ? event.text : "");
  const pool = await poolOf({ terminal: { ...SILENT, event } }, HASTY);
  const gap = "3 events were left out: they came faster than they could be told";
  assertEquals(told, ["first", "second", gap]);
  await pool.stop(0);
});

for (const graceMs of [Infinity, 2 * TIMER_MS_MAX]) {
  testWith(["read"], `Pool.stop(${graceMs}) closes nothing at once`, async () => {
    const pool = await poolOf();
    const waits: number[] = [];
    await withTimers((original) => (run, ms) => {
      waits.push(ms);
      return original(run, ms);
    }, () => pool.stop(graceMs));
    assertEquals(waits, [TIMER_MS_MAX]);
  });
}

testWith(["read"], "Pool has closed what was handed over and nobody came for", async () => {
  const left: Handed[] = [];
  const pool = await poolOf({
    options: { ...OPTIONS, protocol: "echo", root: ".", workers: 2 },
    handsOver: true,
    worker: new URL("./handing_worker.ts", import.meta.url),
    release: (handed) => void left.push(...handed),
  });
  await pool.stop(0);
  assertEquals(left.map(({ fd }) => fd), [8]);
});

testWith(
  ["read", "write"],
  "Pool sweeps the folder that its root led to when it began",
  async () => {
    const folder = Deno.realPathSync(Deno.makeTempDirSync());
    try {
      for (const name of ["first", "second"]) Deno.mkdirSync(`${folder}/${name}`);
      const root = `${folder}/link`;
      Deno.symlinkSync("first", root);
      const asked = Promise.withResolvers<string>();
      const plan: Partial<PoolPlan> = {
        options: { ...OPTIONS, protocol: "mini", root, partialDays: 1 },
        store(swept) {
          asked.resolve(swept);
          return Promise.reject(new Error("It is not swept here"));
        },
      };
      const pool = await withTimers((original) => (run) => original(run, 0), () => poolOf(plan));
      Deno.removeSync(root);
      Deno.symlinkSync("second", root);
      assertEquals(await asked.promise, `${folder}/first`);
      await pool.stop(0);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
);
