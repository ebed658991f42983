/**
 * One transfer, from its first command to its last reply (RFC 959 section 5.4, restart by RFC 3659
 * section 5).
 *
 * contents.ts and directory.ts call it, one transfer at a time. However a transfer ends, its data
 * connection is closed and its replies are read, so that the control connection is good for the
 * next command; where that cannot be had in time, the control connection is closed.
 *
 * @module
 */

import type { ControlConnection } from "./control.ts";
import type { Reply } from "./conversation.ts";
import { DataConnection, type OnProgress } from "./data.ts";
import {
  type ClientError,
  ConnectionError,
  describeReply,
  ProtocolError,
  refusal,
  SessionRefusal,
} from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { ABORT_NOTICE_MS, ABORT_TIMEOUT_MS } from "./limits.ts";

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

/** How a transfer went. */
export interface Transferred {
  /** Octets moved by this transfer, without the offset. */
  readonly octets: number;
  /** The last reply, RFC 959 section 4.2. */
  readonly reply: Reply;
}

/** TYPE, unless it is in force. */
export async function setType(control: ControlConnection, type: "A" | "I"): Promise<void> {
  if (control.server.type === type) return;
  // Interrupted, it may be in force or not.
  control.server.type = undefined;
  await control.expect(`Cannot set the transfer type`, `TYPE ${type}`, 200);
  control.server.type = type;
}

/** One transfer, for `transfer`. */
export interface Plan {
  /** What is to be done, as errors begin: `Cannot retrieve "a.avi"`. */
  readonly action: string;
  /** The whole command that has the octets moved. */
  readonly command: string;
  /** Octets of the file that are left out at its beginning (REST); default 0. */
  readonly offset?: number;
  /** Octets go to the server: closing the data connection would tell it that they are all. */
  readonly sends?: boolean;
  /** How many octets come, as far as it is known by then. */
  expected?(): number | undefined;
  /** Moves the octets; `preliminary` is the server's 1yz reply, if there was one. */
  move(data: DataConnection, preliminary: Reply | undefined): Promise<void>;
}

/**
 * Carries out `plan` over a data connection of its own. A good last reply is all that it takes:
 * whether the octets are all of them is the caller's to judge.
 *
 * @throws {ProtocolError} when the server refuses it.
 * @throws {ConnectionError} when a connection breaks, or nothing moves in time.
 */
export async function transfer(
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
