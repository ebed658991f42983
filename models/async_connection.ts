/**
 * One connection of the async model: the wire of a session over the runtime's own sockets.
 *
 * One loop reads commands and feeds the session; a transfer runs beside it as a second chain of
 * awaits, so that ABOR, STAT and the deadlines are heard meanwhile. Nothing is read while replies
 * are unsent or the session wants no input.
 *
 * @module
 */

import {
  type Completion,
  type Failure,
  type Peer,
  type Protocol,
  protocols,
} from "../server/mod.ts";
import { addressOf, type AsyncPassive, listenForData } from "./async_passive.ts";
import { now } from "./clock.ts";
import { Connection, filtered, type StartTransfer, type Wire } from "./connection.ts";
import { Files } from "./files.ts";
import { BULK_BYTES, CONTROL_BYTES, LAST_REPLY_MS } from "./limits.ts";
import { FileFailure, openWithRuntime } from "./open_file.ts";
import { type PassivePool, PassiveSlot } from "./passive.ts";
import { type SlowDisk, slowDisk } from "./slow_disk.ts";
import type { WorkerContext } from "./worker_context.ts";

/** The runtime's operations that are counted, by the index of their counter. */
export const CALLS = { accept: 0, connect: 1, read: 2, write: 3 } as const;

/** Bulk buffers that a worker keeps for the next transfer. */
const IDLE_BUFFERS_MAX = 16;

/** What a worker's connections share. */
export class AsyncTools {
  readonly passive: PassivePool<AsyncPassive>;
  readonly protocol: Protocol;
  readonly disk: SlowDisk | undefined;
  readonly #buffers: Uint8Array<ArrayBuffer>[] = [];

  constructor(readonly context: WorkerContext) {
    this.passive = listenForData(context.options);
    this.protocol = protocols.get(context.options.protocol)!;
    this.disk = slowDisk(context.options.diskDelay, context.counters);
  }

  /** Lends a bulk buffer to `use`. */
  async withBuffer<T>(use: (buffer: Uint8Array<ArrayBuffer>) => Promise<T>): Promise<T> {
    const buffer = this.#buffers.pop() ?? new Uint8Array(BULK_BYTES);
    try {
      return await use(buffer);
    } finally {
      if (this.#buffers.length < IDLE_BUFFERS_MAX) this.#buffers.push(buffer);
    }
  }

  count(call: keyof typeof CALLS): void {
    this.context.counters.calls[CALLS[call]]! += 1;
  }
}

/** The one data connection in motion. */
interface AsyncTransfer {
  readonly effect: StartTransfer;
  octets: number;
  deadline: number;
  conn: Deno.Conn | undefined;
  /** Set by whoever ends it from outside; waiting for the connection ends then too. */
  readonly ended: PromiseWithResolvers<never>;
  failure: Completion | undefined;
}

/** Serves one client from its first word to its last. */
export class AsyncConnection implements Wire {
  readonly #tools: AsyncTools;
  readonly #conn: Deno.TcpConn;
  readonly #peer: Peer;
  readonly #connection: Connection;
  /** Resolves when all that was sent is with the kernel. */
  #written: Promise<void> = Promise.resolve();
  /** Resolved by the next change of the session's state. */
  #changed = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  readonly #passive: PassiveSlot<AsyncPassive>;
  #transfer: AsyncTransfer | undefined;
  #closed = false;

  constructor(tools: AsyncTools, conn: Deno.TcpConn) {
    const { context, protocol } = tools;
    const { settings, root } = context.options;
    this.#tools = tools;
    this.#conn = conn;
    this.#passive = new PassiveSlot(tools.passive);
    this.#peer = {
      local: addressOf(conn.localAddr),
      remote: addressOf(conn.remoteAddr),
      number: context.beginSession(),
    };
    this.#connection = new Connection(
      protocol.createSession(settings, this.#peer, now()),
      new Files(root, openWithRuntime),
      this,
    );
  }

  /** Resolves when the connection has ended; never rejects. */
  async serve(): Promise<void> {
    const buffer = new Uint8Array(CONTROL_BYTES);
    const { session } = this.#connection;
    try {
      this.#conn.setNoDelay(true);
      this.#conn.setKeepAlive(true);
      this.#connection.begin(now());
      this.#settle();
      while (!this.#closed) {
        await this.#written;
        if (!session.wantsInput) await this.#changed.promise;
        else await this.#receive(buffer);
      }
    } catch {
      this.#connection.abandon(); // the socket has broken
    }
    await this.#release();
  }

