/**
 * The whole of a benchmark at its smallest: real servers, the real load process, files of a few
 * KiB. What is asserted are counts, never how fast anything was.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { LoadEnded } from "../../bench/load/process.ts";
import { compileTwins } from "../../bench/load/twins.ts";
import { cellCount, measure } from "../../bench/run/measure.ts";
import { whyTooMany } from "../../bench/run/machine.ts";
import { processTree, processWork, readProcessFigures } from "../../bench/run/process_figures.ts";
import { SCENARIOS } from "../../bench/scenarios/mod.ts";
import { points } from "../../bench/scenarios/parts.ts";
import { startServer } from "../../bench/run/server_process.ts";
import { ladderOf, MODELS, type Subject, twinsOf } from "../../bench/run/subjects.ts";
import { prepareWorkplace } from "../../bench/run/workplace.ts";
import { Child } from "../child.ts";
import { eventually } from "../eventually.ts";
import { absent } from "../peers/program.ts";
import { testWith } from "../permission.ts";
import { nativeLoadOnce } from "./native_load.ts";
import { NEEDS, noCompiler } from "./needs.ts";
import { BLOCKING, cellsOf, EPOLL, planOf } from "./smallest_plan.ts";

/** Uses 50 ms of processor time in a thread, which then ends. */
const BURNING = `
import sys, threading, time
go = threading.Event()
def burn():
  go.wait()
  while time.thread_time() < 0.06: pass
thread = threading.Thread(target=burn)
thread.start()
print("started", flush=True)
sys.stdin.readline()
go.set()
thread.join()
print("ended", flush=True)
time.sleep(10)
`;

/** "control" with all its points. */
const CONTROL = SCENARIOS.filter(({ id }) => id === "control");

testWith(NEEDS, "measure fills every cell of a model, without an error", async () => {
  const plan = planOf(EPOLL);
  const { cells, ceilings, incomplete } = await cellsOf(plan);
  assertEquals(ceilings.map(({ scenario, block }) => [scenario, block]).toSorted(), [
    ["control", 0],
    ["logins", 0],
    ["small", 0],
    ["uploads", 0],
  ]);
  assertEquals([incomplete, cells.length], [undefined, cellCount(plan)]);
  for (const cell of cells) {
    const place = `${cell.scenario} ${cell.point}`;
    assertEquals([cell.failure, cell.unable, cell.errors], [undefined, undefined, {}], place);
    assert(cell.introduction !== "" && cell.command.length > 0 && cell.startMs! > 0, place);
    assert(cell.server!.memoryBytes > 0 && cell.server!.threads > 1, place);
    assert(cell.warmUp!.seconds > 0 && cell.warmUp!.unlevel === undefined, place);
    // What of the kernel's memory came with the sessions may be hidden by what others gave back.
    const { restBytes = 0, kernelBytes } = cell.server!;
    assertEquals(
      [restBytes > 0, kernelBytes !== undefined],
      Array(2).fill(cell.scenario === "asleep"),
      place,
    );
    if (cell.scenario === "asleep") continue;
    if (cell.scenario === "mixed" || cell.scenario === "disk") {
      // Probes have a process of their own, with a window of its own at the same time.
      const { offered, latency } = cell.groups.probe!;
      assert(offered === 200 && latency!.count > 0, place);
    }
    const { operations, unfinished, latency, unserved } = cell.groups.main!;
    // How many ended in so short a window is a matter of time.
    assertEquals(latency!.count, operations + unfinished, place);
    assert(latency!.count > 0, place);
    assertEquals(unserved, 0, place);
    // Counters of the server and those of the load are of the same window.
    assert(Object.keys(cell.server!.calls!).length > 0 && cell.server!.wakeups! > 0, place);
  }
});

testWith(
  NEEDS,
  "small uploads stay, each measurement's by themselves, until the block is over",
  async () => {
    const plan = planOf(EPOLL);
    const scenarios = SCENARIOS.filter(({ id }) => id === "uploads");
    const { signal } = new AbortController();
    await using workplace = await prepareWorkplace(plan.sizes, signal);
    const incoming = join(workplace.folders.root, "incoming");
    const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);
    const filled = new Set<string>();
    await measure({ ...plan, scenarios }, workplace, {
      signal,
      progress: () => {},
      record: ({ kind }) => {
        if (kind !== "cell") return;
        for (const name of namesIn(incoming)) {
          if (namesIn(join(incoming, name)).length > 0) filled.add(name);
        }
      },
    });
    // Of four kinds of work that a server is warmed with the last uploads; then two points.
    assertEquals([...filled].toSorted(), ["3", "4", "5"]);
    assertEquals(namesIn(incoming), []);
  },
);

