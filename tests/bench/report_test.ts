/** Tests of bench/report/ on a run that never took place. @module */

import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { build } from "hdr-histogram-js";
import { latencyOf } from "../../bench/claims/histograms.ts";
import { analyze } from "../../bench/claims/analysis.ts";
import { mergeLatencies } from "../../bench/claims/figures.ts";
import type { HeaderRecord, Latency, RunRecord } from "../../bench/record.ts";
import { commandOf } from "../../bench/report/cells.ts";
import { writeHtml } from "../../bench/report/html.ts";
import { escapeMarkdown } from "../../bench/report/markdown.ts";
import {
  COLUMNS_MAX,
  parseRun,
  renderHtml,
  renderMarkdown,
  renderTerminal,
  type Run,
  RunError,
} from "../../bench/report/mod.ts";
import { loadRenderer } from "../../bench/report/plot.ts";
import { scenarioOf } from "../../bench/scenarios/mod.ts";
import { fixtureRecords, fixtureText } from "./fixture_run.ts";

const RUN = parseRun(fixtureText(), "runs/example.jsonl");
const SMALL = { scenarios: ["logins" as const], subjects: ["epoll", "poll"], repeats: 1 };

/** A report is too long to be part of a message. */
function assertIncludes(text: string, expected: string, where = ""): void {
  assert(text.includes(expected), `Not there: ${expected} ${where}`);
}

function runOf(records: readonly RunRecord[]): Run {
  return parseRun(records.map((record) => JSON.stringify(record) + "\n").join(""));
}

Deno.test("a histogram that cannot be read is a RunError of one line", async () => {
  const records = fixtureRecords(SMALL).map((record) => {
    if (record.kind !== "cell") return record;
    const main = record.groups.main!;
    const latency = { ...main.latency!, histogram: "HISTFAAA" };
    return { ...record, groups: { main: { ...main, latency } } };
  });
  const { message } = await assertRejects(() => renderHtml(runOf(records)), RunError);
  assertIncludes(message, "Cannot read a histogram");
  assertFalse(message.includes("\n"));
});

function latencyFrom(values: readonly number[]): Latency {
  const histogram = build({ highestTrackableValue: 2 * Math.max(...values) });
  for (const value of values) histogram.recordValue(value);
  return latencyOf(histogram)!;
}

Deno.test("mergeLatencies takes percentiles of all values together, whatever the ranges are", () => {
  const quick = latencyFrom(Array.from({ length: 990 }, () => 100));
  const slow = latencyFrom(Array.from({ length: 10 }, () => 1_000_000));
  for (const order of [[quick, slow], [slow, quick]]) {
    const merged = mergeLatencies(order)!;
    assertEquals(merged.totalCount, 1000);
    // The mean of both p50 would be half a second.
    assertEquals(merged.getValueAtPercentile(50), 100);
    assertEquals(merged.getValueAtPercentile(99), 100);
    assert(merged.getValueAtPercentile(99.5) > 990_000);
  }
  assertEquals(mergeLatencies([]), undefined);
});

Deno.test("renderTerminal stays within its columns, in ASCII, at 100 and at 60", () => {
  for (const width of [COLUMNS_MAX, 60]) {
    const text = renderTerminal(RUN, width);
    for (const line of text.split("\n")) {
      assert(line.length <= width, `${line.length} columns: ${line}`);
    }
    assertEquals(text.match(/[^\n\x20-\x7e]/g), null);
  }
  assert(renderTerminal(RUN, 1000).split("\n").every((line) => line.length <= COLUMNS_MAX));
});

Deno.test("renderTerminal wraps what is longer than a line, and steers no terminal", () => {
  const [header, ...rest] = fixtureRecords(SMALL) as [HeaderRecord, ...RunRecord[]];
  const note = `\x1b[31m${"very".repeat(60)}\x07 \x9b2J`;
  const text = renderTerminal(runOf([{ ...header, notes: [note] }, ...rest]), 60);
  assert(text.split("\n").every((line) => line.length <= 60));
  assertEquals(text.match(/[^\n\x20-\x7e]/g), null);
  assertIncludes(text, "veryvery");
});

