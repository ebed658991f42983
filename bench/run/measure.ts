/**
 * Carries a plan out: blocks in random order, in each a fresh server per subject that does every
 * scenario. mod.ts calls `measure` and writes down each cell as it comes; nothing here prints or
 * decides what the numbers mean.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { createContentFile } from "../load/content.ts";
import {
  FILES,
  INCOMING,
  jobOf,
  modelsOnly,
  needsFreshServer,
  serveFlags,
  sessionsAt,
  type Surroundings,
  warmTransferOf,
  warmUpJobs,
} from "../scenarios/jobs.ts";
import { LoadProcess } from "../load/process.ts";
import type { CellRecord } from "../record.ts";
import { type FileSizes, type Point, REPLACING, type Scenario } from "../scenarios/mod.ts";
import { type Folders, type ServerProcess, startServer } from "./server_process.ts";
import { randomFrom, shuffled } from "../claims/statistics.ts";
import type { Subject } from "./subjects.ts";
import { measureWindow, type Outcome } from "./window.ts";

/** What to measure, how often and for how long. */
export interface Plan {
  /** Whom to measure. */
  readonly subjects: readonly Subject[];
  /** What each of them is to do, with the points that are wanted. */
  readonly scenarios: readonly Scenario[];
  /** How large the files moved are. */
  readonly sizes: FileSizes;
  /** Blocks, in each of which every cell is measured once. */
  readonly repeats: number;
  /** How long a steady window is open, seconds. */
  readonly seconds: number;
  /** How long a server may finish nothing, milliseconds. */
  readonly stallMs: number;
  /** After this no further cell is begun, milliseconds; undefined: all of them are. */
  readonly budgetMs?: number;
  /** Decides the order of the cells. */
  readonly seed: number;
}

/** What becomes of a run while it lasts. */
export interface Watcher {
  /** Ends the run with what there is. */
  readonly signal: AbortSignal;
  /** Before each cell: how many are done, of how many, and which comes now. */
  progress(done: number, total: number, now: string): void;
  /** After each cell. */
  record(cell: CellRecord): void;
}

/** The folders that servers and load share, and the load itself. */
export interface Workplace extends AsyncDisposable {
  /** What is served, and where peers keep their state. */
  readonly folders: Folders;
  /** One for all cells. */
  readonly load: LoadProcess;
}

/** Makes the served files and starts the load; an abort of `signal` ends the load at once. */
export async function prepareWorkplace(sizes: FileSizes, signal: AbortSignal): Promise<Workplace> {
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
  const load = new LoadProcess();
  const killLoad = () => void load.kill();
  signal.addEventListener("abort", killLoad);
  return {
    folders: { root, state },
    load,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", killLoad);
      await load.kill();
      await Deno.remove(work, { recursive: true });
    },
  };
}

/** One subject's part of a block: a fresh server, which does every scenario once. */
export interface Turn {
  /** Who is measured. */
  readonly subject: Subject;
  /** The repeat, from 0. */
  readonly block: number;
  /** What it does, in this order. */
  readonly scenarios: readonly Scenario[];
}

/** Block after block, each with subjects and scenarios in an order of its own, by the seed. */
export function orderTurns(
  plan: Pick<Plan, "subjects" | "scenarios" | "repeats" | "seed">,
): Turn[] {
  const random = randomFrom(plan.seed);
  return Array.from(
    { length: plan.repeats },
    (_, block) =>
      shuffled(plan.subjects, random).map((subject) => ({
        subject,
        block,
        scenarios: shuffled(plan.scenarios.filter((one) => takesPart(subject, one)), random),
      })),
  ).flat();
}

/** A comparison of models among themselves is not asked of peers. */
function takesPart(subject: Subject, scenario: Scenario): boolean {
  return subject.kind === "model" || !modelsOnly(scenario);
}

/** Where `subject` is measured. */
export function pointsFor(subject: Subject, scenario: Scenario): readonly Point[] {
  if (subject.kind === "model") return scenario.points;
  return scenario.points.filter(({ peers }) => peers);
}

/** How many cells a plan has. */
export function cellCount(plan: Pick<Plan, "subjects" | "scenarios" | "repeats">): number {
  const perBlock = plan.subjects.flatMap((subject) =>
    plan.scenarios.filter((one) => takesPart(subject, one))
      .map((scenario) => pointsFor(subject, scenario).length)
  );
  return plan.repeats * perBlock.reduce((sum, count) => sum + count, 0);
}

/** Servers of successive turns have addresses of their own, and with them all client ports. */
const ADDRESSES = 250;

/**
 * Measures every cell of `plan`; returns why cells are missing, if any are. Failures of servers
 * are results, not exceptions.
 */
export async function measure(
  plan: Plan,
  workplace: Workplace,
  watcher: Watcher,
): Promise<string | undefined> {
  const begin = performance.now();
  let done = 0, starts = 0;
  const total = cellCount(plan);
  for (const turn of orderTurns(plan)) {
    const run = new TurnRun(plan, turn, workplace, () => `127.0.1.${1 + starts++ % ADDRESSES}`);
    try {
      for (const scenario of turn.scenarios) {
        for (const point of pointsFor(turn.subject, scenario)) {
          if (plan.budgetMs !== undefined && performance.now() - begin > plan.budgetMs) {
            return `its ${plan.budgetMs / 1e3} s were over`;
          }
          watcher.progress(done, total, `${turn.subject.id}, ${scenario.id} ${point.id}`);
          const cell = await run.measure(scenario, point);
          if (watcher.signal.aborted) return "it was interrupted";
          watcher.record(cell);
          done++;
        }
      }
    } finally {
      await run.end();
    }
  }
  return undefined;
}

