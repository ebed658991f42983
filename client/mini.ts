/**
 * A client of mini, the three-field FTP: `miniGet` and `miniPut`, each one transfer on a connection
 * of its own. The command line calls them; they can be embedded as they are.
 *
 * mini marks no ends and confirms nothing, so this client is careful for servers that receive a
 * message with one call, as the teaching one does. It never sends two messages without hearing
 * from the server between them: it pulls when a block is whole. A server may send smaller blocks;
 * when the rest of one does not come within BLOCK_WAIT_MS, it pulls after every piece instead.
 * After a put it closes its side and waits for the server to close the other, which is as near to
 * a confirmation as there is; without it the put has failed.
 *
 * @module
 */

import { NAME_BYTES_MAX } from "../server/octets.ts";
import { unlessAborted } from "./abort.ts";
import { checkCount, type OnProgress, type Sink, type Source } from "./data.ts";
import { ClientError, ConnectionError, LocalError } from "./errors.ts";
import { timeouts } from "./limits.ts";
import { isPlainName } from "./listing.ts";
import { decodeText, encodeText } from "./text.ts";
import { connectionError, dial, seconds } from "./transport.ts";

/** What one pull asks for. */
const BLOCK_BYTES = 1024;

/** The longest answer: what the field's programs receive at once. */
const ANSWER_BYTES_MAX = 1024;

/** Digits of a size that a number holds exactly. */
const SIZE_DIGITS_MAX = 15;

/** One read from the source of a put. */
const PUT_BUFFER_BYTES = 65_536;

/** How long the rest of a block may take before the server's blocks count as smaller. */
const BLOCK_WAIT_MS = 500;

/** Beginnings of answers are waited for, anything else is no mini server. */
const ANSWER = new RegExp(`^(?:YES\\|(\\d{1,${SIZE_DIGITS_MAX}})|(NO\\|0)|(OK)|ERR\\|(.+))$`, "s");
const ANSWER_STARTS = ["YES|", "NO|0", "OK", "ERR|"];

/** Where a mini server is. */
export interface MiniAddress {
  /** A name or a numeric address; 127.0.0.1 without it. */
  readonly host?: string;
  /** 8000 without it. */
  readonly port?: number;
}

/** What a mini transfer can be told. */
export interface MiniOptions {
  /** Breaks the transfer off; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Hears of every chunk. */
  readonly onProgress?: OnProgress;
  /**
   * How long to wait for the connection, and each time for the server; milliseconds, over 0 and at
   * most 2^31 - 1. Default: see limits.ts.
   */
  readonly timeoutMs?: number;
}

/** The server answered, and the answer was no: NO|0 or ERR|reason. */
export class MiniError extends ClientError {
  /** The class's name, for `Error.prototype.toString`. */
  override name = "MiniError";
  /** Its answers know of no other kind. */
  override readonly kind = "permanent";
}

/**
 * Fetches the file `name` into `sink` and returns its size, octets.
 *
 * @example
 * ```ts
 * import { miniGet } from "./mini.ts";
 *
 * using file = await Deno.create("a.avi");
 * await miniGet({ port: 8000 }, "a.avi", { write: (chunk) => void file.writeSync(chunk) });
 * ```
 *
 * @throws {MiniError} when the server has no such file.
 * @throws {ConnectionError} when it cannot be reached, breaks off, or does not speak mini.
 * @throws {LocalError} when `name` cannot be sent, or `timeoutMs` is no time limit.
 */
export async function miniGet(
  address: MiniAddress,
  name: string,
  sink: Sink,
  options: MiniOptions = {},
): Promise<number> {
  const action = `Cannot get "${name}"`;
  const message = encodeMessage(action, "get", name, 0);
  return await withWire(address, action, options, async (wire) => {
    await wire.send(message);
    const size = expectSize(action, await wire.answer());
    await unlessAborted(sink.begin?.(size), options.signal);
    await wire.send(message);
    await receiveBlocks(wire, action, message, size, sink, options);
    return size;
  });
}

/**
 * Stores the first `size` octets of `source` under `name`.
 *
 * @example
 * ```ts
 * import { miniPut } from "./mini.ts";
 *
 * using file = await Deno.open("a.avi");
 * await miniPut({ port: 8000 }, "a.avi", (await file.stat()).size, file);
 * ```
 *
 * @throws {MiniError} when the server does not take it.
 * @throws {ConnectionError} when it cannot be reached, breaks off, does not speak mini, or does not
 * close the connection at the end: what was sent may have got no further than this machine.
 * @throws {LocalError} when `name` cannot be sent, `timeoutMs` is no time limit, or the source ends
 * early.
 */
