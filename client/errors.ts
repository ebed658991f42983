/**
 * What can go wrong for a client that is nobody's bug: five classes, each one line of text.
 *
 * For what a user, a server or the network did, the client throws these and the two `ClientError`s
 * of mini.ts and url.ts; for an interruption, the reason of the signal. Any other exception is a
 * bug. The text is printable as it is: what a server said in it has lost its control characters.
 *
 * @module
 */

import type { Reply } from "../server/ftp/words/replies.ts";
import { printable } from "./text.ts";

/** The most of a server's text that goes into a message: some servers answer with a page. */
const REPLY_TEXT_MAX = 300;

/**
 * What kind of failure of a server or of the network an error tells. What is worth another attempt
 * is decided by it, never by the text. `isWorthRetry` knows better in two cases: a full disk (452)
 * is none, and a connection or a login that is refused is one where there was a connection before.
 *
 * | kind        | what happened                                                       | again? |
 * | ----------- | ------------------------------------------------------------------- | ------ |
 * | `refused`   | nobody listens there, there is no such host, or the login is wrong  | no     |
 * | `timeout`   | no connection, no reply or no octet within the limit                | yes    |
 * | `reset`     | a connection that was there ended or broke                          | yes    |
 * | `short`     | fewer octets arrived than were announced or sent                    | yes    |
 * | `transient` | a reply 4yz (RFC 959 section 4.2.1), no route for now, or a file    | yes    |
 * |             | that has grown far since it was listed                              |        |
 * | `permanent` | a reply 5yz                                                         | no     |
 * | `protocol`  | what came is no FTP, or not what FTP allows here                    | no     |
 * | `untrusted` | the server cannot or will not protect the connection, or its        | no     |
 * |             | certificate does not prove who it is                                |        |
 */
export type ErrorKind =
  | "refused"
  | "timeout"
  | "reset"
  | "short"
  | "transient"
  | "permanent"
  | "protocol"
  | "untrusted";

/** Kinds that may go better the next time without anything being changed. */
const PASSING: ReadonlySet<ErrorKind | undefined> = new Set(
  ["timeout", "reset", "short", "transient"] as const,
);

/** What all errors of the client have in common: one printable line. */
export abstract class ClientError extends Error {
  /** What a server or the network did; undefined where neither did it. */
  readonly kind: ErrorKind | undefined;

  /** `message` may hold anything: it becomes printable here. */
  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }

  /** Whether it may go better the next time, by its kind: "again?" in the table of `ErrorKind`. */
  get passes(): boolean {
    return PASSING.has(this.kind);
  }
}

/** The server answered, and the answer was no. */
export class ProtocolError extends ClientError {
  /** The class's name, for `Error.prototype.toString`. */
  override name = "ProtocolError";
  /** By the code: `transient`, `permanent`, or `protocol` where it makes no sense. */
  override readonly kind: ErrorKind;
  /** The reply, RFC 959 section 4.2. */
  readonly reply: Reply;
  /** What to do about it, where that is known; it is in the message, too. */
  readonly hint: string | undefined;

  /**
   * `action` is what was to be done, in the form `Cannot retrieve "a.avi"`; `hint` goes behind.
   * `kind` is given where the code does not tell it.
   */
  constructor(action: string, reply: Reply, hint?: string, kind: ErrorKind = kindOf(reply)) {
    super(`${action}: ${describeReply(reply)}${hint === undefined ? "" : `; ${hint}`}`);
    this.reply = reply;
    this.hint = hint;
    this.kind = kind;
  }

  /** The reply's code, 100 to 599. */
  get code(): number {
    return this.reply.code;
  }
}

/** The server did not let this user in. */
export class LoginError extends ProtocolError {
  /** The class's name, for `Error.prototype.toString`. */
  override name = "LoginError";

  /** As of `ProtocolError`; the kind is `transient` for 4yz, `refused` for anything else. */
  constructor(action: string, reply: Reply) {
    // 430 is in no RFC; servers that send it mean a wrong name or password.
    const isTransient = kindOf(reply) === "transient" && reply.code !== 430;
    super(action, reply, undefined, isTransient ? "transient" : "refused");
  }
}

