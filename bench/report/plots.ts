/**
 * The questions that lines answer: cost against what is watched, latency by percentile, and speed
 * against delay. Each plot is a figure of document.ts, with the same numbers as a table.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import type { Summary } from "../claims/inference.ts";
import type { Row } from "../claims/series.ts";
import { mainOf, mergeLatencies } from "../claims/figures.ts";
import type { SubjectCard } from "../record.ts";
import type { FigureId, Tag as ScenarioTag } from "../scenarios/mod.ts";
import type { Figure } from "./document.ts";
import { interval, number } from "./numbers.ts";
import {
  axes,
  type Axis,
  type Frame,
  inFrame,
  label,
  line,
  linearAxis,
  logAxis,
  type Look,
  mark,
  picture,
  type Tag,
  tags,
  textWidth,
} from "./svg.ts";

/** A line of a plot. */
interface Series {
  readonly subject: SubjectCard;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    /** The interval of y, where there is one. */
    readonly ends?: readonly [number, number];
  }[];
  /** Marks beside the line that do not belong to it. */
  readonly apart?: readonly { readonly x: number; readonly y: number }[];
}

const SHAPES: readonly Look["shape"][] = ["circle", "square", "triangle", "diamond"];
const DASHES: readonly (string | undefined)[] = [undefined, "7 3", "2 3", "8 3 2 3"];

/** The colour says how a subject waits; dash and shape tell the variants of a model apart. */
export function lookOf(analysis: Analysis, subject: SubjectCard): Look {
  const { subjects } = analysis.run.header;
  const model = modelOf(subject);
  const siblings = subjects.filter((other) => modelOf(other) === model);
  // The baseline is the solid one of its model.
  const order = siblings.toSorted((left, right) =>
    Number(right.id === analysis.baseline.id) - Number(left.id === analysis.baseline.id)
  );
  const index = order.findIndex(({ id }) => id === subject.id);
  const dash = DASHES[index % DASHES.length];
  return {
    tone: `m-${model}`,
    shape: SHAPES[index % SHAPES.length]!,
    ...(dash === undefined ? {} : { dash }),
  };
}

/** The models that have a colour in style.ts. */
const MODELS: readonly string[] = ["blocking", "polling", "multiplex", "async", "uring"];

/** The model of a variant, "peer" for other people's servers. */
export function modelOf({ kind, flags }: SubjectCard): string {
  const name = flags[flags.indexOf("--model") + 1] ?? "";
  if (kind === "peer") return "peer";
  return MODELS.includes(name) ? name : "other";
}

const GREATEST_HEIGHT = 400;

function heightFor(width: number): number {
  return Math.min(GREATEST_HEIGHT, Math.round(width * 0.95));
}

/** Lines with their names at their ends; `faint` ones are the background of another plot. */
function drawLines(
  analysis: Analysis,
  frame: Frame,
  x: Axis,
  y: Axis,
  series: readonly Series[],
  faint: readonly Series[] = [],
): string {
  const at = inFrame(frame, x, y);
  const behind = faint.map(({ points }) =>
    line(points.map((point) => [at.x(point.x), at.y(point.y)]), "line faint")
  );
  const ends: Tag[] = [];
  const drawn = series.map(({ subject, points, apart = [] }) => {
    const look = lookOf(analysis, subject);
    const strong = subject.id === analysis.baseline.id ? " strong" : "";
    const path = points.map((point) => [at.x(point.x), at.y(point.y)] as const);
    const whiskers = points.flatMap(({ x, ends }) =>
      ends === undefined || at.y(ends[0]) - at.y(ends[1]) < 8 ? [] : [
        line([[at.x(x), at.y(ends[0])], [at.x(x), at.y(ends[1])]], `whisker ${look.tone}`),
      ]
    );
    const named = points.at(-1) ?? apart.at(-1);
    if (named !== undefined) {
      ends.push({ x: at.x(named.x), y: at.y(named.y), text: subject.id, tone: look.tone });
    }
    // A curve of many points is clear without marks.
    const marks = points.length > 16 ? [] : path.map(([left, top]) => mark(left, top, look));
    return [
      line(path, `line ${look.tone}${strong}`, look.dash),
      ...whiskers,
      ...marks,
      ...apart.map((point) => mark(at.x(point.x), at.y(point.y), look, true)),
    ].join("");
  });
  return axes(frame, x, y) + behind.join("") + drawn.join("") +
    tags(ends, frame.top + 4, frame.bottom - 4);
}

