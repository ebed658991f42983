/** Tests of runs in parts: bench/run/resume.ts, and what a report shows of them. @module */

import { assert, assertEquals } from "@std/assert";
import { analyze } from "../../bench/claims/analysis.ts";
import type { CellRecord, HeaderRecord } from "../../bench/record.ts";
import { parseRun, renderMarkdown } from "../../bench/report/mod.ts";
import { orderOf, type Plan } from "../../bench/run/plan.ts";
import { differenceOf, keptOf } from "../../bench/run/resume.ts";
import { MODELS } from "../../bench/run/subjects.ts";
import { FILE_SIZES, SCENARIOS } from "../../bench/scenarios/mod.ts";
import { PASSES } from "../../bench/scenarios/parts.ts";
import { fixtureRecords } from "./fixture_run.ts";

const SMALL = { scenarios: ["logins" as const], subjects: ["epoll", "poll"] };

const PLAN: Plan = {
  subjects: MODELS.filter(({ id }) => id === "epoll" || id === "poll"),
  scenarios: SCENARIOS.filter(({ id }) => id === "logins"),
  sizes: FILE_SIZES,
  repeats: 2,
  seconds: 1,
  probes: 0,
  retries: 1,
  passes: true,
  sideBySide: true,
  stallMs: 1_000,
  seed: 3,
};

/** Measurements of a block: both subjects in each pass, and the ceiling once. */
const BLOCK = 2 * PASSES + 1;

const lines = (records: readonly unknown[]) =>
  records.map((record) => JSON.stringify(record) + "\n").join("");

/** Header, and what `PLAN` measures in its order. */
function recordsOfPlan(): { header: HeaderRecord; measured: Record<string, unknown>[] } {
  const [header, ...records] = fixtureRecords({ ...SMALL, repeats: 2, faultless: true });
  const cells = records.filter((record): record is CellRecord => record.kind === "cell");
  const measured = orderOf(PLAN).flatMap(({ block, order, scenario, point, pass }) =>
    order.map((one) =>
      typeof one === "string"
        ? { kind: one, scenario: scenario.id, point: point.id, block, note: "", rate: 1e6 }
        : { ...cells.find((cell) => cell.block === block && cell.subject === one.id)!, pass }
    )
  );
  return { header: header as HeaderRecord, measured };
}

Deno.test("keptOf keeps whole blocks, and drops the one that is not, and what was cut off", () => {
  const { header, measured } = recordsOfPlan();
  const end = { kind: "end", after: header.before, incomplete: "it was interrupted" };
  const cut = '{"kind":"cel';
  for (let count = 0; count <= measured.length; count++) {
    const text = lines([header, ...measured.slice(0, count), end]);
    const block = Math.floor(count / BLOCK);
    const whole = lines([header, ...measured.slice(0, BLOCK * block), end]);
    const dropped = count - BLOCK * block;
    const expected = { text: whole, block, dropped, cutOff: false, complete: false };
    assertEquals(keptOf(text, PLAN), expected);
    assertEquals(keptOf(text + cut, PLAN), { ...expected, cutOff: true });
  }
  const text = lines([header, ...measured, { kind: "end", after: header.before }]);
  assertEquals(keptOf(text, PLAN).complete, true);
});

Deno.test("keptOf has a block whole only when nothing was to be measured again", () => {
  const { header, measured } = recordsOfPlan();
  const at = measured.findIndex(({ kind, block }) => kind === "cell" && block === 0);
  const disturbed = { ...measured[at]!, steal: 0.5 };
  const again = [...measured.slice(0, at), disturbed, ...measured.slice(at + 1)];
  assertEquals(keptOf(lines([header, ...again]), PLAN).block, 0);
  const twice = [...again.slice(0, at), disturbed, { ...disturbed, attempt: 1 }];
  const all = lines([header, ...twice, ...again.slice(at + 1)]);
  assertEquals(keptOf(all, PLAN).block, 2);
});

Deno.test("differenceOf names what is not the same", () => {
  const { header } = recordsOfPlan();
  assertEquals(differenceOf(header, { ...header, startedAt: "later", args: [] }), undefined);
  const machine = { ...header.machine, processors: 64 };
  assertEquals(
    differenceOf(header, { ...header, machine }),
    "the machine differs (processors was 2)",
  );
  assertEquals(differenceOf(header, { ...header, load: "c" }), "the load differs");
  assertEquals(
    differenceOf(header, { ...header, subjects: header.subjects.slice(1) }),
    "the servers differ",
  );
});

Deno.test("a run that was resumed shows its parts, and what the machine did around each", () => {
  const [header, ...rest] = fixtureRecords({ ...SMALL, repeats: 11 });
  const cells = rest.slice(0, -1);
  const busy = { load: [3, 2, 1], busy: 0.6 };
  const run = parseRun(lines([
    header!,
    ...cells.slice(0, 2),
    { kind: "end", after: busy, incomplete: "it was interrupted" },
    { kind: "resume", startedAt: "2026-03-01T13:00:00.000Z", before: busy, block: 1, dropped: 1 },
    ...cells.slice(2),
    rest.at(-1)!,
  ]));
  assertEquals(run.parts.map(({ before, after }) => [before.busy, after?.busy]), [
    [0.02, 0.6],
    [0.6, 0.03],
  ]);
  assertEquals([run.end?.incomplete, run.cells.length], [undefined, 22]);
  assert(run.notes[0]!.includes("went on at 2026-03-01T13:00:00.000Z with block 2; 1 measurement"));
  assertEquals(analyze(run).cautions, [
    "the machine was busy after its part 1 (60 %)",
    "the machine was busy before its part 2 (60 %)",
  ]);
  const text = renderMarkdown(run);
  for (const part of ["Before part 1, 2026-03-01T12", "After part 2, 2026-03-01T13"]) {
    assert(text.includes(part), part);
  }
});
