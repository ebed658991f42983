/**
 * The arguments of the client's command line: flags, the verb, what it works on.
 *
 * Pure: text in, a checked request out, or a `UsageError` of one line. The table of flags is the
 * only one: --help, completions and did-you-mean are made from it.
 *
 * @module
 */

import { splitHost } from "../url.ts";
import { type Flags, type Grammar, operandsOf, readFlags, UsageError } from "./flags.ts";
import { type Place, placed } from "./places.ts";

/** What a user asked for. */
export interface Request {
  readonly verb: string;
  /** What stands behind the verb; URLs have become paths on `host`. */
  readonly operands: readonly string[];
  readonly protocol: "ftp" | "mini";
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  /** Only where the command line has it; secrets.ts looks for it elsewhere. */
  readonly password?: string;
  /** A file whose first line is the password; "-" is standard input. */
  readonly passwordFile?: string;
  /** The .netrc to look into, in place of the one of $HOME. */
  readonly netrcFile?: string;
  readonly timeoutMs?: number;
  /** How the connection is protected; in clear text without it. */
  readonly tls?: Protection;
  /** Data connections are made by the server. */
  readonly active: boolean;
  /** The name that one file gets; "-" is a standard stream. */
  readonly output?: string;
  /** The directory that files go into; "" is the one of the login. */
  readonly outputDirectory?: string;
  /** The flags that change what a verb does, by their long names. */
  readonly options: ReadonlySet<VerbFlag>;
  /** The flags with a value that only some verbs have, by their long names, as far as given. */
  readonly valued: ReadonlySet<VerbValue>;
  /** What a user should hear of the command line before anything is done. */
  readonly warnings: readonly string[];
}

/** TLS, and whom it is to trust. */
export interface Protection {
  /** RFC 4217's AUTH TLS in a connection that begins in clear text, or TLS from the first octet. */
  readonly mode: typeof TLS_MODES[number];
  /** A file of certificates (PEM) to trust in place of the runtime's. */
  readonly caFile?: string;
  /** Nothing is verified. */
  readonly insecure: boolean;
}

const TLS_MODES = ["explicit", "implicit"] as const;

/** Flags without a value that belong to some verbs, by topic. */
const VERB_FLAGS = [
  "continue",
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
  "quiet",
] as const;

/** A flag without a value that belongs to some verbs. */
export type VerbFlag = typeof VERB_FLAGS[number];

/** Flags with a value that belong to some verbs. */
const VERB_VALUES = ["output", "output-dir"] as const;

/** A flag with a value that belongs to some verbs. */
export type VerbValue = typeof VERB_VALUES[number];

/** What is spoken. */
const PROTOCOLS = ["ftp", "mini"] as const;

/** The flags by topic, in the order of --help. */
const FLAGS = {
  // Where, and as whom.
  host: { value: "HOST[:PORT]", otherwise: "127.0.0.1", help: "name or address of the server" },
  port: { value: "N", otherwise: "2121; 8000 for mini", help: "its port" },
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
  timeout: { value: "SECONDS", otherwise: "60", help: "patience with a server that is silent" },
  // Files.
  output: { letter: "o", value: "NAME", help: "get, put: the file's other name; get: - is stdout" },
  "output-dir": { letter: "O", value: "DIR", help: "get, put: the folder that files go into" },
  "no-clobber": { letter: "n", help: "get, put, mv: overwrite nothing" },
  continue: { letter: "c", help: "get, put: go on where a transfer broke off" },
  recursive: { letter: "r", help: "rm: directories with all that is in them; ls: -R" },
  parents: { letter: "p", help: "mkdir: make missing parents, existing is no error" },
  // Listings.
  long: { letter: "l", help: "ls: mode, owner, size and time of each entry" },
  human: { help: "ls: sizes in KiB, MiB (-h)" },
  one: { letter: "1", help: "ls: one name a line, on a terminal too" },
  all: { letter: "a", help: "ls: names that begin with a dot, too" },
  directory: { letter: "d", help: "ls: directories themselves, not what is in them" },
  "by-time": { letter: "t", help: "ls: the newest first" },
  "by-size": { letter: "S", help: "ls: the largest first" },
  reverse: { help: "ls: the other way round (-r)" },
  // What is told.
  quiet: { letter: "q", help: "get, put: say nothing but errors" },
  version: { help: "prints the version" },
} as const;

/** What stands behind `client`; mod.ts knows the verbs. */
export const GRAMMAR: Grammar<keyof typeof FLAGS> = {
  command: "client",
  flags: FLAGS,
  operands: true,
};

/** Letters that people expect of ls(1) and rm(1), and that the table has for something else. */
export const LETTERS_OF_VERB: ReadonlyMap<string, Readonly<Record<string, VerbFlag>>> = new Map([
  ["ls", { h: "human", r: "reverse", R: "recursive" }],
  ["rm", { R: "recursive" }],
]);

/** A day: what is meant to last longer is meant to last for ever. */
const TIMEOUT_SECONDS_MAX = 86_400;

