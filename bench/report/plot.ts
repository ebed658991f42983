/**
 * Observable Plot as strings: a chart is drawn into a document of linkedom and written as static
 * SVG. mod.ts loads it for a page, and html.ts draws figures with it; nothing else may load the
 * library, since a run or a report on the terminal has no use for it. What charts share stands below.
 *
 * @module
 */

import type { InitializerFunction, Markish, PlotOptions } from "@observablehq/plot";

/** The marks, scales and transforms of the library: `Plot.line(...)`. */
export type PlotLibrary = typeof import("@observablehq/plot");

/** Draws charts. */
export interface Renderer {
  /** For those who choose marks. */
  readonly Plot: PlotLibrary;
  /**
   * The chart of `options` as one SVG element. Colours are values of CSS, `var(--multiplex)`, that
   * style.ts gives, so that a chart follows light, dark and print. Marks must need no references
   * within the file (no `clip`, `marker` or gradient): ids are to be unique in the page.
   */
  readonly svg: (options: PlotOptions, spoken: Spoken) => string;
}

/** A chart for those who do not see it. */
export interface Spoken {
  /** Unique in the page; letters, digits and hyphens. */
  readonly id: string;
  /** The question that the chart answers. */
  readonly title: string;
  /** What it shows, in words and numbers. */
  readonly description: string;
}

/** What is used of linkedom, whose own types need those of a browser. */
interface Svg {
  readonly outerHTML: string;
  textContent: string;
  querySelector(selector: string): { remove(): void } | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  prepend(...nodes: readonly unknown[]): void;
}

/** A number inside a tag with more digits than are seen. */
const LONG_NUMBER = /-?\d+\.\d{2,}(?=[^<>]*>)/g;

/** Loads the library and a document to draw in. */
export async function loadRenderer(): Promise<Renderer> {
  const [Plot, linkedom] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const window: unknown = linkedom.parseHTML("<!doctype html><html></html>");
  const { document } = window as { document: { createElementNS(ns: string, name: string): Svg } };
  return {
    Plot,
    svg: (options, { id, title, description }) => {
      const identity = { color: { type: "identity" }, symbol: { type: "identity" } } as const;
      const svg: Svg = Plot.plot({ ...identity, ...options, document, className: "plot" });
      // The page has one style for all of its charts.
      svg.querySelector("style")?.remove();
      for (const name of ["font-family", "font-size", "fill"]) svg.removeAttribute(name);
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-labelledby", `${id}-title ${id}-desc`);
      svg.prepend(
        ...Object.entries({ title, desc: description }).map(([name, text]) => {
          const element = document.createElementNS("http://www.w3.org/2000/svg", name);
          element.setAttribute("id", `${id}-${name}`);
          element.textContent = text;
          return element;
        }),
      );
      return svg.outerHTML.replace(LONG_NUMBER, (digits) => String(+Number(digits).toFixed(1)));
    },
  };
}

/** About how wide a bold label is: letters are a little wider than half their height. */
export function textWidth(text: string): number {
  return text.length * 7.3;
}

/** Pixels of the widest of `names`, and a little more. */
export function roomFor(names: readonly string[]): number {
  return 14 + Math.max(0, ...names.map(textWidth));
}

/** Room for the names of axes at the left and below, and between marks and axes. */
export const MARGINS = { marginLeft: 44, marginBottom: 40, inset: 5 } as const;

/** The same where panels have their names on top; names of points stand within their panel. */
export const PANEL_MARGINS = { ...MARGINS, marginTop: 52, marginRight: 4 } as const;

/** How a subject looks in every chart. */
export interface Look {
  /** A colour of style.ts: `var(--multiplex)`. */
  readonly color: string;
  /** What marks its points. */
  readonly symbol: "circle" | "square" | "triangle" | "diamond";
}

/** A point in the units of the axes. */
export interface Point extends Look {
  /** Its horizontal place. */
  readonly x: number;
  /** Its vertical place. */
  readonly y: number;
  /** The interval of y, where there is one: its lower end. */
  readonly low?: number;
  /** Its upper end. */
  readonly high?: number;
  /** "≥" or "≤" where it is only a bound. */
  readonly bound?: string;
  /** Apart from the others of its subject. */
  readonly isHollow?: boolean;
  /** A name beside it. */
  readonly name?: string;
  /** Its panel, where there are several across. */
  readonly fx?: number | string;
  /** Its panel, where there are several below each other. */
  readonly fy?: number | string;
}

