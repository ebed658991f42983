/**
 * Completion for fish: one line for each verb and each flag, with the condition for it.
 *
 * fish itself looks for the verb: a value of a flag that is called like a verb is taken for one.
 *
 * @module
 */

import { LETTERS_OF_VERB } from "../arguments.ts";
import { HELP_FLAG } from "../help.ts";
import type { Subcommand } from "../task.ts";
import { COMMANDS, FLAGS, SHELLS, valueKindOf } from "./flags.ts";

/** The script for these verbs. */
export function fishScript(verbs: readonly Subcommand[]): string {
  const inClient = "__fish_seen_subcommand_from client";
  const names = verbs.map(({ name }) => name).join(" ");
  const lines = [
    "# fish completion for ftplab, written by: ftplab client completions fish",
    "complete -c ftplab -f",
    `complete -c ftplab -n __fish_use_subcommand -a ${fishQuoted(COMMANDS.join(" "))}`,
  ];
  for (const { name, summary } of verbs) {
    const condition = `${inClient}; and not __fish_seen_subcommand_from ${names}`;
    lines.push(
      `complete -c ftplab -n ${fishQuoted(condition)} -a ${name} -d ${fishQuoted(summary)}`,
    );
  }
  for (const [name, flag] of FLAGS) {
    const owners = verbs.filter(({ flags }) => flags.some((each) => each === name));
    const condition = owners.length === 0
      ? inClient
      : `${inClient}; and __fish_seen_subcommand_from ${owners.map((verb) => verb.name).join(" ")}`;
    // A letter that means one flag behind one verb and another behind the next is left out.
    const isOwn = flag.letter !== undefined &&
      ![...LETTERS_OF_VERB.values()].some((letters) => flag.letter! in letters);
    const kind = valueKindOf(name, flag);
    const values = {
      none: "",
      choice: ` -x -a ${fishQuoted((flag.choices ?? []).join(" "))}`,
      file: " -r -F",
      directory: " -x -a '(__fish_complete_directories)'",
      text: " -x",
    }[kind];
    lines.push(
      `complete -c ftplab -n ${fishQuoted(condition)} -l ${name}${
        isOwn ? ` -s ${flag.letter}` : ""
      }` +
        `${values} -d ${fishQuoted(flag.help)}`,
    );
  }
  for (const { name } of verbs.filter(({ takes }) => takes === "local")) {
    lines.push(
      `complete -c ftplab -n ${
        fishQuoted(`${inClient}; and __fish_seen_subcommand_from ${name}`)
      } -F`,
    );
  }
  lines.push(
    `complete -c ftplab -n ${fishQuoted(inClient)} -l help -d ${fishQuoted(HELP_FLAG.help)}`,
  );
  const shells = `${inClient}; and __fish_seen_subcommand_from completions`;
  lines.push(
    `complete -c ftplab -n ${fishQuoted(shells)} -a ${fishQuoted(SHELLS.join(" "))}`,
  );
  return `${lines.join("\n")}\n`;
}

/** A text in quotes of fish, where a backslash quotes another one. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
