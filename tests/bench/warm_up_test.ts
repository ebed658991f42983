/** Tests of bench/run/warm_up.ts: when work is level, and that all workers had some. @module */

import { assert, assertEquals } from "@std/assert";
import { LoadProcess } from "../../bench/load/process.ts";
import { isLevel, warmUp } from "../../bench/run/warm_up.ts";
import { startServer } from "../../bench/run/server_process.ts";
import { MODELS } from "../../bench/run/subjects.ts";
import { warmUpJobs } from "../../bench/scenarios/jobs.ts";
import { FILE_SIZES } from "../../bench/scenarios/mod.ts";
import { testWith } from "../permission.ts";
import { NEEDS } from "./needs.ts";

Deno.test("isLevel waits for rounds that are together no better than as many before", () => {
  const rounds = (...costs: number[]) =>
    costs.map((perOperation) => ({ perOperation, uncertainty: 0, all: true }));
  const level = rounds(10, 10, 10, 10, 10, 10, 10, 10);
  assertEquals(isLevel([]), false);
  assertEquals(isLevel(level.slice(1)), false);
  assertEquals(isLevel(level), true);
  assertEquals(isLevel(rounds(10, 10, 10, 10, 9.9, 9.9, 9.9, 9.9)), true);
  // Each is within a twentieth of the one before: a slow fall is one, too.
  assertEquals(isLevel(rounds(10, 9.8, 9.6, 9.4, 9.2, 9.0, 8.8, 8.6)), false);
  assertEquals(isLevel(rounds(20, 20, 12, 12, 12, 12, 12, 12)), false);
  assertEquals(isLevel(rounds(20, 20, 12, 12, 12, 12, 12, 12, 12, 12)), true);
  // A machine that is slow for two rounds hides no fall, and a noisy one can be level.
  assertEquals(isLevel(rounds(20, 20, 20, 20, 12, 20, 20, 12)), false);
  assertEquals(isLevel(rounds(10, 11, 9, 10, 11, 9, 10, 10)), true);
  // A worker that had nothing to do has not shown what it costs.
  assertEquals(isLevel([...level.slice(1), { ...level[0]!, all: false }]), false);
  // What is known in ticks only cannot be seen to fall by less.
  const coarse = { perOperation: 8, uncertainty: 2.4, all: true };
  assertEquals(isLevel([...level.slice(4), coarse, coarse, coarse, coarse]), true);
});

testWith(
  NEEDS,
  "warmUp gives every worker of a pool work, and tells what was not level",
  async () => {
    const folder = await Deno.makeTempDir();
    const pool = MODELS.find(({ id }) => id === "blocking-8")!;
    await using stack = new AsyncDisposableStack();
    const load = new LoadProcess();
    stack.defer(() => load.kill());
    const server = await startServer(pool, { root: folder, state: folder });
    stack.defer(() => server.stop());
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const { host, port } = server;
    const around = { host, port, root: folder, sizes: FILE_SIZES, probes: 0, stallMs: 10_000 };
    const jobs = warmUpJobs({ ...around, seconds: 0.1 }, undefined, { workers: 8, sessionsMax: 8 });
    assertEquals(jobs.map(({ work }) => work), ["requests", "logins", "downloads", "uploads"]);
    assertEquals(jobs.map(({ job }) => job().groups[0]!.clients), [8, 8, 8, 8]);
    const many = warmUpJobs({ ...around, seconds: 0.1 }, undefined, { workers: 64 });
    assertEquals(many[0]!.job().groups[0]!.clients, 64);
    const requests = jobs.filter(({ work }) => work === "requests");
    const { seconds, unlevel, level } = await warmUp(server, load, requests, true);
    assert(level !== undefined);
    assert(seconds > 0 && (unlevel!.length === 0 || unlevel!.join() === "requests"));
    const { workers } = await server.sample("closed");
    assertEquals(workers!.filter(({ octetsIn }) => octetsIn === 0).length, 0);
    // There is no such file: no round of it can be level, and there is no second one.
    const downloads = jobs.filter(({ work }) => work === "downloads");
    assertEquals((await warmUp(server, load, downloads, true)).unlevel, ["downloads"]);
    assertEquals((await warmUp(server, load, requests, false)).unlevel, undefined);
  },
);
