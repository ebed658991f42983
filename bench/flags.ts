/**
 * The command line of `deno task bench`: text in, a plan or one line of complaint out. Pure; mod.ts
 * calls it.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { MODELS, type ModelSubject, selectModels } from "./subjects.ts";

/** What the user wants measured. */
export interface BenchFlags {
  /** Variants of this project's own server. */
  readonly models: readonly ModelSubject[];
  /** What each of them is to do. */
  readonly scenarios: readonly Scenario[];
  /** Whether other servers take part. */
  readonly peers: boolean;
  /** How often each cell is measured. */
  readonly repeats: number;
  /** How long one cell is measured, its warm-up not included, milliseconds. */
  readonly measureMs: number;
  /** After this no further cell is begun, milliseconds; undefined: all of them are. */
  readonly budgetMs?: number;
  /** How long a server may finish nothing before its cell has failed, milliseconds. */
  readonly stallMs: number;
  /** Where to write the measurements as JSON. */
  readonly json?: string;
}

/** A command line understood, a wish for help, or what is wrong with it in one line. */
export type ParsedFlags =
  | { readonly kind: "run"; readonly flags: BenchFlags }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

/**
 * Repeats and time of a full run: benchmarks with fewer than 7 repeats claim nothing. A cell may
 * stand still for 10 s, which is longer than any retransmission that is not a fault.
 */
const FULL = { repeats: 7, measureMs: 1_000, stallMs: 10_000 };

/** --quick ends within a minute: what begins last, after 51 s, may still take its start and 3 s. */
const QUICK = { repeats: 2, measureMs: 200, stallMs: 3_000, budgetMs: 51_000 };

/** More repeats or seconds than these are a slip of the finger: the run would take days. */
const REPEATS_MAX = 1_000;
const SECONDS_MAX = 600;

/** The text of --help. */
export const HELP = `Measure the models against each other and, with --peers, against other servers

Usage: deno task bench [FLAGS]

  --quick            a first look in under a minute: ${QUICK.repeats} repeats of ${
  QUICK.measureMs / 1e3
} s
  --models A,B       only these: ${MODELS.map((subject) => subject.id).join(",")},multiplex
  --scenarios A,B    only these: ${SCENARIOS.map((scenario) => scenario.id).join(", ")}
  --repeats N        measure every cell so often (default ${FULL.repeats})
  --seconds S        measure a cell for so long, after its warm-up (default ${FULL.measureMs / 1e3})
  --peers            measure other servers side by side, those that are installed
  --json FILE        write every measurement to FILE

Exit status: 0 measured without an error, 1 some cell failed or had errors, 2 bad flags, 130
interrupted (what was measured until then is shown all the same)`;

const STRINGS = ["models", "scenarios", "repeats", "seconds", "json"] as const;

/** Reads `args`. */
export function parseFlags(args: readonly string[]): ParsedFlags {
  let stray: string | undefined;
  const parsed = parseArgs(args, {
    boolean: ["quick", "peers", "help"],
    string: STRINGS,
    unknown: (arg) => {
      stray ??= arg;
      return false;
    },
  });
  const wrong = (message: string): ParsedFlags => ({ kind: "wrong", message });
  if (stray !== undefined) return wrong(`Unknown argument "${stray}", see deno task bench --help`);
  if (parsed.help === true) return { kind: "help" };

  const text: Partial<Record<typeof STRINGS[number], string>> = {};
  for (const name of STRINGS) {
    const value = parsed[name];
    if (value === undefined) continue;
    if (typeof value !== "string" || value === "") return wrong(`--${name} takes one value`);
    text[name] = value;
  }
  const models = selectModels(text.models?.split(","));
  if ("unknown" in models) {
    const known = MODELS.map((subject) => subject.id).join(", ");
    return wrong(`--models takes names of ${known}, not "${models.unknown}"`);
  }
  const scenarios = selectScenarios(text.scenarios?.split(","));
  if ("unknown" in scenarios) {
    const known = SCENARIOS.map((scenario) => scenario.id).join(", ");
    return wrong(`--scenarios takes names of ${known}, not "${scenarios.unknown}"`);
  }
  const base = parsed.quick === true ? QUICK : FULL;
  const repeats = text.repeats === undefined ? base.repeats : Number(text.repeats);
  if (!Number.isInteger(repeats) || repeats < 1 || repeats > REPEATS_MAX) {
    return wrong(`--repeats takes a number from 1 to ${REPEATS_MAX}, not "${text.repeats}"`);
  }
  const seconds = text.seconds === undefined ? base.measureMs / 1e3 : Number(text.seconds);
  if (!(seconds > 0 && seconds <= SECONDS_MAX)) {
    return wrong(`--seconds takes a number up to ${SECONDS_MAX}, not "${text.seconds}"`);
  }
  return {
    kind: "run",
    flags: {
      ...base,
      models,
      scenarios,
      peers: parsed.peers === true,
      repeats,
      measureMs: seconds * 1e3,
      ...(text.json === undefined ? {} : { json: text.json }),
    },
  };
}

function selectScenarios(
  names: readonly string[] | undefined,
): Scenario[] | { readonly unknown: string } {
  if (names === undefined) return [...SCENARIOS];
  const unknown = names.find((name) => !SCENARIOS.some((scenario) => scenario.id === name));
  if (unknown !== undefined) return { unknown };
  return SCENARIOS.filter((scenario) => names.includes(scenario.id));
}