/** There is no connection, it broke, nothing came in time, or what came was not FTP. */
export class ConnectionError extends ClientError {
  /** The class's name, for `Error.prototype.toString`. */
  override name = "ConnectionError";
  /** `reset` unless it is known better. */
  override readonly kind: ErrorKind;
  /** What the server said, where that is the cause. */
  readonly reply: Reply | undefined;

  /** `message` may hold anything; `kind` is `reset` without it. */
  constructor(message: string, options: ConnectionErrorOptions = {}) {
    super(message, options);
    this.kind = options.kind ?? "reset";
    this.reply = options.reply;
  }
}

/**
 * The server wants data connections to go on with the TLS session of their control connection, and
 * they do not: the connection is closed, because only another one may do better.
 */
export class SessionRefusal extends ConnectionError {
  /** The class's name, for `Error.prototype.toString`. */
  override name = "SessionRefusal";

  /** `action` and `reply` as of `ProtocolError`; `hint` goes behind. */
  constructor(action: string, reply: Reply, hint: string) {
    super(`${action}: ${describeReply(reply)}; ${hint}`, { kind: "transient", reply });
  }
}

/** What is known of a failed connection. */
export interface ConnectionErrorOptions extends ErrorOptions {
  /** What happened. */
  readonly kind?: ErrorKind;
  /** What the server said. */
  readonly reply?: Reply;
}

/**
 * What this side cannot or will not do: a file of this machine, a name that cannot be sent, an
 * option, a limit of the client's own.
 */
export class LocalError extends ClientError {
  /** The class's name, for `Error.prototype.toString`. */
  override name = "LocalError";
}

/**
 * A reply in one line: `550 No such file`.
 *
 * @example
 * ```ts
 * import { describeReply } from "./errors.ts";
 *
 * console.log(describeReply({ code: 550, lines: ["No such file", "Sorry"] }));
 * // 550 No such file; Sorry
 * ```
 */
export function describeReply(reply: Reply): string {
  const text = reply.lines.map((line) => line.trim()).filter((line) => line !== "").join("; ");
  const short = text.length > REPLY_TEXT_MAX ? `${text.slice(0, REPLY_TEXT_MAX)}...` : text;
  return printable(`${reply.code} ${short}`.trimEnd());
}

/**
 * The error for a reply that refuses `action`. 421 says that the server is closing the
 * connection, whatever was asked (RFC 959 section 4.2.2), so it is a connection error.
 */
export function refusal(action: string, reply: Reply): ProtocolError | ConnectionError {
  return reply.code === 421
    ? new ConnectionError(`${action}: ${describeReply(reply)}`, { kind: "transient", reply })
    : new ProtocolError(action, reply);
}

/** The kind of a reply that was not hoped for. */
export function kindOf(reply: Reply): ErrorKind {
  if (reply.code >= 500) return "permanent";
  return reply.code >= 400 ? "transient" : "protocol";
}

/**
 * What the operating system said of a file of this machine, as a `LocalError`. Errors of the
 * client and interruptions pass as they are.
 */
export function localError(action: string, error: unknown): unknown {
  if (error instanceof ClientError || !(error instanceof Error)) return error;
  const system = /^(.*) \(os error \d+\)/.exec(error.message);
  if (system === null && !(error instanceof Deno.errors.NotCapable)) return error;
  const reason = system?.[1] ?? error.message;
  // The runtime names a file that is not UTF-8 by another name, under which there is none.
  const isLossy = error instanceof Deno.errors.NotFound && action.includes("\ufffd");
  const text = reason.charAt(0).toLowerCase() + reason.slice(1) +
    (isLossy ? ", or its name is not UTF-8" : "");
  return new LocalError(`${action}: ${text}`, { cause: error });
}

/** Whether the server refuses for good: it will say the same a moment later. */
export function isLasting(error: unknown): error is ProtocolError {
  return error instanceof ProtocolError && error.kind === "permanent";
}

/** What was asked for; undefined when the server refuses it. */
export async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** How servers refuse to list what is empty: z/OS and others, as FileZilla knows them. */
const NOTHING_FOUND = /^[45]50 No (?:files|members|data sets) found\.?$/i;

/** Lets pass what says no more than that a directory, which was entered, is empty. */
export function passEmpty(error: unknown): void {
  const isEmpty = error instanceof ProtocolError && NOTHING_FOUND.test(describeReply(error.reply));
  if (!isEmpty) throw error;
}
