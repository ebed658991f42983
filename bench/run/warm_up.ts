/**
 * Works a fresh server until it has become as cheap as it gets: every worker is an isolate that
 * compiles for itself, and who measures before that measures compilers. measure.ts and count.ts call
 * `warmUp`; nothing that is found here is a figure of the comparison.
 *
 * @module
 */

import type { LoadJob } from "../load/job.ts";
import type { LoadProcess } from "../load/process.ts";
import type { CellRecord } from "../record.ts";
import { LEVEL_SHARE, WARM_UP_ROUNDS_MAX, type WarmUpJob } from "../scenarios/jobs.ts";
import { processWork } from "./process_figures.ts";
import type { ServerProcess, ServerSample } from "./server_process.ts";

/** Rounds that a kind of work takes at least: the best, and two that were no better. */
const ROUNDS_MIN = 3;

/** One round of work as it was found. */
export interface WarmUpRound {
  /** CPU seconds of the server per operation; NaN when none ended. */
  readonly perOperation: number;
  /** What that may be wrong by, as a share of itself. */
  readonly uncertainty: number;
  /** Every worker had something to do. */
  readonly all: boolean;
}

/**
 * Whether work per operation is level: neither of the last two rounds was better than the best
 * before them, and all workers took part. The sum over workers falls as long as that of one does.
 */
export function isLevel(rounds: readonly WarmUpRound[]): boolean {
  if (rounds.length < ROUNDS_MIN) return false;
  const [last, before] = [rounds.slice(-2), rounds.slice(0, -2)];
  const best = Math.min(...before.map(({ perOperation }) => perOperation));
  return last.every(({ perOperation, uncertainty, all }) =>
    all && perOperation >= best * (1 - Math.max(LEVEL_SHARE, uncertainty))
  );
}

/** Does `jobs` one after the other, each until it is level where `looking`, else once. */
export async function warmUp(
  server: ServerProcess,
  load: LoadProcess,
  jobs: readonly WarmUpJob[],
  looking: boolean,
): Promise<NonNullable<CellRecord["warmUp"]>> {
  const begin = performance.now();
  const unlevel: string[] = [];
  for (const { work, job } of jobs) {
    if (!looking) {
      await load.run(job());
      continue;
    }
    const rounds: WarmUpRound[] = [];
    while (!isLevel(rounds) && rounds.length < WARM_UP_ROUNDS_MAX) {
      const whole = job();
      const part = { ...whole, measureMs: whole.measureMs / ROUNDS_MIN };
      const round = await oneRound(server, load, part);
      if (Number.isNaN(round.perOperation)) break; // it does not do such work, and will not
      rounds.push(round);
    }
    if (!isLevel(rounds)) unlevel.push(work);
  }
  const seconds = (performance.now() - begin) / 1e3;
  return { seconds, ...(looking ? { unlevel } : {}) };
}

async function oneRound(
  server: ServerProcess,
  load: LoadProcess,
  job: LoadJob,
): Promise<WarmUpRound> {
  const samples: ServerSample[] = [];
  const result = await load.run(
    job,
    async (edge) => void samples.push(await server.sample(edge)),
  );
  const operations = Object.values(result.groups).reduce((sum, group) => sum + group.operations, 0);
  const [before, after] = samples;
  if (before === undefined || after === undefined || operations === 0) {
    return { perOperation: NaN, uncertainty: 0, all: false };
  }
  const { cpu, cpuResolution } = processWork(before, after);
  const all = (after.workers ?? []).every(({ octetsIn }, index) =>
    octetsIn > (before.workers?.[index]?.octetsIn ?? 0)
  );
  const uncertainty = cpu > 0 ? cpuResolution / cpu : 1;
  return { perOperation: cpu / operations, uncertainty, all };
}
