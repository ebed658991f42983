/**
 * From options to a client: what carries the octets, who makes data connections, who logs in.
 *
 * @module
 */

import { unreachable } from "../server/unreachable.ts";
import { openActive } from "./active.ts";
import type { ChannelOpener } from "./channel.ts";
import { Client } from "./client.ts";
import { ControlConnection, type Trace } from "./control.ts";
import { LocalError } from "./errors.ts";
import { timeouts } from "./limits.ts";
import { ANONYMOUS, type Credentials, login, protectData } from "./login.ts";
import { openPassive, openPassiveAnywhere } from "./passive.ts";
import { type Encoding, UTF_8 } from "./text.ts";
import type { TlsSettings } from "./tls.ts";
import { plainTransport, type Transport } from "./transport.ts";
import { portOf } from "./url.ts";

/** How a connection is protected. */
export interface TlsOptions extends TlsSettings {
  /**
   * `explicit`: AUTH TLS (RFC 4217), on the port of plain FTP; a server that has none is refused.
   * `implicit`: TLS from the first octet, on a port of its own.
   */
  readonly mode: "explicit" | "implicit";
}

/** Where to connect, and as whom. */
export interface ConnectOptions {
  /** A name or a numeric address; default 127.0.0.1. */
  readonly host?: string;
  /** Default 21, of this machine 2121, where `deno task serve` listens, of implicit TLS 990. */
  readonly port?: number;
  /** Default: anonymous. */
  readonly user?: string;
  /** Default: what anonymous users send; empty for any other user. */
  readonly password?: string;
  /** The answer to a 332 reply. */
  readonly account?: string;
  /** TLS for the control connection and for data; default: neither. Never given up silently. */
  readonly tls?: TlsOptions | TlsOptions["mode"];
  /** The server makes the data connections (EPRT, PORT); default: the client does (EPSV, PASV). */
  readonly active?: boolean;
  /**
   * Where passive data connections go: to the `peer` of the control connection, the default, or to
   * the address that the `server` names in its reply to PASV. The latter lets it send this client
   * anywhere. With `active` there are none, and it says nothing.
   */
  readonly passiveAddress?: "peer" | "server";
  /**
   * How the server writes names, by a label of the Encoding Standard: "latin1", "shift_jis".
   * Default: UTF-8, in which a name of any octets can be listed and asked for.
   */
  readonly encoding?: string;
  /**
   * For every wait of its own: the connection, a reply, a standstill; milliseconds, over 0 and at
   * most 2^31 - 1. Default: see limits.ts.
   */
  readonly timeoutMs?: number;
  /** Gives up connecting and logging in. */
  readonly signal?: AbortSignal;
  /** Hears all that is said on the control connection, without secrets. */
  readonly trace?: Trace;
  /**
   * What carries the octets, in place of the runtime's TCP; TLS runs over it. One that has TLS of
   * its own (`secure`) verifies servers itself, and leaves no setting of `tls` but the mode.
   */
  readonly transport?: Transport;
}

