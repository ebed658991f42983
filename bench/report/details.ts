/**
 * What stands behind the first screen: the machine, how the subjects were set up, and how a number
 * becomes a claim. Pure: an analysis in, blocks of document.ts out.
 *
 * @module
 */

import { type Analysis, PAIRING_MIN } from "../claims/analysis.ts";
import { FIGURES, SAMPLES_FOR_P99, SAMPLES_FOR_P999 } from "../claims/figures.ts";
import {
  LATENESS_SHARE_MAX,
  LOAD_CPU_SHARE_MAX,
  OTHERS_MAX,
  RESOLUTION_SHARE_MAX,
  RETRIES,
  STEAL_MAX,
} from "../claims/gates.ts";
import { FALSE_DISCOVERIES_MAX } from "../claims/grid.ts";
import { LEVEL, MARGIN, REPEATS_FOR_CLAIM_MIN } from "../claims/inference.ts";
import { cellsByPart, type Part, type Run, termsOf } from "../claims/run.ts";
import type { Ceiling, CellRecord, Idleness, Machine } from "../record.ts";
import { median } from "../claims/statistics.ts";
import { quoted } from "./cells.ts";
import type { Block, Inline, Table } from "./document.ts";
import { capital, inWords, NOTHING, number, percent } from "./numbers.ts";
import { modelsOf } from "./looks.ts";
import { levelsInWords, warmUps } from "./warmth.ts";

/** The machine card, with what else it did, and what the load can do at most. */
export function machine({ run }: Analysis): Block[] {
  const { header, parts } = run;
  const { machine: card } = header;
  const idleness = (what: Idleness | undefined) =>
    what === undefined ? "not known: the run was killed" : `${percent(what.busy)} of the ` +
      `processors used, load ${what.load.map((value) => value.toFixed(2)).join(", ")}`;
  const rows: [string, string][] = [
    ["Processor", `${card.processors} × ${card.processor}`],
    ["Memory", `${number(card.memory)} GiB`],
    ["System", systemOf(card)],
    ["Runtime", `Deno ${card.deno}`],
    ...(header.sources === undefined
      ? []
      : [["Sources", `digest ${header.sources}`] as [string, string]]),
    ...parts.flatMap(({ startedAt, before, after }, index): [string, string][] => {
      const what = parts.length === 1 ? "the run" : `part ${index + 1}, ${startedAt}`;
      return [[`Before ${what}`, idleness(before)], [`After ${what}`, idleness(after)]];
    }),
    ...ownRows(parts),
    ["Load", header.load === "c" ? "in C" : "in TypeScript"],
    ...quotaRow(run),
    ...pinnedRow(run),
    ...[...cellsByPart(run)].flatMap(([part, cells]) => partRows(run, part, cells)),
    ...(run.file === undefined ? [] : [["Raw run", run.file] as [string, string]]),
  ];
  const ceilings: Table = {
    kind: "table",
    caption: "What the load can do against a responder that does nothing else, block by block",
    columns: [
      { title: "Load of" },
      { title: "Operations/s", align: "right" },
      { title: "Lowest", align: "right" },
      { title: "Highest", align: "right" },
      { title: "Blocks", align: "right" },
      { title: "Load CPU, µs", align: "right" },
      { title: "Against" },
    ],
    rows: ceilingRows(run),
  };
  return [
    { kind: "heading", level: 2, text: "Machine" },
    {
      kind: "table",
      caption: "What it was measured on, and what else ran there",
      columns: [{ title: "What" }, { title: "Value" }],
      rows,
    },
    ...(ceilings.rows.length > 0 ? [ceilings] : []),
  ];
}

/** How the cells of one part were measured: of a joined one, or of all. */
function partRows(run: Analysis["run"], part: Part, cells: readonly CellRecord[]) {
  const { parts } = run;
  const { args, repeats, seconds, seed } = termsOf(run, part);
  const isJoined = parts.some(({ args }) => args !== undefined);
  const name = isJoined ? `Part ${parts.indexOf(part) + 1}: ` : "";
  const spread = (of: (cell: CellRecord) => number) =>
    `median ${percent(median(cells.map(of)))}, at worst ${percent(Math.max(...cells.map(of)))}`;
  const rows: [string, string][] = [
    ["others during it", spread(({ others }) => others)],
    ["steal during it", spread(({ steal }) => steal)],
    ["load process", `${spread(({ loadCpuShare }) => loadCpuShare)} of a processor`],
    [
      "repeats",
      `${repeats}, windows of ${seconds} s` + (seed === undefined ? "" : `, seed ${seed}`),
    ],
    ["command", ["deno task bench", ...args.map(quoted)].join(" ")],
  ];
  return rows.map(([what, value]): [string, string] => [
    name === "" ? capital(what) : name + what,
    value,
  ]);
}

