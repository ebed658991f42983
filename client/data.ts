/**
 * Data connections: moving octets between one and a source or a sink.
 *
 * transfer.ts uses it. How a data connection comes about is a strategy, `ChannelOpener`: passive.ts
 * has two of them, active.ts one.
 *
 * @module
 */

import { concatenate } from "../server/octets.ts";
import type { DataChannel } from "./channel.ts";
import type { ControlConnection } from "./control.ts";
import { ConnectionError, LocalError } from "./errors.ts";
import { repeatEvery } from "./time_limit.ts";
import { attemptWithin, type Connection, connectionError, seconds } from "./transport.ts";

/** One read and one write of a data connection; larger ones were not faster on loopback. */
export const DATA_BUFFER_BYTES = 262_144;

/** A stalled connection is noticed between one and one and a quarter of its time limit. */
const STALL_CHECKS = 4;

/** How long no octet comes after the good reply of a download whose octets seem to be all here. */
const END_WAIT_MS = 1_000;

/** Where downloaded octets go. */
export interface Sink {
  /** The most octets of one `write`, 1 or more; default: what one read of the network brings. */
  readonly most?: number | undefined;
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
  /**
   * Fills `buffer` from its beginning; the number of octets, at least 1, or null at the end. 0 is
   * the end, too.
   */
  read(buffer: Uint8Array<ArrayBuffer>): number | null | Promise<number | null>;
}

/** Hears how far a transfer is: octets moved so far by this one, without the offset. */
export type OnProgress = (octets: number) => void;

/** One data connection. */
export class DataConnection {
  readonly #control: ControlConnection;
  readonly #channel: DataChannel;
  /** Ends the wait for the connection itself. */
  readonly #opening = new AbortController();
  #isOpen = false;
  #wire: Connection | undefined;
  #octets = 0;
  #cause: unknown;
  #closed = false;
  /** Nothing more is waited for; closing the connection is no failure. */
  #complete = false;
  #endWait: (() => void) | undefined;
  /** Ends the current wait for a source, a sink or a reader: each may last very long. */
  #wake: ((cause: unknown) => void) | undefined;
  /** Checks that the current wait for the network has lived through; undefined: no wait. */
  #waitedChecks: number | undefined;

  /** One that is agreed on and not open yet. */
  constructor(control: ControlConnection, channel: DataChannel) {
    this.#control = control;
    this.#channel = channel;
  }

  /** Octets moved so far. */
  get octets(): number {
    return this.#octets;
  }

  /** Whether it was closed on this side: at its end, broken, or interrupted. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Waits for the connection, and secures it where data is protected: servers begin with TLS when
   * they have accepted the command, not before.
   *
   * @throws {ConnectionError} when it does not come about in time.
   */
  async open(): Promise<void> {
    if (this.#cause !== undefined) throw this.#cause;
    const { wire } = this.#channel;
    if (typeof wire === "function" || this.#control.server.protectedData) await this.#come();
    else this.#wire = wire;
    this.#isOpen = true;
  }

  async #come(): Promise<void> {
    const { timeouts: { connectMs }, server } = this.#control;
    const { wire } = this.#channel;
    const opened = attemptWithin(
      "Cannot open a data connection",
      connectMs,
      this.#opening.signal,
      async (end) => {
        this.#wire = typeof wire === "function" ? await wire(end) : wire;
        if (server.protectedData) this.#wire = await this.#control.secure(this.#wire, end);
        if (this.#closed) this.#wire.close();
      },
    );
    await this.#network(() => this.#wakeable(opened));
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
    this.#endWait?.();
    if (!this.#isOpen) this.#opening.abort(this.#cause);
    this.#channel.close();
    this.#wire?.close();
  }

  /** Whether its end was not waited for (`endSoon`): there may have been more to come. */
  get wasLeft(): boolean {
    return this.#complete;
  }

  /** Whether what was received may have been cut on its way: see Connection. */
  get wasCut(): boolean {
    return this.#wire?.wasCut === true;
  }

  /** Closes a connection over which all went well. */
  async #finish(): Promise<void> {
    await this.#network(() => this.#wire!.finish());
    this.close();
  }

  /**
   * The server says that all is sent: once `octets` are here and no others come, its end of the
   * connection is not waited for much longer. A few servers forget to close it.
   */
  endSoon(octets: number): void {
    if (this.#closed) return;
    /** Where the network is waited for; what a slow sink has not taken yet may be here already. */
    const waitsAt = () => this.#waitedChecks === undefined ? undefined : this.#octets;
    let before = waitsAt();
    this.#endWait = repeatEvery(END_WAIT_MS, () => {
      const now = waitsAt();
      const isStill = now !== undefined && now === before;
      before = now;
      if (!isStill || now < octets) return;
      this.#complete = true;
      this.close();
    });
  }

  /** Moves octets into `sink` until the server closes. */
  async receive(sink: Sink, onProgress?: OnProgress): Promise<void> {
    await this.#watched(async (buffer) => {
      const room = buffer.subarray(0, sink.most);
      if (room.length === 0) throw new LocalError("Cannot write to a sink of no octets at a time");
      for (;;) {
        const count = await this.#network(() => this.#readUntilEnd(room));
        if (count === null) break;
        this.#octets += count;
        const written = sink.write(room.subarray(0, count));
        if (written !== undefined) await this.#wakeable(written);
        onProgress?.(this.#octets);
      }
    });
    // Some servers say 226 only when the client has closed its end, too.
    await this.#finish();
  }

  /** Moves octets from `source` until its end, then closes. What the source throws leaves it open. */
  async send(source: Source, onProgress?: OnProgress): Promise<void> {
    const wire = this.#wire!;
    await this.#watched(async (buffer) => {
      for (;;) {
        const asked = source.read(buffer);
        const count = asked instanceof Promise ? await this.#wakeable(asked) : asked;
        if (count === null || count === 0) return;
        checkCount(count, buffer);
        for (let at = 0; at < count;) {
          const rest = buffer.subarray(at, count);
          at += await this.#network(() => this.#wakeable(wire.write(rest)));
          if (this.#cause !== undefined) throw this.#cause;
        }
        this.#octets += count;
        onProgress?.(this.#octets);
      }
    });
    await this.#finish();
  }

  async #readUntilEnd(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    try {
      return await this.#wire!.read(buffer);
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
      throw connectionError("The data connection broke", error, "reset");
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
  async #watched(move: (buffer: Uint8Array<ArrayBuffer>) => Promise<void>): Promise<void> {
    const { stallMs } = this.#control.timeouts;
    const leave = repeatEvery(stallMs / STALL_CHECKS, () => {
      if (this.#waitedChecks === undefined || this.#waitedChecks++ < STALL_CHECKS) return;
      const text = `The data connection stood still for ${seconds(stallMs)}`;
      this.interrupt(new ConnectionError(text, { kind: "timeout" }));
    });
    // One that was broken off may still be read into: only a whole transfer gives it back.
    const buffer = this.#control.spareBuffer ?? new Uint8Array(DATA_BUFFER_BYTES);
    this.#control.spareBuffer = undefined;
    try {
      await move(buffer);
    } finally {
      leave();
    }
    this.#control.spareBuffer = buffer;
  }
}

/** Throws a LocalError when a source cannot have read `count` octets into `buffer`. */
export function checkCount(count: number, buffer: Uint8Array): void {
  if (Number.isInteger(count) && count >= 0 && count <= buffer.length) return;
  throw new LocalError(`Cannot read from the source: ${count} is no number of octets`);
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
    return concatenate(this.#chunks);
  }
}
