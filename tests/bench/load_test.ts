/**
 * The load against real servers: what it counts, what it refuses to count, and what it says of
 * clients that nobody serves. Counts only, never how fast anything was.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { createContentFile } from "../../bench/load/content.ts";
import { GroupState, jain } from "../../bench/load/group.ts";
import type { Group, LoadJob, LoadResult } from "../../bench/load/job.ts";
import { LoadProcess, type LoadProgram, TYPESCRIPT_LOAD } from "../../bench/load/process.ts";
import { startServer } from "../../bench/run/server_process.ts";
import { MODELS, type ModelSubject } from "../../bench/run/subjects.ts";
import { testWith } from "../permission.ts";
import { ScriptedServer } from "../client/scripted_server.ts";
import { nativeLoadOnce } from "./native_load.ts";
import { NEEDS, noCompiler } from "./needs.ts";

const EPOLL = MODELS.find(({ id }) => id === "epoll")!;

/** Octets of the file that is served. */
const SIZE = 5_000;

/** How long the parts of a job take, unless a test says otherwise. */
const TIMES = { setupMs: 10_000, warmupMs: 0, measureMs: 20, stallMs: 10_000 };

/** A load that has not done its job by then turns for ever, milliseconds. */
const PATIENCE_MS = 30_000;

interface Setting {
  readonly subject?: ModelSubject;
  /** The served file holds zeros, which is wrong. */
  readonly zeros?: boolean;
  /** Told what is in the folder of the uploads, too. */
  readonly at?: (event: string, arrived: readonly string[]) => void;
}

