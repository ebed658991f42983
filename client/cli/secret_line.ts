/**
 * A line that is typed and not shown: what keys do to it, and how a terminal is read for it.
 *
 * console.ts asks for it; tests feed `SecretLine` alone.
 *
 * @module
 */

import { decodeText } from "../text.ts";

/** Longer passwords are in files. */
const SECRET_BYTES_MAX = 4_096;

const INTERRUPT = 0x03,
  BACKSPACE = 0x08,
  LINE_FEED = 0x0a,
  RETURN = 0x0d,
  END = 0x04,
  KILL = 0x15,
  DELETE = 0x7f;

/** What has been typed so far. */
export class SecretLine {
  #octets: number[] = [];

  /** Takes one octet; the whole line when it ended it, null when the input ended in place of it. */
  take(octet: number): string | null | undefined {
    switch (octet) {
      case LINE_FEED:
      case RETURN:
        return decodeText(Uint8Array.from(this.#octets));
      case END:
        return this.#octets.length === 0 ? null : undefined;
      case BACKSPACE:
      case DELETE:
        this.#dropCharacter();
        return undefined;
      case KILL:
        this.#octets = [];
        return undefined;
      default:
        if (this.#octets.length < SECRET_BYTES_MAX) this.#octets.push(octet);
        return undefined;
    }
  }

  /** The last octet, and those of UTF-8 that only continue a character. */
  #dropCharacter(): void {
    while (this.#octets.length > 0) {
      const octet = this.#octets.pop()!;
      if ((octet & 0xc0) !== 0x80) return;
    }
  }
}

/** What a secret is asked for at. */
export interface SecretTerminal {
  /** As of `Console`. */
  setRaw(raw: boolean): void;
  /** Called when nothing that is typed is shown any more. */
  ask(): void;
  /** Called for Ctrl-C, which is a key here: a read that a signal broke off would eat the next. */
  interrupt(): void;
}

/**
 * Reads a secret from the terminal of standard input; undefined when it ends, or `signal` aborts.
 * The terminal is as it was afterwards.
 */
export async function readSecret(
  terminal: SecretTerminal,
  signal: AbortSignal,
): Promise<string | undefined> {
  const line = new SecretLine();
  const buffer = new Uint8Array(1);
  const aborted = Promise.withResolvers<null>();
  const give = () => aborted.resolve(null);
  signal.addEventListener("abort", give);
  let isInterrupted = false;
  terminal.setRaw(true);
  try {
    terminal.ask();
    while (!signal.aborted) {
      const count = await Promise.race([Deno.stdin.read(buffer), aborted.promise]);
      if (count === null) return undefined;
      isInterrupted = buffer[0] === INTERRUPT;
      if (isInterrupted) break;
      const text = line.take(buffer[0]!);
      if (text !== undefined) return text ?? undefined;
    }
  } finally {
    terminal.setRaw(false);
    signal.removeEventListener("abort", give);
  }
  if (isInterrupted) terminal.interrupt();
  return undefined;
}
