/**
 * A part of a processor for the server alone: a control group with a CPU quota, so that a server is
 * the limit and not the load, and its rate is its own. measure.ts puts servers into it after their
 * warm-up; nothing here knows what a server is. It needs the right to make control groups.
 *
 * @module
 */

import { join } from "@std/path";
import type { QuotaTerms } from "../record.ts";

/**
 * The kernel's period, microseconds. It bounds no stop: run time is charged at the scheduler's ticks
 * (4 ms with CONFIG_HZ=250), so that a quota of 1 ms is overrun by up to a tick, which the periods
 * that follow pay back (kernel/sched/fair.c). Stops of 16 ms were seen.
 */
const PERIOD_US = 5_000;

/** The kernel gives no less than this of a period (sched-bwc), microseconds. */
const QUOTA_US_MIN = 1_000;

/** The smallest share that can be asked for. */
export const QUOTA_SHARE_MIN = QUOTA_US_MIN / PERIOD_US;

/** How often, and how long apart, a group is removed that processes are still leaving, ms. */
const REMOVALS_MAX = 50;
const REMOVAL_MS = 20;

/** Periods so far, and those in which somebody had to wait for the next (cpu.stat). */
export interface Throttling {
  /** All of them. */
  readonly periods: number;
  /** Those in which the quota was used up. */
  readonly throttled: number;
}

/** A hierarchy of control groups that can limit CPU. */
interface Hierarchy {
  readonly version: 1 | 2;
  readonly folder: string;
}

/** The hierarchies that `mounts` (proc_mounts(5)) names, the newer kind first. */
export function hierarchiesOf(mounts: string): Hierarchy[] {
  const all = mounts.split("\n").flatMap((line): Hierarchy[] => {
    const [, folder, type, options = ""] = line.split(" ");
    if (type === "cgroup2") return [{ version: 2, folder: folder! }];
    return type === "cgroup" && options.split(",").includes("cpu")
      ? [{ version: 1, folder: folder! }]
      : [];
  });
  return all.toSorted((left, right) => right.version - left.version);
}

/** What cpu.stat of either version says. */
export function parseThrottling(stat: string): Throttling {
  const of = (name: string) => Number(new RegExp(`^${name} (\\d+)`, "m").exec(stat)?.[1] ?? 0);
  return { periods: of("nr_periods"), throttled: of("nr_throttled") };
}

/** A group with a quota, empty at first. */
export class Quota implements AsyncDisposable {
  private constructor(readonly folder: string, readonly terms: QuotaTerms) {}

  /** Makes a group for `share` of a processor, or says in a sentence why it cannot be had. */
  static open(
    share: number,
    mounts: string = Deno.readTextFileSync("/proc/self/mounts"),
  ): Quota | { readonly unavailable: string } {
    const reasons: string[] = [];
    for (const hierarchy of hierarchiesOf(mounts)) {
      const folder = join(hierarchy.folder, `ftplab-bench-${Deno.pid}`);
      try {
        const quotaUs = Math.max(QUOTA_US_MIN, Math.round(share * PERIOD_US));
        limit(hierarchy, folder, quotaUs);
        const terms = { quotaUs, periodUs: PERIOD_US, version: hierarchy.version };
        return new Quota(folder, terms);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        removeQuietly(folder);
        reasons.push(`cgroup v${hierarchy.version}: ${error.message.split(":")[0]}`);
      }
    }
    const why = reasons.length === 0 ? "none is mounted" : reasons.join("; ");
    return { unavailable: `no control group can limit CPU here (${why})` };
  }

  /** Limits `pids`, with their threads and all that they start from now on. */
  take(pids: readonly number[]): void {
    for (const pid of pids) {
      try {
        Deno.writeTextFileSync(join(this.folder, "cgroup.procs"), `${pid}`);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** See Throttling. */
  throttling(): Throttling {
    return parseThrottling(Deno.readTextFileSync(join(this.folder, "cpu.stat")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let attempt = 0; attempt < REMOVALS_MAX; attempt++) {
      if (removeQuietly(this.folder)) return;
      await new Promise((resolve) => setTimeout(resolve, REMOVAL_MS));
    }
  }
}

function limit({ version, folder: root }: Hierarchy, folder: string, quotaUs: number): void {
  if (version === 2) {
    const controllers = Deno.readTextFileSync(join(root, "cgroup.controllers")).trim().split(" ");
    if (!controllers.includes("cpu")) throw new Error("it has no controller of CPU");
    Deno.writeTextFileSync(join(root, "cgroup.subtree_control"), "+cpu");
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(join(folder, "cpu.max"), `${quotaUs} ${PERIOD_US}`);
  } else {
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(join(folder, "cpu.cfs_period_us"), `${PERIOD_US}`);
    Deno.writeTextFileSync(join(folder, "cpu.cfs_quota_us"), `${quotaUs}`);
  }
}

/** Removes a group that nobody is in; false: somebody is. */
function removeQuietly(folder: string): boolean {
  try {
    Deno.removeSync(folder);
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}