/** What joined parts have that the rest has not: where they were measured, and with what. */
function ownRows(parts: Analysis["run"]["parts"]): [string, string][] {
  return parts.flatMap(({ scenarios = [], machine: card, sources }, index) => {
    const what = `Part ${index + 1} (${scenarios.join(", ")})`;
    const memory = card === undefined ? "" : `${number(card.memory)} GiB`;
    return [
      ...(card === undefined ? [] : [[
        `${what}: machine`,
        `${card.processors} × ${card.processor}, ${memory}, ${systemOf(card)}, Deno ${card.deno}`,
      ] as [string, string]]),
      ...(sources === undefined
        ? []
        : [[`${what}: sources`, `digest ${sources}`] as [string, string]]),
    ];
  });
}

/** The kernel, and whether what processes used is without the interrupts that they served. */
function systemOf({ kernel, interruptsApart }: Machine): string {
  return interruptsApart ? `${kernel}, interrupts accounted apart` : kernel;
}

/** With a quota, how much it was and whether it was the limit. */
function quotaRow({ header, cells }: Analysis["run"]): [string, string][] {
  const { quota } = header;
  if (quota === undefined) return [];
  const shares = cells.flatMap(({ quota }) =>
    quota === undefined || quota.periods === 0 ? [] : quota.throttled / quota.periods
  );
  const used = shares.length === 0
    ? ""
    : `; used up in ${percent(median(shares))} of the periods (median of cells), in ` +
      `${percent(Math.min(...shares))} at least`;
  const terms = `${quota.quotaUs / 1e3} ms of every ${quota.periodUs / 1e3} ms`;
  return [["Quota of a server", `${terms} (cgroup v${quota.version})${used}`]];
}

/** Who was kept on which processor. */
function pinnedRow({ header: { pinned } }: Analysis["run"]): [string, string][] {
  if (pinned === undefined) return [];
  const { server, load, probes } = pinned;
  const shared = probes === load ? " (there is no third)" : "";
  return [["Processors", `server on ${server}, load on ${load}, probes on ${probes}${shared}`]];
}

function ceilingRows({ header, ceilings }: Analysis["run"]): string[][] {
  const all: readonly Ceiling[] = [...header.ceilings ?? [], ...ceilings];
  return [...Map.groupBy(all, ({ scenario }) => scenario)].map(([scenario, blocks]) => {
    const rates = blocks.flatMap(({ rate }) => rate ?? []);
    const cpu = blocks.flatMap(({ loadCpuUs }) => loadCpuUs ?? []);
    const some = rates.length > 0;
    return [
      scenario,
      number(some ? median(rates) : undefined),
      number(some ? Math.min(...rates) : undefined),
      number(some ? Math.max(...rates) : undefined),
      String(rates.length),
      number(cpu.length > 0 ? median(cpu) : undefined),
      blocks.find(({ rate }) => rate === undefined)?.note ?? blocks[0]!.note,
    ];
  });
}

/** Flags of `serve` that choose the driver and its threads; all else is to be the same. */
const DRIVER_FLAGS = [
  "--model",
  "--selector",
  "--trigger",
  "--interval",
  "--workers",
  "--max-workers",
];

