/**
 * How long a run takes, before it does: the lengths of its windows, which are known, and what
 * servers take to start and clients to come, as seen on two processors of 2.5 GHz. mod.ts tells it
 * for --dry-run, run_clock.ts weighs progress by it. Pure; nothing that is measured depends on it.
 *
 * @module
 */

import type { Action } from "../load/job.ts";
import { jobsOf, looksForLevel, needsFreshServer, warmUpJobs } from "../scenarios/jobs.ts";
import type { Point, Scenario, Surroundings } from "../scenarios/mod.ts";
import { CEILING_WINDOWS } from "./ceilings.ts";
import { companiesOf } from "./company.ts";
import { cellCount, orderOf, type Plan, pointsFor, type Series, whyUnable } from "./plan.ts";
import { duration } from "./progress.ts";
import type { Subject } from "./subjects.ts";

/** From the start of a server to its greeting, and from SIGTERM to its end, milliseconds. */
const START_MS = 150;

/** The same of each worker of a model: all are there before it greets. */
const WORKER_START_MS = 60;

/** Rounds of a warm-up with a kind of work, until its work per operation is level. */
const WARM_UP_ROUNDS = 14;

/** Sampling and settling, and logging in those who are busy: what a cell takes beside its windows. */
const CELL_MS = 60;

/** What each window of several takes besides. */
const ROUND_MS = 40;

/** What has arrived is looked at, octet by octet, for this share of the time in which it came. */
const LOOK_SHARE = 0.6;

/** Logins per second of a loop, of a server with a process per session, and of one in C. */
const LOGINS_PER_SECOND: Readonly<Record<Subject["kind"], number>> = {
  model: 10_000,
  peer: 500,
  twin: 10_000,
};

/** Octets per second of a transfer that is as fast as it goes. */
const OCTETS_PER_SECOND: Readonly<Partial<Record<Action, number>>> = {
  download: 1e10,
  upload: 2e9,
};

/** What a plan says of times. */
type Timed = Pick<Plan, "sizes" | "seconds" | "probes" | "stallMs">;

function around(plan: Timed): Surroundings {
  // Any rate will do: a window is as long for all of them.
  return { ...plan, host: "", port: 0, root: "", capacity: 1 };
}

/** Of its windows, with what comes before them, and of the sessions that are to be there. */
function windowMs(kind: Subject["kind"], scenario: Scenario, point: Point, plan: Timed): number {
  const { load } = jobsOf(scenario, point, around(plan));
  const login = 1e3 / LOGINS_PER_SECOND[kind];
  const held = load.groups.filter(({ action }) => action === "hold");
  const loginsMs = held.reduce((sum, { clients }) => sum + clients * login, 0);
  const once = load.groups.filter((group) => group.once);
  const { rounds = 1 } = scenario;
  // Of those that replace each other there is only one for each client.
  const arrives = load.groups.some(({ action, replaces }) => action === "upload" && !replaces);
  const lengths = 1 + (arrives ? LOOK_SHARE : 0);
  if (once.length === 0) return loginsMs + rounds * lengths * (load.warmupMs + load.measureMs);
  const allMs = Math.max(
    ...once.map(({ clients, octets = 0, action }) =>
      clients * (action === "login" ? login : octets / OCTETS_PER_SECOND[action]! * 1e3)
    ),
  );
  // One that is cut off is the last.
  return allMs < load.measureMs ? rounds * (lengths * allMs + ROUND_MS) : load.measureMs;
}

/** How long a cell takes, milliseconds, a server that serves already. */
export function cellMs(subject: Subject, scenario: Scenario, point: Point, plan: Timed): number {
  if (whyUnable(subject, scenario, point) !== undefined) return 0;
  const { busy } = scenario.sessions(point);
  const { setupMs } = jobsOf(scenario, point, around(plan)).load;
  // Those whom a pool has no thread for are waited for in vain.
  const waiting = subject.kind === "model" && busy > (subject.sessionsMax ?? Infinity);
  return CELL_MS + (waiting ? setupMs : 0) + windowMs(subject.kind, scenario, point, plan);
}

