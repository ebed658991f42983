/**
 * The figure of wake-ups: CPU per operation over events per wake-up and descriptors watched, a panel
 * per mechanism, with the fitted cost of a wake-up, of a descriptor and of an event. Pure; mod.ts
 * lists it among the plots.
 *
 * @module
 */

import type { PlotOptions } from "@observablehq/plot";
import type { Analysis } from "../claims/analysis.ts";
import { type Coefficients, costOf, type Fit, fitWakeups, type Wakeup } from "../claims/fit.ts";
import { cleanValues, describingValues, type Row } from "../claims/series.ts";
import { median } from "../claims/statistics.ts";
import type { SubjectCard } from "../record.ts";
import type { Figure } from "./document.ts";
import { lookOf, modelsOf, rowsAt } from "./looks.ts";
import { compact, inBrackets, levelOf, NOTHING, number } from "./numbers.ts";
import { PANEL_MARGINS, panelMarks, type PlotLibrary, type Point, pointMarks } from "./plot.ts";

/** Descriptors that a server watches besides those of clients: it listens, and may be stopped. */
const OWN_DESCRIPTORS = 2;

/** A cell of the scenario. */
interface Cell extends Wakeup {
  /** Sessions that say nothing. */
  readonly silent: number;
}

/** Of one subject: what was measured, and what it comes to. */
interface Mechanism {
  readonly subject: SubjectCard;
  readonly cells: readonly Cell[];
  readonly fit: Fit;
}

/** Points of a fitted curve. */
const CURVE_POINTS = 24;

/** Pixels of a panel. */
const PANEL_HEIGHT = 210;

/** Panels side by side, by the width of the page. */
const WIDE = 600;

/** Costs of waits, of descriptors and of events. */
export function costOfWakeups(analysis: Analysis): Figure | undefined {
  const all = modelsOf(analysis).flatMap((subject): Mechanism[] => {
    const rows = rowsAt(analysis, subject, "waking");
    const cells = rows.flatMap((row) => wakeupsOf(analysis, row));
    return rows.length === 0 ? [] : [{ subject, cells, fit: fitWakeups(cells) }];
  });
  const drawn = all.filter(({ cells }) => cells.length > 0);
  if (drawn.length === 0) return undefined;
  return {
    kind: "figure",
    id: "cost-of-wakeups",
    question: "What does a wake-up cost, and how many events share it?",
    caption:
      "Server CPU per request over the events that a wake-up brought, as the server counted " +
      "them, beside more and more silent sessions (the numbers at the lines). Points are medians; " +
      "lines are the fit (a + b × watched) / batch + c, from the fewest events to the most of the " +
      "cells that it was made from. A point beyond its line is of cells of which nobody knows what " +
      "others used meanwhile: they are shown and carry no claim. Where b is 0, lines lie on each " +
      "other; where it is not, more events at a time make descriptors cheap that nobody uses.",
    description: spoken(all),
    chart: (Plot, width) => chartOf(Plot, analysis, drawn, width),
    table: {
      kind: "table",
      caption:
        "Fitted cost, block by block, of the cells that may carry a claim: a of a wake-up, b of a " +
        "descriptor that it watches, c of an event; median and interval",
      columns: [
        { title: "Model" },
        { title: "a, µs", align: "right" },
        { title: "b, ns", align: "right" },
        { title: "c, µs", align: "right" },
        { title: "Level", align: "right", detail: true },
        { title: "9 in 10 cells within", align: "right", detail: true },
      ],
      rows: all.map(({ subject, fit }) =>
        "unfit" in fit ? [subject.id, NOTHING, NOTHING, NOTHING, fit.unfit, NOTHING] : [
          subject.id,
          number(fit.a.median) + inBrackets(fit.a),
          nanoseconds(fit),
          number(fit.c.median) + inBrackets(fit.c),
          levelOf(fit.b),
          `${number(fit.within)} ×`,
        ]
      ),
    },
  };
}

/** Blocks of one row in which wake-ups were counted, and nothing is known to have disturbed them. */
function wakeupsOf(analysis: Analysis, row: Row): Cell[] {
  const series = analysis.series(row, "cpuPerOperation");
  const clean = cleanValues(series);
  const batches = analysis.series(row, "operationsPerWakeup").values;
  const { x, clients = 0 } = row.point;
  return [...describingValues(series)].flatMap(([block, { value: cost }]) => {
    const batch = batches.get(block)?.value;
    if (batch === undefined || !(batch > 0)) return [];
    const watched = x + clients + OWN_DESCRIPTORS;
    return [{ block, silent: x, watched, batch, cost, isClean: clean.has(block) }];
  });
}

type Fitted = Exclude<Fit, { readonly unfit: string }>;

