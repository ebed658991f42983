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

import { unlessAborted } from "./abort.ts";
import type { ControlConnection } from "./control.ts";
import type { Reply } from "./conversation.ts";
import { DataConnection, type OnProgress, type Sink, type Source } from "./data.ts";
import {
  type ClientError,
  ConnectionError,
  describeReply,
  LocalError,
  ProtocolError,
  refusal,
  SessionRefusal,
} from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { ABORT_NOTICE_MS, ABORT_TIMEOUT_MS } from "./limits.ts";

/**
 * How much more than SIZE said a download may bring: a log grows while it is fetched, and SIZE is
 * asked again then. Beyond that the server is not believed any more.
 */
export const GROWTH_BYTES_MAX = 16_777_216;

/** What every call can be told. */
export interface CallOptions {
  /** Gives up, also the wait for its turn; the call then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What all transfers can be told. */
export interface TransferOptions extends CallOptions {
  /** Hears of every chunk. */
  readonly onProgress?: OnProgress;
}

/** What a download can be told. */
export interface DownloadOptions extends TransferOptions {
  /** Octets of the file to leave out at its beginning (REST). */
  readonly offset?: number;
  /**
   * What was told of the file before: its size is then not asked for (SIZE). By a listing, which may
   * be long ago, or, with `isFresh`, by SIZE.
   */
  readonly known?: { readonly size: number; readonly isFresh?: boolean };
}

/** What an upload can be told. */
export interface UploadOptions extends TransferOptions {
  /**
   * Where in the remote file the first octet of the source goes: an offset (REST and STOR), or
   * its end (APPE). Without it the file is replaced. Some servers keep what lies behind the last.
   */
  readonly at?: number | "end";
  /**
   * With `at: "end"`, the offset that this end has to be, in octets. Where SIZE tells another one,
   * or none any more, nothing is sent: an earlier session may still be writing what it received.
   */
  readonly endsAt?: number;
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
  const { offset = 0, known } = options;
  await setType(control, "I");
  const size = known?.size ?? await sizeOf(control, path);
  if (size !== undefined && offset > size) {
    throw new LocalError(`${action} from octet ${offset}: it has ${size} octets only`);
  }
  let expected = size === undefined ? undefined : size - offset;
  const { wasLeft, wasCut, ...result } = await transfer(control, {
    action,
    command: `RETR ${path}`,
    offset,
    expected: () => expected,
    move: async (data, first) => {
      const announced = first && announcedSize(first);
      // With an offset servers differ in what they announce: the file or the rest of it.
      if (expected === undefined && offset === 0) expected = announced;
      const begun = sink.begin?.(size ?? (offset === 0 ? announced : undefined));
      await unlessAborted(begun, control.signal);
      const excess = known === undefined || known.isFresh ? tooMany : outgrown;
      await data.receive(bounded(sink, expected, action, excess), options.onProgress);
    },
  });
  const { octets } = result;
  if (expected !== undefined && octets < expected) throw tooFew(action, octets, expected);
  if (expected === undefined && wasCut) {
    throw short(`${action}: its end may be missing, for TLS ended without its alert`);
  }
  const isMore = size !== undefined && octets > size - offset;
  if (!isMore && !wasLeft) return result;
  // A file may grow meanwhile, and then it is as long as what came.
  const now = await sizeOf(control, path);
  if (isMore && (now === undefined || now - offset < octets)) throw tooMany(action, size - offset);
  if (wasLeft && now !== undefined && now - offset > octets) {
    throw tooFew(action, octets, now - offset);
  }
  return result;
}

/** `sink`, for `expected` octets and some more; what is beyond them is `excess`. */
function bounded(
  sink: Sink,
  expected: number | undefined,
  action: string,
  excess: (action: string, expected: number) => ConnectionError,
): Sink {
  if (expected === undefined) return sink;
  let left = expected + GROWTH_BYTES_MAX;
  return {
    write(chunk) {
      left -= chunk.length;
      if (left < 0) throw excess(action, expected);
      return sink.write(chunk);
    },
  };
}

const short = (text: string) => new ConnectionError(text, { kind: "short" });

function tooFew(action: string, octets: number, expected: number): ConnectionError {
  return short(`${action}: the transfer ended after ${octets} of ${expected} octets`);
}

function tooMany(action: string, expected: number): ConnectionError {
  const text = `${action}: the server sends more than the ${expected} octets that it announced`;
  return new ConnectionError(text, { kind: "protocol" });
}

/** Of what was listed long ago SIZE tells more than a listing: that is worth another attempt. */
function outgrown(action: string, expected: number): ConnectionError {
  const text = `${action}: it has grown far over the ${expected} octets that a listing told`;
  return new ConnectionError(text, { kind: "transient" });
}

/**
 * Receives a listing; `command` is the whole of it. Nothing else tells how long it is, so it is
 * told whether it may have been cut on its way.
 */
export function retrieveListing(
  control: ControlConnection,
  action: string,
  command: string,
  sink: Sink,
): Promise<Transferred & Pick<DataConnection, "wasCut">> {
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
  const { at, endsAt } = options;
  if (endsAt !== undefined && at !== "end") {
    throw new LocalError(`${action}: endsAt says where the end is, which takes at: "end"`);
  }
  await setType(control, "I");
  const before = at === undefined || at === 0 ? undefined : await sizeOf(control, path);
  const start = at === "end" ? before : at;
  if (endsAt !== undefined && start !== endsAt) {
    throw short(`${action} from octet ${endsAt}: its size is ${start ?? "not told"} by now`);
  }
  const { octets, reply } = await transfer(control, {
    action,
    command: `${at === "end" ? "APPE" : "STOR"} ${path}`,
    offset: typeof at === "number" ? at : 0,
    sends: true,
    move: (data) => data.send(source, options.onProgress),
  });
  // A server may have closed early and still say that all is well. What lies behind an upload into
  // a file stays on some of them.
  const size = await sizeOf(control, path);
  const expected = (start ?? 0) + octets;
  if (size !== undefined && size !== expected && size !== Math.max(before ?? 0, expected)) {
    throw short(`${action}: the server has ${size} of ${expected} octets`);
  }
  return { octets, reply };
}

/** TYPE, unless it is in force. */
export async function setType(control: ControlConnection, type: "A" | "I"): Promise<void> {
  if (control.server.type === type) return;
  // Interrupted, it may be in force or not.
  control.server.type = undefined;
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
  return sizeIn(reply);
}

/** The size in a reply to SIZE, in octets; undefined when it has none. */
export function sizeIn(reply: Reply): number | undefined {
  const text = reply.lines[0]!.trim();
  return reply.code === 213 && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * The size in a reply 150 such as `Opening BINARY mode data connection for a (1234 bytes)`: the
 * last one, for the name before it may have such words, too.
 */
export function announcedSize(reply: Reply): number | undefined {
  const match = [...reply.lines.join(" ").matchAll(/\((\d{1,15}) bytes?\)/gi)].at(-1);
  return match === undefined ? undefined : Number(match[1]);
}

/** One transfer, for `transfer`. */
interface Plan {
  readonly action: string;
  readonly command: string;
  readonly offset?: number;
  /** Octets go to the server: closing the data connection would tell it that they are all. */
  readonly sends?: boolean;
  /** How many octets come, as far as it is known by then. */
  expected?(): number | undefined;
  /** Moves the octets; `preliminary` is the server's 1yz reply, if there was one. */
  move(data: DataConnection, preliminary: Reply | undefined): Promise<void>;
}

async function transfer(
  control: ControlConnection,
  plan: Plan,
): Promise<Transferred & Pick<DataConnection, "wasLeft" | "wasCut">> {
  const data = new DataConnection(control, await control.openChannel(control));
  try {
    await restart(control, plan);
    control.signal?.throwIfAborted();
    const exchange = control.begin(plan.command);
    control.server.restarting = false;
    const reply = await runTransfer(control, data, exchange, plan);
    const { octets, wasLeft, wasCut } = data;
    return { octets, reply, wasLeft, wasCut };
  } catch (error) {
    if (error instanceof SessionRefusal) control.forgoSession(error);
    throw error;
  } finally {
    data.close();
  }
}

/** REST (RFC 3659 section 5), also to take back one that no transfer has followed. */
async function restart(control: ControlConnection, plan: Plan): Promise<void> {
  const { action, offset = 0 } = plan;
  if (offset === 0 && !control.server.restarting) return;
  control.server.restarting = true;
  const reply = await control.ask(`REST ${offset}`);
  if (reply.code >= 300 && reply.code < 400) return;
  control.server.restarting = false;
  throw refusal(`${action} from octet ${offset}`, reply);
}

/** From the command that is on its way to its final reply. */
async function runTransfer(
  control: ControlConnection,
  data: DataConnection,
  exchange: Exchange,
  plan: Plan,
): Promise<Reply> {
  const { timeouts: { replyMs }, signal } = control;
  let abort: Exchange | undefined;
  let refused = false;
  const interrupt = () => {
    // The end of its data connection alone would look like the end of an upload.
    if (plan.sends && !control.closed) abort = control.begin("ABOR");
    data.halt(signal!.reason);
    // A download waits for the network, not for a source: only closing wakes it.
    if (!plan.sends) data.close();
  };
  signal?.addEventListener("abort", interrupt);
  watchFinal(control, data, exchange, plan);
  try {
    const first = await control.settle(exchange.first, replyMs, exchange.verb, signal);
    refused = first.code >= 300;
    if (refused) throw refusalOf(control, plan, first);
    await data.open();
    await plan.move(data, first.code < 200 ? first : undefined);
  } catch (error) {
    if (refused) throw error;
    const broke = data.closed;
    // The source failed: the end of the data connection would make its octets a whole file.
    if (plan.sends && !broke && !control.closed) abort ??= control.begin("ABOR");
    const reply = await endTransfer(control, data, exchange, abort);
    // A broken data connection is told by its cause, when the server names one.
    const told = broke && error instanceof ConnectionError && reply !== undefined &&
      reply.code >= 300;
    throw told ? refusalOf(control, plan, reply) : error;
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
  const reply = await control.settle(exchange.final, replyMs, exchange.verb, signal);
  if (reply.code >= 300) throw refusalOf(control, plan, reply);
  return reply;
}

/**
 * How servers say that a data connection has to go on with the TLS session: ProFTPD by "Operation
 * not permitted", FileZilla Server 0.9 by 450, which others say of files and their names.
 */
const SESSION_DEMAND =
  /^(?:425|522) .*(?:reuse|resum|operation not permitted)|^450 TLS session of/i;

/** A refusal, with advice where it is about the TLS session of the data connection. */
function refusalOf(control: ControlConnection, { action }: Plan, reply: Reply): ClientError {
  const { resumption } = control.transport;
  const isAboutSession = control.server.protectedData && SESSION_DEMAND.test(describeReply(reply));
  if (resumption === undefined || !isAboutSession) return refusal(action, reply);
  return resumption.improve === undefined
    ? new ProtocolError(action, reply, resumption.hint, "permanent")
    : new SessionRefusal(action, reply, resumption.hint);
}

/**
 * A refusal in the middle, such as 552 for a full disk, ends a transfer at once. A good reply may
 * overtake the last octets and is no end by itself.
 */
function watchFinal(
  control: ControlConnection,
  data: DataConnection,
  exchange: Exchange,
  plan: Plan,
): void {
  exchange.final.then(
    (reply) => {
      if (reply.code >= 300) return data.interrupt(refusalOf(control, plan, reply));
      const octets = plan.expected?.();
      if (octets !== undefined) data.endSoon(octets);
    },
    (error) => data.interrupt(error),
  );
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
