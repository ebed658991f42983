/**
 * The counted pass of `deno task bench --count`: perf(1) counts the system calls of a server and
 * all its descendants while the load runs. It slows what it counts (by about a tenth), so no time
 * of this pass is used. Counters of our own see our own calls only: this sees the runtime's, and
 * those of peers. fill.ts calls `countCalls` after everything else was measured.
 *
 * @module
 */

import { jobsOf } from "../scenarios/jobs.ts";
import { type Plan, pointsFor } from "./plan.ts";
import { PerfStat } from "./perf_stat.ts";
import { processTree } from "./process_figures.ts";
import type { CountRecord } from "../record.ts";
import type { Scenario, Surroundings } from "../scenarios/mod.ts";
import { type ServerProcess, StartError, startServer } from "./server_process.ts";
import type { Subject } from "./subjects.ts";
import { warmServer } from "./warm_up.ts";
import type { Workplace } from "./workplace.ts";

/** What a counted pass tells while it lasts. */
export interface CountWatcher {
  /** What is counted now. */
  show(text: string): void;
  /** After each. */
  record(record: CountRecord): void;
}

/** Counts for every subject and scenario tagged "counted" of `plan`, one window each. */
export async function countCalls(
  plan: Plan,
  workplace: Workplace,
  signal: AbortSignal,
  watcher: CountWatcher,
): Promise<void> {
  for (const subject of plan.subjects) {
    let server: ServerProcess | undefined;
    try {
      watcher.show(`counting calls: ${subject.id}`);
      server = await startServer(subject, workplace.folders);
      const { folders: { root }, load, folderForUploads: incoming } = workplace;
      const around = { ...plan, host: server.host, port: server.port, root };
      await warmServer(server, { subject, load, around, incoming });
      for (const scenario of countedFor(plan, subject)) {
        if (signal.aborted) return;
        watcher.show(`counting calls: ${subject.id}, ${scenario.id}`);
        watcher.record(await countOne(plan, workplace, subject, scenario, server));
      }
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
    } finally {
      await server?.stop();
    }
  }
}

function countedFor(plan: Plan, subject: Subject): Scenario[] {
  return plan.scenarios.filter((scenario) =>
    scenario.tags.includes("counted") &&
    pointsFor(subject, scenario).some(({ id }) => id === scenario.headline.point)
  );
}

async function countOne(
  plan: Plan,
  { folders, load, folderForUploads }: Workplace,
  subject: Subject,
  scenario: Scenario,
  server: ServerProcess,
): Promise<CountRecord> {
  const point = pointsFor(subject, scenario).find(({ id }) => id === scenario.headline.point)!;
  const place = {
    kind: "count",
    subject: subject.id,
    scenario: scenario.id,
    point: point.id,
  } as const;
  const { host, port } = server;
  const around: Surroundings = { ...plan, host, port, root: folders.root, ...folderForUploads() };
  const perf = await PerfStat.attach(processTree(server.pid), folders.state);
  if ("unavailable" in perf) {
    return { ...place, operations: 0, calls: {}, failure: perf.unavailable };
  }
  await using counting = perf;
  let failure: string | undefined;
  let calls: Readonly<Record<string, number>> = {};
  const result = await load.run(jobsOf(scenario, point, around).load, async (event) => {
    if (event === "opening") failure = (await counting.begin())?.unavailable;
    else if (failure === undefined) {
      const counted = await counting.end();
      if ("unavailable" in counted) failure = counted.unavailable;
      else calls = counted.calls;
    }
  });
  const operations = result.groups.main?.operations ?? 0;
  failure ??= result.failure;
  return failure === undefined
    ? { ...place, operations, calls }
    : { ...place, operations, calls: {}, failure };
}
