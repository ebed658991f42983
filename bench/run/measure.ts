/**
 * Carries a plan out. In each block every subject has a fresh server; at each scenario and point all
 * of them are measured back to back, and those whose turn it is not are parked (SIGSTOP), so that
 * they use nothing. mod.ts calls `measure` and writes down each cell as it comes; nothing here
 * prints or decides what the numbers mean.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { isDisturbed } from "../claims/gates.ts";
import { together } from "../claims/together.ts";
import { createContentFile } from "../load/content.ts";
import { LoadProcess, type LoadProgram, TYPESCRIPT_LOAD } from "../load/process.ts";
import type { AgreementRecord, CeilingRecord, CellRecord, Outcome } from "../record.ts";
import {
  type Jobs,
  jobsOf,
  looksForLevel,
  needsFreshServer,
  warmUpJobs,
} from "../scenarios/jobs.ts";
import type { FileSizes, Point, Scenario, Surroundings } from "../scenarios/mod.ts";
import { FILES, INCOMING } from "../scenarios/parts.ts";
import { Ceilings } from "./ceilings.ts";
import { whyTooMany } from "./machine.ts";
import { baselineOf, cellCount, orderOf, type Plan, type Series, whyUnable } from "./plan.ts";
import { pin, type Pins } from "./pins.ts";
import { processTree } from "./process_figures.ts";
import type { Quota } from "./quota.ts";
import { RunClock } from "./run_clock.ts";
import { type Folders, type ServerProcess, startServer } from "./server_process.ts";
import type { Subject } from "./subjects.ts";
import { warmUp } from "./warm_up.ts";
import { type Loads, measureWindow } from "./window.ts";

export { cellCount, type Plan };

/** What becomes of a run while it lasts. */
export interface Watcher {
  /** Ends the run with what there is. */
  readonly signal: AbortSignal;
  /**
   * Before each cell: how many are done, of how many, and which comes now; `share` of the time of
   * this part, 0 to 1, should be over by the lengths of windows.
   */
  progress(done: number, total: number, now: string, share: number): void;
  /** After each measurement. */
  record(record: CellRecord | CeilingRecord | AgreementRecord): void;
}

/** The folders that servers and load share, and the load itself: one for all cells. */
export interface Workplace extends AsyncDisposable, Loads {
  /** What is served, and where peers keep their state. */
  readonly folders: Folders;
  /** Whose processors are whose, where that is kept. */
  readonly pins?: Pins;
  /** The load that is not the run's, where both are to measure. */
  readonly other?: LoadProcess;
}

/**
 * Makes the served files and starts the load, by `program`; an abort of `signal` ends the load at
 * once. Probes come from the load in TypeScript: they are few, and what is due is told for each.
 */
export async function prepareWorkplace(
  sizes: FileSizes,
  signal: AbortSignal,
  program: LoadProgram = TYPESCRIPT_LOAD,
  { quota, pins, other: otherProgram }: {
    readonly quota?: Quota | undefined;
    readonly pins?: Pins | undefined;
    readonly other?: LoadProgram | undefined;
  } = {},
): Promise<Workplace> {
  const work = await Deno.makeTempDir({ prefix: "ftplab-bench-" });
  const root = join(work, "root");
  const state = join(work, "state");
  for (const folder of [root, state, join(root, INCOMING)]) await Deno.mkdir(folder);
  // A server that changes users has to reach the files, and to write in one folder only.
  for (const folder of [work, root, state]) await Deno.chmod(folder, 0o755);
  await Deno.chmod(join(root, INCOMING), 0o777);
  for (const [name, file] of Object.entries(FILES)) {
    await createContentFile(join(root, file), sizes[name as keyof FileSizes]);
  }
  const [load, probes] = [new LoadProcess(program), new LoadProcess()];
  const other = otherProgram === undefined ? {} : { other: new LoadProcess(otherProgram) };
  if (pins !== undefined) {
    await pin([load.pid], pins.load);
    if (other.other !== undefined) await pin([other.other.pid], pins.load);
    await pin([probes.pid], pins.probes);
  }
  const kill = () => Promise.all([load.kill(), probes.kill(), other.other?.kill()]);
  const killLoad = () => void kill();
  signal.addEventListener("abort", killLoad);
  return {
    folders: { root, state },
    load,
    probes,
    ...(quota === undefined ? {} : { quota }),
    ...(pins === undefined ? {} : { pins }),
    ...other,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", killLoad);
      await kill();
      await Deno.remove(work, { recursive: true });
    },
  };
}

/** Servers of successive starts have addresses of their own, and with them all client ports. */
const ADDRESSES = 250;

/**
 * Measures every cell of `plan`; returns why cells are missing, if any are. Failures of servers
 * are results, not exceptions. Where time is short each scenario and point has its share of it, by
 * how long it was expected to take.
 */
