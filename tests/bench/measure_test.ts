/**
 * The whole of a benchmark at its smallest: real servers, the real load process, files of a few
 * KiB. What is asserted are counts, never how fast anything was.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  cellCount,
  measure,
  orderTurns,
  type Plan,
  pointsFor,
  prepareWorkplace,
} from "../../bench/run/measure.ts";
import type { CellRecord } from "../../bench/record.ts";
import { parseFlags } from "../../bench/flags.ts";
import { parseCounts } from "../../bench/run/count.ts";
import {
  processTree,
  readMemoryBytes,
  readProcessFigures,
} from "../../bench/run/process_figures.ts";
import { MODELS, type Subject } from "../../bench/run/subjects.ts";
import { Child } from "../child.ts";
import { testWith } from "../permission.ts";
import { NEEDS } from "./needs.ts";

const EPOLL = MODELS.find(({ id }) => id === "epoll")!;
const BLOCKING = MODELS.find(({ id }) => id === "blocking-8")!;

/** Every scenario at the points of --quick. */
function planOf(...subjects: Subject[]): Plan {
  const parsed = parseFlags(["--quick"]);
  assert(parsed.kind === "run");
  return {
    subjects,
    scenarios: parsed.flags.scenarios,
    sizes: { small: 1_000, medium: 300_001, large: 1_000_001 },
    repeats: 1,
    seconds: 0.02,
    stallMs: 10_000,
    seed: 1,
  };
}

/** The cells of `plan`, and why some are missing. `abortAt`: interrupted before that cell. */
async function cellsOf(plan: Plan, abortAt = Infinity) {
  const interrupt = new AbortController();
  await using workplace = await prepareWorkplace(plan.sizes, interrupt.signal);
  const cells: CellRecord[] = [];
  const incomplete = await measure(plan, workplace, {
    signal: interrupt.signal,
    progress: (done) => done === abortAt && interrupt.abort(),
    record: (cell) => cells.push(cell),
  });
  return { cells, incomplete };
}

testWith(NEEDS, "measure fills every cell of a model, without an error", async () => {
  const plan = planOf(EPOLL);
  const { cells, incomplete } = await cellsOf(plan);
  assertEquals([incomplete, cells.length], [undefined, cellCount(plan)]);
  for (const cell of cells) {
    const place = `${cell.scenario} ${cell.point}`;
    assertEquals([cell.failure, cell.unable, cell.errors], [undefined, undefined, {}], place);
    assert(cell.introduction !== "" && cell.command.length > 0 && cell.startMs! > 0, place);
    assert(cell.server!.memoryBytes > 0 && cell.server!.threads > 1, place);
    if (cell.scenario === "asleep") continue;
    const { operations, latency, unserved } = cell.groups.main!;
    assert(operations > 0 && latency!.count >= operations, place);
    assertEquals(unserved, 0, place);
    // Counters of the server and those of the load are of the same window.
    assert(Object.keys(cell.server!.calls!).length > 0 && cell.server!.wakeups! > 0, place);
  }
});

testWith(NEEDS, "measure samples the server at the edges of the window", async () => {
  const plan = planOf(EPOLL);
  const scenarios = plan.scenarios.filter(({ id }) => id === "burst");
  const [cell] = (await cellsOf({ ...plan, scenarios })).cells;
  // 300 clients, each answered four times and closed once: no call of the warm-up is in it.
  const { send, close } = cell!.server!.calls!;
  assertEquals([send, close], [1_200, 300]);
});

testWith(NEEDS, "measure sees that others use the processors beside a busy server", async () => {
  await using other = new Child("sh", ["-c", "echo started; while :; do :; done"]);
  await other.stdout.match(/started/);
  const plan = planOf(EPOLL);
  const scenarios = plan.scenarios.filter(({ id }) => id === "control");
  const { cells } = await cellsOf({ ...plan, scenarios, seconds: 0.3 });
  // Server and load are descendants of the one who measures: counted once, they leave the rest.
  assert(cells[0]!.others > 0);
});

