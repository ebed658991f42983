/**
 * What completions of every shell are made from: the tables of verbs and flags, asked as a shell
 * asks.
 *
 * Pure.
 *
 * @module
 */

import { GRAMMAR, LETTERS_OF_VERB } from "../arguments.ts";
import type { Flag } from "../flags.ts";
import type { Subcommand } from "../task.ts";

/** What the program has besides the client. */
export const COMMANDS = ["serve", "client", "bench", "lab"];

/** The shells that there are completions for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** The table of flags, by name. */
export const FLAGS: readonly (readonly [string, Flag])[] = Object.entries<Flag>(GRAMMAR.flags);

/** Flags of this verb and those that belong to none, in the order of --help, with dashes. */
export function flagsOf(verb: Subcommand | undefined, verbs: readonly Subcommand[]): string[] {
  const of: readonly string[] = verb?.flags ?? [];
  const owned: ReadonlySet<string> = new Set(verbs.flatMap(({ flags }) => flags));
  return [
    ...FLAGS.map(([name]) => name).filter((name) => !owned.has(name) || of.includes(name)),
    "help",
  ].map((name) => `--${name}`);
}

/** What a flag's value is. */
export function valueKindOf(
  name: string,
  { value, choices }: Flag,
): "none" | "choice" | "file" | "directory" | "text" {
  if (value === undefined) return "none";
  if (choices !== undefined) return "choice";
  if (value === "DIR") return "directory";
  return value === "FILE" || name === "output" ? "file" : "text";
}

/** A pattern of the shell for all spellings of the flags of one kind; "" for none. */
export function spellings(kind: ReturnType<typeof valueKindOf>): string {
  return patternOf(FLAGS.filter(([name, flag]) => valueKindOf(name, flag) === kind));
}

/** The same of flags whose value is to be skipped when the verb is looked for. */
export function valued(): string {
  return patternOf(FLAGS.filter(([, { value }]) => value !== undefined));
}

function patternOf(flags: typeof FLAGS): string {
  return flags.flatMap(([name, { letter }]) =>
    letter === undefined ? [`--${name}`] : [`--${name}`, `-${letter}`]
  ).join("|");
}

/** What has no value though its letter has one with other verbs: `rm -f`. */
export function switchesOf(verbs: readonly Subcommand[]): string[] {
  const hasValue = (letter: string) =>
    FLAGS.some(([, flag]) => flag.letter === letter && flag.value !== undefined);
  return verbs.flatMap(({ name }) =>
    Object.keys(LETTERS_OF_VERB.get(name) ?? {}).filter(hasValue).map((each) => `${name} -${each}`)
  );
}

/** Those of `verbs` that take files of this machine, as a pattern of the shell. */
export function takersOfFiles(verbs: readonly Subcommand[]): string {
  return verbs.filter(({ takes }) => takes === "local").map(({ name }) => name).join("|");
}
