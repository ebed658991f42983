/**
 * A run that never took place: plausible records of all variants and some peers, for tests of
 * analysis.ts and report/. Everything follows from a seed, so two calls give the same run.
 *
 * @module
 */

import { build } from "hdr-histogram-js";
import { latencyOf } from "../../bench/claims/histograms.ts";
import type {
  CeilingRecord,
  CellRecord,
  EndRecord,
  GroupResult,
  HeaderRecord,
  Latency,
  RunRecord,
  ServerWork,
} from "../../bench/record.ts";
import { type Point, type Scenario, SCENARIOS } from "../../bench/scenarios/mod.ts";
import { type Random, randomFrom } from "../../bench/claims/statistics.ts";
import { type Nature, NATURES } from "./fixture_subjects.ts";

/** What of the full run is wanted. */
export interface FixtureOptions {
  readonly seed?: number;
  readonly repeats?: number;
  /** Ids; all when missing. */
  readonly subjects?: readonly string[];
  readonly scenarios?: readonly string[];
  /** Only the points that --quick measures. */
  readonly quick?: boolean;
  /** Without the cells that fail, err, are load-bound and the like. */
  readonly faultless?: boolean;
}

/** The records, header first. */
export function fixtureRecords(options: FixtureOptions = {}): RunRecord[] {
  const random = randomFrom(options.seed ?? 7);
  const otherwise = randomFrom((options.seed ?? 7) + 1);
  const subjects = NATURES.filter(({ id }) => options.subjects?.includes(id) ?? true);
  const scenarios = SCENARIOS.filter(({ id }) => options.scenarios?.includes(id) ?? true);
  const cells: CellRecord[] = [];
  for (let block = 0; block < (options.repeats ?? 11); block++) {
    // What disturbs a block disturbs all of it: pairs cancel this, plain medians do not.
    const weather = 0.9 + 0.25 * random();
    for (const nature of subjects) {
      for (const scenario of scenarios) {
        for (const point of scenario.points.filter(({ quick }) => quick || !options.quick)) {
          const names = [nature.id, nature.flags[1]];
          if (!(scenario.models?.some((name) => names.includes(name)) ?? true)) continue;
          const chance = scenario.models === undefined ? random : otherwise;
          const cell = makeCell(nature, scenario, point, block, weather, chance);
          cells.push(options.faultless ? cell : withFault(cell));
        }
      }
    }
  }
  const blocks = Array.from({ length: options.repeats ?? 11 }, (_, block) => block);
  const ceilings = scenarios.filter(({ id }) => id === "control").flatMap(({ id, headline }) =>
    blocks.map((block): CeilingRecord => ({
      kind: "ceiling",
      scenario: id,
      point: headline.point,
      block,
      rate: 148_000 + block,
      loadCpuUs: 5.1,
      note: "an echo in the load's process",
    }))
  );
  return [headerOf(options, subjects, scenarios), ...cells, ...ceilings, END];
}

/** The same as the text of a file. */
export function fixtureText(options: FixtureOptions = {}): string {
  return fixtureRecords(options).map((record) => JSON.stringify(record) + "\n").join("");
}

const END: EndRecord = { kind: "end", after: { load: [1.2, 1.1, 0.9], busy: 0.03 } };

function headerOf(
  { repeats = 11, seed = 7, quick }: FixtureOptions,
  subjects: readonly Nature[],
  scenarios: readonly Scenario[],
): HeaderRecord {
  return {
    kind: "run",
    format: 3,
    args: quick ? ["--quick"] : ["--peers"],
    startedAt: "2026-03-01T12:00:00.000Z",
    machine: {
      processor: "Some Processor @ 2.50GHz",
      processors: 2,
      memory: 23.6,
      kernel: "Linux 6.1.0 x86_64",
      deno: "2.9.6",
    },
    before: { load: [0.11, 0.2, 0.18], busy: 0.02 },
    repeats,
    seconds: 1,
    seed,
    scenarios: scenarios.map(({ id }) => id),
    subjects: subjects.map(({ id, title, kind, flags, version, configuration }) => ({
      id,
      title,
      kind,
      flags,
      ...(version === undefined ? {} : { version }),
      ...(configuration === undefined ? {} : { configuration }),
    })),
    baseline: "epoll",
    notes: ["bftpd is left out: bftpd is not installed"],
  };
}