Deno.test("every rendering has every subject at every point, also what failed or is unable", async () => {
  const { rows } = analyze(RUN);
  const html = await renderHtml(RUN);
  const markdown = renderMarkdown(RUN);
  const terminal = renderTerminal(RUN);
  for (const { subject, scenario, point } of rows) {
    const title = `${scenario.title} (${scenario.id})`;
    const where = `${subject.id} ${scenario.id} ${point.id}`;
    const section = html.split("<h3>").find((part) => part.startsWith(`${title}</h3>`))!;
    assertIncludes(
      section,
      `<th scope="row" class="short">${subject.id}</th><td class="short">${point.id}</td>`,
      where,
    );
    const part = markdown.split("\n### ").find((text) => text.startsWith(escapeMarkdown(title)))!;
    assertIncludes(part, `| ${subject.id} | ${point.id} |`, where);
    const lines = terminal.split(`\n${title}\n`)[1]!.split("\n");
    assert(
      lines.some((line) => line.match(/\S+/g)?.slice(0, 2).join() === `${subject.id},${point.id}`),
    );
  }
  assertEquals(rows.length, new Set(RUN.cells.map((c) => c.subject + c.scenario + c.point)).size);
});

Deno.test("every rendering shows failures, errors, gates and reasons", async () => {
  for (const render of [renderHtml, renderMarkdown, (run: Run) => renderTerminal(run, 100)]) {
    const text = (await render(RUN)).replace(/\\/g, "").replace(/\s+/g, " ");
    for (
      const expected of [
        "failed 11 of 11 times: finished nothing for 10 s",
        "failed 1 of 11 times: the server ended: signal 9",
        "3 of 4 clients (main) unserved",
        "bftpd is not installed",
        "an echo in the load's process".replace("'", render === renderHtml ? "&#39;" : "'"),
      ]
    ) assertIncludes(text, expected);
    assert(/\b2 [×x] wrong octets/.test(text));
  }
  for (const render of [renderHtml, renderMarkdown]) {
    const text = (await render(RUN)).replace(/\\/g, "");
    for (
      const expected of [
        "load 91 % of a processor at worst, in 11 of 11",
        "steal 3.4 %, in 1 of 11",
        "probe begun late: p99",
        "serves at most 1000 clients at once",
        "not enough: the ratio is only a bound, at most so much",
      ]
    ) assertIncludes(text, expected);
  }
});

Deno.test("a run says first of all that it claims nothing, or that the machine was busy", () => {
  const [header, ...rest] = fixtureRecords({ quick: true, repeats: 2 }) as [
    HeaderRecord,
    ...RunRecord[],
  ];
  const busy = { load: [3, 1, 1], busy: 0.4 };
  const text = renderTerminal(runOf([{ ...header, before: busy }, ...rest]));
  const [opening, grid] = text.split("Expected and measured") as [string, string];
  assertIncludes(opening.replace(/\s+/g, " "), "2 repeats, where a claim needs 9");
  assertIncludes(opening.replace(/\s+/g, " "), "busy before the run (40 %)");
  assertIncludes(grid, "0 agree with the measurement, 0 differ");
  assertFalse(/\d x( \([^)]*\))? [+=-]/.test(text.split("Every cell")[0]!));
});

Deno.test("a figure that cannot be is printed as a fault of the harness", () => {
  const records = fixtureRecords({ scenarios: ["control"], subjects: ["epoll", "poll"] })
    .map((record) =>
      record.kind === "cell" && record.subject === "poll" && record.block === 2
        ? { ...record, server: { ...record.server!, cpu: -0.5 } }
        : record.kind === "ceiling" && record.block === 3
        ? { ...record, rate: 10 }
        : record
    );
  const text = renderTerminal(runOf(records)).replace(/\s+/g, " ");
  // Records count blocks from 0, reports from 1.
  assertIncludes(text, "Fault of the harness: poll, control (clients=16), block 3: CPU of -0.5");
  assertIncludes(text, "block 4: ");
  assertIncludes(text, "operations/s, above the load's ceiling of 10");
});

Deno.test("the grid counts verdicts for themselves and corrected, and each names n and what it sees", () => {
  const markdown = renderMarkdown(RUN).replace(/\\/g, "");
  assert(/Of \d+ fields tested, \d+ differ .* Benjamini and Hochberg/.test(markdown));
  const fields = markdown.split("Ratios over the baseline, with exact intervals and tests")[1]!;
  assert(/\| poll \| idle \| [\d.]+ × \([^|]*\) \| 98.8 %, n = 11 \| paired/.test(fields));
  assertIncludes(fields, "where a claim needs 9");
  assertIncludes(markdown, "The true level is printed with it");
});

Deno.test("ratios stay in the grid of a narrow window", async () => {
  const narrow = /@media \(max-width: 640px\) \{[^]*?\n\}/.exec(await renderHtml(RUN))![0];
  assertFalse(/\.tile small \{[^}]*display: none/.test(narrow));
});

