/**
 * The machine card: what a run was measured on, and whether anything else was running there.
 * measure.ts takes it before and after; needs --allow-sys.
 *
 * @module
 */

import os from "node:os";

/** What the machine is. */
export interface Machine {
  /** The first processor's model. */
  readonly processor: string;
  /** Processors that the system schedules on. */
  readonly processors: number;
  /** GiB. */
  readonly memory: number;
  /** Name, release and architecture. */
  readonly kernel: string;
  /** The runtime's version. */
  readonly deno: string;
}

/** How busy the machine is while nothing of this benchmark runs. */
export interface Idleness {
  /** Load averages over 1, 5 and 15 minutes. */
  readonly load: readonly number[];
  /** The share of all processors' time that was used, 0 to 1. */
  readonly busy: number;
}

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

/** More than this share of the processors in use is somebody else's work. */
const BUSY_MAX = 0.1;

/** Whether the machine did nothing else. */
export function wasIdle(idleness: Idleness): boolean {
  return idleness.busy <= BUSY_MAX;
}
