/**
 * How lessons look on a terminal, in a file, as JSON: text out of plain data, wrapped to a width.
 * mod.ts prints what these functions return.
 *
 * @module
 */

import { wrap } from "../../client/cli/flags.ts";
import type { Finding, Lesson, Measured, Verdict } from "./lesson.ts";

/** What became of one lesson. */
export interface Outcome extends Omit<Finding, "verdict"> {
  /** Which. */
  readonly lesson: Lesson;
  /** The experiment's, or why there is none. */
  readonly verdict: Verdict | "unavailable" | "failed" | "interrupted";
  /** How long the experiment took. */
  readonly seconds: number;
}

/** How wide, and whether in colour. */
export interface Look {
  /** Columns. */
  readonly width: number;
  /** false where nobody sees it: in a file, or with NO_COLOR. */
  readonly colour: boolean;
}

/** The column where text begins: beside labels such as "Measured". */
const INDENT = 10;

/** ANSI codes of verdicts; the word itself says it, too. */
const COLOURS: Readonly<Record<Outcome["verdict"], number>> = {
  confirmed: 32,
  refuted: 31,
  inconclusive: 33,
  unavailable: 33,
  failed: 31,
  interrupted: 33,
};

function paint(text: string, code: number, look: Look): string {
  return look.colour ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** `lines` beside `label`. */
function beside(label: string, lines: readonly string[]): string {
  return lines.map((line, index) => `${(index === 0 ? label : "").padEnd(INDENT)}${line}`.trimEnd())
    .join("\n");
}

function paragraph(label: string, text: string, look: Look): string {
  return beside(label, wrap(text, look.width - INDENT));
}

/** What stands above an experiment: `place` of `count`, claim and plan. */
export function renderOpening(lesson: Lesson, place: number, count: number, look: Look): string {
  const [first, ...more] = wrap(`${lesson.name}: ${lesson.title}`, look.width - INDENT);
  const head = [
    beside(`${place} of ${count}`, [first!]),
    ...more.map((line) => beside("", [line])),
  ];
  return [
    ...head.map((line) => paint(line, 1, look)),
    paragraph("Claim", lesson.claim, look),
    paragraph("Plan", lesson.plan, look),
  ].join("\n");
}

/** A line while an experiment goes on. */
export function renderProgress(line: string, look: Look): string {
  return beside("", wrap(`- ${line}`, look.width - INDENT));
}

/** What stands below an experiment. */
export function renderOutcome(outcome: Outcome, look: Look): string {
  const { lesson, verdict, reason, measured } = outcome;
  const [first, ...more] = wrap(`${verdict}: ${reason}`, look.width - INDENT);
  const coloured = first!.replace(verdict, paint(verdict, COLOURS[verdict], look));
  return [
    ...(measured.length === 0
      ? []
      : [beside("Measured", renderMeasured(measured, look.width - INDENT))]),
    beside("Verdict", [coloured, ...more]),
    paragraph("Rule", lesson.rule, look),
    paragraph("Refuted", `if ${lesson.refutedIf}`, look),
    beside("Code", lesson.code.flatMap((place) => wrap(place, look.width - INDENT))),
  ].join("\n");
}

/** Figures under each other, aligned; what would leave no room for its name stands below it. */
export function renderMeasured(measured: readonly Measured[], width: number): string[] {
  const longest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));
  const figures = longest(
    measured.flatMap(({ value }) => typeof value === "number" ? [formatValue(value)] : []),
  );
  const texts = measured.map(({ value, unit }) => {
    const text = formatValue(value).padStart(typeof value === "number" ? figures : 0);
    return unit === undefined ? text : `${text} ${unit}`;
  });
  const column = longest(texts.filter((text) => text.length <= width / 2));
  const names = Math.min(longest(measured.map(({ name }) => name)), width - column - 2);
  return measured.flatMap(({ name }, index) => {
    const text = texts[index]!;
    const left = wrap(name, names);
    const line = `${left.at(-1)!.padEnd(names)}  ${text}`;
    if (line.length <= width) return [...left.slice(0, -1), line];
    return [...wrap(name, width), ...wrap(text, width - 2).map((line) => `  ${line}`)];
  });
}

/** A count with separators, a quantity with three digits, words as they are. */
function formatValue(value: number | string): string {
  if (typeof value === "string") return value;
  return Number.isInteger(value) || Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en-US")
    : value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** Names and titles. */
export function renderList(lessons: readonly Lesson[], look: Look): string {
  const column = Math.max(...lessons.map(({ name }) => name.length)) + 2;
  return lessons.map((lesson) => {
    const why = lesson.unavailable?.();
    const text = why === undefined ? lesson.title : `${lesson.title} (not here: ${why})`;
    return wrap(text, look.width - column)
      .map((line, index) => (index === 0 ? lesson.name : "").padEnd(column) + line).join("\n");
  }).join("\n");
}

/**
 * All outcomes, two or more, in a table, reasons where a claim was not confirmed, and how many were
 * what.
 */
export function renderSummary(outcomes: readonly Outcome[], look: Look): string {
  const column = Math.max(...outcomes.map(({ lesson }) => lesson.name.length)) + 2;
  const verdicts = Math.max(...outcomes.map(({ verdict }) => verdict.length)) + 2;
  const rows = outcomes.flatMap(({ lesson, verdict, seconds, reason }) => {
    const time = `${seconds.toFixed(1)} s`.padStart(7);
    const shown = paint(verdict, COLOURS[verdict], look) + " ".repeat(verdicts - verdict.length);
    const row = `${lesson.name.padEnd(column)}${shown}${time}`;
    if (verdict === "confirmed") return [row];
    return [row, ...wrap(reason, look.width - 4).map((line) => `    ${line}`)];
  });
  const counts = Map.groupBy(outcomes, ({ verdict }) => verdict).entries()
    .map(([verdict, { length }]) => `${length} ${verdict}`);
  const sum = `${outcomes.length} lessons: ${[...counts].join(", ")}`;
  return [...rows, ...wrap(sum, look.width)].join("\n");
}

/** For programs: an array, one object per lesson. */
export function renderJson(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ lesson, measured, verdict, reason, seconds }) => {
    const { name, claim, rule, refutedIf: refuted_if } = lesson;
    const rounded = Number(seconds.toFixed(3));
    return { name, claim, rule, refuted_if, measured, verdict, reason, seconds: rounded };
  });
  return JSON.stringify(rows, null, 2);
}