Deno.test("renderHtml needs nothing from outside and no script", async () => {
  const html = await renderHtml(RUN);
  assertEquals(
    html.match(/https?:|\b(src|href|srcset|action|data)=|<script|<link|@import|url\(/gi),
    null,
  );
  assertEquals(html.match(/\son\w+=/gi), null);
  assertIncludes(html, `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; `);
  const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(html.match(/<figure /g)!.length, 9);
  assertEquals(html.match(/<svg /g)!.length, html.match(/<title id=/g)!.length);
  assertEquals(html.match(/<table/g)!.length, html.match(/<caption>/g)!.length);
  for (const [, drawn] of html.matchAll(/ d="([^"]*)"/g)) assertFalse(/NaN|Infinity/.test(drawn!));
});

Deno.test("renderHtml closes what it opens, in order", async () => {
  const open: string[] = [];
  const empty = ["meta"];
  const body = (await renderHtml(RUN)).replace(/<style>[^]*<\/style>/, "").replace(
    "<!doctype html>",
    "",
  );
  for (const [, closing, name, rest] of body.matchAll(/<(\/?)([a-z0-9]+)([^<>]*)>/gi)) {
    if (closing) assertEquals(open.pop(), name);
    else if (!rest!.endsWith("/") && !empty.includes(name!)) open.push(name!);
  }
  assertEquals(open, []);
});

Deno.test("what comes from the file is text in every rendering, and never markup", async () => {
  const evil = `<img src=x onerror=1>&"'|*_\`[a](b)`;
  const [header, ...rest] = fixtureRecords({ ...SMALL, subjects: ["epoll", "vsftpd"] }) as [
    HeaderRecord,
    ...RunRecord[],
  ];
  const subjects = header.subjects.map((subject) => ({
    ...subject,
    id: subject.id + evil,
    title: evil,
    ...(subject.kind === "peer" ? { version: evil, configuration: evil } : {}),
  }));
  const records = rest.map((record): RunRecord =>
    record.kind !== "cell" ? record : {
      ...record,
      subject: record.subject + evil,
      point: record.point + evil,
      command: [evil],
      introduction: evil,
      errors: { [evil]: 1 },
      failure: evil,
      groups: { [`main${evil}`]: record.groups.main! },
      server: { ...record.server!, calls: { [evil]: 5 } },
    }
  );
  const machine = { ...header.machine, processor: evil, kernel: evil };
  const run = runOf([
    { ...header, subjects, machine, baseline: subjects[0]!.id, notes: [evil], args: [evil] },
    ...records,
  ]);
  const html = await renderHtml(run);
  assertFalse(html.includes("<img"));
  assertIncludes(html, "&lt;img src=x onerror=1&gt;&amp;&quot;&#39;|*_`[a](b)");
  const markdown = renderMarkdown(run).replace(/^```+\n[^]*?\n```+$/gm, "");
  assertFalse(/(^|[^\\])<img/.test(markdown));
  assertFalse(/(^|[^\\])\[a\]/.test(markdown));
  const rows = markdown.split("\n").filter((line) => line.startsWith("| "));
  const fields = rows.map((line) => line.replace(/\\./g, "").split("|").length);
  // Each row has as many fields as the head two lines above the first of its table.
  let head = 0;
  markdown.split("\n").forEach((line, index, lines) => {
    if (lines[index + 1]?.startsWith("| :--")) head = line.replace(/\\./g, "").split("|").length;
    else if (line.startsWith("| ")) {
      assertEquals(line.replace(/\\./g, "").split("|").length, head, line);
    }
  });
  assert(fields.length > 10);
});

Deno.test("a field of the grid is text in a page, whatever it was made of", async () => {
  const evil = `"><script>1</script>`;
  const texts = { plain: evil, glyph: evil, detail: evil, expected: evil, said: evil };
  const tile = { ...texts, differs: true, tone: evil as "good" };
  const table = { caption: evil, columns: [{ title: evil }], rows: [["", { tile }]] };
  const html = writeHtml([{ kind: "table", ...table }], await loadRenderer());
  assertFalse(html.includes("<script"));
});

Deno.test("p99.9 is shown from 10,000 samples on", () => {
  const timesOf = (operations: number) => {
    const records = fixtureRecords({ ...SMALL, subjects: ["epoll"] }).map((record) => {
      if (record.kind !== "cell") return record;
      const latency = latencyFrom(Array.from({ length: operations }, (_, index) => 1000 + index));
      return { ...record, groups: { main: { ...record.groups.main!, operations, latency } } };
    });
    const lines = renderMarkdown(runOf(records)).split("\n");
    const head = lines.findIndex((line) => line.includes("| p99.9 |"));
    const names = lines[head]!.split(" | ");
    return lines[head + 2]!.split(" | ")[names.indexOf("p99.9")];
  };
  assertEquals([timesOf(9_999), timesOf(10_000)], ["–", "11.0"]);
});

Deno.test("what the load used per operation stands beside the server's CPU", () => {
  const [header, ...rest] = fixtureRecords({ ...SMALL, subjects: ["epoll"] }) as [
    HeaderRecord,
    ...RunRecord[],
  ];
  const records = rest.map((record) => {
    if (record.kind !== "cell") return record;
    const groups = { main: { ...record.groups.main!, operations: 50_000 } };
    return { ...record, groups, seconds: 2, loadCpuShare: 0.5 };
  });
  const machine = { ...header.machine, interruptsApart: true };
  const markdown = renderMarkdown(runOf([{ ...header, machine }, ...records]));
  const lines = markdown.split("\n");
  const head = lines.findIndex((line) => line.includes("| The load's CPU per operation, µs |"));
  const names = lines[head]!.split(" | ");
  const at = names.indexOf("The load's CPU per operation, µs");
  assertEquals([names[at - 1], lines[head + 2]!.split(" | ")[at]], [
    "CPU per operation, µs",
    "20",
  ]);
  assertIncludes(markdown, "CPU per operation is that of one side of an exchange.");
  assertIncludes(markdown, ", interrupts accounted apart |");
  const unknown = renderMarkdown(runOf([header, ...records]));
  assertFalse(unknown.includes(", interrupts accounted apart |"));
});

Deno.test("commandOf repeats a cell with what of the run changes it", () => {
  const { header } = RUN;
  const [epoll, peer] = ["epoll", "vsftpd"].map((id) => header.subjects.find((s) => s.id === id)!);
  const args = [
    "--peers",
    "--peers-root",
    "/some where",
    "--workers=2",
    "--load",
    "c",
    "--points",
    "headline",
    "--seed",
    "1",
    "--models",
    "x",
  ];
  const given = { ...RUN, header: { ...header, args, repeats: 3, seconds: 0.5, seed: 9 } };
  const idle = scenarioOf("idle")!;
  const tail = "--workers=2 --load c --points headline --repeats 3 --seconds 0.5 --seed 9";
  assertEquals(
    commandOf(given, epoll!, idle),
    `deno task bench --models epoll --scenarios idle ${tail}`,
  );
  const poll = header.subjects.find(({ id }) => id === "poll")!;
  assertEquals(
    commandOf(given, poll, idle),
    `deno task bench --models epoll,poll --scenarios idle ${tail}`,
  );
  assertEquals(
    commandOf(given, peer!, idle),
    `deno task bench --models epoll --peers --scenarios idle --peers-root '/some where' ${tail}`,
  );
});

Deno.test("the report warns when more than the driver differs between models", () => {
  assertIncludes(renderTerminal(RUN), "Between two models only flags that choose the driver");
  const [header, ...rest] = fixtureRecords(SMALL) as [HeaderRecord, ...RunRecord[]];
  const subjects = header.subjects.map((subject, index) => ({
    ...subject,
    flags: [...subject.flags, ...(index === 0 ? ["--idle-timeout", "3"] : [])],
  }));
  assertIncludes(
    renderTerminal(runOf([{ ...header, subjects }, ...rest])),
    "! More than the driver differs between models: --idle-timeout.",
  );
});

Deno.test("the same run is rendered to the same octets", async () => {
  const text = fixtureText({ quick: true });
  const [once, again] = [parseRun(text), parseRun(text)];
  assert(await renderHtml(once) === await renderHtml(again));
  assert(renderTerminal(once) === renderTerminal(again));
});

Deno.test("calls that were counted from outside are shown per operation, those of peers too", () => {
  const counted = { kind: "count", scenario: "control", point: "clients=16" } as const;
  const counts: RunRecord[] = [
    { ...counted, subject: "vsftpd", operations: 100, calls: { read: 200, write: 100, futex: 0 } },
    { ...counted, subject: "epoll", operations: 100, calls: {}, failure: "perf is not there" },
  ];
  const records = fixtureRecords({ subjects: ["epoll", "vsftpd"], scenarios: ["control"] });
  const markdown = renderMarkdown(runOf([...records, ...counts]));
  assertIncludes(markdown, "| vsftpd | control | clients=16 | 3 | read 2, write 1, futex 0 |");
  assertIncludes(markdown, "| epoll | control | clients=16 | – | perf is not there |");
  // The plot has what was counted from outside, and then nothing else.
  assertIncludes(markdown, "System calls per request, by name (one window)");
  assertIncludes(markdown, "| Subject | all | read | write |");
  assertIncludes(markdown, "| vsftpd | 3 | 2 | 1 |");
  assertFalse(markdown.includes("| Subject | all | recvfrom"));
  // Without it, what the models counted themselves, in every block.
  const own = renderMarkdown(runOf(records));
  assertIncludes(own, "System calls per request, by name (medians over blocks)");
  assertIncludes(own, "| Subject | all | ");
});
