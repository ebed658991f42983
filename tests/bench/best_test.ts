/** Tests of bench/claims/best.ts, on runs made up here. @module */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { bestConfigurations } from "../../bench/claims/best.ts";
import { renderMarkdown } from "../../bench/report/mod.ts";
import { loginsOf, rates } from "./made_up_runs.ts";

/** Of work per login, what was chosen and what came of it. */
function bestOf(of: (subject: string, block: number) => number | undefined, repeats: number) {
  const subjects = ["epoll", "poll", "blocking-8", "blocking-64"];
  const analysis = loginsOf(subjects, rates(of), repeats);
  const all = bestConfigurations(analysis).filter(({ figure }) => figure === "cpuPerOperation");
  return { all, analysis };
}

Deno.test("bestConfigurations chooses on every second block and compares on the others", () => {
  // Those that choose flatter blocking-64 and poll; the others know better.
  const { all } = bestOf((subject, block) => {
    const chooses = block % 2 === 1;
    switch (subject) {
      case "blocking-64":
        return chooses ? 1000 : 40;
      case "blocking-8":
        return 50;
      case "poll":
        return chooses ? 101 : 80;
      default:
        return 100;
    }
  }, 22);
  assertEquals(all.map(({ model, subject, of }) => [model, subject.id, of]), [
    ["blocking", "blocking-64", 2],
    ["multiplex", "poll", 2],
  ]);
  const [blocking, multiplex] = all;
  assertEquals(multiplex!.comparison, undefined);
  // 80 logins for a second of CPU over 40: twice the work, whatever those say that chose.
  const { ratio, verdict } = blocking!.comparison!;
  assertEquals([ratio!.median, ratio!.count, verdict], [2, 11, "worse"]);
});

Deno.test("bestConfigurations claims nothing of 11 repeats, since half of them are too few", () => {
  const { all, analysis } = bestOf((subject) => subject.startsWith("blocking") ? 50 : 100, 11);
  const { comparison } = all.find(({ model }) => model === "blocking")!;
  assertEquals(comparison!.verdict, "not enough");
  assertEquals(comparison!.reasons, ["6 clean blocks, where a claim needs 9"]);
  const markdown = renderMarkdown(analysis.run);
  assertStringIncludes(markdown, "## Best configurations");
  assertStringIncludes(markdown, "every second block chooses, the others compare");
});

Deno.test("bestConfigurations leaves out who served nobody in a block that chooses", () => {
  const { all } = bestOf(
    (subject, block) => subject === "poll" && block % 2 === 1 ? undefined : 100,
    11,
  );
  assertEquals(all.map(({ subject, of }) => [subject.id, of]), [["blocking-8", 2], ["epoll", 1]]);
});
