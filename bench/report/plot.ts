/**
 * Observable Plot as strings: a chart is drawn into a document of linkedom and written as static
 * SVG. html.ts loads it when it has figures to draw, and hands it to them; nothing else may load
 * the library, since a run or a report on the terminal has no use for it.
 *
 * @module
 */

import type { Initialized, Markish, PlotOptions } from "@observablehq/plot";

/** The marks, scales and transforms of the library. */
export type PlotLibrary = typeof import("@observablehq/plot");

/** A chart for those who do not see it. */
export interface Spoken {
  /** Unique in the page; letters, digits and hyphens. */
  readonly id: string;
  /** The question that the chart answers. */
  readonly title: string;
  /** What it shows, in words and numbers. */
  readonly description: string;
}

/** Draws charts. */
export interface Renderer {
  /** For marks: `Plot.line(...)`. */
  readonly Plot: PlotLibrary;
  /**
   * The chart of `options` as one SVG element. Colours are values of CSS, `var(--multiplex)`, that
   * style.ts gives, so that a chart follows light, dark and print. Marks must need no references
   * within the file (no `clip`, `marker` or gradient): ids are to be unique in the page.
   */
  readonly svg: (options: PlotOptions, spoken: Spoken) => string;
}

/** Loads the library and a document to draw in. */
export async function loadRenderer(): Promise<Renderer> {
  const [Plot, { parseHTML }] = await Promise.all([
    import("@observablehq/plot"),
    import("linkedom"),
  ]);
  const window: unknown = parseHTML("<!doctype html><html><body></body></html>");
  const { document } = window as { readonly document: SvgDocument };
  return {
    Plot,
    svg: (options, { id, title, description }) => {
      const drawn: SvgElement = Plot.plot({
        color: { type: "identity" },
        ...options,
        document,
        className: "plot",
      });
      // The page has one style for all of its charts.
      drawn.querySelector("style")?.remove();
      for (const name of ["font-family", "font-size", "fill"]) drawn.removeAttribute(name);
      drawn.setAttribute("role", "img");
      drawn.setAttribute("aria-labelledby", `${id}-title ${id}-desc`);
      drawn.prepend(
        ...Object.entries({ title, desc: description }).map(([name, text]) => {
          const element = document.createElementNS("http://www.w3.org/2000/svg", name);
          element.setAttribute("id", `${id}-${name}`);
          element.textContent = text;
          return element;
        }),
      );
      for (const element of drawn.querySelectorAll("*")) shorten(element);
      return drawn.outerHTML;
    },
  };
}

/** What is used of a document of linkedom, whose types need those of a browser. */
interface SvgDocument {
  createElementNS(space: string, name: string): SvgElement & { textContent: string };
}

/** What is used of its elements. */
interface SvgElement {
  readonly outerHTML: string;
  readonly attributes: Iterable<{ readonly name: string; value: string }>;
  querySelector(selector: string): { remove(): void } | null;
  querySelectorAll(selector: string): Iterable<SvgElement>;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  prepend(...nodes: readonly unknown[]): void;
}

/** Attributes made of lengths, which the library writes with all their digits. */
const LENGTHS = ["d", "transform", "x", "y", "width", "height", "x1", "x2", "y1", "y2"];

/** Tenths of a pixel are all that is seen, and a page has thousands of points. */
function shorten(element: SvgElement): void {
  for (const attribute of element.attributes) {
    if (!LENGTHS.includes(attribute.name)) continue;
    attribute.value = attribute.value.replace(
      /-?\d+\.\d{2,}(e-?\d+)?/g,
      (length) => String(Math.round(Number(length) * 10) / 10),
    );
  }
}

/** About how wide a bold label is: letters are a little wider than half their height of 12.5. */
export function textWidth(text: string): number {
  return text.length * 7.3;
}

/** Pixels of the widest of `names`, and a little more. */
export function roomFor(names: readonly string[]): number {
  return 12 + Math.max(0, ...names.map(textWidth));
}

