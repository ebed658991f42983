/**
 * Every cell of a run, with the command that repeats it: nothing that was measured is left out.
 * Pure: an analysis in, blocks of document.ts out.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import { FIGURES, mergeLatencies, SAMPLES_FOR_P99, SAMPLES_FOR_P999 } from "../claims/figures.ts";
import { partOf, type Run, termsOf } from "../claims/run.ts";
import { cleanValues, type Row } from "../claims/series.ts";
import type { Latency, SubjectCard } from "../record.ts";
import type { FigureId, Scenario } from "../scenarios/mod.ts";
import { median } from "../claims/statistics.ts";
import { medianCalls } from "./bars.ts";
import type { Block, Column, Field, Table } from "./document.ts";
import {
  bounded,
  capital,
  factorWithInterval,
  interval,
  NOTHING,
  number,
  verdictInWords,
} from "./numbers.ts";

/** Every cell of the run. */
export function cells(analysis: Analysis): Block[] {
  const blocks: Block[] = [{ kind: "heading", level: 2, text: "Every cell" }];
  if (analysis.run.file !== undefined) {
    blocks.push({ kind: "text", text: ["The raw run is ", { code: analysis.run.file }, "."] });
  }
  for (const scenario of analysis.scenarios) {
    const rows = analysis.rows.filter((row) => row.scenario.id === scenario.id);
    if (rows.length === 0) continue;
    blocks.push(
      { kind: "heading", level: 3, text: `${scenario.title} (${scenario.id})` },
      { kind: "text", text: [`${capital(scenario.summary)}. ${scenario.question}`] },
      {
        kind: "text",
        text: [`What the textbook lets one expect: ${scenario.because}.`],
      },
      figuresTable(analysis, scenario, rows),
      {
        kind: "fold",
        title: `${scenario.title}: times, work and how to repeat it`,
        long: true,
        blocks: [
          timesTable(rows),
          workTable(analysis, rows),
          ...callsTable(rows),
          commands(analysis, rows),
        ],
      },
    );
  }
  return blocks;
}

function figuresTable(analysis: Analysis, scenario: Scenario, rows: readonly Row[]): Table {
  const { metric, better } = scenario.headline;
  const { title, unit } = FIGURES[metric];
  const right = (name: string, detail = false): Column => ({ title: name, align: "right", detail });
  return {
    kind: "table",
    caption: `${title}${unit && `, ${unit}`} (${better} is better)`,
    columns: [
      { title: "Subject" },
      { title: "Point" },
      right("Median"),
      right("Interval"),
      right("Level"),
      right("Lowest", true),
      right("Highest", true),
      right("Clean"),
      right("Window, s", true),
      right("Done of asked", true),
      right("Rate, /s", true),
      right("Load, %", true),
      right(`Over ${analysis.baseline.id}`),
      { title: "Verdict", detail: true },
      { title: "Gates not passed", detail: true },
    ],
    rows: rows.map((row): Field[] => {
      const series = analysis.series(row, metric);
      const summary = analysis.summary(series);
      const reference = analysis.row(analysis.baseline.id, scenario.id, row.point.id);
      const isBaseline = row.subject.id === analysis.baseline.id;
      const compared = isBaseline || reference === undefined || summary === undefined
        ? undefined
        : analysis.compare(series, analysis.series(reference, metric), better);
      const red = row.gates.length > 0;
      return [
        row.subject.id,
        row.point.id,
        summary === undefined
          ? { text: row.unable !== undefined ? "unable" : series.missing ? "none" : "failed", red }
          : { text: bounded(summary), red },
        interval(summary),
        summary === undefined ? NOTHING : `${(100 * summary.level).toFixed(1)} %`,
        number(summary?.lowest),
        number(summary?.highest),
        `${cleanValues(series).size}/${row.cells.length}`,
        windowsOf(row),
        doneOfAsked(row),
        // A rate may be the load's: what that used of a processor stands beside it.
        number(medianOf(analysis, row, "rate")),
        number(median(row.cells.map(({ loadCpuShare }) => 100 * loadCpuShare))),
        isBaseline ? "baseline" : factorWithInterval(compared?.ratio, compared?.bound),
        row.unable ??
          (compared?.verdict === "not enough"
            ? `not enough: ${compared.reasons.join("; ")}`
            : compared === undefined
            ? series.missing ?? NOTHING
            : verdictInWords(compared.verdict, compared)),
        { text: row.gates.map(({ text }) => text).join("; ") || "all passed", red: false },
      ];
    }),
  };
}

