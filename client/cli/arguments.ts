/**
 * The arguments of the client's command line: flags, the verb, what it works on.
 *
 * Pure: text in, a checked request out, or a `UsageError` of one line. The table of flags is the
 * only one: --help, completions and did-you-mean are made from it.
 *
 * @module
 */

import { CONNECT_TIMEOUT_MS, POOL_SIZE_MAX, REPLY_TIMEOUT_MS } from "../limits.ts";
import { RETRIES_DEFAULT } from "../retry.ts";
import { patternsTyped, type TypedNames, unescaped } from "./escaped.ts";
import { type Flag, type Grammar, operandsOf, readFlags } from "./flags.ts";
import { parsePace, type TransferPace } from "./pace_flags.ts";
import { placed } from "./places.ts";
import { parseServer, PROTOCOLS, type ServerFlags, TLS_MODES } from "./server_flags.ts";
import type { Telling } from "./telling.ts";

/** What a user asked for. */
export interface Request extends ServerFlags, TransferPace {
  readonly verb: string;
  /** What stands behind the verb; URLs have become paths on `host`. */
  readonly operands: readonly string[];
  /** Names on the server were typed as ls shows them on a terminal; in here none is any more. */
  readonly escapes: boolean;
  /** The name that one file gets; "-" is a standard stream. */
  readonly output?: string;
  /** The directory that files go into; "" is the one of the login. */
  readonly outputDirectory?: string;
  /** Patterns of what takes part in a mirror, and of what does not (mirror/filter.ts). */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** How many transfers may run at once. */
  readonly parallel: number;
  /** A file of lines for the shell. */
  readonly script?: string;
  /** The flags that change what a verb does, by their long names. */
  readonly options: ReadonlySet<VerbFlag>;
  /** The flags with a value that only some verbs have, by their long names, as far as given. */
  readonly valued: ReadonlySet<VerbValue>;
  /** What is told of what happens. */
  readonly telling: Telling;
}

/** Flags without a value that belong to some verbs, by topic. */
const VERB_FLAGS = [
  "continue",
  "force",
  "direct",
  "no-clobber",
  "parents",
  "recursive",
  "long",
  "human",
  "one",
  "all",
  "directory",
  "by-time",
  "by-size",
  "reverse",
  "unsorted",
  "delete",
  "dry-run",
  "newer",
  "size-only",
  "checksum",
  "keep-going",
] as const;

/** A flag without a value that belongs to some verbs. */
export type VerbFlag = typeof VERB_FLAGS[number];

/** Flags with a value that belong to some verbs. */
const VERB_VALUES = [
  "output",
  "output-dir",
  "retries",
  "limit-rate",
  "include",
  "exclude",
  "parallel",
  "script",
] as const;

/** A flag with a value that belongs to some verbs. */
export type VerbValue = typeof VERB_VALUES[number];

/** The ports where nothing else is said. */
const PORTS = "21; of 127/8, ::1, localhost 2121; by --tls implicit 990; by mini 8000";

/** The flags by topic, in the order of --help. */
const FLAGS = {
  // Where, and as whom.
  host: { value: "HOST[:PORT]", otherwise: "127.0.0.1", help: "name or address of the server" },
  port: { value: "N", otherwise: PORTS, help: "its port" },
  protocol: {
    value: "NAME",
    initial: "ftp",
    choices: PROTOCOLS,
    help: "ftp, or mini, which has get and put",
  },
  // A password behind a colon is taken too, and warned of: others can read it in ps.
  user: { value: "NAME", otherwise: "anonymous", secret: true, help: "who logs in" },
  "password-file": { value: "FILE", help: "its first line is the password; - is standard input" },
  "netrc-file": { value: "FILE", otherwise: "~/.netrc", help: "where users and passwords are" },
  tls: {
    value: "MODE",
    otherwise: "none; implicit for ftps://",
    choices: TLS_MODES,
    help: "explicit (AUTH TLS) or implicit: protects names, passwords and files",
  },
  cacert: { value: "FILE", help: "with TLS: certificates (PEM) to trust, and no others" },
  insecure: { help: "with TLS: verify nothing, so that anybody can be the server" },
  active: { help: "let the server make the data connections (PORT, EPRT)" },
  encoding: {
    value: "NAME",
    otherwise: "utf-8",
    help: "how the server writes names: latin1, shift_jis, gbk, ...",
  },
  escapes: { help: "its names are typed as ls shows them on a terminal: caf\\xe9" },
  timeout: {
    value: "SECONDS",
    otherwise: `${REPLY_TIMEOUT_MS / 1000}; ${CONNECT_TIMEOUT_MS / 1000} to connect`,
    help: "patience with a server that is silent",
  },
  // Files.
  output: { letter: "o", value: "NAME", help: "get, put: the file's other name; get: - is stdout" },
  "output-dir": { letter: "O", value: "DIR", help: "get, put: the folder that files go into" },
  "no-clobber": { letter: "n", help: "get, put, mv: overwrite nothing" },
  continue: { letter: "c", help: "get, put: go on where a transfer broke off" },
  force: {
    help: "get, put: with -c, begin again what cannot be gone on with; " +
      "rm: missing is no error (-f)",
  },
  direct: { help: "put: write under the final name from the first octet on" },
  retries: {
    value: "N",
    otherwise: `${RETRIES_DEFAULT}`,
    help: "get, put, cat, mirror: attempts after a failure that passes by itself",
  },
  "limit-rate": {
    value: "RATE",
    help: "get, put, cat, mirror: octets per second, or with k, m, g (powers of 1024): 500k",
  },
  recursive: {
    letter: "r",
    help: "get, put, rm: directories with all that is in them; ls: what is below, too (-R)",
  },
  parents: { letter: "p", help: "mkdir: make missing parents, existing is no error" },
  // Many files.
  delete: { help: "mirror: remove what the source does not have, but no parts of transfers (-e)" },
  "dry-run": { help: "mirror: say what would be done, and do nothing" },
  include: {
    value: "GLOB",
    repeats: true,
    help: "mirror: take only what matches, or with --exclude that, too; repeatable",
  },
  exclude: { value: "GLOB", repeats: true, help: "mirror: leave out what matches, repeatable" },
  newer: { help: "mirror: replace a file by a newer one only" },
  "size-only": { help: "mirror: files of one size are the same" },
  checksum: { help: "mirror: ask the server for checksums in place of times" },
  parallel: {
    letter: "P",
    value: "N",
    initial: "2",
    help: "mirror: transfers at once; get, put: transfers at once of -r",
  },
  // Listings.
  long: { letter: "l", help: "ls: mode, owner, size and time of each entry" },
  human: { help: "ls: sizes in KiB, MiB (-h)" },
  one: { letter: "1", help: "ls: one name a line, on a terminal too" },
  all: { letter: "a", help: "ls: names that begin with a dot, too" },
  directory: { letter: "d", help: "ls: directories themselves, not what is in them" },
  "by-time": { letter: "t", help: "ls: the newest first" },
  "by-size": { letter: "S", help: "ls: the largest first" },
  reverse: { help: "ls: the other way round (-r); mirror: from here to the server (-R)" },
  unsorted: { letter: "U", help: "ls: entries as they come, however many" },
  // The shell.
  script: { letter: "f", value: "FILE", help: "shell: lines from a file" },
  "keep-going": { letter: "k", help: "shell: go on behind a line of a script that failed" },
  // What is told.
  quiet: {
    letter: "q",
    help: "say nothing but errors, warnings and what was kept, lost or left out",
  },
  verbose: { letter: "v", help: "say all that is done" },
  trace: { help: "show each line to the server and from it, without passwords" },
  json: { help: "write what happens to standard output, one JSON object a line" },
  version: { help: "prints the version" },
} as const;

