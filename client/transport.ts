/**
 * What carries octets: the one place where sockets come in.
 *
 * control.ts and data.ts see only `Connection`, `WireListener` and `Transport`. Plain TCP is here; TLS is
 * in tls.ts, which is loaded when it is asked for; a test or an embedder may bring one of its own.
 *
 * @module
 */

import { ClientError, ConnectionError, type ErrorKind } from "./errors.ts";
import { systemText } from "./text.ts";
import { limitTime } from "./time_limit.ts";

/** One end of a connection. */
export interface WireAddress {
  /** A numeric address, or a name to connect to. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A connection. What it throws is turned into one line by `connectionError`. */
export interface Connection {
  /** This side. */
  readonly local: WireAddress;
  /** The other side; its host name is numeric. */
  readonly remote: WireAddress;
  /**
   * Once `read` has told the end: whether anybody on the way may have made it, for TLS did not end
   * with its alert (RFC 8446 section 6.1). Undefined where no end can be proved.
   */
  readonly wasCut?: boolean;
  /** Fills `buffer` from its beginning; the number of octets, at least 1, or null at the end. */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /** Sends octets from the beginning of `octets`; how many it took, at least 1. */
  write(octets: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Says that nothing more comes, and closes: the end of a whole upload. Never fails. */
  finish(): Promise<void>;
  /** Closes at once; what waits then fails, or ends. Never fails, twice neither. */
  close(): void;
}

/** A port on which the server is waited for. */
export interface WireListener {
  /** Where it listens. */
  readonly address: WireAddress;
  /** The next connection. */
  accept(): Promise<Connection>;
  /** Closes it; an `accept` that waits fails. Never fails, twice neither. */
  close(): void;
}

/** How connections are made. */
export interface Transport {
  /** Connects; `signal` gives up. */
  connect(to: WireAddress, signal: AbortSignal): Promise<Connection>;
  /** Listens on a free port of the numeric address `hostname`. */
  listen(hostname: string): WireListener | Promise<WireListener>;
  /**
   * Puts TLS over `wire`, which belongs to the result from then on; undefined where there is no
   * TLS. The control connection is the first to be secured, data connections follow.
   */
  readonly secure?: (wire: Connection, signal: AbortSignal) => Promise<Connection>;
  /** How its data connections go on with TLS sessions; undefined where there is no TLS. */
  readonly resumption?: Resumption;
}

/** What to do when a server refuses a data connection for the TLS session that it goes on with. */
export interface Resumption {
  /** What to tell. */
  readonly hint: string;
  /**
   * Has the connections to this server that are made from now on keep their session, as long as
   * no other is made; missing where nothing would help.
   */
  readonly improve?: () => void;
}

/**
 * Plain TCP by the runtime: what `connect` uses unless it is given another transport, and what one
 * that only adds something may go through.
 *
 * @example
 * ```ts
 * import { connect, plainTransport, type Transport } from "./mod.ts";
 *
 * const telling: Transport = {
 *   ...plainTransport,
 *   connect(to, signal) {
 *     console.error(`connecting to port ${to.port}`);
 *     return plainTransport.connect(to, signal);
 *   },
 * };
 * await using client = await connect({ transport: telling });
 * console.log(await client.workingDirectory());
 * ```
 */
export const plainTransport: Transport = {
  connect: async ({ hostname, port }, signal) =>
    new TcpWire(await Deno.connect({ hostname, port, signal }), hostname),
  listen: (hostname) => {
    const listener = Deno.listen({ hostname, port: 0 });
    return {
      address: listener.addr,
      accept: async () => new TcpWire(await listener.accept(), hostname),
      close: () => closeQuietly(listener),
    };
  },
};

class TcpWire implements Connection {
  readonly local: WireAddress;
  readonly remote: WireAddress;
  readonly #conn: Deno.TcpConn;
  /** Closing once more would throw, which costs more than closing. */
  #closed = false;
  #hasWritten = false;

  /** A connection to `host`, or one that came in there. */
  constructor(conn: Deno.TcpConn, host: string) {
    this.#conn = conn;
    this.local = inZoneOf(host, conn.localAddr);
    this.remote = inZoneOf(host, conn.remoteAddr);
  }

  read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  write(octets: Uint8Array<ArrayBuffer>): Promise<number> {
    if (!this.#hasWritten) this.#prepareToWrite();
    return this.#conn.write(octets);
  }

  /** What is only read from has nothing to delay, and the stall limit to notice its end. */
  #prepareToWrite(): void {
    this.#hasWritten = true;
    // The last, short segment of a file shall not wait for an acknowledgement, a command neither.
    this.#conn.setNoDelay(true);
    this.#conn.setKeepAlive(true);
  }

  finish(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#conn);
  }
}

/**
 * `address` as it can be connected to: one of a single link (fe80::/10) is nothing without its zone
 * (RFC 4007 section 6), which the runtime leaves out, and is in that of `host`.
 */
export function inZoneOf(host: string, address: WireAddress): WireAddress {
  const { hostname, port } = address;
  const [zone] = /%.+$/.exec(host) ?? [];
  if (zone === undefined || !/^fe[89ab][^%]*$/i.test(hostname)) return address;
  return { hostname: `${hostname}${zone}`, port };
}

/**
 * Connects by TCP within `timeoutMs`.
 *
 * @throws {ConnectionError} in one line; an interruption by `signal` throws its reason.
 */
export function dial(
  hostname: string,
  port: number,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Deno.TcpConn> {
  const action = `Cannot connect to ${endpoint({ hostname, port })}`;
  return attemptWithin(
    action,
    timeoutMs,
    signal,
    (signal) => Deno.connect({ hostname, port, signal }),
  );
}

/**
 * Runs `work` for at most `timeoutMs`; it has to end when its signal does.
 *
 * @param kind Of what fails where nothing tells it.
 * @throws {ConnectionError} whose text begins with `action`; an interruption by `signal` throws
 * its reason.
 */
export async function attemptWithin<T>(
  action: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  kind: ErrorKind = "refused",
): Promise<T> {
  signal?.throwIfAborted();
  const abort = new AbortController();
  const lift = limitTime(timeoutMs, () => {
    const text = `${action}: no answer within ${seconds(timeoutMs)}`;
    abort.abort(new ConnectionError(text, { kind: "timeout" }));
  });
  const interrupt = () => abort.abort(signal!.reason);
  signal?.addEventListener("abort", interrupt);
  try {
    return await work(abort.signal);
  } catch (error) {
    abort.signal.throwIfAborted();
    throw connectionError(action, error, kind);
  } finally {
    lift();
    signal?.removeEventListener("abort", interrupt);
  }
}

/** `127.0.0.1:2121`, `[::1]:2121`. */
export function endpoint({ hostname, port }: WireAddress): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** What the system's numbers mean; the runtime and its node modules use the same names. */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "timeout",
  EHOSTUNREACH: "transient",
  ENETUNREACH: "transient",
  ENETDOWN: "transient",
  EAI_AGAIN: "transient",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
};

/** What a wire threw, in one line that begins with `action`; `kind` where nothing tells it. */
export function connectionError(action: string, error: unknown, kind: ErrorKind): ClientError {
  if (error instanceof ClientError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const text = systemText(error);
  const again = /temporary failure in name resolution/i.test(text);
  return new ConnectionError(`${action}: ${text}`, {
    cause: error,
    kind: again ? "transient" : KINDS[code] ?? kind,
  });
}

/** `60 s`, `0.5 s`. */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(2))} s`;
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It was closed already.
  }
}