/** What differs between models, and how peers were set up. */
export function configurations(analysis: Analysis): Block[] {
  const models = modelsOf(analysis);
  const flags = models.map((subject) => ({ subject, values: flagValues(subject.flags) }));
  const names = [...new Set(flags.flatMap(({ values }) => [...values.keys()]))];
  const differing = names.filter((name) =>
    new Set(flags.map(({ values }) => values.get(name))).size > 1
  );
  const foreign = differing.filter((name) => !DRIVER_FLAGS.includes(name));
  const others = analysis.run.header.subjects.filter(({ kind }) => kind === "peer");
  const blocks: Block[] = [{ kind: "heading", level: 2, text: "Configurations" }];
  if (models.length > 0) {
    blocks.push(
      {
        kind: "text",
        warning: foreign.length > 0,
        text: foreign.length > 0
          ? [`More than the driver differs between models: ${inWords(foreign)}.`]
          : ["Between two models only flags that choose the driver and its threads differ."],
      },
      {
        kind: "table",
        caption: "Flags of serve, by model",
        columns: [{ title: "Model" }, ...names.map((title) => ({ title }))],
        rows: flags.map((
          { subject, values },
        ) => [subject.id, ...names.map((name) => values.get(name) ?? NOTHING)]),
      },
    );
  }
  blocks.push(...warmUps(analysis));
  for (const { id, version, configuration } of others) {
    blocks.push({
      kind: "fold",
      title: `${id}${version === undefined ? "" : `, ${version}`}`,
      blocks: [{ kind: "code", text: configuration ?? "no configuration file" }],
    });
  }
  return blocks;
}

function flagValues(flags: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const [index, flag] of flags.entries()) {
    if (!flag.startsWith("--")) continue;
    const next = flags[index + 1];
    values.set(flag, next === undefined || next.startsWith("--") ? "yes" : next);
  }
  return values;
}

/** What was named before the run, of all its parts that named anything. */
function floorsInWords({ header, parts }: Run): Inline[][] {
  const all = { ...header.floors, ...Object.assign({}, ...parts.map(({ floors }) => floors)) };
  const shown = Object.entries(FIGURES).flatMap(([id, { title, unit }]) =>
    all[id] === undefined ? [] : [`${title}: ${number(all[id])} ${unit}`]
  );
  if (shown.length === 0) return [];
  return [[`Some amounts are too small for a difference to matter to anybody. Below a floor that was
    named before the run (${shown.join("; ")}) two are equivalent, whatever their ratio is: where
    the intervals of both medians end below it. Nobody asks for a difference there, so that it is
    none of those that are tested. A part that was measured before has no floor.`]];
}

