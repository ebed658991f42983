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
import { readMachine, sampleIdleness } from "./run/machine.ts";
import { cellCount, measure, type Plan, prepareWorkplace, type Workplace } from "./run/measure.ts";
import { PEERS } from "./peers/mod.ts";
import { Quota } from "./run/quota.ts";
import { choosePins, type Pins } from "./run/pins.ts";
import { Progress } from "./run/progress.ts";
import type { HeaderRecord, RunRecord, SubjectCard } from "./record.ts";
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
    case "run":
      return await withLoad(parsed.flags.load, (program) => run(args, parsed.flags, program));
  }
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

/** The file that a run is written to, line by line, so that nothing is lost. */
class RunFile {
  readonly #file: Deno.FsFile;

  constructor(readonly path: string) {
    Deno.mkdirSync(dirname(path), { recursive: true });
    this.#file = Deno.createSync(path);
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
  program: LoadProgram,
): Promise<number> {
  const pins = flags.pin ? await pinsOrNone() : undefined;
  await using quota = openQuota(flags.quota);
  const startedAt = new Date().toISOString();
  const path = flags.out ?? `bench/results/${startedAt.slice(0, 19).replaceAll(":", "-")}.jsonl`;
  let file: RunFile;
  try {
    file = new RunFile(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    console.error(`ftplab: Cannot write "${path}": ${error.message}`);
    return 1;
  }
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  for (const signal of ENDINGS) Deno.addSignalListener(signal, onInterrupt);
  try {
    await fill(file, args, startedAt, flags, program, interrupt.signal, { quota, pins });
    const status = await report(path) ?? 1;
    return interrupt.signal.aborted ? 130 : status;
  } finally {
    for (const signal of ENDINGS) Deno.removeSignalListener(signal, onInterrupt);
    file.close();
  }
}

/** Measures, writing each record as soon as it is there. */
async function fill(
  file: RunFile,
  args: readonly string[],
  startedAt: string,
  flags: BenchFlags,
  program: LoadProgram,
  signal: AbortSignal,
  { quota, pins }: { readonly quota: Quota | undefined; readonly pins: Pins | undefined },
): Promise<void> {
  const before = await sampleIdleness();
  const notes: string[] = [];
  const peers = flags.peers
    ? await findPeers(flags.peersRoots.map((root) => resolve(root)), notes)
    : [];
  const subjects: Subject[] = [...flags.models, ...peers];
  const seed = flags.seed ?? Date.now() % 1_000_000;
  const plan: Plan = { ...flags, subjects, seed };
  const progress = new Progress();
  let incomplete: string | undefined;
  try {
    await using workplace = await prepareWorkplace(plan.sizes, signal, program, { quota, pins });
    const header: HeaderRecord = {
      kind: "run",
      format: 3,
      args,
      startedAt,
      machine: readMachine(),
      before,
      repeats: plan.repeats,
      seconds: plan.seconds,
      seed,
      scenarios: plan.scenarios.map(({ id }) => id),
      subjects: await Promise.all(subjects.map(cardOf)),
      load: program.name,
      ...(quota === undefined ? {} : { quota: quota.terms }),
      ...(pins === undefined ? {} : { pinned: pins }),
      baseline: (subjects.find(({ id }) => id === BASELINE) ?? subjects[0]!).id,
      notes,
    };
    file.write(header);
    incomplete = await measureAll(file, plan, workplace, progress, signal);
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
  let cells = 0;
  const why = await measure(plan, workplace, {
    signal,
    progress: (done, total, now) => progress.advance(done, total, now),
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
