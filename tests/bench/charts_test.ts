/** Tests of the charts of bench/report/ on a run that never took place. @module */

import { assert, assertEquals, assertFalse } from "@std/assert";
import type { HeaderRecord, RunRecord } from "../../bench/record.ts";
import { parseRun, renderHtml } from "../../bench/report/mod.ts";
import { fixtureRecords } from "./fixture_run.ts";

function renderRecords(records: readonly RunRecord[]): Promise<string> {
  return renderHtml(parseRun(records.map((record) => JSON.stringify(record) + "\n").join("")));
}

/** The charts of a figure, wide and narrow. */
function chartsOf(html: string, figure: string): string[] {
  const charts = html.split("<svg ").slice(1).map((part) => part.split("</svg>")[0]!);
  return charts.filter((chart) => chart.includes(`id="${figure}-`));
}

Deno.test("each bar of the plot of calls has one part for all others", async () => {
  const calls = Object.fromEntries([..."abcdefghi"].map((name) => [name, 100]));
  const counts = ["epoll", "vsftpd"].map((subject): RunRecord => ({
    kind: "count",
    subject,
    scenario: "control",
    point: "clients=16",
    operations: 100,
    calls: { ...calls, others: 200 },
  }));
  const records = fixtureRecords({ subjects: ["epoll", "vsftpd"], scenarios: ["control"] });
  const charts = chartsOf(await renderRecords([...records, ...counts]), "calls-by-name");
  assertEquals(charts.length, 2);
  for (const chart of charts) {
    const parts = chart.match(/<rect [^>]*>/g)!;
    assertEquals(parts.length, 2 * 8);
    assertEquals(parts.filter((part) => part.includes("var(--p7)")).length, 2);
    // What "others" has is two of the names, and what was counted as such.
    const widths = parts.map((part) => Number(/ width="([^"]*)"/.exec(part)![1]));
    assert(widths[7]! > 3.9 * widths[0]!);
  }
});

Deno.test("names in a chart are text", async () => {
  const evil = `<img src=x onerror=1>&"'`;
  const [header, ...rest] = fixtureRecords({ subjects: ["epoll", "poll"] }) as [
    HeaderRecord,
    ...RunRecord[],
  ];
  const subjects = header.subjects.map((subject) => ({ ...subject, id: subject.id + evil }));
  const records = rest.map((record) =>
    "subject" in record ? { ...record, subject: record.subject + evil } : record
  );
  const baseline = header.baseline + evil;
  const html = await renderRecords([{ ...header, subjects, baseline }, ...records]);
  assert(chartsOf(html, "cost-of-watching").every((chart) => chart.includes("epoll&lt;img src=x")));
  assertFalse(html.includes("<img"));
});

Deno.test("a point of fewer than 1,000 samples has no p99, and no place among the knees", async () => {
  const [header, ...rest] = fixtureRecords({ subjects: ["epoll", "poll"] }) as [
    HeaderRecord,
    ...RunRecord[],
  ];
  assertEquals(
    chartsOf(await renderRecords([header, ...rest]), "speed-against-delay").length,
    2,
  );
  const few = rest.map((record) =>
    record.kind !== "cell" ? record : {
      ...record,
      groups: Object.fromEntries(
        Object.entries(record.groups).map(([name, group]) => [
          name,
          group.latency === undefined
            ? group
            : { ...group, latency: { ...group.latency, count: 999 } },
        ]),
      ),
    }
  );
  assertEquals(chartsOf(await renderRecords([header, ...few]), "speed-against-delay"), []);
});

Deno.test("rates are marked as bounds where the load was the limit, and nowhere else", async () => {
  for (const [loadCpuShare, marks] of [[0.5, false], [0.95, true]] as const) {
    const records = fixtureRecords({ subjects: ["epoll", "poll"], scenarios: ["control"] })
      .map((record) => record.kind === "cell" ? { ...record, loadCpuShare } : record);
    const charts = chartsOf(await renderRecords(records), "speed-against-delay");
    assertEquals(charts.map((chart) => />≥</.test(chart)), [marks, marks]);
  }
});

Deno.test("every chart is drawn for both widths, and says in words what it shows", async () => {
  const html = await renderRecords(fixtureRecords());
  const figures = [...html.matchAll(/<figure id="([^"]*)">/g)].map(([, id]) => id!);
  assertEquals(figures.length, 9);
  for (const figure of figures) {
    const charts = chartsOf(html, figure);
    assertEquals(charts.map((chart) => / width="(\d+)"/.exec(chart)![1]), ["760", "356"]);
    for (const [index, chart] of charts.entries()) {
      const id = `${figure}-${["wide", "narrow"][index]}`;
      assert(chart.includes(`aria-labelledby="${id}-title ${id}-desc"`), id);
      assert(/<desc [^>]*>[^<]*epoll[^<]*: [^<]*\d/.test(chart), id);
      // Colours are those of the page, which knows light and dark.
      assertEquals(chart.match(/(fill|stroke)="(#|rgb|black|white)[^"]*"/g), null, id);
    }
  }
});
