/**
 * How subjects look in every chart, and which rows a chart is of. The files that draw charts call
 * it; it decides nothing about numbers.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import type { Summary } from "../claims/inference.ts";
import type { Row } from "../claims/series.ts";
import type { SubjectCard } from "../record.ts";
import type { Tag as ScenarioTag } from "../scenarios/mod.ts";
import type { Look } from "./plot.ts";

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
export const MODELS: readonly string[] = ["blocking", "polling", "multiplex", "async", "uring"];

/** The model of a variant, "peer" for others. */
export function modelOf({ kind, flags }: SubjectCard): string {
  const name = flags[flags.indexOf("--model") + 1] ?? "";
  if (kind === "peer") return "peer";
  return MODELS.includes(name) ? name : "other";
}

/** An interval that can be drawn: an end that is not known is the median. */
export function finite({ median, interval: [low, high] }: Summary): [number, number] {
  return [low > 0 ? low : median, high < Infinity ? high : median];
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
