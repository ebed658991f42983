/**
 * Completion for zsh: one function that looks for the verb and gives its flags to _arguments.
 *
 * @module
 */

import { letterWith } from "../arguments.ts";
import { HELP_FLAG } from "../help.ts";
import type { Subcommand } from "../task.ts";
import { COMMANDS, FLAGS, flagsOf, SHELLS, valued, valueKindOf } from "./flags.ts";

/** The script for these verbs. */
export function zshScript(verbs: readonly Subcommand[]): string {
  const described = (text: string) => text.replace(/[[\]:\\]/g, "\\$&");
  const rows = verbs.map(({ name, summary }) =>
    `    ${zshQuoted(`${name}:${described(summary)}`)}`
  );
  const specs = (verb: Subcommand | undefined) =>
    flagsOf(verb, verbs).flatMap((long) => {
      const name = long.slice(2);
      const flag = FLAGS.find(([each]) => each === name)?.[1] ?? HELP_FLAG;
      const values = {
        none: "",
        choice: `:value:(${flag.choices?.join(" ")})`,
        file: ":file:_files",
        directory: ":directory:_files -/",
        text: ":value:{true}",
      }[valueKindOf(name, flag)];
      // A value is behind "=" or a letter, or is the next word; what repeats is offered again.
      const [named, lettered] = flag.value === undefined ? ["", ""] : ["=", "+"];
      const letter = letterWith(verb?.name ?? "", name, flag);
      return (letter === undefined ? [] : [`-${letter}${lettered}`]).concat(`${long}${named}`)
        .map((each) => `${flag.repeats ? "*" : ""}${each}[${described(flag.help)}]${values}`)
        .map(zshQuoted);
    });
  const cases = verbs.map((verb) => {
    const operands = verb.name === "completions"
      ? `2:shell:(${SHELLS.join(" ")})`
      : verb.takes === "local"
      ? "*:file:_files"
      : "*:name:{true}";
    const all = [...specs(verb), "'1:verb:{true}'", zshQuoted(operands)];
    return `    ${verb.name}) _arguments -s \\\n      ${all.join(" \\\n      ")} ;;`;
  });
  return `#compdef ftplab
# zsh completion for ftplab, written by: ftplab client completions zsh
_ftplab() {
  local verb at
  if ((CURRENT == 2)); then
    compadd ${COMMANDS.join(" ")}
    return
  fi
  [[ $words[2] == client ]] || return
  for ((at = 3; at < CURRENT; at++)); do
    case $words[at] in
      ${valued()}) ((at++)) ;;
      -*) ;;
      *) verb=$words[at]; break ;;
    esac
  done
  shift words
  ((CURRENT--))
  case $verb in
${cases.join("\n")}
    *) _arguments \\
      ${specs(undefined).join(" \\\n      ")} \\
      '1:verb:_ftplab_verbs' ;;
  esac
}
_ftplab_verbs() {
  local -a verbs=(
${rows.join("\n")}
  )
  _describe verb verbs
}
# Found by its name in fpath it is called at once; sourced it has to be made known.
if [[ $funcstack[1] == _ftplab ]]; then _ftplab "$@"; else compdef _ftplab ftplab; fi
`;
}

/** A text in quotes of zsh, where nothing is special but the quote. */
function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