function nanoseconds({ b }: Fitted): string {
  const [low, high] = b.interval.map((value) => value * 1e3) as [number, number];
  const ends = b.count === 1 ? "" : ` (${number(low)} to ${number(high)})`;
  return number(b.median * 1e3) + ends;
}

function spoken(all: readonly Mechanism[]): string {
  return all.map(({ subject: { id }, fit }) =>
    "unfit" in fit
      ? `${id}: ${fit.unfit}.`
      : `${id}: ${number(fit.a.median)} µs a wake-up, ${nanoseconds(fit)} ns a descriptor, ` +
        `${number(fit.c.median)} µs an event.`
  ).join(" ");
}

function chartOf(
  Plot: PlotLibrary,
  analysis: Analysis,
  mechanisms: readonly Mechanism[],
  width: number,
): PlotOptions {
  const across = width >= WIDE ? 3 : 2;
  const panels = mechanisms.map((mechanism, index) => ({
    ...mechanism,
    panel: { fx: index % across, fy: Math.floor(index / across) },
    ...lookOf(analysis, mechanism.subject),
  }));
  const curves = panels.flatMap(({ cells, fit, panel, color }) =>
    "unfit" in fit
      ? []
      : levelsOf(cells).map((level) =>
        Plot.line(curveOf(fit.medians, level).map((point) => ({ ...point, ...panel })), {
          x: "x",
          y: "y",
          fx: "fx",
          fy: "fy",
          stroke: color,
          strokeWidth: 1.4,
        })
      )
  );
  const points = panels.flatMap(({ cells, fit, panel, color, symbol }): Point[] => {
    const levels = levelsOf(cells);
    return levels.flatMap((level) => {
      const name = nameOf(level, levels, fit);
      return level.points.map((point) => ({
        ...point,
        ...panel,
        color,
        symbol,
        ...(point === level.points.at(-1) && name !== undefined ? { name } : {}),
      }));
    });
  });
  return {
    ...PANEL_MARGINS,
    height: Math.ceil(panels.length / across) * PANEL_HEIGHT + 60,
    x: {
      type: "log",
      domain: axisOf(points),
      tickSpacing: 60,
      tickFormat: ",~r",
      label: "Events per wake-up",
    },
    y: {
      type: "log",
      grid: true,
      tickSize: 0,
      tickSpacing: 40,
      tickFormat: ",~r",
      label: "CPU per request, µs",
    },
    fx: { axis: null, padding: 0.12 },
    fy: { axis: null, padding: 0.2 },
    marks: [
      Plot.frame({ anchor: "bottom" }),
      ...curves,
      ...pointMarks(Plot, points),
      panelMarks(
        Plot,
        panels.map(({ subject, panel, color }) => ({ name: subject.id, color, ...panel })),
      ),
    ],
  };
}

/** Room at the right for the names of lines: two fifths of the axis. */
function axisOf(points: readonly { readonly x: number }[]): [number, number] {
  const xs = points.map(({ x }) => x);
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  return [low, high * (high / low) ** 0.4];
}

/** A line: the cells beside as many silent sessions, each point the median over blocks. */
interface Level {
  readonly silent: number;
  readonly points: readonly LevelPoint[];
}

/** Medians over blocks. */
interface LevelPoint {
  readonly x: number;
  readonly y: number;
  readonly watched: number;
  /** Whether most of its cells may carry a claim. */
  readonly isClean: boolean;
}

function levelsOf(cells: readonly Cell[]): Level[] {
  return [...Map.groupBy(cells, (cell) => cell.silent)].map(([silent, level]) => ({
    silent,
    points: [...Map.groupBy(level, ({ watched }) => watched).values()].map((point) => ({
      x: median(point.map(({ batch }) => batch)),
      y: median(point.map(({ cost }) => cost)),
      watched: point[0]!.watched,
      isClean: 2 * point.filter(({ isClean }) => isClean).length > point.length,
    })).toSorted((left, right) => left.x - right.x),
  }));
}

/** The name at the end of a line; lines that lie on each other have one for all. */
function nameOf(level: Level, levels: readonly Level[], fit: Fit): string | undefined {
  if ("unfit" in fit || fit.b.interval[0] > 0) return compact(level.silent);
  const all = levels.map(({ silent }) => silent);
  return level === levels.at(-1)
    ? `${Math.min(...all)} to ${compact(Math.max(...all))}`
    : undefined;
}

function curveOf(medians: Coefficients, level: Level): { x: number; y: number }[] {
  const points = level.points.filter(({ isClean }) => isClean);
  if (points.length === 0) return [];
  const { watched } = points[0]!;
  const [low, high] = [points[0]!.x, points.at(-1)!.x];
  return Array.from({ length: CURVE_POINTS }, (_, index) => {
    const batch = low * (high / low) ** (index / (CURVE_POINTS - 1));
    return { x: batch, y: costOf(medians, { watched, batch }) };
  }).filter(({ y }) => y > 0);
}
