/**
 * Work that is tried again after what passes by itself: a connection that broke, a server that is
 * busy or silent. What a server refuses for good (5yz, RFC 959 section 4.2.1) is never tried again.
 *
 * Functions over the public client; what goes on from where is the work's own matter.
 *
 * @module
 */

import type { Client } from "./client.ts";
import {
  ClientError,
  ConnectionError,
  LoginError,
  ProtocolError,
  SessionRefusal,
} from "./errors.ts";
import { pause } from "./rate.ts";

/** The pause before the first retry; it doubles with each one that follows. */
export const RETRY_DELAY_MS_MIN = 1_000;

/** The longest pause: a server that restarts is back within it, and a person still waits. */
export const RETRY_DELAY_MS_MAX = 30_000;

/** How often a command line or a mirror tries again by default, in 31 s of pauses at most. */
export const RETRIES_DEFAULT = 5;

/** How `withRetries` goes about it. */
export interface RetryOptions {
  /** Failures in a row, without an octet moved between them, that are forgiven; default 0. */
  readonly retries?: number;
  /** There was a connection before: that the first one is refused may pass, too. Default false. */
  readonly wasConnected?: boolean;
  /** Ends a pause at once; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Hears of every failure that is forgiven, before the pause: `failure` is 1 for the first in a
   * row.
   */
  readonly onRetry?: (error: ClientError, failure: number, delayMs: number) => void;
  /** Waits; for tests. */
  readonly wait?: (delayMs: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 up to 1; for tests. */
  readonly random?: () => number;
}

/** One attempt, as the work sees it. */
export interface RetryAttempt {
  /** 0 for the first, 1 for the first retry. */
  readonly number: number;
  /** More octets are there than ever before: the next failure is the first one again. */
  moved(): void;
}

/** Who hears how one file is transferred, however many attempts that takes. */
export interface TransferListener {
  /** It begins, or begins again: the first attempt did at octet `offset` of `total`. */
  start(offset: number, total: number | undefined): void;
  /** So many octets are there that were not when it began. */
  update(octets: number): void;
}

/** The attempts at one file, counted as if they were one transfer. */
export class AttemptedTransfer {
  readonly #listener: TransferListener;
  #began: number | undefined;
  /** What earlier attempts have moved. */
  #before = 0;
  /** The most octets that were there: only more than that is progress. */
  #furthest = 0;

  /** `listener` hears of all attempts. */
  constructor(listener: TransferListener) {
    this.#listener = listener;
  }

  /** How many octets are there that were not when it began. */
  get octets(): number {
    return Math.max(0, this.#furthest - (this.#began ?? 0));
  }

  /** An attempt begins at octet `offset`. */
  start(offset: number, total: number | undefined): void {
    this.#began ??= offset;
    this.#furthest = Math.max(this.#furthest, offset);
    this.#before = offset - this.#began;
    this.#listener.start(this.#began, total);
  }

  /** `attempt` has moved `octets` in all. */
  update(octets: number, attempt: RetryAttempt): void {
    const moved = this.#before + octets;
    const position = (this.#began ?? 0) + moved;
    if (position > this.#furthest) attempt.moved();
    this.#furthest = Math.max(this.#furthest, position);
    this.#listener.update(Math.max(0, moved));
  }
}

/**
 * Runs `work`, and again on what `isWorthRetry`, after a pause that doubles each time. The first
 * `SessionRefusal` is no failure, whatever `retries` says: `work` runs on a new connection at once.
 *
 * @param connect Called before every attempt; the client that is open still, or a new one, or
 * whatever `work` takes in its place.
 *
 * @example
 * ```ts
 * import { connect, downloadFile, withRetries } from "./mod.ts";
 *
 * await withRetries(() => connect(), { retries: 5 }, async (client, attempt) => {
 *   await using _ = client;
 *   await downloadFile(client, "a.avi", "a.avi", { resume: attempt.number > 0, force: true });
 * });
 * ```
 *
 * @throws what the last attempt threw.
 */
export async function withRetries<T, C = Client>(
  connect: () => Promise<C>,
  options: RetryOptions,
  work: (client: C, attempt: RetryAttempt) => Promise<T>,
): Promise<T> {
  const { retries = 0, signal, onRetry, wait = pause, random = Math.random } = options;
  let failures = 0;
  let { wasConnected = false } = options;
  let isRenewed = false;
  for (let number = 0;; number++) {
    try {
      const client = await connect();
      wasConnected = true;
      return await work(client, { number, moved: () => failures = 0 });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SessionRefusal && !isRenewed) {
        // A new connection does better at once: that takes no patience.
        isRenewed = true;
        continue;
      }
      // NaN, which no comparison holds for, forgives none.
      if (!(failures < retries) || !isWorthRetry(error, wasConnected)) throw error;
      failures++;
      const delayMs = retryDelay(failures, random);
      onRetry?.(error, failures, delayMs);
      await wait(delayMs, signal);
    }
  }
}

/**
 * Whether what failed may well succeed a moment later.
 *
 * @param wasConnected There was a connection before: a server that restarts refuses for a while,
 * and one that still counts the connection that broke may refuse the login (530) as one too many.
 */
export function isWorthRetry(error: unknown, wasConnected = true): error is ClientError {
  if (!(error instanceof ClientError)) return false;
  // A full disk (452) passes for whoever clears it, not within half a minute.
  if (error instanceof ProtocolError && error.code === 452) return false;
  const isAtDoor = error instanceof ConnectionError || error instanceof LoginError;
  return error.passes || error.kind === "refused" && wasConnected && isAtDoor;
}

/**
 * The pause before a retry in milliseconds, between half and all of a time that doubles: clients
 * that lost the same server do not come back all at once.
 *
 * @param failure 1 for the first one in a row.
 */
export function retryDelay(failure: number, random: () => number = Math.random): number {
  const whole = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN * 2 ** (failure - 1));
  return Math.round(whole / 2 + random() * whole / 2);
}
