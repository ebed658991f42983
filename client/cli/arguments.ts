/**
 * The arguments of the client's command line: flags, the verb, what it works on.
 *
 * Pure: text in, a checked request out, or a `UsageError` of one line.
 *
 * @module
 */

import { type Flags, type Grammar, readFlags } from "./flags.ts";

/** What a user asked for. */
export interface Request {
  readonly verb: string;
  /** What stands behind the verb. */
  readonly operands: readonly string[];
  readonly protocol: "ftp" | "mini";
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  readonly timeoutMs?: number;
  /** The flags that change what a verb does, by their long names. */
  readonly options: ReadonlySet<VerbFlag>;
}

/** Flags without a value that belong to some verbs. */
export type VerbFlag = "continue" | "long" | "parents" | "quiet" | "recursive";

/** The flags, in the order of --help. */
const FLAGS = {
  host: { value: "HOST", initial: "127.0.0.1", help: "name or address of the server" },
  port: { value: "N", otherwise: "2121; 8000 for mini", help: "its port" },
  protocol: { value: "NAME", initial: "ftp", help: "ftp, or mini, which has get and put" },
  user: {
    value: "NAME:PASSWORD",
    otherwise: "anonymous",
    secret: true,
    help: "who logs in; both go in clear text",
  },
  timeout: {
    value: "SECONDS",
    otherwise: "60",
    help: "patience with a server that is silent",
  },
  continue: { letter: "c", help: "get, put: go on where a transfer broke off" },
  long: { letter: "l", help: "ls: mode, owner, size and time of each entry" },
  parents: { letter: "p", help: "mkdir: make missing parents, existing is no error" },
  recursive: { letter: "r", help: "rm: directories with all that is in them" },
  quiet: { letter: "q", help: "get, put: say nothing but errors" },
} as const;

/** What stands behind `client`; mod.ts knows the verbs. */
export const GRAMMAR: Grammar<keyof typeof FLAGS> = {
  command: "client",
  flags: FLAGS,
  operands: true,
};

/** Those of them that change what a verb does. */
const VERB_FLAGS: readonly VerbFlag[] = ["continue", "long", "parents", "recursive", "quiet"];

/** A day: what is meant to last longer is meant to last for ever. */
const TIMEOUT_SECONDS_MAX = 86_400;

/** Where a server of each protocol is looked for. */
const PORTS = { ftp: 2121, mini: 8000 } as const;

/**
 * Reads a command line; "help" when that is what was asked for.
 *
 * @throws {UsageError} naming the flag and what it takes.
 */
export function parseArguments(args: readonly string[]): Request | "help" {
  const flags = readFlags(GRAMMAR, args);
  if (flags.has("help")) return "help";
  const protocol = flags.oneOf("protocol", ["ftp", "mini"]);
  const [verb = "", ...operands] = flags.operands;
  const timeoutMs = parseTimeout(flags);
  return {
    verb,
    operands,
    protocol,
    host: flags.text("host", "a name or an address")!,
    port: flags.whole("port", 1, 65_535, PORTS[protocol]),
    ...parseUser(flags),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    options: new Set(VERB_FLAGS.filter((name) => flags.has(name))),
  };
}

type Values = Flags<keyof typeof FLAGS>;

function parseTimeout(flags: Values): number | undefined {
  const range = { unit: "seconds", over: true, high: TIMEOUT_SECONDS_MAX } as const;
  const seconds = flags.number("timeout", range, undefined);
  return seconds === undefined ? undefined : Math.max(1, Math.round(seconds * 1000));
}

/** NAME:PASSWORD, split at the first colon; a name alone has an empty password. */
function parseUser(flags: Values): { user?: string; password?: string } {
  const text = flags.text("user");
  if (text === undefined) return {};
  const colon = text.indexOf(":");
  if (colon === 0) throw flags.wrong("user", "NAME:PASSWORD");
  return colon === -1
    ? { user: text, password: "" }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
