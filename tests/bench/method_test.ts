/** What a report says of how its run was measured, on runs that never took place. @module */

import { assert, assertEquals } from "@std/assert";
import type { CellRecord, RunRecord } from "../../bench/record.ts";
import { parseRun, renderHtml, renderMarkdown, type Run } from "../../bench/report/mod.ts";
import { fixtureRecords } from "./fixture_run.ts";

function runOf(records: readonly RunRecord[]): Run {
  return parseRun(records.map((record) => JSON.stringify(record) + "\n").join(""));
}

/** The report of a run, a first look or none, in which servers were warmed and passes made. */
function reportOf(quick: boolean): string {
  const level = { rounds: 4, share: 0.02, roundsMax: 24 };
  const done: Pick<CellRecord, "pass" | "warmUp"> = quick
    ? { warmUp: { seconds: 0.1 } }
    : { pass: 0, warmUp: { seconds: 2, unlevel: [], level } };
  const options = { scenarios: ["asleep"], subjects: ["epoll", "poll"], repeats: 1, quick };
  const records = fixtureRecords(options)
    .map((record) => record.kind === "cell" ? { ...record, ...done } : record);
  return renderMarkdown(runOf(records));
}

Deno.test("a report says of its method what its run did, and no more", () => {
  const [full, quick] = [reportOf(false), reportOf(true)];
  for (
    const sentence of [
      "A cell that something disturbed is measured again at once, up to 2 times",
      "this is done in several passes",
      "those that sleep do so several at a time",
      "all kinds of work in turn, until of each 4 rounds took together at most 2.0 % less CPU per " +
      "operation than the 4 before, or less by no more than can be told, its workers together, " +
      "24 rounds at most. Then it is measured as it is",
      "Warm-up of each server, until work per operation was level",
    ]
  ) assertEquals([full.includes(sentence), quick.includes(sentence)], [true, false], sentence);
  for (
    const sentence of [
      "that differ only in how they wait and in how many threads do",
      "Warm-up of each server",
      "in at least 95 of 100 runs",
      "p99 is shown from 1,000 samples on, p99.9 from 10,000;",
      "the load used more than 80 % of a processor",
      "the hypervisor took more than 2.0 %, or others more than 10 %",
      "equivalent (within 0.8 to 1.25)",
    ]
  ) assertEquals([full.includes(sentence), quick.includes(sentence)], [true, true], sentence);
});

Deno.test("of a burst those are shown who were done first, and called so", async () => {
  const options = { scenarios: ["burst"], subjects: ["blocking-8", "epoll"], repeats: 1 };
  const run = runOf(fixtureRecords(options));
  const html = await renderHtml(run);
  assert(html.includes("epoll: of the first 64 to be done the last is greeted after "));
  assert(html.includes("The clients of a burst that were done first, 64 at most, one line each"));
  const markdown = renderMarkdown(run);
  assert(markdown.includes("the first clients of a burst to be done, 64 at most, were greeted"));
});