/** How a number becomes a claim; of what only some runs do, only where this one did. */
export function method({ run, scenarios }: Analysis): Block[] {
  const isFull = run.parts.some((part) => !termsOf(run, part).args.includes("--quick"));
  const sideBySide = isFull && scenarios.some((scenario) => scenario.sideBySide)
    ? " Where nobody says anything, those that sleep do so several at a time."
    : "";
  const passes = run.cells.some(({ pass }) => pass !== undefined)
    ? " Where windows are short, this is done in several passes, and the cell of a block is all " +
      "of them."
    : "";
  const again = isFull
    ? ` A cell that something disturbed is measured again at once, up to ${RETRIES} times; all ` +
      "attempts are kept, and the first undisturbed one counts."
    : "";
  const rules: Inline[][] = [
    [`A figure is the median over blocks. Its interval goes from one order statistic to another, the
      narrowest pair that holds the true median in at least ${100 * LEVEL} of 100 runs: of 11 values
      from the 2nd to the 10th, 98.8 %. The true level is printed with it; no distribution is
      assumed.`],
    [`In a block every subject has a fresh server, and at each scenario and point all are measured
      back to back, in an order drawn anew; those whose turn it is not are
      stopped.${sideBySide}${passes} A comparison is the quotient within a block. Where the
      correlation within blocks, the median over all subjects of that figure at that point, is less
      than ${PAIRING_MIN} from 0, pairs do nothing: then it is the median of all quotients, with the
      interval of the rank sum, which is exact if the two sides are independent and differ by a
      factor. The choice is made by the same blocks, so that levels near it are not quite as
      printed.`],
    [`Three verdicts: better or worse when the interval of the ratio lies outside 1; equivalent when
      it lies within ${MARGIN[0]} to ${MARGIN[1]}, a margin named beforehand; else not enough, with
      what would decide it. A difference may be certain and within the margin all the same: then it
      counts as what the textbook means by no difference. "Even odds": a true ratio that far from 1
      would be shown in about half of such runs.`],
    ...floorsInWords(run),
    [`Over the whole grid the exact tests that the intervals invert (of signs, or of ranks) are
      corrected by Benjamini and Hochberg at ${percent(FALSE_DISCOVERIES_MAX)}: of those that stand
      no larger part is expected to be false, if the tests are independent or depend on each other
      positively. Over one baseline they are likely to, which of two-sided tests is not proven; so
      it is counted, too, how many stand by Benjamini and Yekutieli, who assume nothing of that. All
      counts are shown, for the grid and for all comparisons with peers and twins. What is
      equivalent is not corrected, and other verdicts are each for itself: of models in other
      figures, at other points, over the rung before, over who is best.`],
    ...levelsInWords(run),
    [`Nothing is claimed of fewer than ${REPEATS_FOR_CLAIM_MIN} clean blocks.${again}`],
    [`Percentiles in tables are those of all blocks' histograms merged; they are never averaged. p99
      is shown from ${number(SAMPLES_FOR_P99)} samples on, p99.9 from ${number(SAMPLES_FOR_P999)};
      below that the maximum and the number of samples say more. Where a percentile decides, each
      block has its own.`],
    [`Gates, of each cell for itself: the load used more than ${percent(LOAD_CPU_SHARE_MAX)} of a
      processor; an open loop began later (p99) than ${percent(LATENESS_SHARE_MAX)} of its p50; the
      hypervisor took more than ${percent(STEAL_MAX)}, or others more than ${percent(OTHERS_MAX)}
      and what ticks of 10 ms may be off by at both edges of a window; CPU known to
      ${percent(RESOLUTION_SHARE_MAX)} of itself only; any error; a client that was not served. A
      field with such a cell is marked with *, and so is one whose server could not do it in some of
      the blocks: it is that of the others.`],
    [`Where the load was the limit, the server may be better than its figure; where clients
      were not served or had not ended, it may be worse (≥, ≤). Such a value counts as anything from
      itself on, in its block only. Work per operation is counted, not raced: a load at its limit
      does not bound it, but says at which rate it was measured, and what comes together is cheaper.
      A latency of an open loop may be less, down to the same percentile from when its operations
      were really begun: what they were begun late may be the load's.`],
    [`CPU of a process is read from its own clock, which counts threads that have ended; of servers
      with a process per session, what reaped children used is known in ticks of 10 ms. Switches are
      left out where threads ended in the window.`],
    [`CPU per operation is that of one side of an exchange. Over the loopback interface who sends
      does what is to be done for the receiver, too, as a rule in a soft interrupt before send(2)
      returns: TCP takes the segment in and wakes who waits for it. So a server pays for what the
      load receives, and the load for what the server does; what the load used per operation stands
      beside it. Where the machine card says that interrupts are accounted apart, neither pays.`],
    [`A figure that cannot be (negative, or above what there is) is a fault of the harness: it is
      listed as one, and carries no claim. So is memory that falls as sessions come, a server's or
      the kernel's, which stays in its median: the other blocks would be chosen by their figures. So
      is a server above the load's ceiling of its block: then that was no ceiling, and its rate
      stays what it was measured to be. There is no ratio where some block has none, for the same
      reason.`],
  ];
  return [
    { kind: "heading", level: 2, text: "How a number becomes a claim" },
    {
      kind: "list",
      items: rules.map((rule) =>
        rule.map((piece) => typeof piece === "string" ? piece.replace(/\s+/g, " ") : piece)
      ),
    },
  ];
}

/** Calls counted from outside, if that was asked for. */
export function countedCalls({ run }: Analysis): Block[] {
  const rows = run.counts.map((count) => {
    const calls = Object.entries(count.calls).toSorted(([, left], [, right]) => right - left);
    const all = calls.reduce((sum, [, each]) => sum + each, 0);
    const per = (each: number) => number(each / count.operations);
    return [
      count.subject,
      count.scenario,
      count.point,
      count.failure === undefined ? per(all) : NOTHING,
      count.failure === undefined
        ? calls.map(([name, each]) => `${name} ${per(each)}`).join(", ")
        : count.failure,
    ];
  });
  if (rows.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: "Calls counted from outside" },
    {
      kind: "table",
      caption: "System calls per operation of the server and its descendants, in a pass of its own",
      columns: [
        { title: "Subject" },
        { title: "Scenario" },
        { title: "Point" },
        { title: "All", align: "right" },
        { title: "By name" },
      ],
      rows,
    },
  ];
}
