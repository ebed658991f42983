/**
 * Text between this program, the server and the user's terminal.
 *
 * Names on a server are octets, mostly but not always UTF-8: what is not UTF-8 is carried through
 * JavaScript strings without loss, so that a name that was listed can be asked for again. Nothing
 * that a server said may reach a terminal without `printable`.
 *
 * @module
 */

import { decodeOctets, encodeOctets, ESCAPE_BASE } from "../server/octets.ts";

/**
 * Octets as text and back without loss: what is not UTF-8 becomes lone surrogates, which the other
 * turns into octets again.
 *
 * @example
 * ```ts
 * import { decodeText, encodeText } from "./text.ts";
 *
 * const latin1 = Uint8Array.of(0x63, 0xe9); // "cé" in ISO 8859-1
 * console.log(encodeText(decodeText(latin1))); // the same two octets
 * ```
 */
export { decodeOctets as decodeText, encodeOctets as encodeText } from "../server/octets.ts";

/**
 * How a server writes names as octets. Whatever octets there are, decoding and encoding gives
 * them again: those that mean nothing become lone surrogates, U+DC80 to U+DCFF.
 */
export interface Encoding {
  /** As the Encoding Standard calls it: "utf-8", "windows-1252". */
  readonly name: string;
  /** `octets` as text. */
  decode(octets: Uint8Array): string;
  /** `text` as octets, or undefined when a character of it has none. */
  encode(text: string): Uint8Array<ArrayBuffer> | undefined;
}

/** What RFC 2640 asks of servers, and what this client assumes. */
export const UTF_8: Encoding = { name: "utf-8", decode: decodeOctets, encode: encodeOctets };

/**
 * One octet as text, whatever it means beside others: ASCII as it is, any other as the lone
 * surrogate that every encoding writes back as that octet.
 */
export function octetText(octet: number): string {
  return String.fromCharCode(octet < 0x80 ? octet : ESCAPE_BASE + octet);
}

/** With the `u` flag halves of a surrogate pair do not match, so these are escapes only. */
const ESCAPES = /[\udc80-\udcff]/u;

/**
 * Control characters, escaped octets, line separators and the marks that turn the direction of
 * writing: all that could move a terminal's cursor, recolour it or disguise a name.
 */
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex -- finding control characters is what it is for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

/**
 * `text` as it may be shown on a terminal: one line, no control characters; `\n`, `\x1b`,
 * `\u{202e}` stand for them, `\xe9` for an octet that is not UTF-8.
 *
 * @example
 * ```ts
 * import { printable } from "./text.ts";
 *
 * console.log(printable("a\x1b[2Jb")); // a\x1b[2Jb, and the screen is not cleared
 * ```
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
    // Not all of what is left is an octet: U+0080 to U+009F are two each.
    if (ESCAPES.test(character)) return `\\x${(code - ESCAPE_BASE).toString(16)}`;
    return `\\u{${code.toString(16)}}`;
  });
}

/** A command as it may be shown: passwords and accounts are nobody's business. */
export function maskSecrets(command: string): string {
  return command.replace(/^(PASS|ACCT|ADAT)\b.*/is, "$1 ****");
}

/** What the operating system or the resolver said, in lower case and without its number. */
export function systemText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const text = message.replace(/ \(os error \d+\).*$/s, "").split("\n", 1)[0]!;
  return text.charAt(0).toLowerCase() + text.slice(1);
}
