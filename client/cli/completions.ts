/**
 * What bash, zsh and fish need to complete the client's command line, made from the tables of verbs
 * and flags.
 *
 * Pure but for `completions`, the verb. The scripts call no program and read no server: they are
 * for the command as README installs it, `ftplab client ...`.
 *
 * @module
 */

import { GRAMMAR, LETTERS_OF_VERB } from "./arguments.ts";
import { type Flag, UsageError } from "./flags.ts";
import type { Subcommand, Task } from "./task.ts";
import { SUBCOMMANDS } from "./verbs.ts";

/** What the program has besides the client. */
const COMMANDS = ["serve", "client", "bench", "lab"];

/** By the shell's name. */
const SCRIPTS: ReadonlyMap<string, () => string> = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);

/** Writes the script for one shell. */
export async function completions({ console, request }: Task): Promise<void> {
  await console.write(new TextEncoder().encode(scriptFor(request.operands[0]!)));
}

/**
 * The script for a shell.
 *
 * @throws {UsageError} for a shell that is not known.
 */
export function scriptFor(shell: string): string {
  const script = SCRIPTS.get(shell);
  if (script === undefined) {
    throw new UsageError(`completions takes ${[...SCRIPTS.keys()].join(", ")}, not "${shell}"`);
  }
  return script();
}

const FLAGS: readonly (readonly [string, Flag])[] = Object.entries<Flag>(GRAMMAR.flags);

/** The flags that belong to verbs and not to the connection. */
const OWNED: ReadonlySet<string> = new Set(SUBCOMMANDS.flatMap((verb) => verb.flags));

/** Flags that stand with any verb, then those of this one, with dashes. */
function flagsOf(verb: Subcommand | undefined): string[] {
  const of: readonly string[] = verb?.flags ?? [];
  return [
    ...FLAGS.map(([name]) => name).filter((name) => !OWNED.has(name) || of.includes(name)),
    "help",
  ].map((name) => `--${name}`);
}

/** What a flag's value is. */
function kindOf({ value, choices }: Flag): "none" | "choice" | "file" | "directory" | "text" {
  if (value === undefined) return "none";
  if (choices !== undefined) return "choice";
  if (value === "DIR") return "directory";
  return value === "FILE" || value === "NAME" ? "file" : "text";
}

/** A pattern of the shell for all spellings of the flags of one kind; "" for none. */
function spellings(kind: ReturnType<typeof kindOf>): string {
  return FLAGS.filter(([name, flag]) => kindOf(flag) === kind && name !== "user")
    .flatMap(([name, { letter }]) =>
      letter === undefined ? [`--${name}`] : [`--${name}`, `-${letter}`]
    )
    .join("|");
}

/** Flags whose value is to be skipped when the verb is looked for. */
function valued(): string {
  return FLAGS.filter(([, { value }]) => value !== undefined)
    .flatMap(([name, { letter }]) =>
      letter === undefined ? [`--${name}`] : [`--${name}`, `-${letter}`]
    )
    .join("|");
}

function namesOf(takes: "local" | "remote"): string {
  return SUBCOMMANDS.filter((verb) => verb.takes === takes).map(({ name }) => name).join("|");
}