/** How long a server takes to be there and warm, milliseconds; for `scenario` alone if given. */
export function startMs(subject: Subject, plan: Timed, scenario?: Scenario): number {
  if (subject.kind === "twin") return 0;
  const jobs = warmUpJobs(around(plan), scenario);
  const rounds = looksForLevel(plan.seconds) ? WARM_UP_ROUNDS : 1;
  return START_MS + workersOf(subject) * WORKER_START_MS +
    rounds * total(jobs.map(({ job }) => job().measureMs));
}

/** How many workers a model begins with, by its flags. */
function workersOf(subject: Subject): number {
  if (subject.kind !== "model") return 0;
  const { flags } = subject;
  return flags.includes("--workers") ? Number(flags[flags.indexOf("--workers") + 1]) : 1;
}

/** How long all of `series` takes, milliseconds, servers of its own included. */
export function seriesMs(
  { scenario, point, order, pass = 0 }: Series,
  plan: Timed & Pick<Plan, "sideBySide">,
): number {
  // What is said to `serve` for one point needs a server for it.
  const isOwn = point.serveFlags !== undefined;
  const first = isOwn || (point === scenario.points[0] && pass === 0);
  return companiesOf(order, plan, scenario).reduce((sum, company) => {
    if (company === "agreement") {
      return sum + CELL_MS + windowMs("model", scenario, point, plan);
    }
    if (company === "ceiling") {
      return sum + CEILING_WINDOWS * (CELL_MS + windowMs("model", scenario, point, plan));
    }
    const starts = company.filter(({ sessionsMax }) =>
      first && needsFreshServer(scenario, sessionsMax)
    ).map((subject) => startMs(subject, plan, scenario));
    const cells = company.map((subject) => cellMs(subject, scenario, point, plan));
    // The windows of a company are open at the same time.
    const windows = cells.filter((ms) => ms > 0).length - 1;
    const { measureMs } = jobsOf(scenario, point, around(plan)).load;
    return total([sum, ...starts, ...cells]) - Math.max(0, windows) * measureMs;
  }, 0);
}

function total(all: readonly number[]): number {
  return all.reduce((sum, one) => sum + one, 0);
}

/**
 * How long each of `all` takes, milliseconds, in their order: the first of a block has to start the
 * servers that do all of it.
 */
export function timesOf(all: readonly Series[], plan: Plan): number[] {
  const startsMs = total(sharedBy(plan).map((subject) => startMs(subject, plan)));
  return all.map((series, index) =>
    seriesMs(series, plan) + (series.block === all[index - 1]?.block ? 0 : startsMs)
  );
}

/** Who has a server that does several scenarios of a block. */
function sharedBy({ subjects, scenarios }: Plan): Subject[] {
  return subjects.filter((subject) =>
    scenarios.some((scenario) =>
      !needsFreshServer(scenario, subject.sessionsMax) && pointsFor(subject, scenario).length > 0
    )
  );
}

/** What a run by `plan` would be, in lines: all of it, and each scenario of one block. */
export function foretold(plan: Plan): string[] {
  const block = orderOf({ ...plan, repeats: 1 });
  const scenarios = plan.scenarios.map((scenario) => {
    const own = block.filter((series) => series.scenario.id === scenario.id);
    const cells = own.flatMap(({ order }) => order).filter((one) => typeof one !== "string").length;
    const passes = Map.groupBy(own, ({ point }) => point.id);
    const points = [...passes]
      .map(([id, { length }]) => length === 1 ? id : `${id} in ${length} passes`).join(", ");
    const ms = total(own.map((series) => seriesMs(series, plan)));
    return { ms, line: `  ${scenario.id}: ${cells} cells, ${duration(ms)} (${points})` };
  });
  const shared = sharedBy(plan);
  const starts = total(shared.map((subject) => startMs(subject, plan)));
  const blockMs = total([starts, ...scenarios.map(({ ms }) => ms)]);
  const cells = cellCount(plan);
  return [
    `${cells} cells in ${plan.repeats} blocks of ${cells / plan.repeats}, about ` +
    `${duration(blockMs * plan.repeats)}, without what is disturbed and measured again`,
    `Of a block, ${duration(blockMs)}:`,
    `  starts and warm-up of ${shared.length} servers that do several: ${duration(starts)}`,
    ...scenarios.map(({ line }) => line),
  ];
}