export async function measure(
  plan: Plan,
  workplace: Workplace,
  watcher: Watcher,
): Promise<string | undefined> {
  const first = plan.firstBlock ?? 0;
  const all = orderOf(plan).filter((series) => series.block >= first);
  const clock = new RunClock(plan, all);
  const total = cellCount(plan);
  let done = total / plan.repeats * first, starts = 0, current = first, skipped = false;
  const nextHost = () => `127.0.1.${1 + starts++ % ADDRESSES}`;
  const around = { ...plan, root: workplace.folders.root };
  await using ceilings = await Ceilings.start(workplace.load, around);
  if (workplace.pins !== undefined) {
    // The responder stands in for a server, and is the only other child so far.
    const { load, probes, other } = workplace;
    const known = [Deno.pid, load.pid, probes.pid, other?.pid];
    const others = processTree(Deno.pid).filter((pid) => !known.includes(pid));
    await pin(others, workplace.pins.server);
  }
  let block = new BlockRun(plan, workplace, nextHost);
  try {
    for (const [index, series] of all.entries()) {
      if (series.block !== current) {
        await block.end();
        block = new BlockRun(plan, workplace, nextHost);
        current = series.block;
      }
      const { scenario, point } = series;
      for (const [place, subject] of clock.orderOf(series).entries()) {
        if (clock.isOver(index, place)) {
          skipped = true;
          break;
        }
        if (subject === "ceiling") {
          watcher.record(await ceilings.measure(scenario, point, current));
          continue;
        }
        if (subject === "agreement") {
          for (const record of await block.measureByOther(series)) watcher.record(record);
          continue;
        }
        const now = `${subject.id}, ${scenario.id} ${point.id}`;
        watcher.progress(done, total, now, clock.share(index, place));
        for (let attempt = 0; attempt <= plan.retries; attempt++) {
          const cell = await block.measure(subject, series, attempt);
          if (watcher.signal.aborted) return "it was interrupted";
          watcher.record(cell);
          if (!isDisturbed(cell)) break;
        }
        done++;
      }
      if (series.last) await block.endScenario();
    }
  } catch (error) {
    // An interrupt ends the load in the middle of whatever it does.
    if (!watcher.signal.aborted) throw error;
    return "it was interrupted";
  } finally {
    await block.end();
  }
  return skipped ? `its ${plan.budgetMs! / 1e3} s were over` : undefined;
}

/** What a server has yet to do for clients that have left, before somebody counts, milliseconds. */
const SETTLE_MS = 25;

const NOTHING: Outcome = {
  seconds: 0,
  groups: {},
  loadCpuShare: 0,
  steal: 0,
  others: 0,
  errors: {},
};

/** The servers of one block. */
class BlockRun {
  /** By the subject's id: those that do every scenario. */
  readonly #shared = new Map<string, ServerProcess>();
  /** Those of the present scenario only. */
  readonly #own = new Map<string, ServerProcess>();
  /** What each was warmed with. */
  readonly #warmUps = new Map<ServerProcess, NonNullable<CellRecord["warmUp"]>>();
  /** Requests per second, by the subject's id. */
  readonly #capacities = new Map<string, number>();

  constructor(
    readonly plan: Plan,
    private workplace: Workplace,
    readonly nextHost: () => string,
  ) {}

  async measure(subject: Subject, series: Series, attempt: number): Promise<CellRecord> {
    const { scenario, point, block, pass } = series;
    const place = {
      kind: "cell",
      subject: subject.id,
      scenario: scenario.id,
      point: point.id,
      block,
      ...(pass === undefined ? {} : { pass }),
      ...(attempt === 0 ? {} : { attempt }),
    } as const;
    const { idle, busy } = scenario.sessions(point);
    const unable = whyUnable(subject, scenario, point) ?? whyTooMany(idle + busy);
    if (unable !== undefined) {
      return { ...place, command: [], introduction: "", ...NOTHING, unable };
    }
    const servers = needsFreshServer(scenario, subject.sessionsMax) ? this.#own : this.#shared;
    try {
      const server = await this.#serverFor(servers, subject, series);
      const { startMs } = server;
      const shown = (text: string) => withoutPlaces(text, this.workplace.folders);
      const command = server.command.map(shown);
      const introduction = shown(server.introduction);
      const measured = await this.#measureOn(server, subject, scenario, point);
      const cutOff = scenario.cutOffEnds &&
        Object.values(measured.groups).some(({ unfinished }) => unfinished > 0);
      const isOver = cutOff || point.serveFlags !== undefined;
      if (measured.failure !== undefined || measured.unable !== undefined || isOver) {
        await end(servers, subject.id);
      } else server.park();
      const warmUp = this.#warmUps.get(server);
      const warmth = warmUp === undefined ? {} : { warmUp };
      return { ...place, command, introduction, startMs, ...warmth, ...measured };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      await end(servers, subject.id);
      const failure = withoutPlaces(error.message, this.workplace.folders);
      return { ...place, command: [], introduction: "", ...NOTHING, failure };
    }
  }

