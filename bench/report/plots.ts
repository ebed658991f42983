/**
 * The questions that lines answer: cost against what is watched, latency by percentile, and speed
 * against delay. Each plot is a figure of document.ts, with the same numbers as a table.
 *
 * @module
 */

import type { Markish, PlotOptions } from "@observablehq/plot";
import type { Analysis } from "../claims/analysis.ts";
import type { Summary } from "../claims/inference.ts";
import type { Row } from "../claims/series.ts";
import { mainOf, mergeLatencies } from "../claims/figures.ts";
import type { SubjectCard } from "../record.ts";
import type { FigureId, Tag as ScenarioTag } from "../scenarios/mod.ts";
import type { Figure } from "./document.ts";
import { interval, number } from "./numbers.ts";
import {
  type Look,
  panelMarks,
  panelsOf,
  type Point,
  pointMarks,
  type Renderer,
  roomFor,
} from "./plot.ts";

/** A line of a plot. */
interface Series {
  readonly subject: SubjectCard;
  readonly points: readonly Pick<Point, "x" | "y" | "low" | "high">[];
  /** Marks beside the line that do not belong to it. */
  readonly apart?: readonly Pick<Point, "x" | "y">[];
}

const SYMBOLS: readonly Look["symbol"][] = ["circle", "square", "triangle", "diamond"];
const DASHES: readonly string[] = ["none", "7 3", "2 3", "8 3 2 3"];

/** The colour says how a subject waits; dash and shape tell the variants of a model apart. */
export function lookOf(analysis: Analysis, subject: SubjectCard): Look & { dash: string } {
  const { subjects } = analysis.run.header;
  const model = modelOf(subject);
  const siblings = subjects.filter((other) => modelOf(other) === model);
  // The baseline is the solid one of its model.
  const order = siblings.toSorted((left, right) =>
    Number(right.id === analysis.baseline.id) - Number(left.id === analysis.baseline.id)
  );
  const index = order.findIndex(({ id }) => id === subject.id);
  return {
    color: `var(--${model})`,
    symbol: SYMBOLS[index % SYMBOLS.length]!,
    dash: DASHES[index % DASHES.length]!,
  };
}

/** The models that have a colour in style.ts. */
const MODELS: readonly string[] = ["blocking", "polling", "multiplex", "async", "uring"];

/** The model of a variant, "peer" for others. */
export function modelOf({ kind, flags }: SubjectCard): string {
  const name = flags[flags.indexOf("--model") + 1] ?? "";
  if (kind === "peer") return "peer";
  return MODELS.includes(name) ? name : "other";
}

const HEIGHT_MAX = 400;

/** Curves of more points are clear without marks. */
const MARKED_POINTS_MAX = 16;

/** A logarithmic axis from below to above, with lines across. */
const LOG = { type: "log", grid: true, tickSize: 0, tickSpacing: 50, tickFormat: ",~r" } as const;

/** A chart of lines with their names at their ends. */
function lineChart(
  renderer: Renderer,
  analysis: Analysis,
  series: readonly Series[],
  width: number,
  scales: Pick<PlotOptions, "x" | "y">,
): PlotOptions {
  return {
    ...{ width, height: Math.min(HEIGHT_MAX, Math.round(width * 0.95)) },
    ...{ marginLeft: 44, marginTop: 34, marginBottom: 40, inset: 5, ...scales },
    marginRight: roomFor(series.map(({ subject }) => subject.id)),
    marks: [renderer.Plot.frame({ anchor: "bottom" }), lineMarks(renderer, analysis, series)],
  };
}

