/**
 * The questions that bars and dots answer: memory per session, calls by name, what a copy costs.
 * Each plot is a figure of document.ts, with the same numbers as a table.
 *
 * @module
 */

import type { Markish, PlotOptions } from "@observablehq/plot";
import type { Analysis } from "../claims/analysis.ts";
import { callsPerOperation } from "../claims/figures.ts";
import type { SubjectCard } from "../record.ts";
import type { Summary } from "../claims/inference.ts";
import type { Row } from "../claims/series.ts";
import { median } from "../claims/statistics.ts";
import { headlinePoints } from "../scenarios/mod.ts";
import type { Figure } from "./document.ts";
import { finite, lookOf, modelsOf, rowsAt } from "./looks.ts";
import { bounded, interval, inWords, levelOf, number } from "./numbers.ts";
import {
  PANEL_MARGINS,
  panelMarks,
  type PlotLibrary,
  type Point,
  pointMarks,
  roomFor,
  textWidth,
} from "./plot.ts";

/** Pixels per row of a plot with a row per subject. */
const ROW = 22;

/** What charts with a row per subject share: the names at the left, and the axis below. */
function rowsChart(
  Plot: PlotLibrary,
  analysis: Analysis,
  subjects: readonly SubjectCard[],
  row: number,
) {
  const colors = new Map(subjects.map((card) => [card.id, lookOf(analysis, card).color]));
  const names = [...colors.keys()];
  const margins = { marginLeft: roomFor(names), marginTop: 4, marginBottom: 44 };
  const fill = (id: string) => colors.get(id)!;
  return {
    frame: { height: names.length * row + 52, ...margins, y: { domain: names, label: null } },
    axes: [Plot.frame({ anchor: "bottom" }), Plot.axisY({ tickSize: 0, fill, fontWeight: 600 })],
  };
}

/** A text behind the end of a bar. */
const BEHIND = { textAnchor: "start", dx: 8, fill: "var(--ink)" } as const;

/** KiB per idle session, with intervals. */
export function memoryPerSession(analysis: Analysis): Figure | undefined {
  const found = analysis.run.header.subjects.flatMap((subject) => {
    const summary = analysis.summary(analysis.memorySlope(subject.id));
    return summary === undefined ? [] : [{ subject, summary }];
  }).toSorted((left, right) => left.summary.median - right.summary.median);
  // A slope of nothing or less is noise, and has no place on a logarithmic axis.
  const shown = found.filter(({ summary }) => summary.median > 0);
  if (shown.length === 0) return undefined;
  const points = headlinePoints(analysis.tagged("sessions")!);
  const numbers = inWords(points.map(({ x }) => number(x)));
  return {
    kind: "figure",
    id: "memory-per-session",
    question: "What does a session that says nothing cost?",
    caption: "KiB per idle session: the slope of a line through the memory of the process tree " +
      `at ${numbers} sessions, right after they have logged in, fitted in each block; ` +
      "lines are intervals of the medians. No server can be told to collect its garbage, " +
      "so none was. Left is good; the axis is logarithmic. The kernel's part is in the table: slabs, " +
      "stacks, page tables and buffers of the whole machine, both ends of a connection.",
    description: found.map(({ subject, summary }) => `${subject.id}: ${number(summary.median)} KiB`)
      .join("; "),
    chart: (Plot) => {
      const subjects = shown.map(({ subject }) => subject);
      const { frame, axes } = rowsChart(Plot, analysis, subjects, ROW);
      const dots = shown.map(({ subject, summary }) => {
        const [low, high] = finite(summary);
        return { low, high, x: summary.median, y: subject.id, ...lookOf(analysis, subject) };
      });
      const marks = [
        Plot.gridY({ strokeOpacity: 0.2 }),
        ...axes,
        Plot.ruleY(dots, { y: "y", x1: "low", x2: "high", stroke: "color", strokeWidth: 1.6 }),
        Plot.dot(dots, { x: "x", y: "y", fill: "color", symbol: "symbol", r: 3.8 }),
        Plot.text(dots, { x: "high", y: "y", text: ({ x }) => number(x), ...BEHIND }),
      ];
      const x = { type: "log", tickFormat: ",~r", label: "KiB per idle session" } as const;
      return { ...frame, marginRight: 64, insetLeft: 8, x, marks };
    },
    table: {
      kind: "table",
      caption: "KiB per idle session (slope, median of blocks and its interval)",
      columns: [
        { title: "Subject" },
        { title: "KiB", align: "right" },
        { title: "Interval", align: "right" },
        { title: "Kernel, KiB", align: "right" },
        { title: "Interval", align: "right" },
        { title: "Level" },
      ],
      rows: found.map(({ subject, summary }) => {
        // What the kernel keeps besides, in the same blocks.
        const kernel = analysis.summary(analysis.kernelSlope(subject.id));
        const own = [bounded(summary), interval(summary)];
        return [subject.id, ...own, number(kernel?.median), interval(kernel), levelOf(summary)];
      }),
    },
  };
}

