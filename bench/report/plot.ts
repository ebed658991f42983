/**
 * Observable Plot as strings: a chart is drawn into a document of linkedom and written as static
 * SVG. html.ts loads it when it has figures to draw, and hands it to them; nothing else may load
 * the library, since a run or a report on the terminal has no use for it.
 *
 * @module
 */

import type { InitializerFunction, Markish, PlotOptions } from "@observablehq/plot";

/** Draws charts. */
export interface Renderer {
  /** The marks, scales and transforms of the library: `Plot.line(...)`. */
  readonly Plot: typeof import("@observablehq/plot");
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
export function pointMarks(renderer: Renderer, points: readonly Point[]): Markish[] {
  const { Plot } = renderer;
  const panels = panelsOf(points);
  const ink = { stroke: "color", strokeWidth: 1.6 };
  const whiskers = points.filter(({ low }) => low !== undefined);
  return [
    Plot.ruleX(whiskers, { x: "x", y1: "low", y2: "high", ...ink, ...panels }),
    Plot.dot(points, {
      ...{ x: "x", y: "y", symbol: "symbol", r: 3.8, ...panels },
      fill: ({ isHollow, color }) => isHollow ? "var(--page)" : color,
      stroke: ({ isHollow, color }) => isHollow ? color : "var(--page)",
    }),
    nameMarks(renderer, points.filter(({ name }) => name !== undefined)),
  ];
}

/** Names of panels, above each at its left. */
export function panelMarks(
  { Plot }: Renderer,
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

/** Names whose points are nearer to each other than so many pixels may overlap. */
const NAME_WIDTH = 80;

/** Names right of their points, pushed apart, each that was moved with a thin line back. */
function nameMarks({ Plot }: Renderer, points: readonly Point[]): Markish[] {
  const panels = panelsOf(points);
  const ends = { x1: "x", y1: "y", x2: "x", y2: "y", ...panels };
  const style = { fill: "color", stroke: "var(--page)", strokeWidth: 3, fontWeight: 600, dx: 7 };
  const text = { x: "x", y: "y", text: "name", textAnchor: "start", ...panels } as const;
  return [
    Plot.link(points, Plot.initializer({ ...ends, stroke: "color", strokeWidth: 0.8 }, pushApart)),
    Plot.text(points, Plot.initializer({ ...text, ...style }, pushApart)),
  ];
}

/** Once scales are known: the places of names, for marks of one place and of two. */
const pushApart: InitializerFunction = (_data, facets, { x, y, x1 = x, y1 = y }, scales, frame) => {
  const left = Array.from(x1!.value as number[], (value): number => scales.x!(value));
  const top = Array.from(y1!.value as number[], (value): number => scales.y!(value));
  const [placedX, placedY] = [[...left], [...top]];
  for (const group of facets.flatMap((indexes) => neighbours(indexes, left))) {
    group.sort((one, other) => top[one]! - top[other]!);
    const edge = Math.max(...group.map((index) => left[index]!));
    const places = spread(
      group.map((index) => top[index]!),
      frame.marginTop + 4,
      frame.height - frame.marginBottom - 10,
    );
    for (const [order, index] of group.entries()) {
      if (Math.abs(places[order]! - top[index]!) < 3 && edge - left[index]! < 3) continue;
      [placedX[index], placedY[index]] = [edge + 8, places[order]!];
    }
  }
  const [atX, atY] = [{ value: placedX }, { value: placedY }];
  return { channels: x1 === x ? { x: atX, y: atY } : { x2: atX, y2: atY } };
};

/** Indexes in groups, from left to right, of points that are near to the first of their group. */
function neighbours(indexes: readonly number[], left: readonly number[]): number[][] {
  const groups: number[][] = [];
  for (const index of indexes.toSorted((one, other) => left[one]! - left[other]!)) {
    const last = groups.at(-1);
    if (last !== undefined && left[index]! - left[last[0]!]! < NAME_WIDTH) last.push(index);
    else groups.push([index]);
  }
  return groups;
}

/** Heights near `wanted` (ascending) that keep their distance and stay within bounds. */
function spread(wanted: readonly number[], top: number, bottom: number): number[] {
  const places = [...wanted];
  let least = top;
  for (const [index, place] of places.entries()) {
    places[index] = Math.max(place, least);
    least = places[index]! + NAME_HEIGHT;
  }
  let most = bottom;
  for (let index = places.length - 1; index >= 0; index--) {
    places[index] = Math.min(places[index]!, most);
    most = places[index]! - NAME_HEIGHT;
  }
  return places;
}