testWith(NEEDS, "measure tells what a model cannot hold, without trying", async () => {
  const plan = planOf(BLOCKING);
  const scenarios = plan.scenarios.filter(({ id }) => id === "idle");
  const { cells } = await cellsOf({ ...plan, scenarios });
  assertEquals(cells.map(({ point, unable }) => [point, unable]), [
    ["idle=0", undefined],
    ["idle=1000", "it holds 8 sessions at most"],
  ]);
  assertEquals(cells[0]!.groups.main!.unserved, 8);
});

testWith(NEEDS, "measure ends with what there is when it is interrupted", async () => {
  const { cells, incomplete } = await cellsOf({ ...planOf(EPOLL), repeats: 50 }, 3);
  assertEquals([cells.length, incomplete], [3, "it was interrupted"]);
});

testWith(NEEDS, "measure gives the reason of a server that does not start", async () => {
  const broken: Subject = { ...EPOLL, flags: ["--model", "telepathy"] };
  const plan = planOf(broken);
  const { cells } = await cellsOf({ ...plan, scenarios: plan.scenarios.slice(0, 1) });
  assertMatch(cells[0]!.failure!, /^it ended: .*telepathy/);
});

Deno.test("orderTurns has every subject once a block, in an order that follows from the seed", () => {
  const plan = { ...planOf(EPOLL, BLOCKING), repeats: 20 };
  const turns = orderTurns(plan);
  const ids = turns.map(({ subject }) => subject.id);
  for (let block = 0; block < 20; block++) {
    assertEquals(ids.slice(2 * block, 2 * block + 2).toSorted(), ["blocking-8", "epoll"]);
  }
  assertEquals(orderTurns(plan), turns);
  const first = (seed: number) => orderTurns({ ...plan, seed }).map(({ subject }) => subject.id);
  assert(first(2).join() !== first(3).join());
  for (const { scenarios } of turns) assertEquals(scenarios.length, plan.scenarios.length);
});

Deno.test("pointsFor spares peers the ladders", () => {
  const parsed = parseFlags([]);
  assert(parsed.kind === "run");
  const control = parsed.flags.scenarios.find(({ id }) => id === "control")!;
  const located = { version: "1", prepare: () => Promise.reject(new Error("not started")) };
  const peer = { kind: "peer", id: "p", title: "p", sessionsMax: 1, located } as const;
  assertEquals(pointsFor(EPOLL, control), control.points);
  assertEquals(pointsFor(peer, control).map(({ id }) => id), ["clients=16"]);
});

testWith(NEEDS, "readProcessFigures counts a process and what it started", async () => {
  await using child = new Child("sh", ["-c", "sleep 10 & echo started; wait"]);
  await child.stdout.match(/started/);
  const tree = processTree(child.pid);
  assertEquals([tree.length, tree[0]], [2, child.pid]);
  const figures = readProcessFigures(child.pid);
  assertEquals([figures.processes, figures.threads], [2, 2]);
  assert(figures.cpu > 0 && readMemoryBytes(child.pid) > 0);
  Deno.kill(tree[1]!);
});

testWith(NEEDS, "readProcessFigures of a process that has ended is nothing, not an error", () => {
  const { cpu, threads } = readProcessFigures(2 ** 22 + 1);
  assertEquals([cpu, threads, readMemoryBytes(2 ** 22 + 1)], [0, 0, 0]);
});

Deno.test("parseCounts reads perf's figures, and what is not told apart", () => {
  const csv = `# started on Thu Jan  1 00:00:00 1970

100,,raw_syscalls:sys_enter,1,100.00,,
40,,syscalls:sys_enter_recvfrom,1,100.00,,
0,,syscalls:sys_enter_bind,1,100.00,,
<not counted>,,syscalls:sys_enter_brk,0,0.00,,
50,,syscalls:sys_enter_sendto,1,100.00,,
`;
  assertEquals(parseCounts(csv), { recvfrom: 40, sendto: 50, others: 10 });
});
