/**
 * Waits for what comes by itself: a process, a thread or a server gets there, or a test says what
 * it was that never came.
 *
 * @module
 */

import { assert } from "@std/assert";

/** A guard: what lives gets there in a moment, on a busy machine in seconds. */
const PATIENCE_MS = 30_000;

/** Between two looks. */
const LOOK_MS = 10;

/** Resolves when `look` gives true; `what` is said when it has not within `patienceMs`. */
export async function eventually(
  what: string,
  look: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!await look()) {
    assert(performance.now() < deadline, `It never came to this: ${what}`);
    await new Promise((resume) => setTimeout(resume, LOOK_MS));
  }
}
