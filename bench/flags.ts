/**
 * The command line of `deno task bench`: text in, a plan or a `UsageError` of one line out. Pure;
 * mod.ts calls it.
 *
 * @module
 */

import {
  type CommandLine,
  type Flags,
  readFlags,
  renderHelp,
  UsageError,
} from "../client/cli/flags.ts";
import {
  FILE_SIZES,
  type FileSizes,
  headlinePoints,
  type Scenario,
  scenarioOf,
  SCENARIOS,
} from "./scenarios/mod.ts";
import { RETRIES } from "./claims/gates.ts";
import { PROBES_PER_SECOND } from "./scenarios/parts.ts";
import { QUOTA_SHARE_MIN } from "./run/quota.ts";
import { configurationsOf, MODELS, type ModelSubject, selectModels } from "./run/subjects.ts";

/** The programs that the load may be: the one in C is cheaper than any server. */
const LOADS = ["typescript", "c"] as const;

/** Where scenarios are measured: only where they are judged, or wherever a plot has a point. */
const POINTS = ["headline", "all"] as const;

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
  /** Whether the least servers in C take part, one for each way to wait. */
  readonly twins: boolean;
  /** Whether the one over io_uring does, with one technique on after the other. */
  readonly ladder: boolean;
  /** Whether calls are counted from outside, too, in a pass of its own. */
  readonly count: boolean;
  /** Only says what would be measured, and how long it would take. */
  readonly dryRun: boolean;
  /** Which program the clients are in. */
  readonly load: typeof LOADS[number];
  /** Whether the other load measures the baseline, too, to see that both say the same. */
  readonly bothLoads: boolean;
  /** How often each cell is measured. */
  readonly repeats: number;
  /** Probes that a window has at least. */
  readonly probes: number;
  /** How often a cell is measured again at once when something disturbed it. */
  readonly retries: number;
  /** Whether scenarios have their passes. */
  readonly passes: boolean;
  /** Whether those that only sleep in a scenario do so at the same time. */
  readonly sideBySide: boolean;
  /** How long a steady window is open, its warm-up not included. */
  readonly seconds: number;
  /** What the order of the cells follows from; undefined: from the time. */
  readonly seed?: number;
  /** After this no further cell is begun, milliseconds; undefined: all of them are. */
  readonly budgetMs?: number;
  /** How long a server may finish nothing before its cell has failed, milliseconds. */
  readonly stallMs: number;
  /** The part of a processor that a server may use; undefined: all there is. */
  readonly quota?: number;
  /** Whether server and load are kept on processors of their own. */
  readonly pin: boolean;
  /** Where the raw run goes, and the reports beside it; undefined: a name made from the time. */
  readonly out?: string;
}

/** A command line understood, or a wish for help. */
export type ParsedFlags =
  | { readonly kind: "run"; readonly flags: BenchFlags }
  /** `page` gets the table of findings between its marks. */
  | { readonly kind: "report"; readonly file: string; readonly page?: string }
  /** Goes on with the run in `file`. */
  | { readonly kind: "resume"; readonly file: string }
  /** Makes one run in `out` of those in `files`. */
  | { readonly kind: "join"; readonly out: string; readonly files: readonly string[] }
  | { readonly kind: "compare"; readonly files: readonly [string, string] }
  | { readonly kind: "help" };

/**
 * Repeats and time of a full run: of 11 repeats two may be disturbed, and 9 carry a claim; a p99 of
 * probes takes 1,000 of them. A cell may stand still for 10 s, which is longer than any
 * retransmission that is not a fault.
 */
const FULL = {
  repeats: 11,
  seconds: 0.5,
  probes: 1_000,
  retries: RETRIES,
  stallMs: 10_000,
  passes: true,
  sideBySide: true,
};

/**
 * --quick ends within a minute: what begins last, after 44 s, may still take a start and a cell,
 * and a quarter of a GiB tells as much of copies as a whole one.
 */
const QUICK = {
  repeats: 1,
  seconds: 0.05,
  probes: 0,
  retries: 0,
  passes: false,
  sideBySide: false,
  stallMs: 3_000,
  budgetMs: 44_000,
};
const QUICK_SIZES: FileSizes = { ...FILE_SIZES, medium: 16 << 20, large: 256 << 20 };

/** More than these are a slip of the finger: the run would take days. */
const REPEATS_MAX = 1_000;
const SECONDS_MAX = 600;
const WORKERS_MAX = 256;
const SEED_MAX = 1_000_000_000;

/** A quota is less than all, and no less than the kernel gives. */
const QUOTA = { unit: "a share", low: QUOTA_SHARE_MIN, high: 1 };

