/**
 * A run from its flags to its file: the plan; the header, or what an earlier part has left; the
 * cells, as soon as they are there; the end. mod.ts calls `planFor` and `fill`; run/ measures.
 *
 * @module
 */

import { dirname } from "@std/path";
import type { BenchFlags } from "./flags.ts";
import { UsageError } from "../client/cli/flags.ts";
import { FLOORS } from "./claims/figures.ts";
import { LoadEnded, type LoadProgram } from "./load/process.ts";
import type { HeaderRecord, Idleness, RunRecord } from "./record.ts";
import { cardOf, planOf } from "./run/cast.ts";
import { countCalls } from "./run/count.ts";
import { digestSources, readMachine, sampleIdleness } from "./run/machine.ts";
import { cellCount, measure, type Plan } from "./run/measure.ts";
import type { Pins } from "./run/pins.ts";
import { baselineOf } from "./run/plan.ts";
import { Progress } from "./run/progress.ts";
import type { Quota } from "./run/quota.ts";
import { differenceOf, keptOf } from "./run/resume.ts";
import { prepareWorkplace, type Workplace } from "./run/workplace.ts";

/** An earlier part of a run. */
export interface Before {
  readonly text: string;
  readonly header: HeaderRecord;
}

/** The file that a run is written to, line by line, so that nothing is lost. */
export class RunFile {
  #file: Deno.FsFile;

  /**
   * A new one, or one in which an earlier part is to `remain`.
   *
   * @throws {UsageError} when a new one is there already.
   */
  constructor(readonly path: string, remain: boolean) {
    Deno.mkdirSync(dirname(path), { recursive: true });
    this.#file = remain ? Deno.openSync(path, { append: true }) : createNew(path);
  }

  /** Has `text` in place of what there was; who is killed meanwhile finds the one or the other. */
  restart(text: string): void {
    const fresh = `${this.path}.new`;
    Deno.writeTextFileSync(fresh, text);
    Deno.renameSync(fresh, this.path);
    this.#file.close();
    this.#file = Deno.openSync(this.path, { append: true });
  }

  write(record: RunRecord): void {
    const octets = new TextEncoder().encode(JSON.stringify(record) + "\n");
    for (let written = 0; written < octets.length;) {
      written += this.#file.writeSync(octets.subarray(written));
    }
  }

  close(): void {
    this.#file.close();
  }
}

function createNew(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { write: true, createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new UsageError(`"${path}" is there already: bench resume goes on with it`);
  }
}

/**
 * What `flags` ask for on this machine, and a note for each who is missing. Twins are compiled to
 * `program`.
 *
 * @throws {UsageError} when there is nothing to measure.
 */
export async function planFor(
  flags: BenchFlags,
  program: string,
): Promise<Pick<Beginning, "plan" | "notes">> {
  const { plan, notes } = await planOf(flags, program);
  if (plan.subjects.length === 0) {
    throw new UsageError(`Nobody is left to measure: ${notes.join("; ")}`);
  }
  if (cellCount(plan) === 0) throw new UsageError("Nobody takes part in any of the scenarios");
  return { plan, notes };
}

/** What is compiled for a run. */
export interface Programs {
  /** The load that was asked for. */
  readonly load: LoadProgram;
  /** The other one, or why it cannot be had; undefined: nobody asked. */
  readonly other: LoadProgram | { readonly unavailable: string } | undefined;
  /** Where the twins go. */
  readonly twins: string;
}

/** The load that is not the run's, if both are to measure; a note where it cannot be had. */
function otherOf({ other }: Programs, notes: string[]): LoadProgram | undefined {
  if (other === undefined || !("unavailable" in other)) return other;
  notes.push(`Whether both loads say the same is not known: ${other.unavailable}`);
  return undefined;
}

/** What a run, or a part of one, begins with. */
export interface Beginning {
  readonly args: readonly string[];
  readonly startedAt: string;
  /** What is measured. */
  readonly plan: Plan;
  /** Who is missing and why, a sentence each. */
  readonly notes: readonly string[];
  /** Whether calls are counted in the end. */
  readonly count: boolean;
  readonly programs: Programs;
  readonly before: Before | undefined;
}

/** What keeps servers and load to their parts of the processors. */
export interface Keeping {
  readonly quota: Quota | undefined;
  readonly pins: Pins | undefined;
}

