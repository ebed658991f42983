/**
 * `deno task bench`: every model, and with --peers other servers, under the same load. main.ts
 * calls `main`; flags.ts reads the command line, measure.ts measures, report/ draws.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { cardOf, planOf } from "./run/cast.ts";
import { countCalls } from "./run/count.ts";
import { outputColumns, UsageError } from "../client/cli/flags.ts";
import { type BenchFlags, helpText, parseFlags } from "./flags.ts";
import { type LoadProgram, nativeLoad, TYPESCRIPT_LOAD } from "./load/process.ts";
import { foretold } from "./run/estimate.ts";
import { digestSources, readMachine, sampleIdleness } from "./run/machine.ts";
import { cellCount, measure, type Plan, prepareWorkplace, type Workplace } from "./run/measure.ts";
import { Quota } from "./run/quota.ts";
import { choosePins, type Pins } from "./run/pins.ts";
import { Progress } from "./run/progress.ts";
import { differenceOf, keptOf } from "./run/resume.ts";
import type { HeaderRecord, Idleness, RunRecord } from "./record.ts";
import {
  parseRun,
  renderComparison,
  renderHtml,
  renderMarkdown,
  renderTerminal,
  type Run,
  RunError,
  withFindings,
} from "./report/mod.ts";
import { BASELINE } from "./run/subjects.ts";

/** Columns of a report where the terminal does not say. */
const COLUMNS_DEFAULT = 100;

/**
 * Runs the benchmark that `args` describe; returns the exit status.
 *
 * @throws {UsageError} in one line.
 */
export async function main(args: readonly string[]): Promise<number> {
  const parsed = parseFlags(args);
  switch (parsed.kind) {
    case "help":
      console.log(helpText(outputColumns()));
      return 0;
    case "report":
      return await report(parsed.file, parsed.page) ?? 1;
    case "compare":
      return await compare(parsed.files);
    case "resume":
      return await resume(parsed.file);
    case "run":
      if (parsed.flags.dryRun) return await foretell(parsed.flags);
      return await withPrograms(
        parsed.flags,
        (programs) => run(args, parsed.flags, programs),
      );
  }
}

/** Says what a run would be, without a server or a load. */
async function foretell(flags: BenchFlags): Promise<number> {
  const { plan, notes } = await withPrograms(
    { load: "typescript", bothLoads: false },
    ({ twins }) => planOf(flags, twins),
  );
  for (const line of [...foretold(plan), ...notes]) console.log(line);
  return 0;
}

/** Goes on with the run in `file`, by the command line that it was begun with. */
async function resume(file: string): Promise<number> {
  const before = await reading(file, async () => {
    if (file.endsWith(".gz")) throw new RunError("it is compressed: nothing can be added to it");
    const text = await Deno.readTextFile(file);
    return { text, header: parseRun(text, file).header };
  });
  if (before === undefined) return 1;
  const { args, seed } = before.header;
  const parsed = parseFlags(args);
  if (parsed.kind !== "run") throw new UsageError(`"${file}" is of no run that could go on`);
  const flags = { ...parsed.flags, seed, out: file };
  return await withPrograms(flags, (programs) => run(args, flags, programs, before));
}

/** Shows two runs side by side. */
async function compare(files: readonly [string, string]): Promise<number> {
  const runs: Run[] = [];
  for (const file of files) {
    const run = await reading(file, async () => parseRun(await readRun(file), file));
    if (run === undefined) return 1;
    runs.push(run);
  }
  console.log(renderComparison(runs[0]!, runs[1]!, columns()));
  return 0;
}

/**
 * Reads the run in `file`, writes its reports beside it, and the table of findings into `page`, and
 * shows one; undefined: it could not.
 */
async function report(file: string, page?: string): Promise<number | undefined> {
  return await reading(file, async () => {
    const run = parseRun(await readRun(file), file);
    if (page !== undefined) {
      const text = withFindings(await Deno.readTextFile(page), run);
      if (text === undefined) throw new RunError(`"${page}" has no marks for the table`);
      await Deno.writeTextFile(page, text);
    }
    const base = file.replace(/\.jsonl(\.gz)?$/, "");
    await Deno.writeTextFile(`${base}.html`, await renderHtml(run));
    await Deno.writeTextFile(`${base}.md`, renderMarkdown(run));
    console.log(renderTerminal(run, columns()));
    console.log(`\nRaw run: ${file}\nReports: ${base}.html, ${base}.md`);
    const clean = run.cells.every(({ failure, errors }) =>
      failure === undefined && Object.keys(errors).length === 0
    );
    return clean ? 0 : 1;
  });
}

/** What `work` makes of `file`, or undefined when it cannot be read or drawn, which it says. */
async function reading<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RunError) console.error(`ftplab: Cannot read "${file}": ${error.message}`);
    else if (error instanceof Deno.errors.NotFound) console.error(`ftplab: No file "${file}"`);
    else if (isSystemError(error)) console.error(`ftplab: Cannot draw "${file}": ${error.message}`);
    else throw error;
    return undefined;
  }
}

