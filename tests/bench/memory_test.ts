/** Tests of memory per session: bench/claims/series.ts and analysis.ts, on runs made up here. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Analysis } from "../../bench/claims/analysis.ts";
import { contests } from "../../bench/claims/grid.ts";
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
      [0, 1].map((block) => [subject, "idle=4000", block, "memory of -1 KiB per session"]),
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
  assertStringIncludes(report, "at 0, 500 and 4,000 sessions, where it holds them");
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
  // Who could not hold so many has a slope of those that it held.
  assertEquals(memory(() => ({ unable: "it held 9 of 500", groups: {} })), [11, [], []]);
});

Deno.test("memory is compared in pairs where blocks have something in common, as any figure is", () => {
  const paired = (of: (subject: string, block: number) => number) => {
    const analysis = scenarioRun(
      "asleep",
      ["epoll", "poll"],
      ({ subject, block, point, server }) => {
        const restBytes = 80e6 + 1024 * of(subject, block) * Number(point.split("=")[1]);
        return { server: { ...server!, restBytes } };
      },
    );
    return analysis.compare(analysis.memorySlope("poll"), analysis.memorySlope("epoll"), "lower")
      .paired;
  };
  assertEquals(paired((_, block) => 4 + block), true);
  assertEquals(
    paired((subject, block) => 4 + (subject === "poll" ? 7 * block % 11 : block)),
    false,
  );
});
