/**
 * The questions that lines answer: cost against what is watched, latency by percentile, and speed
 * against delay. Each plot is a figure of document.ts, with the same numbers as a table.
 *
 * @module
 */

import type { Markish, PlotOptions } from "@observablehq/plot";
import type { Analysis } from "../claims/analysis.ts";
import { boundOfSummary, type Row } from "../claims/series.ts";
import { mainOf, mergeLatencies } from "../claims/figures.ts";
import type { SubjectCard } from "../record.ts";
import type { FigureId } from "../scenarios/mod.ts";
import type { Figure } from "./document.ts";
import { finite, lookOf, modelOf, MODELS, modelsOf, rowsAt } from "./looks.ts";
import { bounded, boundSign, compact, interval, number } from "./numbers.ts";
import {
  MARGINS,
  PANEL_MARGINS,
  panelMarks,
  panelsOf,
  type PlotLibrary,
  type Point,
  pointMarks,
  roomFor,
} from "./plot.ts";

/** A line of a plot. */
interface Series {
  readonly subject: SubjectCard;
  readonly points: readonly Pick<Point, "x" | "y" | "low" | "high" | "bound">[];
  /** Marks beside the line that do not belong to it. */
  readonly apart?: readonly Pick<Point, "x" | "y" | "bound">[];
}

const HEIGHT_MAX = 400;

/** Curves of more points are clear without marks. */
const MARKED_POINTS_MAX = 16;

/** A logarithmic axis from below to above, with lines across. */
const LOG = { type: "log", grid: true, tickSize: 0, tickSpacing: 50, tickFormat: ",~r" } as const;

/** A chart of lines with their names at their ends. */
function lineChart(
  Plot: PlotLibrary,
  analysis: Analysis,
  series: readonly Series[],
  width: number,
  scales: Pick<PlotOptions, "x" | "y">,
): PlotOptions {
  return {
    ...MARGINS,
    ...scales,
    height: Math.min(HEIGHT_MAX, Math.round(width * 0.95)),
    marginTop: 34,
    marginRight: roomFor(series.map(({ subject }) => subject.id)),
    marks: [Plot.frame({ anchor: "bottom" }), lineMarks(Plot, analysis, series)],
  };
}

/** Lines, their intervals, marks and names, in one panel if there are several. */
function lineMarks(
  Plot: PlotLibrary,
  analysis: Analysis,
  series: readonly Series[],
  panel: Pick<Point, "fx" | "fy"> = {},
): Markish[] {
  const looks = series.map((one) => ({ ...one, ...lookOf(analysis, one.subject) }));
  const lines = looks.map(({ subject, points, color, dash }) =>
    Plot.line(points.map((point) => ({ ...point, ...panel })), {
      x: "x",
      y: "y",
      ...panelsOf([panel]),
      stroke: color,
      strokeDasharray: dash,
      strokeWidth: subject.id === analysis.baseline.id ? 3 : 1.9,
    })
  );
  const marks = looks.flatMap(({ subject, points, apart = [], color, symbol }): Point[] => {
    const look = { color, symbol, ...panel };
    const end = points.at(-1) ?? apart.at(-1);
    // Of a curve only the end is marked.
    const marked = points.slice(points.length > MARKED_POINTS_MAX ? -1 : 0);
    return [...marked, ...apart].map((point) => ({
      ...point,
      ...look,
      isHollow: apart.includes(point),
      ...(point === end ? { name: subject.id } : {}),
    }));
  });
  return [...lines, ...pointMarks(Plot, marks)];
}

function headlineCost(analysis: Analysis, row: Row, figure: FigureId) {
  return analysis.summary(analysis.series(row, figure));
}

/** CPU per request against idle connections. */
export function costOfWatching(analysis: Analysis): Figure | undefined {
  const figure = "cpuPerOperation";
  const series = modelsOf(analysis).map((subject): Series => ({
    subject,
    points: rowsAt(analysis, subject, "watching").flatMap((row) => {
      const summary = headlineCost(analysis, row, figure);
      if (summary === undefined) return [];
      const [low, high] = finite(summary);
      const bound = boundSign(boundOfSummary(summary)).trim();
      return [{ x: row.point.x, y: summary.median, low, high, bound }];
    }),
  })).filter(({ points }) => points.length > 0);
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))]
    .toSorted((left, right) => left - right);
  if (xs.length < 2) return undefined;
  return {
    kind: "figure",
    id: "cost-of-watching",
    question: "Does a wait cost what is watched, or what is ready?",
    caption: "Server CPU per request of 16 busy clients, beside more and more silent sessions. " +
      "A flat line pays for what is ready, a rising one for what is watched. A line that ends " +
      "early is a model that cannot serve more sessions. Both axes are logarithmic; bars are " +
      "intervals of the medians where they are wider than a mark.",
    description: describe(series, "µs", "sessions"),
    chart: (Plot, width) => {
      // A place for 0 about half a decade left of the first.
      const constant = Math.min(...xs.filter((x) => x > 0)) / 2;
      return lineChart(Plot, analysis, series, width, {
        x: {
          type: "symlog",
          constant,
          ticks: xs,
          tickFormat: compact,
          label: "Idle sessions (log, 0 apart)",
        },
        y: { ...LOG, label: "CPU per request, µs" },
      });
    },
    table: {
      kind: "table",
      caption: "CPU per request, µs, by idle sessions (median and its interval)",
      columns: [
        { title: "Model" },
        ...xs.map((x) => ({ title: number(x), align: "right" as const })),
      ],
      rows: series.map(({ subject, points }) => [
        subject.id,
        ...xs.map((x) => {
          const row = rowsAt(analysis, subject, "watching").find(({ point }) => point.x === x);
          const summary = row && headlineCost(analysis, row, figure);
          const found = points.some((point) => point.x === x);
          return found && summary
            ? `${bounded(summary)} (${interval(summary)})`
            : row?.unable
            ? "unable"
            : "–";
        }),
      ]),
    },
  };
}

