/** Tests of bench/analysis.ts and bench/grid.ts, on measurements made up here. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Analysis, analyze, type Comparison } from "../../bench/claims/analysis.ts";
import { FIGURES, gatesOf, isBentByLateness } from "../../bench/claims/figures.ts";
import { contests, gridField, standing } from "../../bench/claims/grid.ts";
import type { CellRecord, GroupResult, HeaderRecord, RunRecord } from "../../bench/record.ts";
import { parseRun } from "../../bench/report/mod.ts";
import { type ScenarioId, scenarioOf } from "../../bench/scenarios/mod.ts";
import { fixtureRecords, fixtureText } from "./fixture_run.ts";

const LOGINS = scenarioOf("logins")!;

/** The fixture's cells of "logins", each changed by the test. */
function loginsOf(
  subjects: string[],
  change: (cell: CellRecord) => Partial<CellRecord> | undefined,
  repeats = 7,
  header: Partial<HeaderRecord> = {},
): Analysis {
  return scenarioRun("logins", subjects, change, repeats, header);
}

function scenarioRun(
  scenario: ScenarioId,
  subjects: string[],
  change: (cell: CellRecord) => Partial<CellRecord> | undefined,
  repeats = 7,
  header: Partial<HeaderRecord> = {},
): Analysis {
  const records = fixtureRecords({ scenarios: [scenario], subjects, repeats, faultless: true })
    .flatMap((record): RunRecord[] => {
      if (record.kind === "run") return [{ ...record, ...header }];
      if (record.kind !== "cell") return [record];
      const changes = change(record);
      return changes === undefined ? [] : [{ ...record, ...changes }];
    });
  return analyze(parseRun(records.map((record) => JSON.stringify(record) + "\n").join("")));
}

function withMain(cell: CellRecord, main: Partial<GroupResult>): Partial<CellRecord> {
  return { groups: { main: { ...cell.groups.main!, ...main } } };
}

/** Operations of each cell by subject and block; undefined leaves a cell out. */
function rates(of: (subject: string, block: number) => number | undefined) {
  return (cell: CellRecord) => {
    const operations = of(cell.subject, cell.block);
    return operations === undefined ? undefined : withMain(cell, { operations });
  };
}

function compared(analysis: Analysis, subject: string): Comparison {
  const series = (id: string) => analysis.series(analysis.row(id, "logins", "clients=16")!, "rate");
  return analysis.compare(series(subject), series("epoll"), "higher");
}

const marks = (analysis: Analysis) =>
  Object.fromEntries(
    analysis.run.header.subjects.map((subject) => [
      subject.id,
      gridField(analysis, subject, scenarioOf(analysis.run.header.scenarios[0]!)!).mark,
    ]),
  );

Deno.test("compare tells better, worse and no difference by the interval of paired ratios", () => {
  // Blocks differ by a factor of ten, as with a busy neighbour: only pairs can be compared.
  const epoll = (block: number) => block % 2 ? 1000 : 100;
  const analysis = loginsOf(
    ["epoll", "poll", "select", "epoll-edge", "async"],
    rates((subject, block) => {
      switch (subject) {
        case "poll":
          return epoll(block) * (2 + block / 10);
        case "select":
          return epoll(block) / 4;
        case "epoll-edge":
          return epoll(block) * (block % 2 ? 1.2 : 0.8);
        case "async":
          return block === 0 ? undefined : epoll(block) * 9;
        default:
          return epoll(block);
      }
    }),
  );
  assertEquals(marks(analysis), {
    "select": "-",
    "poll": "+",
    "epoll": "baseline",
    "epoll-edge": "=",
    "async": "?",
  });
  assertEquals(compared(analysis, "poll").ratio!.median, 2.3);
  assertEquals(compared(analysis, "select").ratio!.median, 0.25);
  assertEquals(compared(analysis, "async").reasons, ["6 pairs, where a claim needs 7"]);
});

Deno.test("compare turns round where lower is better", () => {
  const analysis = scenarioRun("burst", ["epoll", "poll", "select"], (cell) => ({
    seconds: { poll: 2, select: 0.5 }[cell.subject] ?? 1,
  }));
  assertEquals(marks(analysis), { select: "+", poll: "-", epoll: "baseline" });
});

