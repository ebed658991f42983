/**
 * The first screen of a report: whether anything is claimed, the grid of signs, the winners, what
 * went wrong, and the peers beside the baseline. Pure: an analysis in, blocks of document.ts out.
 *
 * @module
 */

import {
  type Analysis,
  type Comparison,
  REPEATS_FOR_CLAIM_MIN,
  type Row,
} from "../claims/analysis.ts";
import {
  type Contest,
  contests,
  type GridField,
  gridField,
  headlineRow,
  type Mark,
  type Standing,
  standing,
  standingIn,
} from "../claims/grid.ts";
import type { SubjectCard } from "../record.ts";
import type { Scenario } from "../scenarios/mod.ts";
import type { Block, Inline, Table, Tile } from "./document.ts";
import {
  boundSign,
  factor,
  factorWithInterval,
  inBrackets,
  inWords,
  NOTHING,
  number,
  withMicro,
} from "./numbers.ts";
import { modelsOf } from "./plots.ts";

/** The title, and what stands before every number. */
export function opening({ run, baseline, reservations }: Analysis): Block[] {
  const { header } = run;
  const models = header.subjects.filter(({ kind }) => kind === "model").length;
  const peers = header.subjects.length - models;
  const repeats = header.repeats === 1 ? "1 repeat" : `${header.repeats} repeats`;
  const day = header.startedAt.slice(0, 16).replace("T", " ");
  const blocks: Block[] = [
    { kind: "heading", level: 1, text: "Ways to wait, measured" },
    {
      kind: "text",
      text: [
        `${models} variants of one FTP server that differ only in how they wait` +
        (peers > 0 ? `, beside ${peers} other servers` : "") +
        `: ${repeats}, each with a fresh server, in random order, on ${day} UTC. ` +
        `Ratios are over ${baseline.title}, in the same block. An interval holds the true ` +
        "median in 95 of 100 runs (bootstrap).",
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
  return blocks;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + ".";
}

const GLYPHS: Readonly<Record<Mark, string>> = {
  "+": "+",
  "-": "−",
  "=": "=",
  "?": "?",
  "baseline": "1 ×",
  "unable": "unable",
  "failed": "failed",
  "missing": NOTHING,
};

const WORDS: Readonly<Record<Mark, string>> = {
  "+": "better",
  "-": "worse",
  "=": "no difference shown",
  "?": "no claim",
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
  const count = (agreement: GridField["agreement"]) =>
    fields.flat().filter((field) => field.agreement === agreement).length;
  const table: Table = {
    kind: "table",
    caption: `Against ${analysis.baseline.title}: + better, − worse, = no difference shown, ` +
      "? no claim. In brackets what the textbook expects; ≠ where measurement differs; * where a " +
      "gate was not passed. Below the sign the ratio of the figure named at the winners.",
    columns: [{ title: "Model" }, ...analysis.scenarios.map(({ id }) => ({ title: id }))],
    rows: models.map((subject, index) => [
      subject.id,
      ...fields[index]!.map((field) => ({ tile: tileOf(analysis, field) })),
    ]),
  };
  const [agrees, differs, open] = [count("agrees"), count("differs"), count("open")];
  const total = agrees + differs + open;
  return [
    { kind: "heading", level: 2, text: "Expected and measured" },
    {
      kind: "text",
      text: [
        `Of ${total} expectations of the textbook, `,
        { bold: `${agrees} agree` },
        " with the measurement, ",
        { bold: `${differs} differ` },
        `, and ${open} cannot be told.`,
      ],
    },
    table,
  ];
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
    `${field.subject.title}, ${field.scenario.title}: ${WORDS[mark]}`,
    comparison?.ratio && `ratio ${factorWithInterval(comparison.ratio, comparison.bound)}`,
    field.why,
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
      "No claim",
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
      " are not told apart by their intervals; the best median is that of ",
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
  for (const { failure, subject, scenario } of run.counts) {
    if (failure === undefined) continue;
    items.push([{ bold: `${subject}, ${scenario}, counted pass: ` }, `failed: ${failure}`]);
  }
  if (items.length === 0) items.push(["Nothing failed, and there were no errors."]);
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

/** Other servers beside the baseline. */
export function peers(analysis: Analysis): Block[] {
  const others = analysis.run.header.subjects.filter(({ kind }) => kind === "peer");
  if (others.length === 0) return [];
  const all = contests(analysis);
  return [
    { kind: "heading", level: 2, text: "Other servers" },
    {
      kind: "text",
      text: [
        `${analysis.baseline.title} against the best peer of each row, as a ratio in the same ` +
        `block; + and − say which way it is better or worse, ? that nothing is claimed (at least ` +
        `${REPEATS_FOR_CLAIM_MIN} undisturbed pairs, no errors). Their configurations are below.`,
      ],
    },
    {
      kind: "table",
      caption: `${analysis.baseline.title} over the best peer`,
      columns: [
        { title: "Figure" },
        { title: "Better" },
        { title: "Best peer" },
        { title: "Its median", align: "right" },
        { title: analysis.baseline.id, align: "right" },
        { title: `${analysis.baseline.id} / best peer`, align: "right" },
        { title: "Verdict" },
      ],
      rows: all.map((contest) => bestPeerRow(analysis, contest, others)),
    },
    {
      kind: "table",
      caption: `Each peer over ${analysis.baseline.title} (ratio and 95 % interval)`,
      columns: [
        { title: "Figure" },
        ...others.map(({ id }) => ({ title: id, align: "right" as const })),
      ],
      rows: all.map((contest) => [
        withMicro(contest.label),
        ...others.map((peer) => {
          const compared = against(analysis, contest, peer.id, analysis.baseline.id);
          return compared?.ratio === undefined
            ? NOTHING
            : `${factorWithInterval(compared.ratio, compared.bound)} ${VERDICTS[compared.verdict]}`;
        }),
      ]),
    },
  ];
}

const VERDICTS: Readonly<Record<Comparison["verdict"], string>> = {
  "better": "+",
  "worse": "−",
  "no difference shown": "=",
  "no claim": "?",
};

function against(
  analysis: Analysis,
  contest: Contest,
  own: string,
  reference: string,
): Comparison | undefined {
  const [left, right] = [contest.series(own), contest.series(reference)];
  return left && right && analysis.compare(left, right, contest.better);
}

function bestPeerRow(analysis: Analysis, contest: Contest, others: readonly SubjectCard[]) {
  const found = standingIn(analysis, others, contest.better, ({ id }) => contest.series(id));
  const best = found?.ahead[0];
  const own = contest.series(analysis.baseline.id);
  const ownSummary = own && analysis.summary(own);
  const compared = best && against(analysis, contest, analysis.baseline.id, best.subject.id);
  return [
    withMicro(contest.label),
    contest.better,
    best?.subject.id ?? "none",
    number(best?.summary.median),
    boundSign(own?.bound) + number(ownSummary?.median),
    factorWithInterval(compared?.ratio, compared?.bound),
    compared === undefined || compared.ratio === undefined
      ? NOTHING
      : `${VERDICTS[compared.verdict]} ${compared.verdict}`,
  ];
}
