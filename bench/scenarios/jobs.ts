/**
 * What a point of a scenario (scenarios.ts) is for the load process: which clients, doing what, for
 * how long. measure.ts asks; everything here is plain data made from plain data.
 *
 * @module
 */

import { join } from "@std/path";
import type { Group, LoadJob } from "../load/job.ts";
import { BUSY_CLIENTS, type FileSizes, type Point, REPLACING, type Scenario } from "./mod.ts";

/** The served files; sizes are in FileSizes under the same names. */
export const FILES = { small: "small.bin", medium: "medium.bin", large: "large.bin" } as const;

/** The folder below the root that takes uploads. */
export const INCOMING = "incoming";

/** Clients of the scenario "slow" that read at SLOW_BYTES_PER_SECOND, and those that do not. */
const SLOW_READERS = 64;
const FAST_CLIENTS = 4;
const SLOW_BYTES_PER_SECOND = 8_192;

/** Bulk clients of the scenario "mixed", in each direction. */
const BULK_CLIENTS = 8;

/** Probes beside bulk, per second: rare enough to cost nothing. */
const PROBES_PER_SECOND = 50;

/**
 * How long the clients of a group may take to log in, milliseconds: those of a pool that is full
 * never do, and everybody else has long done so.
 */
const SETUP_MS = 1_000;

/** The same in lengths of the window: a first look has no time to wait for nobody. */
const SETUP_WINDOWS_MAX = 4;

/** The same for idle sessions, which are many, and slow where each is a process. */
const HOLD_SETUP_MS = 10_000;

/** How long a large transfer may last, in lengths of a stall. */
const ONCE_STALLS_MAX = 2;

/** How long a burst may last, milliseconds: who is not done then has been lost two SYNs (1 + 2 s). */
const BURST_MS_MAX = 4_000;

/** Where silence is a result, and no failure: there is no limit but the window's end. */
const SILENT: readonly string[] = ["asleep", "slow", "burst"];

/** Part of the window that a warm-up lasts, the server being warm already. */
const WARM_UP_SHARE = 0.4;

/** What a job depends on besides the scenario. */
export interface Surroundings {
  /** Where the server listens. */
  readonly host: string;
  /** See host. */
  readonly port: number;
  /** The folder served. */
  readonly root: string;
  /** Of the files in it. */
  readonly sizes: FileSizes;
  /** Length of a steady window, seconds. */
  readonly seconds: number;
  /** A server that finishes nothing for so long has failed, milliseconds. */
  readonly stallMs: number;
  /** Requests per second that the server answered to the closed loop of this block, if known. */
  readonly capacity?: number;
}

/** Clients that the server has at a time, idle ones and others: what a limit is compared with. */
export function sessionsAt(scenario: Scenario, point: Point): { idle: number; busy: number } {
  switch (scenario.id) {
    case "idle":
    case "small":
      return { idle: point.x, busy: BUSY_CLIENTS };
    case "asleep":
      return { idle: point.x, busy: 0 };
    case "burst":
      return { idle: 0, busy: point.x };
    default:
      return { idle: 0, busy: BUSY_CLIENTS };
  }
}

/** Flags of `serve` that a scenario needs besides the model's. */
export function serveFlags(scenario: Scenario): readonly string[] {
  // 5 ms more for one block read in ten: a disk that is busy with something else.
  return scenario.id === "disk" ? ["--disk-delay", "5/10"] : [];
}

/** Fewer sessions than these leave no trace in the memory of a process that could be fitted. */
const FITTED_SESSIONS_MIN = 100;

/**
 * Whether a scenario needs a server of its own: for its flags, or for its memory, where it can
 * hold enough sessions, at most `sessionsMax`, for a slope.
 */
export function needsFreshServer(scenario: Scenario, sessionsMax = Infinity): boolean {
  return scenario.id === "disk" || (scenario.id === "idle" && sessionsMax >= FITTED_SESSIONS_MIN);
}

/** Whether a scenario compares models by something that peers cannot be told to do. */
export function modelsOnly(scenario: Scenario): boolean {
  return scenario.id === "disk";
}

/** The job that `point` of `scenario` is. */
export function jobOf(scenario: Scenario, point: Point, around: Surroundings): LoadJob {
  const { host, port, seconds, stallMs } = around;
  const measureMs = seconds * 1e3 * stretchOf(scenario);
  const groups = groupsOf(scenario, point, around);
  const once = groups.some((group) => group.once);
  const holding = groups.some((group) => group.action === "hold" && group.clients > 0);
  return {
    host,
    port,
    groups,
    setupMs: holding ? HOLD_SETUP_MS : Math.min(SETUP_MS, SETUP_WINDOWS_MAX * seconds * 1e3),
    warmupMs: once ? 0 : measureMs * WARM_UP_SHARE,
    measureMs: scenario.id === "burst"
      ? BURST_MS_MAX
      : once
      ? ONCE_STALLS_MAX * stallMs
      : measureMs,
    stallMs: SILENT.includes(scenario.id) ? 0 : Math.max(stallMs, measureMs),
  };
}

