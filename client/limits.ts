/**
 * How long a client waits, and for what, and how far it goes; each limit with its reason. Limits on
 * what a server may say are in conversation.ts and listing.ts, the data buffer is in data.ts.
 *
 * @module
 */

import { LocalError } from "./errors.ts";

/** A connection that is not made by now will not be: twice the usual SYN retries on a bad line. */
export const CONNECT_TIMEOUT_MS = 30_000;

/** A reply: a server that syncs a large upload, or delays a failed login, needs some. */
export const REPLY_TIMEOUT_MS = 60_000;

/** A data connection on which nothing moves; the routes of the Internet heal within a minute. */
export const STALL_TIMEOUT_MS = 60_000;

/** How long ABOR may take to stop an upload before its data connection is closed all the same. */
export const ABORT_NOTICE_MS = 1_000;

/** How long a server may take to confirm that a transfer was broken off; then it is left alone. */
export const ABORT_TIMEOUT_MS = 3_000;

/** How long a goodbye is waited for: it is politeness only. */
export const QUIT_TIMEOUT_MS = 2_000;

/** The longest wait that can be asked for: the runtime's timers count milliseconds in 31 bits. */
export const TIMEOUT_MS_MAX = 2_147_483_647;

/** The most connections of one pool: public servers rarely allow one client more than ten. */
export const POOL_SIZE_MAX = 32;

/** Directories inside each other: deeper than PATH_MAX allows names of 32 octets. */
export const DEPTH_MAX = 128;

/**
 * Paths of a server's that one walk, pattern or removal keeps, a character counted as an octet: a
 * million of 256. A name in a listing may be of 16 KiB, and a path of many of those.
 */
export const PATHS_BYTES_MAX = 268_435_456;

/** The waits of one connection, milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  readonly replyMs: number;
  readonly stallMs: number;
}

/**
 * All waits as they are by default, or all of them `timeoutMs`.
 *
 * @throws {LocalError} when that is not over 0 and at most `TIMEOUT_MS_MAX`.
 */
export function timeouts(timeoutMs?: number): Timeouts {
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= TIMEOUT_MS_MAX)) {
    const range = `a time limit is over 0 and at most ${TIMEOUT_MS_MAX} ms`;
    throw new LocalError(`Cannot wait ${timeoutMs} ms: ${range}`);
  }
  return {
    connectMs: timeoutMs ?? CONNECT_TIMEOUT_MS,
    replyMs: timeoutMs ?? REPLY_TIMEOUT_MS,
    stallMs: timeoutMs ?? STALL_TIMEOUT_MS,
  };
}