/** Points with their intervals and names. A chart leaves `roomFor` the names at its right. */
export function pointMarks(Plot: PlotLibrary, points: readonly Point[]): Markish[] {
  const panels = panelsOf(points);
  const ink = { stroke: "color", strokeWidth: 1.6 };
  const whiskers = points.filter(({ low }) => low !== undefined);
  return [
    Plot.ruleX(whiskers, { x: "x", y1: "low", y2: "high", ...ink, ...panels }),
    Plot.dot(points, {
      x: "x",
      y: "y",
      ...panels,
      symbol: "symbol",
      r: 3.8,
      fill: ({ isHollow, color }) => isHollow ? "var(--page)" : color,
      stroke: ({ isHollow, color }) => isHollow ? color : "var(--page)",
    }),
    Plot.text(points, {
      x: "x",
      y: "y",
      ...panels,
      text: "bound",
      dy: -9,
      fontSize: 10,
      fill: "color",
    }),
    nameMarks(Plot, points.filter(({ name }) => name !== undefined)),
  ];
}

/** Names of panels, above each at its left. */
export function panelMarks(
  Plot: PlotLibrary,
  panels: readonly (Pick<Point, "name" | "fx" | "fy"> & { readonly color?: string })[],
): Markish {
  const style = { frameAnchor: "top-left", dy: -20, fontSize: 13.5, fontWeight: 650 } as const;
  const fill = ({ color = "var(--ink)" }) => color;
  return Plot.text(panels, { text: "name", fill, ...style, ...panelsOf(panels) });
}

/** Channels of the panels that `points` name. */
export function panelsOf(points: readonly Pick<Point, "fx" | "fy">[]) {
  return Object.fromEntries(
    (["fx", "fy"] as const).filter((panel) => points[0]?.[panel] !== undefined)
      .map((panel) => [panel, panel]),
  );
}

/** Pixels between the base lines of two names. */
const NAME_HEIGHT = 14;

/** Pixels from a point to its name. */
const NAME_GAP = 7;

/** Names right of their points, each that was moved with a thin line back. */
function nameMarks(Plot: PlotLibrary, points: readonly Point[]): Markish[] {
  const panels = panelsOf(points);
  const ends = { x1: "x", y1: "y", x2: "x", y2: "y", ...panels };
  const style = { fill: "color", stroke: "var(--page)", strokeWidth: 3, fontWeight: 600 };
  const text = { x: "x", y: "y", text: "name", textAnchor: "start", dx: NAME_GAP } as const;
  return [
    Plot.link(points, Plot.initializer({ ...ends, stroke: "color", strokeWidth: 0.8 }, pushApart)),
    Plot.text(points, Plot.initializer({ ...text, ...style, ...panels }, pushApart)),
  ];
}

/**
 * Once scales are known: places of names that do not overlap, from the highest down, and where they
 * would leave the frame up again; for marks of one place (x, y) and of two (to x2, y2).
 */
const pushApart: InitializerFunction = (names, facets, channels, scales, frame) => {
  const { x, y, x1 = x, y1 = y } = channels;
  const left = Array.from(x1!.value as number[], (value): number => scales.x!(value));
  const top = Array.from(y1!.value as number[], (value): number => scales.y!(value));
  const placed = [...top];
  const isNear = (one: number, other: number) => {
    const first = left[one]! < left[other]! ? one : other;
    return Math.abs(left[one]! - left[other]!) < textWidth(names[first].name) + 2 * NAME_GAP;
  };
  for (const indexes of facets) {
    const order = indexes.toSorted((one, other) => top[one]! - top[other]!);
    for (const [rank, index] of order.entries()) {
      const above = order.slice(0, rank).filter((other) => isNear(index, other));
      const least = above.map((other) => placed[other]! + NAME_HEIGHT);
      placed[index] = Math.max(top[index]!, frame.marginTop + 4, ...least);
    }
    for (const [rank, index] of order.toReversed().entries()) {
      const below = order.slice(order.length - rank).filter((other) => isNear(index, other));
      const most = below.map((other) => placed[other]! - NAME_HEIGHT);
      const bottom = frame.height - frame.marginBottom - 10;
      placed[index] = Math.min(placed[index]!, bottom, ...most);
    }
  }
  const isMoved = (index: number) => Math.abs(placed[index]! - top[index]!) > 3;
  const ends = {
    x: { value: left.map((value, index) => isMoved(index) ? value + NAME_GAP : value) },
    y: { value: top.map((value, index) => isMoved(index) ? placed[index]! : value) },
  };
  return { channels: x1 === x ? ends : { x2: ends.x, y2: ends.y } };
};
