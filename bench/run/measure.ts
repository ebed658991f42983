/**
 * Carries a plan out. In each block every subject has a fresh server; at each scenario and point all
 * of them are measured back to back, and those whose turn it is not are parked (SIGSTOP), so that
 * they use nothing. fill.ts calls `measure` and writes down each cell as it comes; nothing here
 * prints or decides what the numbers mean.
 *
 * @module
 */

import { join } from "@std/path";
import { isDisturbed } from "../claims/gates.ts";
import { together } from "../claims/together.ts";
import { LoadEnded, type LoadProcess } from "../load/process.ts";
import type {
  AgreementRecord,
  CeilingRecord,
  CellRecord,
  Outcome,
  WarmUpRecord,
} from "../record.ts";
import { type Jobs, jobsOf, needsFreshServer } from "../scenarios/jobs.ts";
import type { Point, Scenario, Surroundings } from "../scenarios/mod.ts";
import { INCOMING } from "../scenarios/parts.ts";
import { Ceilings } from "./ceilings.ts";
import { companiesOf, Company } from "./company.ts";
import { whyTooMany } from "./machine.ts";
import { baselineOf, cellCount, orderOf, type Plan, type Series, whyUnable } from "./plan.ts";
import { pin } from "./pins.ts";
import { withoutPlaces } from "./places.ts";
import { processTree } from "./process_figures.ts";
import { RunClock } from "./run_clock.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import type { Subject } from "./subjects.ts";
import { warmServer } from "./warm_up.ts";
import { measureWindow } from "./window.ts";
import type { Workplace } from "./workplace.ts";

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
      let place = 0;
      for (const company of companiesOf(clock.orderOf(series), plan, scenario)) {
        if (clock.isOver(index, place)) {
          skipped = true;
          break;
        }
        if (company === "ceiling") {
          watcher.record(await ceilings.measure(scenario, point, current));
          place++;
          continue;
        }
        if (company === "agreement") {
          for (const record of await block.measureByOther(series)) watcher.record(record);
          place++;
          continue;
        }
        const names = company.map(({ id }) => id).join(", ");
        const now = `${names}, ${scenario.id} ${point.id}`;
        watcher.progress(done, total, now, clock.share(index, place));
        let left = company;
        for (let attempt = 0; attempt <= plan.retries && left.length > 0; attempt++) {
          const cells = await block.measureCompany(left, series, attempt);
          if (watcher.signal.aborted) return "it was interrupted";
          for (const cell of cells) watcher.record(cell);
          left = left.filter((_, index) => isDisturbed(cells[index]!));
        }
        place += company.length;
        done += company.length;
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

/** How long a model is looked at for a session that somebody has left, milliseconds. */
const SETTLE_MS_MAX = 2_000;

/** Waits until those before have left, by the counters of a model; of others nobody knows. */
async function settled(server: ServerProcess): Promise<void> {
  const deadline = performance.now() + SETTLE_MS_MAX;
  do {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const { workers = [] } = await server.sample("opening");
    if (workers.every(({ sessionsOpen }) => sessionsOpen === 0)) return;
  } while (performance.now() < deadline);
}

const NOTHING: Outcome = {
  seconds: 0,
  groups: {},
  loadCpuShare: 0,
  steal: 0,
  others: 0,
  errors: {},
};

/** What somebody is measured with. */
interface Seat {
  /** Who asks. */
  readonly load: LoadProcess;
  /** See Company. */
  allAreThere(): Promise<void>;
}

/** The servers of one block. */
class BlockRun {
  /** By the subject's id: those that do every scenario. */
  readonly #shared = new Map<string, ServerProcess>();
  /** Those of the present scenario only. */
  readonly #own = new Map<string, ServerProcess>();
  /** What each was warmed with. */
  readonly #warmUps = new Map<ServerProcess, WarmUpRecord>();
  /** Requests per second, by the subject's id. */
  readonly #capacities = new Map<string, number>();

  constructor(
    readonly plan: Plan,
    readonly workplace: Workplace,
    readonly nextHost: () => string,
  ) {}

  /** Those of `company` at the same time; a cell for each, in its order. */
  async measureCompany(
    company: readonly Subject[],
    series: Series,
    attempt: number,
  ): Promise<CellRecord[]> {
    const all = new Company(company.length);
    const cells = company.map((subject, place) =>
      all.join(async (allAreThere) => {
        const load = await this.workplace.loadAt(place);
        return await this.#measure(subject, series, attempt, { load, allAreThere });
      })
    );
    // Where one fails `end` comes next, and knows no server that another is still starting.
    await Promise.allSettled(cells);
    return await Promise.all(cells);
  }

  async #measure(
    subject: Subject,
    series: Series,
    attempt: number,
    seat: Seat,
  ): Promise<CellRecord> {
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
      const server = await this.#serverFor(servers, subject, series, seat.load);
      const { startMs } = server;
      const command = server.command.map((text) => this.#shown(text));
      const introduction = this.#shown(server.introduction);
      const measured = await this.#measureOn(server, subject, scenario, point, seat);
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
      // Without a load every cell that is left would fail.
      if (!(error instanceof Error) || error instanceof LoadEnded) throw error;
      await end(servers, subject.id);
      const failure = this.#shown(error.message);
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
    const seat = { load: other, allAreThere: () => Promise.resolve() };
    try {
      do {
        const cell = await this.#measure(baseline, series, records.length, seat);
        records.push({ ...cell, kind: "agreement", load: other.program.name });
      } while (isDisturbed(records.at(-1)!) && records.length <= plan.retries);
    } finally {
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
    await emptyFolder(join(this.workplace.folders.root, INCOMING));
  }

  async #serverFor(
    servers: Map<string, ServerProcess>,
    subject: Subject,
    { scenario, point }: Series,
    load: LoadProcess,
  ): Promise<ServerProcess> {
    const known = servers.get(subject.id);
    if (known !== undefined) {
      known.resume();
      return known;
    }
    const { folders } = this.workplace;
    const flags = [...scenario.serveFlags ?? [], ...point.serveFlags ?? []];
    const server = await startServer(subject, folders, this.nextHost(), flags);
    servers.set(subject.id, server);
    const { pins, quota } = this.workplace;
    if (pins !== undefined) await pin(processTree(server.pid), pins.server);
    const warmUp = await warmServer(server, {
      subject,
      load,
      around: this.#around(server, subject),
      incoming: () => this.workplace.folderForUploads(),
      scenario: servers === this.#own ? scenario : undefined,
    });
    if (warmUp !== undefined) this.#warmUps.set(server, warmUp);
    // Now, since compilers are no part of waiting; who it starts from here on is in it, too.
    quota?.take(processTree(server.pid));
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
    seat: Seat,
  ): Promise<Outcome & Pick<CellRecord, "unable" | "failure">> {
    const own = this.workplace.folderForUploads();
    const around = { ...this.#around(server, subject), ...own };
    if (point.ofCapacity && around.capacity === undefined) {
      return { ...NOTHING, failure: "its capacity is not known" };
    }
    const jobs = jobsOf(scenario, point, around);
    const warm = scenario.warmTransfer?.(point, around);
    if (warm !== undefined) await seat.load.run({ ...jobs.load, groups: [warm] });
    const { result, ...rest } = await this.#rounds(server, jobs, scenario.rounds ?? 1, seat);
    // A transfer that the end of the window interrupted leaves its piece behind.
    const stays = jobs.load.groups.some((group) => group.stays);
    if (!stays) await emptyFolder(join(this.workplace.folders.root, own.incoming));
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

  /** `text` as reports have it. */
  #shown(text: string): string {
    const { folders } = this.workplace;
    return withoutPlaces(text, { ...folders, peersRoots: this.plan.peersRoots });
  }

  /** Windows one after the other; one that failed or was cut off is the last of them. */
  async #rounds(server: ServerProcess, jobs: Jobs, count: number, { load, allAreThere }: Seat) {
    const loads = { ...this.workplace, load };
    const rounds: Outcome[] = [];
    for (;;) {
      await settled(server);
      const { result, ...outcome } = await measureWindow(server, loads, jobs, allAreThere);
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
