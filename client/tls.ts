/**
 * TLS for both connections (RFC 4217), by the runtime's node:tls; loaded when it is asked for.
 *
 * That module and not the runtime's own, because servers may demand that a data connection goes on
 * with the TLS session of the control connection, so that nobody else can take it over: it can be
 * told to, and it is the only one that can leave verification out. It runs over any wire.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { Duplex } from "node:stream";
import tls, { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import { unlessAborted } from "./abort.ts";
import { ConnectionError, LocalError } from "./errors.ts";
import { systemText } from "./text.ts";
import { TlsRecords } from "./tls_records.ts";
import {
  type Connection,
  connectionError,
  type Resumption,
  type Transport,
  type WireAddress,
} from "./transport.ts";

/** One read of what is encrypted; what it becomes is the most that waits here to be taken. */
const READ_BYTES = 262_144;

/** One write: a slow network takes it within the limit for a standstill. */
const WRITE_BYTES_MAX = 65_536;

/** How long the other side may take to close after this one has; then it is not waited for. */
const CLOSE_WAIT_MS = 2_000;

/** How a server is verified. */
export interface TlsSettings {
  /**
   * Certificates of authorities, PEM, to trust in place of the runtime's. The runtime does not
   * resume TLS sessions with them, which some servers demand of data connections: those need
   * `trustAuthorities` instead.
   */
  readonly caCerts?: readonly string[];
  /** Takes any certificate: protects from listeners, not from one who answers in its place. */
  readonly insecure?: boolean;
  /** The name in the certificate; default: the host that is connected to. */
  readonly serverName?: string;
}

/** The runtime compares what verifies a server by identity, and makes it anew for given authorities. */
const WITHOUT_RESUMPTION: Resumption = {
  hint: "TLS sessions are not resumed with caCerts; " +
    "trustAuthorities() for the whole program has them resumed",
};

/** The most servers that are remembered in `SINGLE`. */
const SINGLE_MAX = 1_000;

/**
 * The names of servers that take no TLS session but that of the very control connection. The
 * runtime keeps sessions by name, for all connections together. With TLS 1.3 each is used once, and
 * an upload may bring no new one. With TLS 1.2 it is that of the control connection which was made
 * last, again and again.
 */
const SINGLE = new Set<string>();

/**
 * The same name in the DNS and in a certificate, absolute or not (RFC 1034 section 3.1), that has
 * sessions of its own: what is left of those of TLS 1.3 would be offered first. Of an address there
 * is one form, and each refusal uses up one that is left.
 */
function otherForm(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : `${name}.`;
}

function resumptionOf(name: string): Resumption {
  return {
    hint: "it wants the TLS session of the very control connection, which only one at a time keeps",
    improve() {
      if (SINGLE.size >= SINGLE_MAX) SINGLE.clear();
      SINGLE.add(name);
    },
  };
}

/** The runtime has it (Node 22.19), its types do not yet. */
const { setDefaultCACertificates } = tls as typeof tls & {
  setDefaultCACertificates(certificates: readonly string[]): void;
};

/** What `trustOnly` was given last. */
let trusted: string | undefined;

/**
 * What `trustAuthorities` of connect.ts does. Each change makes what verifies servers anew, and
 * ends the sessions that there are: so the same again is none.
 */
export function trustOnly(caCerts: readonly string[]): void {
  const certificates = caCerts.flatMap(certificatesIn);
  const text = certificates.join("\n");
  if (text === trusted) return;
  setDefaultCACertificates(certificates);
  trusted = text;
}

/**
 * `below` with TLS for the server `host`.
 *
 * @throws {LocalError} when what is to be trusted cannot be read.
 */
export function tlsTransport(host: string, settings: TlsSettings, below: Transport): Transport {
  const name = settings.serverName ?? host;
  const ca = settings.caCerts?.flatMap(certificatesIn);
  const isSingle = SINGLE.has(name);
  let session: Buffer | undefined;
  return {
    connect: (to, signal) => below.connect(to, signal),
    listen: (hostname) => below.listen(hostname),
    resumption: ca === undefined ? resumptionOf(name) : WITHOUT_RESUMPTION,
    secure: async (wire, signal) => {
      const stream = new WireStream(wire);
      const socket = connect({
        socket: stream,
        // An address is no name for SNI (RFC 6066 section 3), but it is verified as one.
        ...(isIP(name) === 0 ? { servername: isSingle ? otherForm(name) : name } : {}),
        host: name,
        rejectUnauthorized: settings.insecure !== true,
        ...(ca === undefined ? {} : { ca }),
        // It only says that a session may be gone on with: which one, the runtime knows.
        ...(session === undefined ? {} : { session }),
        ...(isSingle ? { maxVersion: "TLSv1.2" as const } : {}),
      });
      const secured = new TlsWire(socket, stream);
      try {
        await handshake(socket, signal);
        // A resumed session is taken without another look at the name.
        if (settings.insecure !== true) assertIdentity(name, socket);
      } catch (error) {
        secured.close();
        if (signal.aborted) throw error;
        const told = untrusted(name, error);
        if (!isSingle) throw told;
        // The server may have TLS 1.3 alone: the next connection is free to use it again.
        SINGLE.delete(name);
        throw connectionError("Cannot protect the connection", told, "transient");
      }
      session ??= socket.getSession();
      return secured;
    },
  };
}

