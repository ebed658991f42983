/** Tests of memory per session: bench/claims/series.ts and analysis.ts, on runs made up here. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Analysis } from "../../bench/claims/analysis.ts";
import { contests } from "../../bench/claims/grid.ts";
import { RANK_SUM_MAX } from "../../bench/claims/inference.ts";
import type { CellRecord } from "../../bench/record.ts";
import { renderMarkdown } from "../../bench/report/mod.ts";
import { scenarioRun } from "./made_up_runs.ts";

Deno.test("memorySlope fits memory over sessions within each block", () => {
  const analysis = scenarioRun("asleep", ["epoll"], (cell) => {
    const sessions = Number(cell.point.split("=")[1]);
    // A constant that RSS/N would count in, and 4 or 6 KiB a session, depending on the block.
    const memoryBytes = 80e6 + sessions * 1024 * (cell.block < 6 ? 4 : 6);
    // What was read right after the logins goes before what a window left.
    const kernelBytes = 90e6 + 3_072 * sessions;
    return { server: { ...cell.server!, memoryBytes: 9e9, restBytes: memoryBytes, kernelBytes } };
  });
  const slope = analysis.summary(analysis.memorySlope("epoll"))!;
  assertEquals([slope.count, slope.median.toFixed(6), slope.highest.toFixed(6)], [
    11,
    "4.000000",
    "6.000000",
  ]);
  assertEquals(analysis.summary(analysis.kernelSlope("epoll"))!.median.toFixed(6), "3.000000");
  assert(contests(analysis).some(({ label }) => label.startsWith("memory per idle session")));
});

Deno.test("memory that falls as sessions come is a fault, and there is no ratio over it", () => {
  const negative = (subject: string, count: number) =>
    scenarioRun("asleep", ["epoll", "poll"], (cell) => {
      const each = cell.subject === subject && cell.block < count ? -1_024 : 4_096;
      const restBytes = 80e6 + each * Number(cell.point.split("=")[1]);
      return { server: { ...cell.server!, restBytes } };
    });
  const memory = (analysis: Analysis) =>
    analysis.compare(analysis.memorySlope("poll"), analysis.memorySlope("epoll"), "lower");
  const none = negative("epoll", 0);
  assertEquals([none.faults.length, memory(none).verdict], [0, "equivalent"]);
  for (const subject of ["epoll", "poll"]) {
    // Nine blocks are left: they would have been chosen by their figures.
    const analysis = negative(subject, 2);
    assertEquals(
      analysis.faults.map(({ cell, what }) => [cell.subject, cell.point, cell.block, what]),
      [0, 1].map((block) => [subject, "idle=500", block, "memory of -1 KiB per session"]),
    );
    const { ratio, verdict, p, reasons } = memory(analysis);
    assertEquals([ratio, verdict, p], [undefined, "not enough", undefined]);
    assertEquals(reasons, [
      "no ratio: in 2 of 11 blocks it is negative, or the reference not above 0",
    ]);
  }
});

Deno.test("the kernel's memory that falls is a fault as a server's is, and stands with its interval", () => {
  const analysis = scenarioRun("asleep", ["epoll"], ({ block, point, server }) => {
    const each = block < 6 ? -2_048 : 4_096;
    return { server: { ...server!, kernelBytes: 90e6 + each * Number(point.split("=")[1]) } };
  });
  assertEquals(
    analysis.faults.map(({ cell, what }) => [cell.block, what]),
    [0, 1, 2, 3, 4, 5].map((block) => [block, "memory of the kernel of -2 KiB per session"]),
  );
  const report = renderMarkdown(analysis.run);
  assert(/\| epoll \| [^|]* \| [^|]* \| -2 \| -2 to 4 \| 98.8 %, n = 11 \|/.test(report));
  assertStringIncludes(report, "at 0 and 500 sessions, right after");
});

Deno.test("memory carries no claim in a block in which one of its cells carries none", () => {
  const memory = (change: (cell: CellRecord) => Partial<CellRecord>) => {
    const analysis = scenarioRun(
      "asleep",
      ["epoll"],
      (cell) => cell.point === "idle=500" && cell.block < 3 ? change(cell) : {},
    );
    const { spoilt, values, faults } = analysis.memorySlope("epoll");
    assertEquals(analysis.kernelSlope("epoll").spoilt, new Map());
    return [values.size, [...new Set(spoilt.values())], faults];
  };
  assertEquals(memory(() => ({ steal: 0.5 })), [11, ["disturbed"], []]);
  assertEquals(memory(() => ({ errors: { reset: 1 } })), [11, ["faulty"], ["errors"]]);
  assertEquals(memory(({ server }) => ({ server: { ...server!, cpu: -1 } })), [
    11,
    ["a fault of the harness"],
    [],
  ]);
  assertEquals(memory(() => ({ unable: "it held 9 of 500", groups: {} })), [8, ["unable"], []]);
});

Deno.test("memory is fitted over the sessions that it is judged by, for every server the same", () => {
  // Beyond them each session takes four times as much, of those who hold so many.
  const analysis = scenarioRun("asleep", ["epoll", "select"], ({ point, server }) => {
    const sessions = Number(point.split("=")[1]);
    const restBytes = 80e6 + 4_096 * (sessions > 500 ? 4 * sessions : sessions);
    return { server: { ...server!, restBytes }, ...(sessions > 500 ? { steal: 0.5 } : {}) };
  });
  for (const id of ["epoll", "select"]) {
    const slope = analysis.memorySlope(id);
    assertEquals([analysis.summary(slope)!.median, slope.spoilt.size], [4, 0], id);
  }
  const lacking = scenarioRun(
    "asleep",
    ["epoll"],
    ({ point, block }) => point === "idle=0" && block === 3 ? undefined : {},
  );
  assertEquals(lacking.memorySlope("epoll").values.has(3), false);
});

Deno.test("memory is compared in pairs where blocks have something in common, as any figure is", () => {
  const paired = (of: (subject: string, block: number) => number, repeats?: number) => {
    const analysis = scenarioRun(
      "asleep",
      ["epoll", "poll"],
      ({ subject, block, point, server }) => {
        const restBytes = 80e6 + 1024 * of(subject, block) * Number(point.split("=")[1]);
        return { server: { ...server!, restBytes } };
      },
      repeats,
    );
    return analysis.compare(analysis.memorySlope("poll"), analysis.memorySlope("epoll"), "lower")
      .paired;
  };
  assertEquals(paired((_, block) => 4 + block), true);
  const apart = (subject: string, block: number) =>
    4 + (subject === "poll" ? 7 * block % 11 : block);
  assertEquals(paired(apart), false);
  // Of so many the rank sum is not known any more, and pairs are right all the same.
  assertEquals([paired(apart, RANK_SUM_MAX), paired(apart, RANK_SUM_MAX + 1)], [false, true]);
});
