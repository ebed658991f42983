/**
 * What one measurement gives: its figures, each with a name and a unit, the gates that make it red,
 * and which way a figure is only a bound. Pure; analysis.ts sums up over blocks, report/ shows it.
 *
 * @module
 */

import type { CellRecord, Floors, GroupResult } from "../record.ts";
import type { FigureId } from "../scenarios/mod.ts";
import { LOAD_CPU_SHARE_MAX } from "./gates.ts";

export { mergeLatencies, RunError } from "./histograms.ts";
export type { FigureId };

/** How a figure is named, and computed from one cell. */
export interface Figure {
  /** A few words, as heads of tables show them. */
  readonly title: string;
  /** The unit, or "" for a plain number. */
  readonly unit: string;
  /** Missing where neither direction is a merit. */
  readonly better?: "higher" | "lower";
  /** Two that are both below this are as good as each other; missing: any difference may count. */
  readonly floor?: number;
  /** It was over before the window opened: what happened in there says nothing of it. */
  readonly isBefore?: boolean;
  /** undefined when this cell cannot say. */
  of(cell: CellRecord): number | undefined;
}

/** A thousandth of a processor: a thousand servers that use it fill one. */
const SHARE_FLOOR_PERCENT = 0.1;

/** All figures. */
export const FIGURES: Readonly<Record<FigureId, Figure>> = {
  rate: {
    title: "Rate",
    unit: "/s",
    better: "higher",
    of: (cell) => over(mainOf(cell)?.operations, cell.seconds),
  },
  throughput: {
    title: "Throughput",
    unit: "MB/s",
    better: "higher",
    of: (cell) => over(octetsOf(cell) === 0 ? undefined : octetsOf(cell) / 1e6, cell.seconds),
  },
  cpuPerOperation: {
    title: "CPU per operation",
    unit: "µs",
    better: "lower",
    // None may have ended for want of a place: one would have cost this or more (boundOf).
    of: (cell) =>
      perOperation(cell, scaled(cell.server?.cpu, 1e6)) ??
        (endedNone(cell) ? scaled(cell.server?.cpu, 1e6) : undefined),
  },
  loadCpuPerOperation: {
    title: "The load's CPU per operation",
    unit: "µs",
    // Probes are a process of their own, of which no record has the CPU.
    of: (cell) =>
      over(
        cell.loadCpuShare * cell.seconds * 1e6,
        operationsOf(cell) - (cell.groups.probe?.operations ?? 0),
      ),
  },
  cpuPerGB: {
    title: "CPU per GB",
    unit: "s",
    better: "lower",
    of: (cell) => over(cell.server?.cpu, octetsOf(cell) / 1e9),
  },
  cpuShare: {
    title: "Share of a processor",
    unit: "%",
    better: "lower",
    floor: SHARE_FLOOR_PERCENT,
    of: (cell) => over(scaled(cell.server?.cpu, 100), cell.seconds),
  },
  p50: { title: "p50", unit: "ms", better: "lower", of: (cell) => p50Ms(mainOf(cell)) },
  p99: { title: "p99", unit: "ms", better: "lower", of: (cell) => p99Ms(mainOf(cell)) },
  probeP99: {
    title: "p99 of probes",
    unit: "ms",
    better: "lower",
    of: (cell) => p99Ms(cell.groups.probe),
  },
  makespan: {
    title: "Until the last was done (mean of bursts)",
    unit: "s",
    better: "lower",
    of: makespan,
  },
  calls: {
    title: "Calls per operation",
    unit: "",
    better: "lower",
    of: (cell) => {
      const calls = cell.server?.calls;
      return calls && perOperation(cell, Object.values(calls).reduce((sum, n) => sum + n, 0));
    },
  },
  eagain: {
    title: "EAGAIN per operation",
    unit: "",
    better: "lower",
    of: (cell) => perOperation(cell, cell.server?.eagain),
  },
  operationsPerWakeup: {
    title: "Operations per wake-up",
    unit: "",
    better: "higher",
    of: (cell) => over(operationsOf(cell), cell.server?.wakeups),
  },
  emptyWakeups: {
    title: "Empty wake-ups",
    unit: "%",
    better: "lower",
    of: (cell) => over(scaled(cell.server?.emptyWakeups, 100), cell.server?.wakeups),
  },
  voluntary: {
    title: "Voluntary switches per operation",
    unit: "",
    better: "lower",
    of: (cell) => perOperation(cell, cell.server?.voluntary),
  },
  involuntary: {
    title: "Involuntary switches per operation",
    unit: "",
    better: "lower",
    of: (cell) => perOperation(cell, cell.server?.involuntary),
  },
  systemShare: {
    title: "System time",
    unit: "%",
    of: (cell) => scaled(cell.server?.systemShare, 100),
  },
  copies: {
    title: "Copied per payload octet",
    unit: "",
    better: "lower",
    of: (cell) => over(cell.server?.octetsCopied, cell.server?.octetsMoved),
  },
  fairness: {
    title: "Fairness",
    unit: "",
    better: "higher",
    of: (cell) => mainOf(cell)?.fairness,
  },
  memory: {
    title: "Memory",
    unit: "MiB",
    better: "lower",
    of: (cell) => over(cell.server?.memoryBytes, 2 ** 20),
  },
  threads: { title: "Threads", unit: "", of: (cell) => cell.server?.threads },
  start: {
    title: "Start-up",
    unit: "ms",
    better: "lower",
    isBefore: true,
    of: (cell) => cell.startMs,
  },
};