Deno.test("analyze claims nothing of few repeats or a machine that was busy, and says why", () => {
  const fast = rates((subject) => subject === "poll" ? 300 : 100);
  const busy = { load: [1, 1, 1], busy: 0.4 };
  const cases: [Analysis, string][] = [
    [loginsOf(["epoll", "poll"], fast, 6), "6 repeats, where a claim needs 7"],
    [loginsOf(["epoll", "poll"], fast, 7, { before: busy }), "busy before the run (40 %)"],
    [
      loginsOf(["epoll", "poll"], (cell) => ({ ...fast(cell), others: 0.11 })),
      "others used the machine during the run (median 11 %)",
    ],
  ];
  for (const [analysis, reason] of cases) {
    assertEquals(marks(analysis), { poll: "?", epoll: "baseline" });
    assertStringIncludes(analysis.reservations.join(), reason);
    assertEquals(compared(analysis, "poll").ratio!.median, 3);
    assertEquals(
      standing(analysis, analysis.run.header.subjects, LOGINS)!.reasons.length > 0,
      true,
    );
  }
  const idle = loginsOf(["epoll", "poll"], fast);
  assertEquals([idle.reservations, marks(idle).poll], [[], "+"]);
});

Deno.test("analyze claims nothing beside an error or a failure, and keeps the figures", () => {
  const analysis = loginsOf(["epoll", "poll", "select"], (cell) => {
    if (cell.subject === "poll" && cell.block === 3) return { errors: { reset: 2 } };
    if (cell.subject === "select" && cell.block === 3) return { groups: {}, failure: "it ended" };
    return {};
  }, 9);
  assertEquals(marks(analysis), { select: "?", poll: "?", epoll: "baseline" });
  const [poll, select] = ["poll", "select"].map((id) => analysis.row(id, "logins", "clients=16")!);
  assertEquals(poll!.gates.map(({ id, text }) => [id, text]), [["errors", "2 errors, in 1 of 9"]]);
  assertEquals(select!.gates.map(({ text }) => text), ["failed, in 1 of 9"]);
  assertEquals(analysis.summary(analysis.series(poll!, "rate"))!.count, 9);
  assertEquals(analysis.summary(analysis.series(select!, "rate"))!.count, 8);
  assertEquals(compared(analysis, "poll").reasons, ["errors"]);
  const { excluded } = standing(analysis, analysis.run.header.subjects, LOGINS)!;
  assertEquals(excluded.map(({ subject, why }) => [subject.id, why]), [
    ["select", "failures"],
    ["poll", "errors"],
  ]);
});

Deno.test("gatesOf names each gate that was not passed, and none of a subject that is unable", () => {
  const cell = fixtureRecords({ subjects: ["epoll"], scenarios: ["mixed"], faultless: true })
    .find((record) => record.kind === "cell")!;
  assertEquals(gatesOf(cell), []);
  const probe = cell.groups.probe!;
  const bad: CellRecord = {
    ...cell,
    errors: { "wrong octets": 2, reset: 1 },
    failure: "it ended",
    loadCpuShare: 0.81,
    steal: 0.021,
    groups: {
      probe: { ...probe, unserved: 1, latenessP99Us: 0.2 * probe.latency!.p50Us },
    },
  };
  assertEquals(gatesOf(bad).map(({ text }) => text), [
    "failed",
    "3 errors",
    "1 of 1 clients (probe) unserved",
    "probe begun late: p99 20 % of p50",
    "load 81 % of a processor",
    "steal 2.1 %",
  ]);
  assertEquals(gatesOf({ ...bad, unable: "no" }), []);
  // A tenth of the figure itself bends it: twice p50 late is little beside a p99 of 20 times that.
  const late = (of: number): CellRecord => ({
    ...cell,
    groups: { ...cell.groups, probe: { ...probe, latenessP99Us: of } },
  });
  const p99Us = 1e3 * FIGURES.probeP99.of(cell)!;
  assertEquals(isBentByLateness(late(0.09 * p99Us), "probeP99"), false);
  assertEquals(isBentByLateness(late(0.11 * p99Us), "probeP99"), true);
  assertEquals(isBentByLateness(late(p99Us), "p99"), false);
  assertEquals(isBentByLateness(late(p99Us), "cpuPerOperation"), false);
  const edge = { ...cell, loadCpuShare: 0.8, steal: 0.02 };
  assertEquals(gatesOf(edge), []);
});

Deno.test("a figure bounded by the load supports a claim that it is more, and none that it is less", () => {
  const boundBy = (subject: string) => (cell: CellRecord) => ({
    ...rates((id) => ({ poll: 300, select: 30 }[id] ?? 100))(cell),
    ...(cell.subject === subject ? { loadCpuShare: 0.95 } : {}),
  });
  const all = ["epoll", "poll", "select"];
  assertEquals(marks(loginsOf(all, boundBy("poll"))), {
    select: "-",
    poll: "+",
    epoll: "baseline",
  });
  const low = loginsOf(all, boundBy("select"));
  assertEquals(marks(low), { select: "?", poll: "+", epoll: "baseline" });
  assertEquals(compared(low, "select").reasons, ["the ratio is only a bound, at least so much"]);
  // The baseline itself may be better than it looks: then nobody is better than it.
  assertEquals(marks(loginsOf(all, boundBy("epoll"))), {
    select: "-",
    poll: "?",
    epoll: "baseline",
  });
  // Work per operation is counted: the load does not bound it.
  const work = loginsOf(all, boundBy("select"));
  const cpu = work.series(work.row("select", "logins", "clients=16")!, "cpuPerOperation");
  assertEquals(cpu.bound, { atLeast: false, atMost: false });
});

