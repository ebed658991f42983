/**
 * The whole of a benchmark at its smallest: real servers, the real load process, files of a few
 * KiB. What is asserted are counts and octets, never how fast anything was.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { createContentFile } from "../../bench/content.ts";
import type { LoadJob, LoadResult } from "../../bench/load/job.ts";
import { LoadProcess } from "../../bench/load_process.ts";
import { measure, type Plan } from "../../bench/measure.ts";
import { SCENARIOS } from "../../bench/scenarios.ts";
import { findProgram, startServer } from "../../bench/server_process.ts";
import { MODELS, PEERS, type Subject } from "../../bench/subjects.ts";
import { missing, type Need, SERVER_NEEDS, testWith } from "../permission.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

const EPOLL = MODELS.find(({ id }) => id === "epoll")!;

function planOf(subject: Subject): Plan {
  return {
    subjects: [subject],
    scenarios: SCENARIOS,
    sizes: { small: 1_000, large: 300_001 },
    repeats: 1,
    measureMs: 20,
    stallMs: 10_000,
    seed: 1,
  };
}

async function assertMeasures(subject: Subject): Promise<void> {
  let progressed = 0;
  const { cells, incomplete } = await measure(
    planOf(subject),
    new AbortController().signal,
    () => progressed++,
  );
  assertEquals(incomplete, undefined);
  assertEquals(progressed, SCENARIOS.length);
  assertEquals(
    cells.map(({ scenario }) => scenario).toSorted(),
    SCENARIOS.map(({ id }) => id).toSorted(),
  );
  for (const cell of cells) {
    assertEquals([cell.failure, cell.errors], [undefined, {}], cell.scenario);
    assert(cell.operations > 0 && cell.rate! > 0, cell.scenario);
    assert(cell.introduction !== "" && cell.command.length > 0);
  }
}

testWith(NEEDS, "measure fills every cell of a model, without an error", async () => {
  await assertMeasures(EPOLL);
});

const vsftpd = PEERS.find(({ id }) => id === "vsftpd")!;
// Looking for it takes permissions too; without them the test says which it lacks.
const unknown = missing(["env", "read"]).length > 0;
const installed = unknown || await findProgram(vsftpd.program) !== undefined;
testWith(NEEDS, "measure fills every cell of vsftpd, without an error", async () => {
  await assertMeasures(vsftpd);
}, installed ? undefined : "vsftpd is not installed");

testWith(NEEDS, "measure ends with what there is when it is interrupted", async () => {
  const interrupt = new AbortController();
  const plan = { ...planOf(EPOLL), repeats: 50 };
  const { cells, incomplete } = await measure(plan, interrupt.signal, (done) => {
    if (done === 3) interrupt.abort();
  });
  assertEquals([cells.length, incomplete], [3, "it was interrupted"]);
});

testWith(NEEDS, "measure gives the reason of a server that does not start", async () => {
  const broken: Subject = { ...EPOLL, flags: ["--model", "telepathy"] };
  const plan = { ...planOf(broken), scenarios: SCENARIOS.slice(0, 1) };
  const { cells } = await measure(plan, new AbortController().signal, () => {});
  assertEquals(cells[0]!.rate, undefined);
  assertMatch(cells[0]!.failure!, /^it ended: .*telepathy/);
});

/** Serves one file of `size` octets by epoll, which is that of the benchmark or one of zeros. */
async function loadOf(
  size: number,
  job: Partial<LoadJob>,
  zeros = false,
): Promise<LoadResult> {
  const folder = await Deno.makeTempDir();
  const load = new LoadProcess();
  await createContentFile(join(folder, "file"), size);
  if (zeros) await Deno.writeFile(join(folder, "file"), new Uint8Array(size));
  const server = await startServer(EPOLL, { root: folder, state: folder });
  try {
    return await load.run({
      host: server.host,
      port: server.port,
      action: "download",
      clients: 2,
      path: "/file",
      octets: size,
      warmupMs: 0,
      measureMs: 20,
      stallMs: 10_000,
      ...job,
    });
  } finally {
    await server.stop();
    await load.kill();
    await Deno.remove(folder, { recursive: true });
  }
}

testWith(
  NEEDS,
  "the load counts wrong octets, wrong sizes and wrong replies, and gives up",
  async () => {
    const spoilt = await loadOf(5_000, {}, true);
    assertEquals(Object.keys(spoilt.errors), ["wrong octets"]);
    assertEquals([spoilt.operations, spoilt.failure], [0, "more than 100 errors"]);
    const short = await loadOf(5_000, { octets: 5_001 });
    assertEquals(Object.keys(short.errors), ["wrong size: 5000 of 5001 octets"]);
    assertEquals([short.operations, short.failure], [0, "more than 100 errors"]);
    const missing = await loadOf(5_000, { path: "/no such file" });
    assertMatch(Object.keys(missing.errors)[0]!, /^unexpected reply in step transfer: 550 /);
  },
);

testWith(NEEDS, "the load counts refused connections, and gives up", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const load = new LoadProcess();
  try {
    const job = { action: "login", clients: 1, path: "", octets: 0, warmupMs: 0 } as const;
    const ends = { measureMs: 20, stallMs: 10_000 };
    const result = await load.run({ host: "127.0.0.1", port, ...job, ...ends });
    assertEquals(result.failure, "more than 100 errors");
    assertMatch(Object.keys(result.errors)[0]!, /connection refused$/);
  } finally {
    await load.kill();
  }
});

testWith(["run", "read"], "bench answers bad flags with one line and exit status 2", async () => {
  const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", main, "bench", "--fast"],
  }).output();
  assertEquals(code, 2);
  assertEquals(new TextDecoder().decode(stdout), "");
  assertMatch(new TextDecoder().decode(stderr), /^[^\n]*"--fast"[^\n]*\n$/);
});