/**
 * Connects to an FTP server and logs in.
 *
 * @example Download a file
 * ```ts
 * import { connect } from "./mod.ts";
 *
 * await using client = await connect({ host: "127.0.0.1", port: 2121 });
 * using file = await Deno.open("a.avi", { write: true, create: true, truncate: true });
 * const { octets } = await client.download("a.avi", file.writable);
 * console.log(octets);
 * ```
 *
 * @example Protected, with a certificate authority of one's own
 * ```ts ignore
 * import { connect } from "./client/mod.ts";
 *
 * const caCerts = [await Deno.readTextFile("ca.pem")];
 * await using client = await connect({
 *   host: "ftp.example.org",
 *   tls: { mode: "explicit", caCerts },
 * });
 * console.log(await client.list());
 * ```
 *
 * @throws {ConnectionError} when there is no FTP server, or none that can be trusted.
 * @throws {LoginError} when it does not let the user in.
 * @throws {LocalError} when an option cannot be used, an unknown encoding among them.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const host = (options.host ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1");
  const tls = tlsOf(options);
  const encoding = await loadEncoding(options.encoding);
  const control = await ControlConnection.open({
    host,
    port: options.port ?? portOf(host, tls?.mode === "implicit"),
    transport: await transportFor(options, tls, host),
    tls: tls?.mode,
    openChannel: openerFor(options),
    timeouts: timeouts(options.timeoutMs),
    signal: options.signal,
    trace: options.trace,
  });
  control.encoding = encoding;
  try {
    await login(control, credentialsOf(options));
    if (tls !== undefined) await protectData(control);
    control.signal = undefined;
    return new Client(control, host);
  } catch (error) {
    control.close();
    options.signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Has the whole program trust these authorities (PEM) and no others, from the next connection on,
 * and for good: there is no way back to those of the runtime. With `caCerts` one connection does,
 * but the runtime does not resume its TLS sessions, which some servers demand of data connections.
 *
 * @example
 * ```ts ignore
 * import { connect, trustAuthorities } from "./client/mod.ts";
 *
 * await trustAuthorities([await Deno.readTextFile("ca.pem")]);
 * await using client = await connect({ host: "ftp.example.org", tls: "explicit" });
 * console.log(await client.list());
 * ```
 *
 * @throws {LocalError} for what is no certificate.
 */
export async function trustAuthorities(caCerts: readonly string[]): Promise<void> {
  const { trustOnly } = await loadTls();
  trustOnly(caCerts);
}

/** Refuses what is no mode: it must not come to mean clear text. */
function tlsOf({ tls }: ConnectOptions): TlsOptions | undefined {
  if (tls === undefined) return undefined;
  const settings = typeof tls === "string" ? { mode: tls } : tls;
  if (settings?.mode === "explicit" || settings?.mode === "implicit") return settings;
  throw new LocalError("Cannot connect: tls is neither explicit nor implicit");
}

/**
 * The encoding of that name, UTF-8 without one. The tables of others are read only when one is
 * asked for: most servers speak UTF-8.
 *
 * @throws {LocalError} when it is not known, or cannot be written back octet by octet.
 */
export async function loadEncoding(label: string | undefined): Promise<Encoding> {
  if (label === undefined || /^utf-?8$/i.test(label)) return UTF_8;
  const { encodingOf } = await import("./encoding.ts");
  return encodingOf(label);
}

async function transportFor(
  options: ConnectOptions,
  tls: TlsOptions | undefined,
  host: string,
): Promise<Transport> {
  const { transport = plainTransport } = options;
  if (tls === undefined) return transport;
  if (transport.secure !== undefined) {
    // Who asks for a verification must not believe that there was one.
    const setting = (["caCerts", "insecure", "serverName"] as const).find((name) => tls[name]);
    if (setting === undefined) return transport;
    throw new LocalError(`Cannot use ${setting} of tls: the transport has TLS of its own`);
  }
  const { tlsTransport } = await loadTls();
  return tlsTransport(host, tls, transport);
}

/** TLS is read when it is asked for: most connections need none, and it takes a while. */
async function loadTls(): Promise<typeof import("./tls.ts")> {
  try {
    return await import("./tls.ts");
  } catch (error) {
    if (!(error instanceof TypeError && /^Requires read access/.test(error.message))) throw error;
    throw new LocalError("Cannot load TLS: give the runtime --allow-read");
  }
}

function openerFor({ active = false, passiveAddress = "peer" }: ConnectOptions): ChannelOpener {
  if (active) return openActive;
  switch (passiveAddress) {
    case "peer":
      return openPassive;
    case "server":
      return openPassiveAnywhere;
    default:
      return unreachable(passiveAddress);
  }
}

function credentialsOf(options: ConnectOptions): Credentials {
  const user = options.user ?? ANONYMOUS.user;
  const password = options.password ?? (user === ANONYMOUS.user ? ANONYMOUS.password : "");
  return options.account === undefined
    ? { user, password }
    : { user, password, account: options.account };
}
