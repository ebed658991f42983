/**
 * Arguments taken apart by a table of flags, as getopt_long(3) does it: names, letters and clusters
 * of them, values behind a space, `=` or a letter, operands anywhere, and all of them behind `--`.
 * What may be guessed otherwise is written out first; the parser of the standard library does it.
 *
 * flags.ts gives meaning to what is found here.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import type { Flag } from "./help.ts";
import { UsageError } from "./usage.ts";

/** The values of each flag in the order in which they came; true and false are a switch's. */
export type GivenFlags = ReadonlyMap<string, readonly (string | boolean)[]>;

/** Arguments taken apart. */
export interface Scanned {
  /** By names of flags. */
  readonly given: GivenFlags;
  /** What stands there besides flags. */
  readonly operands: readonly string[];
  /** The first flag that is none. */
  readonly unknown?: string;
}

/** One flag as it stands there; its value, if it has one, may be the next argument. */
type Standing = readonly [name: string, value: string | undefined];

/**
 * Takes arguments apart. Nothing is guessed from what follows a switch: an operand behind it may be
 * called "true". A value may be "-" or a negative number; one that begins with a dash else needs
 * the "=".
 */
export function scan(
  args: readonly string[],
  table: ReadonlyMap<string, Flag>,
  letters: Readonly<Record<string, string>>,
): Scanned {
  const names = [...table.keys()];
  const valued = names.filter((name) => table.get(name)!.value !== undefined);
  const switches = names.filter((name) => !valued.includes(name));
  let unknown: string | undefined;
  const parsed = parseArgs(explicit(args, table, letters), {
    string: ["_", ...valued.map(keyOf)],
    boolean: switches.map(keyOf),
    collect: valued.map(keyOf),
    unknown: (arg, key) => {
      if (key !== undefined) unknown ??= arg;
      return key === undefined;
    },
  });
  const given = new Map<string, readonly (string | boolean)[]>();
  for (const name of valued) {
    const values = parsed[keyOf(name)] as string[];
    if (values.length > 0) given.set(name, values);
  }
  for (const name of switches) if (parsed[keyOf(name)] === true) given.set(name, [true]);
  const operands = parsed._ as string[];
  return unknown === undefined ? { given, operands } : { given, operands, unknown };
}

/** What the parser calls a flag: behind `no-` it would look for the name of another. */
function keyOf(name: string): string {
  return name.replace(/^no-/, "no:");
}

/** The same arguments with every flag by its name and its value behind "=". */
function explicit(
  args: readonly string[],
  table: ReadonlyMap<string, Flag>,
  letters: Readonly<Record<string, string>>,
): string[] {
  const byLetter = new Map([
    ...[...table].map(([name, { letter }]) => [letter ?? "", name] as const),
    ...Object.entries(letters),
  ]);
  const result: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return [...result, ...args.slice(at)];
    const standing = !/^-./s.test(arg)
      ? undefined
      : arg.startsWith("--")
      ? named(arg, table)
      : clustered(arg, table, byLetter);
    if (standing === undefined) result.push(arg);
    for (const [name, value] of standing ?? []) {
      const isSwitch = table.get(name)!.value === undefined;
      const follows = /^(?:[^-]|-$|-[.\d])/s.test(args[at + 1] ?? "");
      result.push(`--${keyOf(name)}=${value ?? (isSwitch ? "true" : follows ? args[++at]! : "")}`);
    }
  }
  return result;
}

/** `--name`, `--name=value`. */
function named(arg: string, table: ReadonlyMap<string, Flag>): Standing[] | undefined {
  const [, name = "", value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
  const flag = table.get(name);
  if (flag === undefined) return undefined;
  if (flag.value === undefined && value !== undefined && !/^(true|false)$/.test(value)) {
    throw new UsageError(`--${name} takes no value`);
  }
  return [[name, value]];
}

/** `-cq`, `-o NAME`, `-oNAME`, `-co NAME`: the first letter with a value takes all behind it. */
function clustered(
  arg: string,
  table: ReadonlyMap<string, Flag>,
  byLetter: ReadonlyMap<string, string>,
): Standing[] | undefined {
  const found: Standing[] = [];
  for (let at = 1; at < arg.length; at++) {
    const name = byLetter.get(arg[at]!);
    if (name === undefined) return undefined;
    const rest = arg.slice(at + 1);
    if (table.get(name)!.value !== undefined) {
      return [...found, [name, rest === "" ? undefined : rest]];
    }
    found.push([name, undefined]);
  }
  return found;
}
