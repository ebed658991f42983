/** Tests of bench/analysis.ts and bench/report.ts, on measurements made up here. @module */

import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { analyze, type Row } from "../../bench/analysis.ts";
import { type Cell, cellCount, orderTurns } from "../../bench/measure.ts";
import { COLUMNS_MAX, renderReport, type Report } from "../../bench/report.ts";
import { SCENARIOS } from "../../bench/scenarios.ts";
import { randomFrom } from "../../bench/statistics.ts";
import { MODELS, PEERS, type Subject } from "../../bench/subjects.ts";

const SUBJECTS: Subject[] = [...PEERS, ...MODELS];

function cell(subject: string, scenario: string, block: number, change: Partial<Cell>): Cell {
  return {
    subject,
    scenario,
    block,
    command: [],
    introduction: "",
    operations: 1,
    seconds: 1,
    errors: {},
    loadCpuShare: 0.5,
    ...change,
  };
}

function cells(subject: string, scenario: string, rates: number[]): Cell[] {
  return rates.map((rate, block) => cell(subject, scenario, block, { rate }));
}

function rowsOf(all: Cell[], idle = true): Record<string, Row> {
  const scenarios = SCENARIOS.filter(({ id }) => id === "logins");
  const context = { scenarios, subjects: SUBJECTS, baseline: "vsftpd", idle };
  const rows = analyze(all, context, randomFrom(1));
  return Object.fromEntries(rows.map((row) => [row.subject, row]));
}

Deno.test("analyze tells faster, slower and no difference by the interval of paired ratios", () => {
  // The blocks differ by a factor of ten, as with a busy neighbour: only pairs can be compared.
  const baseline = [100, 1000, 100, 1000, 100, 1000, 100];
  const rows = rowsOf([
    ...cells("vsftpd", "logins", baseline),
    ...cells("epoll", "logins", baseline.map((rate, index) => rate * (2 + index / 10))),
    ...cells("poll", "logins", baseline.map((rate) => rate / 4)),
    ...cells("select", "logins", baseline.map((rate, index) => rate * (index % 2 ? 1.2 : 0.8))),
    ...cells("async", "logins", baseline.slice(1).map((rate) => rate * 9)),
  ]);
  assertEquals(rows.vsftpd!.verdict, "baseline");
  assertEquals(rows.vsftpd!.ratio, undefined);
  assertEquals([rows.epoll!.verdict, rows.epoll!.ratio!.median], ["faster", 2.3]);
  assertEquals([rows.poll!.verdict, rows.poll!.ratio!.median], ["slower", 0.25]);
  assertEquals(rows.select!.verdict, "no difference shown");
  assertEquals(rows.async!.verdict, "no claim");
  assertEquals([rows.blocking!.rate, rows.blocking!.verdict], [undefined, "no claim"]);
});

Deno.test("analyze claims nothing of a subject with an error or a failure, and keeps its rates", () => {
  const rates = Array.from({ length: 8 }, () => 100);
  const rows = rowsOf([
    ...cells("vsftpd", "logins", rates),
    ...cells("poll", "logins", rates.map(() => 200)),
    cell("poll", "logins", 8, { rate: 200, errors: { "wrong octets": 2, reset: 1 } }),
    ...cells("epoll", "logins", rates.map(() => 200)),
    cell("epoll", "logins", 8, { failure: "it ended" }),
    cell("async", "logins", 0, { rate: 1, loadCpuShare: 0.9 }),
  ]);
  assertEquals([rows.poll!.verdict, rows.poll!.errorCount], ["no claim", 3]);
  assertEquals([rows.epoll!.verdict, rows.epoll!.failures], ["no claim", ["it ended"]]);
  assertEquals([rows.poll!.rate!.count, rows.epoll!.rate!.count], [9, 8]);
  assertEquals([rows.poll!.loadBound, rows.async!.loadBound], [false, true]);
});

Deno.test("analyze claims nothing when the machine was not idle", () => {
  const rates = Array.from({ length: 8 }, () => 100);
  const all = [
    ...cells("vsftpd", "logins", rates),
    ...cells("epoll", "logins", rates.map((rate) => rate * 3)),
  ];
  assertEquals([rowsOf(all).epoll!.verdict, rowsOf(all, false).epoll!.verdict], [
    "faster",
    "no claim",
  ]);
  assertEquals(rowsOf(all, false).vsftpd!.verdict, "baseline");
});