  /** The baseline by the load that is not the run's: every attempt. */
  async measureByOther(series: Series): Promise<AgreementRecord[]> {
    const { plan, workplace } = this;
    const { other } = workplace;
    if (other === undefined) return [];
    const baseline = baselineOf(plan.subjects);
    const capacity = this.#capacities.get(baseline.id);
    const records: AgreementRecord[] = [];
    this.workplace = { ...workplace, load: other };
    try {
      do {
        const cell = await this.measure(baseline, series, records.length);
        records.push({ ...cell, kind: "agreement", load: other.program.name });
      } while (isDisturbed(records.at(-1)!) && records.length <= plan.retries);
    } finally {
      this.workplace = workplace;
      // Open loops go by what the run's own load has found.
      if (capacity === undefined) this.#capacities.delete(baseline.id);
      else this.#capacities.set(baseline.id, capacity);
    }
    return records;
  }

  /** Ends the servers that were for one scenario. */
  async endScenario(): Promise<void> {
    await Promise.all([...this.#own.keys()].map((id) => end(this.#own, id)));
  }

  async end(): Promise<void> {
    await this.endScenario();
    await Promise.all([...this.#shared.keys()].map((id) => end(this.#shared, id)));
  }

  async #serverFor(
    servers: Map<string, ServerProcess>,
    subject: Subject,
    { scenario, point }: Series,
  ): Promise<ServerProcess> {
    const known = servers.get(subject.id);
    if (known !== undefined) {
      known.resume();
      return known;
    }
    const { folders, load } = this.workplace;
    const flags = [...scenario.serveFlags ?? [], ...point.serveFlags ?? []];
    const server = await startServer(subject, folders, this.nextHost(), flags);
    servers.set(subject.id, server);
    const { pins } = this.workplace;
    if (pins !== undefined) await pin(processTree(server.pid), pins.server);
    // Nothing in it is compiled while it runs.
    if (subject.kind === "twin") return server;
    const work = servers === this.#own ? scenario : undefined;
    const workers = (await server.sample()).workers?.length ?? 1;
    const { sessionsMax = Infinity } = subject;
    const room = { workers, sessionsMax };
    const jobs = warmUpJobs(this.#around(server, subject), work, room);
    this.#warmUps.set(server, await warmUp(server, load, jobs, looksForLevel(this.plan.seconds)));
    // Now, since compilers are no part of waiting; who it starts from here on is in it, too.
    this.workplace.quota?.take(processTree(server.pid));
    return server;
  }

  #around({ host, port }: ServerProcess, subject: Subject): Surroundings {
    const capacity = this.#capacities.get(subject.id);
    return {
      ...this.plan,
      host,
      port,
      root: this.workplace.folders.root,
      ...(capacity === undefined ? {} : { capacity }),
    };
  }

  async #measureOn(
    server: ServerProcess,
    subject: Subject,
    scenario: Scenario,
    point: Point,
  ): Promise<Outcome & Pick<CellRecord, "unable" | "failure">> {
    const around = this.#around(server, subject);
    if (point.ofCapacity && around.capacity === undefined) {
      return { ...NOTHING, failure: "its capacity is not known" };
    }
    const { load, folders } = this.workplace;
    const jobs = jobsOf(scenario, point, around);
    const warm = scenario.warmTransfer?.(point, around);
    if (warm !== undefined) await load.run({ ...jobs.load, groups: [warm] });
    const { result, ...rest } = await this.#rounds(server, jobs, scenario.rounds ?? 1);
    // A transfer that the end of the window interrupted leaves its piece behind.
    await emptyFolder(join(folders.root, INCOMING));
    if (point.findsCapacity && result.seconds > 0) {
      this.#capacities.set(subject.id, result.groups.main!.operations / result.seconds);
    }
    const held = result.groups.idle;
    if (held !== undefined && held.unserved > 0) {
      const why = Object.keys(result.errors)[0] ?? "no answer in time";
      const count = held.clients - held.unserved;
      return { ...NOTHING, unable: `it held ${count} of ${held.clients} idle sessions: ${why}` };
    }
    if (result.failure === undefined) return rest;
    return { ...rest, failure: [result.failure, ...server.complaints()].join(": ") };
  }

  /** Windows one after the other; one that failed or was cut off is the last of them. */
  async #rounds(server: ServerProcess, jobs: Jobs, count: number) {
    const rounds: Outcome[] = [];
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const { result, ...outcome } = await measureWindow(server, this.workplace, jobs);
      rounds.push(outcome);
      const ended = Object.values(outcome.groups).every(({ unfinished }) => unfinished === 0);
      if (rounds.length === count || result.failure !== undefined || !ended) {
        return { result, ...together(rounds) };
      }
    }
  }
}

/** Ends the server of `id`, if there is one. */
async function end(servers: Map<string, ServerProcess>, id: string): Promise<void> {
  const server = servers.get(id);
  servers.delete(id);
  await server?.stop();
}

/** What a server said or was started with, less what is of this machine and this run only. */
function withoutPlaces(text: string, { root, state }: Folders): string {
  const project = fromFileUrl(new URL("../../", import.meta.url));
  const names = [[Deno.execPath(), "deno"], [root, "ROOT"], [state, "STATE"], [project, ""]];
  return names.reduce((shown, [long, short]) => shown.replaceAll(long!, short!), text);
}

async function emptyFolder(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    try {
      await Deno.remove(join(folder, entry.name), { recursive: true });
    } catch (error) {
      // The server has just taken away what a client left.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
