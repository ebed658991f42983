/** Tests of verdicts: bench/claims/analysis.ts, grid.ts and replication.ts, on runs made up here. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Analysis } from "../../bench/claims/analysis.ts";
import { compareIn, contestsOfTwins, correctAll } from "../../bench/claims/family.ts";
import {
  agreesWithinMargin,
  contests,
  correct,
  gridField,
  standing,
} from "../../bench/claims/grid.ts";
import { replicate, sharedScenarios } from "../../bench/claims/replication.ts";
import { boundOfSummary } from "../../bench/claims/series.ts";
import type { CellRecord, SubjectCard } from "../../bench/record.ts";
import { renderMarkdown } from "../../bench/report/mod.ts";
import { scenarioOf } from "../../bench/scenarios/mod.ts";

const LOGINS = scenarioOf("logins")!;

import {
  compared,
  loginsOf,
  marks,
  rates,
  scenarioRun,
  verdictsByRate,
  withMain,
} from "./made_up_runs.ts";

Deno.test("below a floor that was named before the run no difference counts, above it any does", () => {
  const shares = ({ subject, block, server, seconds }: CellRecord) => {
    const percent = subject === "polling-10"
      ? 0.2 + block / 1000
      : subject === "poll"
      ? 0.008 + block / 10_000
      : subject === "select"
      ? block % 2 ? 0.001 : 0.009
      : (subject === "epoll-edge" && block < 1) || (subject === "async" && block < 4)
      ? 0.3
      : 0.003;
    return { server: { ...server!, cpu: percent / 100 * seconds } };
  };
  const subjects = ["epoll", "poll", "select", "polling-10", "epoll-edge", "async"];
  const without = scenarioRun("asleep", subjects, shares);
  const wanted = {
    epoll: "baseline",
    poll: "-",
    select: "?",
    "polling-10": "-",
    "epoll-edge": "=",
    async: "?",
  } as const;
  assertEquals(marks(without), wanted);
  const floors = { cpuShare: 0.1 };
  const analysis = scenarioRun("asleep", subjects, shares, 11, { floors });
  // It takes 2.7 times as much, for certain, and that is nothing.
  assertEquals(marks(analysis), { ...wanted, select: "=", poll: "=" });
  const fields = Object.fromEntries(subjects.map((id) => {
    const card = analysis.run.header.subjects.find((one) => one.id === id)!;
    const { agreement, comparison } = gridField(analysis, card, scenarioOf("asleep")!);
    return [id, [agreement, comparison?.belowFloor]];
  }));
  assertEquals(fields.poll, ["agrees", 0.1]);
  assertEquals(fields.select, ["agrees", 0.1]);
  assertEquals(fields["polling-10"], ["agrees", undefined]);
  // One block above it is outside of the interval, and four are not.
  assertEquals([fields["epoll-edge"], fields.async], [["agrees", 0.1], ["open", undefined]]);
  const report = renderMarkdown(analysis.run);
  assertStringIncludes(report, "(Share of a processor: 0.100 %)");
  assertStringIncludes(report, "equivalent, both below the floor");
  assertStringIncludes(report, "are not told apart by their intervals, or lie below the floor");
  assert(!renderMarkdown(without.run).includes("floor"));
});

Deno.test("what lies below the floor is behind nobody, and is no difference that was found", () => {
  const percents: Record<string, number> = { epoll: 0.001, poll: 0.003, vsftpd: 0, "polling-1": 9 };
  const subjects = ["epoll", "poll", "vsftpd", "polling-1"];
  const analysis = scenarioRun(
    "asleep",
    subjects,
    ({ subject, server, seconds }) => ({
      server: { ...server!, cpu: percents[subject]! / 100 * seconds },
    }),
    11,
    { floors: { cpuShare: 0.1 } },
  );
  const asleep = scenarioOf("asleep")!;
  const { subjects: cards } = analysis.run.header;
  const fields = cards.map((card) => gridField(analysis, card, asleep));
  const found = correct(fields);
  assertEquals([found.tested, found.alone, fields.filter(agreesWithinMargin)], [1, 1, []]);
  const models = cards.filter(({ kind }) => kind === "model");
  const { ahead, next, belowFloor, reasons } = standing(analysis, models, asleep)!;
  assertEquals(ahead.map(({ subject }) => subject.id), ["epoll", "poll"]);
  assertEquals([next!.subject.id, belowFloor, reasons], ["polling-1", true, []]);
  // There is no ratio over nothing, and none is needed.
  const [contest] = contests(analysis);
  const { verdict, ratio, belowFloor: floor } = compareIn(analysis, contest!, "epoll", "vsftpd")!;
  assertEquals([verdict, ratio, floor], ["equivalent", undefined, 0.1]);
  const report = renderMarkdown(analysis.run);
  assertStringIncludes(report, "| – | – | – | = equivalent, both below the floor |");
  assertStringIncludes(report, "| 0 × = |");
});

Deno.test("compare tells better, worse, equivalent and not enough by the interval of the ratio", () => {
  // Blocks differ by a factor of ten, as with a busy neighbour: only pairs can be compared.
  const epoll = (block: number) => block % 2 ? 1000 : 100;
  const analysis = loginsOf(
    ["epoll", "poll", "select", "epoll-edge", "async", "polling-1", "polling-10"],
    rates((subject, block) => {
      switch (subject) {
        case "poll":
          return epoll(block) * (2 + block / 10);
        case "select":
          return epoll(block) / 4;
        case "epoll-edge":
          return epoll(block) * (block % 2 ? 1.2 : 0.85);
        case "async":
          return block < 3 ? undefined : epoll(block) * 9;
        case "polling-1":
          return epoll(block) * (block % 2 ? 1.5 : 0.5);
        case "polling-10":
          return epoll(block) * (1.02 + block / 1000);
        default:
          return epoll(block);
      }
    }),
  );
  assertEquals(marks(analysis), {
    "polling-1": "?",
    "polling-10": "+",
    "select": "-",
    "poll": "+",
    "epoll": "baseline",
    "epoll-edge": "=",
    "async": "?",
  });
  const poll = compared(analysis, "poll");
  assertEquals([poll.ratio!.median, poll.ratio!.interval, poll.paired], [2.5, [2.1, 2.9], true]);
  assertEquals([poll.p, poll.withinMargin], [2 / 2048, false]);
  assertEquals(compared(analysis, "select").ratio!.median, 0.25);
  assertEquals(compared(analysis, "polling-10").withinMargin, true);
  assertEquals(compared(analysis, "async").reasons, ["8 clean blocks, where a claim needs 9"]);
  assertStringIncludes(
    compared(analysis, "polling-1").reasons.join(),
    "the interval holds 1 and is wider than the margin: ",
  );
});

Deno.test("pairs are dropped where blocks have nothing in common", () => {
  // Each subject has its own order of the same eleven values: no correlation to speak of.
  const orders: Record<string, number[]> = {
    epoll: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    poll: [6, 1, 11, 2, 10, 3, 9, 4, 8, 5, 7],
  };
  const noisy = loginsOf(
    ["epoll", "poll"],
    rates((subject, block) => 1000 + orders[subject]![block]!),
  );
  const place = { scenario: LOGINS, point: "clients=16", figure: "rate" } as const;
  assert(noisy.correlation(place)! < 0.3);
  const row = (analysis: Analysis, id: string) => analysis.row(id, "logins", "clients=16")!;
  const compare = (analysis: Analysis) =>
    analysis.compare(
      analysis.series(row(analysis, "poll"), "rate"),
      analysis.series(row(analysis, "epoll"), "rate"),
      "higher",
    );
  assertEquals([compare(noisy).paired, compare(noisy).verdict], [false, "equivalent"]);
  assert(compare(noisy).ratio!.level > 0.95);
  const alike = loginsOf(
    ["epoll", "poll"],
    rates((subject, block) => (subject === "poll" ? 2 : 1) * (1000 + 100 * block)),
  );
  assert(alike.correlation(place)! > 0.999);
  assertEquals([compare(alike).paired, compare(alike).verdict], [true, "better"]);
  // Where one goes up and the other down, ranks would take them to be independent.
  const opposed = loginsOf(
    ["epoll", "poll"],
    rates((subject, block) => 1000 + (subject === "poll" ? 10 - block : block)),
  );
  assert(opposed.correlation(place)! < -0.99);
  assertEquals([compare(opposed).paired, compare(opposed).verdict], [true, "equivalent"]);
});

Deno.test("correct counts what stands when it counts that there are so many", () => {
  const subjects = ["epoll", "poll", "select", "epoll-edge", "async"];
  const analysis = loginsOf(
    subjects,
    // Ten of eleven is little more than chance when there are many; one such field stands.
    rates((subject, block) => subject === "poll" && block > 0 ? 200 : 100),
  );
  const fields = analysis.run.header.subjects.map((one) => gridField(analysis, one, LOGINS));
  const found = correct(fields);
  assertEquals([found.tested, found.alone, found.corrected], [4, 1, 1]);
  const poll = fields.find(({ subject }) => subject.id === "poll")!;
  assertEquals(found.adjusted.get(poll.comparison!), 96 / 2048);
  // It stands if the tests are independent, and not whatever they have to do with each other.
  assertEquals([...found.provisional], [poll.comparison!]);
  const report = renderMarkdown(analysis.run);
  assertStringIncludes(report, "it is 1, of which at most 5 % are expected to be false if");
  assertStringIncludes(report, "it is 0 (below, the others bear a †).");
  assertStringIncludes(report, "| 0.047 † |");
});

Deno.test("replicate tells which verdicts a second run gives again", () => {
  let runs = 0;
  const run = (factor: number | ((block: number) => number), repeats = 11) => {
    const startedAt = `2026-01-01T00:00:${10 + runs++}.000Z`;
    const of = typeof factor === "number" ? () => factor : factor;
    const change = rates((id, block) => id === "poll" ? 100 * of(block) : 100);
    return loginsOf(["epoll", "poll"], change, repeats, { startedAt });
  };
  const outcome = (one: Analysis, two: Analysis) =>
    replicate(one, two).map((field) => [field.first.subject.id, field.outcome]);
  assertEquals(outcome(run(2), run(2)), [["poll", "replicates"]]);
  // The same sign, and not the same size.
  assertEquals(outcome(run(2), run(3)), [["poll", "apart"]]);
  assertEquals(outcome(run(2), run(0.5)), [["poll", "contradicts"]]);
  assertEquals(outcome(run(2), run(1)), [["poll", "contradicts"]]);
  assertEquals(outcome(run(1.05), run(1)), [["poll", "replicates"]]);
  // Both are certain and within the margin, and on either side of 1.
  assertEquals(outcome(run(1.05), run(0.95)), [["poll", "contradicts"]]);
  // From 1.00 to 1.10 of the work, and from 1.08 to 1.33: one ratio may be both.
  const level = run((block) => 0.88 + 0.015 * block), worse = run((block) => 0.69 + 0.03 * block);
  assertEquals([marks(level).poll, marks(worse).poll], ["=", "-"]);
  assertEquals(outcome(level, worse), [["poll", "undecided"]]);
  assertEquals(outcome(worse, level), [["poll", "undecided"]]);
  assertEquals(outcome(run(2), run(2, 3)), [["poll", "only first"]]);
  assertEquals(outcome(run(2, 3), run(2)), [["poll", "only second"]]);
  // What both were joined from is no second look.
  const once = run(2);
  assertEquals(outcome(once, once), []);
  assertEquals(sharedScenarios(once, once).map(({ id }) => id), ["logins"]);
});

Deno.test("each figure at each point says for itself whether pairs do something", () => {
  const analysis = scenarioRun("uploads", ["epoll", "poll"], (cell) => {
    // Blocks have something in common where files are replaced, and nothing where they are new.
    const order = cell.subject === "poll" ? 7 * cell.block % 11 : cell.block;
    const common = cell.point === "names=old" ? cell.block : order;
    return {
      ...withMain(cell, { operations: 100 }),
      server: { ...cell.server!, cpu: (10 + common) / 100 },
    };
  });
  const compare = (point: string) => {
    const [own, other] = ["poll", "epoll"].map((id) =>
      analysis.series(analysis.row(id, "uploads", point)!, "cpuPerOperation")
    );
    return analysis.compare(own!, other!, "lower");
  };
  assertEquals([compare("names=new").paired, compare("names=old").paired], [false, true]);
});

Deno.test("the correction of a page counts peers and twins, too", () => {
  const cards: SubjectCard[] = [
    ...["epoll", "poll"].map((id) => ({ id, title: id, kind: "model" as const, flags: [] })),
    { id: "vsftpd", title: "vsftpd", kind: "peer", flags: [] },
    { id: "select", title: "twin", kind: "twin", flags: [], twinOf: "epoll" },
    { id: "async", title: "twin", kind: "twin", flags: [], twinOf: "poll" },
  ];
  const ids = cards.map(({ id }) => id);
  const change = rates((id) => id === "epoll" ? 100 : 200);
  const analysis = loginsOf(ids, change, 11, { subjects: cards });
  const fields = analysis.run.header.subjects.filter(({ kind }) => kind === "model")
    .map((one) => gridField(analysis, one, LOGINS));
  const [grid, all] = [correct(fields), correctAll(analysis, fields)];
  assertEquals(grid.tested, 1);
  const { length } = contests(analysis);
  const twins = contestsOfTwins(analysis).length;
  // A peer in each figure; of twins one over that of the baseline, and two models over theirs.
  assertEquals(all.tested, grid.tested + length + 3 * twins);
  assert(all.alone > grid.alone);
});

Deno.test("compare turns round where lower is better", () => {
  const analysis = scenarioRun("burst", ["epoll", "poll", "select"], (cell) => {
    const cpu = { poll: 0.02, select: 0.005 }[cell.subject] ?? 0.01;
    return { server: { ...cell.server!, cpu }, ...withMain(cell, { operations: 300 }) };
  });
  assertEquals(marks(analysis), { select: "+", poll: "-", epoll: "baseline" });
});

Deno.test("a figure bounded by the load supports a claim that it is more, and none that it is less", () => {
  const boundBy = (subject: string) => (cell: CellRecord) => ({
    ...rates((id) => ({ poll: 300, select: 30 }[id] ?? 100))(cell),
    ...(cell.subject === subject ? { loadCpuShare: 0.95 } : {}),
  });
  const all = ["epoll", "poll", "select"];
  assertEquals(verdictsByRate(loginsOf(all, boundBy("poll"))), {
    select: "worse",
    poll: "better",
  });
  const low = loginsOf(all, boundBy("select"));
  assertEquals(verdictsByRate(low), { select: "not enough", poll: "better" });
  // Work per operation is the headline, and no load bounds it.
  assertEquals(marks(low), { select: "-", poll: "+", epoll: "baseline" });
  assertStringIncludes(
    compared(low, "select").reasons.join(),
    "the ratio is only a bound, at least so much: it takes a load that is not the limit",
  );
  // The baseline itself may be better than it looks: then nobody is better than it.
  assertEquals(verdictsByRate(loginsOf(all, boundBy("epoll"))), {
    select: "worse",
    poll: "not enough",
  });
  const work = loginsOf(all, boundBy("select"));
  const cpu = work.series(work.row("select", "logins", "clients=16")!, "cpuPerOperation");
  assertEquals(boundOfSummary(work.summary(cpu)), { atLeast: false, atMost: false });
});

Deno.test("clients that were not served allow no more than the claim that a subject is worse", () => {
  const unserved = (factor: number) =>
    loginsOf(
      ["epoll", "poll"],
      (cell) => ({
        ...withMain(
          cell,
          cell.subject === "poll" ? { operations: 100 * factor, unserved: 3 } : { operations: 100 },
        ),
        server: { ...cell.server!, cpu: 1 },
      }),
    );
  assertEquals(marks(unserved(0.5)).poll, "-");
  assertEquals(marks(unserved(2)).poll, "?");
  const { ahead, excluded } = standing(unserved(2), unserved(2).run.header.subjects, LOGINS)!;
  assertEquals(ahead.map(({ subject }) => subject.id), ["epoll"]);
  assertEquals(excluded.map(({ why }) => why), ["unserved clients"]);
});

Deno.test("a server that ended nothing is worse by what it used at least, not a blank", () => {
  const starved = (cpu: number) =>
    scenarioRun("slow", ["epoll", "blocking-8"], (cell) => {
      const { main, slow } = cell.groups;
      if (cell.subject === "epoll") {
        return { groups: { slow: slow!, main: { ...main!, operations: 10_000 } } };
      }
      const none = { operations: 0, octets: 0, unserved: 4, unfinished: 4 };
      return {
        groups: { main: { ...main!, ...none }, slow: { ...slow!, operations: 0 } },
        server: { ...cell.server!, cpu },
      };
    });
  assertEquals(marks(starved(0.05))["blocking-8"], "-");
  // What used next to nothing may have been as good: nobody can tell.
  assertEquals(marks(starved(1e-9))["blocking-8"], "?");
});

Deno.test("a bound in one block bounds that block, not the series", () => {
  const analysis = loginsOf(["epoll", "select"], (cell) => ({
    ...rates((id) => id === "select" ? 30 : 100)(cell),
    ...(cell.subject === "select" && cell.block === 5 ? { loadCpuShare: 0.95 } : {}),
  }));
  assertEquals(verdictsByRate(analysis).select, "worse");
  assertEquals(compared(analysis, "select").ratio!.interval, [0.3, 0.3]);
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
  assertEquals(found.next!.comparison.ratio!.median.toFixed(3), (1 / 0.6).toFixed(3));
  assertEquals([found.reasons, found.excluded], [[], []]);
});
