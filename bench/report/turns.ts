/**
 * The curve of turns: how late a small answer is, by how much of a file a step of bulk moves. Pure;
 * mod.ts lists it among the plots.
 *
 * @module
 */

import type { PlotOptions } from "@observablehq/plot";
import type { Analysis } from "../claims/analysis.ts";
import type { Summary } from "../claims/inference.ts";
import { boundOfSummary, type Row } from "../claims/series.ts";
import type { SubjectCard } from "../record.ts";
import type { Figure } from "./document.ts";
import { finite, lookOf, modelsOf, rowsAt } from "./looks.ts";
import { bounded, boundSign, interval, NOTHING, number } from "./numbers.ts";
import { MARGINS, type PlotLibrary, type Point, pointMarks, roomFor } from "./plot.ts";

/** One subject, by what a step moves. */
interface Curve {
  readonly subject: SubjectCard;
  readonly points: readonly {
    readonly row: Row;
    /** p99 of a probe, ms. */
    readonly wait: Summary;
    /** Of all downloads, MB/s. */
    readonly throughput: Summary | undefined;
  }[];
}

/** Pixels. */
const HEIGHT_MAX = 380;

/** Delay by size of a step. */
export function waitByTurn(analysis: Analysis): Figure | undefined {
  const curves = modelsOf(analysis).map((subject): Curve => ({
    subject,
    points: rowsAt(analysis, subject, "turns").flatMap((row) => {
      const wait = analysis.summary(analysis.series(row, "probeP99"));
      const throughput = analysis.summary(analysis.series(row, "throughput"));
      return wait === undefined ? [] : [{ row, wait, throughput }];
    }),
  })).filter(({ points }) => points.length > 0);
  const sizes = [...new Set(curves.flatMap(({ points }) => points.map(({ row }) => row.point.x)))]
    .toSorted((left, right) => left - right);
  if (sizes.length < 2) return undefined;
  return {
    kind: "figure",
    id: "wait-by-turn",
    question: "How late is a small answer, by how much a turn moves?",
    caption: "p99 of a NOOP beside 16 downloads, by how much of a file a step of a transfer " +
      "moves. Where answers wait for what a round of steps moves, a line rises with it; where " +
      "they wait for something else, it does not. Both axes are logarithmic; bars are intervals of the medians.",
    description: curves.map(({ subject, points }) =>
      `${subject.id}: from ${number(points[0]!.wait.median)} to ` +
      `${number(points.at(-1)!.wait.median)} ms`
    ).join("; "),
    chart: (Plot, width) => chartOf(Plot, analysis, curves, sizes, width),
    table: {
      kind: "table",
      caption: "p99 of a NOOP, ms (median and its interval), and payload moved meanwhile, MB/s",
      columns: [
        { title: "Model" },
        ...sizes.map((size) => ({ title: binary(size), align: "right" as const })),
      ],
      rows: curves.map(({ subject, points }) => [
        subject.id,
        ...sizes.map((size) => {
          const found = points.find(({ row }) => row.point.x === size);
          if (found === undefined) return NOTHING;
          const { wait, throughput } = found;
          return `${bounded(wait)} (${interval(wait)}); ${bounded(throughput)}`;
        }),
      ]),
    },
  };
}

function chartOf(
  Plot: PlotLibrary,
  analysis: Analysis,
  curves: readonly Curve[],
  sizes: readonly number[],
  width: number,
): PlotOptions {
  const lines = curves.map(({ subject, points }) => {
    const { color, symbol, dash } = lookOf(analysis, subject);
    const marks = points.map(({ row, wait }, index): Point => {
      const [low, high] = finite(wait);
      const bound = boundSign(boundOfSummary(wait)).trim();
      const name = index === points.length - 1 ? { name: subject.id } : {};
      return { x: row.point.x, y: wait.median, low, high, bound, color, symbol, ...name };
    });
    return { marks, color, dash, isBaseline: subject.id === analysis.baseline.id };
  });
  return {
    ...MARGINS,
    height: Math.min(HEIGHT_MAX, Math.round(width * 0.9)),
    marginTop: 34,
    marginRight: roomFor(curves.map(({ subject }) => subject.id)),
    x: { type: "log", ticks: [...sizes], tickFormat: binary, label: "Octets of a step (log)" },
    y: { type: "log", grid: true, tickSize: 0, tickFormat: ",~r", label: "p99 of a NOOP, ms" },
    marks: [
      Plot.frame({ anchor: "bottom" }),
      lines.map(({ marks, color, dash, isBaseline }) =>
        Plot.line(marks, {
          x: "x",
          y: "y",
          stroke: color,
          strokeDasharray: dash,
          strokeWidth: isBaseline ? 3 : 1.9,
        })
      ),
      pointMarks(Plot, lines.flatMap(({ marks }) => marks)),
    ],
  };
}

/** "256 KiB". */
function binary(octets: number): string {
  return octets < 1 << 20 ? `${octets / 1024} KiB` : `${octets / (1 << 20)} MiB`;
}