/** What a run that begins now names beforehand. */
export const FLOORS: Floors = Object.fromEntries(
  Object.entries(FIGURES).flatMap(([id, { floor }]) => floor === undefined ? [] : [[id, floor]]),
);

/** Calls of the server per operation, by name; undefined when nobody counted. */
export function callsPerOperation(cell: CellRecord): ReadonlyMap<string, number> | undefined {
  const calls = cell.server?.calls;
  const operations = operationsOf(cell);
  if (calls === undefined || operations === 0) return undefined;
  return new Map(Object.entries(calls).map(([name, count]) => [name, count / operations]));
}

/** The group that a scenario is about: "main", or the first that is not a probe. */
export function mainOf(cell: CellRecord): GroupResult | undefined {
  const [, first] = Object.entries(cell.groups).find(([name]) => name !== "probe") ?? [];
  return cell.groups.main ?? first;
}

function operationsOf(cell: CellRecord): number {
  return Object.values(cell.groups).reduce((sum, { operations }) => sum + operations, 0);
}

/** Clients wanted something of the server, and nothing came to its end. */
function endedNone(cell: CellRecord): boolean {
  return operationsOf(cell) === 0 &&
    Object.values(cell.groups).some(({ unfinished }) => unfinished > 0);
}

function octetsOf(cell: CellRecord): number {
  return Object.values(cell.groups).reduce((sum, { octets }) => sum + octets, 0);
}

function perOperation(cell: CellRecord, amount: number | undefined): number | undefined {
  return over(amount, operationsOf(cell));
}

function over(amount: number | undefined, by: number | undefined): number | undefined {
  return amount === undefined || by === undefined || by <= 0 ? undefined : amount / by;
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function p50Ms(group: GroupResult | undefined): number | undefined {
  return scaled(group?.latency?.p50Us, 1e-3);
}

/** A p99 with fewer samples is an accident: ten lie beyond it then. */
export const SAMPLES_FOR_P99 = 1_000;

/** The same for p99.9. */
export const SAMPLES_FOR_P999 = 10_000;

function p99Ms(group: GroupResult | undefined): number | undefined {
  const { latency } = group ?? {};
  return latency && latency.count >= SAMPLES_FOR_P99 ? latency.p99Us * 1e-3 : undefined;
}

/** Why a percentile is not there, with what is: the maximum and the number of samples. */
export function tooFewSamples(cell: CellRecord, id: FigureId): string | undefined {
  const group = id === "probeP99" ? cell.groups.probe : id === "p99" ? mainOf(cell) : undefined;
  if (group?.latency === undefined || group.latency.count >= SAMPLES_FOR_P99) return undefined;
  const { count, maxUs } = group.latency;
  return `p99 needs ${SAMPLES_FOR_P99} samples, there are ${count}, at most ${
    Number((maxUs / 1e3).toPrecision(3))
  } ms`;
}

function makespan(cell: CellRecord): number | undefined {
  return cell.failure === undefined && cell.unable === undefined
    ? cell.seconds / (cell.rounds ?? 1)
    : undefined;
}

/** The group that a figure is of, where it is of one. */
function groupOf(cell: CellRecord, id: FigureId): GroupResult | undefined {
  return id === "probeP99" ? cell.groups.probe : mainOf(cell);
}

/** Figures that count from when an operation was due. */
const LATENCIES: readonly FigureId[] = ["p50", "p99", "probeP99"];

/**
 * The least that a figure may be which was measured as `value`. An operation of an open loop is
 * charged from when it was due, and a late start may be the load's. From when it was really begun
 * none took longer, so that the same percentile of that is a bound; a difference of percentiles is
 * none. The block keeps its figure, known from one side: were late ones left out where they matter,
 * fast servers would be.
 */
export function leastOf(cell: CellRecord, id: FigureId, value: number): number {
  const group = groupOf(cell, id);
  if (!LATENCIES.includes(id) || group?.latenessP99Us === undefined) return value;
  const { fromStart } = group;
  // Nothing is known where none ended that was begun.
  const leastUs = (id === "p50" ? fromStart?.p50Us : fromStart?.p99Us) ?? 0;
  return Math.min(value, leastUs / 1e3);
}

/** Which way the true figure may lie from the measured one. */
export interface Bound {
  /** It is this or more. */
  readonly atLeast: boolean;
  /** It is this or less. */
  readonly atMost: boolean;
}

/** Figures that a faster load could have improved; work per operation stands as it was counted. */
const PACED: readonly FigureId[] = ["rate", "throughput", "makespan", ...LATENCIES];

/**
 * A load that was busy leaves a server that may be better than it looks. Operations that had not
 * ended when the window closed leave percentiles that may be worse, and clients that were never
 * served make every figure look better than what they would say.
 */
export function boundOf(cell: CellRecord, id: FigureId): Bound {
  const higher = FIGURES[id].better === "higher";
  const mayBeBetter = cell.loadCpuShare > LOAD_CPU_SHARE_MAX && PACED.includes(id);
  const mayBeWorse = isUnended(cell, id) || (id === "cpuPerOperation" && endedNone(cell)) ||
    Object.values(cell.groups).some(({ unserved }) => unserved > 0);
  return {
    atLeast: higher ? mayBeBetter : mayBeWorse,
    atMost: higher ? mayBeWorse : mayBeBetter,
  };
}

function isUnended(cell: CellRecord, id: FigureId): boolean {
  const group = groupOf(cell, id);
  if (group === undefined || group.unfinished === 0) return false;
  if (id === "makespan") return true;
  const beyond = id === "p50" ? 0.5 : id === "p99" || id === "probeP99" ? 0.01 : Infinity;
  return group.unfinished > beyond * (group.latency?.count ?? 0);
}
