/**
 * Names in a form that anyone can type, and back.
 *
 * @module
 */

import { LocalError } from "./errors.ts";
import { octetText, printable } from "./text.ts";

/**
 * A name as `printable` shows it with each backslash doubled, so that `unescapeName` has it again:
 * no two names are written alike.
 *
 * @example
 * ```ts
 * import { escapeName, unescapeName } from "./escapes.ts";
 *
 * console.log(escapeName("a\\b\n")); // a\\b\n
 * console.log(unescapeName(escapeName("a\\b\n")) === "a\\b\n"); // true
 * ```
 */
export function escapeName(name: string): string {
  return printable(name.replaceAll("\\", "\\\\"));
}

/** `\\`, `\n`, `\xe9`, `\u{202e}`, or a backslash that begins none of them. */
const ESCAPED = /\\(?:([\\nrt])|x([0-9a-f]{2})|u\{([0-9a-f]{1,6})\}|)/gi;

const LETTERS: ReadonlyMap<string, string> = new Map([
  ["\\", "\\"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/**
 * The name that `escapeName` wrote, for those who cannot type it: `caf\xe9` is a name of four
 * octets.
 *
 * @throws {LocalError} when a backslash begins no such escape.
 */
export function unescapeName(text: string): string {
  return text.replace(ESCAPED, (_, letter?: string, octet?: string, point?: string) => {
    const plain = LETTERS.get(letter ?? "");
    if (plain !== undefined) return plain;
    const code = parseInt(octet ?? point ?? "", 16);
    if (octet !== undefined) return octetText(code);
    // Surrogates are halves of characters, or what octets are written as.
    if (code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)) return String.fromCodePoint(code);
    throw new LocalError(
      `Cannot read "${text}": a backslash begins \\\\, \\n, \\r, \\t, \\xHH or \\u{HHHH}`,
    );
  });
}

/**
 * The name that a file from the server can have on this machine, where the runtime writes names in
 * UTF-8 only: one that is not is written escaped, so that two of them do not become one file.
 *
 * @example
 * ```ts
 * import { decodeText, localName } from "./mod.ts";
 *
 * console.log(localName(decodeText(Uint8Array.of(0x63, 0x61, 0x66, 0xe9)))); // caf\xe9
 * ```
 */
export function localName(name: string): string {
  return name.isWellFormed() ? name : escapeName(name);
}
