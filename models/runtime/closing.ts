/**
 * The ends of the runtime's connections, closed so that nobody who is to hear a last word loses it.
 *
 * @module
 */

import { CONTROL_BYTES, UNREAD_READS_MAX } from "../limits.ts";

/** How long who has heard the last word may still say something, milliseconds. */
const FAREWELL_MS = 100;

/** Closes `conn`, closed already or not: the runtime throws for the second close. */
export function closeQuietly(conn: Deno.Conn | undefined): void {
  try {
    conn?.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/**
 * Closes `conn` behind what was said; never rejects. What comes is read for a moment, because the
 * kernel resets a connection that is closed with unread input, and the last word would be lost.
 */
export async function lingeringClose(conn: Deno.TcpConn): Promise<void> {
  const limit = setTimeout(() => closeQuietly(conn), FAREWELL_MS);
  try {
    await conn.closeWrite();
    const unread = new Uint8Array(CONTROL_BYTES);
    for (let reads = 0; reads < UNREAD_READS_MAX; reads++) {
      if (await conn.read(unread) === null) break;
    }
  } catch {
    // It has gone, or its time is over.
  } finally {
    clearTimeout(limit);
    closeQuietly(conn);
  }
}
