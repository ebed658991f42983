/**
 * Whether the load in TypeScript and the one in C say the same of the baseline: both measure it in
 * every block, at the headline of some scenarios. Pure: an analysis in, blocks of document.ts out.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import { MARGIN } from "../claims/inference.ts";
import { rowsOf } from "../claims/series.ts";
import type { FigureId, Scenario } from "../scenarios/mod.ts";
import type { Block } from "./document.ts";
import { factor, factorWithInterval, levelOf, NOTHING, number } from "./numbers.ts";
import { WORTH } from "./others.ts";

/** What both are asked about: work is the server's own, rates may be the load's. */
const FIGURES: readonly (readonly [FigureId, string, "higher" | "lower"])[] = [
  ["cpuPerOperation", "CPU per operation, µs", "lower"],
  ["rate", "operations per second", "higher"],
];

/** The agreement of both loads, where both have measured. */
export function agreementOfLoads(analysis: Analysis): Block[] {
  const { run, baseline } = analysis;
  const others = run.agreements.map((record) => ({ ...record, kind: "cell" as const }));
  if (others.length === 0) return [];
  const [own, other] = run.header.load === "c" ? ["C", "TypeScript"] : ["TypeScript", "C"];
  const rows = analysis.scenarios.flatMap((scenario) =>
    rowsOf(others, baseline, scenario).flatMap((second) => {
      const first = analysis.row(baseline.id, scenario.id, second.point.id);
      if (first === undefined) return [];
      return FIGURES.map(([figure, label, better]) => {
        const [left, right] = [first, second].map((row) => analysis.series(row, figure));
        const compared = analysis.compare(left!, right!, better);
        const median = (series: typeof left) => number(analysis.summary(series!)?.median);
        const said = compared.withinMargin
          ? "they agree"
          : compared.verdict === "not enough"
          ? `not enough: ${compared.reasons.join("; ")}`
          : "they differ";
        return [
          `${placeOf(scenario, second.point.id)}, ${label}`,
          median(left),
          median(right),
          factorWithInterval(compared.ratio, compared.bound),
          compared.ratio === undefined ? NOTHING : levelOf(compared.ratio),
          factor(compared.seen),
          said,
        ];
      });
    })
  );
  return [
    { kind: "heading", level: 2, text: "Do both loads say the same" },
    {
      kind: "table",
      caption:
        `${baseline.title} by the load of this run, in ${own}, and by the one in ${other}: ` +
        `they agree where the interval of the ratio lies within ${MARGIN[0]} to ${MARGIN[1]}`,
      columns: [
        { title: "Figure" },
        { title: own, align: "right" },
        { title: other, align: "right" },
        { title: "Ratio", align: "right" },
        ...WORTH,
        { title: "Verdict" },
      ],
      rows,
    },
  ];
}

function placeOf({ id }: Scenario, point: string): string {
  return `${id} (${point})`;
}
