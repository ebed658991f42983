/**
 * A run as something to read: on a terminal, as Markdown, as one HTML file. ../mod.ts calls these
 * after a run and for `deno task bench report FILE`. Pure: text in, text out; all figures and
 * verdicts are those of ../claims/analysis.ts.
 *
 * @module
 */

import { type Analysis, analyze } from "../claims/analysis.ts";
import type { Run } from "../claims/run.ts";
import { callsByName, costOfCopying, memoryPerSession } from "./bars.ts";
import { best } from "./best.ts";
import { cells } from "./cells.ts";
import { configurations, countedCalls, machine, method } from "./details.ts";
import type { Block } from "./document.ts";
import { writeHtml } from "./html.ts";
import { writeMarkdown } from "./markdown.ts";
import { loadRenderer } from "./plot.ts";
import { costOfWatching, latencySpectrum, speedAgainstDelay } from "./plots.ts";
import { waitingInLine } from "./queue.ts";
import { waitByTurn } from "./turns.ts";
import { costOfWakeups } from "./wakeups.ts";
import { peers } from "./others.ts";
import { agreementOfLoads } from "./loads.ts";
import { mechanisms } from "./twins.ts";
import { opening, signGrid, troubles, winners } from "./summary.ts";
import { COLUMNS_MAX, writeTerminal } from "./terminal.ts";

export type { Run } from "../claims/run.ts";
export { renderComparison } from "./compare.ts";
export { withFindings } from "./findings.ts";
export { RunError } from "../claims/figures.ts";
export { parseRun } from "./parse.ts";
export { COLUMNS_MAX };

/** The questions, in the order of the report. */
const PLOTS = [
  costOfWatching,
  costOfWakeups,
  memoryPerSession,
  latencySpectrum,
  callsByName,
  speedAgainstDelay,
  costOfCopying,
  waitingInLine,
  waitByTurn,
];

/** For a terminal of `width` columns, which are at most COLUMNS_MAX. */
export function renderTerminal(run: Run, width = COLUMNS_MAX): string {
  return writeTerminal(documentOf(run), Math.min(width, COLUMNS_MAX));
}

/** The same as Markdown. */
export function renderMarkdown(run: Run): string {
  return writeMarkdown(documentOf(run));
}

/** The same with plots, as one file that needs nothing else. */
export async function renderHtml(run: Run): Promise<string> {
  return writeHtml(documentOf(run), await loadRenderer());
}

/** A run is summed up once for all of its renderings. */
const documents = new WeakMap<Run, readonly Block[]>();

function documentOf(run: Run): readonly Block[] {
  const known = documents.get(run);
  if (known !== undefined) return known;
  const analysis = analyze(run);
  const blocks = [
    ...opening(analysis),
    ...signGrid(analysis),
    ...winners(analysis),
    ...plots(analysis),
    ...best(analysis),
    ...peers(analysis),
    ...mechanisms(analysis),
    ...agreementOfLoads(analysis),
    ...troubles(analysis),
    ...machine(analysis),
    ...configurations(analysis),
    ...method(analysis),
    ...countedCalls(analysis),
    ...cells(analysis),
  ];
  documents.set(run, blocks);
  return blocks;
}

function plots(analysis: Analysis): Block[] {
  const figures = PLOTS.flatMap((plot) => plot(analysis) ?? []);
  if (figures.length === 0) return [];
  const missing = PLOTS.length - figures.length;
  return [
    { kind: "heading", level: 2, text: "A plot per question" },
    ...(missing > 0
      ? [{
        kind: "text" as const,
        text: [`${missing} of ${PLOTS.length} are left out: this run has not measured them.`],
      }]
      : []),
    ...figures,
  ];
}
