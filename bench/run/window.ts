/**
 * One window of load with the server sampled at both edges: what was used in between. measure.ts
 * calls `measureWindow` for each cell.
 *
 * @module
 */

import type { WorkerStats } from "../../models/mod.ts";
import type { LoadResult, WindowEdge } from "../load/job.ts";
import type { LoadProcess } from "../load/process.ts";
import type { CellRecord, Outcome, ServerWork } from "../record.ts";
import type { Jobs } from "../scenarios/jobs.ts";
import {
  kernelBytes,
  ownCpuSeconds,
  type ProcessorTicks,
  processWork,
  readProcessFigures,
  readProcessorTicks,
  TICKS_PER_SECOND,
} from "./process_figures.ts";
import type { Quota, Throttling } from "./quota.ts";
import type { ServerProcess, ServerSample } from "./server_process.ts";

/** Who makes the load: each a process of its own. */
export interface Loads {
  /** The load itself. */
  readonly load: LoadProcess;
  /** Probes beside it. */
  readonly probes: LoadProcess;
  /** What limits the server, where something does. */
  readonly quota?: Quota;
}

/** What one look at everything sees. */
interface Sample {
  readonly server: ServerSample;
  /** CPU seconds of those who measure, who are nobody else. */
  readonly ours: number;
  readonly ticks: ProcessorTicks;
  readonly throttling?: Throttling;
}

async function takeSample(
  server: ServerProcess,
  { load, probes, quota }: Loads,
  edge: WindowEdge,
): Promise<Sample> {
  return {
    server: await server.sample(edge),
    ours: readProcessFigures(load.pid).cpu + readProcessFigures(probes.pid).cpu + ownCpuSeconds(),
    ticks: readProcessorTicks(),
    ...(quota === undefined ? {} : { throttling: quota.throttling() }),
  };
}

/** Lets several go on when all have come, or have left for good. */
class Barrier {
  #missing: number;
  #met = Promise.withResolvers<void>();

  constructor(readonly parties: number, readonly meeting: () => Promise<void>) {
    this.#missing = parties;
  }

  /** Waits for the others, and for what is done once they are there. */
  arrive(): Promise<void> {
    const { promise, resolve, reject } = this.#met;
    if (--this.#missing === 0) this.meeting().then(resolve, reject);
    return promise;
  }
}

/**
 * Does `jobs`, at the same time, and sees what server, load and machine used meanwhile. The window
 * opens when its clients have logged in, and `allAreThere` of other servers that are measured, too.
 *
 * Probes come when the load is there: who of the two finds a place on a server of few places is
 * part of what is measured, and no race.
 */
export async function measureWindow(
  server: ServerProcess,
  loads: Loads,
  jobs: Jobs,
  allAreThere: () => Promise<void>,
): Promise<Outcome & { readonly result: LoadResult }> {
  let before: Sample | undefined, after: Sample | undefined, memoryBytes = 0;
  let rest: Pick<ServerWork, "restBytes" | "kernelBytes"> = {};
  const kernelBefore = jobs.atRest ? kernelBytes() : 0;
  const parties = jobs.probe === undefined ? 1 : 2;
  const barriers = {
    opening: new Barrier(parties, async () => {
      if (jobs.atRest) {
        rest = { restBytes: server.ownMemoryBytes(), kernelBytes: kernelBytes() - kernelBefore };
      }
      await allAreThere();
      before = await takeSample(server, loads, "opening");
    }),
    closed: new Barrier(parties, async () => {
      after = await takeSample(server, loads, "closed");
      memoryBytes = server.memoryBytes();
    }),
  };
  const run = async (process: LoadProcess, job: Jobs["load"], there = () => {}) => {
    const came = new Set<WindowEdge>();
    const arrive = (edge: WindowEdge) => {
      came.add(edge);
      return barriers[edge].arrive();
    };
    try {
      return await process.run(job, arrive, there);
    } finally {
      // One that failed is not waited for.
      for (const event of ["opening", "closed"] as const) {
        if (!came.has(event)) barriers[event].arrive().catch(() => {});
      }
    }
  };
  const { probe } = jobs;
  const loaded = Promise.withResolvers<void>();
  const [result, probed] = await Promise.all([
    run(loads.load, jobs.load, loaded.resolve).finally(loaded.resolve),
    probe && loaded.promise.then(() => run(loads.probes, probe)),
  ]);
  const { seconds } = result;
  const outcome = {
    seconds,
    groups: { ...result.groups, ...probed?.groups },
    errors: addedUp(result.errors, probed?.errors ?? {}),
    loadCpuShare: seconds > 0 ? result.cpu / seconds : 0,
    result: probed?.failure === undefined ? result : { failure: probed.failure, ...result },
  };
  if (before === undefined || after === undefined || result.failure !== undefined) {
    return { ...outcome, steal: 0, others: 0 };
  }
  return {
    ...outcome,
    ...machineBetween(before, after),
    ...throttlingBetween(before, after),
    server: { ...workBetween(before.server, after.server, memoryBytes), ...rest },
  };
}

function addedUp(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> {
  const sums = { ...left };
  for (const [what, count] of Object.entries(right)) sums[what] = (sums[what] ?? 0) + count;
  return sums;
}

function throttlingBetween(before: Sample, after: Sample): Pick<CellRecord, "quota"> {
  const [then, now] = [before.throttling, after.throttling];
  if (then === undefined || now === undefined) return {};
  const quota = {
    periods: now.periods - then.periods,
    throttled: now.throttled - then.throttled,
  };
  return { quota };
}

/** What others than server, load and this program took of the processors. */
function machineBetween(before: Sample, after: Sample): { steal: number; others: number } {
  const total = after.ticks.total - before.ticks.total;
  if (total <= 0) return { steal: 0, others: 0 };
  const ours = after.server.cpu - before.server.cpu + after.ours - before.ours;
  const busy = after.ticks.busy - before.ticks.busy;
  return {
    steal: (after.ticks.stolen - before.ticks.stolen) / total,
    // Below nothing by what ticks are too coarse for; by more it is a fault, and is to be seen.
    others: (busy - ours * TICKS_PER_SECOND) / total,
  };
}

function workBetween(
  before: ServerSample,
  after: ServerSample,
  memoryBytes: number,
): ServerWork {
  const { switches, ...work } = processWork(before, after);
  return {
    ...work,
    ...switches,
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