/** Runs `job` against a server of its own, in a folder with "file" and "incoming". */
async function loadOf(
  program: LoadProgram,
  job: Partial<LoadJob> & { readonly groups: readonly Group[] },
  { subject = EPOLL, zeros = false, at = () => {} }: Setting = {},
): Promise<LoadResult> {
  const folder = await Deno.makeTempDir();
  const load = new LoadProcess(program);
  await Deno.mkdir(join(folder, "incoming"));
  if (zeros) await Deno.writeFile(join(folder, "file"), new Uint8Array(SIZE));
  else await createContentFile(join(folder, "file"), SIZE);
  const server = await startServer(subject, { root: folder, state: folder });
  try {
    const groups = job.groups.map((group) =>
      group.action !== "upload" ? group : {
        ...group,
        path: "incoming",
        source: join(folder, "file"),
        arrivals: join(folder, "incoming"),
      }
    );
    const { host, port } = server;
    const arrived = () =>
      Array.from(Deno.readDirSync(join(folder, "incoming")), ({ name }) => name).sort();
    const told = (event: string) => at(event, arrived());
    const whole = { host, port, ...TIMES, ...job, groups };
    const result = await load.run(whole, told, () => told("there"));
    // What the end of the window may have cut off is not the load's to judge, nor to remove.
    if (groups.every(({ once, action }) => once || action !== "upload")) {
      assertEquals(arrived(), []);
    }
    return result;
  } finally {
    await server.stop();
    await load.kill();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs `job` against whoever is at its address; `pause` is called at both edges of the window. */
async function loadAt(
  program: LoadProgram,
  job: Partial<LoadJob> & Pick<LoadJob, "host" | "port" | "groups">,
  pause: () => void | Promise<void> = () => {},
): Promise<LoadResult> {
  const load = new LoadProcess(program);
  const patience = setTimeout(() => load.kill(), PATIENCE_MS);
  try {
    return await load.run({ ...TIMES, ...job }, pause);
  } finally {
    clearTimeout(patience);
    await load.kill();
  }
}

/** A test of both loads: what one counts, the other counts. */
function testLoad(name: string, run: (program: LoadProgram) => Promise<void>): void {
  testWith(NEEDS, `${name} [TypeScript]`, () => run(TYPESCRIPT_LOAD));
  testWith(NEEDS, `${name} [C]`, async () => run(await nativeLoadOnce()), noCompiler);
}

function group(action: Group["action"], change: Partial<Group> = {}): Group {
  const file = action === "download" || action === "upload";
  const transfer = file ? { path: "file", octets: SIZE } : {};
  return { name: "main", clients: 2, action, ...transfer, ...change };
}

for (const action of ["noop", "login", "download", "upload"] as const) {
  testLoad(
    `the load ${action}: counts what ended in the window, without an error`,
    async (program) => {
      const events: string[] = [];
      const at = (event: string) => void events.push(event);
      // Each client does it once, so the counts are exact.
      const once = group(action, { clients: 5, once: true, timeline: true });
      const result = await loadOf(program, { groups: [once], measureMs: 10_000 }, { at });
      const { operations, octets, unserved, unfinished, latency, timeline, fairness } = result
        .groups
        .main!;
      assertEquals([result.errors, result.failure], [{}, undefined]);
      const moved = action === "download" || action === "upload" ? 5 * SIZE : 0;
      assertEquals([operations, octets, unserved, unfinished, fairness], [5, moved, 0, 0, 1]);
      assertEquals([latency!.count, timeline!.length], [5, 5]);
      assertEquals(events, ["there", "opening", "closed"]);
    },
  );
}

testLoad("the load replaces what a client has uploaded before, if told so", async (program) => {
  let names: readonly string[] = [];
  const result = await loadOf(program, {
    groups: [group("upload", { perSecond: 100, replaces: true })],
    warmupMs: 100,
    measureMs: 300,
  }, {
    at: (_event, arrived) => names = arrived.filter((name) => !name.startsWith(".")),
  });
  assertEquals([result.errors, result.failure], [{}, undefined]);
  assertEquals(names, ["main-0", "main-1"]);
  assert(result.groups.main!.operations > names.length);
});

testLoad("the load holds silent clients and counts nothing of theirs", async (program) => {
  const result = await loadOf(program, {
    groups: [{ name: "idle", clients: 100, action: "hold" }, group("noop")],
  });
  const { idle, main } = result.groups;
  assertEquals([idle!.unserved, idle!.operations, idle!.latency], [0, 0, undefined]);
  assert(main!.operations > 0);
  assertEquals(result.errors, {});
});

testLoad("the load opens a window in which nobody is there, as any other", async (program) => {
  const events: string[] = [];
  const result = await loadOf(program, { groups: [], stallMs: 0 }, {
    at: (event) => events.push(event),
  });
  assertEquals(events, ["there", "opening", "closed"]);
  assertEquals([result.groups, result.errors, result.failure], [{}, {}, undefined]);
  assert(result.seconds > 0);
});

testLoad("the load begins an open loop's operations when they are due", async (program) => {
  // 50 a second, each at some time of its own 20 ms: that of the 11th is at their very beginning,
  // that of the 12th at 227 ms.
  const result = await loadOf(program, {
    groups: [group("noop", { clients: 4, perSecond: 50 })],
    measureMs: 213,
  });
  const { operations, offered, unfinished } = result.groups.main!;
  assertEquals([offered, result.errors], [50, {}]);
  assertEquals(operations + unfinished, 11);
  // When they really began is kept beside when they were due, and is never earlier.
  const { latency, fromStart } = result.groups.main!;
  assertEquals(fromStart!.count, operations);
  assert(fromStart!.maxUs <= latency!.maxUs);
});

testLoad("the load says who is not served by a pool that is full", async (program) => {
  const subject = { ...EPOLL, flags: "--model blocking --workers 2 --max-workers 2".split(" ") };
  const result = await loadOf(program, {
    groups: [group("noop", { name: "busy", clients: 2 }), group("noop", { clients: 3 })],
    setupMs: 300,
  }, { subject });
  const { busy, main } = result.groups;
  assertEquals([busy!.unserved, main!.unserved, main!.operations], [0, 3, 0]);
  // They wait since the window opened: that is a latency, too, and a lower bound.
  assertEquals([main!.unfinished, main!.latency!.count], [3, 3]);
});

testLoad("the load counts wrong octets, sizes and replies, and gives up", async (program) => {
  const measureMs = 10_000; // it gives up long before
  const spoilt = await loadOf(program, { groups: [group("download")], measureMs }, { zeros: true });
  assertEquals(Object.keys(spoilt.errors), ["wrong octets"]);
  assertEquals([spoilt.groups.main!.operations, spoilt.failure], [0, "more than 100 errors"]);
  const short = await loadOf(program, {
    groups: [group("download", { octets: SIZE + 1 })],
    measureMs,
  });
  assertEquals(Object.keys(short.errors), [`wrong size: ${SIZE} of ${SIZE + 1} octets`]);
  assertEquals([short.groups.main!.operations, short.failure], [0, "more than 100 errors"]);
  const missing = await loadOf(program, {
    groups: [group("download", { path: "/missing" })],
    measureMs,
  });
  assertMatch(Object.keys(missing.errors)[0]!, /^unexpected reply in step transfer: 550 /);
});

testLoad("the load counts refused connections, and gives up", async (program) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const result = await loadAt(program, { host: "127.0.0.1", port, groups: [group("noop")] });
  assertEquals(result.failure, "more than 100 errors");
  assertMatch(Object.keys(result.errors)[0]!, /connection refused$/i);
});

for (const action of ["noop", "login"] as const) {
  testLoad(
    `the load ${action}: gives up where every connection fails before the call is back`,
    async (program) => {
      // Nobody connects to a group (connect(2) of an address of RFC 5771).
      const job = { host: "224.0.0.1", port: 21, groups: [group(action)], measureMs: 10_000 };
      const { failure, errors } = await loadAt(program, job);
      assertEquals([failure, Object.keys(errors).length], ["more than 100 errors", 1]);
      assertMatch(Object.keys(errors)[0]!, /^connect: /);
    },
  );
}

testLoad("the load tells 20 kinds of failure apart, the rest are one", async (program) => {
  let logins = 0;
  await using server = new ScriptedServer({
    answers: { USER: (_, session) => session.say(`530 Not you, number ${++logins}`) },
  });
  const groups = [group("noop", { clients: 1 })];
  const { failure, errors } = await loadAt(program, { ...server.address, groups });
  assertEquals(failure, "more than 100 errors");
  assertEquals([Object.keys(errors).length, errors["other errors"]], [21, 81]);
});

testLoad("the load lives through uploads that the server breaks off", async (program) => {
  const folder = await Deno.makeTempDir();
  const source = join(folder, "source");
  try {
    await Deno.writeFile(source, new Uint8Array(1 << 24));
    await using server = new ScriptedServer({
      answers: {
        STOR: async (_, session) => {
          await session.data();
          await session.say("150 Go ahead");
          // Unread octets make it a reset: the next of the client's go into a broken pipe.
          session.closeData();
        },
      },
    });
    const octets = 1 << 24;
    const groups = [group("upload", { clients: 4, path: "", source, octets, arrivals: folder })];
    const job = { ...server.address, groups, measureMs: 300 };
    const kinds = Object.keys((await loadAt(program, job)).errors);
    assert(kinds.length > 0 && kinds.every((kind) => /^data connection: /.test(kind)), `${kinds}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testLoad("the load has a client that fails while it is free log in first", async (program) => {
  let logins = 0;
  await using server = new ScriptedServer({
    answers: {
      USER: async (_, session) => {
        const isFirst = logins++ === 0;
        // Meanwhile several operations are due.
        if (!isFirst) await new Promise((resolve) => setTimeout(resolve, 100));
        await session.say("230 In");
        if (isFirst) session.close();
      },
      NOOP: "200 Still here",
    },
  });
  const groups = [group("noop", { clients: 1, perSecond: 100 })];
  const result = await loadAt(program, { ...server.address, groups, measureMs: 400 });
  assertEquals(result.errors, { "control connection: closed by the server": 1 });
  assertEquals([result.failure, logins], [undefined, 2]);
  assert(result.groups.main!.operations > 0);
});

testLoad("the load counts what hangs for longer than anything took that ended", async (program) => {
  let requests = 0;
  await using server = new ScriptedServer({
    answers: {
      NOOP: (_, session) => ++requests <= 5 ? session.say("200 Still here") : undefined,
    },
  });
  const groups = [group("noop", { clients: 1 })];
  const result = await loadAt(program, { ...server.address, groups, measureMs: 300 });
  const { operations, unfinished, latency } = result.groups.main!;
  assertEquals([result.failure, result.errors], [undefined, {}]);
  assert(operations > 0);
  assertEquals([unfinished, latency!.count], [1, operations + 1]);
});

/** At each edge of a window; far more than anything else takes there. */
const STANDSTILL_MS = 2_000;

for (const perSecond of [undefined, 100]) {
  const loop = perSecond === undefined ? "a closed loop" : "an open loop";
  testLoad(
    `the load takes its standstill off what was due in ${loop} before the window`,
    async (program) => {
      const opening = Promise.withResolvers<void>();
      await using server = new ScriptedServer({
        answers: {
          // The first one has its answer when all stand still already.
          NOOP: async (_, session) => {
            await opening.promise;
            await session.say("200 Still here");
          },
        },
      });
      const pace = perSecond === undefined ? {} : { perSecond };
      const groups = [group("noop", { clients: 1, ...pace })];
      const job = { ...server.address, groups, warmupMs: 200, measureMs: 200 };
      const result = await loadAt(program, job, async () => {
        opening.resolve();
        await new Promise((resume) => setTimeout(resume, STANDSTILL_MS));
      });
      const { operations, unfinished, latency, fromStart } = result.groups.main!;
      assertEquals([result.failure, result.errors], [undefined, {}]);
      assert(operations > 1);
      assertEquals(latency!.count, operations + unfinished);
      assertEquals(fromStart?.count, perSecond === undefined ? undefined : operations);
      assert(latency!.maxUs < 1e3 * STANDSTILL_MS, `${latency!.maxUs} us`);
    },
  );
}

Deno.test("an open loop begins one operation in each period, at no time that repeats", () => {
  const state = new GroupState(group("noop", { perSecond: 200 }));
  state.schedule(1_000);
  const dues = Array.from({ length: 1_000 }, () => {
    const { nextDue } = state;
    state.dispatch(nextDue);
    return nextDue;
  });
  assertEquals(dues.map((due) => Math.floor((due - 1_000) / 5)), dues.map((_, index) => index));
  // No server that does something every so often, in step with the periods or not, sees a pattern.
  for (const everyMs of [1, 5, 10, 25]) {
    const quarters = dues.map((due) => Math.floor((due % everyMs) / everyMs * 4));
    for (const quarter of [0, 1, 2, 3]) {
      const count = quarters.filter((one) => one === quarter).length;
      assert(
        count > 150 && count < 350,
        `${count} of 1,000 in quarter ${quarter} of ${everyMs} ms`,
      );
    }
  }
});

Deno.test("jain is 1 when all got the same and 1/n when one got all", () => {
  assertEquals(jain([3, 3, 3, 3]), 1);
  assertEquals(jain([8, 0, 0, 0]), 0.25);
  assertEquals(jain([0, 0]), undefined);
  assertEquals(jain([]), undefined);
});

testWith(
  NEEDS,
  "a job ends in order when whoever measures fails, and the next is another",
  async () => {
    const folder = await Deno.makeTempDir();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const load = new LoadProcess();
    stack.defer(() => load.kill());
    const server = await startServer(EPOLL, { root: folder, state: folder });
    stack.defer(() => server.stop());
    const { host, port } = server;
    const job = (name: string): LoadJob => ({
      ...{ host, port, ...TIMES },
      groups: [{ name, clients: 2, action: "noop" }],
    });
    const failing = load.run(job("one"), () => Promise.reject(new Error("no sample")));
    await assertRejects(() => failing, Error, "no sample");
    const { groups, failure } = await load.run(job("two"));
    assertEquals([Object.keys(groups), failure], [["two"], undefined]);
  },
);
