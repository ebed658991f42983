/**
 * SVG by hand: escaped elements, axes, lines with their names at their ends. plots.ts and bars.ts
 * draw with it. Colours and fonts are those of style.ts, by class, so that a plot follows light,
 * dark and print; shapes and dashes say the same as colours.
 *
 * @module
 */

import { number } from "./numbers.ts";

/** `text` inside an element or a quoted attribute. */
export function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;").replace(/'/g, "&#39;");
}

/** An element; `content` is markup. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content = "",
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? px(value) : escapeXml(value!)}"`)
    .join("");
  return content === "" ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

/** Tenths of a pixel are all that is seen. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A label; `name` is plain text. */
export function label(
  x: number,
  y: number,
  name: string,
  { anchor, look = "" }: { anchor?: "middle" | "end"; look?: string } = {},
): string {
  const attributes = { x, y, class: look || undefined, "text-anchor": anchor };
  return element("text", attributes, escapeXml(name));
}

/** About how wide a bold label is: letters are a little wider than half their height of 12.5. */
export function textWidth(text: string): number {
  return text.length * 7.3;
}

/** A whole picture with a title and a description for those who do not see it. */
export function picture(
  width: number,
  height: number,
  id: string,
  title: string,
  description: string,
  content: string,
): string {
  return element(
    "svg",
    {
      class: "plot",
      role: "img",
      width,
      height,
      viewBox: `0 0 ${px(width)} ${px(height)}`,
      "aria-labelledby": `${id}-title ${id}-desc`,
    },
    element("title", { id: `${id}-title` }, escapeXml(title)) +
      element("desc", { id: `${id}-desc` }, escapeXml(description)) + content,
  );
}

/** Where values stand on an axis, 0 to 1, and which are written beside it. */
export interface Axis {
  readonly title: string;
  readonly place: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

/** The vertical axis of a plot with a row per subject. */
export const NO_AXIS: Axis = { title: "", place: () => 0, ticks: [] };

/** A logarithmic axis over all of `values`, which are positive. */
export function logAxis(title: string, values: readonly number[]): Axis {
  const low = Math.min(...values) / 1.25;
  const high = Math.max(...values) * 1.25;
  const span = Math.log10(high / low);
  // Over few decades 2 and 5 are written too, so that no axis has but one number.
  const steps = span > 3 ? [1] : span > 1.6 ? [1, 3] : [1, 2, 5];
  const ticks: Axis["ticks"][number][] = [];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade++) {
    for (const step of steps) {
      const value = step * 10 ** decade;
      if (value >= low && value <= high) ticks.push({ value, text: tickText(value) });
    }
  }
  return { title, place: (value) => Math.log10(value / low) / span, ticks };
}

/** A linear axis from 0. */
export function linearAxis(title: string, most: number): Axis {
  const rough = most / 5;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * decade).find((size) => size >= rough) ??
    decade;
  const high = most * 1.04;
  const ticks = Array.from({ length: Math.floor(high / step) + 1 }, (_, index) => {
    const value = index * step;
    return { value, text: tickText(value) };
  });
  return { title, place: (value) => value / high, ticks };
}

/** Without zeros that say nothing. */
export function tickText(value: number): string {
  if (value === 0) return "0";
  return value < 1 ? String(Number(value.toPrecision(2))) : number(value).replace(/\.0+$/, "");
}

/** How a subject looks in every plot. */
export interface Look {
  /** A class of style.ts that sets the colour. */
  readonly tone: string;
  /** For a stroke; undefined: solid. */
  readonly dash?: string;
  /** The mark on points. */
  readonly shape: "circle" | "square" | "triangle" | "diamond";
}