/** Lines, their intervals, marks and names, in one panel if there are several. */
function lineMarks(
  renderer: Renderer,
  analysis: Analysis,
  series: readonly Series[],
  panel: Pick<Point, "fx" | "fy"> = {},
): Markish[] {
  const looks = series.map((one) => ({ ...one, ...lookOf(analysis, one.subject) }));
  const lines = looks.map(({ subject, points, color, dash }) =>
    renderer.Plot.line(points.map((point) => ({ ...point, ...panel })), {
      ...{ x: "x", y: "y", ...panelsOf([panel]), stroke: color, strokeDasharray: dash },
      strokeWidth: subject.id === analysis.baseline.id ? 3 : 1.9,
    })
  );
  const marks = looks.flatMap(({ subject, points, apart = [], color, symbol }): Point[] => {
    const marked = [
      // Of a curve only the end.
      ...points.slice(points.length > MARKED_POINTS_MAX ? -1 : 0),
      ...apart.map((point) => ({ ...point, isHollow: true })),
    ];
    const named = points.length > 0 ? marked.length - apart.length - 1 : marked.length - 1;
    return marked.map((point, index) => ({
      ...{ ...point, ...panel, color, symbol },
      ...(index === named ? { name: subject.id } : {}),
    }));
  });
  return [...lines, ...pointMarks(renderer, marks)];
}

function headlineCost(analysis: Analysis, row: Row, figure: FigureId) {
  return analysis.summary(analysis.series(row, figure));
}

/** An interval that can be drawn: an end that is not known is the median. */
export function finite({ median, interval: [low, high] }: Summary): [number, number] {
  return [low > 0 ? low : median, high < Infinity ? high : median];
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
      return [{ x: row.point.x, y: summary.median, low, high }];
    }),
  })).filter(({ points }) => points.length > 0);
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))]
    .toSorted((left, right) => left - right);
  if (xs.length < 2) return undefined;
  const question = "Does a wait cost what is watched, or what is ready?";
  return {
    kind: "figure",
    id: "cost-of-watching",
    question,
    caption: "Server CPU per request of 16 busy clients, beside more and more silent sessions. " +
      "A flat line pays for what is ready, a rising one for what is watched. A line that ends " +
      "early is a model that cannot serve more sessions. Both axes are logarithmic; bars are " +
      "intervals of the medians where they are wider than a mark.",
    draw: (renderer, width, id) => {
      // A place for 0 about half a decade left of the first.
      const constant = Math.min(...xs.filter((x) => x > 0)) / 2;
      const chart = lineChart(renderer, analysis, series, width, {
        x: { type: "symlog", constant, ticks: xs, label: "Idle sessions (log, 0 apart)" },
        y: { ...LOG, label: "CPU per request, µs" },
      });
      const description = describe(series, "µs", "sessions");
      return renderer.svg(chart, { id, title: question, description });
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
            ? `${number(summary.median)} (${interval(summary)})`
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
  const question = "How late does sleeping between two looks answer?";
  const shown = [0.5, 0.9, 0.99, 0.999, 0.9999];
  const how = point.startsWith("load")
    ? `an open loop at ${100 * Number(point.split("=")[1])} % of each model's own capacity`
    : "16 clients in a closed loop";
  return {
    kind: "figure",
    id: "latency-spectrum",
    question,
    caption: `Latency of a request by percentile, ${how}, all blocks merged. The horizontal ` +
      "axis gives each further nine of the tail the same room; a curve ends where fewer than " +
      `${BEYOND_MIN} samples are beyond it.`,
    draw: (renderer, width, id) => {
      const deepest = Math.max(...series.flatMap(({ points }) => points.map(({ x }) => x)));
      const ticks = [0, ...shown.filter((q) => q <= deepest + 1e-9)].map(ninesOf);
      const name = (nines: number) => nines === 0 ? "min" : percentileName(1 - 10 ** -nines);
      const chart = lineChart(renderer, analysis, series, width, {
        // Each further nine has the same room.
        x: { transform: ninesOf, ticks, tickFormat: name, label: "Percentile" },
        y: { ...LOG, label: "Latency, ms" },
      });
      const description = describe(series, "ms", "the tail");
      return renderer.svg(chart, { id, title: question, description });
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
      return rate && p99 ? [{ x: rate.median, y: p99.median }] : [];
    };
    const rows = rowsAt(analysis, subject, "requests");
    const points = rows.filter(({ point }) => point.ofCapacity).flatMap(place);
    const apart = rows.filter(({ point }) => !point.ofCapacity).flatMap(place);
    return points.length + apart.length > 0 ? [{ subject, points, apart }] : [];
  });
  if (series.every(({ points, apart = [] }) => points.length + apart.length < 2)) return undefined;
  const question = "How much can be asked before answers are late?";
  const models = MODELS.filter((model) => series.some(({ subject }) => modelOf(subject) === model));
  return {
    kind: "figure",
    id: "speed-against-delay",
    question,
    caption: "p99 of a request against requests per second. Lines are open loops from 10 to " +
      "120 % of a model's capacity, hollow marks closed loops of 1, 4, 16 and 64 clients; one " +
      "panel per model, with all others faint. Right and low is good; where a line turns up " +
      "is its knee. Points with fewer than 1,000 samples a block have no p99 and are left out. The " +
      "vertical axis is logarithmic.",
    draw: (renderer, width, id) => {
      const chart = panelsChart(renderer, analysis, series, models, width);
      const description = describe(series, "ms p99", "load");
      return renderer.svg(chart, { id, title: question, description });
    },
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
          number(headlineCost(analysis, row, "rate")?.median),
          number(headlineCost(analysis, row, "p99")?.median),
        ])
      ),
    },
  };
}