Deno.test("orderTurns gives every subject one turn with every scenario in each block", () => {
  const plan = { subjects: SUBJECTS, scenarios: SCENARIOS, repeats: 3, seed: 5 };
  const turns = orderTurns(plan);
  assertEquals(turns.length, 3 * SUBJECTS.length);
  turns.forEach(({ block }, index) => assertEquals(block, Math.floor(index / SUBJECTS.length)));
  for (const block of [0, 1, 2]) {
    const own = turns.filter((turn) => turn.block === block);
    assertEquals(new Set(own.map(({ subject }) => subject.id)).size, SUBJECTS.length);
  }
  for (const { scenarios } of turns) assertEquals(new Set(scenarios).size, SCENARIOS.length);
  const orders = turns.map(({ subject }) => subject.id);
  assert(
    orders.slice(0, SUBJECTS.length).join() !==
      orders.slice(SUBJECTS.length, 2 * SUBJECTS.length).join(),
  );
  assertEquals(orderTurns(plan), turns);
  assertEquals(cellCount(plan), turns.flatMap(({ scenarios }) => scenarios).length);
});

function reportOf(all: Cell[], change: Partial<Report> = {}): Report {
  return {
    format: 1,
    args: ["--peers"],
    startedAt: "2026-01-01T00:00:00.000Z",
    machine: { processor: "Some CPU", processors: 2, memory: 24, kernel: "Linux 6", deno: "2.9.6" },
    before: { load: [0.1, 0.1, 0.1], busy: 0.02 },
    after: { load: [1, 0.1, 0.1], busy: 0.03 },
    repeats: 7,
    measureMs: 1000,
    seed: 1,
    scenarios: SCENARIOS,
    subjects: SUBJECTS.map(({ id, title }) => ({ id, title })),
    baseline: "vsftpd",
    rows: analyze(
      all,
      { scenarios: SCENARIOS, subjects: SUBJECTS, baseline: "vsftpd", idle: true },
      randomFrom(1),
    ),
    cells: all,
    notes: [],
    ...change,
  };
}

const FULL = SUBJECTS.flatMap(({ id }) =>
  SCENARIOS.flatMap((scenario) =>
    cells(id, scenario.id, Array.from({ length: 7 }, () => id === "vsftpd" ? 1234 : 123_456))
  )
);

Deno.test("renderReport fits 100 columns, with large numbers too, and has no control character", () => {
  const busy = { load: [123.45, 100, 100], busy: 1 };
  const text = renderReport(reportOf(FULL, { measureMs: 200, before: busy, after: busy }));
  for (const line of text.split("\n")) assert(line.length <= COLUMNS_MAX, line);
  // deno-lint-ignore no-control-regex -- what is looked for are control characters
  assertFalse(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(text));
  for (const { title } of SUBJECTS) assertStringIncludes(text, title);
});

Deno.test("renderReport shows medians, ratios and verdicts", () => {
  const text = renderReport(reportOf(FULL));
  assertStringIncludes(text, "123,456");
  assertStringIncludes(text, "100.0 (100.0 to 100.0)  faster");
  assertFalse(text.includes("failed"));
});

Deno.test("renderReport shows failures, errors, a busy machine and too few repeats", () => {
  const all = [
    cell("vsftpd", "logins", 0, { rate: 10 }),
    cell("async", "logins", 0, { failure: "it ended" }),
    cell("epoll", "small", 0, { rate: 10, errors: { "wrong octets": 2 }, loadCpuShare: 0.95 }),
  ];
  const text = renderReport(reportOf(all, {
    repeats: 2,
    measureMs: 200,
    before: { load: [3, 1, 1], busy: 0.4 },
    notes: ["The run ended after 3 of 64 cells: it was interrupted"],
  }));
  for (
    const expected of [
      "async, logins: failed: it ended",
      "multiplex (epoll, level), small: 2 x wrong octets",
      "The machine was not idle before the run (40 % of CPU used by others)",
      "Warm-ups this short leave compilers cold",
      "Fewer than 7 repeats are a first look",
      "10.0+",
      "+ The load used more than 80 % of its processor",
      "The run ended after 3 of 64 cells",
    ]
  ) assertStringIncludes(text, expected);
  assertFalse(text.includes("not idle after"));
});
