/**
 * `deno task bench`: every model, and with --peers other servers, under the same load. main.ts
 * calls `main`; flags.ts reads the command line, measure.ts measures, report/ draws.
 *
 * @module
 */

import { dirname, resolve } from "@std/path";
import { countCalls } from "./run/count.ts";
import { outputColumns, UsageError } from "../client/cli/flags.ts";
import { type BenchFlags, helpText, parseFlags } from "./flags.ts";
import { type LoadProgram, nativeLoad, TYPESCRIPT_LOAD } from "./load/process.ts";
import { foretold } from "./run/estimate.ts";
import { digestSources, readMachine, sampleIdleness } from "./run/machine.ts";
import { cellCount, measure, type Plan, prepareWorkplace, type Workplace } from "./run/measure.ts";
import { PEERS } from "./peers/mod.ts";
import { Progress } from "./run/progress.ts";
import { differenceOf, keptOf } from "./run/resume.ts";
import type { HeaderRecord, Idleness, RunRecord, SubjectCard } from "./record.ts";
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
import { BASELINE, type PeerSubject, type Subject } from "./run/subjects.ts";

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
      return await withLoad(parsed.flags.load, (program) => run(args, parsed.flags, program));
  }
}

/** Says what a run would be, without a server or a load. */
async function foretell(flags: BenchFlags): Promise<number> {
  const { plan, notes } = await planOf(flags);
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
  return await withLoad(flags.load, (program) => run(args, flags, program, before));
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
    await Deno.writeTextFile(`${base}.html`, renderHtml(run));
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

/** Runs `use` with the load that was asked for; one in C is there as long as it is used. */
async function withLoad(
  name: BenchFlags["load"],
  use: (program: LoadProgram) => Promise<number>,
): Promise<number> {
  if (name === "typescript") return await use(TYPESCRIPT_LOAD);
  const folder = await Deno.makeTempDir({ prefix: "ftplab-load-" });
  try {
    const program = await nativeLoad(folder);
    if ("unavailable" in program) {
      throw new UsageError(`Cannot use --load ${name}: ${program.unavailable}`);
    }
    return await use(program);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(
  args: readonly string[],
  flags: BenchFlags,
  program: LoadProgram,
  before?: Before,
): Promise<number> {
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
    await fill(file, { args, startedAt, flags, program, before }, interrupt.signal);
    const status = await report(path) ?? 1;
    return interrupt.signal.aborted ? 130 : status;
  } finally {
    for (const signal of ENDINGS) Deno.removeSignalListener(signal, onInterrupt);
    file.close();
  }
}

/** Whom `flags` mean, on this machine, in which order; and a note for each who is missing. */
async function planOf(flags: BenchFlags): Promise<{ plan: Plan; notes: string[] }> {
  const notes: string[] = [];
  const peers = flags.peers
    ? await findPeers(flags.peersRoots.map((root) => resolve(root)), notes)
    : [];
  const subjects: Subject[] = [...flags.models, ...peers];
  return { plan: { ...flags, subjects, seed: flags.seed ?? Date.now() % 1_000_000 }, notes };
}

/** What a run, or a part of one, begins with. */
interface Beginning {
  readonly args: readonly string[];
  readonly startedAt: string;
  readonly flags: BenchFlags;
  readonly program: LoadProgram;
  readonly before: Before | undefined;
}

async function headerOf(
  { args, startedAt, program }: Beginning,
  before: Idleness,
  plan: Plan,
  notes: readonly string[],
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
    load: program.name,
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
async function fill(file: RunFile, beginning: Beginning, signal: AbortSignal): Promise<void> {
  const idleness = await sampleIdleness();
  const { plan, notes } = await planOf(beginning.flags);
  const { before, flags, program } = beginning;
  const header = await headerOf(beginning, idleness, plan, notes);
  let firstBlock = 0;
  if (before === undefined) file.write(header);
  else firstBlock = goOn(file, before, header, plan);
  const progress = new Progress();
  let incomplete: string | undefined;
  try {
    await using workplace = await prepareWorkplace(plan.sizes, signal, program);
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

/** The peers that are on this machine; a note for each that is not. */
async function findPeers(roots: readonly string[], notes: string[]): Promise<PeerSubject[]> {
  const found: PeerSubject[] = [];
  for (const peer of PEERS) {
    const located = await peer.locate(roots);
    const { idleMax, missing, locate: _locate, ...card } = peer;
    if (located === undefined) notes.push(`${card.title} is left out: ${missing}`);
    else found.push({ ...card, sessionsMax: idleMax, located });
  }
  return found;
}

async function cardOf(subject: Subject): Promise<SubjectCard> {
  const { id, title, kind } = subject;
  if (kind === "model") return { id, title, kind, flags: subject.flags };
  const { version, prepare } = subject.located;
  const folder = await Deno.makeTempDir();
  try {
    // The place differs from start to start; everything else is the same for all of them.
    const place = { host: "127.0.0.1", port: 2121, root: "ROOT", folder };
    const { configuration } = await prepare({ ...place, superuser: Deno.uid() === 0 });
    const shown = configuration.replaceAll(folder, "STATE").replaceAll(`${Deno.cwd()}/`, "");
    return { id, title, kind, flags: [], version, configuration: shown };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
