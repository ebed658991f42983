/**
 * What a point of a scenario is for the load: which clients, doing what, for how long. run/ asks;
 * everything here is plain data made from plain data, and knows no scenario by its name.
 *
 * @module
 */

import type { Group, LoadJob } from "../load/job.ts";
import { BUSY_CLIENTS, main, PROBE, smallDownloads, uploads } from "./parts.ts";
import type { Point, Scenario, Surroundings, Work } from "./scenario.ts";

/**
 * How long the clients of a group may take to log in, milliseconds: those of a pool that is full
 * never do, and everybody else has long done so.
 */
const SETUP_MS = 1_000;

/** The same in lengths of the window: a first look has no time to wait for nobody. */
const SETUP_WINDOWS_MAX = 4;

/** The same for idle sessions, which are many, and slow where each is a process. */
const HOLD_SETUP_MS = 30_000;

/** Part of the window that a warm-up lasts, the server being warm already. */
const WARM_UP_SHARE = 0.4;

/** A warm-up lasts no longer than this, milliseconds: the window may be long for its probes. */
const WARM_UP_MS_MAX = 2_000;

/** Fewer sessions than these leave no trace in the memory of a process that could be fitted. */
const FITTED_SESSIONS_MIN = 100;

/** Whether a scenario needs a server of its own, where it can hold `sessionsMax`. */
export function needsFreshServer(scenario: Scenario, sessionsMax = Infinity): boolean {
  return scenario.ownServer === "always" ||
    (scenario.ownServer === "for-memory" && sessionsMax >= FITTED_SESSIONS_MIN);
}

/** What the processes of the load do at a point, at the same time. */
export interface Jobs {
  /** The load itself. */
  readonly load: LoadJob;
  /** Probes, which need a process that has nothing else to do. */
  readonly probe?: LoadJob;
  /** Memory is read when the window opens, too: everybody has just logged in. */
  readonly atRest?: boolean;
}

/** The jobs that `point` of `scenario` is. */
export function jobsOf(scenario: Scenario, point: Point, around: Surroundings): Jobs {
  const { host, port, seconds, stallMs, probes } = around;
  const all = scenario.groups(point, around);
  const groups = all.filter(({ name }) => name !== PROBE.name);
  const probing = all.filter(({ name }) => name === PROBE.name);
  const steadyMs = seconds * 1e3 * (scenario.lengths ?? 1);
  const probesMs = probing.length === 0 ? 0 : (probes + 1) / PROBE.perSecond! * 1e3;
  const measureMs = scenario.limitMs?.(around) ?? Math.max(steadyMs, probesMs);
  const once = groups.some((group) => group.once);
  const holding = groups.some((group) => group.action === "hold" && group.clients > 0);
  const common = {
    host,
    port,
    setupMs: holding ? HOLD_SETUP_MS : Math.min(SETUP_MS, SETUP_WINDOWS_MAX * seconds * 1e3),
    warmupMs: once || groups.every(({ action }) => action === "hold")
      ? 0
      : Math.min(WARM_UP_MS_MAX, measureMs * WARM_UP_SHARE),
    measureMs,
  };
  const load = {
    ...common,
    groups,
    // One operation may take all of the window, but not more.
    stallMs: scenario.silent ? 0 : Math.max(stallMs, measureMs - 1),
  };
  // What probes wait for is a result, be it for ever.
  const atRest = scenario.tags.includes("sessions");
  return probing.length === 0 ? { load, atRest } : {
    load,
    atRest,
    probe: { ...common, groups: probing, stallMs: 0 },
  };
}

/** Windows shorter than this are a first look, with warm-ups in proportion. */
const WARM_SECONDS = 0.3;

/** Rounds that a first look is warmed for, as one: it does not look what they cost. */
const FIRST_LOOK_ROUNDS = 3;

/** Clients of a warm-up at most; else one for each worker, as a pool has it. */
const WARM_UP_CLIENTS_MAX = 64;

/** Whether windows are so long that a warm-up looks whether work per operation is level. */
export function looksForLevel(seconds: number): boolean {
  return seconds >= WARM_SECONDS;
}

/** Kinds of work, and how long a round of a warm-up with each is, milliseconds. */
const WARM_UPS: readonly (readonly [Work, number, (around: Surroundings) => Group])[] = [
  ["requests", 130, () => main({ action: "noop" })],
  ["logins", 130, () => main({ action: "login" })],
  // They take compilers longest: their CPU time fell by half in the first three seconds.
  ["downloads", 400, ({ sizes }) => smallDownloads(sizes)],
  // Under names of their own: what the end of the window interrupts is in nobody's way.
  ["uploads", 70, (around) => uploads("warm", BUSY_CLIENTS, "small", around)],
];

/** A kind of work, and what the load does for it. */
export interface WarmUpJob {
  /** As the report says it. */
  readonly work: Work;
  /** A round of it, or all of a first look; asked for each time that it is done. */
  job(): LoadJob;
}

/** What a warm-up has to go by. */
export interface WarmUpRoom {
  /** Of the server; default 1. */
  readonly workers?: number;
  /** Places of the server; as many as one likes by default. */
  readonly sessionsMax?: number;
  /** A folder for the uploads of one round alone; see Surroundings. */
  readonly incoming?: () => Pick<Surroundings, "incoming">;
}

/**
 * What runs for nothing against a fresh server, so that compilers are warm: what `scenario` does
 * where it has the server for itself, else each kind of work.
 */
export function warmUpJobs(
  around: Surroundings,
  scenario?: Scenario,
  { workers = 1, sessionsMax = Infinity, incoming }: WarmUpRoom = {},
): WarmUpJob[] {
  const { host, port, seconds, stallMs } = around;
  const wanted = Math.max(BUSY_CLIENTS, Math.min(WARM_UP_CLIENTS_MAX, workers));
  // Those that nobody has a place for would only be waited for.
  const clients = Math.min(wanted, sessionsMax);
  return WARM_UPS.filter(([work]) => scenario?.warm?.includes(work) ?? true)
    .map(([work, milliseconds, group]) => ({
      work,
      job: () => ({
        host,
        port,
        groups: [{ ...group({ ...around, ...incoming?.() }), clients }],
        setupMs: SETUP_MS,
        warmupMs: 0,
        measureMs: looksForLevel(seconds)
          ? milliseconds
          : milliseconds * FIRST_LOOK_ROUNDS * seconds / WARM_SECONDS,
        stallMs,
      }),
    }));
}
