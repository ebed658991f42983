/**
 * Carries a plan out: blocks in random order, in each a fresh server per subject and a job for the
 * load process per scenario. mod.ts calls `measure`; it prints nothing and decides nothing about what the
 * numbers mean.
 *
 * @module
 */

import { join } from "@std/path";
import { createContentFile } from "./content.ts";
import type { LoadJob, LoadResult } from "./load/job.ts";
import { LoadProcess } from "./load_process.ts";
import type { FileSizes, Scenario } from "./scenarios.ts";
import { type Folders, type ServerProcess, startServer } from "./server_process.ts";
import { randomFrom, shuffled } from "./statistics.ts";
import type { Subject } from "./subjects.ts";

/** What to measure, how often and for how long. */
export interface Plan {
  /** Whom to measure. */
  readonly subjects: readonly Subject[];
  /** What each of them is to do. */
  readonly scenarios: readonly Scenario[];
  /** How large the files moved are. */
  readonly sizes: FileSizes;
  /** Blocks, in each of which every cell is measured once. */
  readonly repeats: number;
  /** How long a cell is measured after its warm-up, milliseconds. */
  readonly measureMs: number;
  /** How long a server may finish nothing, milliseconds. */
  readonly stallMs: number;
  /** After this no further cell is begun, milliseconds; undefined: all of them are. */
  readonly budgetMs?: number;
  /** Decides the order of the cells. */
  readonly seed: number;
}

/** One measurement: one subject doing one scenario once. */
export interface Cell {
  /** The id of the subject. */
  readonly subject: string;
  /** The id of the scenario. */
  readonly scenario: string;
  /** The repeat, from 0; cells of one block are compared with each other. */
  readonly block: number;
  /** The command that started the server. */
  readonly command: readonly string[];
  /** What the server said it was. */
  readonly introduction: string;
  /** Logins or transfers counted. */
  readonly operations: number;
  /** How long they took. */
  readonly seconds: number;
  /** In the scenario's unit; missing when the cell failed. */
  readonly rate?: number;
  /** Errors by what they were, warm-up included. */
  readonly errors: Readonly<Record<string, number>>;
  /** CPU seconds of the load per second: towards 1 the load is what was measured. */
  readonly loadCpuShare: number;
  /** Why there is no rate. */
  readonly failure?: string;
}

/** Every measurement of a run. */
export interface Measurements {
  /** In the order in which they were taken. */
  readonly cells: readonly Cell[];
  /** Why cells of the plan are missing, if any are. */
  readonly incomplete?: string;
}

/**
 * The longest warm-up, milliseconds; a shorter measurement is warmed up for as long as it lasts.
 * Compilers take about this long to have seen enough of one event loop. Threads with a heap each,
 * as those of blocking, are still getting faster after it.
 */
const WARM_UP_MS_MAX = 2_000;

const SMALL_FILE = "small.bin";
const LARGE_FILE = "large.bin";
const INCOMING = "incoming";

/**
 * Measures every cell of `plan`, calling `progress` before each; an abort of `signal` ends it
 * early with what there is. Failures of servers are results, not exceptions.
 */
export async function measure(
  plan: Plan,
  signal: AbortSignal,
  progress: (done: number, total: number) => void,
): Promise<Measurements> {
  const work = await Deno.makeTempDir({ prefix: "ftplab-bench-" });
  const load = new LoadProcess();
  const killLoad = () => void load.kill();
  signal.addEventListener("abort", killLoad);
  try {
    const folders = await makeFolders(work, plan.sizes);
    return await new Run(plan, folders, load, signal, progress).measure();
  } finally {
    signal.removeEventListener("abort", killLoad);
    await load.kill();
    await Deno.remove(work, { recursive: true });
  }
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
        scenarios: shuffled(plan.scenarios, random),
      })),
  ).flat();
}

/** A plan being carried out. */
class Run {
  readonly #plan: Plan;
  readonly #folders: Folders;
  readonly #load: LoadProcess;
  readonly #signal: AbortSignal;
  readonly #progress: (done: number, total: number) => void;
  readonly #cells: Cell[] = [];
  readonly #begin = performance.now();

  constructor(
    plan: Plan,
    folders: Folders,
    load: LoadProcess,
    signal: AbortSignal,
    progress: (done: number, total: number) => void,
  ) {
    this.#plan = plan;
    this.#folders = folders;
    this.#load = load;
    this.#signal = signal;
    this.#progress = progress;
  }

