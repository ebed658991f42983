/**
 * Completion for bash 3.2 and later: one function that puts together the words that bash parts
 * within, looks for the verb and asks compgen.
 *
 * @module
 */

import type { Subcommand } from "../task.ts";
import {
  COMMANDS,
  FLAGS,
  flagsOf,
  SHELLS,
  spellings,
  switchesOf,
  takersOfFiles,
  valued,
} from "./flags.ts";

/** What is offered, line by line: names hold spaces and stars. What bash parted off is there. */
const REPLIES = `_ftplab_files() {
  compopt -o filenames 2>/dev/null # since bash 4.0
  _ftplab_reply "$1"
}
_ftplab_reply() {
  local line
  while IFS= read -r line; do
    COMPREPLY+=("\${line#"$parted"}")
  done < <(compgen "$@" -- "$word")
}
`;

/** The script for these verbs. */
export function bashScript(verbs: readonly Subcommand[]): string {
  const names = verbs.map(({ name }) => name).join(" ");
  const choices = FLAGS.filter(([, flag]) => flag.choices !== undefined).map(([name, flag]) =>
    `    --${name}) _ftplab_reply -W "${flag.choices!.join(" ")}"; return ;;`
  );
  const byVerb = verbs.map((verb) =>
    `      ${verb.name}) flags="${flagsOf(verb, verbs).join(" ")}" ;;`
  );
  const switches = switchesOf(verbs).map((each) => `"${each}"`).join("|");
  return `# bash completion for ftplab, written by: ftplab client completions bash
_ftplab() {
  local words=() last="" each at end word before parted verb="" flags
  COMPREPLY=()
  for each in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do # bash parts words at = : and @, too
    if [[ "$each" == [@=:]* || -n "$each" && "$last" == [@=:]* ]]; then
      words[\${#words[@]}-1]+="$each"
    else
      words+=("$each")
    fi
    last="$each"
  done
  end=$((\${#words[@]} - 1))
  word="\${words[end]}" before="\${words[end-1]}"
  [[ "$word" == --*=* ]] && before="\${word%%=*}" word="\${word#*=}"
  [[ "$last" == [@=:]* ]] && last=""
  parted="\${word%"$last"}"
  if ((end == 1)); then
    _ftplab_reply -W "${COMMANDS.join(" ")}"
    return
  fi
  [[ "\${words[1]}" == client ]] || return
  for ((at = 2; at < end; at++)); do
    case "\${words[at]}" in
      ${valued()}) ((at++)) ;;
      -*) ;;
      *) verb="\${words[at]}"; break ;;
    esac
  done
  case "$verb $before" in ${switches}) before="" ;; esac
  case "$before" in
${choices.join("\n")}
    ${spellings("directory")}) _ftplab_files -d; return ;;
    ${spellings("file")}) _ftplab_files -f; return ;;
    ${spellings("text")}) return ;;
  esac
  [[ "\${words[end]}" == --*=* ]] && return
  if [[ "$word" == -* ]]; then
    case "$verb" in
${byVerb.join("\n")}
      *) flags="${flagsOf(undefined, verbs).join(" ")}" ;;
    esac
    _ftplab_reply -W "$flags"
  elif [[ -z "$verb" ]]; then
    _ftplab_reply -W "${names}"
  else
    case "$verb" in
      completions) _ftplab_reply -W "${SHELLS.join(" ")}" ;;
      ${takersOfFiles(verbs)}) _ftplab_files -f ;;
    esac
  fi
}
${REPLIES}complete -F _ftplab ftplab
`;
}