function bashScript(): string {
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
    ${spellings("text")}|--user) return ;;
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
      completions) COMPREPLY=($(compgen -W "${[...SCRIPTS.keys()].join(" ")}" -- "$word")) ;;
      ${namesOf("local")}) _ftplab_files -f "$word" ;;
    esac
  fi
}
_ftplab_files() { # names may hold spaces
  local IFS=$'\\n'
  compopt -o filenames
  COMPREPLY=($(compgen "$1" -- "$2"))
}
complete -F _ftplab ftplab
`;
}

/** A text in single quotes of zsh and fish. */
function single(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", `'\\''`)}'`;
}

function zshScript(): string {
  const described = (text: string) => text.replace(/[[\]:\\]/g, "\\$&");
  const specs = (verb: Subcommand | undefined) =>
    flagsOf(verb).map((name) => {
      const flag = FLAGS.find(([each]) => `--${each}` === name)?.[1] ?? { help: "prints this" };
      const values = {
        none: "",
        choice: `:value:(${flag.choices?.join(" ")})`,
        file: ":file:_files",
        directory: ":directory:_files -/",
        text: ":value:",
      }[name === "--user" ? "text" : kindOf(flag)];
      return `      ${single(`${name}[${described(flag.help)}]${values}`)}`;
    }).join(" \\\n");
  const rows = SUBCOMMANDS.map(({ name, summary }) =>
    `      ${single(`${name}:${described(summary)}`)}`
  );
  const cases = SUBCOMMANDS.map((verb) => {
    const operands = verb.name === "completions"
      ? `'1:shell:(${[...SCRIPTS.keys()].join(" ")})'`
      : verb.takes === "local"
      ? "'*:file:_files'"
      : "'*:name: '";
    return `    ${verb.name}) _arguments \\\n${specs(verb)} \\\n      ${operands} ;;`;
  });
  return `#compdef ftplab
# zsh completion for ftplab, written by: ftplab client completions zsh
_ftplab() {
  local context state state_descr line
  typeset -A opt_args
  if ((CURRENT == 2)); then
    compadd ${COMMANDS.join(" ")}
    return
  fi
  [[ $words[2] == client ]] || return
  shift words
  ((CURRENT--))
  _arguments -C \\
${specs(undefined)} \\
    '1:verb:->verb' '*::operand:->operand'
  case $state in
    verb)
      local -a verbs=(
${rows.join("\n")}
      )
      _describe verb verbs
      ;;
    operand) _ftplab_operands $words[1] ;;
  esac
}
_ftplab_operands() {
  case $1 in
${cases.join("\n")}
  esac
}
compdef _ftplab ftplab
`;
}

function fishScript(): string {
  const inClient = "__fish_seen_subcommand_from client";
  const verbs = SUBCOMMANDS.map(({ name }) => name).join(" ");
  const lines = [
    "# fish completion for ftplab, written by: ftplab client completions fish",
    "complete -c ftplab -f",
    `complete -c ftplab -n __fish_use_subcommand -a ${single(COMMANDS.join(" "))}`,
  ];
  for (const { name, summary } of SUBCOMMANDS) {
    const condition = `${inClient}; and not __fish_seen_subcommand_from ${verbs}`;
    lines.push(`complete -c ftplab -n ${single(condition)} -a ${name} -d ${single(summary)}`);
  }
  for (const [name, flag] of FLAGS) {
    const owners = SUBCOMMANDS.filter(({ flags }) => flags.some((each) => each === name));
    const condition = owners.length === 0
      ? inClient
      : `${inClient}; and __fish_seen_subcommand_from ${owners.map((verb) => verb.name).join(" ")}`;
    // A letter that means one flag behind one verb and another behind the next is left out.
    const isOwn = flag.letter !== undefined &&
      ![...LETTERS_OF_VERB.values()].some((letters) => flag.letter! in letters);
    const kind = name === "user" ? "text" : kindOf(flag);
    const values = {
      none: "",
      choice: ` -x -a ${single((flag.choices ?? []).join(" "))}`,
      file: " -r -F",
      directory: " -x -a '(__fish_complete_directories)'",
      text: " -x",
    }[kind];
    lines.push(
      `complete -c ftplab -n ${single(condition)} -l ${name}${isOwn ? ` -s ${flag.letter}` : ""}` +
        `${values} -d ${single(flag.help)}`,
    );
  }
  for (const { name } of SUBCOMMANDS.filter(({ takes }) => takes === "local")) {
    lines.push(
      `complete -c ftplab -n ${single(`${inClient}; and __fish_seen_subcommand_from ${name}`)} -F`,
    );
  }
  const shells = `${inClient}; and __fish_seen_subcommand_from completions`;
  lines.push(
    `complete -c ftplab -n ${single(shells)} -a ${single([...SCRIPTS.keys()].join(" "))}`,
  );
  return `${lines.join("\n")}\n`;
}
