/** The page of findings against the raw records of the example run. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseRun, renderComparison, withFindings } from "../../bench/report/mod.ts";
import { marksOf } from "../../bench/report/findings.ts";
import { testWith } from "../permission.ts";
import { fixtureText } from "./fixture_run.ts";

const FILE = "run.jsonl";
const BENCH = new URL("../../bench/", import.meta.url);

async function exampleRun(name: string) {
  const packed = await Deno.readFile(new URL(`example/${name}`, BENCH));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return parseRun(await new Response(stream).text(), `bench/example/${name}`);
}

testWith(
  ["read"],
  "the tables of FINDINGS.md are what the raw records of the examples say",
  async () => {
    const page = await Deno.readTextFile(new URL("FINDINGS.md", BENCH));
    const runs = Array.from(Deno.readDirSync(new URL("example/", BENCH)), ({ name }) => name)
      .filter((name) => name.endsWith(".jsonl.gz"));
    assert(runs.includes("report.jsonl.gz"));
    const marks = page.match(/^<!-- made from .* -->$/gm);
    assertEquals(marks?.toSorted(), runs.flatMap(marksOf).toSorted());
    for (const name of runs) {
      // To make it again: deno task bench report bench/example/report.jsonl.gz bench/FINDINGS.md
      assertEquals(withFindings(page, await exampleRun(name)), page);
    }
  },
);

Deno.test("withFindings replaces what stands between its marks, and asks for them", () => {
  const [begin, end] = marksOf(FILE);
  const run = parseRun(fixtureText({ scenarios: ["idle"], subjects: ["epoll", "poll"] }), FILE);
  const page = withFindings(`before\n${begin}\nold\n${end}\nafter\n`, run)!;
  assert(page.startsWith(`before\n${begin}\n\n`) && page.endsWith(`\n${end}\nafter\n`));
  assertStringIncludes(page, "| idle | poll | ");
  assertStringIncludes(page, "98.8 %, n = 11");
  // With each ratio the effect that it shows at even odds, in a column of its own.
  assert(/^\| idle \| poll \| [^|]+ \| 98\.8 %, n = 11 \| \d[\d.,]* × \|/m.test(page), page);
  assert(!page.includes("would decide it"));
  assert(!page.includes("old"));
  assertEquals(withFindings(page, run), page);
  assertEquals(withFindings("no marks", run), undefined);
  assertEquals(withFindings(page, { ...run, file: "other.jsonl" }), undefined);
  assertEquals(withFindings(`${end}${begin}`, run), undefined);
});

Deno.test("withFindings says of what is open what would decide it", () => {
  const [begin, end] = marksOf(FILE);
  const run = parseRun(
    fixtureText({ repeats: 3, scenarios: ["idle"], subjects: ["epoll", "poll"] }),
    FILE,
  );
  const page = withFindings(`${begin}${end}`, run)!;
  assertStringIncludes(page, "What is open, and what would decide it");
  assertStringIncludes(page, "| idle | poll | 3 repeats, where a claim needs 9");
});

Deno.test("withFindings sets other servers beside the models when they were measured", () => {
  const [begin, end] = marksOf(FILE);
  const page = (subjects: readonly string[]) =>
    withFindings(
      `${begin}${end}`,
      parseRun(fixtureText({ scenarios: ["logins"], subjects }), FILE),
    )!;
  assertStringIncludes(page(["epoll", "vsftpd"]), "over the best peer");
  assertStringIncludes(page(["epoll", "vsftpd"]), "| vsftpd |");
  assert(!page(["epoll", "poll"]).includes("peer"));
});

Deno.test("renderComparison puts two runs side by side, contradictions first", () => {
  const run = (seed: number) =>
    parseRun(
      fixtureText({ seed, scenarios: ["idle", "logins"] })
        .replace("2026-03-01T12:00", `2026-03-0${seed}T12:00`),
    );
  const text = renderComparison(run(7), run(8));
  assertStringIncludes(text, "Two runs side by side");
  assertStringIncludes(text.replace(/\s+/g, " "), "0 contradict");
  const lines = text.split("\n");
  assert(lines.some((line) => /^idle poll +replicates +- \d/.test(line)), text);
  assert(lines.some((line) => /^idle poll .*98\.8 %, n = 11/.test(line)), text);
  for (const line of lines) assert(line.length <= 100, line);
  assert(!text.includes("Not the same servers"), text);
});

Deno.test("renderComparison warns of servers that differ under one name", () => {
  const text = fixtureText({ seed: 7, scenarios: ["idle"] });
  const [one] = parseRun(text).header.subjects;
  const flags = JSON.stringify(one!.flags);
  const other = text.replace(
    `"flags":${flags}`,
    `"flags":${flags.replace("[", '["--workers","2",')}`,
  );
  const told = renderComparison(parseRun(text), parseRun(other)).replace(/\s+/g, " ");
  assertStringIncludes(told, `Not the same servers in both: ${one!.id}.`);
});
