/**
 * The command line of `deno task bench`: text in, a plan or one line of complaint out. Pure; mod.ts
 * calls it.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { FILE_SIZES, type FileSizes, type Scenario, SCENARIOS } from "./scenarios.ts";
import { MODELS, type ModelSubject, selectModels } from "./subjects.ts";

/** What the user wants measured. */
export interface BenchFlags {
  /** Variants of this project's own server. */
  readonly models: readonly ModelSubject[];
  /** What each of them is to do, with the points that are wanted. */
  readonly scenarios: readonly Scenario[];
  /** Of the served files. */
  readonly sizes: FileSizes;
  /** Whether other servers take part. */
  readonly peers: boolean;
  /** Folders in which packages of other servers were unpacked. */
  readonly peersRoots: readonly string[];
  /** Whether calls are counted from outside, too, in a pass of its own. */
  readonly count: boolean;
  /** How often each cell is measured. */
  readonly repeats: number;
  /** How long a steady window is open, its warm-up not included. */
  readonly seconds: number;
  /** What the order of the cells follows from; undefined: from the time. */
  readonly seed?: number;
  /** After this no further cell is begun, milliseconds; undefined: all of them are. */
  readonly budgetMs?: number;
  /** How long a server may finish nothing before its cell has failed, milliseconds. */
  readonly stallMs: number;
  /** Where the raw run goes, and the reports beside it; undefined: a name made from the time. */
  readonly out?: string;
}

/** A command line understood, a wish for help, or what is wrong with it in one line. */
export type ParsedFlags =
  | { readonly kind: "run"; readonly flags: BenchFlags }
  | { readonly kind: "report"; readonly file: string }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

/**
 * Repeats and time of a full run: benchmarks with fewer than 7 repeats claim nothing. A cell may
 * stand still for 10 s, which is longer than any retransmission that is not a fault.
 */
const FULL = { repeats: 7, seconds: 0.5, stallMs: 10_000 };

/**
 * --quick ends within a minute: what begins last, after 51 s, may still take a start and a cell,
 * and a quarter of a GiB tells as much of copies as a whole one.
 */
const QUICK = { repeats: 1, seconds: 0.05, stallMs: 3_000, budgetMs: 51_000 };
const QUICK_SIZES: FileSizes = { ...FILE_SIZES, medium: 16 << 20, large: 256 << 20 };

/** More than these are a slip of the finger: the run would take days. */
const REPEATS_MAX = 1_000;
const SECONDS_MAX = 600;
const WORKERS_MAX = 256;
const SEED_MAX = 1_000_000_000;

/** The text of --help. */
export const HELP = `Measure the models against each other and, with --peers, against other servers

Usage: deno task bench [FLAGS]
       deno task bench report FILE      draws the reports of an earlier run again

  --quick            a first look in under a minute: one repeat of fewer, shorter cells
  --models A,B       only these: ${wrapped(MODELS.map(({ id }) => id))}
                     or all variants of a model: blocking, polling, multiplex
  --scenarios A,B    only these: ${wrapped(SCENARIOS.map(({ id }) => id))}
  --repeats N        measure every cell so often (default ${FULL.repeats})
  --seconds S        keep a window open for so long (default ${FULL.seconds})
  --workers N        event loops of polling, multiplex and async (default 1)
  --peers            measure other servers side by side, those that are there
  --peers-root DIR   look for them below DIR, too, where packages were unpacked; may be repeated
  --count            then count system calls with perf, in a pass of its own
  --seed N           repeat the order of an earlier run
  --out FILE         the raw run as JSON lines (default bench/results/TIME.jsonl); the reports
                     go beside it, ending in .html and .md

Ctrl-C keeps what was measured. Exit status: 0 measured without an error, 1 some cell failed or
had errors, 2 bad flags, 130 interrupted`;

/** Names in lines that fit behind a flag. */
function wrapped(names: readonly string[]): string {
  const lines = [""];
  for (const [index, name] of names.entries()) {
    const word = index < names.length - 1 ? `${name}, ` : name;
    if (lines.at(-1)!.length + word.length > 60) lines.push("");
    lines[lines.length - 1] += word;
  }
  return lines.map((line) => line.trimEnd()).join(`\n${" ".repeat(33)}`);
}

