/**
 * RETR, STOR and APPE: one transfer from the first command to the last reply (RFC 959 section
 * 5.4, restart by RFC 3659 section 5).
 *
 * client.ts calls it, one transfer at a time. However a transfer ends, its data connection is
 * closed and its replies are read, so that the control connection is good for the next command;
 * where that cannot be had in time, the control connection is closed.
 *
 * @module
 */

import type { ControlConnection, Exchange } from "./control.ts";
import type { Reply } from "./conversation.ts";
import { type DataConnection, type OnProgress, openData, type Sink, type Source } from "./data.ts";
import { ConnectionError, LocalError, refusal } from "./errors.ts";
import { ABORT_NOTICE_MS, ABORT_TIMEOUT_MS } from "./limits.ts";

/** What all transfers can be told. */
export interface TransferOptions {
  /** Breaks the transfer off; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Hears of every chunk. */
  readonly onProgress?: OnProgress;
}

/** What a download can be told. */
export interface DownloadOptions extends TransferOptions {
  /** Octets of the file to leave out at its beginning (REST). */
  readonly offset?: number;
}

/** What an upload can be told. */
export interface UploadOptions extends TransferOptions {
  /**
   * Where in the remote file the first octet of the source goes: an offset (REST and STOR), or
   * its end (APPE). Without it the file is replaced.
   */
  readonly at?: number | "end";
}

/** How a transfer went. */
export interface Transferred {
  /** Octets moved by this transfer, without the offset. */
  readonly octets: number;
  /** The last reply, RFC 959 section 4.2. */
  readonly reply: Reply;
}

/** Downloads `path` into `sink`. */
export async function retrieve(
  control: ControlConnection,
  path: string,
  sink: Sink,
  options: DownloadOptions = {},
): Promise<Transferred> {
  const action = `Cannot retrieve "${path}"`;
  const offset = options.offset ?? 0;
  await setType(control, "I");
  const size = await sizeOf(control, path);
  if (size !== undefined && offset > size) {
    throw new LocalError(`${action} from octet ${offset}: it has ${size} octets only`);
  }
  let expected = size === undefined ? undefined : size - offset;
  const result = await transfer(control, {
    action,
    command: `RETR ${path}`,
    offset,
    options,
    expected: () => expected,
    move: async (data, first) => {
      const announced = first && announcedSize(first);
      // With an offset servers differ in what they announce: the file or the rest of it.
      if (expected === undefined && offset === 0) expected = announced;
      await sink.begin?.(size ?? (offset === 0 ? announced : undefined));
      await data.receive(sink, options.onProgress);
    },
  });
  if (expected !== undefined && result.octets < expected) {
    throw new ConnectionError(
      `${action}: the transfer ended after ${result.octets} of ${expected} octets`,
    );
  }
  return result;
}

/** Receives a listing; `command` is the whole of it. */
export function retrieveListing(
  control: ControlConnection,
  action: string,
  command: string,
  sink: Sink,
): Promise<Transferred> {
  return transfer(control, { action, command, move: (data) => data.receive(sink) });
}

/** Uploads `source` to `path`. */
export async function store(
  control: ControlConnection,
  source: Source,
  path: string,
  options: UploadOptions = {},
): Promise<Transferred> {
  const action = `Cannot store "${path}"`;
  await setType(control, "I");
  const before = options.at === "end" ? await sizeOf(control, path) ?? 0 : options.at ?? 0;
  const result = await transfer(control, {
    action,
    command: `${options.at === "end" ? "APPE" : "STOR"} ${path}`,
    offset: typeof options.at === "number" ? options.at : 0,
    options,
    sends: true,
    move: (data) => data.send(source, options.onProgress),
  });
  // A server may have closed early and still say that all is well.
  const size = await sizeOf(control, path);
  const expected = before + result.octets;
  if (size !== undefined && size !== expected) {
    throw new ConnectionError(`${action}: the server has ${size} of ${expected} octets`);
  }
  return result;
}

/** TYPE, unless it is in force. */
export async function setType(control: ControlConnection, type: "A" | "I"): Promise<void> {
  if (control.server.type === type) return;
  await control.expect(`Cannot set the transfer type`, `TYPE ${type}`, 200);
  control.server.type = type;
}

/**
 * The size of a file in octets (RFC 3659 section 4), or undefined when the server does not tell:
 * a file that is not there is better refused by the command that is meant for it.
 */