/** The certificates in a text. What cannot be read the runtime would leave out without an error. */
function certificatesIn(pem: string): string[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw new LocalError("Cannot use caCerts: no certificate in PEM there");
  for (const certificate of found) {
    try {
      new X509Certificate(certificate);
    } catch {
      throw new LocalError("Cannot use caCerts: a certificate there cannot be read");
    }
  }
  return found;
}

function assertIdentity(name: string, socket: TLSSocket): void {
  const error = checkServerIdentity(name, socket.getPeerCertificate());
  if (error !== undefined) throw error;
}

/** Codes of a certificate that proves nothing, by what is wrong with it. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "nobody who is trusted has signed its certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "nobody who is trusted has signed its certificate",
  UNABLE_TO_GET_ISSUER_CERT: "nobody who is trusted has signed its certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "nobody who is trusted has signed its certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "nobody who is trusted has signed its certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

/** A certificate that proves nothing is told in words; anything else passes. */
function untrusted(name: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const text = systemText(error);
  const reason = REASONS[code] ?? (/certificate/i.test(text) ? text : undefined);
  if (reason === undefined) return error;
  const options = { kind: "untrusted", cause: error } as const;
  return new ConnectionError(`Cannot trust the server ${name}: ${reason}`, options);
}

/** Waits until the other side has proved who it is. */
async function handshake(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  socket.once("secureConnect", over.resolve);
  socket.once("error", over.reject);
  socket.once("close", () => over.reject(new Error("the other side closed the connection")));
  await unlessAborted(over.promise, signal);
}

/** A wire as a stream, for what runs over it; it reads only when it may. */
class WireStream extends Duplex {
  readonly wire: Connection;
  readonly records = new TlsRecords();
  readonly #buffer = new Uint8Array(READ_BYTES);
  #mayRead = true;
  #wanted = false;

  constructor(wire: Connection) {
    super();
    this.wire = wire;
  }

  /** Lets it read, or holds it up. */
  set mayRead(may: boolean) {
    this.#mayRead = may;
    if (may && this.#wanted) this._read();
  }

  override _read(): void {
    this.#wanted = !this.#mayRead;
    if (this.#wanted) return;
    this.wire.read(this.#buffer).then(
      (count) => {
        if (count === null) return void this.push(null);
        const came = this.#buffer.slice(0, count);
        this.records.take(came);
        this.push(came);
      },
      (error) => void this.destroy(error),
    );
  }

  override _write(chunk: Uint8Array<ArrayBuffer>, _: string, done: (error?: Error) => void): void {
    this.#writeAll(chunk).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.wire.close();
    done(error);
  }

  async #writeAll(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < chunk.length;) at += await this.wire.write(chunk.subarray(at));
  }
}

/**
 * What TLS makes of a wire. The socket is never paused, because it would lose its end; instead the
 * stream below is held up while octets wait here.
 */
class TlsWire implements Connection {
  readonly local: WireAddress;
  readonly remote: WireAddress;
  readonly #socket: TLSSocket;
  readonly #stream: WireStream;
  readonly #arrived: Uint8Array[] = [];
  #ended = false;
  #closed = false;
  #failure: unknown;
  /** Ends the wait of a read: something has changed. */
  #wake: () => void = () => {};

  constructor(socket: TLSSocket, stream: WireStream) {
    this.#socket = socket;
    this.#stream = stream;
    this.local = stream.wire.local;
    this.remote = stream.wire.remote;
    socket.on("data", (chunk) => {
      this.#arrived.push(chunk);
      stream.mayRead = false;
      this.#wake();
    });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on("end", end);
    socket.on("close", end);
    const fail = (error: unknown) => {
      this.#failure ??= error;
      this.#wake();
    };
    socket.on("error", fail);
    stream.on("error", fail);
  }

  get wasCut(): boolean {
    return !this.#stream.records.endByAlert;
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    while (this.#arrived.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closed) throw new Error("the connection is closed");
      if (this.#ended) return null;
      this.#stream.mayRead = true;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    let count = 0;
    while (count < buffer.length && this.#arrived.length > 0) {
      const chunk = this.#arrived[0]!;
      const part = chunk.subarray(0, buffer.length - count);
      buffer.set(part, count);
      count += part.length;
      if (part.length === chunk.length) this.#arrived.shift();
      else this.#arrived[0] = chunk.subarray(part.length);
    }
    return count;
  }

  write(octets: Uint8Array<ArrayBuffer>): Promise<number> {
    const piece = octets.subarray(0, WRITE_BYTES_MAX);
    return new Promise((resolve, reject) => {
      this.#socket.write(piece, (error) => {
        if (error) reject(this.#failure ?? error);
        else resolve(piece.length);
      });
    });
  }

  /** Ends TLS with its own word, so that the octets are known to be all. */
  async finish(): Promise<void> {
    if (!this.#closed) {
      const said = new Promise<void>((resolve) => this.#socket.end(resolve));
      // Unread octets, a session ticket too, would make the end a reset.
      await this.#endWithin(CLOSE_WAIT_MS, said);
    }
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#stream.destroy();
    this.#wake();
  }

  /** Waits for the other side's end and for `said`, and drops what still comes. */
  async #endWithin(ms: number, said: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, ms);
    const heard = async () => {
      while (!this.#ended && !this.#closed && this.#failure === undefined) {
        this.#arrived.length = 0;
        this.#stream.mayRead = true;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    };
    await Promise.race([late.promise, Promise.all([heard(), said])]);
    clearTimeout(timer);
  }
}