/**
 * What runs for nothing against a fresh server, so that compilers are warm: what `scenario` does
 * where it has the server for itself, else each kind of work. Small downloads take them longest:
 * their CPU time fell by a third within the first second and was level after it.
 */
export function warmUpJobs(around: Surroundings, scenario?: Scenario): LoadJob[] {
  const { host, port, seconds, stallMs, sizes } = around;
  const works: [group: Group, milliseconds: number][] = [
    [main({ action: "noop" }), 400],
    [main({ action: "login" }), 400],
    [smallDownloads(sizes), 1_200],
    // Under names of their own: what the end of the window interrupts is in nobody's way.
    [uploads("warm", BUSY_CLIENTS, "small", around), 200],
  ];
  const wanted = scenario?.id === "idle" ? [0] : scenario?.id === "disk" ? [2] : [0, 1, 2, 3];
  return wanted.map((index) => works[index]!).map(([group, milliseconds]) => ({
    host,
    port,
    groups: [group],
    setupMs: SETUP_MS,
    warmupMs: 0,
    measureMs: milliseconds * Math.min(1, seconds / WARM_SECONDS),
    stallMs,
  }));
}

/** Windows shorter than this are a first look, with warm-ups in proportion. */
const WARM_SECONDS = 0.3;

/** Windows in which little happens, or happens slowly, are longer. */
function stretchOf(scenario: Scenario): number {
  switch (scenario.id) {
    case "asleep":
    case "slow":
      return 2;
    case "mixed":
      return 4;
    default:
      return 1;
  }
}

function main(spec: Omit<Group, "name" | "clients"> & { readonly clients?: number }): Group {
  return { name: "main", clients: BUSY_CLIENTS, ...spec };
}

function smallDownloads(sizes: FileSizes, clients = BUSY_CLIENTS): Group {
  return main({ action: "download", clients, path: FILES.small, octets: sizes.small });
}

function idle(clients: number): Group[] {
  return clients === 0 ? [] : [{ name: "idle", clients, action: "hold" }];
}

const PROBE: Group = {
  name: "probe",
  clients: 1,
  action: "noop",
  perSecond: PROBES_PER_SECOND,
};

function uploads(
  name: string,
  clients: number,
  file: "small" | "medium" | "large",
  around: Surroundings,
) {
  return {
    name,
    clients,
    action: "upload",
    // Relative: a server without the right to chroot(2) calls the folder by its real name.
    path: INCOMING,
    octets: around.sizes[file],
    source: join(around.root, FILES[file]),
    arrivals: join(around.root, INCOMING),
  } as const;
}

function downloads(name: string, clients: number, file: "medium" | "large", sizes: FileSizes) {
  return { name, clients, action: "download", path: FILES[file], octets: sizes[file] } as const;
}

function groupsOf(scenario: Scenario, point: Point, around: Surroundings): Group[] {
  const { sizes } = around;
  switch (scenario.id) {
    case "control":
      if (point.id.startsWith("clients=")) return [main({ action: "noop", clients: point.x })];
      return [main({ action: "noop", perSecond: Math.max(1, around.capacity! * point.x) })];
    case "idle":
      return [...idle(point.x), main({ action: "noop" })];
    case "asleep":
      return idle(point.x);
    case "logins":
      return [main({ action: "login" })];
    case "burst":
      return [main({ action: "login", clients: point.x, once: true, timeline: true })];
    case "small":
      return [...idle(point.x), smallDownloads(sizes)];
    case "uploads":
      return [{
        ...uploads("main", BUSY_CLIENTS, "small", around),
        ...(point.id === REPLACING ? { replaces: true } : {}),
      }];
    case "large":
      return point.id === "up"
        ? [{ ...uploads("main", 1, "large", around), once: true }]
        : [{ ...downloads("main", 1, "large", sizes), once: true }];
    case "slow":
      return [
        { ...downloads("slow", SLOW_READERS, "large", sizes), readRate: SLOW_BYTES_PER_SECOND },
        smallDownloads(sizes, FAST_CLIENTS),
      ];
    case "mixed":
      return [
        downloads("main", BULK_CLIENTS, "medium", sizes),
        uploads("up", BULK_CLIENTS, "medium", around),
        PROBE,
      ];
    case "disk":
      return [smallDownloads(sizes), PROBE];
  }
}

/** A smaller transfer of the same kind, before a large one is measured: memory, caches, code. */
export function warmTransferOf(job: LoadJob, around: Surroundings): LoadJob {
  const up = job.groups[0]!.action === "upload";
  const group = up
    ? uploads("main", 1, "medium", around)
    : downloads("main", 1, "medium", around.sizes);
  return { ...job, groups: [{ ...group, once: true }] };
}
