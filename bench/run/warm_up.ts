/**
 * Works a fresh server until it has become as cheap as it gets: every worker is an isolate that
 * compiles for itself, and who measures before that measures compilers. measure.ts and count.ts call
 * `warmServer`; nothing that is found here is a figure of the comparison.
 *
 * @module
 */

import type { LoadJob } from "../load/job.ts";
import type { LoadProcess } from "../load/process.ts";
import type { LevelTerms, WarmUpRecord } from "../record.ts";
import { looksForLevel, type WarmUpJob, warmUpJobs } from "../scenarios/jobs.ts";
import type { Scenario, Surroundings, Work } from "../scenarios/scenario.ts";
import { processWork } from "./process_figures.ts";
import type { ServerProcess, ServerSample } from "./server_process.ts";
import type { Subject } from "./subjects.ts";

/** When work is level; single rounds scatter by a tenth and more. */
const LEVEL: LevelTerms = { rounds: 4, share: 0.02, roundsMax: 24 };

/** One round of work as it was found. */
export interface WarmUpRound {
  /** CPU seconds of the server per operation; NaN when none ended. */
  readonly perOperation: number;
  /** What that may be wrong by, CPU seconds per operation. */
  readonly uncertainty: number;
  /** Every worker had something to do. */
  readonly all: boolean;
}

/**
 * Whether work per operation is level: the last rounds took no less than those before them, or by
 * less than counts or can be told, and all workers took part. The sum over workers falls as long as
 * that of one does.
 */
export function isLevel(rounds: readonly WarmUpRound[]): boolean {
  if (rounds.length < 2 * LEVEL.rounds) return false;
  const last = rounds.slice(-LEVEL.rounds);
  const before = rounds.slice(-2 * LEVEL.rounds, -LEVEL.rounds);
  // Both are sums of as many.
  const [now, then, error] = [
    sum(last, ({ perOperation }) => perOperation),
    sum(before, ({ perOperation }) => perOperation),
    sum(last, ({ uncertainty }) => uncertainty),
  ];
  return last.every(({ all }) => all) && now >= then - Math.max(then * LEVEL.share, error);
}

function sum(rounds: readonly WarmUpRound[], of: (round: WarmUpRound) => number): number {
  return rounds.reduce((all, round) => all + of(round), 0);
}

/** With what a fresh server is warmed. */
export interface WarmUpPlan {
  /** What was started. */
  readonly subject: Subject;
  /** Who asks. */
  readonly load: LoadProcess;
  /** Where it serves, and how long windows are. */
  readonly around: Surroundings;
  /** A folder for the uploads of one round alone. */
  readonly incoming: () => Pick<Surroundings, "incoming">;
  /** What it has the server for; all kinds of work if missing. */
  readonly scenario?: Scenario | undefined;
}

/**
 * Warms a server that was just started, with as many clients as it has room for. undefined for a
 * twin: nothing in one is compiled while it runs.
 */
export async function warmServer(
  server: ServerProcess,
  { subject, load, around, incoming, scenario }: WarmUpPlan,
): Promise<WarmUpRecord | undefined> {
  if (subject.kind === "twin") return undefined;
  const workers = (await server.sample("opening")).workers?.length ?? 1;
  const { sessionsMax = Infinity } = subject;
  const jobs = warmUpJobs(around, scenario, { workers, sessionsMax, incoming });
  return await warmUp(server, load, jobs, looksForLevel(around.seconds));
}

/** Does `jobs` until each is level where `looking`, else once. */
export async function warmUp(
  server: ServerProcess,
  load: LoadProcess,
  jobs: readonly WarmUpJob[],
  looking: boolean,
): Promise<WarmUpRecord> {
  const begin = performance.now();
  const seconds = () => (performance.now() - begin) / 1e3;
  if (looking) {
    const unlevel = await untilLevel(server, load, jobs);
    return { seconds: seconds(), unlevel, level: LEVEL };
  }
  for (const { job } of jobs) await load.run(job());
  return { seconds: seconds() };
}

/**
 * Does a round of each of `jobs` in turn until each has been level: what was compiled for one kind
 * of work may be thrown away by the first of another, and a window would measure how it comes back.
 * Returns what never was level.
 */
async function untilLevel(
  server: ServerProcess,
  load: LoadProcess,
  jobs: readonly WarmUpJob[],
): Promise<Work[]> {
  const unlevel = new Set(jobs.map(({ work }) => work));
  const doable = jobs.map((job) => ({ ...job, rounds: [] as WarmUpRound[] }));
  for (let count = 0; count < LEVEL.roundsMax && unlevel.size > 0; count++) {
    for (const one of [...doable]) {
      const round = await oneRound(server, load, one.job());
      if (!Number.isNaN(round.perOperation)) one.rounds.push(round);
      if (isLevel(one.rounds)) unlevel.delete(one.work);
      // It does not do such work, and will not; a slow one may end none in a round.
      if (one.rounds.length === 0 && count + 1 >= LEVEL.rounds) {
        doable.splice(doable.indexOf(one), 1);
      }
    }
    if (doable.every(({ work }) => !unlevel.has(work))) break;
  }
  return [...unlevel];
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
  return { perOperation: cpu / operations, uncertainty: cpuResolution / operations, all };
}
