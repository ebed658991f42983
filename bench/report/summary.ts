/**
 * The first screen of a report: whether anything is claimed, the grid of signs, the winners, what
 * went wrong, and the peers beside the baseline. Pure: an analysis in, blocks of document.ts out.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import { correctAll } from "../claims/family.ts";
import {
  agreesWithinMargin,
  correct,
  type Correction,
  FALSE_DISCOVERIES_MAX,
  type GridField,
  gridField,
  headlineRow,
  type Mark,
  type Standing,
  standing,
} from "../claims/grid.ts";
import { MARGIN } from "../claims/inference.ts";
import { leastRepeats } from "../claims/run.ts";
import type { Row } from "../claims/series.ts";
import type { SubjectCard } from "../record.ts";
import type { Scenario } from "../scenarios/mod.ts";
import type { Block, Inline, Table, Tile } from "./document.ts";
import {
  adjustedOf,
  boundSign,
  capital,
  counted,
  factor,
  factorWithInterval,
  inBrackets,
  inWords,
  levelOf,
  NOTHING,
  number,
  verdictInWords,
  withMicro,
} from "./numbers.ts";
import { modelsOf } from "./looks.ts";

/** The title, and what stands before every number. */
export function opening({ run, baseline, reservations, cautions }: Analysis): Block[] {
  const { header } = run;
  const seconds = run.cells.map((cell) => cell.seconds).filter((length) => length > 0);
  const windows = seconds.length === 0
    ? ""
    : `Windows were open for ${number(Math.min(...seconds))} to ${
      number(Math.max(...seconds))
    } s. `;
  const count = (wanted: SubjectCard["kind"]) =>
    header.subjects.filter(({ kind }) => kind === wanted).length;
  const [models, peers, twins] = [count("model"), count("peer"), count("twin")];
  const joined = run.parts.filter(({ args }) => args !== undefined);
  const least = joined.length > 0 ? "at least " : "";
  const fewest = leastRepeats(run);
  const repeats = fewest === 1 ? "1 repeat" : `${least}${fewest} repeats`;
  const days = [header, ...joined].map(({ startedAt }) => startedAt.slice(0, 16).replace("T", " "));
  const blocks: Block[] = [
    { kind: "heading", level: 1, text: "Ways to wait, measured" },
    {
      kind: "text",
      text: [
        `${models} variants of one FTP server that differ only in how they wait and in how many ` +
        "threads do" +
        (peers > 0 ? `, beside ${peers} other servers` : "") +
        (twins > 0 ? `, beside ${twins} twins in C` : "") +
        `: ${repeats}, each with a fresh server, in random order, on ${inWords(days)} UTC. ` +
        windows +
        `Ratios are over ${baseline.title}. Intervals are exact, of order statistics; their level ` +
        `is printed with them.`,
      ],
    },
  ];
  if (reservations.length > 0) {
    blocks.push({
      kind: "text",
      warning: true,
      text: [
        { bold: "No claim." },
        " ",
        `${sentence(reservations.join("; "))} What follows is a first look.`,
      ],
    });
  }
  if (cautions.length > 0) {
    const text = `${sentence(cautions.join("; "))} Cells that anybody disturbed carry no claim.`;
    blocks.push({ kind: "text", warning: true, text: [text] });
  }
  return blocks;
}

function sentence(text: string): string {
  return `${capital(text)}.`;
}

const GLYPHS: Readonly<Record<Mark, string>> = {
  "+": "+",
  "-": "−",
  "=": "=",
  "?": "?",
  "baseline": "1 ×",
  "unable": "unable",
  "failed": "failed",
  "missing": "none",
};

const WORDS: Readonly<Record<Mark, string>> = {
  "+": "better",
  "-": "worse",
  "=": "equivalent",
  "?": "not enough",
  "baseline": "the baseline",
  "unable": "unable",
  "failed": "failed",
  "missing": "not measured",
};

const TONES: Readonly<Record<Mark, Tile["tone"]>> = {
  "+": "good",
  "-": "bad",
  "=": "same",
  "?": "open",
  "baseline": "none",
  "unable": "none",
  "failed": "open",
  "missing": "none",
};

/** Expected against measured sign, models by scenarios. */
export function signGrid(analysis: Analysis): Block[] {
  const models = modelsOf(analysis);
  const fields = models.map((subject) =>
    analysis.scenarios.map((scenario) => gridField(analysis, subject, scenario))
  );
  const correction = correct(fields.flat());
  const table: Table = {
    kind: "table",
    caption: `Against ${analysis.baseline.title}: + better, − worse, = equivalent (within ` +
      `${MARGIN[0]} to ${MARGIN[1]}), ? not enough. In brackets what the textbook expects; ≠ ` +
      "where measurement differs; * where a cell did not pass a gate. Below the sign the ratio " +
      "of the figure named at the winners.",
    columns: [{ title: "Model" }, ...analysis.scenarios.map(({ id }) => ({ title: id }))],
    rows: models.map((subject, index) => [
      subject.id,
      ...fields[index]!.map((field) => ({ tile: tileOf(analysis, field) })),
    ]),
  };
  return [
    { kind: "heading", level: 2, text: "Expected and measured" },
    { kind: "text", text: agreementInWords(fields.flat()) },
    { kind: "text", text: [correctionInWords(correction, correctAll(analysis, fields.flat()))] },
    table,
    {
      kind: "fold",
      title: "Every field of the grid: n, level, and the effect that it shows at even odds",
      long: true,
      blocks: [findings(analysis, fields.flat(), correction)],
    },
  ];
}

