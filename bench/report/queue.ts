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
import { panelMarks, type Renderer } from "./plot.ts";
import { lookOf, modelsOf, rowsAt } from "./plots.ts";
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
  const question = "Who waits in line when everybody comes at once?";
  return {
    kind: "figure",
    id: "waiting-in-line",
    question,
    caption: "The first clients of a burst, one line each, from top to bottom in the order in " +
      "which they were greeted: thin from the connection to the greeting, thick while served. " +
      "A bounded pool greets the next client when one is done; a loop greets all and serves " +
      "them together. One block of the run; the same time axis for all.",
    draw: (renderer, width, id) => {
      const said = panels.map(({ subject, clients }) =>
        `${subject.id}: the last is greeted after ${number(clients.at(-1)?.[1])} ms`
      );
      const chart = linesChart(renderer, analysis, panels, width);
      return renderer.svg(chart, { id, title: question, description: said.join("; ") });
    },
    table: {
      kind: "table",
      caption: "Milliseconds until clients of a burst were greeted and done, by place in line",
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
  renderer: Renderer,
  analysis: Analysis,
  panels: readonly { readonly subject: SubjectCard; readonly clients: readonly Client[] }[],
  width: number,
): PlotOptions {
  const { Plot } = renderer;
  const looks = panels.map(({ subject, clients }) => ({
    ...{ name: subject.id, fy: subject.id, color: lookOf(analysis, subject).color, clients },
  }));
  const lines = looks.flatMap(({ fy, color, clients }) =>
    clients.map(([connect, greeting, end], place) => ({
      ...{ fy, color, connect, greeting, end, y: place / clients.length },
    }))
  );
  return {
    ...{ width, height: 40 + 190 * panels.length },
    ...{ marginLeft: 12, marginRight: 16, marginTop: 34, marginBottom: 40, insetBottom: 4 },
    fy: { axis: null, domain: looks.map(({ fy }) => fy), padding: 0.16 },
    x: { label: "Milliseconds from the first connection", grid: true },
    y: { domain: [1, 0], axis: null },
    marks: [
      Plot.frame({ anchor: "bottom" }),
      panelMarks(renderer, looks),
      Plot.ruleY(lines, {
        ...{ fy: "fy", y: "y", x1: "connect", x2: "greeting" },
        ...{ stroke: "var(--soft)", strokeWidth: 0.8 },
      }),
      Plot.ruleY(lines, {
        ...{ fy: "fy", y: "y", x1: "greeting", x2: "end" },
        ...{ stroke: "color", strokeWidth: 2 },
      }),
    ],
  };
}
