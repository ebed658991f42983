/**
 * Ctrl-C while something works: a transfer ends in good order and keeps its connection, anything
 * else loses it.
 *
 * run.ts waits so for a command line, the shell for each of its lines.
 *
 * @module
 */

import type { Console } from "./console.ts";
import { Interrupted } from "./exit.ts";

/** How long Ctrl-C lets a transfer end in good order before the connection is closed. */
const INTERRUPT_GRACE_MS = 3_000;

/**
 * A SIGINT that comes so soon after the first is the same one, milliseconds: at a Ctrl-C the terminal
 * signals every process of its foreground, and `deno task`, which is one of them, hands its own on.
 */
export const SAME_INTERRUPT_MS = 250;

/** What Ctrl-C ends. */
export interface Interruptible {
  /** Aborted at the first Ctrl-C, with `Interrupted` as its reason. */
  readonly abort: AbortController;
  /** It ends by the signal alone; if not, the connection is closed at once. */
  readonly endsBySignal: boolean;
  /** Tells that it is being ended. */
  begins(): void;
  /** Closes the connection, if there is one: at the second Ctrl-C, or when patience has ended. */
  drop(): void;
}

/** Runs `work`, which Ctrl-C ends. */
export async function interruptible<T>(
  console: Console,
  { abort, endsBySignal, begins, drop }: Interruptible,
  work: () => Promise<T>,
): Promise<T> {
  let patience: ReturnType<typeof setTimeout> | undefined;
  let interruptedAt = 0;
  const unlisten = console.onInterrupt(() => {
    if (abort.signal.aborted) {
      if (performance.now() >= interruptedAt + SAME_INTERRUPT_MS) drop();
      return;
    }
    interruptedAt = performance.now();
    abort.abort(new Interrupted("Interrupted"));
    begins();
    patience = setTimeout(drop, INTERRUPT_GRACE_MS);
    if (!endsBySignal) drop();
  });
  try {
    return await work();
  } finally {
    if (patience !== undefined) clearTimeout(patience);
    unlisten();
  }
}
