/**
 * `deno task bench`: every model, and with --peers other servers, under the same load. main.ts
 * calls `main`; flags.ts reads the command line, fill.ts fills a file, report/ draws.
 *
 * @module
 */

import { join } from "@std/path";
import { type Before, fill, planFor, type Programs, RunFile } from "./fill.ts";
import { hasTerminal, outputColumns, print, UsageError } from "../client/cli/flags.ts";
import { type BenchFlags, helpText, parseFlags } from "./flags.ts";
import { nativeLoad, TYPESCRIPT_LOAD } from "./load/process.ts";
import { foretold } from "./run/estimate.ts";
import { joined } from "./run/join.ts";
import { whyNotHere } from "./run/machine.ts";
import { Quota } from "./run/quota.ts";
import { choosePins, type Pins } from "./run/pins.ts";
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
      print(helpText(outputColumns()));
      return 0;
    case "report":
      return await report(parsed.file, parsed.page);
    case "compare":
      return await compare(parsed.files);
    case "resume":
      return await resume(parsed.file);
    case "join":
      return await joinRuns(parsed.out, parsed.files);
    case "run":
      return await (parsed.flags.dryRun ? foretell(parsed.flags) : begin(args, parsed.flags));
  }
}

/** Measures, in a new file or behind what is there from `before`. */
async function begin(
  args: readonly string[],
  flags: BenchFlags,
  before?: Before,
): Promise<number> {
  const why = whyNotHere();
  if (why !== undefined) throw new UsageError(`Cannot measure here: ${why}`);
  return await withPrograms(flags, (programs) => run(args, flags, programs, before));
}

/** Says what a run would be, without a server or a load. */
async function foretell(flags: BenchFlags): Promise<number> {
  const { plan, notes } = await withPrograms(
    { load: "typescript", bothLoads: false },
    ({ twins }) => planFor(flags, twins),
  );
  print([...foretold(plan), ...notes].join("\n"));
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
  return await begin(args, { ...parsed.flags, seed, out: file }, before);
}

/** Writes the run that `files` are together to `out`, which must not exist, and reports it. */
async function joinRuns(out: string, files: readonly string[]): Promise<number> {
  const texts: string[] = [];
  for (const file of files) {
    const text = await reading(file, async () => {
      const own = await readRun(file);
      parseRun(own, file);
      return own;
    });
    if (text === undefined) return 1;
    texts.push(text);
  }
  const text = joined(texts);
  if (typeof text !== "string") throw new UsageError(`Cannot join: ${text.why}`);
  try {
    await Deno.writeTextFile(out, text, { createNew: true });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    console.error(`ftplab: Cannot write "${out}": ${error.message}`);
    return 1;
  }
  return await report(out);
}

/** Shows two runs side by side. */
async function compare(files: readonly [string, string]): Promise<number> {
  const runs: Run[] = [];
  for (const file of files) {
    const run = await reading(file, async () => parseRun(await readRun(file), file));
    if (run === undefined) return 1;
    runs.push(run);
  }
  print(renderComparison(runs[0]!, runs[1]!, columns()));
  return 0;
}

/**
 * Reads the run in `file`, writes the table of findings into `page` and its reports beside it, and
 * shows one; the exit status.
 */
async function report(file: string, page?: string): Promise<number> {
  const run = await reading(file, async () => parseRun(await readRun(file), file));
  if (run === undefined) return 1;
  if (page !== undefined && !await reading(page, () => fillIn(page, run))) return 1;
  const base = file.replace(/\.jsonl(\.gz)?$/, "");
  const shown = await reading(file, async () => {
    await Deno.writeTextFile(`${base}.html`, await renderHtml(run));
    await Deno.writeTextFile(`${base}.md`, renderMarkdown(run));
    return renderTerminal(run, columns());
  });
  if (shown === undefined) return 1;
  print(`${shown}\n\nRaw run: ${file}\nReports: ${base}.html, ${base}.md`);
  const clean = run.cells.every(({ failure, errors }) =>
    failure === undefined && Object.keys(errors).length === 0
  );
  return clean ? 0 : 1;
}

/** Writes the tables of `run` between the marks of its file in `page`; true: they are there. */
async function fillIn(page: string, run: Run): Promise<true> {
  const text = withFindings(await Deno.readTextFile(page), run);
  if (text === undefined) throw new RunError(`it has no marks for the tables of ${run.file}`);
  await Deno.writeTextFile(page, text);
  return true;
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

/** Whether the system has refused something: of a file that was opened the runtime gives no code. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && ("code" in error || /\(os error \d+\)/.test(error.message));
}

function columns(): number {
  return Math.min(COLUMNS_DEFAULT, outputColumns() ?? COLUMNS_DEFAULT);
}

/**
 * What ends a run in order: servers that are parked would otherwise stay so for ever. A hangup that
 * is of no terminal of this process ends nothing (main.ts).
 */
const ENDINGS: readonly Deno.Signal[] = [
  "SIGINT",
  "SIGTERM",
  ...(hasTerminal() ? ["SIGHUP"] as const : []),
];

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
  before: Before | undefined,
): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  for (const signal of ENDINGS) Deno.addSignalListener(signal, onInterrupt);
  try {
    return await measured(args, flags, programs, before, interrupt.signal);
  } finally {
    for (const signal of ENDINGS) Deno.removeSignalListener(signal, onInterrupt);
  }
}

/** Runs until `signal` is aborted; the exit status. */
async function measured(
  args: readonly string[],
  flags: BenchFlags,
  programs: Programs,
  before: Before | undefined,
  signal: AbortSignal,
): Promise<number> {
  const { plan, notes } = await planFor(flags, programs.twins);
  const pins = flags.pin ? await pinsOrNone() : undefined;
  if (signal.aborted) return 130;
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
  try {
    const keeping = { quota, pins };
    const { count } = flags;
    const beginning = { args, startedAt, plan, notes, count, programs, before };
    const wentOn = await fill(file, beginning, signal, keeping);
    const status = await report(path);
    return signal.aborted ? 130 : wentOn ? status : 1;
  } catch (error) {
    // A full disk, for example: what was measured is in the file, and resume goes on with it.
    if (!isSystemError(error)) throw error;
    console.error(`ftplab: Cannot go on with "${path}": ${error.message}`);
    return 1;
  } finally {
    file.close();
  }
}