/** Where a server of each protocol is looked for; of implicit TLS it is the port of IANA. */
const HOST = "127.0.0.1";
const IMPLICIT_PORT = 990;
const PORTS = { ftp: 2121, mini: 8000 } as const;

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
  const letters = LETTERS_OF_VERB.get(operandsOf(GRAMMAR, args)[0] ?? "") ?? {};
  const flags = readFlags<keyof typeof FLAGS>({ ...GRAMMAR, letters }, args);
  const [verb = "", ...operands] = flags.operands;
  if (flags.has("help")) return { asks: "help", verb };
  if (flags.has("version")) return { asks: "version", verb };
  const protocol = flags.oneOf("protocol", PROTOCOLS);
  const timeoutMs = parseTimeout(flags);
  const { place, ...names } = placed({
    verb,
    operands,
    output: flags.text("output"),
    outputDirectory: flags.text("output-dir"),
  });
  if (place !== undefined && protocol === "mini") {
    throw new UsageError("--protocol mini has no URLs: give --host and a name");
  }
  const tls = parseProtection(flags, place);
  if (protocol === "mini" && tls !== undefined) {
    throw new UsageError("--protocol mini has no TLS");
  }
  if (protocol === "mini" && flags.has("active")) {
    throw new UsageError("--active is a flag of ftp, not of mini");
  }
  const port = tls?.mode === "implicit" ? IMPLICIT_PORT : PORTS[protocol];
  const { warnings, ...login } = parsePlace(flags, place, port);
  return {
    verb,
    ...names,
    protocol,
    ...login,
    ...present("tls", tls),
    active: flags.has("active"),
    warnings: tls?.insecure ? [...warnings, INSECURE] : warnings,
    ...present("passwordFile", flags.text("password-file")),
    ...present("netrcFile", flags.text("netrc-file")),
    ...present("timeoutMs", timeoutMs),
    options: new Set(VERB_FLAGS.filter((name) => flags.has(name))),
    valued: new Set(VERB_VALUES.filter((name) => flags.isGiven(name))),
  };
}

/** Said each time. */
const INSECURE = "Warning: --insecure takes any certificate: who answers may be anybody";

type Values = Flags<keyof typeof FLAGS>;

/** TLS as flags or the scheme of a URL say. */
function parseProtection(flags: Values, place: Place | undefined): Protection | undefined {
  const given = flags.oneOf("tls", TLS_MODES, undefined);
  if (place?.isImplicit && given === "explicit") {
    throw new UsageError("ftps:// is implicit TLS: explicit TLS is --tls explicit with ftp://");
  }
  const mode = place?.isImplicit ? "implicit" : given;
  if (mode !== undefined) {
    const caFile = flags.text("cacert");
    return { mode, ...present("caFile", caFile), insecure: flags.has("insecure") };
  }
  for (const name of ["cacert", "insecure"] as const) {
    if (flags.isGiven(name)) {
      throw new UsageError(`--${name} is about TLS: give --tls or ftps://, too`);
    }
  }
  return undefined;
}

/** An optional field, absent where there is no value. */
export function present<Name extends string, T>(
  name: Name,
  value: T | undefined,
): { readonly [key in Name]?: T } {
  return value === undefined ? {} : { [name]: value } as { readonly [key in Name]: T };
}

function parseTimeout(flags: Values): number | undefined {
  const range = { unit: "seconds", over: true, high: TIMEOUT_SECONDS_MAX } as const;
  const seconds = flags.number("timeout", range, undefined);
  return seconds === undefined ? undefined : Math.max(1, Math.round(seconds * 1000));
}

/** Where to and as whom, by the flags or by a URL among the operands, not by both. */
function parsePlace(flags: Values, place: Place | undefined, port: number) {
  const user = parseUser(flags);
  const typed = place?.password ?? user.password;
  const warnings = typed === undefined || typed === "" ? [] : [
    "Warning: a password in a command line can be read by others: " +
    "give --password-file, FTPLAB_PASSWORD or .netrc, or wait to be asked",
  ];
  if (place === undefined) {
    const host = parseHost(flags);
    return {
      host: host[0],
      port: flags.whole("port", 1, 65_535, host[1] ?? port),
      ...user,
      warnings,
    };
  }
  for (const name of ["host", "port"] as const) {
    if (flags.isGiven(name)) throw new UsageError(`--${name} and a URL name two places`);
  }
  if (place.user !== undefined && user.user !== undefined) {
    throw new UsageError("--user and the URL name two users");
  }
  const { isImplicit: _, ...login } = place;
  return { ...user, ...login, warnings };
}

function parseHost(flags: Values): readonly [string, number | undefined] {
  const given = flags.text("host", "a name or an address");
  if (given === undefined) return [HOST, undefined];
  if (given.includes("@")) throw new UsageError("--host takes no user: that is --user NAME");
  const parts = splitHost(given);
  if (parts === undefined) throw flags.wrong("host", "a name or an address, and a port");
  if (parts[1] !== undefined && flags.isGiven("port")) {
    throw new UsageError("--host and --port name two ports");
  }
  return parts;
}

/** NAME, or NAME:PASSWORD, split at the first colon. */
function parseUser(flags: Values): { user?: string; password?: string } {
  const text = flags.text("user");
  if (text === undefined) return {};
  const colon = text.indexOf(":");
  if (colon === 0) throw flags.wrong("user", "NAME");
  return colon === -1
    ? { user: text }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