Deno.test("clients that were not served allow no more than the claim that a subject is worse", () => {
  const unserved = (factor: number) =>
    loginsOf(
      ["epoll", "poll"],
      (cell) =>
        cell.subject === "poll"
          ? withMain(cell, { operations: 100 * factor, unserved: 3 })
          : withMain(cell, { operations: 100 }),
    );
  assertEquals(marks(unserved(0.5)).poll, "-");
  assertEquals(marks(unserved(2)).poll, "?");
  const { ahead, excluded } = standing(unserved(2), unserved(2).run.header.subjects, LOGINS)!;
  assertEquals(ahead.map(({ subject }) => subject.id), ["epoll"]);
  assertEquals(excluded.map(({ why }) => why), ["unserved clients"]);
});

Deno.test("disturbed blocks carry no claim: seven others do, six do not", () => {
  const stolen = (repeats: number) =>
    loginsOf(["epoll", "poll"], (cell) => ({
      ...rates((subject) => subject === "poll" ? 300 : 100)(cell),
      ...(cell.subject === "poll" && cell.block === 2 ? { steal: 0.5 } : {}),
    }), repeats);
  assertEquals(marks(stolen(8)).poll, "+");
  assertEquals(marks(stolen(7)).poll, "?");
  assertEquals(compared(stolen(7), "poll").reasons, [
    "6 pairs (1 disturbed), where a claim needs 7",
  ]);
  assertEquals(compared(stolen(8), "poll").ratio!.count, 7);
});

Deno.test("gridField compares expectation and measurement, and is open without a claim", () => {
  const analysis = analyze(parseRun(fixtureText()));
  const field = (subject: string, scenario: ScenarioId) => {
    const card = analysis.run.header.subjects.find(({ id }) => id === subject)!;
    const { mark, expected, agreement, red } = gridField(analysis, card, scenarioOf(scenario)!);
    return [mark, expected, agreement, red];
  };
  assertEquals(field("poll", "idle"), ["-", "-", "agrees", false]);
  assertEquals(field("polling-0", "slow"), ["+", "=", "differs", false]);
  assertEquals(field("select", "idle"), ["unable", undefined, "none", false]);
  assertEquals(field("epoll", "idle"), ["baseline", undefined, "none", false]);
  assertEquals(field("blocking-64", "mixed"), ["?", "+", "open", true]);
  assertEquals(field("poll", "disk"), ["?", "=", "open", true]);
  assertEquals(field("epoll-edge", "logins"), ["?", "=", "open", true]);
});

Deno.test("standing names all who are not shown to be worse, and who is next", () => {
  const analysis = loginsOf(
    ["epoll", "poll", "select", "async"],
    rates((subject, block) => {
      const wobble = block % 2 ? 1.05 : 0.95;
      return { poll: 102 * wobble, select: 60, async: 30 }[subject] ?? 100;
    }),
  );
  const found = standing(analysis, analysis.run.header.subjects, LOGINS)!;
  assertEquals(found.ahead.map(({ subject }) => subject.id), ["epoll", "poll"]);
  assertEquals(found.next!.subject.id, "select");
  assertEquals(found.next!.comparison.ratio!.median, 0.6);
  assertEquals([found.reasons, found.excluded], [[], []]);
});

Deno.test("memorySlope fits memory over sessions within each block", () => {
  const analysis = scenarioRun("idle", ["epoll"], (cell) => {
    const sessions = Number(cell.point.split("=")[1]);
    // A constant that RSS/N would count in, and 4 or 6 KiB a session, depending on the block.
    const memoryBytes = 80e6 + sessions * 1024 * (cell.block < 4 ? 4 : 6);
    return { server: { ...cell.server!, memoryBytes } };
  });
  const slope = analysis.summary(analysis.memorySlope("epoll"))!;
  assertEquals([slope.count, slope.median.toFixed(6), slope.highest.toFixed(6)], [
    7,
    "4.000000",
    "6.000000",
  ]);
  assert(contests(analysis).some(({ label }) => label.startsWith("memory per idle session")));
});

Deno.test("headline falls back to the outermost point of a run that has not the scenario's", () => {
  const idle = scenarioOf("idle")!;
  const analysis = scenarioRun(
    "idle",
    ["epoll"],
    (cell) => cell.point === "idle=0" || cell.point === "idle=100" ? {} : undefined,
  );
  assertEquals(analysis.headline(idle).point, "idle=100");
  assertStringIncludes(analysis.headline(idle).label, "(this run: at idle=100)");
});