/** A panel per model, side by side where there is room, each with all other lines faint. */
function panelsChart(
  renderer: Renderer,
  analysis: Analysis,
  series: readonly Series[],
  models: readonly string[],
  width: number,
): PlotOptions {
  const { Plot } = renderer;
  const across = width >= 600 ? 2 : 1;
  const panels = models.map((name, index) => ({
    ...{ name, color: `var(--${name})`, fx: index % across, fy: Math.floor(index / across) },
    own: series.filter(({ subject }) => modelOf(subject) === name),
  }));
  const faint = { x: "x", y: "y", facet: "exclude", stroke: "var(--rule)" } as const;
  const points = series.flatMap(({ points, apart = [] }) => [...points, ...apart]);
  return {
    ...{ width, height: 60 + 240 * Math.ceil(models.length / across) },
    ...{ marginLeft: 44, marginTop: 52, marginBottom: 40, marginRight: 4, inset: 5 },
    // Names of lines stand within their panel.
    insetRight: roomFor(series.map(({ subject }) => subject.id)),
    ...{ fx: { axis: null, padding: 0.1 }, fy: { axis: null, padding: 0.18 } },
    x: { domain: [0, Math.max(...points.map(({ x }) => x))], label: "Requests per second" },
    y: { ...LOG, label: "p99, ms" },
    marks: [
      Plot.frame({ anchor: "bottom" }),
      panelMarks(renderer, panels),
      panels.map(({ own, fx, fy }) =>
        own.map(({ points }) => Plot.line(points, { ...faint, fx: () => fx, fy: () => fy }))
      ),
      panels.map(({ own, fx, fy }) => lineMarks(renderer, analysis, own, { fx, fy })),
    ],
  };
}

/** The variants of this project's own server. */
export function modelsOf(analysis: Analysis): readonly SubjectCard[] {
  return analysis.run.header.subjects.filter(({ kind }) => kind === "model");
}

/** Rows of the scenario with that tag. */
export function rowsAt(analysis: Analysis, subject: SubjectCard, tag: ScenarioTag): Row[] {
  const scenario = analysis.tagged(tag);
  return analysis.rows.filter((row) => row.subject.id === subject.id && row.scenario === scenario);
}

/** From where to where each line goes, for those who do not see it. */
function describe(series: readonly Series[], unit: string, along: string): string {
  return series.map(({ subject, points, apart = [] }) => {
    const all = points.length > 0 ? points : apart;
    const [first, last] = [all[0], all.at(-1)];
    return `${subject.id}: from ${number(first?.y)} to ${number(last?.y)} ${unit}`;
  }).join("; ") + `; along ${along}.`;
}