/** "5.02", or "20 x 0.041" where a cell has several. */
function windowsOf(row: Row): string {
  const rounds = median(row.cells.map((cell) => cell.rounds ?? 1));
  const each = number(median(row.cells.map((cell) => cell.seconds / (cell.rounds ?? 1))));
  return rounds > 1 ? `${rounds} × ${each}` : each;
}

/** Operations that ended, of those that were begun or due, in all blocks. */
function doneOfAsked(row: Row): string {
  const groups = row.cells.flatMap((cell) => Object.values(cell.groups));
  const done = groups.reduce((sum, { operations }) => sum + operations, 0);
  const left = groups.reduce((sum, { unfinished }) => sum + unfinished, 0);
  return done + left === 0 ? NOTHING : `${number(done)} of ${number(done + left)}`;
}

/** Percentiles that are shown, and the samples that each needs: ten beyond it. */
const PERCENTILES = [
  [50, 20],
  [90, 100],
  [99, SAMPLES_FOR_P99],
  [99.9, SAMPLES_FOR_P999],
] as const;

function timesTable(rows: readonly Row[]): Table {
  const groups = (row: Row) => [...new Set(row.cells.flatMap((cell) => Object.keys(cell.groups)))];
  return {
    kind: "table",
    caption: "Rates, and latencies in ms with all blocks merged",
    columns: [
      ...[
        "Subject",
        "Point",
        "Clients",
        "Rate/s",
        "Offered/s",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "n",
      ],
      "p99 from the real start",
    ]
      .map((title, index) => index < 3 ? { title } : { title, align: "right" }),
    rows: rows.flatMap((row) =>
      groups(row).map((name) => {
        const results = row.cells.flatMap((cell) => {
          const group = cell.groups[name];
          return group === undefined ? [] : [{ group, seconds: cell.seconds }];
        });
        const histogram = mergeLatencies(results.flatMap(({ group }) => group.latency ?? []));
        const samples = histogram?.totalCount ?? 0;
        const offered = results.flatMap(({ group }) => group.offered ?? []);
        const rate = median(results.map(({ group, seconds }) => group.operations / seconds));
        return [
          row.subject.id,
          row.point.id,
          `${results[0]?.group.clients ?? 0} ${name}`,
          number(rate),
          number(offered.length > 0 ? median(offered) : undefined),
          ...PERCENTILES.map(([percentile, needed]) =>
            histogram === undefined || samples < needed
              ? NOTHING
              : number(histogram.getValueAtPercentile(percentile) / 1e3)
          ),
          number(samples > 0 ? histogram!.maxValue / 1e3 : undefined),
          number(samples),
          fromStart(results.flatMap(({ group }) => group.fromStart ?? [])),
        ];
      })
    ),
  };
}

/** Beside the p99 from when operations were due, that from when a client was free for them. */
function fromStart(latencies: readonly Latency[]): string {
  const histogram = mergeLatencies(latencies);
  const samples = histogram?.totalCount ?? 0;
  if (samples < SAMPLES_FOR_P99) return NOTHING;
  return number(histogram!.getValueAtPercentile(99) / 1e3);
}

const WORK: readonly FigureId[] = [
  "throughput",
  "cpuPerOperation",
  "loadCpuPerOperation",
  "cpuPerGB",
  "cpuShare",
  "systemShare",
  "calls",
  "eagain",
  "operationsPerWakeup",
  "emptyWakeups",
  "voluntary",
  "involuntary",
  "copies",
  "fairness",
  "memory",
  "threads",
  "start",
];

function medianOf(analysis: Analysis, row: Row, figure: FigureId): number | undefined {
  const values = [...analysis.series(row, figure).values.values()].map(({ value }) => value);
  return values.length === 0 ? undefined : median(values);
}