export async function miniPut(
  address: MiniAddress,
  name: string,
  size: number,
  source: Source,
  options: MiniOptions = {},
): Promise<void> {
  const action = `Cannot put "${name}"`;
  const message = encodeMessage(action, "put", name, size);
  await withWire(address, action, options, async (wire) => {
    await wire.send(message);
    const answer = await wire.answer();
    if (answer.kind === "no") throw new MiniError(`${action}: ${answer.reason}`);
    if (answer.kind !== "ok") throw notMini(action);
    await sendOctets(wire, action, size, source, options);
    const refused = await wire.lastWord();
    if (refused !== undefined) throw new MiniError(`${action}: ${refused}`);
  });
}

/** What a server says first. */
type Answer =
  | { readonly kind: "yes"; readonly size: number }
  | { readonly kind: "ok" }
  | { readonly kind: "no"; readonly reason: string };

function encodeMessage(
  action: string,
  command: "get" | "put",
  name: string,
  size: number,
): Uint8Array<ArrayBuffer> {
  if (!isPlainName(name) || name.includes("|") || encodeText(name).length > NAME_BYTES_MAX) {
    throw new LocalError(`${action}: mini takes plain file names, up to ${NAME_BYTES_MAX} bytes`);
  }
  if (!Number.isSafeInteger(size) || size < 0 || `${size}`.length > SIZE_DIGITS_MAX) {
    throw new LocalError(`${action}: ${size} is not a size`);
  }
  return encodeText(`${command}|${name}|${size}`);
}

function notMini(action: string): ConnectionError {
  return new ConnectionError(`${action}: the answer is not mini's`, { kind: "protocol" });
}

function expectSize(action: string, answer: Answer): number {
  if (answer.kind === "yes") return answer.size;
  if (answer.kind === "no") throw new MiniError(`${action}: ${answer.reason}`);
  throw notMini(action);
}

async function receiveBlocks(
  wire: Wire,
  action: string,
  pull: Uint8Array<ArrayBuffer>,
  size: number,
  sink: Sink,
  { onProgress, signal }: MiniOptions,
): Promise<void> {
  const buffer = new Uint8Array(BLOCK_BYTES);
  let received = 0;
  /** How far the octets reach that were pulled. */
  let asked = Math.min(size, BLOCK_BYTES);
  let smallBlocks = false;
  while (received < size) {
    const started = received % BLOCK_BYTES > 0;
    const chunk = buffer.subarray(0, size - received);
    const count = await wire.receive(chunk, started && !smallBlocks ? BLOCK_WAIT_MS : undefined);
    if (count === "late") {
      smallBlocks = true;
      await wire.send(pull);
      continue;
    }
    if (count === 0) {
      const text = `${action}: the server closed after ${received} of ${size} octets`;
      throw new ConnectionError(text, { kind: "short" });
    }
    received += count;
    const most = sink.most ?? count;
    for (let at = 0; at < count; at += most) {
      await unlessAborted(sink.write(chunk.subarray(at, Math.min(count, at + most))), signal);
    }
    onProgress?.(received);
    if (received < size && (smallBlocks || received >= asked)) {
      asked = Math.min(size, received + BLOCK_BYTES);
      await wire.send(pull);
    }
  }
}

async function sendOctets(
  wire: Wire,
  action: string,
  size: number,
  source: Source,
  { onProgress, signal }: MiniOptions,
): Promise<void> {
  const buffer = new Uint8Array(Math.min(size, PUT_BUFFER_BYTES));
  for (let sent = 0; sent < size;) {
    const room = buffer.subarray(0, size - sent);
    const count = await unlessAborted(source.read(room), signal) ?? 0;
    checkCount(count, room);
    if (count === 0) {
      throw new LocalError(`${action}: it ended after ${sent} of ${size} octets`);
    }
    await wire.send(buffer.subarray(0, count));
    sent += count;
    onProgress?.(sent);
  }
}

/** Connects, runs `body`, and closes however that ends. */
async function withWire<T>(
  address: MiniAddress,
  action: string,
  options: MiniOptions,
  body: (wire: Wire) => Promise<T>,
): Promise<T> {
  const { host = "127.0.0.1", port = 8000 } = address;
  const { signal } = options;
  const { connectMs, replyMs } = timeouts(options.timeoutMs);
  const conn = await dial(host, port, connectMs, signal);
  const wire = new Wire(conn, action, replyMs);
  const interrupt = () => wire.fail(signal!.reason);
  signal?.addEventListener("abort", interrupt);
  try {
    signal?.throwIfAborted();
    conn.setNoDelay(true);
    return await body(wire);
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", interrupt);
    wire.fail(undefined);
  }
}

/** The one connection of a transfer: every wait has a limit. */
class Wire {
  readonly #conn: Deno.TcpConn;
  readonly #action: string;
  readonly #timeoutMs: number;
  #failed: { readonly cause: unknown } | undefined;
  /** A read that was given up waiting for; its octets belong to the next `receive`. */
  #reading: Promise<number> | undefined;
  #readBuffer = new Uint8Array(BLOCK_BYTES);
  /** What a given-up read brought and nobody has taken yet. */
  #unread = new Uint8Array(0);

