/**
 * Two runs side by side as something to read: which verdicts replicate. ../mod.ts calls it for
 * `deno task bench compare FILE FILE`. Pure: runs in, text out.
 *
 * @module
 */

import { type Analysis, analyze } from "../claims/analysis.ts";
import type { GridField } from "../claims/grid.ts";
import {
  replicate,
  type Replicated,
  type Replication,
  sharedScenarios,
} from "../claims/replication.ts";
import type { Run } from "../claims/run.ts";
import type { SubjectCard } from "../record.ts";
import type { Block } from "./document.ts";
import { factorWithInterval, inWords, levelOf, NOTHING } from "./numbers.ts";
import { COLUMNS_MAX, writeTerminal } from "./terminal.ts";

/** In the order of the report. */
const OUTCOMES: readonly Replication[] = [
  "contradicts",
  "undecided",
  "apart",
  "replicates",
  "only first",
  "only second",
  "neither",
];

/** Both runs for a terminal of `width` columns. */
export function renderComparison(first: Run, second: Run, width = COLUMNS_MAX): string {
  return writeTerminal(comparison(first, second), Math.min(width, COLUMNS_MAX));
}

/** Servers that have one name in both runs, and differ. */
function differing(one: Analysis, two: Analysis): string[] {
  const what = ({ flags, version }: SubjectCard) => JSON.stringify([flags, version]);
  return one.run.header.subjects.filter((card) => {
    const other = two.run.header.subjects.find(({ id }) => id === card.id);
    return other !== undefined && what(other) !== what(card);
  }).map(({ id }) => id);
}

function comparison(first: Run, second: Run): Block[] {
  const [one, two] = [analyze(first), analyze(second)];
  const fields = replicate(one, two);
  const count = (outcome: Replication) =>
    fields.filter((field) => field.outcome === outcome).length;
  const unclaimed = count("only first") + count("only second") + count("neither");
  const blocks: Block[] = [
    { kind: "heading", level: 1, text: "Two runs side by side" },
    { kind: "list", items: [[`First: ${runInWords(first)}`], [`Second: ${runInWords(second)}`]] },
  ];
  if (one.baseline.id !== two.baseline.id) {
    blocks.push({
      kind: "text",
      warning: true,
      text: [`Their baselines are not the same: ${one.baseline.id} and ${two.baseline.id}.`],
    });
  }
  const others = differing(one, two);
  if (others.length > 0) {
    const text = `Not the same servers in both: ${inWords(others)}.`;
    blocks.push({ kind: "text", warning: true, text: [text] });
  }
  const shared = sharedScenarios(one, two).map(({ id }) => id);
  if (shared.length > 0) {
    const text = `Left out, since both were joined with the same run of it: ${inWords(shared)}.`;
    blocks.push({ kind: "text", text: [text] });
  }
  blocks.push({
    kind: "text",
    text: [
      `Of ${fields.length} fields that both have, ${fields.length - unclaimed} are claimed by ` +
      `both: ${count("replicates")} replicate, ${
        count("apart")
      } have the same sign and intervals ` +
      `that do not meet (apart), ${count("undecided")} are undecided (one claims a difference, ` +
      `the other none, and their intervals meet), ${count("contradicts")} contradict. ` +
      `${count("only first")} are claimed by the first only, ${count("only second")} by the ` +
      `second only, ${count("neither")} by neither.`,
    ],
  }, {
    kind: "table",
    caption: "Ratios over the baseline with exact intervals, contradictions first",
    columns: ["Field", "Outcome", "First", "Level", "Second", "Level"]
      .map((title) => ({ title })),
    rows: OUTCOMES.flatMap((outcome) => fields.filter((field) => field.outcome === outcome))
      .map(rowOf),
  });
  return blocks;
}

function runInWords({ header, file }: Run): string {
  const { machine, startedAt, repeats } = header;
  return `${file ?? "a run"}, ${startedAt.slice(0, 16)}, ${repeats} repeats, ` +
    `${machine.processors} x ${machine.processor}, ${machine.kernel}`;
}

function rowOf({ first, second, outcome }: Replicated): string[] {
  return [
    `${first.scenario.id} ${first.subject.id}`,
    outcome,
    ...fieldOf(first),
    ...fieldOf(second),
  ];
}

function fieldOf({ mark, comparison }: GridField): [string, string] {
  const ratio = comparison?.ratio;
  // The mark of a better one may be a lower ratio: the sign says which is good.
  if (ratio === undefined) return [mark, NOTHING];
  return [`${mark} ${factorWithInterval(ratio, comparison!.bound)}`, levelOf(ratio)];
}
