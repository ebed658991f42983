/**
 * The question that a Gantt chart answers: who waits in line. It is a figure of document.ts, with
 * the same numbers as a table.
 *
 * @module
 */

import type { PlotOptions } from "@observablehq/plot";
import type { Analysis } from "../claims/analysis.ts";
import { mainOf } from "../claims/figures.ts";
import type { SubjectCard } from "../record.ts";
import { median } from "../claims/statistics.ts";
import type { Figure } from "./document.ts";
import { number } from "./numbers.ts";
import { PANEL_MARGINS, panelMarks, type PlotLibrary } from "./plot.ts";
import { lookOf, modelsOf, rowsAt } from "./looks.ts";
/** Whose waiting in line is shown. */
const IN_LINE = ["blocking-8", "blocking-64", "epoll"];

/** Who waits while others are served. */
export function waitingInLine(analysis: Analysis): Figure | undefined {
  const panels = modelsOf(analysis).filter(({ id }) => IN_LINE.includes(id)).flatMap((subject) => {
    const rows = rowsAt(analysis, subject, "queue");
    const timeline = rows.flatMap((row) => row.cells).map((cell) => mainOf(cell)?.timeline)
      .find((clients) => clients !== undefined && clients.length > 0);
    return timeline === undefined ? [] : [{ subject, clients: inLine(timeline) }];
  });
  if (panels.length === 0) return undefined;
  return {
    kind: "figure",
    id: "waiting-in-line",
    question: "Who waits in line when everybody comes at once?",
    caption: "The clients of a burst that were done first, 64 at most, one line each, from top " +
      "to bottom in the order in which they were greeted: thin from the connection to the " +
      "greeting, thick while served. A bounded pool greets the next client when one is done; a " +
      "loop greets all and serves them together. One block of the run; the same time axis for all.",
    description: panels.map(({ subject, clients }) =>
      `${subject.id}: of the first ${clients.length} to be done the last is greeted after ` +
      `${number(clients.at(-1)?.[1])} ms`
    ).join("; "),
    chart: (Plot) => linesChart(Plot, analysis, panels),
    table: {
      kind: "table",
      caption: "Milliseconds until the first clients of a burst to be done, 64 at most, were " +
        "greeted and done",
      columns: [
        { title: "Model" },
        { title: "clients", align: "right" },
        { title: "first greeted", align: "right" },
        { title: "median greeted", align: "right" },
        { title: "last greeted", align: "right" },
        { title: "last done", align: "right" },
      ],
      rows: panels.map(({ subject, clients }) => {
        const greeted = clients.map(([, greeting]) => greeting);
        const done = Math.max(...clients.map(([, , end]) => end));
        return [
          subject.id,
          ...[clients.length, greeted[0], median(greeted), greeted.at(-1), done].map(number),
        ];
      }),
    },
  };
}

type Client = readonly [connect: number, greeting: number, end: number];

/** From the first connection on, in the order of greetings. */
function inLine(clients: readonly Client[]): Client[] {
  const begin = Math.min(...clients.map(([connect]) => connect));
  return clients.map(([connect, greeting, end]): Client => [
    connect - begin,
    greeting - begin,
    end - begin,
  ]).toSorted((left, right) => left[1] - right[1]);
}

/** A panel per subject below each other, over one axis of time. */
function linesChart(
  Plot: PlotLibrary,
  analysis: Analysis,
  panels: readonly { readonly subject: SubjectCard; readonly clients: readonly Client[] }[],
): PlotOptions {
  const looks = panels.map(({ subject, clients }) => ({
    name: subject.id,
    fy: subject.id,
    color: lookOf(analysis, subject).color,
    clients,
  }));
  const lines = looks.flatMap(({ fy, color, clients }) =>
    clients.map(([connect, greeting, end], place) => {
      return { fy, color, connect, greeting, end, y: place / clients.length };
    })
  );
  const place = { fy: "fy", y: "y" };
  const thin = { stroke: "var(--soft)", strokeWidth: 0.8 };
  const thick = { stroke: "color", strokeWidth: 2 };
  return {
    ...PANEL_MARGINS,
    height: 40 + 190 * panels.length,
    marginLeft: 12,
    marginTop: 34,
    marginRight: 16,
    fy: { axis: null, domain: looks.map(({ fy }) => fy), padding: 0.16 },
    x: { label: "Milliseconds from the first connection", grid: true },
    y: { domain: [1, 0], axis: null },
    marks: [
      Plot.frame({ anchor: "bottom" }),
      panelMarks(Plot, looks),
      Plot.ruleY(lines, { ...place, ...thin, x1: "connect", x2: "greeting" }),
      Plot.ruleY(lines, { ...place, ...thick, x1: "greeting", x2: "end" }),
    ],
  };
}