testWith(NEEDS, "measure samples the server at the edges of the window", async () => {
  const plan = planOf(EPOLL);
  const scenarios = plan.scenarios.filter(({ id }) => id === "burst");
  const [cell] = (await cellsOf({ ...plan, scenarios })).cells;
  // 300 clients, each answered four times and closed once: no call of the warm-up is in it.
  const { send, close } = cell!.server!.calls!;
  assertEquals([send, close], [1_200, 300]);
});

testWith(NEEDS, "measure opens a window as often as a scenario asks for", async () => {
  const plan = planOf(EPOLL);
  const scenarios = plan.scenarios.filter(({ id }) => id === "burst")
    .map((scenario) => ({ ...scenario, rounds: 3 }));
  const [cell] = (await cellsOf({ ...plan, scenarios })).cells;
  assertEquals([cell!.rounds, cell!.groups.main!.operations], [3, 900]);
  const { send, close } = cell!.server!.calls!;
  assertEquals([send, close], [3_600, 900]);
});

testWith(
  NEEDS,
  "a server that cannot keep up with a rate is shown as such, not as faulty",
  async () => {
    // So many requests a second are beyond every server here, whether it finds work or sleeps.
    const [beyond] = points("rate", [300_000], [300_000]).map((one) => ({
      ...one,
      perSecond: one.x,
    }));
    const plan = planOf(MODELS.find(({ id }) => id === "polling-10")!, EPOLL);
    const scenarios = CONTROL.map((one) => ({ ...one, points: [beyond!] }));
    const { cells } = await cellsOf({ ...plan, scenarios, seconds: 0.2 });
    assertEquals(cells.length, 2);
    for (const { failure, errors, groups: { main }, subject, seconds } of cells) {
      assertEquals([failure, errors, main!.offered], [undefined, {}, 300_000]);
      // Everything that was due is there, served or not; of what a cell ended some was begun before.
      const due = main!.operations + main!.unfinished;
      assert(due > 0.5 * seconds * main!.offered! && main!.latency!.count === due, subject);
      assert(main!.unfinished > 0, subject);
    }
  },
);

testWith(
  NEEDS,
  "measure sees that others use the processors, and measures again up to a limit",
  async () => {
    await using other = new Child("sh", ["-c", "echo started; while :; do :; done"]);
    await other.stdout.match(/started/);
    const plan = planOf(EPOLL);
    const scenarios = plan.scenarios.filter(({ id }) => id === "control");
    const { cells } = await cellsOf({ ...plan, scenarios, seconds: 0.3, retries: 2 });
    // Server and load are descendants of the one who measures: counted once, they leave the rest.
    assert(cells[0]!.others > 0.1);
    // It stays disturbed: every attempt is kept, and there is an end to them.
    assertEquals(cells.map(({ attempt }) => attempt), [undefined, 1, 2]);
  },
);