/** Every flag by its name, in the order of --help. */
export const TABLE = {
  quick: { help: "a first look in under a minute: one repeat of fewer, shorter cells" },
  models: {
    value: "A,B",
    otherwise: "all",
    help: `only these: ${MODELS.map(({ id }) => id).join(", ")}; or all variants of a model: ` +
      "blocking, polling, multiplex",
  },
  scenarios: {
    value: "A,B",
    otherwise: "all",
    help: `only these: ${SCENARIOS.map(({ id }) => id).join(", ")}`,
  },
  points: {
    value: "WHICH",
    initial: "all",
    help: "all of them, or headline: only where scenarios are judged",
  },
  repeats: { value: "N", otherwise: `${FULL.repeats}`, help: "measure every cell so often" },
  seconds: {
    value: "S",
    otherwise: `${FULL.seconds}`,
    help: "keep a window open for so long; 10 times beside slow readers, 4 to 10 times and " +
      `${FULL.probes / PROBES_PER_SECOND} s at least where there are probes, ` +
      "60 times where all are asleep (--quick: 1 to 4 times)",
  },
  workers: {
    value: "N,M",
    otherwise: "1",
    help: "event loops of all models but blocking; several: each model with each number, as " +
      "epoll@2, pools that grow, and the best of each model against the others",
  },
  peers: { help: "measure other servers side by side, those that are there" },
  "peers-root": {
    value: "DIR",
    repeats: true,
    help: "look for them below DIR, too, where packages were unpacked; may be repeated",
  },
  twins: { help: "measure the least servers in C, too, one for each way to wait" },
  ladder: { help: "measure the one over io_uring with one technique on after the other" },
  load: {
    value: "typescript|c",
    initial: "typescript",
    help: "what the clients are; c needs a C compiler",
  },
  count: { help: "then count system calls with perf, in a pass of its own" },
  "dry-run": { help: "only tell how many cells there are, and how long they take" },
  seed: { value: "N", otherwise: "from the time", help: "repeat the order of an earlier run" },
  out: {
    value: "FILE",
    otherwise: "bench/results/TIME.jsonl",
    help: "a new file for the raw run as JSON lines; reports go beside it, ending in .html and .md",
  },
  quota: {
    value: "SHARE",
    help: "let a server have so much of one processor, so that it is the limit and not the load; " +
      "needs the right to make control groups",
  },
  pin: { help: "keep the server on one processor and the load on another; for one worker each" },
} as const;

const LINE: CommandLine<keyof typeof TABLE> = {
  command: "bench",
  usage: [
    "bench [FLAGS]",
    "bench resume FILE",
    "bench report FILE [MD]",
    "bench compare FILE FILE",
    "bench join OUT FILE...",
  ],
  about: "Measures the models against each other and, with --peers, against other servers. " +
    "resume goes on with a run that ended early, from the first block that is not whole; report " +
    "draws the reports of an earlier run again, and its table into the page MD; compare tells " +
    "which verdicts of a run another one replicates; join makes one run OUT of several that share " +
    "no scenario.",
  flags: TABLE,
  operands: false,
  exits: [
    ["0", "measured without an error"],
    ["1", "some cell failed or had errors, or a file could not be read or written"],
    ["2", "a wrong command line"],
    ["5", "standard output could not be written"],
    ["130", "interrupted with Ctrl-C, which keeps what was measured"],
    ["141", "nobody reads standard output any more"],
  ],
  notes: [
    "FILE, OUT, MD and DIR are relative to the project's folder, wherever the task is called.",
  ],
};

/** The text of --help for a terminal of `columns`. */
export function helpText(columns?: number): string {
  return renderHelp(LINE, columns);
}

type Values = Flags<keyof typeof TABLE>;

/**
 * Reads `args`.
 *
 * @throws {UsageError} in one line.
 */
export function parseFlags(args: readonly string[]): ParsedFlags {
  switch (args[0]) {
    case "report":
      return parseReport(args.slice(1));
    case "compare":
      return parseCompare(args.slice(1));
    case "resume":
      return parseResume(args.slice(1));
    case "join":
      return parseJoin(args.slice(1));
    default:
      return parseRun(args);
  }
}

function parseReport(args: readonly string[]): ParsedFlags {
  const flags = readFlags({ command: "bench", flags: {}, operands: true }, args);
  if (flags.has("help")) return { kind: "help" };
  const [file, page, stray] = flags.operands;
  if (file === undefined || file === "") throw new UsageError("report takes the FILE of a run");
  if (stray !== undefined) {
    throw new UsageError(`Unknown argument "${stray}": report takes one FILE, and a page`);
  }
  return { kind: "report", file, ...(page === undefined ? {} : { page }) };
}

