/**
 * Data connections: made by EPSV or PASV, and moving octets between one and a source or a sink.
 *
 * transfer.ts and directory.ts use it. The host in a 227 reply is never used: a data connection
 * goes to the address that the control connection goes to, so no server can send a client
 * elsewhere.
 *
 * @module
 */

import { parseExtendedPassive, parsePassive } from "../server/ftp/words/address.ts";
import { type ControlConnection, dial, seconds, systemText } from "./control.ts";
import { ConnectionError, describeReply, LocalError, refusal } from "./errors.ts";

/** One read and one write of a data connection; larger ones were not faster on loopback. */
export const DATA_BUFFER_BYTES = 262_144;

/** A stalled connection is noticed between one and one and a quarter of its time limit. */
const STALL_CHECKS = 4;

/** How long the end of a download may take after its good reply, when all octets are here. */
const END_WAIT_MS = 1_000;

/** Where downloaded octets go. */
export interface Sink {
  /**
   * Called once, when the server has agreed and before the first `write`, with the size of the
   * whole file as far as it is known: where a sink that replaces something begins to do so.
   */
  begin?(size: number | undefined): void | Promise<void>;
  /** Takes all of `chunk`, which is valid until the call has returned or its promise settled. */
  write(chunk: Uint8Array<ArrayBuffer>): void | Promise<void>;
}

/** Where uploaded octets come from. An open `Deno.FsFile` is one. */
export interface Source {
  /** Fills `buffer` from its beginning; the number of octets, or null at the end. */
  read(buffer: Uint8Array<ArrayBuffer>): number | null | Promise<number | null>;
}

/** Hears how far a transfer is: octets moved so far by this one, without the offset. */
export type OnProgress = (octets: number) => void;

/** One data connection. */
export class DataConnection {
  readonly #conn: Deno.TcpConn;
  readonly #stallMs: number;
  #octets = 0;
  #cause: unknown;
  #closed = false;
  /** Nothing more is waited for; closing the connection is no failure. */
  #complete = false;
  #endWait: ReturnType<typeof setInterval> | undefined;
  /** Ends the current wait for a source, a sink or a reader: each may last very long. */
  #wake: ((cause: unknown) => void) | undefined;
  /** Checks that the current wait for the network has lived through; undefined: no wait. */
  #waitedChecks: number | undefined;

  constructor(conn: Deno.TcpConn, stallMs: number) {
    this.#conn = conn;
    this.#stallMs = stallMs;
  }

  /** Octets moved so far. */
  get octets(): number {
    return this.#octets;
  }

  /** Whether it was closed on this side: at its end, broken, or interrupted. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Stops moving octets, which throws `cause`, and leaves the connection open. */
  halt(cause: unknown): void {
    this.#cause ??= cause;
    this.#wake?.(this.#cause);
  }

  /** Stops moving octets, which throws `cause`, and closes the connection. */
  interrupt(cause: unknown): void {
    this.halt(cause);
    this.close();
  }

  /** Closes the connection; the end of an upload. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#endWait);
    this.#conn.close();
  }

  /**
   * The server says that all is sent: once `octets` are here, its end of the connection is not
   * waited for much longer. A few servers forget to close it.
   */
  endSoon(octets: number): void {
    if (this.#closed) return;
    this.#endWait = setInterval(() => {
      if (this.#octets !== octets || this.#waitedChecks === undefined) return;
      this.#complete = true;
      this.close();
    }, END_WAIT_MS);
  }

