/** Tests of what a report says of peers, of twins, of the ladder and of both loads. @module */

import { assert, assertEquals } from "@std/assert";
import type { CellRecord, RunRecord } from "../../bench/record.ts";
import { parseRun, renderMarkdown } from "../../bench/report/mod.ts";
import { fixtureRecords } from "./fixture_run.ts";
import { withMain } from "./made_up_runs.ts";

const OPTIONS = { scenarios: ["control"], subjects: ["epoll", "poll"], faultless: true };

const FIXTURE = fixtureRecords(OPTIONS);

function reportOf(records: readonly RunRecord[]): string {
  return renderMarkdown(parseRun(records.map((record) => JSON.stringify(record) + "\n").join("")));
}

/** The fixture, and of each cell what `others` makes of it. */
function withOthers(
  subjects: readonly object[],
  others: (cell: CellRecord) => readonly object[],
): RunRecord[] {
  return FIXTURE.flatMap((record): RunRecord[] => {
    if (record.kind === "run") {
      return [{ ...record, subjects: [...record.subjects, ...subjects] } as RunRecord];
    }
    if (record.kind !== "cell" || record.point !== "clients=16") return [record];
    return [record, ...others(record) as RunRecord[]];
  });
}

const rowsWith = (text: string, ...words: string[]) =>
  text.split("\n").filter((line) =>
    line.startsWith("|") && words.every((word) => line.includes(word))
  );

Deno.test("a report shows the ratios of models beside those of their twins", () => {
  const twin = (twinOf: string) => ({
    id: `twin-${twinOf}`,
    title: `twin in C (${twinOf})`,
    kind: "twin",
    flags: [],
    twinOf,
  });
  // Twins do four times as much with the same CPU, and are four times as fast: no fault of theirs.
  const text = reportOf(withOthers(
    [twin("epoll"), twin("poll")],
    (cell) => [{
      ...cell,
      subject: `twin-${cell.subject}`,
      ...withMain(cell, { operations: 4 * cell.groups.main!.operations }),
    }],
  ));
  assert(text.includes("## How much is the mechanism and how much the runtime"));
  const [poll] = rowsWith(text, "CPU per request", "| poll |");
  const [, , , models, twins, between] = poll!.split("|").map((field) => field.trim());
  assertEquals(models, twins);
  assert(between!.startsWith("4.00 ×"), between);
  assert(!text.includes("operations/s, above"));
});

Deno.test("each row of ratios ends with their levels, n and the effects that they would show", () => {
  const options = { ...OPTIONS, subjects: ["epoll", "vsftpd", "proftpd"] };
  const records = fixtureRecords(options).filter((record) =>
    !(record.kind === "cell" && record.subject === "proftpd" && record.block < 2)
  );
  const rows = rowsWith(reportOf(records), "CPU per request, 16 clients", "|")
    .map((row) => row.split("|").map((field) => field.trim()).slice(1, -1));
  const best = rows.find(([, , peer]) => peer === "vsftpd")!;
  assertEquals(best[6], "98.8 %, n = 11");
  assert(/^1\.\d\d ×$/.test(best[7]!), best[7]);
  const wide = rows.find(([, first]) => first?.endsWith("−"))!;
  assertEquals(wide[3], "96.1 to 98.8 %, n = 9 to 11");
  assert(/^1\.\d\d to 1\.\d\d ×$/.test(wide[4]!), wide[4]);
});

Deno.test("a report shows each rung of the ladder over the one before and over the first", () => {
  const rung = (rung: number) => ({
    id: `ring-${rung}`,
    title: `ring in C, ${rung}: step ${rung}`,
    kind: "twin",
    flags: [],
    rung,
  });
  const text = reportOf(withOthers(
    [rung(0), rung(1), rung(2)],
    (cell) =>
      cell.subject !== "epoll" ? [] : [0, 1, 2].map((rung) => ({
        ...cell,
        subject: `ring-${rung}`,
        ...withMain(cell, { operations: 2 ** rung * cell.groups.main!.operations }),
      })),
  ));
  const [last] = rowsWith(text, "CPU per request", "step 2");
  assert(last!.includes("| 0.50 ×") && last!.includes("| 0.25 ×"), last);
});

Deno.test("a report says whether both loads say the same", () => {
  const told = (factor: number) =>
    rowsWith(
      reportOf(withOthers([], (cell) =>
        cell.subject !== "epoll" ? [] : [{
          ...cell,
          kind: "agreement",
          load: "c",
          server: { ...cell.server!, cpu: factor * cell.server!.cpu },
        }])),
      "control (clients=16), CPU",
    );
  assert(told(1.1)[0]!.endsWith("| they agree |"), told(1.1)[0]);
  assert(told(2)[0]!.endsWith("| they differ |"), told(2)[0]);
  assertEquals(rowsWith(reportOf(FIXTURE), "they agree"), []);
});
