/**
 * Completion for bash 3.2 and later: one function that looks for the verb and asks compgen.
 *
 * @module
 */

import { SUBCOMMANDS } from "../verbs.ts";
import { COMMANDS, FLAGS, flagsOf, namesOf, SHELLS, spellings, valued } from "./flags.ts";

/** The script. */
export function bashScript(): string {
  const verbs = SUBCOMMANDS.map(({ name }) => name).join(" ");
  const choices = FLAGS.filter(([, flag]) => flag.choices !== undefined).map(([name, flag]) =>
    `    --${name}) COMPREPLY=($(compgen -W "${flag.choices!.join(" ")}" -- "$word")); return ;;`
  );
  const byVerb = SUBCOMMANDS.map((verb) =>
    `      ${verb.name}) flags="${flagsOf(verb).join(" ")}" ;;`
  );
  return `# bash completion for ftplab, written by: ftplab client completions bash
_ftplab() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" verb="" flags at
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${COMMANDS.join(" ")}" -- "$word"))
    return
  fi
  [[ "\${COMP_WORDS[1]}" == client ]] || return
  case "$before" in
${choices.join("\n")}
    ${spellings("directory")}) _ftplab_files -d "$word"; return ;;
    ${spellings("file")}) _ftplab_files -f "$word"; return ;;
    ${spellings("text")}) return ;;
  esac
  for ((at = 2; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      ${valued()}) ((at++)) ;;
      -*) ;;
      *) verb="\${COMP_WORDS[at]}"; break ;;
    esac
  done
  if [[ "$word" == -* ]]; then
    case "$verb" in
${byVerb.join("\n")}
      *) flags="${flagsOf(undefined).join(" ")}" ;;
    esac
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ -z "$verb" ]]; then
    COMPREPLY=($(compgen -W "${verbs}" -- "$word"))
  else
    case "$verb" in
      completions) COMPREPLY=($(compgen -W "${SHELLS.join(" ")}" -- "$word")) ;;
      ${namesOf("local")}) _ftplab_files -f "$word" ;;
    esac
  fi
}
_ftplab_files() { # names may hold spaces
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null # since bash 4.0
  COMPREPLY=($(compgen "$1" -- "$2"))
}
complete -F _ftplab ftplab
`;
}
