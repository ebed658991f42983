/**
 * Each model's best configuration beside those of the others. Pure: an analysis in, blocks of
 * document.ts out.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import { type Best, bestConfigurations, modelNameOf } from "../claims/best.ts";
import { FIGURES } from "../claims/figures.ts";
import { REPEATS_FOR_CLAIM_MIN } from "../claims/inference.ts";
import type { Block } from "./document.ts";
import { factor, factorWithInterval, levelOf, NOTHING, verdictInWords } from "./numbers.ts";
import { WORTH } from "./others.ts";

/** Nothing where no model has two configurations. */
export function best(analysis: Analysis): Block[] {
  const found = bestConfigurations(analysis);
  if (found.every(({ of }) => of < 2)) return [];
  const reference = modelNameOf(analysis.baseline) ?? analysis.baseline.id;
  return [
    { kind: "heading", level: 2, text: "Best configurations" },
    {
      kind: "text",
      text: [
        `Of each model the configuration with the best median, over the best of ${reference}. ` +
        "Who picks the best of several picks luck, too: every second block chooses, the others " +
        `compare. That halves them: a claim, which takes ${REPEATS_FOR_CLAIM_MIN} clean blocks, ` +
        `takes ${2 * REPEATS_FOR_CLAIM_MIN} repeats here or more. --workers 1,2,4 measures ` +
        "each model with as many workers, and pools that grow.",
      ],
    },
    {
      kind: "fold",
      title: "The best configuration of each model, in each scenario",
      long: true,
      blocks: [{
        kind: "table",
        caption: "Chosen on every second block; the ratio over the best of " +
          `${reference} is of the others`,
        columns: [
          { title: "Scenario" },
          { title: "Figure" },
          { title: "Model" },
          { title: "Chosen" },
          { title: "Of", align: "right" },
          { title: "Ratio", align: "right" },
          ...WORTH,
          { title: "Verdict" },
        ],
        rows: found.map(rowOf),
      }],
    },
  ];
}

function rowOf({ scenario, point, figure, model, subject, of, comparison }: Best): string[] {
  const { title, unit } = FIGURES[figure];
  const ratio = comparison?.ratio;
  return [
    `${scenario.id} (${point})`,
    unit === "" ? title : `${title}, ${unit}`,
    model,
    subject.id,
    String(of),
    comparison === undefined ? NOTHING : factorWithInterval(ratio, comparison.bound),
    ratio === undefined ? NOTHING : levelOf(ratio),
    factor(comparison?.seen),
    comparison === undefined
      ? "the reference"
      : comparison.verdict === "not enough"
      ? `not enough: ${comparison.reasons.join("; ")}`
      : verdictInWords(comparison.verdict, comparison),
  ];
}
