/**
 * The standard streams as every command uses them: text that is written at once, streams that
 * another process made non-blocking, whether any is a terminal. What cannot be written is an error
 * with an exit status, not a bug.
 *
 * @module
 */

import { systemText } from "../text.ts";

/** How lines end. */
export const LINE_END = 0x0a;

/** PIPE_BUF of Linux: so many octets a non-blocking pipe takes whole, or not at all (pipe(7)). */
const PIPE_BYTES = 4_096;

/** Between two tries at a stream that another process made non-blocking, milliseconds. */
const RETRY_MS = 50;

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
  try {
    writeWhole(Deno.stdout, new TextEncoder().encode(`${text}\n`));
  } catch (error) {
    throw new PrintError(error);
  }
}

/** Writes all of `text` to standard output or error, and waits for whoever reads it. */
export function writeWhole(
  stream: { writeSync(octets: Uint8Array): number },
  text: Uint8Array,
): void {
  for (let at = 0; at < text.length;) {
    try {
      at += stream.writeSync(pieceOf(text.subarray(at)));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/**
 * What is written next of `text`: lines, or a part of a long one, that can be written again where
 * the stream would block. Of more the runtime may have taken some by then, and does not tell how
 * much: standard output is a LineWriter of Rust, whose write(2) is followed by a flush that fails.
 */
export function pieceOf(text: Uint8Array): Uint8Array {
  const piece = text.subarray(0, PIPE_BYTES);
  return piece.subarray(0, piece.lastIndexOf(LINE_END) + 1 || piece.length);
}

/** What `step` returns, which is tried again while its stream would block (EAGAIN). */
export async function untilReady<T>(step: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await new Promise((resume) => setTimeout(resume, RETRY_MS));
    }
  }
}

/** Whether any of the standard streams is a terminal. */
export function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}
