/** Tests of bench/claims/analysis.ts, series.ts and faults.ts, on measurements made up here. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { analyze } from "../../bench/claims/analysis.ts";
import { aboveCeiling, faultsOf } from "../../bench/claims/faults.ts";
import { FIGURES, leastOf, tooFewSamples } from "../../bench/claims/figures.ts";
import { gatesOf, isDisturbed } from "../../bench/claims/gates.ts";
import { gridField, standing } from "../../bench/claims/grid.ts";
import { cleanValues, describingValues } from "../../bench/claims/series.ts";
import type { CellRecord, GroupResult, HeaderRecord, RunRecord } from "../../bench/record.ts";
import { parseRun } from "../../bench/report/mod.ts";
import { scenarioOf } from "../../bench/scenarios/mod.ts";
import { fixtureRecords, fixtureText } from "./fixture_run.ts";

const LOGINS = scenarioOf("logins")!;

import { compared, loginsOf, marks, rates, scenarioRun, withMain } from "./made_up_runs.ts";
Deno.test("analyze claims nothing of few repeats, and says why", () => {
  const fast = rates((subject) => subject === "poll" ? 300 : 100);
  const analysis = loginsOf(["epoll", "poll"], fast, 8);
  assertEquals(marks(analysis), { poll: "?", epoll: "baseline" });
  assertEquals(analysis.reservations, ["8 repeats, where a claim needs 9"]);
  assertEquals(compared(analysis, "poll").ratio!.median, 3);
  assert(standing(analysis, analysis.run.header.subjects, LOGINS)!.reasons.length > 0);
  const idle = loginsOf(["epoll", "poll"], fast);
  assertEquals([idle.reservations, marks(idle).poll], [[], "+"]);
});

Deno.test("analyze cautions of a machine that was busy before, and judges each cell for itself", () => {
  const fast = rates((subject) => subject === "poll" ? 300 : 100);
  const before = { load: [1, 1, 1], busy: 0.4 };
  const analysis = loginsOf(["epoll", "poll"], fast, 9, { before });
  assertEquals(analysis.cautions, ["the machine was busy before the run (40 %)"]);
  assertEquals([analysis.reservations, marks(analysis).poll], [[], "+"]);
});

Deno.test("a block with an error carries no claim, and the others do where nine are left", () => {
  const of = (repeats: number) =>
    loginsOf(["epoll", "poll", "select"], (cell) => {
      if (cell.subject === "poll" && cell.block === 3) return { errors: { reset: 2 } };
      if (cell.subject === "select" && cell.block === 3) return { groups: {}, failure: "it ended" };
      return rates((id) => id === "poll" ? 300 : 100)(cell);
    }, repeats);
  assertEquals(marks(of(10)), { select: "=", poll: "+", epoll: "baseline" });
  const few = of(9);
  assertEquals(marks(few), { select: "?", poll: "?", epoll: "baseline" });
  const [poll, select] = ["poll", "select"].map((id) => few.row(id, "logins", "clients=16")!);
  assertEquals(poll!.gates.map(({ id, text }) => [id, text]), [["errors", "2 errors, in 1 of 9"]]);
  assertEquals(select!.gates.map(({ text }) => text), ["failed, in 1 of 9"]);
  assertEquals(few.summary(few.series(poll!, "rate"))!.count, 8);
  assertEquals(few.series(poll!, "rate").values.size, 9);
  assertEquals(compared(few, "poll").reasons, [
    "8 clean blocks (1 faulty), where a claim needs 9",
  ]);
  const { excluded } = standing(few, few.run.header.subjects, LOGINS)!;
  assertEquals(excluded.map(({ subject, why }) => [subject.id, why]), [
    ["select", "failures"],
    ["poll", "errors"],
  ]);
});

Deno.test("of a disturbed cell that was measured again the first undisturbed attempt counts", () => {
  const again = (...attempts: { steal: number; operations: number }[]) => {
    const records = fixtureRecords({ scenarios: ["logins"], subjects: ["epoll"], faultless: true })
      .flatMap((record): RunRecord[] =>
        record.kind !== "cell" || record.block !== 4 ? [record] : attempts.map((one, attempt) => ({
          ...record,
          ...withMain(record, { operations: one.operations }),
          steal: one.steal,
          ...(attempt === 0 ? {} : { attempt }),
        }))
      );
    const text = records.map((record) => JSON.stringify(record) + "\n").join("");
    const analysis = analyze(parseRun(text));
    const row = analysis.row("epoll", "logins", "clients=16")!;
    const { values, spoilt } = analysis.series(row, "rate");
    return [values.get(4)!.value, spoilt.get(4), row.cells.length, row.repeated.length];
  };
  const [bad, good] = [{ steal: 0.5, operations: 1 }, { steal: 0, operations: 2 }];
  assertEquals(again(bad, good), [2, undefined, 11, 1]);
  assertEquals(again(bad, bad, { steal: 0.5, operations: 3 }), [3, "disturbed", 11, 2]);
});

Deno.test("what disturbs a window says nothing of the start before it", () => {
  const analysis = loginsOf(["epoll"], () => ({ steal: 0.5, startMs: 100 }));
  const row = analysis.row("epoll", "logins", "clients=16")!;
  const clean = (figure: "rate" | "start") => cleanValues(analysis.series(row, figure)).size;
  assertEquals([clean("rate"), clean("start")], [0, 11]);
});

Deno.test("who can do it in some blocks only is marked", () => {
  const gates = (isUnable: (block: number) => boolean) => {
    const analysis = loginsOf(
      ["epoll"],
      ({ block }) => isUnable(block) ? { unable: "it held 9 of 10" } : { loadCpuShare: 0.1 },
    );
    return analysis.row("epoll", "logins", "clients=16")!.gates.map(({ text }) => text);
  };
  assertEquals(gates((block) => block === 3), ["unable in 1 of 11"]);
  assertEquals(gates(() => false), []);
  assertEquals(gates(() => true), []);
});

Deno.test("a cell of several passes is all of them, those that stayed disturbed left out", () => {
  const of = (...passes: { steal: number; operations: number; others?: number }[][]) => {
    const records = fixtureRecords({ scenarios: ["logins"], subjects: ["epoll"], faultless: true })
      .flatMap((record): RunRecord[] =>
        record.kind !== "cell" || record.block !== 4
          ? [record]
          : passes.flatMap((attempts, pass) =>
            attempts.map((one, attempt) => ({
              ...record,
              ...withMain(record, { operations: one.operations }),
              steal: one.steal,
              others: one.others ?? 0,
              pass,
              ...(attempt === 0 ? {} : { attempt }),
            }))
          )
      );
    const text = records.map((record) => JSON.stringify(record) + "\n").join("");
    const row = analyze(parseRun(text)).row("epoll", "logins", "clients=16")!;
    const cell = row.cells.find(({ block }) => block === 4)!;
    return [cell.groups.main!.operations, cell.rounds, isDisturbed(cell), row.repeated.length];
  };
  const [bad, good] = [{ steal: 0.5, operations: 1 }, { steal: 0, operations: 20 }];
  assertEquals(of([good], [good], [good], [good]), [80, 4, false, 0]);
  assertEquals(of([good], [bad, good], [good], [good]), [80, 4, false, 1]);
  assertEquals(of([good], [bad, bad], [good], [bad, bad]), [40, 2, false, 4]);
  assertEquals(of([good], [bad, bad], [bad, bad], [bad, bad]), [23, 4, true, 3]);
  // By their mean nothing would have disturbed these: 1.5 % of steal, and others for 7 %.
  const [stolen, busy] = [{ ...good, steal: 0.03 }, { ...good, others: 0.14 }];
  assertEquals(of([stolen], [busy]), [40, 2, true, 0]);
});

Deno.test("figures that cannot be are faults of the harness, and carry no claim", () => {
  const [header, cell] = fixtureRecords({ subjects: ["epoll"], scenarios: ["logins"] }) as [
    HeaderRecord,
    CellRecord,
  ];
  assertEquals(faultsOf(cell, header.machine), []);
  const server = { ...cell.server!, cpu: -0.02, voluntary: -3, calls: { send: -1 } };
  assertEquals(faultsOf({ ...cell, server, others: -0.2 }, header.machine), [
    "CPU of -0.02",
    "voluntary switches of -3",
    "calls send of -1",
    "a share of others of -0.2",
  ]);
  const idle = { ...cell, server: { ...cell.server!, cpu: 9 }, seconds: 1 };
  assertEquals(faultsOf(idle, header.machine), ["9.00 s of CPU in 1.00 s on 2 processors"]);
  const rate = cell.groups.main!.operations / cell.seconds;
  const ceiling = { kind: "ceiling", scenario: "logins", point: "clients=16", note: "" } as const;
  const { block } = cell;
  assertEquals(aboveCeiling(cell, [{ ...ceiling, block, rate: rate + 1 }]), undefined);
  assertEquals(aboveCeiling(cell, [{ ...ceiling, block: block + 1, rate: 1 }]), undefined);
  assertStringIncludes(
    aboveCeiling(cell, [{ ...ceiling, block, rate: rate * 0.9 }])!,
    "above the load's ceiling",
  );
  // Not by more than ceilings differ among themselves, block by block.
  const blocks = (spread: number) =>
    Array.from({ length: 11 }, (_, other) => ({
      ...ceiling,
      block: other,
      rate: rate * (other === block ? 0.9 : 0.9 + spread * other),
    }));
  assertEquals(aboveCeiling(cell, blocks(0.03)), undefined);
  assertStringIncludes(aboveCeiling(cell, blocks(0.003))!, "above the load's ceiling");
  // What others used bears on claims, and not on what the server's own clock says.
  const unseen = loginsOf(["epoll"], (one) => one.block < 3 ? { others: -0.2 } : {});
  const row = unseen.row("epoll", "logins", "clients=16")!;
  const series = unseen.series(row, "cpuPerOperation");
  assertEquals([cleanValues(series).size, describingValues(series).size], [8, 11]);
  const negative = loginsOf(["epoll", "poll"], (one) => ({
    ...rates((id) => id === "poll" ? 300 : 100)(one),
    ...(one.block < 3 ? { server: { ...one.server!, cpu: -1 } } : {}),
  }));
  assertEquals(negative.faults.length, 6);
  assertEquals(compared(negative, "poll").reasons, [
    "8 clean blocks (6 a fault of the harness), where a claim needs 9",
  ]);
});

Deno.test("a p99 of fewer than 1,000 samples is no figure: its maximum and n are told", () => {
  const [, cell] = fixtureRecords({ subjects: ["epoll"], scenarios: ["mixed"] }) as [
    HeaderRecord,
    CellRecord,
  ];
  const probe = cell.groups.probe!;
  const of = (count: number): CellRecord => ({
    ...cell,
    groups: { ...cell.groups, probe: { ...probe, latency: { ...probe.latency!, count } } },
  });
  assert(FIGURES.probeP99.of(of(1_000))! > 0);
  assertEquals(tooFewSamples(of(1_000), "probeP99"), undefined);
  assertEquals(FIGURES.probeP99.of(of(999)), undefined);
  assertStringIncludes(tooFewSamples(of(999), "probeP99")!, "needs 1000 samples, there are 999");
  const analysis = scenarioRun("mixed", ["epoll", "poll"], (one) => ({
    groups: {
      ...one.groups,
      probe: { ...one.groups.probe!, latency: { ...one.groups.probe!.latency!, count: 60 } },
    },
  }));
  assertEquals(marks(analysis), { poll: "?", epoll: "?" });
  const field = gridField(analysis, analysis.run.header.subjects[0]!, scenarioOf("mixed")!);
  assertStringIncludes(field.why!, "p99 needs 1000 samples, there are 60, at most ");
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
  // It is late by the server's own p50: measured again until it is slow a fast one would be lost.
  assertEquals([isDisturbed({ ...bad, steal: 0 }), isDisturbed(bad)], [false, true]);
  const edge = { ...cell, loadCpuShare: 0.8, steal: 0.02, others: 0.12 };
  assertEquals(gatesOf(edge), []);
  // Ticks of 10 ms are a large part of a short window, which the fast have where work is fixed.
  const others = (seconds: number) => gatesOf({ ...cell, seconds, others: 0.15 }).length;
  assertEquals([others(0.2), others(0.5), others(5)], [0, 1, 1]);
  const coarse = {
    ...cell,
    others: 0.13,
    server: { ...cell.server!, cpu: 0.05, cpuResolution: 0.01 },
  };
  assertEquals(gatesOf(coarse).map(({ text }) => text), [
    "others 13 % of the processors",
    "CPU known to 20 % only",
  ]);
});

Deno.test("a block that was begun late keeps its figure, known from the real start on", () => {
  const analysis = scenarioRun("mixed", ["epoll", "poll"], ({ groups }) => {
    const { latency } = groups.probe!;
    const fromStart = { ...latency!, p50Us: 0.5 * latency!.p50Us, p99Us: 0.9 * latency!.p99Us };
    return { groups: { ...groups, probe: { ...groups.probe!, latenessP99Us: 300, fromStart } } };
  });
  const row = analysis.row("poll", "mixed", "bulk=16")!;
  const series = analysis.series(row, "probeP99");
  assertEquals([cleanValues(series).size, row.repeated.length], [11, 0]);
  for (const { groups: { probe }, block } of row.cells) {
    const value = probe!.latency!.p99Us * 1e-3;
    const least = probe!.fromStart!.p99Us / 1e3;
    assertEquals(series.values.get(block), { value, least, most: value });
  }
});

Deno.test("leastOf is a percentile from the real start, and no difference of percentiles", () => {
  const [, cell] = fixtureRecords({ subjects: ["epoll"], scenarios: ["mixed"] }) as [
    HeaderRecord,
    CellRecord,
  ];
  const { latency, fromStart: _fromStart, ...probe } = cell.groups.probe!;
  const of = (change: Pick<GroupResult, "latenessP99Us" | "fromStart">): CellRecord => ({
    ...cell,
    groups: { probe: { ...probe, latency: { ...latency!, p99Us: 100_000 }, ...change } },
  });
  // Of 1,000 nine are begun 100 ms late and nine others take as long: neither alone is in a p99.
  const fromStart = { ...latency!, p50Us: 400, p99Us: 1_000 };
  const late = of({ latenessP99Us: 1_000, fromStart });
  assertEquals([leastOf(late, "probeP99", 100), leastOf(late, "cpuPerOperation", 100)], [1, 100]);
  // A value that is less than that by the histogram's steps is its own bound.
  assertEquals(leastOf(late, "probeP99", 0.999), 0.999);
  assertEquals(leastOf(of({ latenessP99Us: 1 }), "probeP99", 100), 0);
  const { latenessP99Us: _late, ...closed } = probe;
  const main = { ...closed, latency: latency! };
  assertEquals(leastOf({ ...cell, groups: { main } }, "p99", 100), 100);
  const open = { ...main, latenessP99Us: 1, fromStart };
  assertEquals(leastOf({ ...cell, groups: { main: open } }, "p50", 100), 0.4);
});

Deno.test("the load's CPU per operation is that of its own clients, and not of probes", () => {
  const [, cell] = fixtureRecords({ subjects: ["epoll"], scenarios: ["mixed"] }) as [
    HeaderRecord,
    CellRecord,
  ];
  const { down, up, probe } = cell.groups;
  const groups = { down: { ...down!, operations: 60 }, up: { ...up!, operations: 40 } };
  const used = { ...cell, seconds: 2, loadCpuShare: 0.5, groups: { ...groups, probe: probe! } };
  assertEquals(FIGURES.loadCpuPerOperation.of(used), 10_000);
  assertEquals(FIGURES.loadCpuPerOperation.of({ ...used, groups: { probe: probe! } }), undefined);
});

Deno.test("disturbed blocks carry no claim: nine others do, eight do not", () => {
  const stolen = (repeats: number) =>
    loginsOf(["epoll", "poll"], (cell) => ({
      ...rates((subject) => subject === "poll" ? 300 : 100)(cell),
      ...(cell.subject === "poll" && cell.block === 2 ? { steal: 0.5 } : {}),
    }), repeats);
  assertEquals(marks(stolen(10)).poll, "+");
  assertEquals(marks(stolen(9)).poll, "?");
  assertEquals(compared(stolen(9), "poll").reasons, [
    "8 clean blocks (1 disturbed), where a claim needs 9",
  ]);
  assertEquals(compared(stolen(10), "poll").ratio!.count, 9);
});

Deno.test("gridField compares expectation and measurement, and is open without a claim", () => {
  const analysis = analyze(parseRun(fixtureText()));
  const field = (subject: string, scenario: string) => {
    const card = analysis.run.header.subjects.find(({ id }) => id === subject)!;
    const { mark, expected, agreement, red } = gridField(analysis, card, scenarioOf(scenario)!);
    return [mark, expected, agreement, red];
  };
  assertEquals(field("poll", "idle"), ["-", "-", "agrees", false]);
  assertEquals(field("poll", "slow"), ["=", "=", "agrees", false]);
  assertEquals(field("polling-0", "logins"), ["-", "-", "agrees", false]);
  assertEquals(field("polling-1", "logins"), ["-", "=", "differs", false]);
  assertEquals(field("select", "idle"), ["unable", undefined, "none", false]);
  assertEquals(field("epoll", "idle"), ["baseline", undefined, "none", false]);
  assertEquals(field("async", "mixed"), ["?", "+", "open", true]);
  assertEquals(field("blocking-64", "mixed"), ["-", "+", "differs", true]);
  assertEquals(field("epoll-edge", "logins"), ["-", "=", "agrees", true]);
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
