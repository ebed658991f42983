/**
 * Accepting by async iteration, through errors: what befalls one connection goes on with the next
 * at once, and want of descriptors or memory only pauses it.
 *
 * A connection that was reset before it is accepted is an error here and nobody's: whose it was the
 * runtime does not say, and so a transfer waits for another until its time is over.
 *
 * @module
 */

import { ACCEPT_PAUSE_MS, BACKLOG } from "../limits.ts";
import { lingeringClose } from "./closing.ts";
import { reasonOf } from "./listen.ts";

/** Errors that pass by themselves, and that another accept would meet at once. */
const PAUSING: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/**
 * Errors in a row that are not of want before it pauses nevertheless, never to spin: more than the
 * connections that can be dead before they are accepted.
 */
const ERRORS_IN_A_ROW_MAX = BACKLOG + 1;

/**
 * Hands out connections as long as `goesOn`; ends when the listener is closed.
 *
 * @param paused is told why it pauses
 */
export async function acceptEach(
  listener: Deno.TcpListener,
  came: (conn: Deno.TcpConn) => void,
  goesOn: () => boolean,
  paused: (reason: string) => void = () => {},
): Promise<void> {
  let errors = 0;
  while (goesOn()) {
    try {
      for await (const conn of listener) {
        errors = 0;
        came(conn);
      }
      return; // the listener is closed
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      if (!(error instanceof Error)) throw error;
      errors += 1;
      const wanting = PAUSING.has((error as { code?: string }).code);
      if (!wanting && errors < ERRORS_IN_A_ROW_MAX) continue;
      errors = 0;
      if (goesOn()) paused(reasonOf(error));
      await new Promise((resume) => setTimeout(resume, ACCEPT_PAUSE_MS));
    }
  }
}

/** Says why it is turned away to `conn`, and closes it soon; never rejects. */
export async function dismiss(conn: Deno.TcpConn, reason: Uint8Array<ArrayBuffer>): Promise<void> {
  await conn.write(reason).catch(() => {}); // it may have gone
  await lingeringClose(conn);
}