  constructor(conn: Deno.TcpConn, action: string, timeoutMs: number) {
    this.#conn = conn;
    this.#action = action;
    this.#timeoutMs = timeoutMs;
  }

  /** Closes the connection; what waits for it throws `cause`. */
  fail(cause: unknown): void {
    if (this.#failed !== undefined) return;
    this.#failed = { cause };
    this.#conn.close();
  }

  /** Sends all of `octets`; what the server says instead of taking them is in the error. */
  async send(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.#limited(async () => {
        for (let at = 0; at < octets.length;) at += await this.#conn.write(octets.subarray(at));
      });
    } catch (error) {
      if (this.#failed !== undefined) throw error;
      const refused = await this.lastWord().catch(() => undefined);
      throw refused === undefined ? error : new MiniError(`${this.#action}: ${refused}`);
    }
  }

  /** Up to `chunk.length` octets into `chunk`: their count, 0 at the end, "late" after `waitMs`. */
  async receive(chunk: Uint8Array, waitMs?: number): Promise<number | "late"> {
    if (this.#unread.length === 0) {
      this.#reading ??= this.#limited(async () => await this.#conn.read(this.#readBuffer) ?? 0);
      this.#reading.catch(() => {}); // heard by the next call, if there is one
      const count = waitMs === undefined
        ? await this.#reading
        : await firstOf(this.#reading, waitMs);
      if (count === "late") return count;
      this.#reading = undefined;
      this.#unread = this.#readBuffer.subarray(0, count);
    }
    const part = this.#unread.subarray(0, chunk.length);
    chunk.set(part);
    this.#unread = this.#unread.subarray(part.length);
    return part.length;
  }

  /** The server's answer, from one piece or several. */
  async answer(): Promise<Answer> {
    const text = await this.#text((text) => isWholeAnswer(text) || !mayBecomeAnswer(text));
    const [match, size, no, ok, reason] = ANSWER.exec(text) ?? [];
    if (size !== undefined) return { kind: "yes", size: Number(size) };
    if (no !== undefined) return { kind: "no", reason: "the server has no such file to give" };
    if (ok !== undefined) return { kind: "ok" };
    if (match !== undefined) return { kind: "no", reason: reason! };
    throw new ConnectionError(
      text === ""
        ? `${this.#action}: the server closed the connection`
        : `${this.#action}: the server does not speak mini`,
      { kind: text === "" ? "reset" : "protocol" },
    );
  }

  /** Closes this side and waits for the other: the reason of an ERR, if one came. */
  async lastWord(): Promise<string | undefined> {
    return await this.#limited(async () => {
      await this.#conn.closeWrite();
      const text = await this.#text(() => false);
      // So much may be cut off: the end is still to come.
      if (encodeText(text).length === ANSWER_BYTES_MAX) {
        while (await this.receive(new Uint8Array(BLOCK_BYTES)) !== 0);
      }
      return /^ERR\|(.*)$/s.exec(text)?.[1];
    }, "not confirmed, the server did not close the connection");
  }

  /** What the server says until `isEnough`, its end, or the longest answer. */
  async #text(isEnough: (text: string) => boolean): Promise<string> {
    const buffer = new Uint8Array(ANSWER_BYTES_MAX);
    let length = 0;
    for (let text = "";; text = decodeText(buffer.subarray(0, length))) {
      if (length === buffer.length || (length > 0 && isEnough(text))) return text;
      const count = await this.receive(buffer.subarray(length));
      if (count === 0 || count === "late") return text;
      length += count;
    }
  }

  /** Waits for the network, no longer than the limit; `missing` is what did not come by then. */
  async #limited<T>(call: () => Promise<T>, missing = "nothing from the server"): Promise<T> {
    const late = new ConnectionError(
      `${this.#action}: ${missing} within ${seconds(this.#timeoutMs)}`,
      { kind: "timeout" },
    );
    const timer = setTimeout(() => this.fail(late), this.#timeoutMs);
    try {
      return await call();
    } catch (error) {
      throw this.#failed?.cause ??
        connectionError(`${this.#action}: the connection broke`, error, "reset");
    } finally {
      clearTimeout(timer);
    }
  }
}

function isWholeAnswer(text: string): boolean {
  return ANSWER.test(text);
}

function mayBecomeAnswer(text: string): boolean {
  return ANSWER_STARTS.some((start) => start.startsWith(text));
}

/** What `promise` brings, or "late" when that takes longer than `waitMs`. */
async function firstOf<T>(promise: Promise<T>, waitMs: number): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), waitMs));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