export async function sizeOf(
  control: ControlConnection,
  path: string,
): Promise<number | undefined> {
  const reply = await control.ask(`SIZE ${path}`);
  if (reply.code === 421) throw refusal(`Cannot ask for the size of "${path}"`, reply);
  const text = reply.lines[0]!.trim();
  return reply.code === 213 && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The size in a reply 150 such as `Opening BINARY mode data connection for a (1234 bytes)`. */
export function announcedSize(reply: Reply): number | undefined {
  const match = /\((\d{1,15}) bytes?\)/i.exec(reply.lines.join(" "));
  return match === null ? undefined : Number(match[1]);
}

/** One transfer, for `transfer`. */
interface Plan {
  readonly action: string;
  readonly command: string;
  readonly offset?: number;
  readonly options?: TransferOptions;
  /** Octets go to the server: closing the data connection would tell it that they are all. */
  readonly sends?: boolean;
  /** How many octets come, as far as it is known by then. */
  expected?(): number | undefined;
  /** Moves the octets; `preliminary` is the server's 1yz reply, if there was one. */
  move(data: DataConnection, preliminary: Reply | undefined): Promise<void>;
}

async function transfer(control: ControlConnection, plan: Plan): Promise<Transferred> {
  const signal = plan.options?.signal;
  signal?.throwIfAborted();
  const data = await openData(control, signal);
  try {
    if (plan.offset !== undefined && plan.offset > 0) {
      await control.expect(`${plan.action} from octet ${plan.offset}`, `REST ${plan.offset}`, 300);
    }
    signal?.throwIfAborted();
    const exchange = control.begin(plan.command);
    const first = await control.settle(exchange.first, control.timeouts.replyMs, exchange.verb);
    if (first.code >= 300) throw refusal(plan.action, first);
    const reply = await runTransfer(control, data, exchange, first, plan);
    return { octets: data.octets, reply };
  } finally {
    data.close();
  }
}

/** From the preliminary reply to the final one. */
async function runTransfer(
  control: ControlConnection,
  data: DataConnection,
  exchange: Exchange,
  first: Reply,
  plan: Plan,
): Promise<Reply> {
  const signal = plan.options?.signal;
  let abort: Exchange | undefined;
  const interrupt = () => {
    // The end of its data connection alone would look like the end of an upload.
    if (plan.sends && !control.closed) abort = control.begin("ABOR");
    data.halt(signal!.reason);
    // A download waits for the network, not for a source: only closing wakes it.
    if (!plan.sends) data.close();
  };
  signal?.addEventListener("abort", interrupt);
  // A refusal in the middle, such as 552 for a full disk, ends the transfer at once. A good reply
  // may overtake the last octets and is no end by itself.
  exchange.final.then(
    (reply) => {
      if (reply.code >= 300) return data.interrupt(refusal(plan.action, reply));
      const octets = plan.expected?.();
      if (octets !== undefined) data.endSoon(octets);
    },
    (error) => data.interrupt(error),
  );
  try {
    if (signal?.aborted) interrupt();
    await plan.move(data, first.code < 200 ? first : undefined);
  } catch (error) {
    const broke = data.closed;
    // The source failed: the end of the data connection would make its octets a whole file.
    if (plan.sends && !broke && !control.closed) abort ??= control.begin("ABOR");
    const reply = await endTransfer(control, data, exchange, abort);
    // A broken data connection is told by its cause, when the server names one.
    const told = broke && error instanceof ConnectionError && reply !== undefined &&
      reply.code >= 300;
    throw told ? refusal(plan.action, reply) : error;
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
  const reply = await control.settle(exchange.final, control.timeouts.replyMs, exchange.verb);
  if (reply.code >= 300) throw refusal(plan.action, reply);
  return reply;
}

/**
 * Brings a transfer that failed on this side to its end: what is left is its final reply, and
 * that to ABOR. Without them in time the control connection is of no use and is closed.
 */
async function endTransfer(
  control: ControlConnection,
  data: DataConnection,
  exchange: Exchange,
  abort: Exchange | undefined,
): Promise<Reply | undefined> {
  try {
    // Servers that look at ABOR only after the transfer see its data connection close first.
    if (abort !== undefined) await within(exchange.final, ABORT_NOTICE_MS);
    data.close();
    const timeoutMs = Math.min(ABORT_TIMEOUT_MS, control.timeouts.replyMs);
    const reply = await control.settle(exchange.final, timeoutMs, exchange.verb);
    // Some servers answer both with one 225 when no octet had come yet.
    if (abort !== undefined) await control.settle(abort.final, ABORT_NOTICE_MS, abort.verb);
    return reply;
  } catch {
    return undefined;
  }
}

/** Waits for `reply`, whatever becomes of it, at most `timeoutMs`. */
async function within(reply: Promise<Reply>, timeoutMs: number): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, timeoutMs);
  await Promise.race([over.promise, reply.then(() => {}, () => {})]);
  clearTimeout(timer);
}
