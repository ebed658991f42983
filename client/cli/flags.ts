/**
 * The one parser of command lines: arguments and a table in, checked values out, or a `UsageError`
 * of one line that names the flag, what it takes and what was given. serve, client, bench and lab
 * call it; it opens nothing, and no password that it was given appears in what it says.
 *
 * @module
 */

import { type Flag, type Grammar, HELP_FLAG } from "./help.ts";
import { type GivenFlags, scan } from "./scan.ts";
import { closest, UsageError } from "./usage.ts";

export type { CommandLine, Flag, Grammar, Row, Topic } from "./help.ts";
export {
  CALLED,
  helpForVerb,
  outputColumns,
  renderHelp,
  renderTopic,
  versionText,
  wrap,
} from "./help.ts";
export { hasTerminal, pieceOf, print, PrintError, untilReady } from "./print.ts";
export { closest, USAGE_STATUS, UsageError } from "./usage.ts";

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
  const table = tableOf(line);
  const keepsSecrets = [...table.values()].some((flag) => flag.secret === true);
  const { given, operands, unknown } = scan(args, table, line.letters ?? {});
  if (given.get("help")?.at(-1) !== true) {
    if (unknown !== undefined) {
      const name = shown(unknown.split("=", 1)[0]!, keepsSecrets);
      throw new UsageError(unknownFlag(line.command, name, [...table.keys()]));
    }
    if (!line.operands && operands.length > 0) {
      const first = `argument "${shown(operands[0]!, keepsSecrets)}"`;
      throw new UsageError(
        args.includes("--")
          ? `${line.command} takes no ${first}`
          : `Unknown ${first}: ${line.command} --help lists the flags`,
      );
    }
  }
  return new Flags<Name>(table, given, operands);
}

/** The operands among `args`, whatever else is wrong with these. */
export function operandsOf(line: Grammar, args: readonly string[]): readonly string[] {
  return scan(args, tableOf(line), line.letters ?? {}).operands;
}

/** The flags of a command line by name; every one has --help. */
function tableOf({ flags }: Grammar): ReadonlyMap<string, Flag> {
  return new Map([...Object.entries<Flag>(flags), ["help", HELP_FLAG]]);
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

/** The values of a command line by the names of its table. */
export class Flags<Name extends string> {
  readonly #table: ReadonlyMap<string, Flag>;
  readonly #given: GivenFlags;
  /** What stands there besides flags, as it was typed. */
  readonly operands: readonly string[];

  /** `readFlags` makes them. */
  constructor(
    table: ReadonlyMap<string, Flag>,
    given: ReadonlyMap<string, readonly (string | boolean)[]>,
    operands: readonly string[],
  ) {
    this.#table = table;
    this.#given = given;
    this.operands = operands;
  }

  /** Whether a switch is on. */
  has(name: Name | "help"): boolean {
    return this.#given.get(name)?.at(-1) === true;
  }

  /** Whether it stands there at all. */
  isGiven(name: Name): boolean {
    return this.#given.has(name);
  }

  /** What was given, as words that mean the same and are one for each. */
  words(): string[] {
    return [...this.#given].flatMap(([name, values]) =>
      values.map((value) => value === true ? `--${name}` : `--${name}=${value}`)
    );
  }

  /** The values of a flag that repeats. */
  all(name: Name): readonly string[] {
    const values = (this.#given.get(name) ?? []).map(String);
    if (values.includes("")) throw this.wrong(name, this.#table.get(name)!.value!);
    return values;
  }

  /** What was given, or the default; undefined where neither is. An empty value is wrong. */
  text(name: Name, takes: string = this.#table.get(name)!.value!): string | undefined {
    const given = this.#given.get(name)?.at(-1);
    if (given === "") throw this.wrong(name, takes);
    return given === undefined ? this.#table.get(name)!.initial : String(given);
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
    const given = this.#given.get(name)?.at(-1);
    const isShown = typeof given === "string" && given !== "" && !this.#table.get(name)!.secret;
    return new UsageError(`--${name} takes ${takes}${isShown ? `, not "${given}"` : ""}`);
  }
}

/** NaN for what is not written in decimal digits. */
function decimal(text: string | undefined): number {
  return /^-?(?:\d+\.?\d*|\.\d+)(?:e\d+)?$/i.test(text ?? "") ? Number(text) : NaN;
}