/** The text of a run, which may be compressed. */
async function readRun(file: string): Promise<string> {
  if (!file.endsWith(".gz")) return await Deno.readTextFile(file);
  using source = await Deno.open(file);
  try {
    return await new Response(source.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  } catch (error) {
    throw new RunError(
      `it is not compressed by gzip: ${error instanceof Error ? error.message : ""}`,
    );
  }
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "code" in error;
}

function columns(): number {
  return Math.min(COLUMNS_DEFAULT, outputColumns() ?? COLUMNS_DEFAULT);
}

/** An earlier part of a run. */
interface Before {
  readonly text: string;
  readonly header: HeaderRecord;
}

/** The file that a run is written to, line by line, so that nothing is lost. */
class RunFile {
  #file: Deno.FsFile;

  /** Empty, unless an earlier part is to `remain` in it. */
  constructor(readonly path: string, remain: boolean) {
    Deno.mkdirSync(dirname(path), { recursive: true });
    this.#file = remain ? Deno.openSync(path, { append: true }) : Deno.createSync(path);
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

/** What ends a run in order: servers that are parked would otherwise stay so for ever. */
const ENDINGS = ["SIGINT", "SIGTERM"] as const;

/** What is compiled for a run. */
interface Programs {
  /** The load that was asked for. */
  readonly load: LoadProgram;
  /** The other one, or why it cannot be had; undefined: nobody asked. */
  readonly other: LoadProgram | { readonly unavailable: string } | undefined;
  /** Where the twins go. */
  readonly twins: string;
}

/** Runs `use` with a folder for what is compiled, and the loads in it. */
async function withPrograms<T>(
  { load: name, bothLoads }: Pick<BenchFlags, "load" | "bothLoads">,
  use: (programs: Programs) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "ftplab-programs-" });
  try {
    const load = name === "typescript" ? TYPESCRIPT_LOAD : await nativeLoad(folder);
    if ("unavailable" in load) {
      throw new UsageError(`Cannot use --load ${name}: ${load.unavailable}`);
    }
    const other = !bothLoads
      ? undefined
      : name === "c"
      ? TYPESCRIPT_LOAD
      : await nativeLoad(folder);
    return await use({ load, other, twins: join(folder, "twin") });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What limits the servers, if that was asked for. */
function openQuota(share: number | undefined): Quota | undefined {
  if (share === undefined) return undefined;
  const quota = Quota.open(share);
  if ("unavailable" in quota) throw new UsageError(`Cannot use --quota: ${quota.unavailable}`);
  return quota;
}

async function pinsOrNone(): Promise<Pins> {
  const pins = await choosePins();
  if ("unavailable" in pins) throw new UsageError(`Cannot use --pin: ${pins.unavailable}`);
  return pins;
}

async function run(
  args: readonly string[],
  flags: BenchFlags,
  programs: Programs,
  before?: Before,
): Promise<number> {
  const pins = flags.pin ? await pinsOrNone() : undefined;
  await using quota = openQuota(flags.quota);
  const startedAt = new Date().toISOString();
  const path = flags.out ?? `bench/results/${startedAt.slice(0, 19).replaceAll(":", "-")}.jsonl`;
  let file: RunFile;
  try {
    file = new RunFile(path, before !== undefined);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    console.error(`ftplab: Cannot write "${path}": ${error.message}`);
    return 1;
  }
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  for (const signal of ENDINGS) Deno.addSignalListener(signal, onInterrupt);
  try {
    const keeping = { quota, pins };
    await fill(file, { args, startedAt, flags, programs, before }, interrupt.signal, keeping);
    const status = await report(path) ?? 1;
    return interrupt.signal.aborted ? 130 : status;
  } finally {
    for (const signal of ENDINGS) Deno.removeSignalListener(signal, onInterrupt);
    file.close();
  }
}

/** The load that is not the run's, if both are to measure; a note where it cannot be had. */
function otherOf({ other }: Programs, notes: string[]): LoadProgram | undefined {
  if (other === undefined || !("unavailable" in other)) return other;
  notes.push(`Whether both loads say the same is not known: ${other.unavailable}`);
  return undefined;
}

/** What a run, or a part of one, begins with. */
interface Beginning {
  readonly args: readonly string[];
  readonly startedAt: string;
  readonly flags: BenchFlags;
  readonly programs: Programs;
  readonly before: Before | undefined;
}

/** What keeps servers and load to their parts of the processors. */
interface Keeping {
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
  const { subjects, scenarios, repeats, seconds, seed } = plan;
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
    subjects: await Promise.all(subjects.map(cardOf)),
    load: programs.load.name,
    ...(quota === undefined ? {} : { quota: quota.terms }),
    ...(pins === undefined ? {} : { pinned: pins }),
    baseline: (subjects.find(({ id }) => id === BASELINE) ?? subjects[0]!).id,
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

/** Measures, writing each record as soon as it is there. */
async function fill(
  file: RunFile,
  beginning: Beginning,
  signal: AbortSignal,
  keeping: Keeping,
): Promise<void> {
  const idleness = await sampleIdleness();
  const { before, flags, programs } = beginning;
  const { plan: asked, notes } = await planOf(flags, programs.twins);
  const other = otherOf(programs, notes);
  const plan = { ...asked, bothLoads: other !== undefined };
  const header = await headerOf(beginning, idleness, plan, notes, keeping);
  let firstBlock = 0;
  if (before === undefined) file.write(header);
  else firstBlock = goOn(file, before, header, plan);
  const progress = new Progress();
  let incomplete: string | undefined;
  try {
    await using workplace = await prepareWorkplace(plan.sizes, signal, programs.load, {
      ...keeping,
      other,
    });
    incomplete = await measureAll(file, { ...plan, firstBlock }, workplace, progress, signal);
    if (flags.count && !signal.aborted) {
      await countCalls(plan, workplace, signal, {
        show: (text) => progress.show(text),
        record: (record) => file.write(record),
      });
    }
  } catch (error) {
    if (!signal.aborted) throw error; // the load was ended in the middle
    incomplete = "it was interrupted";
  }
  progress.clear();
  const end = { kind: "end", after: await sampleIdleness() } as const;
  file.write(incomplete === undefined ? end : { ...end, incomplete });
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
