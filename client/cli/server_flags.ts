/**
 * The flags that say which server: where it is, who logs in, and how the connection is protected. A
 * URL among the operands says the same in their place.
 *
 * Pure; arguments.ts has the table.
 *
 * @module
 */

import { isSendable } from "../conversation.ts";
import { portOf, splitHost } from "../url.ts";
import { type Flags, UsageError } from "./flags.ts";
import type { RemotePlace } from "./places.ts";

/** What is spoken. */
export const PROTOCOLS = ["ftp", "mini"] as const;

/** TLS, and whom it is to trust. */
export interface Protection {
  /** RFC 4217's AUTH TLS in a connection that begins in clear text, or TLS from the first octet. */
  readonly mode: typeof TLS_MODES[number];
  /** A file of certificates (PEM) to trust in place of the runtime's. */
  readonly caFile?: string;
  /** Nothing is verified. */
  readonly insecure: boolean;
}

/** How TLS may begin. */
export const TLS_MODES = ["explicit", "implicit"] as const;

/** The server that a command line is about. */
export interface ServerFlags {
  readonly protocol: typeof PROTOCOLS[number];
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
  /** The label of the encoding in which it writes names. */
  readonly encoding?: string;
  /** How the connection is protected; in clear text without it. */
  readonly tls?: Protection;
  /** Data connections are made by the server. */
  readonly active: boolean;
  /** What a user should hear of the command line before anything is done. */
  readonly warnings: readonly string[];
}

/** A day: what is meant to last longer is meant to last for ever. */
const TIMEOUT_SECONDS_MAX = 86_400;

/** Where a server is looked for that is not named. */
const HOST = "127.0.0.1";

/** Where `serve` listens with mini, which has no port of its own elsewhere. */
const MINI_PORT = 8000;

/** What mini, which has no logins and names in UTF-8 only, knows nothing of. */
const FTP_ONLY = ["active", "user", "password-file", "netrc-file", "encoding"] as const;

/** Said each time. */
const INSECURE = "Warning: --insecure takes any certificate: who answers may be anybody";

/** The flags that are read here. */
type Values = Flags<
  | "protocol"
  | "host"
  | "port"
  | "user"
  | "password-file"
  | "netrc-file"
  | "timeout"
  | "encoding"
  | "tls"
  | "cacert"
  | "insecure"
  | "active"
>;

/**
 * Reads them.
 *
 * @param place What a URL says.
 * @throws {UsageError} for what excludes each other.
 */
export function parseServer(flags: Values, place: RemotePlace | undefined): ServerFlags {
  const protocol = flags.oneOf("protocol", PROTOCOLS);
  const tls = parseProtection(flags, place);
  if (protocol === "mini") {
    if (place !== undefined) {
      throw new UsageError("--protocol mini has no URLs: give --host and a name");
    }
    if (tls !== undefined) throw new UsageError("--protocol mini has no TLS");
    const other = FTP_ONLY.find((name) => flags.isGiven(name));
    if (other !== undefined) throw new UsageError(`--${other} is a flag of ftp, not of mini`);
  }
  const usualPort = (host: string) =>
    protocol === "mini" ? MINI_PORT : portOf(host, tls?.mode === "implicit");
  const { warnings, ...login } = parsePlace(flags, place, usualPort);
  return {
    protocol,
    ...login,
    ...present("tls", tls),
    active: flags.has("active"),
    ...present("passwordFile", flags.text("password-file")),
    ...present("netrcFile", flags.text("netrc-file")),
    ...present("timeoutMs", parseTimeout(flags)),
    ...present("encoding", flags.text("encoding", "the name of an encoding")),
    warnings: tls?.insecure ? [...warnings, INSECURE] : warnings,
  };
}

/** TLS as flags or the scheme of a URL say. */
function parseProtection(flags: Values, place: RemotePlace | undefined): Protection | undefined {
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

function parseTimeout(flags: Values): number | undefined {
  const range = { unit: "seconds", over: true, high: TIMEOUT_SECONDS_MAX } as const;
  const seconds = flags.number("timeout", range, undefined);
  return seconds === undefined ? undefined : Math.max(1, Math.round(seconds * 1000));
}

/** Where to and as whom, by the flags or by a URL among the operands, not by both. */
function parsePlace(
  flags: Values,
  place: RemotePlace | undefined,
  usualPort: (host: string) => number,
) {
  const user = parseUser(flags);
  const typed = place?.password ?? user.password;
  const warnings = typed === undefined || typed === "" ? [] : [
    "Warning: a password in a command line can be read by others: " +
    "give --password-file, FTPLAB_PASSWORD or .netrc, or wait to be asked",
  ];
  if (place === undefined) {
    const [host, port] = parseHost(flags);
    return {
      host,
      port: flags.whole("port", 1, 65_535, port ?? usualPort(host)),
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
  if (colon === 0 || !isSendable(text)) throw flags.wrong("user", "NAME");
  return colon === -1
    ? { user: text }
    : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** An optional field, absent where there is no value. */
function present<Name extends string, T>(
  name: Name,
  value: T | undefined,
): { readonly [key in Name]?: T } {
  return value === undefined ? {} : { [name]: value } as { readonly [key in Name]: T };
}
