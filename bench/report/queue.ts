/**
 * The question that a Gantt chart answers: who waits in line. It is a figure of document.ts, with
 * the same numbers as a table.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import { mainOf } from "../claims/figures.ts";
import type { SubjectCard } from "../record.ts";
import { median } from "../claims/statistics.ts";
import type { Figure } from "./document.ts";
import { number } from "./numbers.ts";
import { lookOf, modelsOf, rowsAt } from "./plots.ts";
import {
  axes,
  element,
  type Frame,
  inFrame,
  label,
  line,
  linearAxis,
  NO_AXIS,
  picture,
} from "./svg.ts";

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
    draw: (width, id) => {
      const panelHeight = 64 * 2.6 + 74;
      const most = Math.max(...panels.flatMap(({ clients }) => clients.map(([, , end]) => end)));
      const x = linearAxis("Milliseconds from the first connection", most);
      const drawn = panels.map(({ subject, clients }, index) =>
        `<g transform="translate(0 ${index * panelHeight})">` +
        lineUp(analysis, subject, clients, x, width, panelHeight) + "</g>"
      );
      const said = panels.map(({ subject, clients }) =>
        `${subject.id}: the last is greeted after ${number(clients.at(-1)?.[1])} ms`
      ).join("; ");
      return picture(width, panels.length * panelHeight, id, question, said, drawn.join(""));
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

function lineUp(
  analysis: Analysis,
  subject: SubjectCard,
  clients: readonly Client[],
  x: ReturnType<typeof linearAxis>,
  width: number,
  height: number,
): string {
  const frame: Frame = { left: 12, right: width - 16, top: 26, bottom: height - 52 };
  const at = inFrame(frame, x, x);
  const { tone } = lookOf(analysis, subject);
  const each = (frame.bottom - frame.top) / clients.length;
  const bars = clients.map(([connect, greeting, end], index) => {
    const y = frame.top + (index + 0.5) * each;
    const size = Math.max(1.2, each * 0.8);
    return line([[at.x(connect), y], [at.x(greeting), y]], "waits") +
      element("rect", {
        class: `served ${tone}`,
        x: at.x(greeting),
        y: y - size / 2,
        width: Math.max(0.5, at.x(end) - at.x(greeting)),
        height: size,
      });
  });
  return label(4, 16, subject.id, { look: `panel ${tone}` }) +
    label(frame.right, 16, "thin: waits, thick: is served", { anchor: "end", look: "name" }) +
    axes(frame, x, NO_AXIS) + bars.join("");
}
