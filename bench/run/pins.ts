/**
 * Server and load on processors of their own, so that neither takes the other's: taskset(1) moves
 * processes with all their threads. measure.ts pins servers as they start; nothing here knows what
 * they are. With two processors the probes share that of the load.
 *
 * @module
 */

import type { HeaderRecord } from "../record.ts";

/** Numbers of processors, as the kernel counts them. */
export type Pins = NonNullable<HeaderRecord["pinned"]>;

/** The processors that a list such as "0-2,5" names (cpuset(7), list format). */
export function processorsIn(list: string): number[] {
  return list.trim().split(",").filter((part) => part !== "").flatMap((part) => {
    const [low, high = low] = part.split("-").map(Number) as [number, number?];
    return Array.from({ length: high! - low + 1 }, (_, index) => low + index);
  });
}

/**
 * The processors that a process may use, as the kernel writes them: "0-2,5", or "" if it does not.
 *
 * @param status the text of its /proc/PID/status
 */
export function allowedList(status = Deno.readTextFileSync("/proc/self/status")): string {
  return /^Cpus_allowed_list:\s+(\S+)/m.exec(status)?.[1] ?? "";
}

/**
 * Which processors are whose, or why there is no telling them apart, in a sentence.
 *
 * @param status the text of /proc/self/status
 */
export async function choosePins(
  status?: string,
): Promise<Pins | { readonly unavailable: string }> {
  const list = allowedList(status);
  const [server, load, probes = load] = processorsIn(list);
  if (server === undefined || load === undefined || probes === undefined) {
    return { unavailable: `it takes two processors, and this process may use "${list}"` };
  }
  const failure = await pin([Deno.pid], processorsIn(list).join());
  return failure === undefined ? { server, load, probes } : { unavailable: failure };
}

/** Keeps `pids`, with all their threads, on `processors`; why not, if it cannot. */
export async function pin(
  pids: readonly number[],
  processors: number | string,
): Promise<string | undefined> {
  for (const pid of pids) {
    const args = ["--all-tasks", "--cpu-list", "--pid", `${processors}`, `${pid}`];
    try {
      const { success, stderr } = await new Deno.Command("taskset", { args }).output();
      // One that has ended meanwhile is on no processor at all.
      if (!success && exists(pid)) return new TextDecoder().decode(stderr).trim().split("\n")[0];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "taskset is not installed";
      throw error;
    }
  }
  return undefined;
}

function exists(pid: number): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
}
