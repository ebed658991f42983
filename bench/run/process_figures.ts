/**
 * What a tree of processes has used so far, read from /proc: the same measure for this project's
 * server (one process, many threads) and for a peer (a process per session). run/ and the load call
 * it; it needs --allow-all, as everything below /proc does.
 *
 * @module
 */

import process from "node:process";
import { pageBytes, processCpuSeconds } from "../../models/libc/probe.ts";

/**
 * CPU seconds of this process alone, user and system: whom it started, a server or the load, is
 * counted for itself.
 */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Figures of a process and all that came of it, as far as they are still there or were reaped. */
export interface ProcessFigures {
  /** CPU seconds since the start: each live process by its own clock, and what was reaped. */
  readonly cpu: number;
  /** Ticks of children that were reaped, which is all that is known of those. */
  readonly reapedTicks: number;
  /** User and system time in ticks, for their proportion: `cpu` is finer. */
  readonly userTicks: number;
  /** See userTicks. */
  readonly systemTicks: number;
  /** Context switches so far of each live thread, by process and thread. */
  readonly switches: ReadonlyMap<string, Switches>;
  /** Live threads. */
  readonly threads: number;
  /** Live processes. */
  readonly processes: number;
}

/** How often a thread gave its processor away. */
export interface Switches {
  /** It waited. */
  readonly voluntary: number;
  /** It was made to wait. */
  readonly involuntary: number;
}

/** The kernel's accounting tick, USER_HZ: 100 on every Linux (proc(5)). */
export const TICKS_PER_SECOND = 100;

/** Processes of one tree that are looked at; no server here has more. */
const PROCESSES_MAX = 20_000;

/** The text of a file below /proc, or undefined: its process may have ended meanwhile. */
function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

/** `pid` and its live descendants. */
export function processTree(pid: number): number[] {
  const tree = [pid];
  for (let index = 0; index < tree.length && tree.length < PROCESSES_MAX; index++) {
    // Children by the thread that forked them (proc_pid_task_children(5)).
    for (const thread of threadsOf(tree[index]!)) {
      const children = read(`/proc/${tree[index]}/task/${thread}/children`) ?? "";
      for (const child of children.split(" ")) if (child !== "") tree.push(Number(child));
    }
  }
  return tree;
}

function threadsOf(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Ticks of user and system time, its own and those of reaped children (proc_pid_stat(5)). */
function ticksOf(pid: number): { user: number; system: number; reaped: number } {
  // The name in parentheses may hold anything, so fields are counted behind it.
  const fields = (read(`/proc/${pid}/stat`) ?? "").replace(/^.*\)/s, "").trim().split(" ");
  const ticks = (index: number) => Number(fields[index] ?? 0);
  return {
    user: ticks(11) + ticks(13),
    system: ticks(12) + ticks(14),
    reaped: ticks(13) + ticks(14),
  };
}