function makeCell(
  nature: Nature,
  scenario: Scenario,
  point: Point,
  block: number,
  weather: number,
  random: Random,
): CellRecord {
  const noise = () => weather * (0.97 + 0.06 * random());
  const sessions = sessionsOf(scenario.id, point);
  const seconds = scenario.id === "burst" ? point.x / nature.logins * noise() + 0.01 : 1;
  const groups = groupsOf(nature, scenario.id, point, noise);
  const all = Object.values(groups);
  const operations = all.reduce((sum, group) => sum + group.operations, 0);
  const octets = all.reduce((sum, group) => sum + group.octets, 0);
  const cell: CellRecord = {
    kind: "cell",
    subject: nature.id,
    scenario: scenario.id,
    point: point.id,
    block,
    command: nature.kind === "model"
      ? ["deno", "run", "main.ts", "serve", ...nature.flags, "--port", "0"]
      : [nature.id, "STATE/server.conf"],
    introduction: `serving ftp, ${nature.title}`,
    startMs: 90 * noise(),
    seconds,
    groups,
    server: scenario.id === "wakeups"
      ? wakingOf(nature, point, operations, noise)
      : workOf(nature, scenario.id, sessions, operations, octets, noise),
    loadCpuShare: 0.45 + 0.2 * random(),
    steal: 0.004 * random(),
    others: 0.02 * random(),
    errors: {},
  };
  if (sessions <= nature.sessionsMax) return cell;
  const { server: _server, ...rest } = cell;
  return { ...rest, groups: {}, unable: `serves at most ${nature.sessionsMax} clients at once` };
}

function sessionsOf(scenario: string, point: Point): number {
  return ["idle", "asleep", "small", "wakeups"].includes(scenario) ? point.x : 0;
}

function workOf(
  nature: Nature,
  scenario: string,
  sessions: number,
  operations: number,
  octets: number,
  noise: () => number,
): ServerWork {
  const perOperation = nature.request + nature.watched * sessions;
  const perOctet = scenario === "control" || scenario === "idle" ? 0 : nature.perGB / 1e9;
  const cpu = (perOperation * operations / 1e6 + perOctet * octets + nature.asleep) * noise();
  const entries = Object.entries(nature.calls ?? {});
  const calls = entries.map(([name, each]) => [name, Math.round(each * operations * noise())]);
  return {
    cpu,
    systemShare: 0.7,
    voluntary: Math.round(operations * (nature.id.startsWith("blocking") ? 1 : 0.4)),
    involuntary: Math.round(operations * 0.01),
    threads: 3,
    processes: nature.kind === "model" ? 1 : 1 + sessions,
    memoryBytes: 60e6 + nature.session * 1024 * sessions * noise(),
    ...(nature.calls === undefined ? {} : {
      calls: Object.fromEntries(calls),
      eagain: nature.id === "epoll-edge" ? operations : 0,
      wakeups: Math.round(operations * 0.45) + 10,
      emptyWakeups: 3,
      octetsCopied: Math.round(nature.copied * octets),
      octetsMoved: octets,
    }),
  };
}

/** A wake-up costs 4 us and what it watches; two of three clients come with each. */
function wakingOf(
  nature: Nature,
  point: Point,
  operations: number,
  noise: () => number,
): ServerWork {
  const work = workOf(nature, "wakeups", 0, operations, 0, noise);
  const batch = 1 + (point.clients! - 1) * 2 / 3;
  const perOperation = nature.request + (4 + nature.watched * point.x) / batch;
  const counted = nature.calls !== undefined && nature.id !== "async";
  return {
    ...work,
    cpu: operations * perOperation / 1e6 * noise(),
    ...(counted ? { wakeups: Math.round(operations / batch) } : {}),
  };
}

