/**
 * FTP URLs: `ftp://user@host:port/path;type=i` in its parts (RFC 1738 section 3.2, RFC 3986), as
 * curl reads them.
 *
 * Pure; the command line takes such a URL wherever it takes a path on the server. Where the parts
 * are sent is not its matter, but that no part can hold a line end or a NUL is.
 *
 * @module
 */

import { isSendable } from "./conversation.ts";
import { ClientError } from "./errors.ts";
import { decodeText, encodeText, octetText } from "./text.ts";

/** A URL that cannot be used. */
export class UrlError extends ClientError {
  /** The class's name, for `Error.prototype.toString`. */
  override name = "UrlError";
}

/** What a URL says. What it does not say is absent. */
export interface FtpUrl {
  /** "ftps": TLS from the first octet on. */
  readonly scheme: "ftp" | "ftps";
  /** A name or an address, without the brackets of IPv6; a zone is behind one "%". */
  readonly host: string;
  /** 1 to 65535: what is written, or the scheme's own, 21 and 990. */
  readonly port: number;
  /** Decoded. */
  readonly user?: string;
  /** Decoded; "" for `user:@`. */
  readonly password?: string;
  /**
   * Decoded: "" for the directory of the login, "a/b" below it. It begins with "/" only where the
   * URL has `//` or `%2F` there (RFC 1738 section 3.2.2).
   */
  readonly path: string;
  /** How it is to be transferred: "a" as text, "i" as it is, "d" listed (section 3.2.2). */
  readonly type?: "a" | "i" | "d";
}

/** How a URL is read. */
export interface UrlOptions {
  /**
   * %80 to %FF stay octets, each the lone surrogate that an `Encoding` writes back as it: for a
   * server that writes names in another one than UTF-8. Default false: what is UTF-8 becomes text.
   */
  readonly keepsOctets?: boolean;
}

/** The ports of RFC 959 and of implicit TLS (the IANA's `ftps`). */
const PORTS = { ftp: 21, ftps: 990 } as const;

/** Where `serve` listens. */
const PORT_HERE = 2121;

/** The names and addresses of this machine itself (RFC 6761 section 6.3, RFC 6890). */
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/i;

/** The port of a server when none is named; a URL without one means its scheme's, even here. */
export function portOf(host: string, isImplicit: boolean): number {
  if (isImplicit) return PORTS.ftps;
  return LOOPBACK.test(host) ? PORT_HERE : PORTS.ftp;
}

/** Whether `text` is meant as a URL: whatever begins with a scheme and `//`. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/**
 * Reads a URL.
 *
 * @example
 * ```ts
 * import { parseUrl } from "./url.ts";
 *
 * console.log(parseUrl("ftp://me@example.org/films/a%20b.avi"));
 * // { scheme: "ftp", host: "example.org", port: 21, user: "me", path: "films/a b.avi" }
 * ```
 *
 * @throws {UrlError} naming the URL, without its password, and what is wrong with it.
 */
export function parseUrl(text: string, { keepsOctets = false }: UrlOptions = {}): FtpUrl {
  const wrong = (reason: string) =>
    new UrlError(`Cannot use "${withoutPassword(text)}": ${reason}`);
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(.*)$/is.exec(text);
  if (parts === null) throw wrong("it is no URL");
  const [, name = "", authority = "", rest = ""] = parts;
  const scheme = name.toLowerCase();
  if (scheme !== "ftp" && scheme !== "ftps") throw wrong("only ftp:// and ftps:// are spoken here");
  // RFC 3986 ends the path there; many a file's name has one, and would lose its end.
  if (rest.includes("#")) throw wrong('"#" in a name is written %23');
  const at = authority.lastIndexOf("@");
  const [host, port] = splitHost(authority.slice(at + 1)) ?? [];
  if (host === undefined) throw wrong("it has no host, or a port that is none");
  const { path, type } = splitType(rest);
  const decoded = (part: string) => decode(part, keepsOctets) ?? fail(wrong);
  const login: { user?: string; password?: string } = at === -1
    ? {}
    : splitLogin(authority.slice(0, at), decoded);
  if (login.user === "") throw wrong("it has a password and no user");
  return {
    scheme,
    // A zone is behind "%25" (RFC 6874 section 2); where nothing follows that, 25 is the zone.
    host: host.includes(":") ? host.replace(/%25(?=.)/, "%") : host,
    port: port ?? PORTS[scheme],
    ...login,
    // The first slash ends the host's part.
    path: decoded(path.slice(1)),
    ...(type === undefined ? {} : { type }),
  };
}

/**
 * A URL, or what may be meant as one, without the password in it, for messages. A password that is
 * not written as it should be may have any character in it: it ends at the last "@".
 *
 * @example
 * ```ts
 * import { withoutPassword } from "./url.ts";
 *
 * console.log(withoutPassword("ftp://me:secret@example.org/")); // ftp://me:...@example.org/
 * ```
 */
export function withoutPassword(text: string): string {
  const [scheme] = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text) ?? [""];
  const rest = text.slice(scheme.length);
  const isPort = scheme !== "" && /^[^:]*:\d+(?:\/|$)/.test(rest);
  return isPort ? text : scheme + rest.replace(/:.*@/s, ":...@");
}

/** Host and port of `host:port`, `[::1]:port`, `::1`; undefined when it is none of them. */
export function splitHost(text: string): readonly [string, number | undefined] | undefined {
  const bare = /^[^:]*:[^:]*:/.test(text) && !text.startsWith("[");
  const [, bracketed, plain, digits] = bare
    ? [, text]
    : /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d*))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  // deno-lint-ignore no-control-regex -- no host's name has them
  if (host === undefined || /[\s\x00-\x1f\x7f]/.test(host)) return undefined;
  if (digits === undefined || digits === "") return [host, undefined];
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? [host, port] : undefined;
}

function splitLogin(
  text: string,
  decoded: (part: string) => string,
): { user: string; password?: string } {
  const colon = text.indexOf(":");
  return colon === -1
    ? { user: decoded(text) }
    : { user: decoded(text.slice(0, colon)), password: decoded(text.slice(colon + 1)) };
}

/** `;type=a` stands at the very end. */
function splitType(text: string): { path: string; type?: "a" | "i" | "d" } {
  const found = /^(.*);type=([aid])$/is.exec(text);
  if (found === null) return { path: text };
  return { path: found[1]!, type: found[2]!.toLowerCase() as "a" | "i" | "d" };
}

/** Octets of %XX, which may be no UTF-8; undefined for what can be no part of a command. */
function decode(text: string, keepsOctets: boolean): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  const octets = text.replace(/%(..)/g, (_, digits: string) => octetText(parseInt(digits, 16)));
  if (!isSendable(octets)) return undefined;
  return keepsOctets ? octets : decodeText(encodeText(octets));
}

function fail(wrong: (reason: string) => UrlError): never {
  throw wrong("it has a % without two digits, or a line end");
}