/** Names with a share of their own in the plot; the rest are one. */
const CALL_NAMES_MAX = 7;

/** A bar that is longer than this many times the median bar is cut, or no other would be seen. */
const BAR_CUT = 3;

/** System calls per request, by name. */
export function callsByName(analysis: Analysis): Figure | undefined {
  const outside = countedFromOutside(analysis);
  const bars = outside.length > 0 ? outside : modelsOf(analysis).flatMap((subject) => {
    const row = rowsAt(analysis, subject, "requests")
      .find(({ point, scenario }) => point.id === scenario.headline.point);
    const calls = row && medianCalls(row);
    return calls === undefined || calls.size === 0 ? [] : [{ subject, calls }];
  });
  if (bars.length === 0) return undefined;
  const source = outside.length > 0
    ? "They were counted from outside, in a pass of their own: all of them, the runtime's too."
    : "Each model counted its own; what async asks of the runtime is not seen from inside.";
  const basis = outside.length > 0 ? "one window" : "medians over blocks";
  const totals = bars.map(({ calls }) => totalOf(calls));
  const cut = Math.max(BAR_CUT * median(totals), 1e-9);
  // A name matters as much as it does in the bars that are not cut.
  const weight = (name: string) =>
    bars.reduce((sum, { calls }) => sum + (calls.get(name) ?? 0) / Math.max(1, totalOf(calls)), 0);
  const names = [...new Set(bars.flatMap(({ calls }) => [...calls.keys()]))]
    .toSorted((left, right) => weight(right) - weight(left));
  return {
    kind: "figure",
    id: "calls-by-name",
    question: "How often is the kernel asked for one request?",
    caption: "System calls of the server per request, by name; 16 clients in a closed loop. " +
      `Bars that would hide all others are cut; the number at the end is their whole length. ` +
      source,
    description: bars.map(({ subject, calls }) => `${subject.id}: ${number(totalOf(calls))}`).join(
      "; ",
    ),
    chart: (Plot, width) => {
      const most = Math.min(cut, Math.max(...totals));
      return callsChart(Plot, analysis, bars, names, most, width);
    },
    table: {
      kind: "table",
      caption: `System calls per request, by name (${basis})`,
      columns: [
        { title: "Subject" },
        { title: "all", align: "right" },
        ...names.map((title) => ({ title, align: "right" as const })),
      ],
      rows: bars.map(({ subject, calls }) => [
        subject.id,
        number(totalOf(calls)),
        ...names.map((name) => calls.has(name) ? number(calls.get(name)) : "–"),
      ]),
    },
  };
}

/** Of all subjects that were counted from outside at control requests. */
function countedFromOutside(analysis: Analysis) {
  return analysis.run.header.subjects.flatMap((subject) => {
    const found = analysis.run.counts.find((count) =>
      count.subject === subject.id && count.scenario === analysis.tagged("requests")?.id &&
      count.failure === undefined && count.operations > 0
    );
    if (found === undefined) return [];
    const each = Object.entries(found.calls).filter(([, calls]) => calls > 0)
      .map(([name, calls]): [string, number] => [name, calls / found.operations]);
    return [{ subject, calls: new Map(each) }];
  });
}

/** Of a row, medians over its blocks by name. */
export function medianCalls(row: Row): ReadonlyMap<string, number> | undefined {
  const blocks = row.cells.flatMap((cell) => callsPerOperation(cell) ?? []);
  if (blocks.length === 0) return undefined;
  const names = new Set(blocks.flatMap((block) => [...block.keys()]));
  const medians = [...names].map((name): [string, number] => [
    name,
    median(blocks.map((block) => block.get(name) ?? 0)),
  ]);
  return new Map(medians.filter(([, calls]) => calls > 0));
}

function totalOf(calls: ReadonlyMap<string, number>): number {
  return [...calls.values()].reduce((sum, each) => sum + each, 0);
}

