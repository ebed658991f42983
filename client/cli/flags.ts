/**
 * The one parser of command lines: arguments and a table in, checked values out, or a `UsageError`
 * of one line that names the flag, what it takes and what was given. serve, client, bench and lab
 * call it; it opens nothing, and no password that it was given appears in what it says.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { printable } from "../text.ts";
import { type Flag, type Grammar, HELP_FLAG } from "./help.ts";

export type { CommandLine, Flag, Grammar, Row, Topic } from "./help.ts";
export { outputColumns, renderHelp, wrap } from "./help.ts";

/** A command line that means nothing: one line that says what is wrong with it. */
export class UsageError extends Error {
  /** As `Error.name`. */
  override name = "UsageError";

  /** Whatever of `message` a terminal would obey is escaped. */
  constructor(message: string) {
    super(printable(message));
  }
}

/** Exit status after a wrong command line, as shells have it. */
export const USAGE_STATUS = 2;

/** Between which numbers a value must lie, and what it counts. */
export interface Range {
  /** "seconds", "milliseconds". */
  readonly unit: string;
  /** The least; 0 by default. */
  readonly low?: number;
  /** The value must be more than `low`, not only as much. */
  readonly over?: boolean;
  /** The most. */
  readonly high: number;
}

/**
 * Reads `args` by the table of `line`. Values are looked at when they are asked for, so that --help
 * is answered whatever stands beside it.
 *
 * @throws {UsageError} for flags and operands that the table does not know, unless --help is given.
 *
 * @example
 * ```ts ignore
 * const table = { port: { value: "N", help: "where" } };
 * const flags = readFlags({ command: "go", flags: table, operands: false }, ["--port", "21"]);
 * flags.whole("port", 1, 65_535, 2121); // 21
 * ```
 */
export function readFlags<Name extends string>(
  line: Grammar<Name>,
  args: readonly string[],
): Flags<Name> {
  const table = new Map<string, Flag>([...Object.entries<Flag>(line.flags), ["help", HELP_FLAG]]);
  const names = [...table.keys()];
  const isValued = (name: string) => table.get(name)!.value !== undefined;
  const keepsSecrets = [...table.values()].some((flag) => flag.secret === true);
  let wrong: string | undefined;
  const parsed = parseArgs(explicit(args, table), {
    string: ["_", ...names.filter(isValued)],
    boolean: names.filter((name) => !isValued(name)),
    collect: names.filter((name) => table.get(name)!.repeats),
    unknown: (arg, key) => {
      if (key === undefined && line.operands) return true;
      wrong ??= key === undefined
        ? `Unknown argument "${shown(arg, keepsSecrets)}": ${line.command} --help lists the flags`
        : unknownFlag(line.command, shown(arg.split("=", 1)[0]!, keepsSecrets), names);
      return false;
    },
  });
  const operands = parsed._ as string[];
  if (!line.operands && operands.length > 0) { // those behind "--"
    wrong ??= `${line.command} takes no argument "${shown(operands[0]!, keepsSecrets)}"`;
  }
  if (parsed["help"] !== true && wrong !== undefined) throw new UsageError(wrong);
  return new Flags<Name>(table, parsed, operands);
}

/** An argument as it may be repeated: what follows a colon may be somebody's password. */
function shown(arg: string, keepsSecrets: boolean): string {
  return keepsSecrets ? arg.replace(/:.*/s, ":...") : arg;
}

function unknownFlag(command: string, given: string, names: readonly string[]): string {
  const meant = closest(given.replace(/^-+/, ""), names);
  const question = meant === undefined ? "" : ` did you mean --${meant}?`;
  return `Unknown flag "${given}":${question} ${command} --help lists the flags`;
}

/**
 * Every flag with its value behind "=", so that nothing is guessed from what follows: a value may
 * be a negative number, and an operand behind a switch may be called "true". Letters become names.
 */
function explicit(args: readonly string[], table: ReadonlyMap<string, Flag>): string[] {
  const letters = new Map([...table].map(([name, flag]) => [flag.letter, name]));
  const result: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return [...result, ...args.slice(at)];
    const flag = arg.startsWith("--") ? table.get(arg.slice(2)) : undefined;
    const next = args[at + 1];
    const [, name = "", value] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (table.has(name) && table.get(name)!.value === undefined && !/^(true|false)$/.test(value!)) {
      throw new UsageError(`--${name} takes no value`);
    }
    if (flag === undefined) {
      const cluster = /^-[a-z]+$/i.test(arg) ? [...arg.slice(1)] : [];
      const known = cluster.flatMap((letter) => letters.get(letter) ?? []);
      const isKnown = known.length > 0 && known.length === cluster.length;
      result.push(...(isKnown ? known.map((name) => `--${name}=true`) : [arg]));
    } else if (flag.value === undefined) {
      result.push(`${arg}=true`);
    } else if (next !== undefined && /^(?:[^-]|-[.\d])/.test(next)) {
      result.push(`${arg}=${next}`);
      at++;
    } else {
      result.push(`${arg}=`);
    }
  }
  return result;
}