const NOTHING: Outcome = {
  seconds: 0,
  groups: {},
  loadCpuShare: 0,
  steal: 0,
  others: 0,
  errors: {},
};

/** One turn under way. */
class TurnRun {
  #server: ServerProcess | undefined;
  #scenario: Scenario | undefined;
  /** Whether the running server is for #scenario only. */
  #own = false;
  #capacity: number | undefined;

  constructor(
    readonly plan: Plan,
    readonly turn: Turn,
    readonly workplace: Workplace,
    readonly nextHost: () => string,
  ) {}

  async measure(scenario: Scenario, point: Point): Promise<CellRecord> {
    const { subject, block } = this.turn;
    const place = {
      kind: "cell",
      subject: subject.id,
      scenario: scenario.id,
      point: point.id,
      block,
    } as const;
    const unable = whyUnable(subject, scenario, point);
    if (unable !== undefined) {
      return { ...place, command: [], introduction: "", ...NOTHING, unable };
    }
    try {
      const server = await this.#serverFor(scenario);
      const { startMs } = server;
      const shown = (text: string) => withoutPlaces(text, this.workplace.folders);
      const command = server.command.map(shown);
      const introduction = shown(server.introduction);
      const measured = await this.#measureOn(server, scenario, point);
      // What was not over is no fair ground for what comes next.
      const once = scenario.id === "burst" || scenario.id === "large";
      const cutOff = once &&
        Object.values(measured.groups).some(({ unfinished }) => unfinished > 0);
      if (measured.failure !== undefined || measured.unable !== undefined || cutOff) {
        await this.end();
      }
      return { ...place, command, introduction, startMs, ...measured };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      await this.end();
      return { ...place, command: [], introduction: "", ...NOTHING, failure: error.message };
    }
  }

  async end(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop();
  }

  async #serverFor(scenario: Scenario): Promise<ServerProcess> {
    const own = needsFreshServer(scenario, this.turn.subject.sessionsMax);
    if (scenario !== this.#scenario && (own || this.#own)) await this.end();
    this.#scenario = scenario;
    this.#own = own;
    if (this.#server !== undefined) return this.#server;
    const { folders, load } = this.workplace;
    const flags = serveFlags(scenario);
    this.#server = await startServer(this.turn.subject, folders, this.nextHost(), flags);
    const work = own ? scenario : undefined;
    for (const job of warmUpJobs(this.#around(this.#server), work)) await load.run(job);
    return this.#server;
  }

  #around({ host, port }: ServerProcess): Surroundings {
    const { seconds, sizes, stallMs } = this.plan;
    const { root } = this.workplace.folders;
    const capacity = this.#capacity === undefined ? {} : { capacity: this.#capacity };
    return { host, port, root, sizes, seconds, stallMs, ...capacity };
  }

  async #measureOn(
    server: ServerProcess,
    scenario: Scenario,
    point: Point,
  ): Promise<Outcome & Pick<CellRecord, "unable" | "failure">> {
    if (point.id.startsWith("load=") && this.#capacity === undefined) {
      return { ...NOTHING, failure: "its capacity is not known" };
    }
    const around = this.#around(server);
    const job = jobOf(scenario, point, around);
    const { load, folders } = this.workplace;
    if (scenario.id === "large") await load.run(warmTransferOf(job, around));
    const outcome = await measureWindow(server, load, job);
    // A transfer that the end of the window interrupted leaves its piece behind.
    await emptyFolder(join(folders.root, INCOMING));
    const { result, ...rest } = outcome;
    if (scenario.id === "control" && point.id === "clients=16" && result.seconds > 0) {
      this.#capacity = result.groups.main!.operations / result.seconds;
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
}

/** What a server said or was started with, less what is of this machine and this run only. */
function withoutPlaces(text: string, { root, state }: Folders): string {
  const project = fromFileUrl(new URL("../../", import.meta.url));
  const names = [[Deno.execPath(), "deno"], [root, "ROOT"], [state, "STATE"], [project, ""]];
  return names.reduce((shown, [long, short]) => shown.replaceAll(long!, short!), text);
}

/** Why `subject` cannot be at `point`, by what it declares. */
function whyUnable(subject: Subject, scenario: Scenario, point: Point): string | undefined {
  if (subject.kind === "peer" && subject.keepsFiles !== undefined && point.id === REPLACING) {
    return subject.keepsFiles;
  }
  const { idle, busy } = sessionsAt(scenario, point);
  const { sessionsMax } = subject;
  const counted = subject.kind === "model" ? idle + busy : idle;
  if (sessionsMax === undefined || counted <= sessionsMax) return undefined;
  // Those that only wait in line are served in the end; silent ones would keep others out.
  if (idle === 0 && !(subject.kind === "model" && subject.refuses)) return undefined;
  return subject.kind === "model"
    ? `it holds ${sessionsMax} sessions at most`
    : `it is asked to hold ${sessionsMax} idle sessions at most`;
}

async function emptyFolder(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    await Deno.remove(join(folder, entry.name), { recursive: true });
  }
}