/** A mark on a point. */
export function mark(x: number, y: number, look: Look, hollow = false): string {
  const common = { class: `mark ${look.tone}${hollow ? " hollow" : ""}` };
  switch (look.shape) {
    case "circle":
      return element("circle", { ...common, cx: x, cy: y, r: 3.4 });
    case "square":
      return element("rect", { ...common, x: x - 3.1, y: y - 3.1, width: 6.2, height: 6.2 });
    case "triangle":
      return element("path", { ...common, d: `M${px(x)} ${px(y - 4)}l4 7h-8z` });
    case "diamond":
      return element("path", { ...common, d: `M${px(x)} ${px(y - 4.4)}l4.4 4.4-4.4 4.4-4.4-4.4z` });
  }
}

/** Where a plot's values are drawn. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Pixels of a value inside a frame. */
export function inFrame(frame: Frame, x: Axis, y: Axis) {
  return {
    x: (value: number) => frame.left + x.place(value) * (frame.right - frame.left),
    y: (value: number) => frame.bottom - y.place(value) * (frame.bottom - frame.top),
  };
}

/** Lines across, numbers and names of both axes. The name of y stands on top, where it reads. */
export function axes(frame: Frame, x: Axis, y: Axis): string {
  const at = inFrame(frame, x, y);
  const parts = y.ticks.flatMap(({ value, text }) => [
    line([[frame.left, at.y(value)], [frame.right, at.y(value)]], "rule"),
    label(frame.left - 6, at.y(value) + 4, text, { anchor: "end", look: "tick" }),
  ]);
  let free = -Infinity;
  for (const { value, text } of x.ticks) {
    const middle = at.x(value);
    parts.push(line([[middle, frame.bottom], [middle, frame.bottom + 4]], "axis"));
    // A number that would touch the one before it is left to its tick.
    const half = textWidth(text) / 2;
    if (middle - half < free + 4) continue;
    free = middle + half;
    parts.push(label(middle, frame.bottom + 18, text, { anchor: "middle", look: "tick" }));
  }
  parts.push(line([[frame.left, frame.bottom], [frame.right, frame.bottom]], "axis"));
  parts.push(label(frame.right, frame.bottom + 36, x.title, { anchor: "end", look: "name" }));
  if (y.title !== "") parts.push(label(4, frame.top - 12, y.title, { look: "name" }));
  return parts.join("");
}

/** A polyline. */
export function line(
  points: readonly (readonly [x: number, y: number])[],
  look: string,
  dash?: string,
): string {
  const d = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${px(x)} ${px(y)}`).join("");
  return element("path", { class: look, d, "stroke-dasharray": dash });
}

/** A name beside the point that it belongs to. */
export interface Tag {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly tone: string;
}

/** Pixels between the base lines of two names. */
const TAG_HEIGHT = 14;

/**
 * Names right of their points; those that would overlap are pushed apart, with a thin line back to
 * where they belong.
 */
export function tags(all: readonly Tag[], top: number, bottom: number): string {
  const groups: Tag[][] = [];
  for (const tag of all.toSorted((left, right) => left.x - right.x)) {
    const last = groups.at(-1);
    if (last !== undefined && tag.x - last[0]!.x < textWidth(last[0]!.text) + 12) last.push(tag);
    else groups.push([tag]);
  }
  return groups.flatMap((group) => {
    const sorted = group.toSorted((left, right) => left.y - right.y);
    const places = spread(sorted.map(({ y }) => y), top, bottom);
    const edge = Math.max(...group.map(({ x }) => x));
    return sorted.map(({ x, y, text, tone }, index) => {
      const place = places[index]!;
      const from: [number, number] = [x + 5, y];
      const to: [number, number] = [edge + 14, place];
      const moved = Math.abs(place - y) > 3 || edge - x > 3;
      return (moved ? line([from, to], `leader ${tone}`) : "") +
        label(moved ? edge + 17 : x + 9, place + 4, text, { look: `tag ${tone}` });
    });
  }).join("");
}

/** Heights near `wanted` (ascending) that keep their distance and stay within bounds. */
export function spread(wanted: readonly number[], top: number, bottom: number): number[] {
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
