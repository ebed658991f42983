/**
 * The counted pass of `deno task bench --count`: perf(1) counts the system calls of a server and
 * all its descendants while the load runs. It slows what it counts (by about a tenth), so no time
 * of this pass is used. Counters of our own see our own calls only: this sees the runtime's, and
 * those of peers. mod.ts calls `countCalls` after everything else was measured.
 *
 * @module
 */

import { join } from "@std/path";
import { jobsOf, looksForLevel, warmUpJobs } from "../scenarios/jobs.ts";
import { type Plan, pointsFor } from "./plan.ts";
import { processTree } from "./process_figures.ts";
import type { CountRecord } from "../record.ts";
import type { Scenario, Surroundings } from "../scenarios/mod.ts";
import { type ServerProcess, StartError, startServer } from "./server_process.ts";
import type { Subject } from "./subjects.ts";
import { warmUp } from "./warm_up.ts";
import type { Workplace } from "./workplace.ts";

/**
 * Calls told apart, by the names of the kernel's tracepoints. All of them would be thousands of
 * descriptors for perf, one per call, thread and processor.
 */
const CALLS = (
  "accept accept4 bind brk clock_nanosleep clone clone3 close connect dup2 epoll_ctl epoll_pwait " +
  "epoll_wait exit exit_group fcntl flock ftruncate futex getpid getsockname getsockopt " +
  "ioctl listen lseek madvise mmap mprotect munmap nanosleep newfstat newfstatat newlstat newstat " +
  "openat openat2 poll ppoll pread64 pselect6 read readv recvfrom recvmsg rt_sigaction rt_sigprocmask " +
  "rename renameat renameat2 sched_yield select sendfile64 sendmsg sendto setsockopt shutdown socket socketpair splice " +
  "statx umask unlink wait4 write writev"
).split(" ");

/** How long perf may take to attach to every thread, milliseconds; its counting begins then. */
const ATTACH_MS = 1_500;

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
      server = await startServer(subject, workplace.folders);
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
  { folders, load }: Workplace,
  subject: Subject,
  scenario: Scenario,
  server: ServerProcess,
): Promise<CountRecord> {
  const point = pointsFor(subject, scenario).find(({ id }) => id === scenario.headline.point)!;
  const { host, port } = server;
  const around: Surroundings = { ...plan, host, port, root: folders.root };
  await warmUp(server, load, warmUpJobs(around), looksForLevel(plan.seconds));
  const output = join(folders.state, "perf.csv");
  let perf: Deno.ChildProcess | undefined;
  let failure: string | undefined;
  const result = await load.run(jobsOf(scenario, point, around).load, async (event) => {
    if (event === "opening") {
      perf = startPerf(server.pid, output);
      if (perf === undefined) failure = "perf is not installed";
      else await new Promise((resolve) => setTimeout(resolve, ATTACH_MS));
    } else if (perf !== undefined) {
      if (!interrupt(perf)) failure = "perf ended by itself: counting needs the right to trace";
      await perf.status;
    }
  });
  const place = {
    kind: "count",
    subject: subject.id,
    scenario: scenario.id,
    point: point.id,
    operations: result.groups.main?.operations ?? 0,
  } as const;
  failure ??= result.failure;
  if (failure !== undefined) return { ...place, calls: {}, failure };
  return { ...place, calls: parseCounts(await Deno.readTextFile(output)) };
}

/** Where the kernel lists its tracepoints. */
const TRACEPOINTS = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];

/** Whether this kernel has a tracepoint for `call`: perf counts nothing when one is missing. */
function hasTracepoint(call: string): boolean {
  return TRACEPOINTS.some((folder) => {
    try {
      return Deno.statSync(`${folder}/syscalls/sys_enter_${call}`).isDirectory;
    } catch {
      return false;
    }
  });
}

function startPerf(pid: number, output: string): Deno.ChildProcess | undefined {
  const calls = CALLS.filter(hasTracepoint).map((call) => `syscalls:sys_enter_${call}`);
  const events = ["raw_syscalls:sys_enter", ...calls];
  const args = ["stat", "-x", ",", "-o", output, "-e", events.join(",")];
  try {
    return new Deno.Command("perf", {
      args: [...args, "-p", processTree(pid).join(",")],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Has perf write what it counted; false: it has ended already. */
function interrupt(perf: Deno.ChildProcess): boolean {
  try {
    perf.kill("SIGINT");
    return true;
  } catch {
    return false;
  }
}

/** Reads what `perf stat -x ,` wrote: "8,,syscalls:sys_enter_mmap,856284,100.00,,". */
export function parseCounts(csv: string): Record<string, number> {
  const calls: Record<string, number> = {};
  let total = 0, named = 0;
  for (const line of csv.split("\n")) {
    const [value, , event = ""] = line.split(",");
    const count = Number(value);
    if (!(count > 0)) continue;
    if (event === "raw_syscalls:sys_enter") {
      total = count;
      continue;
    }
    const call = event.replace("syscalls:sys_enter_", "");
    calls[call] = (calls[call] ?? 0) + count;
    named += count;
  }
  if (total > named) calls.others = total - named;
  return calls;
}