async function headerOf(
  { args, startedAt, programs }: Beginning,
  before: Idleness,
  plan: Plan,
  notes: readonly string[],
  { quota, pins }: Keeping,
): Promise<HeaderRecord> {
  const { subjects, scenarios, repeats, seconds, seed, peersRoots } = plan;
  return {
    kind: "run",
    format: 3,
    args,
    startedAt,
    machine: readMachine(),
    before,
    repeats,
    seconds,
    seed,
    scenarios: scenarios.map(({ id }) => id),
    points: scenarios.map(({ points }) => points.map(({ id }) => id)),
    sources: await digestSources(),
    subjects: await Promise.all(subjects.map((subject) => cardOf(subject, peersRoots))),
    load: programs.load.name,
    floors: FLOORS,
    ...(quota === undefined ? {} : { quota: quota.terms }),
    ...(pins === undefined ? {} : { pinned: pins }),
    baseline: baselineOf(subjects).id,
    notes,
  };
}

/**
 * Goes on in `file` where the part `before` has left it; returns the first block to be measured.
 *
 * @throws {UsageError} when it would be another run, or when nothing is left to do.
 */
function goOn(file: RunFile, before: Before, header: HeaderRecord, plan: Plan): number {
  const refuse = (why: string) => new UsageError(`Cannot resume "${file.path}": ${why}`);
  const difference = differenceOf(before.header, header);
  if (difference !== undefined) throw refuse(difference);
  const { text, block, dropped, cutOff, complete } = keptOf(before.text, plan);
  if (complete) throw refuse("it is complete");
  if (cutOff) console.error("ftplab: The last line was cut off, and is dropped");
  if (dropped > 0) console.error(`ftplab: Block ${block + 1} is measured from its beginning`);
  const { startedAt, before: idleness } = header;
  const cut = cutOff ? { cutOff } : {};
  const part: RunRecord = { kind: "resume", startedAt, before: idleness, block, dropped, ...cut };
  file.restart(`${text}${JSON.stringify(part)}\n`);
  return block;
}

/** Why a run is not complete that somebody ended. */
const INTERRUPTED = "it was interrupted";

/** Measures, writing each record as soon as it is there; false where the load ended before its time. */
export async function fill(
  file: RunFile,
  beginning: Beginning,
  signal: AbortSignal,
  keeping: Keeping,
): Promise<boolean> {
  const idleness = await sampleIdleness();
  const { before, count, programs } = beginning;
  const notes = [...beginning.notes];
  const other = otherOf(programs, notes);
  const plan = { ...beginning.plan, bothLoads: other !== undefined };
  const header = await headerOf(beginning, idleness, plan, notes, keeping);
  let firstBlock = 0;
  if (before === undefined) file.write(header);
  else firstBlock = goOn(file, before, header, plan);
  const progress = new Progress();
  let incomplete: string | undefined, wentOn = true;
  try {
    await using workplace = await prepareWorkplace(plan.sizes, signal, programs.load, {
      ...keeping,
      other,
    });
    incomplete = await measureAll(file, { ...plan, firstBlock }, workplace, progress, signal);
    if (count && !signal.aborted) {
      await countCalls(plan, workplace, signal, {
        show: (text) => progress.show(text),
        record: (record) => file.write(record),
      });
    }
    // Counts are missing then, be it all of them.
    if (count && signal.aborted) incomplete ??= INTERRUPTED;
  } catch (error) {
    // An interrupt ends the load in the middle, too.
    if (signal.aborted) incomplete = INTERRUPTED;
    else if (error instanceof LoadEnded) incomplete = error.message;
    else {
      progress.clear();
      throw error;
    }
    wentOn = signal.aborted;
  }
  progress.clear();
  const end = { kind: "end", after: await sampleIdleness() } as const;
  file.write(incomplete === undefined ? end : { ...end, incomplete });
  return wentOn;
}

async function measureAll(
  file: RunFile,
  plan: Plan,
  workplace: Workplace,
  progress: Progress,
  signal: AbortSignal,
): Promise<string | undefined> {
  let cells = cellCount(plan) / plan.repeats * (plan.firstBlock ?? 0);
  const why = await measure(plan, workplace, {
    signal,
    progress: (done, total, now, share) => progress.advance(done, total, now, share),
    record: (record) => {
      file.write(record);
      if (record.kind === "cell" && record.attempt === undefined) cells++;
    },
  });
  return why === undefined
    ? undefined
    : `it ended after ${cells} of ${cellCount(plan)} cells: ${why}`;
}