function groupsOf(
  nature: Nature,
  scenario: string,
  point: Point,
  noise: () => number,
): Record<string, GroupResult> {
  const capacity = 16 / (16 * nature.request + nature.latency) * 1e6;
  const group = (clients: number, rate: number, octets = 0, slower = 1): GroupResult => ({
    clients,
    unserved: 0,
    operations: Math.round(rate * noise()),
    octets: Math.round(rate * octets),
    latency: spread(nature.latency * slower * noise(), nature.tail, Math.round(rate)),
    unfinished: 0,
    fairness: 0.98,
  });
  /** Of an open loop that begins in time: from when it was due is from when it was begun. */
  const open = (result: GroupResult, latenessP99Us: number): GroupResult => ({
    ...result,
    fromStart: result.latency!,
    latenessP99Us,
  });
  const probe = { ...open(group(1, 1_150, 0, 3), 8), offered: 200 };
  switch (scenario) {
    case "control": {
      if (point.id.startsWith("clients")) {
        return { main: group(point.x, capacity * Math.min(1, point.x / 8), 0, 0.5 + point.x / 16) };
      }
      const offered = point.perSecond ?? capacity * point.x;
      const part = offered / capacity;
      const slower = 1 + 0.4 / Math.max(0.03, 1.05 - part) + (part > 1 ? 80 : 0);
      const main = group(16, Math.min(offered, capacity * 0.98), 0, slower);
      return { main: { ...open(main, 4), offered } };
    }
    case "idle":
      return { main: group(16, 1e6 / (nature.request + nature.watched * point.x) * 0.8) };
    case "wakeups":
      return { main: group(point.clients!, 50_000) };
    case "asleep":
      return { main: { clients: point.x, unserved: 0, operations: 0, octets: 0, unfinished: 0 } };
    case "logins":
      return { main: group(16, nature.logins) };
    case "burst":
      return { main: { ...group(point.x, point.x), timeline: timelineOf(nature, noise) } };
    case "small":
      return { main: group(16, nature.small * (1 - point.x / 80_000), 10_240) };
    case "uploads":
      return { main: group(16, nature.small * (point.x === 0 ? 0.7 : 0.4), 10_240) };
    case "large":
      return { main: group(1, 2, 1e9 * (point.id === "up" ? 0.6 : 1)) };
    case "slow":
      return { main: group(4, nature.small / 3, 10_240), slow: group(64, 1, 8192) };
    case "mixed":
      return { down: group(8, 8, 67e6), up: group(8, 6, 67e6), probe };
    case "turns": {
      const slower = nature.id === "blocking-64" ? 1 : 3 + point.x / 65_536;
      const main = group(16, 30, 67e6);
      return { main, probe: { ...open(group(1, 1_150, 0, slower), 8), offered: 200 } };
    }
    case "disk":
      return { main: group(16, 900, 10_240), probe };
    default:
      throw new Error(`There is no scenario "${scenario}"`);
  }
}

/** Quantiles of a distribution whose latency grows by `tail` with each decade of the tail. */
function spread(medianUs: number, tail: number, count: number): Latency {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 6e7 });
  const steps = Math.min(count, 400);
  for (let step = 0; step < steps; step++) {
    const beyond = 1 - (step + 0.5) / steps;
    const value = medianUs * tail ** (-Math.log10(2 * beyond));
    histogram.recordValueWithCount(Math.max(1, Math.round(value)), Math.ceil(count / steps));
  }
  return latencyOf(histogram)!;
}

/** 64 clients that come at once, and wait for one of as many places as the subject has. */
function timelineOf(nature: Nature, noise: () => number): [number, number, number][] {
  const places = Array.from({ length: Math.min(nature.sessionsMax, 64) }, () => 0);
  const each = (nature.id.startsWith("blocking") ? 12 : 30) * noise();
  return Array.from({ length: 64 }, (_, client) => {
    const connect = client * 0.05;
    places.sort((left, right) => left - right);
    const greeting = Math.max(connect + 0.3, places[0]!) + noise();
    places[0] = greeting + each * noise();
    return [connect, greeting, places[0]];
  });
}

/** Turns some cells of the run into those that a report has to show. */
function withFault(cell: CellRecord): CellRecord {
  const { subject, scenario, point, block } = cell;
  const { server: _server, ...rest } = cell;
  const main = cell.groups.main;
  switch (`${subject} ${scenario} ${point}`) {
    case "ftp-srv burst burst=2000":
      return { ...rest, groups: {}, failure: "finished nothing for 10 s <stalled> & gone" };
    case "pyftpdlib small idle=0":
      return block === 2 ? { ...cell, errors: { "wrong octets": 2, "reset by peer": 1 } } : cell;
    case "blocking-64 mixed bulk=16":
      return block === 4 ? { ...rest, groups: {}, failure: "the server ended: signal 9" } : cell;
    case "epoll-edge logins clients=16":
      return { ...cell, loadCpuShare: 0.91 };
    case "poll disk delay=5":
      return block === 1 ? { ...cell, steal: 0.034 } : cell;
    case "blocking-8 slow readers=64":
      return main ? { ...cell, groups: { ...cell.groups, main: { ...main, unserved: 3 } } } : cell;
    case "async mixed bulk=16": {
      if (cell.groups.probe === undefined) return cell;
      // Of an edition that knew no more than how late they were begun.
      const { fromStart: _fromStart, ...probe } = cell.groups.probe;
      return { ...cell, groups: { ...cell.groups, probe: { ...probe, latenessP99Us: 5000 } } };
    }
    default:
      return cell;
  }
}