function agreementInWords(fields: readonly GridField[]): Inline[] {
  const count = (agreement: GridField["agreement"]) =>
    fields.filter((field) => field.agreement === agreement).length;
  const [agrees, differs, open] = [count("agrees"), count("differs"), count("open")];
  const within = fields.filter(agreesWithinMargin).length;
  return [
    `Of ${counted(agrees + differs + open, "expectation")} of the textbook, `,
    { bold: `${agrees} agree` },
    ` with the measurement${
      within === 0 ? "" : ` (${within} by what is certain and within the margin)`
    }, `,
    { bold: `${differs} differ` },
    `, and of ${open} there is not enough to tell. An expected = agrees when the interval lies ` +
    "within the margin.",
  ];
}

function correctionInWords(
  { tested, alone, corrected, provisional }: Correction,
  all: Correction,
): string {
  const percentage = 100 * FALSE_DISCOVERIES_MAX;
  return `Of ${counted(tested, "field")} tested, ${alone} differ from the baseline each for ` +
    `itself. With Benjamini and Hochberg's correction for asking so often it is ${corrected}, of ` +
    `which at most ${percentage} % are expected to be false if the tests are independent or ` +
    "depend on each other positively; with Benjamini and Yekutieli's, who assume nothing of " +
    `that, it is ${corrected - provisional.size}` +
    (provisional.size === 0 ? "." : " (below, the others bear a †).") +
    (all.tested === tested ? "" : ` With peers and twins it is ${all.tested} comparisons: ` +
      `${all.alone} differ, ${all.corrected} after the first correction, ` +
      `${all.corrected - all.provisional.size} after the second.`);
}

/** What stands behind each field. */
function findings(
  analysis: Analysis,
  fields: readonly GridField[],
  correction: Correction,
): Table {
  return {
    kind: "table",
    caption: "Ratios over the baseline, with exact intervals and tests",
    columns: [
      { title: "Model" },
      { title: "Scenario" },
      { title: "Ratio", align: "right" },
      { title: "Level", align: "right" },
      { title: "Pairs" },
      { title: "p", align: "right" },
      { title: "Adjusted", align: "right" },
      { title: "Even odds to see", align: "right" },
      { title: "Verdict" },
    ],
    rows: fields.filter(({ subject }) => subject.id !== analysis.baseline.id).map((field) => {
      const { comparison, mark, why, subject, scenario } = field;
      const ratio = comparison?.ratio;
      const { point, metric } = analysis.headline(scenario);
      const correlation = analysis.correlation({ scenario, point, figure: metric });
      const r = correlation === undefined ? "" : `, r = ${correlation.toFixed(2)}`;
      return [
        subject.id,
        scenario.id,
        factorWithInterval(ratio, comparison?.bound),
        ratio === undefined ? NOTHING : levelOf(ratio),
        ratio === undefined ? NOTHING : (comparison!.paired ? "paired" : "dropped") + r,
        number(comparison?.p),
        adjustedOf(correction, comparison),
        factor(comparison?.seen),
        verdictInWords(WORDS[mark], comparison) +
        (why === undefined ? "" : `: ${why}`),
      ];
    }),
  };
}

function tileOf(analysis: Analysis, field: GridField): Tile {
  const { mark, expected, comparison, agreement, red } = field;
  const differs = agreement === "differs";
  const shown = comparison?.ratio === undefined || mark === "unable" || mark === "failed"
    ? undefined
    : boundSign(comparison.bound) + factor(comparison.ratio.median);
  const sign = expected?.replace("-", "−");
  const star = red ? "*" : "";
  const glyph = GLYPHS[mark];
  const expectation = sign === undefined ? "" : ` (${sign})`;
  const row = headlineRow(analysis, field.subject.id, field.scenario);
  const gates = row?.gates.map(({ text }) => text) ?? [];
  const said = [
    `${field.subject.title}, ${field.scenario.title}: ` +
    verdictInWords(WORDS[mark], comparison),
    comparison?.ratio && `ratio ${factorWithInterval(comparison.ratio, comparison.bound)}`,
    field.why,
    comparison?.ratio && `level ${levelOf(comparison.ratio)}`,
    expected && `expected: ${WORDS[expected]}`,
    differs && "expectation and measurement differ",
    gates.length > 0 && `gates not passed: ${gates.join("; ")}`,
  ].filter((part) => typeof part === "string");
  return {
    plain: `${glyph}${expectation}${differs ? " ≠" : ""}${star}`,
    glyph: shown === undefined ? glyph + star : glyph,
    detail: shown === undefined ? "" : shown + star,
    expected: sign ?? "",
    tone: TONES[mark],
    differs,
    said: said.join(". "),
  };
}

