/**
 * The tables of FINDINGS.md, made from a run: what each scenario was judged by, every model against
 * the baseline in it, the fitted cost of a wake-up, and what other servers and twins were measured.
 * ../mod.ts puts them between two marks of the page, which name the file of the run, since a page
 * may show several; a test makes them again from the raw records of the examples, so that the page
 * cannot say anything else. Pure.
 *
 * @module
 */

import { basename } from "@std/path";
import { type Analysis, analyze } from "../claims/analysis.ts";
import { correctAll } from "../claims/family.ts";
import { agreesWithinMargin, contests, correct, gridField } from "../claims/grid.ts";
import type { Run } from "../claims/run.ts";
import type { SubjectCard } from "../record.ts";
import type { Table } from "./document.ts";
import { writeMarkdown } from "./markdown.ts";
import {
  adjustedOf,
  bounded,
  counted,
  factor,
  factorWithInterval,
  interval,
  levelOf,
  NOTHING,
  number,
  verdictInWords,
  withMicro,
} from "./numbers.ts";
import { isBlank, peers, ratios, WORTH } from "./others.ts";
import { mechanisms } from "./twins.ts";
import { costOfWakeups } from "./wakeups.ts";

/** Where the tables of the run in `file` begin and end in a page. */
export function marksOf(file: string): [begin: string, end: string] {
  const name = basename(file);
  return [`<!-- made from ${name}: begin -->`, `<!-- made from ${name}: end -->`];
}

/**
 * `page` with the tables of `run` between the marks of its file, or undefined when it has none.
 */
export function withFindings(page: string, run: Run): string | undefined {
  const marks = marksOf(run.file ?? "");
  const [begin, end] = marks.map((mark) => page.indexOf(mark)) as [number, number];
  if (begin < 0 || end < begin) return undefined;
  return `${page.slice(0, begin + marks[0].length)}\n\n${findings(run)}\n${page.slice(end)}`;
}

function findings(run: Run): string {
  const analysis = analyze(run);
  const { header } = run;
  const models = header.subjects.filter(({ kind, id }) =>
    kind === "model" && id !== analysis.baseline.id
  );
  const fields = analysis.scenarios.flatMap((scenario) =>
    models.map((subject) => gridField(analysis, subject, scenario))
  );
  const correction = correct(fields);
  const { tested, alone, corrected, provisional } = correction;
  const count = (agreement: string) =>
    fields.filter((field) => field.agreement === agreement).length;
  const within = fields.filter(agreesWithinMargin).length;
  const all = correctAll(analysis, fields);
  const table: Table = {
    kind: "table",
    caption: `Over ${analysis.baseline.title}`,
    columns: [
      { title: "Scenario" },
      { title: "Model" },
      { title: "Ratio", align: "right" },
      { title: "Level" },
      { title: "Even odds at", align: "right" },
      { title: "p, adjusted", align: "right" },
      { title: "Verdict" },
      { title: "Expected" },
    ],
    rows: fields.map((field) => {
      const { scenario, subject, comparison, mark, expected } = field;
      const ratio = comparison?.ratio;
      return [
        scenario.id,
        subject.id,
        factorWithInterval(ratio, comparison?.bound),
        ratio === undefined ? NOTHING : levelOf(ratio),
        factor(comparison?.seen),
        adjustedOf(correction, comparison),
        comparison === undefined || isBlank(comparison)
          ? mark
          : verdictInWords(comparison.verdict, comparison),
        expected ?? NOTHING,
      ];
    }),
  };
  const figures: Table = {
    kind: "table",
    caption: `What ${analysis.baseline.title} itself takes`,
    columns: [
      { title: "Scenario" },
      { title: "Figure" },
      { title: "Median", align: "right" },
      {
        title: "Interval",
        align: "right",
      },
      { title: "Lowest", align: "right" },
      { title: "Highest", align: "right" },
      {
        title: "Level",
      },
    ],
    rows: analysis.scenarios.map((scenario) => {
      const { point, metric, label } = analysis.headline(scenario);
      const row = analysis.row(analysis.baseline.id, scenario.id, point);
      const summary = row && analysis.summary(analysis.series(row, metric));
      return [
        scenario.id,
        withMicro(label),
        number(summary?.median),
        interval(summary),
        number(summary?.lowest),
        number(summary?.highest),
        summary === undefined ? NOTHING : levelOf(summary),
      ];
    }),
  };
  const undecided = fields.filter(({ mark }) => mark === "?");
  const open: Table = {
    kind: "table",
    caption: "What is open, and what would decide it",
    columns: [{ title: "Scenario" }, { title: "Model" }, { title: "Why" }],
    rows: undecided.map(({ scenario, subject, why }) => [scenario.id, subject.id, why ?? NOTHING]),
  };
  const [agrees, differs, unclear] = [count("agrees"), count("differs"), count("open")];
  const told = `Of ${counted(agrees + differs + unclear, "expectation")} of the textbook ` +
    `${agrees} agree with the measurement (${within} of them by a difference that is certain and ` +
    `within the margin), ${differs} differ, and of ${unclear} there is not enough to tell. Of ` +
    `${counted(tested, "field")} tested ${alone} differ from the baseline each for itself, ` +
    `${corrected} after the correction for their number, ${corrected - provisional.size} however ` +
    `the tests depend on each other${provisional.size === 0 ? "" : " (the others bear a †)"}.` +
    (all.tested === tested ? "" : ` With the peers and the twins below it is ${all.tested} ` +
      `comparisons: ${all.alone} differ, ${all.corrected} after it, ` +
      `${all.corrected - all.provisional.size} however the tests depend on each other.`);
  const wakeups = costOfWakeups(analysis)?.table;
  const others = [...peers(analysis), ...mechanisms(analysis)]
    .filter(({ kind }) => kind === "table");
  return writeMarkdown([
    { kind: "text", text: [told] },
    figures,
    table,
    ...(undecided.length === 0 ? [] : [open]),
    ...(wakeups === undefined ? [] : [wakeups]),
    ...(header.quota === undefined ? [] : [rates(analysis, models)]),
    ...others,
  ]);
}

/** What more is better of, where servers are the limit and not the load. */
function rates(analysis: Analysis, models: readonly SubjectCard[]): Table {
  const { baseline } = analysis;
  const more = contests(analysis).filter(({ better }) => better === "higher");
  return {
    kind: "table",
    caption: `Rates, with servers as the limit (median of ${baseline.id}, then ratios over it; ` +
      "each verdict is for itself, and not corrected)",
    columns: [
      { title: "Figure" },
      ...[baseline, ...models].map(({ id }) => ({ title: id, align: "right" as const })),
      ...WORTH,
    ],
    rows: more.map((contest) => {
      const own = contest.series(baseline.id);
      return [
        withMicro(contest.label),
        bounded(own && analysis.summary(own)),
        ...ratios(analysis, contest, models.map(({ id }) => [id, baseline.id])),
      ];
    }),
  };
}
