/**
 * One more try for what may pass: the pool has another connection by then.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { ClientError, type ErrorKind } from "../errors.ts";
import type { ClientPool } from "../pool.ts";

/** No connection is to be had any more: what is left of the work will not get one either. */
export class NoConnection extends Error {
  /** @param cause Why. */
  constructor(override readonly cause: unknown) {
    super("No connection");
  }
}

/**
 * Runs `work` on a connection of `pool`, and once more when that broke, or was refused for now.
 *
 * @throws {NoConnection} when `work` was not even begun.
 */
export async function onceMore<T>(
  pool: ClientPool,
  work: (client: Client, isAgain: boolean) => Promise<T>,
): Promise<T> {
  const run = async (isAgain: boolean) => {
    let begun = false;
    try {
      return await pool.run((client) => {
        begun = true;
        return work(client, isAgain);
      });
    } catch (error) {
      throw begun ? error : new NoConnection(error);
    }
  };
  try {
    return await run(false);
  } catch (error) {
    if (!mayPass(error)) throw error;
    return await run(true);
  }
}

/** What another connection, or a moment later, may do better. */
const PASSING: ReadonlySet<ErrorKind | undefined> = new Set<ErrorKind>([
  "timeout",
  "reset",
  "short",
  "transient",
]);

function mayPass(error: unknown): boolean {
  return error instanceof ClientError && PASSING.has(error.kind);
}

/** Runs `work`; that there is no connection is told by its cause. */
export async function plainly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof NoConnection ? error.cause : error;
  }
}