/** Pixels of the sign that a bar goes on. */
const CUT_ROOM = 18;

/** The calls of one subject. */
interface Bar {
  readonly subject: SubjectCard;
  readonly calls: ReadonlyMap<string, number>;
}

/** Parts of a bar from left to right, in calls per request; what is beyond `most` is cut off. */
function partsOf({ subject, calls }: Bar, names: readonly string[], most: number) {
  const own = names.filter((name) => name !== "others").slice(0, CALL_NAMES_MAX);
  const each = own.map((name) => calls.get(name) ?? 0);
  // What the count itself could not tell apart is part of the same rest.
  const others = totalOf(calls) - each.reduce((sum, part) => sum + part, 0);
  let end = 0;
  return [...each, others].map((part, index) => {
    const x1 = Math.min(end, most);
    end += part;
    const name = own[index] ?? "others";
    const tone = name === "others" ? CALL_NAMES_MAX : index;
    return { id: subject.id, name, each: part, x1, x2: Math.min(end, most), tone };
  });
}

function callsChart(
  Plot: PlotLibrary,
  analysis: Analysis,
  bars: readonly Bar[],
  names: readonly string[],
  most: number,
  width: number,
): PlotOptions {
  const subjects = bars.map(({ subject }) => subject);
  const { frame, axes } = rowsChart(Plot, analysis, subjects, ROW + 6);
  const { marginLeft } = frame;
  const marginRight = 60;
  const perCall = (width - marginLeft - marginRight) / most;
  const rows = bars.map((bar) => {
    const total = totalOf(bar.calls);
    const end = Math.min(total, most);
    const parts = partsOf(bar, names, most).filter(({ x1, x2 }) => (x2 - x1) * perCall >= 0.5);
    // Names keep clear of the sign that a bar is cut.
    const clear = total > most ? most - CUT_ROOM / perCall : most;
    const named = parts.filter(({ name, x1, x2 }) =>
      (Math.min(x2, clear) - x1) * perCall > textWidth(name)
    );
    // Parts too narrow for their names are named behind the bar, where there is room.
    const rest = parts.filter((part) => !named.includes(part))
      .map(({ name, each }) => `${name} ${number(each)}`).join(", ");
    const behind = rest === "" ? number(total) : `${number(total)}  with ${rest}`;
    const room = width - marginLeft - end * perCall - BEHIND.dx;
    const text = textWidth(behind) < room ? behind : number(total);
    return { id: bar.subject.id, parts, named, isCut: total > most, end, text };
  });
  const parts = rows.flatMap((row) => row.parts);
  const inside = (tone: number) => tone % 2 === 0 ? "var(--page)" : "var(--ink)";
  const cut = { text: () => "//", fill: "var(--page)", fontSize: 26, fontWeight: 700, dx: -10 };
  const bar = { x1: "x1", x2: "x2", insetRight: 1, insetTop: 2, insetBottom: 2 };
  const inBars = rows.flatMap((row) => row.named.map(({ name }) => name));
  const unnamed = new Map(
    parts.filter(({ name }) => !inBars.includes(name)).map(({ name, tone }) => [name, tone]),
  );
  const key = keyOf(Plot, [...unnamed], marginLeft, width);
  return {
    ...frame,
    height: frame.height + key.height,
    marginBottom: frame.marginBottom + key.height,
    marginRight,
    x: { domain: [0, most], label: "Calls per request", labelOffset: 40 },
    marks: [
      ...axes,
      Plot.barX(parts, { y: "id", fill: ({ tone }) => `var(--p${tone})`, ...bar }),
      Plot.text(rows.flatMap(({ named }) => named), {
        x: ({ x1, x2 }) => (x1 + x2) / 2,
        y: "id",
        text: "name",
        fill: ({ tone }) => inside(tone),
      }),
      // Two strokes through a bar say that it goes on.
      Plot.text(rows.filter(({ isCut }) => isCut), { x: "end", y: "id", ...cut }),
      Plot.text(rows, { x: "end", y: "id", text: "text", ...BEHIND }),
      ...key.marks,
    ],
  };
}

/** Pixels of an entry of a key to colours. */
const KEY = { width: 115, height: 16 };