  async measure(): Promise<Measurements> {
    for (const turn of orderTurns(this.#plan)) {
      const incomplete = await this.#takeTurn(turn);
      if (incomplete !== undefined) return { cells: this.#cells, incomplete };
    }
    return { cells: this.#cells };
  }

  /** Returns why the run ends here, if it does. */
  async #takeTurn({ subject, block, scenarios }: Turn): Promise<string | undefined> {
    const { budgetMs } = this.#plan;
    let server: ServerProcess | undefined;
    try {
      for (const scenario of scenarios) {
        if (budgetMs !== undefined && performance.now() - this.#begin > budgetMs) {
          return `its ${budgetMs / 1e3} s were over`;
        }
        this.#progress(this.#cells.length, cellCount(this.#plan));
        let outcome: Outcome;
        try {
          server ??= await startServer(subject, this.#folders);
          outcome = await this.#measureScenario(scenario, server);
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          outcome = failedWith(error.message);
        }
        if (this.#signal.aborted) return "it was interrupted";
        const { command = [], introduction = "" } = server ?? {};
        const place = { subject: subject.id, scenario: scenario.id, block };
        this.#cells.push({ ...place, command, introduction, ...outcome });
        if (outcome.failure === undefined) continue;
        // What failed once is no fair ground for the next scenario.
        await server?.stop();
        server = undefined;
      }
    } finally {
      await server?.stop();
    }
    return undefined;
  }

  async #measureScenario(scenario: Scenario, server: ServerProcess): Promise<Outcome> {
    const job = jobOf(this.#plan, scenario, server, this.#folders);
    const result = await this.#load.run(job);
    // A transfer that the end of the window interrupted leaves its piece behind.
    await emptyFolder(join(this.#folders.root, INCOMING));
    const { operations, seconds, errors, cpuShare: loadCpuShare, failure } = result;
    const outcome = { operations, seconds, errors, loadCpuShare };
    return failure === undefined
      ? { ...outcome, rate: rateOf(result, scenario, this.#plan.sizes) }
      : { ...outcome, failure: [failure, ...server.complaints()].join(": ") };
  }
}

/** The part of a cell that is measured. */
type Outcome = Omit<Cell, "subject" | "scenario" | "block" | "command" | "introduction">;

function failedWith(failure: string): Outcome {
  return { operations: 0, seconds: 0, errors: {}, loadCpuShare: 0, failure };
}

/** How many cells a plan has. */
export function cellCount(plan: Pick<Plan, "subjects" | "scenarios" | "repeats">): number {
  return plan.subjects.length * plan.scenarios.length * plan.repeats;
}

/** The served files, on the same file system for all subjects and readable for all users. */
async function makeFolders(work: string, sizes: FileSizes): Promise<Folders> {
  const root = join(work, "root");
  const state = join(work, "state");
  await Deno.mkdir(root);
  await Deno.mkdir(state);
  await Deno.mkdir(join(root, INCOMING));
  // A server that changes users has to reach the files, and to write in one folder only.
  for (const folder of [work, root, state]) await Deno.chmod(folder, 0o755);
  await Deno.chmod(join(root, INCOMING), 0o777);
  await createContentFile(join(root, SMALL_FILE), sizes.small);
  await createContentFile(join(root, LARGE_FILE), sizes.large);
  return { root, state };
}

/** The job that `scenario` is for the load process. */
function jobOf(plan: Plan, scenario: Scenario, server: ServerProcess, folders: Folders): LoadJob {
  const large = scenario.file === "large";
  const name = large ? LARGE_FILE : SMALL_FILE;
  const upload = scenario.action === "upload";
  return {
    host: server.host,
    port: server.port,
    action: scenario.action,
    clients: scenario.clients,
    // Relative: a server without the right to chroot(2) calls the folder by its real name.
    path: upload ? INCOMING : name,
    octets: octetsOf(plan.sizes, scenario),
    // The first operation to finish is never counted: for bulk it is warm-up enough.
    warmupMs: large ? 0 : Math.min(WARM_UP_MS_MAX, plan.measureMs),
    measureMs: plan.measureMs,
    stallMs: plan.stallMs,
    ...(upload ? { source: join(folders.root, name), arrivals: join(folders.root, INCOMING) } : {}),
  };
}

function octetsOf(sizes: FileSizes, scenario: Scenario): number {
  return scenario.file === "none" ? 0 : sizes[scenario.file];
}

/** The rate of a window that has closed, in the scenario's unit. */
function rateOf(result: LoadResult, scenario: Scenario, sizes: FileSizes): number {
  const perSecond = result.operations / result.seconds;
  return scenario.unit === "MB/s" ? perSecond * octetsOf(sizes, scenario) / 1e6 : perSecond;
}

async function emptyFolder(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    await Deno.remove(join(folder, entry.name), { recursive: true });
  }
}
