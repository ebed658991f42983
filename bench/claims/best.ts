/**
 * Each way to wait at its best: of a model's configurations the one with the best figure, compared
 * with the best of the others (Pariag and others, EuroSys 2007: architectures are compared when each
 * is tuned). Who picks the best of several picks luck, too: so every second block chooses, and the
 * others, which took no part in the choice, compare. Pure; report/ shows it.
 *
 * @module
 */

import type { SubjectCard } from "../record.ts";
import type { FigureId, Scenario } from "../scenarios/mod.ts";
import type { Analysis, Comparison } from "./analysis.ts";
import { FIGURES } from "./figures.ts";
import { cleanValues, type Series } from "./series.ts";
import { median } from "./statistics.ts";

/** The best configuration of one model in one figure. */
export interface Best {
  readonly scenario: Scenario;
  readonly point: string;
  readonly figure: FigureId;
  /** The value of --model. */
  readonly model: string;
  /** Chosen on every second block. */
  readonly subject: SubjectCard;
  /** How many configurations had a figure there. */
  readonly of: number;
  /** On the other blocks, over the best of the baseline's model; missing: it is that itself. */
  readonly comparison?: Comparison;
}

/** Figures in which more processors may help; work per operation only says what they cost. */
const OF_SPEED: readonly FigureId[] = ["rate", "throughput", "makespan"];

/** The value of --model of a subject; undefined of others than models. */
export function modelNameOf({ kind, flags }: SubjectCard): string | undefined {
  return kind === "model" ? flags[flags.indexOf("--model") + 1] : undefined;
}

/** The best of each model in each scenario: at its headline, and in what it is fast at. */
export function bestConfigurations(analysis: Analysis): Best[] {
  return analysis.scenarios.flatMap((scenario) => {
    const { point, metric } = analysis.headline(scenario);
    const speeds = (scenario.further ?? []).filter((one) =>
      one.point === point && OF_SPEED.includes(one.metric)
    );
    return [metric, ...speeds.map((one) => one.metric)]
      .flatMap((figure) => bestIn(analysis, scenario, point, figure));
  });
}

function bestIn(analysis: Analysis, scenario: Scenario, point: string, figure: FigureId): Best[] {
  const { better = "lower" } = FIGURES[figure];
  const measured = analysis.run.header.subjects.flatMap((subject) => {
    const model = modelNameOf(subject);
    const row = analysis.row(subject.id, scenario.id, point);
    const series = row && analysis.series(row, figure);
    const chosenBy = series && middleOf(everySecond(series, 1));
    // Who left clients unserved looks better than it is.
    return model === undefined || chosenBy === undefined || series!.partial
      ? []
      : [{ subject, model, series: series!, chosenBy }];
  });
  const direction = better === "higher" ? -1 : 1;
  const best = [...Map.groupBy(measured, ({ model }) => model)].map(([model, all]) => {
    const [first] = all.toSorted((left, right) => direction * (left.chosenBy - right.chosenBy));
    return { ...first!, model, of: all.length };
  });
  const reference = best.find(({ model }) => model === modelNameOf(analysis.baseline));
  return best.map(({ subject, model, series, of }): Best => {
    const found = { scenario, point, figure, model, subject, of };
    if (reference === undefined || reference.model === model) return found;
    const [own, other] = [everySecond(series, 0), everySecond(reference.series, 0)];
    return { ...found, comparison: analysis.compare(own, other, better) };
  });
}

/** Every second block of `series`, beginning with that of the number `first`. */
function everySecond(series: Series, first: 0 | 1): Series {
  const half = <T>(map: ReadonlyMap<number, T>) =>
    new Map([...map].filter(([block]) => block % 2 === first));
  return { ...series, values: half(series.values), spoilt: half(series.spoilt) };
}

function middleOf(series: Series): number | undefined {
  const values = [...cleanValues(series).values()].map(({ value }) => value);
  return values.length === 0 ? undefined : median(values);
}