/** What stands behind `client`; verbs.ts knows the verbs. */
export const GRAMMAR: Grammar<keyof typeof FLAGS> = {
  command: "client",
  flags: FLAGS,
  operands: true,
};

/** Letters that people expect of ls(1) and rm(1), and that the table has for something else. */
export const LETTERS_OF_VERB: ReadonlyMap<string, Readonly<Record<string, VerbFlag>>> = new Map([
  ["ls", { h: "human", r: "reverse", R: "recursive" }],
  ["rm", { R: "recursive", f: "force" }],
  ["mirror", { R: "reverse", e: "delete" }],
]);

/**
 * The letters of all these verbs, to find the verb by: whatever they mean, none has a value. Of
 * `-f FILE`, which is the shell's, FILE is found, for which no letters of a verb hold.
 */
const LETTERS_OF_ANY: Readonly<Record<string, VerbFlag>> = Object.assign(
  {},
  ...LETTERS_OF_VERB.values(),
);

/**
 * The letter that helps and completions show for the flag `name` with this verb: the usual one,
 * where that is not another's.
 */
export function letterWith(verb: string, name: string, { letter }: Flag): string | undefined {
  const own = LETTERS_OF_VERB.get(verb) ?? {};
  if (letter !== undefined && (own[letter] ?? name) === name) return letter;
  return Object.keys(own).find((each) => own[each] === name);
}

/** A question that needs no server: --help of everything or of one verb, --version. */
export interface Question {
  readonly asks: "help" | "version";
  readonly verb: string;
}

/** Whether a command line only asks. */
export function isQuestion(parsed: Request | Question): parsed is Question {
  return "asks" in parsed;
}

/**
 * Reads a command line.
 *
 * @throws {UsageError} naming the flag and what it takes.
 */
export function parseArguments(args: readonly string[]): Request | Question {
  const [name = ""] = operandsOf({ ...GRAMMAR, letters: LETTERS_OF_ANY }, args);
  const letters = LETTERS_OF_VERB.get(name) ?? {};
  const flags = readFlags<keyof typeof FLAGS>({ ...GRAMMAR, letters }, args);
  const [verb = "", ...operands] = flags.operands;
  const script = flags.text("script");
  if (flags.has("help")) return { asks: "help", verb };
  if (flags.has("version")) return { asks: "version", verb };
  const typed: TypedNames = {
    verb,
    reverse: flags.has("reverse"),
    operands,
    output: flags.text("output"),
    outputDirectory: flags.text("output-dir"),
  };
  const isEscaped = flags.has("escapes");
  // The table of the encoding is read later: decodedNames (connection.ts) has it.
  const reading = { keepsOctets: flags.isGiven("encoding") };
  const { place, ...names } = placed(isEscaped ? unescaped(typed) : typed, reading);
  return {
    verb,
    ...names,
    ...parseServer(flags, place),
    ...parsePace(flags),
    escapes: isEscaped,
    ...(script === undefined ? {} : { script }),
    include: patternsTyped(flags.all("include"), isEscaped),
    exclude: patternsTyped(flags.all("exclude"), isEscaped),
    parallel: flags.whole("parallel", 1, POOL_SIZE_MAX),
    options: new Set(VERB_FLAGS.filter((name) => flags.has(name))),
    valued: new Set(VERB_VALUES.filter((name) => flags.isGiven(name))),
    telling: {
      quiet: flags.has("quiet"),
      verbose: flags.has("verbose"),
      trace: flags.has("trace"),
      json: flags.has("json"),
    },
  };
}