/** A name beside the point that it belongs to, in the units of the axes. */
export interface Tag {
  /** Horizontal place of the point. */
  readonly x: number;
  /** Vertical place of the point. */
  readonly y: number;
  /** The name. */
  readonly text: string;
  /** A colour of CSS. */
  readonly color: string;
  /** The panel, where there are several across. */
  readonly fx?: number | string;
  /** The panel, where there are several below each other. */
  readonly fy?: number | string;
}

/** Pixels between the base lines of two names. */
const TAG_HEIGHT = 14;

/** Pixels between a point and its name. */
const TAG_GAP = 9;

/** Pixels between the last point of a group and names that were moved. */
const LEADER = 16;

/**
 * Marks of names right of their points; those that would overlap are pushed apart, each with a
 * thin line back to where it belongs. A chart leaves `roomFor` their names at its right.
 */
export function tagMarks({ Plot }: Renderer, tags: readonly Tag[]): Markish[] {
  const panels = {
    ...(tags.some(({ fx }) => fx !== undefined) ? { fx: "fx" } : {}),
    ...(tags.some(({ fy }) => fy !== undefined) ? { fy: "fy" } : {}),
  };
  return [
    Plot.link(
      tags,
      pushApart(Plot, { x1: "x", y1: "y", x2: "x", y2: "y", stroke: "color", ...panels }, 2),
    ),
    Plot.text(
      tags,
      pushApart(Plot, {
        x: "x",
        y: "y",
        text: "text",
        fill: "color",
        stroke: "var(--page)",
        strokeWidth: 3,
        fontWeight: 600,
        textAnchor: "start" as const,
        ...panels,
      }, ""),
    ),
  ];
}

/** `options` whose x and y (with `suffix`) are, once scales are known, those of names apart. */
function pushApart<T>(Plot: PlotLibrary, options: T, suffix: "" | 2): Initialized<T> {
  const start = suffix === "" ? "" : 1;
  return Plot.initializer(options, (_data, facets, channels, scales, { height, ...margins }) => {
    const place = (name: "x" | "y") =>
      Array.from(channels[`${name}${start}`]!.value as number[], (value) => scales[name]!(value));
    const [x, y] = [place("x"), place("y")];
    const ends = { x: [...x], y: [...y] };
    const bottom = height - margins.marginBottom - 4;
    for (const indexes of facets) {
      for (const group of groupsOf(indexes, x)) {
        const sorted = group.toSorted((left, right) => y[left]! - y[right]!);
        const places = spread(sorted.map((index) => y[index]!), margins.marginTop + 4, bottom);
        const edge = Math.max(...group.map((index) => x[index]!));
        for (const [order, index] of sorted.entries()) {
          const moved = Math.abs(places[order]! - y[index]!) > 3 || edge - x[index]! > 3;
          ends.x[index] = moved ? edge + LEADER - (suffix === 2 ? 3 : 0) : x[index]! + TAG_GAP;
          ends.y[index] = places[order]!;
          // A name in its own place needs no line.
          if (!moved && suffix === 2) [ends.x[index], ends.y[index]] = [x[index]!, y[index]!];
        }
      }
    }
    return {
      channels: { [`x${suffix}`]: { value: ends.x }, [`y${suffix}`]: { value: ends.y } },
    };
  });
}

/** Names that begin so near to each other that they may overlap. */
function groupsOf(indexes: readonly number[], x: readonly number[]): number[][] {
  const groups: number[][] = [];
  for (const index of indexes.toSorted((left, right) => x[left]! - x[right]!)) {
    const last = groups.at(-1);
    if (last !== undefined && x[index]! - x[last[0]!]! < 80) last.push(index);
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
    least = places[index]! + TAG_HEIGHT;
  }
  let most = bottom;
  for (let index = places.length - 1; index >= 0; index--) {
    places[index] = Math.min(places[index]!, most);
    most = places[index]! - TAG_HEIGHT;
  }
  return places;
}
