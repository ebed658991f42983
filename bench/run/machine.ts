/**
 * The machine card: what a run was measured on, and whether anything else was running there.
 * ../mod.ts takes it before and after; needs --allow-sys.
 *
 * @module
 */

import os from "node:os";
import type { Idleness, Machine } from "../record.ts";

/** Reads the card. */
export function readMachine(): Machine {
  const processors = os.cpus();
  return {
    processor: processors[0]?.model ?? "unknown",
    processors: processors.length,
    memory: Deno.systemMemoryInfo().total / 2 ** 30,
    kernel: `${os.type()} ${os.release()} ${Deno.build.arch}`,
    deno: Deno.version.deno,
  };
}

/** Descriptors of a process besides its sessions: the runtime's, listeners, files, transfers. */
const DESCRIPTORS_BESIDE = 256;

/**
 * Why processes of this machine cannot hold so many sessions, a descriptor each, if they cannot:
 * server and load have the same limit.
 *
 * @param limits the text of /proc/self/limits
 */
export function whyTooMany(
  sessions: number,
  limits: string = Deno.readTextFileSync("/proc/self/limits"),
): string | undefined {
  const found = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  if (found === undefined || sessions + DESCRIPTORS_BESIDE <= Number(found)) return undefined;
  return `${sessions} sessions need more than the ${found} descriptors that a process may have ` +
    "here (RLIMIT_NOFILE)";
}

/** How long `sampleIdleness` looks, milliseconds: 50 ticks of the kernel's accounting. */
const SAMPLE_MS = 500;

/** Looks at the processors for half a second. */
export async function sampleIdleness(): Promise<Idleness> {
  const before = processorTimes();
  await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  const after = processorTimes();
  const total = after.total - before.total;
  const idle = after.idle - before.idle;
  return { load: Deno.loadavg(), busy: total > 0 ? 1 - idle / total : 0 };
}

function processorTimes(): { total: number; idle: number } {
  let total = 0;
  let idle = 0;
  for (const { times } of os.cpus()) {
    total += times.user + times.nice + times.sys + times.idle + times.irq;
    idle += times.idle;
  }
  return { total, idle };
}