  /** The server stops: the session says goodbye as soon as nothing is under way. */
  stop(): void {
    this.#connection.stop(now());
    this.#settle();
  }

  /** Drops everything at once. */
  abandon(): void {
    this.#connection.abandon();
    this.#closeSocket();
  }

  async #receive(buffer: Uint8Array<ArrayBuffer>): Promise<void> {
    const { counters } = this.#tools.context;
    this.#tools.count("read");
    // A read stops at urgent data, and the runtime takes a buffer that is not full for the end of
    // what has come: ABOR behind a Synch would not be heard. One octet is always full.
    const room = this.#transfer === undefined ? buffer : buffer.subarray(0, 1);
    const count = await this.#conn.read(room);
    counters.add("wakeups", 1);
    if (this.#closed) return;
    if (count === null) {
      this.#connection.end(now());
    } else {
      counters.add("octetsIn", count);
      counters.add("octetsCopied", count);
      this.#connection.input(buffer.subarray(0, count), now());
    }
    this.#settle();
  }

  /** After every turn: wakes the reading loop, and sees that the next deadline has a timer. */
  #settle(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    if (this.#closed) return;
    const session = this.#connection.session.pollDeadline() ?? Infinity;
    const deadline = Math.min(session, this.#transfer?.deadline ?? Infinity);
    if (deadline >= this.#timerAt) return; // a timer that is early looks again
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, deadline - now()));
  }

  #onTimer(): void {
    this.#timerAt = Infinity;
    const time = now();
    if (this.#transfer !== undefined && this.#transfer.deadline <= time) this.#timeoutTransfer();
    const due = this.#connection.session.pollDeadline();
    if (due !== undefined && due <= time) this.#connection.timeout(time);
    this.#settle();
  }

  // --- the wire ---

  get transferred(): number {
    return this.#transfer?.octets ?? 0;
  }

  send(octets: Uint8Array<ArrayBuffer>): void {
    const { counters } = this.#tools.context;
    counters.add("octetsOut", octets.length);
    counters.add("octetsCopied", octets.length);
    this.#written = this.#written.then(() => this.#writeAll(this.#conn, octets));
    this.#written.catch(() => this.abandon());
  }

  async #writeAll(conn: Deno.Conn, octets: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let rest = octets; rest.length > 0;) {
      this.#tools.count("write");
      rest = rest.subarray(await conn.write(rest));
    }
  }

  openPassive(): number | undefined {
    const socket = this.#passive.exchange();
    socket?.expect(this.#peer.remote.host);
    return socket?.port;
  }

  closePassive(): void {
    this.#passive.giveBack();
  }

  startTransfer(effect: StartTransfer): void {
    const transfer: AsyncTransfer = {
      effect,
      octets: 0,
      deadline: now() + effect.connectTimeoutMs,
      conn: undefined,
      ended: Promise.withResolvers(),
      failure: undefined,
    };
    transfer.ended.promise.catch(() => {});
    this.#transfer = transfer;
    this.#runTransfer(transfer).then((completion) => {
      if (this.#transfer !== transfer) return;
      this.#transfer = undefined;
      this.closePassive();
      this.#connection.complete(effect.id, completion, now());
      this.#settle();
    });
  }

  abortTransfer(): void {
    this.#failTransfer("aborted", "the transfer was aborted");
  }

  close(): void {
    this.#closed = true;
    this.#failTransfer("aborted", "the connection was closed");
    this.#transfer = undefined;
    this.closePassive();
    clearTimeout(this.#timer);
    this.#changed.resolve();
    // A read that is under way ends with the socket; replies go first, but not for ever.
    const limit = setTimeout(() => this.#closeSocket(), LAST_REPLY_MS);
    this.#written.catch(() => {}).then(() => {
      clearTimeout(limit);
      this.#closeSocket();
    });
  }

  print(text: string): void {
    this.#tools.context.print(text);
  }

  askOperator(id: number, prompt: string): void {
    this.#tools.context.ask(prompt, (text) => {
      this.#connection.complete(id, { kind: "line", text }, now());
      this.#settle();
    });
  }

  crashed(error: unknown): void {
    this.#tools.context.sessionCrashed(this.#peer.number, error);
  }

  // --- the transfer ---

  async #runTransfer(transfer: AsyncTransfer): Promise<Completion> {
    try {
      transfer.conn = await Promise.race([this.#dataConnection(transfer), transfer.ended.promise]);
      transfer.deadline = now() + transfer.effect.stallTimeoutMs;
      this.#settle();
      const move = transfer.effect.direction === "send" ? this.#sendFile : this.#receiveFile;
      await this.#tools.withBuffer((buffer) => move.call(this, transfer, transfer.conn!, buffer));
      return transfer.failure ?? { kind: "transferred", octets: transfer.octets };
    } catch (error) {
      if (transfer.failure !== undefined) return transfer.failure;
      if (error instanceof FileFailure) {
        return { kind: "failed", failure: error.failure, detail: error.message };
      }
      const detail = error instanceof Error ? error.message : String(error);
      const failure = transfer.conn === undefined ? "noConnection" : "reset";
      return { kind: "failed", failure, detail };
    } finally {
      closeQuietly(transfer.conn);
    }
  }

  #dataConnection(transfer: AsyncTransfer): Promise<Deno.Conn> {
    const { route } = transfer.effect;
    if (route === "passive") return this.#passive.socket!.take();
    this.#tools.count("connect");
    const connecting = Deno.connect({ hostname: route.host, port: route.port });
    connecting.then((conn) => {
      if (transfer.failure !== undefined) closeQuietly(conn); // it came too late
    }, () => {});
    return connecting;
  }

  async #sendFile(
    transfer: AsyncTransfer,
    conn: Deno.Conn,
    buffer: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const { files } = this.#connection;
    // What a filter makes is as long as it happens to be: only the end of the file ends that.
    const length = transfer.effect.filter === undefined ? files.length : undefined;
    for (let ended = false; !ended && transfer.octets !== length;) {
      const delayMs = files.length === undefined ? 0 : this.#tools.disk?.read() ?? 0;
      if (delayMs > 0) await new Promise((resume) => setTimeout(resume, delayMs));
      const count = files.read(buffer);
      ended = count === 0;
      const chunk = filtered(transfer.effect, buffer.subarray(0, count), ended);
      await this.#writeAll(conn, chunk);
      this.#moved(transfer, chunk.length, "octetsOut");
    }
  }

  async #receiveFile(
    transfer: AsyncTransfer,
    conn: Deno.Conn,
    buffer: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const { files } = this.#connection;
    for (let ended = false; !ended;) {
      this.#tools.count("read");
      const count = await conn.read(buffer);
      if (transfer.failure !== undefined) return;
      ended = count === null;
      const chunk = filtered(transfer.effect, buffer.subarray(0, count ?? 0), ended);
      if (chunk.length > 0) files.write(chunk);
      this.#moved(transfer, count ?? 0, "octetsIn");
    }
    // A client that is killed closes both connections: the pending read of commands must have its
    // turn to learn of that, for the end of the data is then not the end of the file.
    await new Promise((resume) => setImmediate(resume));
  }

  #moved(transfer: AsyncTransfer, octets: number, counter: "octetsIn" | "octetsOut"): void {
    const { counters } = this.#tools.context;
    transfer.octets += octets;
    transfer.deadline = now() + transfer.effect.stallTimeoutMs;
    counters.add(counter, octets);
    counters.add("octetsCopied", octets);
  }

  #timeoutTransfer(): void {
    if (this.#transfer?.conn === undefined) {
      this.#failTransfer("noConnection", "the data connection did not come in time");
    } else {
      this.#failTransfer("stalled", "the data connection stood still");
    }
  }

  /** Ends the transfer from outside; its chain of awaits then answers with the failure. */
  #failTransfer(failure: Failure, detail: string): void {
    const transfer = this.#transfer;
    if (transfer === undefined || transfer.failure !== undefined) return;
    transfer.failure = { kind: "failed", failure, detail };
    transfer.deadline = Infinity;
    transfer.ended.reject(new Error(detail));
    closeQuietly(transfer.conn);
  }

  // --- the end ---

  #closeSocket(): void {
    closeQuietly(this.#conn);
  }

  async #release(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#written.catch(() => {});
    this.#closeSocket();
    this.#tools.context.endSession();
  }
}

function closeQuietly(conn: Deno.Conn | undefined): void {
  try {
    conn?.close();
  } catch {
    // closed already: the runtime throws for the second close
  }
}
