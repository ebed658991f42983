/**
 * Text on standard output for commands that answer at once: help, versions, lists. What cannot be
 * written is an error with an exit status, not a bug.
 *
 * @module
 */

import { systemText } from "../text.ts";

/** Standard output takes nothing more. */
export class PrintError extends Error {
  /** As `Error.name`. */
  override name = "PrintError";
  /** 141 as after SIGPIPE when nobody reads, else 5. */
  readonly status: 5 | 141;

  /** `cause` is what the system said. */
  constructor(cause: unknown) {
    super(`Cannot write to standard output: ${systemText(cause)}`, { cause });
    this.status = cause instanceof Deno.errors.BrokenPipe ? 141 : 5;
  }
}

/**
 * Writes a line, or several.
 *
 * @throws {PrintError} when standard output is closed or full.
 */
export function print(text: string): void {
  const octets = new TextEncoder().encode(`${text}\n`);
  try {
    for (let at = 0; at < octets.length;) at += Deno.stdout.writeSync(octets.subarray(at));
  } catch (error) {
    throw new PrintError(error);
  }
}