function switchesOf(status: string, kind: string): number {
  return Number(new RegExp(`^${kind}_ctxt_switches:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
}

/** Reads the figures of `pid` and its descendants. */
export function readProcessFigures(pid: number): ProcessFigures {
  let userTicks = 0, systemTicks = 0, reapedTicks = 0, cpu = 0;
  const switches = new Map<string, Switches>();
  const tree = processTree(pid);
  for (const member of tree) {
    const ticks = ticksOf(member);
    userTicks += ticks.user;
    systemTicks += ticks.system;
    reapedTicks += ticks.reaped;
    cpu += (processCpuSeconds(member) ?? 0) + ticks.reaped / TICKS_PER_SECOND;
    for (const thread of threadsOf(member)) {
      const status = read(`/proc/${member}/task/${thread}/status`) ?? "";
      const voluntary = switchesOf(status, "voluntary");
      const involuntary = switchesOf(status, "nonvoluntary");
      switches.set(`${member}/${thread}`, { voluntary, involuntary });
    }
  }
  return {
    cpu,
    reapedTicks,
    userTicks,
    systemTicks,
    switches,
    threads: switches.size,
    processes: tree.length,
  };
}

/** What a tree used between two looks at it. */
export interface ProcessWork {
  /** CPU seconds. */
  readonly cpu: number;
  /** Seconds by which `cpu` may be wrong: a tick for each process whose reaped children count. */
  readonly cpuResolution: number;
  /** The part of system time, 0 to 1. */
  readonly systemShare: number;
  /** Missing when threads ended meanwhile: theirs are not known. */
  readonly switches?: Switches;
}

/** The difference of two looks; a negative figure is a fault, and stays as it is. */
export function processWork(before: ProcessFigures, after: ProcessFigures): ProcessWork {
  const user = after.userTicks - before.userTicks;
  const system = after.systemTicks - before.systemTicks;
  const reaped = after.reapedTicks !== before.reapedTicks;
  const work = {
    cpu: after.cpu - before.cpu,
    cpuResolution: reaped ? Math.max(before.processes, after.processes) / TICKS_PER_SECOND : 1e-9,
    systemShare: user + system > 0 ? system / (user + system) : 0,
  };
  const ended = before.switches.keys().some((thread) => !after.switches.has(thread));
  if (ended || reaped) return work;
  let voluntary = 0, involuntary = 0;
  for (const [thread, now] of after.switches) {
    const then = before.switches.get(thread);
    voluntary += now.voluntary - (then?.voluntary ?? 0);
    involuntary += now.involuntary - (then?.involuntary ?? 0);
  }
  return { ...work, switches: { voluntary, involuntary } };
}

/** The parts of the proportional set size that no file stands behind. */
export const OWN: readonly string[] = ["Pss_Anon", "Pss_Shmem"];

/**
 * The proportional set size of `pid` and its descendants in octets: memory shared by several
 * processes counts once (smaps_rollup, proc_pid_smaps(5)). Slower than the other figures.
 *
 * @param parts which rows of smaps_rollup are added up
 */
export function readMemoryBytes(pid: number, parts: readonly string[] = ["Pss"]): number {
  let kib = 0;
  for (const member of processTree(pid)) {
    const rollup = read(`/proc/${member}/smaps_rollup`) ?? "";
    for (const [, part, size] of rollup.matchAll(/^(\w+):\s+(\d+) kB/gm)) {
      if (parts.includes(part!)) kib += Number(size);
    }
  }
  return kib * 1024;
}

/**
 * The kernel's own memory in octets: unreclaimable slabs, thread stacks and page tables, of
 * `meminfo` (proc_meminfo(5)), and TCP buffers, of `sockstat`, in pages of `page` octets. It is that of the whole machine.
 */
export function kernelBytes(
  meminfo: string = read("/proc/meminfo") ?? "",
  sockstat: string = read("/proc/net/sockstat") ?? "",
  page: number = pageBytes(),
): number {
  const kib = ["SUnreclaim", "KernelStack", "PageTables"].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(meminfo)?.[1] ?? 0)
  );
  const pages = Number(/^TCP: .*\bmem (\d+)/m.exec(sockstat)?.[1] ?? 0);
  return kib.reduce((sum, one) => sum + one, 0) * 1024 + pages * page;
}

/** Time of all processors, in ticks of 10 ms; only differences mean something. */
export interface ProcessorTicks {
  /** Everything but idle and stolen time. */
  readonly busy: number;
  /** Taken by the hypervisor for others. */
  readonly stolen: number;
  /** All of it. */
  readonly total: number;
}

/**
 * What the processors did (proc_stat(5)) until now. Work is what is left of the time that passed:
 * of idle time the kernel knows both ends, while of work it counts who runs at a tick, and misses
 * what falls asleep and wakes between two.
 *
 * @param nowMs on a clock that never goes back
 */
export function readProcessorTicks(
  stat: string = read("/proc/stat") ?? "",
  nowMs: number = performance.now(),
): ProcessorTicks {
  const [, , , idle = 0, wait = 0, , , stolen = 0] = stat.split("\n", 1)[0]!.split(/\s+/).slice(1)
    .map(Number);
  const processors = stat.match(/^cpu\d/gm)?.length ?? 0;
  const total = processors * nowMs / 1e3 * TICKS_PER_SECOND;
  return { busy: total - idle - wait - stolen, stolen, total };
}