/** A sentence per scenario. */
export function winners(analysis: Analysis): Block[] {
  const models = modelsOf(analysis);
  return [
    { kind: "heading", level: 2, text: "Winners" },
    {
      kind: "terms",
      items: analysis.scenarios.map((scenario) => ({
        term: scenario.title,
        text: winnerOf(analysis, scenario, models),
      })),
    },
  ];
}

function winnerOf(
  analysis: Analysis,
  scenario: Scenario,
  models: readonly SubjectCard[],
): Inline[] {
  const found = standing(analysis, models, scenario);
  if (found === undefined) return ["Nobody has a figure here."];
  const label = withMicro(analysis.headline(scenario).label);
  const [first, ...others] = found.ahead;
  const figures = `${label}: ${boundSign(found.bound)}${number(first!.summary.median)}` +
    inBrackets(first!.summary);
  const names = found.ahead.map(({ subject }) => subject.id);
  const text: Inline[] = found.reasons.length > 0
    ? [
      "Not enough",
      // What holds for the whole run is said once, above.
      found.reasons === analysis.reservations ? "" : ` (${found.reasons.join("; ")})`,
      "; the best median is that of ",
      { bold: names[0]! },
      `, ${figures}`,
    ]
    : others.length === 0
    ? [{ bold: names[0]! }, ` wins, ${figures}`]
    : [
      { bold: inWords(names) },
      " are not told apart by their intervals",
      found.belowFloor ? ", or lie below the floor" : "",
      "; the best median is that of ",
      `${names[0]}, ${figures}`,
    ];
  return [...text, `${nextInWords(found)}.`, ...excludedInWords(found)];
}

function nextInWords({ next, reasons }: Standing): string {
  if (next === undefined) return reasons.length > 0 ? "" : "; nobody else is shown to be behind";
  const { subject, comparison } = next;
  const ratio = factorWithInterval(comparison.ratio, comparison.bound);
  return `; next is ${subject.id} with ${ratio} of that`;
}

function excludedInWords({ excluded }: Standing): Inline[] {
  if (excluded.length === 0) return [];
  const who = excluded.map(({ subject, why }) => `${subject.id} (${why})`);
  return [` Not counted: ${inWords(who)}.`];
}

/** What a reader has to know before believing any of it. */
export function troubles(analysis: Analysis): Block[] {
  const { run, rows } = analysis;
  const found = rows.flatMap((row) => troublesOf(row).map((what) => ({ row, what })));
  // What happened at many points of a scenario is said once.
  const same = Map.groupBy(
    found,
    ({ row, what }) => JSON.stringify([row.subject.id, row.scenario.id, what]),
  );
  const items: Inline[][] = [...same.values()].map((all) => {
    const [{ row, what }] = all as [typeof all[number]];
    const points = all.map((one) => one.row.point.id).join(", ");
    return [{ bold: `${row.subject.id}, ${row.scenario.id} (${points}): ` }, what];
  });
  for (const { cell, what } of analysis.faults) {
    const where = `${cell.subject}, ${cell.scenario} (${cell.point}), block ${cell.block + 1}: `;
    items.push([{ bold: "Fault of the harness: " }, where, what]);
  }
  const again = run.cells.filter(({ attempt = 0 }) => attempt > 0).length;
  if (again > 0) {
    items.push([`${again} cells were measured again, since something disturbed them.`]);
  }
  for (const { failure, subject, scenario } of run.counts) {
    if (failure === undefined) continue;
    items.push([{ bold: `${subject}, ${scenario}, counted pass: ` }, `failed: ${failure}`]);
  }
  if (items.length === 0) items.push(["Nothing failed, and there were no errors or faults."]);
  return [
    { kind: "heading", level: 2, text: "Failures, errors and notes" },
    { kind: "list", items: [...run.notes.map((note) => [note]), ...items] },
  ];
}

function troublesOf(row: Row): string[] {
  const failures = Map.groupBy(row.cells.flatMap(({ failure }) => failure ?? []), (text) => text);
  const errors = new Map<string, number>();
  for (const [what, count] of row.cells.flatMap((cell) => Object.entries(cell.errors))) {
    errors.set(what, (errors.get(what) ?? 0) + count);
  }
  return [
    ...[...failures].map(([text, { length }]) =>
      `failed ${length} of ${row.cells.length} times: ${text}`
    ),
    ...[...errors].map(([what, count]) => `${count} × ${what}`),
    ...row.gates.filter(({ id }) => id === "unserved").map(({ text }) => text),
  ];
}