/** Below a chart, what colours stand for that no bar has room to name. */
function keyOf(
  Plot: PlotLibrary,
  entries: readonly (readonly [name: string, tone: number])[],
  marginLeft: number,
  width: number,
): { readonly height: number; readonly marks: readonly Markish[] } {
  const across = Math.floor(width / KEY.width);
  const marks = entries.toSorted(([, left], [, right]) => left - right).map(
    ([name, tone], index) => {
      const dx = KEY.width * (index % across) - marginLeft;
      const dy = 44 + KEY.height * (1 + Math.floor(index / across));
      const place = { frameAnchor: "bottom-left", textAnchor: "start", dy } as const;
      return [
        Plot.text(["■"], { ...place, dx, fill: `var(--p${tone})` }),
        Plot.text([name], { ...place, dx: dx + 14, fill: "var(--ink)" }),
      ];
    },
  );
  return { height: KEY.height * Math.ceil(entries.length / across), marks };
}

/** CPU per GB against octets that passed through a buffer of the server. */
export function costOfCopying(analysis: Analysis): Figure | undefined {
  const ways = [["down", "download"], ["up", "upload"]] as const;
  const found = analysis.run.header.subjects.flatMap((subject) =>
    ways.flatMap(([point, way]) => {
      const row = rowsAt(analysis, subject, "copies").find((one) => one.point.id === point);
      if (row === undefined) return [];
      const cpu = analysis.summary(analysis.series(row, "cpuPerGB"));
      const copies = analysis.summary(analysis.series(row, "copies"));
      return cpu === undefined ? [] : [{ subject, way, cpu, copies }];
    })
  );
  if (found.length === 0) return undefined;
  return {
    kind: "figure",
    id: "cost-of-copying",
    question: "What does a copy cost?",
    caption: "CPU seconds of the server per GB, against octets that passed through a buffer of " +
      "its own per octet moved. Whether peers copy is not counted from outside: they stand at " +
      "the right, in a column of their own. Low is good.",
    description: found.map(({ subject, way, cpu }) =>
      `${subject.id}, ${way}: ${number(cpu.median)} s`
    ).join("; "),
    chart: (Plot, width) => copiesChart(Plot, analysis, found, width >= 600),
    table: {
      kind: "table",
      caption: "CPU seconds per GB and octets copied per octet (medians and intervals)",
      columns: [
        { title: "Subject" },
        { title: "Way" },
        { title: "CPU s/GB", align: "right" },
        { title: "Interval", align: "right" },
        { title: "Copied per octet", align: "right" },
      ],
      rows: found.map(({ subject, way, cpu, copies }) => [
        subject.id,
        way,
        bounded(cpu),
        interval(cpu),
        copies === undefined ? "not counted" : number(copies.median),
      ]),
    },
  };
}

/** What a way of copying cost a subject. */
interface Copied {
  readonly subject: SubjectCard;
  readonly way: string;
  readonly cpu: Summary;
  readonly copies: Summary | undefined;
}

/** A panel per way, side by side where there is room. */
function copiesChart(
  Plot: PlotLibrary,
  analysis: Analysis,
  found: readonly Copied[],
  isWide: boolean,
): PlotOptions {
  const ways = [...new Set(found.map(({ way }) => way))];
  const panel = (way: string) => isWide ? { fx: way } : { fy: way };
  const most = Math.max(1, ...found.map(({ copies }) => Math.ceil(copies?.median ?? 0)));
  // What is not counted stands in a column of its own.
  const last = found.some(({ copies }) => copies === undefined) ? most + 1 : most;
  const points = found.map(({ subject, way, cpu, copies }): Point => {
    const [low, high] = finite(cpu);
    const place = { x: copies?.median ?? last, y: cpu.median, low, high, ...panel(way) };
    return { ...place, ...lookOf(analysis, subject), name: subject.id };
  });
  const panels = { axis: null, domain: ways, padding: 0.12 };
  return {
    ...PANEL_MARGINS,
    height: isWide ? 340 : 40 + 300 * ways.length,
    insetRight: roomFor(found.map(({ subject }) => subject.id)),
    ...(isWide ? { fx: panels } : { fy: panels }),
    x: {
      ticks: Array.from({ length: last + 1 }, (_, copies) => copies),
      tickFormat: (copies: number) => copies > most ? "not counted" : String(copies),
      label: "Octets copied per octet",
    },
    y: { zero: true, grid: true, tickSize: 0, label: "CPU s per GB" },
    marks: [
      Plot.frame({ anchor: "bottom" }),
      panelMarks(Plot, ways.map((way) => ({ name: way, ...panel(way) }))),
      pointMarks(Plot, points),
    ],
  };
}