/** The values of a command line by the names of its table. */
export class Flags<Name extends string> {
  readonly #table: ReadonlyMap<string, Flag>;
  readonly #given: Readonly<Record<string, unknown>>;
  /** What stands there besides flags, as it was typed. */
  readonly operands: readonly string[];

  /** `readFlags` makes them. */
  constructor(
    table: ReadonlyMap<string, Flag>,
    given: Readonly<Record<string, unknown>>,
    operands: readonly string[],
  ) {
    this.#table = table;
    this.#given = given;
    this.operands = operands;
  }

  /** Whether a switch is on. */
  has(name: Name | "help"): boolean {
    return this.#given[name] === true;
  }

  /** The values of a flag that repeats. */
  all(name: Name): readonly string[] {
    const values = this.#given[name] as string[];
    if (values.includes("")) throw this.wrong(name, this.#table.get(name)!.value!);
    return values;
  }

  /** What was given, or the default; undefined where neither is. An empty value is wrong. */
  text(name: Name, takes: string = this.#table.get(name)!.value!): string | undefined {
    const given = this.#given[name] as string | undefined;
    if (given === "") throw this.wrong(name, takes);
    return given ?? this.#table.get(name)!.initial;
  }

  /** One of `choices`; `otherwise` where nothing is given and the table has no default. */
  oneOf<T extends string>(name: Name, choices: Iterable<T>): T;
  oneOf<T extends string, D>(name: Name, choices: Iterable<T>, otherwise: D): T | D;
  oneOf<T extends string>(name: Name, choices: Iterable<T>, ...otherwise: unknown[]): unknown {
    const names = [...choices];
    const given = this.text(name, names.join(", "));
    if (given === undefined && otherwise.length > 0) return otherwise[0];
    const found = names.find((choice) => choice === given);
    if (found === undefined) throw this.wrong(name, names.join(", "));
    return found;
  }

  /** A whole number from `low` to `high`; `otherwise` as in oneOf. */
  whole(name: Name, low: number, high: number): number;
  whole<D>(name: Name, low: number, high: number, otherwise: D): number | D;
  whole(name: Name, low: number, high: number, ...otherwise: unknown[]): unknown {
    const takes = `a whole number from ${low} to ${high}`;
    const given = this.text(name, takes);
    if (given === undefined && otherwise.length > 0) return otherwise[0];
    const number = decimal(given);
    if (Number.isInteger(number) && number >= low && number <= high) return number;
    throw this.wrong(name, takes);
  }

  /** A number within `range`, in its unit; `otherwise` as in oneOf. */
  number(name: Name, range: Range): number;
  number<D>(name: Name, range: Range, otherwise: D): number | D;
  number(name: Name, { unit, low = 0, over, high }: Range, ...otherwise: unknown[]): unknown {
    const takes = `${unit} ${over ? `over ${low}, up` : `from ${low}`} to ${high}`;
    const given = this.text(name, takes);
    if (given === undefined && otherwise.length > 0) return otherwise[0];
    const number = decimal(given);
    if ((over ? number > low : number >= low) && number <= high) return number;
    throw this.wrong(name, takes);
  }

  /** What is said of a value that cannot be: "--port takes a whole number, not "x"". */
  wrong(name: Name, takes: string): UsageError {
    const given = this.#given[name];
    const isShown = typeof given === "string" && given !== "" && !this.#table.get(name)!.secret;
    return new UsageError(`--${name} takes ${takes}${isShown ? `, not "${given}"` : ""}`);
  }
}

/** NaN for what is not written in decimal digits. */
function decimal(text: string | undefined): number {
  return /^-?(?:\d+\.?\d*|\.\d+)(?:e\d+)?$/i.test(text ?? "") ? Number(text) : NaN;
}

/** What is longer than any name with a slip in it is not compared. */
const COMPARED_CHARS_MAX = 40;

/**
 * The one of `known` that `given` was probably meant to be: the only one that it begins, or one
 * with a few letters mistaken.
 */
export function closest(given: string, known: readonly string[]): string | undefined {
  if (given.length < 2 || given.length > COMPARED_CHARS_MAX) return undefined;
  const begun = known.filter((name) => name.startsWith(given));
  if (begun.length === 1) return begun[0];
  const ranked = known.map((name) => [mistakes(given, name), name] as const)
    .sort(([left], [right]) => left - right);
  const [count, name] = ranked[0] ?? [Infinity];
  return count <= Math.max(1, given.length / 3) ? name : undefined;
}

/** Letters to insert, leave out, replace, or exchange with their neighbour (optimal alignment). */
function mistakes(left: string, right: string): number {
  const rows = [Array.from({ length: right.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      const isExchanged = i > 1 && j > 1 && left[i - 1] === right[j - 2] &&
        left[i - 2] === right[j - 1];
      row.push(Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + same,
        isExchanged ? rows[i - 2]![j - 2]! + 1 : Infinity,
      ));
    }
    rows.push(row);
  }
  return rows[left.length]![right.length]!;
}