  /** Moves octets into `sink` until the server closes. */
  async receive(sink: Sink, onProgress?: OnProgress): Promise<void> {
    const buffer = new Uint8Array(DATA_BUFFER_BYTES);
    await this.#watched(async () => {
      for (;;) {
        const count = await this.#network(() => this.#readUntilEnd(buffer));
        if (count === null) break;
        this.#octets += count;
        const written = sink.write(buffer.subarray(0, count));
        if (written !== undefined) await this.#wakeable(written);
        onProgress?.(this.#octets);
      }
    });
    // Some servers say 226 only when the client has closed its end, too.
    this.close();
  }

  /** Moves octets from `source` until its end, then closes. What the source throws leaves it open. */
  async send(source: Source, onProgress?: OnProgress): Promise<void> {
    // The last, short segment of a file shall not wait for an acknowledgement.
    this.#conn.setNoDelay(true);
    const buffer = new Uint8Array(DATA_BUFFER_BYTES);
    await this.#watched(async () => {
      for (;;) {
        const asked = source.read(buffer);
        const count = asked instanceof Promise ? await this.#wakeable(asked) : asked;
        if (count === null || count === 0) return;
        if (!Number.isInteger(count) || count < 0 || count > buffer.length) {
          throw new LocalError(`Cannot read from the source: ${count} is no number of octets`);
        }
        for (let at = 0; at < count;) {
          const rest = buffer.subarray(at, count);
          at += await this.#network(() => this.#wakeable(this.#conn.write(rest)));
          if (this.#cause !== undefined) throw this.#cause;
        }
        this.#octets += count;
        onProgress?.(this.#octets);
      }
    });
    this.close();
  }

  async #readUntilEnd(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    try {
      return await this.#conn.read(buffer);
    } catch (error) {
      if (this.#complete) return null;
      throw error;
    }
  }

  /** Waits for the network, which the stall limit counts; a slow sink or source is not a stall. */
  async #network<T>(call: () => Promise<T>): Promise<T> {
    this.#waitedChecks = 0;
    try {
      return await call();
    } catch (error) {
      if (this.#cause !== undefined) throw this.#cause;
      this.close();
      throw new ConnectionError(`The data connection broke: ${systemText(error)}`, {
        cause: error,
      });
    } finally {
      this.#waitedChecks = undefined;
    }
  }

  /** Waits for `call`, or until the transfer is halted. */
  async #wakeable<T>(call: Promise<T>): Promise<T> {
    const woken = Promise.withResolvers<T>();
    this.#wake = woken.reject;
    if (this.#cause !== undefined) woken.reject(this.#cause);
    call.then(woken.resolve, woken.reject);
    return await woken.promise.finally(() => this.#wake = undefined);
  }

  /** Runs `move` under the stall limit. No timer is set for a chunk: there are many. */
  async #watched(move: () => Promise<void>): Promise<void> {
    const check = setInterval(() => {
      if (this.#waitedChecks === undefined || this.#waitedChecks++ < STALL_CHECKS) return;
      const limit = seconds(this.#stallMs);
      this.interrupt(new ConnectionError(`The data connection stood still for ${limit}`));
    }, this.#stallMs / STALL_CHECKS);
    try {
      await move();
    } finally {
      clearInterval(check);
    }
  }
}

/**
 * Makes a data connection: EPSV (RFC 2428), and PASV (RFC 959) once EPSV has failed.
 *
 * @throws {ProtocolError} when the server offers neither.
 * @throws {ConnectionError} when the offered port cannot be reached.
 */
export async function openData(
  control: ControlConnection,
  signal?: AbortSignal,
): Promise<DataConnection> {
  if (control.server.extendedPassive) {
    const reply = await control.ask("EPSV");
    if (reply.code === 229) {
      const port = parseExtendedPassive(reply.lines.join(" "));
      try {
        if (port === undefined || port === 0) throw notAnAddress("EPSV", reply);
        return await connectData(control, port, signal);
      } catch (error) {
        // Behind some address translators only the port of a 227 reply is opened, or they spoil
        // the reply to EPSV.
        if (!(error instanceof ConnectionError) || isIpv6(control)) throw error;
      }
    } else if (reply.code === 421 || isIpv6(control)) {
      // 421 is no verdict on EPSV, and over IPv6 there is nothing to fall back to.
      throw refusal("Cannot open a data connection", reply);
    }
    control.server.extendedPassive = false;
  }
  const reply = await control.expect("Cannot open a data connection", "PASV", 200);
  const address = parsePassive(reply.lines.join(" "));
  if (address === undefined || address.port === 0) throw notAnAddress("PASV", reply);
  return await connectData(control, address.port, signal);
}

/** Whether the control connection is one of IPv6, an IPv4-mapped address not counted. */
function isIpv6(control: ControlConnection): boolean {
  const host = control.peer.hostname;
  return host.includes(":") && !host.toLowerCase().startsWith("::ffff:");
}

function notAnAddress(verb: string, reply: Parameters<typeof describeReply>[0]): ConnectionError {
  return new ConnectionError(
    `Cannot open a data connection: the reply to ${verb} has no address: ${describeReply(reply)}`,
  );
}

async function connectData(
  control: ControlConnection,
  port: number,
  signal?: AbortSignal,
): Promise<DataConnection> {
  const { connectMs, stallMs } = control.timeouts;
  const conn = await dial(control.peer.hostname, port, connectMs, signal);
  return new DataConnection(conn, stallMs);
}

/** A sink that keeps at most `bytesMax` octets in memory. */
export class MemorySink implements Sink {
  readonly #bytesMax: number;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#length += chunk.length;
    if (this.#length > this.#bytesMax) {
      throw new LocalError(`Cannot keep more than ${this.#bytesMax} octets in memory`);
    }
    this.#chunks.push(chunk.slice());
  }

  /** What came, in one piece. */
  octets(): Uint8Array<ArrayBuffer> {
    const octets = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      octets.set(chunk, at);
      at += chunk.length;
    }
    return octets;
  }
}