const STRINGS = [
  "models",
  "scenarios",
  "repeats",
  "seconds",
  "workers",
  "seed",
  "out",
] as const;

type Text = Partial<Record<typeof STRINGS[number], string>>;

/** What is wrong, on its way to parseFlags. */
class Wrong extends Error {}

/** Reads `args`. */
export function parseFlags(args: readonly string[]): ParsedFlags {
  try {
    return args[0] === "report" ? parseReport(args.slice(1)) : parseRun(args);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { kind: "wrong", message: error.message };
  }
}

function parseReport(args: readonly string[]): ParsedFlags {
  if (args.includes("--help")) return { kind: "help" };
  const [file, stray] = args;
  if (file === undefined || file.startsWith("-")) throw new Wrong("report takes the FILE of a run");
  if (stray !== undefined) throw new Wrong(`Unknown argument "${stray}": report takes one FILE`);
  return { kind: "report", file };
}

function parseRun(args: readonly string[]): ParsedFlags {
  const parsed = parseArgs(args, {
    boolean: ["quick", "peers", "count", "help"],
    string: [...STRINGS, "peers-root"],
    collect: ["peers-root"],
    unknown: (arg) => {
      throw new Wrong(`Unknown argument "${arg}", see deno task bench --help`);
    },
  });
  if (parsed.help === true) return { kind: "help" };
  const text: Text = {};
  for (const name of STRINGS) {
    const value = parsed[name];
    if (value === undefined) continue;
    if (typeof value !== "string" || value === "") throw new Wrong(`--${name} takes one value`);
    text[name] = value;
  }
  const quick = parsed.quick === true;
  const base = quick ? QUICK : FULL;
  const peersRoots = parsed["peers-root"] as string[];
  return {
    kind: "run",
    flags: {
      ...base,
      models: parseModels(text),
      scenarios: parseScenarios(text, quick),
      sizes: quick ? QUICK_SIZES : FILE_SIZES,
      peers: parsed.peers === true || peersRoots.length > 0,
      peersRoots,
      count: parsed.count === true,
      repeats: whole(text, "repeats", 1, REPEATS_MAX) ?? base.repeats,
      seconds: parseSeconds(text) ?? base.seconds,
      ...optional("seed", whole(text, "seed", 0, SEED_MAX)),
      ...optional("out", text.out),
    },
  };
}

function optional<K extends string, T>(name: K, value: T | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: T };
}

function whole(text: Text, name: keyof Text, low: number, high: number): number | undefined {
  const given = text[name];
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new Wrong(`--${name} takes a number from ${low} to ${high}, not "${given}"`);
}

function parseSeconds(text: Text): number | undefined {
  if (text.seconds === undefined) return undefined;
  const seconds = Number(text.seconds);
  if (seconds > 0 && seconds <= SECONDS_MAX) return seconds;
  throw new Wrong(`--seconds takes a number up to ${SECONDS_MAX}, not "${text.seconds}"`);
}

function parseModels(text: Text): ModelSubject[] {
  const models = selectModels(text.models?.split(","));
  if ("unknown" in models) {
    const known = MODELS.map((subject) => subject.id).join(", ");
    throw new Wrong(`--models takes names of ${known}, not "${models.unknown}"`);
  }
  const workers = whole(text, "workers", 1, WORKERS_MAX);
  if (workers === undefined) return models;
  // A pool of blocking is what it is: its variants differ in their number of threads.
  return models.map((subject) =>
    subject.model === "blocking"
      ? subject
      : { ...subject, flags: [...subject.flags, "--workers", String(workers)] }
  );
}

function parseScenarios(text: Text, quick: boolean): Scenario[] {
  const names = text.scenarios?.split(",");
  const unknown = names?.find((name) => !SCENARIOS.some((scenario) => scenario.id === name));
  if (unknown !== undefined) {
    const known = SCENARIOS.map((scenario) => scenario.id).join(", ");
    throw new Wrong(`--scenarios takes names of ${known}, not "${unknown}"`);
  }
  const chosen = SCENARIOS.filter(({ id }) => names === undefined || names.includes(id));
  if (!quick) return chosen;
  return chosen.map((scenario) => ({
    ...scenario,
    points: scenario.points.filter((point) => point.quick),
  }));
}