/** Room on the right for the names of lines. */
function frameFor(width: number, height: number, names: readonly string[]): Frame {
  const room = 24 + Math.max(0, ...names.map(textWidth));
  return { left: 52, right: width - room, top: 34, bottom: height - 44 };
}

function headlineCost(analysis: Analysis, row: Row, figure: FigureId) {
  return analysis.summary(analysis.series(row, figure));
}

/** An interval that can be drawn: an end that is not known is the median. */
function finite({ median, interval: [low, high] }: Summary): [number, number] {
  return [low > 0 ? low : median, high < Infinity ? high : median];
}

/** CPU per request against idle connections. */
export function costOfWatching(analysis: Analysis): Figure | undefined {
  const figure = "cpuPerOperation";
  const series = modelsOf(analysis).map((subject): Series => ({
    subject,
    points: rowsAt(analysis, subject, "watching").flatMap((row) => {
      const summary = headlineCost(analysis, row, figure);
      return summary ? [{ x: row.point.x, y: summary.median, ends: finite(summary) }] : [];
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
    draw: (width, id) => {
      const height = heightFor(width);
      const frame = frameFor(width, height, series.map(({ subject }) => subject.id));
      const all = series.flatMap(({ points }) => points.flatMap(({ y, ends }) => [y, ...ends!]));
      const y = logAxis("CPU per request, µs", all);
      const content = drawLines(analysis, frame, sessionsAxis(xs), y, series);
      return picture(width, height, id, question, describe(series, "µs", "sessions"), content);
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

/** Logarithmic, with a place for 0 half a decade left of the first. */
function sessionsAxis(xs: readonly number[]): Axis {
  const positive = xs.filter((x) => x > 0);
  const low = Math.min(...positive);
  const decades = Math.log10(Math.max(...positive) / low);
  const zero = xs.includes(0) ? 0.5 : 0;
  const span = decades + zero || 1;
  // A little room on the left keeps marks at 0 off the axis.
  const place = (x: number) => 0.02 + 0.98 * (x <= 0 ? 0 : (Math.log10(x / low) + zero) / span);
  const ticks = xs.map((value) => ({ value, text: number(value) }));
  return { title: "Idle sessions (log, 0 apart)", place, ticks };
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
    draw: (width, id) => {
      const height = heightFor(width);
      const frame = frameFor(width, height, series.map(({ subject }) => subject.id));
      const deepest = Math.max(...series.flatMap(({ points }) => points.map(({ x }) => x)));
      const decades = -Math.log10(1 - deepest);
      const x: Axis = {
        title: "Percentile",
        place: (value) => -Math.log10(1 - value) / decades,
        ticks: [0, ...shown].filter((value) => value <= deepest + 1e-9)
          .map((value) => ({ value, text: value === 0 ? "min" : percentileName(value) })),
      };
      const y = logAxis("Latency, ms", series.flatMap(({ points }) => points.map(({ y }) => y)));
      const content = drawLines(analysis, frame, x, y, series);
      return picture(width, height, id, question, describe(series, "ms", "the tail"), content);
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
    draw: (width, id) => {
      const across = width >= 600 ? 2 : 1;
      const panelWidth = (width - (across - 1) * 24) / across;
      const panelHeight = 250;
      const all = series.flatMap(({ points, apart = [] }) => [...points, ...apart]);
      const x = linearAxis("Requests per second", Math.max(...all.map((point) => point.x)));
      const y = logAxis("p99, ms", all.map((point) => point.y));
      const names = series.map(({ subject }) => subject.id);
      const panels = models.map((model, index) => {
        const own = series.filter(({ subject }) => modelOf(subject) === model);
        const frame = { ...frameFor(panelWidth, panelHeight, names), top: 52 };
        const left = (index % across) * (panelWidth + 24);
        const top = Math.floor(index / across) * (panelHeight + 12);
        return `<g transform="translate(${left} ${top})">` +
          label(4, 16, model, { look: `panel m-${model}` }) +
          drawLines(analysis, frame, x, y, own, series.filter((one) => !own.includes(one))) +
          "</g>";
      });
      const height = Math.ceil(models.length / across) * (panelHeight + 12);
      const said = describe(series, "ms p99", "load");
      return picture(width, height, id, question, said, panels.join(""));
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
