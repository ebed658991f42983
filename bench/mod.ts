/**
 * `deno task bench`: every model, and with --peers other servers, under the same load. main.ts
 * calls `main`; flags.ts reads the command line, measure.ts measures, analysis.ts sums up,
 * report.ts shows.
 *
 * @module
 */

import { analyze } from "./analysis.ts";
import { type BenchFlags, HELP, parseFlags } from "./flags.ts";
import { readMachine, sampleIdleness, wasIdle } from "./machine.ts";
import { cellCount, measure, type Plan } from "./measure.ts";
import { renderReport, type Report, type ReportedSubject } from "./report.ts";
import { FILE_SIZES } from "./scenarios.ts";
import { findProgram } from "./server_process.ts";
import { randomFrom } from "./statistics.ts";
import { type Peer, PEERS, type Subject } from "./subjects.ts";

/** The baseline when no peer takes part, if it was selected. */
const BASELINE_MODEL = "epoll";

/** Runs the benchmark that `args` describe; returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const parsed = parseFlags(args);
  if (parsed.kind === "help") {
    console.log(HELP);
    return 0;
  }
  if (parsed.kind === "wrong") {
    console.error(parsed.message);
    return 2;
  }
  const { json } = parsed.flags;
  if (json !== undefined && !await writeJson(json, "")) return 1;
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  Deno.addSignalListener("SIGINT", onInterrupt);
  try {
    const report = await run(args, parsed.flags, interrupt.signal);
    console.log(renderReport(report));
    if (json !== undefined && !await writeJson(json, JSON.stringify(report, null, 1) + "\n")) {
      return 1;
    }
    if (interrupt.signal.aborted) return 130;
    const clean = report.rows.every((row) => row.errorCount === 0 && row.failures.length === 0);
    return clean ? 0 : 1;
  } finally {
    Deno.removeSignalListener("SIGINT", onInterrupt);
  }
}

/** Writes `text` to `file`; also called before the run, which is too long to be lost at its end. */
async function writeJson(file: string, text: string): Promise<boolean> {
  try {
    await Deno.writeTextFile(file, text);
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`Cannot write "${file}": ${error.message}`);
    return false;
  }
}

async function run(
  args: readonly string[],
  flags: BenchFlags,
  signal: AbortSignal,
): Promise<Report> {
  const notes: string[] = [];
  const peers = flags.peers ? await installedPeers(notes) : [];
  const subjects: Subject[] = [...peers, ...flags.models];
  const seed = Date.now() % 1_000_000;
  const plan: Plan = { ...flags, subjects, sizes: FILE_SIZES, seed };
  const startedAt = new Date().toISOString();
  const before = await sampleIdleness();
  const { cells, incomplete } = await measure(plan, signal, showProgress());
  clearProgress();
  const after = await sampleIdleness();
  if (incomplete !== undefined) {
    notes.push(`The run ended after ${cells.length} of ${cellCount(plan)} cells: ${incomplete}`);
  }
  const baseline = (peers[0] ?? flags.models.find(({ id }) => id === BASELINE_MODEL) ??
    flags.models[0]!).id;
  const idle = wasIdle(before) && wasIdle(after);
  return {
    format: 1,
    args,
    startedAt,
    machine: readMachine(),
    before,
    after,
    repeats: plan.repeats,
    measureMs: plan.measureMs,
    seed,
    scenarios: plan.scenarios,
    subjects: subjects.map(reportSubject),
    baseline,
    rows: analyze(cells, { scenarios: plan.scenarios, subjects, baseline, idle }, randomFrom(seed)),
    cells,
    notes,
  };
}

/** The peers that are on this machine; a note for each that is not. */
async function installedPeers(notes: string[]): Promise<Peer[]> {
  const installed: Peer[] = [];
  for (const peer of PEERS) {
    if (await findProgram(peer.program) !== undefined) installed.push(peer);
    else notes.push(`${peer.title} is left out: ${peer.program} is not installed`);
  }
  return installed;
}

function reportSubject(subject: Subject): ReportedSubject {
  const { id, title } = subject;
  if (subject.kind === "model") return { id, title };
  // The places are those of each cell; the rest of the file is the same for all of them.
  const place = { host: "HOST", port: 0, root: "ROOT", folder: "STATE" };
  const superuser = Deno.uid() === 0;
  return { id, title, configuration: subject.configuration({ ...place, superuser }) };
}

/** Tells on a terminal how far the run is; a pipe gets nothing but the report. */
function showProgress(): (done: number, total: number) => void {
  const begin = performance.now();
  return (done, total) => {
    if (!Deno.stderr.isTerminal()) return;
    const left = done === 0
      ? ""
      : `, ${Math.ceil((performance.now() - begin) / done * (total - done) / 1e3)} s left`;
    writeProgress(`${done} of ${total} cells${left}`);
  };
}

function clearProgress(): void {
  if (Deno.stderr.isTerminal()) writeProgress("");
}

/** Columns that a progress line overwrites, so that no escape sequence is needed. */
const PROGRESS_COLUMNS = 40;

function writeProgress(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`\r${text.padEnd(PROGRESS_COLUMNS)}\r`));
}
