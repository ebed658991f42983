/**
 * What a command line is, as a table, and the text of its --help: usage, flags side by side, exit
 * statuses, wrapped to the terminal. flags.ts reads arguments by the same table, so that no flag is
 * taken that is not listed; nothing here parses.
 *
 * @module
 */

/** One flag, for the parser and for --help. */
export interface Flag {
  /** The same flag as a letter: "q" for -q. */
  readonly letter?: string;
  /** What stands for its value in --help, "N" or "NAME:PASSWORD"; none for a switch. */
  readonly value?: string;
  /** The values there are, for completions; none where it may be anything. */
  readonly choices?: readonly string[];
  /** The value where none is given; shown in parentheses. */
  readonly initial?: string;
  /** The same in words, where the default depends on something: shown, and not used. */
  readonly otherwise?: string;
  /** What it means, in a few words. */
  readonly help: string;
  /** It may be given more than once, and all its values count. */
  readonly repeats?: boolean;
  /** Its value holds a password: no message repeats it. */
  readonly secret?: boolean;
}

/** A term and what it means; an example means itself. */
export type Row = readonly [term: string, meaning: string];

/** Terms under a heading. */
export interface Topic {
  /** Without a colon. */
  readonly title: string;
  /** In the order in which they are shown. */
  readonly rows: readonly Row[];
}

/** What is needed to read a command's arguments. --help is part of every one, and in no table. */
export interface Grammar<Name extends string = string> {
  /** What messages call it: "serve" in "serve --help lists the flags". */
  readonly command: string;
  /** By name, in the order of --help. */
  readonly flags: Readonly<Record<Name, Flag>>;
  /** Whether it takes anything besides flags. */
  readonly operands: boolean;
  /** Letters that mean another flag than the table says. */
  readonly letters?: Readonly<Record<string, Name>>;
}

/** The same, and what is needed to explain them. */
export interface CommandLine<Name extends string = string> extends Grammar<Name> {
  /** Its forms, each as it stands behind "deno task": "serve [FLAGS]". */
  readonly usage: readonly string[];
  /** One paragraph: what it does. */
  readonly about: string;
  /** What it takes besides flags, explained. */
  readonly topics?: readonly Topic[];
  /** Exit statuses and when they come; where there are none, nothing is said of them. */
  readonly exits: readonly Row[];
  /** Paragraphs at the end. */
  readonly notes?: readonly string[];
}

/** The flag that every command has. */
export const HELP_FLAG: Flag = { letter: "h", help: "prints this" };

/** Columns of a help text where there is room, and the fewest that it is laid out for. */
const HELP_COLUMNS_MAX = 80, HELP_COLUMNS_MIN = 40;

/** A longer term has its meaning below it. */
const TERM_COLUMNS_MAX = 28;

/** Columns that a meaning has beside its term; where fewer are left, all meanings stand below. */
const MEANING_COLUMNS_MIN = 24;

/** Before terms, and before meanings that stand below them. */
const INDENT = 2, INDENT_BELOW = 8;

/** What a command is called behind: packed as README has it, the client has a name of its own. */
export const CALLED: string = import.meta.url.endsWith(".js") ? "ftplab" : "deno task";

/** The columns of standard output; undefined where it is no terminal, or does not tell. */
export function outputColumns(): number | undefined {
  try {
    return Deno.stdout.isTerminal() ? Deno.consoleSize().columns || undefined : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The text of --help, without a line break at its end.
 *
 * @param columns of the terminal; no line is longer, nor longer than 80, but for a single word.
 */
export function renderHelp(line: CommandLine, columns: number = HELP_COLUMNS_MAX): string {
  const width = Math.max(HELP_COLUMNS_MIN, Math.min(HELP_COLUMNS_MAX, columns));
  const forms = line.usage.map((form, index) =>
    `${index === 0 ? "Usage:" : "      "} ${CALLED} ${form}`
  );
  const isTaken = Object.values<Flag>(line.flags).some(({ letter }) => letter === HELP_FLAG.letter);
  const help = isTaken ? { help: HELP_FLAG.help } : HELP_FLAG;
  const table = Object.entries<Flag>({ ...line.flags, help });
  // -h alone is not worth a column.
  const hasLetters = Object.values<Flag>(line.flags).some(({ letter }) => letter !== undefined);
  const flags = table.map(([name, flag]) => rowOf(name, flag, hasLetters));
  return [
    forms.join("\n"),
    wrap(line.about, width).join("\n"),
    ...(line.topics ?? []).map((topic) => renderTopic(topic, width)),
    renderTopic({ title: "Flags", rows: flags }, width),
    ...(line.exits.length === 0
      ? []
      : [renderTopic({ title: "Exit statuses", rows: line.exits }, width)]),
    ...(line.notes ?? []).map((note) => wrap(note, width).join("\n")),
  ].join("\n\n");
}

function rowOf(name: string, flag: Flag, hasLetters: boolean): Row {
  const letter = !hasLetters ? "" : flag.letter === undefined ? "    " : `-${flag.letter}, `;
  const value = flag.value === undefined ? "" : ` ${flag.value}`;
  const initial = flag.initial ?? flag.otherwise;
  return [`${letter}--${name}${value}`, flag.help + (initial === undefined ? "" : ` (${initial})`)];
}

/** What a flag's help says of one verb: of ls, `get, put: octets; ls: entries (-e)` is `entries`. */
export function helpForVerb(help: string, verb: string): string {
  const parts = help.split("; ").flatMap((part) => {
    const [, verbs, text] = /^([a-z]+(?:, [a-z]+)*): (.+)$/.exec(part) ?? [];
    if (verbs === undefined) return [part];
    return verbs.split(", ").includes(verb) ? [text!] : [];
  });
  // The letter that it has with this verb stands before it.
  return (parts.length === 0 ? help : parts.join("; ")).replace(/ \(-.\)$/, "");
}

/** A heading and its terms, each with its meaning beside or below it. */
export function renderTopic({ title, rows }: Topic, width: number): string {
  const longest = Math.max(
    0,
    ...rows.map(([term]) => term.length).filter((length) => length <= TERM_COLUMNS_MAX),
  );
  const column = INDENT + longest + 2;
  const isBeside = width - column >= MEANING_COLUMNS_MIN;
  const lines = rows.flatMap(([term, meaning]) => {
    const left = " ".repeat(INDENT) + term;
    if (meaning === "") return [left];
    if (isBeside && term.length <= longest) {
      return wrap(meaning, width - column)
        .map((text, index) => (index === 0 ? left : "").padEnd(column) + text);
    }
    const indent = isBeside ? column : INDENT_BELOW;
    return [left, ...wrap(meaning, width - indent).map((text) => " ".repeat(indent) + text)];
  });
  return [`${title}:`, ...lines].join("\n");
}

/** `text` in lines of at most `width` columns; a longer word stands alone, and whole. */
export function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The version of the project; deno.json has the same. */
const VERSION = "0.1.0";

/** What --version writes. */
export function versionText(): string {
  return `ftplab ${VERSION} (deno ${Deno.version.deno})`;
}
