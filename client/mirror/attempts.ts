/**
 * Attempts at the works of a mirror: each on whatever connection the pool has by then.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { ClientPool } from "../pool.ts";
import type { RateLimit } from "../rate.ts";
import { RETRIES_DEFAULT, type RetryAttempt, type RetryOptions, withRetries } from "../retry.ts";

/** How patiently a mirror goes about its works, and how fast. */
export interface MirrorPace extends Omit<RetryOptions, "wasConnected"> {
  /**
   * Failures in a row that are forgiven, of each file and each question to the server; default
   * `RETRIES_DEFAULT`.
   */
  readonly retries?: number;
  /** How fast all transfers may be together. */
  readonly rate?: RateLimit;
}

/** No connection is to be had any more: what is left of the work will not get one either. */
export class NoConnection extends Error {
  /** @param cause Why. */
  constructor(override readonly cause: unknown) {
    super("No connection");
  }
}

/**
 * Runs `work` on a connection of `pool`, and again, perhaps on another one, when that broke or was
 * refused for now. Between attempts others may have the connection.
 *
 * @throws {NoConnection} when the last attempt was not even begun.
 */
export async function withConnection<T>(
  pool: ClientPool,
  pace: MirrorPace,
  work: (client: Client, attempt: RetryAttempt) => Promise<T>,
): Promise<T> {
  let begun = false;
  const lend = () => {
    begun = false;
    return pool.lend(pace);
  };
  const options = { retries: RETRIES_DEFAULT, ...pace, wasConnected: pool.hasConnected };
  try {
    return await withRetries(lend, options, async (lent, attempt) => {
      using _ = lent;
      begun = true;
      return await work(lent.client, attempt);
    });
  } catch (error) {
    pace.signal?.throwIfAborted();
    throw begun ? error : new NoConnection(error);
  }
}

/** Runs `work`; that there is no connection is told by its cause. */
export async function plainly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof NoConnection ? error.cause : error;
  }
}