/** The point whose latencies show the interval best: an open loop, else the closed one. */
const SPECTRUM_POINTS = ["load=0.5", "clients=16"];

/** Latency by percentile, per polling interval, with epoll beside it. */
export function latencySpectrum(analysis: Analysis): Figure | undefined {
  const subjects = modelsOf(analysis).filter((subject) =>
    modelOf(subject) === "polling" || subject.id === analysis.baseline.id
  );
  for (const point of SPECTRUM_POINTS) {
    const curves = subjects.flatMap((subject) => {
      const row = rowsAt(analysis, subject, "requests").find((one) => one.point.id === point);
      const latencies = row?.cells.flatMap((cell) => mainOf(cell)?.latency ?? []) ?? [];
      const histogram = mergeLatencies(latencies);
      return histogram === undefined || histogram.totalCount === 0 ? [] : [{ subject, histogram }];
    });
    if (curves.length >= 2) return spectrumOf(analysis, point, curves);
  }
  return undefined;
}

type Histogram = NonNullable<ReturnType<typeof mergeLatencies>>;

/** Steps per decade of the tail: enough for a smooth curve. */
const STEPS_PER_DECADE = 12;

/** A percentile with fewer samples beyond it is an accident: p99.9 needs 10,000. */
const BEYOND_MIN = 10;

function spectrumOf(
  analysis: Analysis,
  point: string,
  curves: readonly { readonly subject: SubjectCard; readonly histogram: Histogram }[],
): Figure {
  const series = curves.map(({ subject, histogram }): Series => {
    const decades = Math.max(1, Math.log10(histogram.totalCount / BEYOND_MIN));
    const steps = Math.floor(decades * STEPS_PER_DECADE);
    const points = Array.from({ length: steps + 1 }, (_, step) => {
      const x = 1 - 10 ** -(step / STEPS_PER_DECADE);
      return { x, y: Math.max(1, histogram.getValueAtPercentile(100 * x)) / 1e3 };
    });
    return { subject, points };
  });
  const shown = [0.5, 0.9, 0.99, 0.999, 0.9999];
  const how = point.startsWith("load")
    ? `an open loop at ${100 * Number(point.split("=")[1])} % of each model's own capacity`
    : "16 clients in a closed loop";
  return {
    kind: "figure",
    id: "latency-spectrum",
    question: "How late does sleeping between two looks answer?",
    caption: `Latency of a request by percentile, ${how}, all blocks merged. The horizontal ` +
      "axis gives each further nine of the tail the same room; a curve ends where fewer than " +
      `${BEYOND_MIN} samples are beyond it.`,
    description: describe(series, "ms", "the tail"),
    chart: (Plot, width) => {
      const deepest = Math.max(...series.flatMap(({ points }) => points.map(({ x }) => x)));
      const ticks = [0, ...shown.filter((q) => q <= deepest + 1e-9)].map(ninesOf);
      const name = (nines: number) => nines === 0 ? "min" : percentileName(1 - 10 ** -nines);
      return lineChart(Plot, analysis, series, width, {
        // Each further nine has the same room.
        x: { transform: ninesOf, ticks, tickFormat: name, label: "Percentile" },
        y: { ...LOG, label: "Latency, ms" },
      });
    },
    table: {
      kind: "table",
      caption: `Latency, ms, by percentile (${how}, blocks merged)`,
      columns: [
        { title: "Model" },
        ...shown.map((q) => ({ title: percentileName(q), align: "right" as const })),
        { title: "max", align: "right" },
        { title: "samples", align: "right" },
      ],
      rows: curves.map(({ subject, histogram }) => [
        subject.id,
        ...shown.map((q) =>
          (1 - q) * histogram.totalCount >= BEYOND_MIN - 1e-6
            ? number(histogram.getValueAtPercentile(100 * q) / 1e3)
            : "–"
        ),
        number(histogram.maxValue / 1e3),
        number(histogram.totalCount),
      ]),
    },
  };
}

