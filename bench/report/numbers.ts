/**
 * How numbers read: three significant digits, thousands apart, ratios with their sign. All three
 * renderings use it, so that they say the same.
 *
 * @module
 */

import type { Comparison } from "../claims/analysis.ts";
import type { Bound } from "../claims/figures.ts";
import type { Correction } from "../claims/grid.ts";
import type { Interval, Summary } from "../claims/inference.ts";
import { boundOfSummary } from "../claims/series.ts";

/** Stands where there is no figure. */
export const NOTHING = "–";

/** Three significant digits below 1,000, whole above; counts as they are. */
export function number(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en-US");
  if (size < 0.0005) return value.toExponential(1);
  const digits = size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

/** "1 field", "7 fields". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** "20.9 to 21.8". */
export function interval(summary: Summary | undefined): string {
  if (summary === undefined) return NOTHING;
  return endsOf(summary, number);
}

/** " (20.9 to 21.8)", or nothing when one value is all there is. */
export function inBrackets(summary: Summary): string {
  return summary.count === 1 ? "" : ` (${interval(summary)})`;
}

/** "4K": a number of sessions, short enough for a telephone's axis. */
export function compact(sessions: number): string {
  return sessions.toLocaleString("en-US", { notation: "compact" });
}

/** A factor: "2.31 ×", which no line break may take apart. */
export function factor(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NOTHING;
  return `${factorDigits(value)}\u00a0×`;
}

/** "2.31 × (2.2 to 2.4)". */
export function factorWithInterval(summary: Summary | undefined, bound?: Bound): string {
  if (summary === undefined) return NOTHING;
  const [low, high] = summary.interval;
  const ends = low === high ? "" : ` (${endsOf(summary, factorDigits)})`;
  return `${boundSign(bound)}${factor(summary.median)}${ends}`;
}

/** A verdict with what else is to be said of it: "worse, within the margin". */
export function verdictInWords(
  said: string,
  { verdict, withinMargin, belowFloor }: Partial<Comparison> = {},
): string {
  if (belowFloor !== undefined) return `${said}, both below the floor`;
  return withinMargin && verdict !== "equivalent" ? `${said}, within the margin` : said;
}

/** An adjusted p; a † says that it does not stand however the tests depend on each other. */
export function adjustedOf(
  { adjusted, provisional }: Correction,
  comparison: Comparison | undefined,
): string {
  if (comparison === undefined) return NOTHING;
  return number(adjusted.get(comparison)) + (provisional.has(comparison) ? " †" : "");
}

/** The interval of a median: an end that is not known is left out, a 0 that was measured is not. */
function endsOf(summary: Summary, shown: (value: number) => string): string {
  const { atLeast, atMost } = boundOfSummary(summary);
  const [low, high] = summary.interval;
  if (atLeast) return atMost ? "not known" : `${shown(low)} or more`;
  return atMost ? `${shown(high)} or less` : range(summary.interval, shown);
}

/** From where to where, or one of them where both read alike. */
function range([low, high]: Interval, shown: (value: number) => string): string {
  const [from, to] = [shown(low), shown(high)];
  return from === to ? from : `${from} to ${to}`;
}

/** The level of an interval, and of how many values: "98.8 %, n = 11". */
export function levelOf({ level, count }: Summary): string {
  return `${(100 * level).toFixed(1)} %, n = ${count}`;
}

/** The levels of several intervals, and of how many values they are: "95.5 to 97.9 %, n = 9 to 12". */
export function levelsOf(summaries: readonly Summary[]): string {
  if (summaries.length === 0) return NOTHING;
  const ends = (of: readonly number[], shown: (value: number) => string) =>
    range([Math.min(...of), Math.max(...of)], shown);
  const levels = ends(summaries.map(({ level }) => level), (level) => (100 * level).toFixed(1));
  return `${levels} %, n = ${ends(summaries.map(({ count }) => count), String)}`;
}

/** What several would show at even odds, from the least to the largest: "1.04 to 1.15 ×". */
export function seenOf(comparisons: readonly Comparison[]): string {
  const all = comparisons.flatMap(({ seen }) => seen ?? []);
  if (all.length === 0) return NOTHING;
  return `${range([Math.min(...all), Math.max(...all)], factorDigits)}\u00a0×`;
}

function factorDigits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  if (value >= 10) return value.toFixed(1);
  return value >= 0.1 ? value.toFixed(2) : String(Number(value.toPrecision(2)));
}

/** "≥ " where the true figure may be higher, "≤ " where it may be lower, else nothing. */
export function boundSign(bound: Bound | undefined): string {
  if (bound === undefined || bound.atLeast === bound.atMost) return "";
  return bound.atLeast ? "≥\u00a0" : "≤\u00a0";
}

/** A median with the sign of what it bounds: "≥ 120,000". */
export function bounded(summary: Summary | undefined): string {
  return boundSign(boundOfSummary(summary)) + number(summary?.median);
}

/** A share as a percentage. */
export function percent(share: number | undefined): string {
  if (share === undefined) return NOTHING;
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

/** Labels of scenarios/ are plain characters; a page may have the real sign. */
export function withMicro(label: string): string {
  return label.replace(/\bus\b/g, "µs");
}

/** The same with a capital letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "a", "a and b", "a, b and c". */
export function inWords(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