function workTable(analysis: Analysis, rows: readonly Row[]): Table {
  // A column in which nobody has a figure says nothing.
  const shown = WORK.filter((figure) =>
    rows.some((row) => medianOf(analysis, row, figure) !== undefined)
  );
  return {
    kind: "table",
    caption: "Work of the server, beside its CPU per operation the load's (medians over blocks)",
    columns: [
      { title: "Subject" },
      { title: "Point" },
      ...shown.map((figure): Column => {
        const { title, unit } = FIGURES[figure];
        return { title: unit === "" ? title : `${title}, ${unit}`, align: "right" };
      }),
    ],
    rows: rows.map((row) => [
      row.subject.id,
      row.point.id,
      ...shown.map((figure) => number(medianOf(analysis, row, figure))),
    ]),
  };
}

/** By name, the most frequent first; of those who count their calls. */
function callsTable(rows: readonly Row[]): Table[] {
  const counted = rows.flatMap((row) => {
    const calls = [...medianCalls(row) ?? []].toSorted(([, left], [, right]) => right - left);
    const text = calls.map(([name, each]) => `${name} ${number(each)}`).join(", ");
    return text === "" ? [] : [[row.subject.id, row.point.id, text]];
  });
  if (counted.length === 0) return [];
  return [{
    kind: "table",
    caption: "System calls per operation by name, as each model counted its own (medians)",
    columns: [{ title: "Subject" }, { title: "Point" }, { title: "Calls" }],
    rows: counted,
  }];
}

function commands(analysis: Analysis, rows: readonly Row[]): Table {
  const firsts = [...Map.groupBy(rows, ({ subject }) => subject.id).values()].map(([row]) => row!);
  return {
    kind: "table",
    caption: "To repeat it, and how the server was started",
    columns: [{ title: "Subject" }, { title: "To repeat" }, { title: "Server" }, {
      title: "It said",
    }],
    rows: firsts.map((row) => {
      const started = row.cells.find(({ command }) => command.length > 0) ?? row.cells[0]!;
      return [
        row.subject.id,
        commandOf(analysis.run, row.subject, row.scenario),
        started.command.map(shortened).join(" ") || NOTHING,
        started.introduction || NOTHING,
      ];
    }),
  };
}

/** Flags of the run that change what is measured, and whether a value follows them. */
const CARRIED: Readonly<Record<string, boolean>> = {
  "--quick": false,
  "--points": true,
  "--load": true,
  "--workers": true,
  "--quota": true,
  "--pin": false,
};

/** The same for peers: where they are looked for, which turns all of them on. */
const CARRIED_FOR_PEERS: typeof CARRIED = { ...CARRIED, "--peers-root": true };

/** The command that measures the cells of a subject again, and those of the baseline beside it. */
export function commandOf(run: Run, subject: SubjectCard, scenario: Scenario): string {
  const { baseline } = run.header;
  const { args, repeats, seconds, seed } = termsOf(run, partOf(run, scenario.id));
  const flags = subject.kind === "peer" ? CARRIED_FOR_PEERS : CARRIED;
  const carried = args.flatMap((arg, index) => {
    const [name, value] = arg.split("=", 2);
    const takes = flags[name!];
    if (takes === undefined) return [];
    return takes && value === undefined ? [arg, quoted(args[index + 1] ?? "")] : [quoted(arg)];
  });
  const model = subject.kind === "model";
  const others = subject.kind === "peer"
    ? "--peers"
    : subject.rung === undefined
    ? "--twins"
    : "--ladder";
  return [
    "deno task bench",
    `--models ${model && subject.id !== baseline ? `${baseline},${subject.id}` : baseline}`,
    ...(model ? [] : [others]),
    `--scenarios ${scenario.id}`,
    ...carried,
    `--repeats ${repeats} --seconds ${seconds}${seed === undefined ? "" : ` --seed ${seed}`}`,
  ].join(" ");
}

/** Where a file lies on the machine of the run says nothing to others. */
function shortened(word: string): string {
  return word.startsWith("/") ? `…/${word.slice(word.lastIndexOf("/") + 1)}` : quoted(word);
}

/** As a shell wants it. */
export function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