/** 0.99 is 2 nines. */
function ninesOf(q: number): number {
  return -Math.log10(1 - q);
}

/** 0.999 is "p99.9": multiplied by 100 it would not be exact. */
function percentileName(q: number): string {
  return `p${Number((100 * q).toFixed(4))}`;
}

/** Speed against delay: the knee. */
export function speedAgainstDelay(analysis: Analysis): Figure | undefined {
  const series = modelsOf(analysis).flatMap((subject): Series[] => {
    const place = (row: Row) => {
      const rate = headlineCost(analysis, row, "rate");
      const p99 = headlineCost(analysis, row, "p99");
      const bound = boundSign(boundOfSummary(rate)).trim();
      return rate && p99 ? [{ x: rate.median, y: p99.median, bound }] : [];
    };
    const rows = rowsAt(analysis, subject, "requests");
    const points = rows.filter(({ point }) => point.ofCapacity).flatMap(place);
    const apart = rows.filter(({ point }) => !point.ofCapacity && !point.perSecond).flatMap(place);
    return points.length + apart.length > 0 ? [{ subject, points, apart }] : [];
  });
  if (series.every(({ points, apart = [] }) => points.length + apart.length < 2)) return undefined;
  const models = MODELS.filter((model) => series.some(({ subject }) => modelOf(subject) === model));
  return {
    kind: "figure",
    id: "speed-against-delay",
    question: "How much can be asked before answers are late?",
    caption: "p99 of a request against requests per second. Lines are open loops from 10 to " +
      "120 % of a model's capacity, hollow marks closed loops of 1, 4, 16 and 64 clients; one " +
      "panel per model, with all others faint. Right and low is good; where a line turns up " +
      "is its knee. Points with fewer than 1,000 samples a block have no p99 and are left out; " +
      "at ≥ the load was the limit, and the server may be better; at ≤ clients were not served, and " +
      "it may be worse. The vertical axis is logarithmic.",
    description: describe(series, "ms p99", "load"),
    chart: (Plot, width) => panelsChart(Plot, analysis, series, models, width),
    table: {
      kind: "table",
      caption: "Requests per second and p99 in ms, by point (medians over blocks)",
      columns: [
        { title: "Model" },
        { title: "Point" },
        { title: "Requests/s", align: "right" },
        { title: "p99, ms", align: "right" },
      ],
      rows: series.flatMap(({ subject }) =>
        rowsAt(analysis, subject, "requests").map((row) => [
          subject.id,
          row.point.id,
          bounded(headlineCost(analysis, row, "rate")),
          bounded(headlineCost(analysis, row, "p99")),
        ])
      ),
    },
  };
}

/** A panel per model, side by side where there is room, each with all other lines faint. */
function panelsChart(
  Plot: PlotLibrary,
  analysis: Analysis,
  series: readonly Series[],
  models: readonly string[],
  width: number,
): PlotOptions {
  const across = width >= 600 ? 2 : 1;
  const panels = models.map((name, index) => ({
    name,
    color: `var(--${name})`,
    fx: index % across,
    fy: Math.floor(index / across),
    own: series.filter(({ subject }) => modelOf(subject) === name),
  }));
  const faint = { x: "x", y: "y", facet: "exclude", stroke: "var(--rule)" } as const;
  const points = series.flatMap(({ points, apart = [] }) => [...points, ...apart]);
  return {
    ...PANEL_MARGINS,
    height: 60 + 240 * Math.ceil(models.length / across),
    insetRight: roomFor(series.map(({ subject }) => subject.id)),
    fx: { axis: null, padding: across > 1 ? 0.1 : 0 },
    fy: { axis: null, padding: 0.18 },
    x: { domain: [0, Math.max(...points.map(({ x }) => x))], label: "Requests per second" },
    y: { ...LOG, label: "p99, ms" },
    marks: [
      Plot.frame({ anchor: "bottom" }),
      panelMarks(Plot, panels),
      panels.map(({ own, fx, fy }) =>
        own.map(({ points }) => Plot.line(points, { ...faint, fx: () => fx, fy: () => fy }))
      ),
      panels.map(({ own, fx, fy }) => lineMarks(Plot, analysis, own, { fx, fy })),
    ],
  };
}

/** From where to where each line goes, for those who do not see it. */
function describe(series: readonly Series[], unit: string, along: string): string {
  return series.map(({ subject, points, apart = [] }) => {
    const all = points.length > 0 ? points : apart;
    const [first, last] = [all[0], all.at(-1)];
    return `${subject.id}: from ${number(first?.y)} to ${number(last?.y)} ${unit}`;
  }).join("; ") + `; along ${along}.`;
}
