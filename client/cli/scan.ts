/**
 * Arguments taken apart by a table of flags, as getopt_long(3) does it: names, letters and clusters
 * of them, values behind a space, `=` or a letter, operands anywhere, and all of them behind `--`.
 *
 * flags.ts gives meaning to what is found here.
 *
 * @module
 */

import type { Flag } from "./help.ts";
import { UsageError } from "./usage.ts";

/** The values of each flag in the order in which they came; true and false are a switch's. */
export type Given = ReadonlyMap<string, readonly (string | boolean)[]>;

/** Arguments taken apart. */
export interface Scanned {
  /** By names of flags. */
  readonly given: Given;
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
  const byLetter = new Map([
    ...[...table].map(([name, { letter }]) => [letter ?? "", name] as const),
    ...Object.entries(letters),
  ]);
  const given = new Map<string, (string | boolean)[]>();
  const operands: string[] = [];
  let unknown: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (!/^-./s.test(arg)) {
      operands.push(arg);
      continue;
    }
    const standing = arg.startsWith("--") ? named(arg, table) : clustered(arg, table, byLetter);
    if (standing === undefined) unknown ??= arg;
    for (const [name, value] of standing ?? []) {
      const values = given.get(name) ?? [];
      given.set(name, values);
      if (table.get(name)!.value === undefined) values.push(value !== "false");
      else if (value !== undefined) values.push(value);
      else if (/^(?:[^-]|-$|-[.\d])/s.test(args[at + 1] ?? "")) values.push(args[++at]!);
      else values.push("");
    }
  }
  return unknown === undefined ? { given, operands } : { given, operands, unknown };
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
