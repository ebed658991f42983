/**
 * One window of load with the server sampled at both edges: what was used in between. measure.ts
 * calls `measureWindow` for each cell.
 *
 * @module
 */

import type { WorkerStats } from "../../models/mod.ts";
import type { LoadJob, LoadResult } from "../load/job.ts";
import type { LoadProcess } from "../load/process.ts";
import {
  ownCpuSeconds,
  type ProcessorTicks,
  readProcessFigures,
  readProcessorTicks,
  TICKS_PER_SECOND,
} from "./process_figures.ts";
import type { CellRecord, ServerWork } from "../record.ts";
import type { ServerProcess, ServerSample } from "./server_process.ts";

/** The part of a cell that says what was found. */
export type Outcome = Pick<
  CellRecord,
  "seconds" | "groups" | "server" | "loadCpuShare" | "steal" | "others" | "errors"
>;

/** What one look at everything sees. */
interface Sample {
  readonly server: ServerSample;
  readonly loadCpu: number;
  readonly ownCpu: number;
  readonly ticks: ProcessorTicks;
  readonly at: number;
}

async function takeSample(server: ServerProcess, load: LoadProcess): Promise<Sample> {
  return {
    server: await server.sample(),
    loadCpu: readProcessFigures(load.pid).cpu,
    ownCpu: ownCpuSeconds(),
    ticks: readProcessorTicks(),
    at: performance.now(),
  };
}

/** Does `job` and sees what server, load and machine used meanwhile. */
export async function measureWindow(
  server: ServerProcess,
  load: LoadProcess,
  job: LoadJob,
): Promise<Outcome & { readonly result: LoadResult }> {
  let before: Sample | undefined, after: Sample | undefined, memoryBytes = 0;
  const result = await load.run(job, async (event) => {
    const sample = await takeSample(server, load);
    if (event === "opening") before = sample;
    else {
      after = sample;
      memoryBytes = server.memoryBytes();
    }
  });
  const { seconds, groups, errors } = result;
  const loadCpuShare = seconds > 0 ? result.cpu / seconds : 0;
  const outcome = { seconds, groups, errors, loadCpuShare, result };
  if (before === undefined || after === undefined) return { ...outcome, steal: 0, others: 0 };
  return {
    ...outcome,
    ...machineBetween(before, after),
    server: workBetween(before.server, after.server, memoryBytes),
  };
}

/** What others than server, load and this program took of the processors. */
function machineBetween(before: Sample, after: Sample): { steal: number; others: number } {
  const total = after.ticks.total - before.ticks.total;
  if (total <= 0) return { steal: 0, others: 0 };
  const ours = after.server.cpu - before.server.cpu + after.loadCpu - before.loadCpu +
    after.ownCpu - before.ownCpu;
  const busy = after.ticks.busy - before.ticks.busy;
  return {
    steal: (after.ticks.stolen - before.ticks.stolen) / total,
    others: Math.max(0, (busy - ours * TICKS_PER_SECOND) / total),
  };
}

function workBetween(
  before: ServerSample,
  after: ServerSample,
  memoryBytes: number,
): ServerWork {
  const user = after.userTicks - before.userTicks;
  const system = after.systemTicks - before.systemTicks;
  return {
    cpu: after.cpu - before.cpu,
    systemShare: user + system > 0 ? system / (user + system) : 0,
    voluntary: Math.max(0, after.voluntary - before.voluntary),
    involuntary: Math.max(0, after.involuntary - before.involuntary),
    threads: after.threads,
    processes: after.processes,
    memoryBytes,
    ...countersBetween(before.workers, after.workers),
  };
}

/** The counters of all workers together: what was added between two samples. */
function countersBetween(
  before: readonly WorkerStats[] | undefined,
  after: readonly WorkerStats[] | undefined,
): Partial<ServerWork> {
  if (before === undefined || after === undefined) return {};
  const sum = (field: (stats: WorkerStats) => number) => {
    const of = (workers: readonly WorkerStats[]) =>
      workers.reduce((total, stats) => total + field(stats), 0);
    return of(after) - of(before);
  };
  const calls: Record<string, number> = {};
  for (const name of new Set(after.flatMap((stats) => Object.keys(stats.calls)))) {
    const count = sum((stats) => stats.calls[name] ?? 0);
    if (count > 0) calls[name] = count;
  }
  return {
    calls,
    eagain: sum((stats) => stats.eagain),
    wakeups: sum((stats) => stats.wakeups),
    emptyWakeups: sum((stats) => stats.emptyWakeups),
    octetsCopied: sum((stats) => stats.octetsCopied),
    octetsMoved: sum((stats) => stats.octetsIn + stats.octetsOut),
  };
}
