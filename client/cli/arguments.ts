/**
 * The arguments of the client's command line: flags, the verb, what it works on.
 *
 * Pure: text in, a checked request out, or a `UsageError` of one line.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { printable } from "../mod.ts";

/** What a user asked for. */
export interface Request {
  readonly help: boolean;
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

/** A command line that means nothing. */
export class UsageError extends Error {
  override name = "UsageError";
  constructor(message: string) {
    super(printable(message));
  }
}

/** One flag, for the parser and for --help. */
interface Flag {
  readonly name: string;
  readonly letter?: string;
  /** What the value is; undefined for a flag without one. */
  readonly takes?: string;
  readonly summary: string;
}

/** Every flag, in the order of --help. */
export const FLAGS: readonly Flag[] = [
  { name: "host", takes: "HOST", summary: "name or address of the server (127.0.0.1)" },
  { name: "port", takes: "N", summary: "its port (2121; 8000 for mini)" },
  { name: "protocol", takes: "ftp|mini", summary: "what it speaks (ftp); mini has get and put" },
  { name: "user", takes: "NAME:PASSWORD", summary: "who logs in (anonymous)" },
  { name: "timeout", takes: "SECONDS", summary: "patience with a server that is silent (60)" },
  { name: "continue", letter: "c", summary: "get, put: go on where a transfer broke off" },
  { name: "long", letter: "l", summary: "ls: mode, owner, size and time of each entry" },
  { name: "parents", letter: "p", summary: "mkdir: make missing parents, existing is no error" },
  { name: "recursive", letter: "r", summary: "rm: directories with all that is in them" },
  { name: "quiet", letter: "q", summary: "get, put: say nothing but errors" },
  { name: "help", letter: "h", summary: "this text" },
];

/** What flag values must be, for messages. */
const TAKES: Readonly<Record<string, string>> = {
  host: "a name or an address",
  port: "a number from 1 to 65535",
  protocol: "ftp or mini",
  user: "NAME:PASSWORD",
  timeout: "a number of seconds over 0, at most 86400",
};

/** A day: what is meant to last longer is meant to last for ever. */
const TIMEOUT_SECONDS_MAX = 86_400;

/**
 * Reads a command line.
 *
 * @throws {UsageError} naming the flag and what it takes.
 */
export function parseArguments(args: readonly string[]): Request {
  const valued = FLAGS.filter((flag) => flag.takes !== undefined).map((flag) => flag.name);
  const plain = FLAGS.filter((flag) => flag.takes === undefined);
  let unknown: string | undefined;
  const parsed = parseArgs(args, {
    string: ["_", ...valued],
    boolean: plain.map((flag) => flag.name),
    alias: Object.fromEntries(plain.map((flag) => [flag.letter!, flag.name])),
    unknown: (argument, key) => {
      if (key !== undefined) unknown ??= argument;
      return true;
    },
  });
  if (unknown !== undefined) {
    throw new UsageError(`Unknown flag ${unknown.split("=", 1)[0]}, --help lists the flags`);
  }
  const value = (name: string) => {
    const given = parsed[name] as string | undefined;
    if (given === "") throw wrongValue(name, given);
    return given;
  };
  const protocol = value("protocol") ?? "ftp";
  if (protocol !== "ftp" && protocol !== "mini") throw wrongValue("protocol", protocol);
  const [verb = "", ...operands] = parsed._ as string[];
  const timeoutMs = parseTimeout(value("timeout"));
  return {
    help: parsed["help"] === true,
    verb,
    operands,
    protocol,
    host: value("host") ?? "127.0.0.1",
    port: parsePort(value("port")) ?? (protocol === "mini" ? 8000 : 2121),
    ...parseUser(value("user")),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    options: new Set(
      plain.map((flag) => flag.name).filter((name) => name !== "help" && parsed[name] === true),
    ) as ReadonlySet<unknown> as ReadonlySet<VerbFlag>,
  };
}

function wrongValue(name: string, given: string): UsageError {
  // What was given for --user may be a password.
  const not = given === "" || name === "user" ? "" : `, not "${given}"`;
  return new UsageError(`--${name} takes ${TAKES[name]}${not}`);
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw wrongValue("port", text);
  return port;
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds <= 0 || seconds > TIMEOUT_SECONDS_MAX) throw wrongValue("timeout", text);
  return Math.max(1, Math.round(seconds * 1000));
}

/** NAME:PASSWORD, split at the first colon; a name alone has an empty password. */
function parseUser(text: string | undefined): { user?: string; password?: string } {
  if (text === undefined) return {};
  const colon = text.indexOf(":");
  if (colon === 0) throw wrongValue("user", text);
  return colon === -1
    ? { user: text, password: "" }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