function parseResume(args: readonly string[]): ParsedFlags {
  const flags = readFlags({ command: "bench", flags: {}, operands: true }, args);
  if (flags.has("help")) return { kind: "help" };
  const [file, stray] = flags.operands;
  // What is measured, and how, is what the run was begun with.
  if (!file || stray !== undefined) throw new UsageError("resume takes the FILE of a run");
  return { kind: "resume", file };
}

function parseJoin(args: readonly string[]): ParsedFlags {
  const flags = readFlags({ command: "bench", flags: {}, operands: true }, args);
  if (flags.has("help")) return { kind: "help" };
  const [out, ...files] = flags.operands;
  if (!out || files.length < 2) {
    throw new UsageError(
      "join takes the name of the run that it makes and the FILEs of two or more",
    );
  }
  return { kind: "join", out, files };
}

function parseCompare(args: readonly string[]): ParsedFlags {
  const flags = readFlags({ command: "bench", flags: {}, operands: true }, args);
  if (flags.has("help")) return { kind: "help" };
  const [first, second, stray] = flags.operands;
  if (!first || !second || stray !== undefined) {
    throw new UsageError("compare takes the FILEs of two runs");
  }
  return { kind: "compare", files: [first, second] };
}

function parseRun(args: readonly string[]): ParsedFlags {
  const values = readFlags(LINE, args);
  if (values.has("help")) return { kind: "help" };
  const quick = values.has("quick");
  const base = quick ? QUICK : FULL;
  const peersRoots = values.all("peers-root");
  return {
    kind: "run",
    flags: {
      ...base,
      models: parseModels(values),
      scenarios: parseScenarios(values, quick),
      sizes: quick ? QUICK_SIZES : FILE_SIZES,
      peers: values.has("peers") || peersRoots.length > 0,
      peersRoots,
      twins: values.has("twins"),
      ladder: values.has("ladder"),
      count: values.has("count"),
      dryRun: values.has("dry-run"),
      load: values.oneOf("load", LOADS),
      // A first look claims nothing, and has no time for it.
      bothLoads: !quick,
      repeats: values.whole("repeats", 1, REPEATS_MAX, base.repeats),
      seconds: values.number(
        "seconds",
        { unit: "seconds", over: true, high: SECONDS_MAX },
        base.seconds,
      ),
      ...optional("seed", values.whole("seed", 0, SEED_MAX, undefined)),
      ...optional("out", values.text("out")),
      pin: parsePin(values),
      ...optional("quota", values.number("quota", QUOTA, undefined)),
    },
  };
}

function optional<K extends string, T>(name: K, value: T | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: T };
}

function parseModels(values: Values): ModelSubject[] {
  const all = configurationsOf(parseWorkers(values.text("workers")));
  const models = selectModels(values.text("models")?.split(","), all);
  if ("unknown" in models) {
    const known = all.map((subject) => subject.id).join(", ");
    throw new UsageError(`--models takes names of ${known}, not "${models.unknown}"`);
  }
  return models;
}

/** Several workers on one processor would be measured as what they are not. */
function parsePin(values: Values): boolean {
  const several = parseWorkers(values.text("workers"))?.some((count) => count > 1) ?? false;
  if (values.has("pin") && several) {
    throw new UsageError("--pin keeps a server on one processor: it takes --workers 1");
  }
  return values.has("pin");
}

/** "2", or "1,2,4": each once, in that order. */
function parseWorkers(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  const counts = text.split(",").map((part) => /^\d+$/.test(part) ? Number(part) : NaN);
  if (!counts.every((count) => count >= 1 && count <= WORKERS_MAX)) {
    throw new UsageError(
      `--workers takes a whole number from 1 to ${WORKERS_MAX}, or several, not "${text}"`,
    );
  }
  return [...new Set(counts)];
}

function parseScenarios(values: Values, quick: boolean): Scenario[] {
  const names = values.text("scenarios")?.split(",");
  const unknown = names?.find((name) => !SCENARIOS.some((scenario) => scenario.id === name));
  if (unknown !== undefined) {
    const known = SCENARIOS.map((scenario) => scenario.id).join(", ");
    throw new UsageError(`--scenarios takes names of ${known}, not "${unknown}"`);
  }
  const headline = values.oneOf("points", POINTS) === "headline";
  const chosen = SCENARIOS.filter(({ id }) => names === undefined || names.includes(id))
    .map((scenario) => headline ? { ...scenario, points: headlinePoints(scenario) } : scenario);
  if (!quick) return chosen;
  const long = names?.find((name) => !scenarioOf(name)!.points.some((point) => point.quick));
  if (long !== undefined) throw new UsageError(`--quick has no time for the scenario ${long}`);
  return chosen.map((scenario) => ({
    ...scenario,
    ...scenario.quickly,
    points: scenario.points.filter((point) => point.quick),
  })).filter(({ points }) => points.length > 0);
}