testWith(NEEDS, "measure has those that sleep do so at the same time, others alone", async () => {
  const spinning = MODELS.find(({ id }) => id === "polling-0")!;
  const broken: Subject = { ...EPOLL, id: "broken", flags: ["--model", "telepathy"] };
  const runtime = MODELS.find(({ id }) => id === "async")!;
  const plan = { ...planOf(EPOLL, spinning, broken, runtime), sideBySide: true };
  const scenarios = plan.scenarios.filter(({ id }) => id === "asleep");
  const { cells, companies } = await cellsOf({ ...plan, scenarios });
  const sizes = companies.map((names) => names.split(", ").length - 1);
  assertEquals(sizes.toSorted(), [1, 3], companies.join("; "));
  assertEquals(cells.map(({ subject }) => subject).toSorted(), [
    ...["async", "broken", "epoll", "polling-0"],
  ]);
  for (const { subject, failure, errors, groups, server } of cells) {
    if (subject === "broken") {
      // It is not waited for.
      assertMatch(failure!, /^it ended: .*telepathy/);
      continue;
    }
    assertEquals([failure, errors, groups.idle!.unserved], [undefined, {}, 0], subject);
    assert(server!.restBytes! > 0 && server!.kernelBytes !== undefined, subject);
  }
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

testWith(
  NEEDS,
  "measure holds 10,000 sessions where the machine lets it, and says where not",
  async () => {
    const plan = planOf(EPOLL);
    const scenarios = SCENARIOS.filter(({ id }) => id === "idle").map((one) => ({
      ...one,
      points: one.points.filter(({ x }) => x === 10_000),
    }));
    const { cells } = await cellsOf({ ...plan, scenarios });
    assertEquals(cells.map(({ failure, unable }) => [failure, unable]), [
      [undefined, whyTooMany(10_016)],
    ]);
    if (whyTooMany(10_016) === undefined) {
      assertEquals(cells[0]!.groups.idle!.unserved, 0);
      assert(cells[0]!.groups.main!.operations > 0);
    }
  },
);

testWith(NEEDS, "measure ends with what there is when it is interrupted", async () => {
  const { cells, incomplete } = await cellsOf({ ...planOf(EPOLL), repeats: 50 }, { abortAt: 3 });
  assertEquals([cells.length, incomplete], [3, "it was interrupted"]);
});

testWith(NEEDS, "measure leaves nobody behind when a load ends amid a company", async () => {
  const before = processTree(Deno.pid);
  const ids = ["select", "poll", "epoll", "async"];
  const plan = { ...planOf(...MODELS.filter(({ id }) => ids.includes(id))), sideBySide: true };
  const scenarios = plan.scenarios.filter(({ id }) => id === "asleep");
  const { signal } = new AbortController();
  {
    await using workplace = await prepareWorkplace(plan.sizes, signal);
    const failing = {
      ...workplace,
      async loadAt(place: number) {
        const load = await workplace.loadAt(place);
        // Two have their sessions, and the fourth waits for those of the third.
        if (place === 2) await load.kill();
        return load;
      },
    };
    const watcher = { signal, progress: () => {}, record: () => {} };
    await assertRejects(() => measure({ ...plan, scenarios }, failing, watcher), LoadEnded);
  }
  assertEquals(processTree(Deno.pid), before);
});

testWith(NEEDS, "measure gives the reason of a server that does not start", async () => {
  const broken: Subject = { ...EPOLL, flags: ["--model", "telepathy"] };
  const plan = planOf(broken);
  const { cells } = await cellsOf({ ...plan, scenarios: plan.scenarios.slice(0, 1) });
  assertMatch(cells[0]!.failure!, /^it ended: .*telepathy/);
});

testWith(NEEDS, "probes take no place of a small server from the load", async () => {
  const scenarios = SCENARIOS.filter(({ id }) => id === "disk");
  // Probes in C go before all others on a processor.
  const program = await nativeLoadOnce();
  // So long that the load has logged in by then, be the machine as busy as it may.
  const plan = { ...planOf(BLOCKING), scenarios, seconds: 0.25 };
  const { cells } = await cellsOf(plan, { program });
  const unserved = cells.map(({ groups }) => [groups.main!.unserved, groups.probe!.unserved]);
  assertEquals(unserved, [[8, 16]]);
}, noCompiler);

testWith(NEEDS, "measure parks whoever is not measured, and lets nobody stay behind", async () => {
  const spinning = MODELS.find(({ id }) => id === "polling-0")!;
  const plan = planOf(spinning, EPOLL);
  const scenarios = plan.scenarios.filter(({ id }) => id === "control");
  const { cells } = await cellsOf({ ...plan, scenarios, repeats: 2 });
  assertEquals(cells.map(({ failure }) => failure), [undefined, undefined, undefined, undefined]);
  const states = processTree(Deno.pid).map((pid) =>
    /^State:\s+(\S)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]
  );
  assert(!states.includes("T"));
});

testWith(NEEDS, "a window holds nothing of what asking for the counters costs", async () => {
  const folder = await Deno.makeTempDir();
  const server = await startServer(EPOLL, { root: folder, state: folder });
  try {
    const waits = async (...edges: readonly ("opening" | "closed")[]) => {
      const [before, after] = [await server.sample(edges[0]!), await server.sample(edges[1]!)];
      assert(before.workers !== undefined && after.workers !== undefined);
      return processWork(before, after).switches!.voluntary;
    };
    const inWindow: number[] = [], asked: number[] = [];
    for (let round = 0; round < 5; round++) {
      inWindow.push(await waits("opening", "closed"));
      asked.push(await waits("opening", "opening"));
    }
    assert(Math.min(...inWindow) < Math.min(...asked), `${inWindow} in a window, ${asked} else`);
  } finally {
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

testWith(
  NEEDS,
  "a parked server uses nothing, goes on where it was, and ends all the same",
  async () => {
    const folder = await Deno.makeTempDir();
    const spinning = MODELS.find(({ id }) => id === "polling-0")!;
    const server = await startServer(spinning, { root: folder, state: folder });
    try {
      server.park();
      const state = () =>
        /^State:\s+(\S)/m.exec(Deno.readTextFileSync(`/proc/${server.pid}/status`));
      await eventually("it is stopped", () => state()?.[1] === "T");
      const cpu = () => readProcessFigures(server.pid).cpu;
      const before = cpu();
      await new Promise((resolve) => setTimeout(resolve, 100));
      // Its other threads may have been on their way to the stop; one that spins would use it all.
      assert(cpu() - before < 0.01);
      server.resume();
      assert((await server.sample("closed")).cpu > before);
      server.park();
    } finally {
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(
  NEEDS,
  "processWork counts threads that have ended, and says what it cannot know",
  async () => {
    // A thread burns time and ends: its share is still that of the process.
    await using child = new Child("python3", ["-c", BURNING], { input: true });
    await child.stdout.match(/started/);
    const before = readProcessFigures(child.pid);
    await child.type("go");
    await child.stdout.match(/ended/);
    // It is joined a moment before the kernel has done with it.
    await eventually("the thread is gone", () => readProcessFigures(child.pid).threads === 1);
    const work = processWork(before, readProcessFigures(child.pid));
    assert(work.cpu >= 0.05, `${work.cpu} s`);
    assertEquals([work.switches, work.cpuResolution], [undefined, 1e-9]);
  },
  absent("python3"),
);

testWith(NEEDS, "measure has twins beside models, their CPU by the same clock", async () => {
  await using folder = { path: await Deno.makeTempDir(), [Symbol.asyncDispose]: removed };
  const program = join(folder.path, "twin");
  assertEquals(await compileTwins(program), undefined);
  const twins = [...twinsOf(program), ...ladderOf(program)];
  const plan = planOf(...twins);
  const scenarios = plan.scenarios.filter(({ id }) => id === "control" || id === "small");
  const { cells } = await cellsOf({ ...plan, scenarios });
  assertEquals(cells.length, 2 * twins.length);
  for (const { failure, errors, groups, server, subject, command } of cells) {
    // A kernel may forbid its ring.
    if (failure?.includes("io_uring_setup")) continue;
    assertEquals([failure, errors], [undefined, {}], subject);
    assert(groups.main!.operations > 0 && server!.cpu > 0, subject);
    assert(!command.join().includes(folder.path));
  }
  async function removed() {
    await Deno.remove(folder.path, { recursive: true });
  }
}, noCompiler);

testWith(NEEDS, "measure has the other load measure the baseline once a block", async () => {
  const other = await nativeLoadOnce();
  const plan = { ...planOf(BLOCKING, EPOLL), repeats: 2, bothLoads: true };
  const scenarios = plan.scenarios.filter(({ id }) => id === "control" || id === "logins");
  const { cells, agreements } = await cellsOf({ ...plan, scenarios }, { other });
  assertEquals(cells.length, 2 * 4);
  assertEquals(
    agreements.map(({ scenario, point, subject, block, load, errors }) => [
      [scenario, point, subject, block, load],
      errors,
    ]),
    [0, 1].map((block) => [["control", "clients=16", "epoll", block, "c"], {}]),
  );
  for (const { groups, server } of agreements) {
    assert(groups.main!.operations > 0 && server!.cpu > 0);
  }
}, noCompiler);
