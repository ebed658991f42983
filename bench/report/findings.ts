/**
 * The tables of FINDINGS.md, made from a run: what each scenario was judged by, every model against
 * the baseline in it, the fitted cost of a wake-up, and what other servers and twins were measured.
 * ../mod.ts puts them between two marks of the page; a test makes them again from the raw records
 * of the example, so that the page cannot say anything else. Pure.
 *
 * @module
 */

import { analyze } from "../claims/analysis.ts";
import { correctAll } from "../claims/family.ts";
import { agreesWithinMargin, correct, gridField } from "../claims/grid.ts";
import type { Run } from "../claims/run.ts";
import type { Table } from "./document.ts";
import { writeMarkdown } from "./markdown.ts";
import {
  factor,
  factorWithInterval,
  interval,
  levelOf,
  NOTHING,
  number,
  verdictInWords,
  withMicro,
} from "./numbers.ts";
import { peers } from "./others.ts";
import { mechanisms } from "./twins.ts";
import { costOfWakeups } from "./wakeups.ts";

/** Where the table begins and ends in the page. */
export const MARKS = [
  "<!-- made from the run: begin -->",
  "<!-- made from the run: end -->",
] as const;

/**
 * `page` with the table of `run` between its marks, or undefined when it has none.
 */
export function withFindings(page: string, run: Run): string | undefined {
  const [begin, end] = MARKS.map((mark) => page.indexOf(mark)) as [number, number];
  if (begin < 0 || end < begin) return undefined;
  return `${page.slice(0, begin + MARKS[0].length)}\n\n${findings(run)}\n${page.slice(end)}`;
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
  const { tested, alone, corrected, adjusted } = correct(fields);
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
        number(comparison && adjusted.get(comparison)),
        comparison?.ratio === undefined ? mark : verdictInWords(comparison.verdict, comparison),
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
  const told = `Of ${count("agrees") + count("differs") + count("open")} expectations of the ` +
    `textbook ${
      count("agrees")
    } agree with the measurement (${within} of them by a difference that ` +
    `is certain and within the margin), ${count("differs")} differ, and of ${
      count("open")
    } there ` +
    `is not enough to tell. Of ${tested} fields tested ${alone} differ from the baseline each for ` +
    `itself, ${corrected} after the correction for their number.` +
    (all.tested === tested ? "" : ` With the peers and the twins below it is ${all.tested} ` +
      `comparisons: ${all.alone} differ, ${all.corrected} after it.`);
  const wakeups = costOfWakeups(analysis)?.table;
  const others = [...peers(analysis), ...mechanisms(analysis)]
    .filter(({ kind }) => kind === "table");
  return writeMarkdown([
    { kind: "text", text: [told] },
    figures,
    table,
    ...(undecided.length === 0 ? [] : [open]),
    ...(wakeups === undefined ? [] : [wakeups]),
    ...others,
  ]);
}
