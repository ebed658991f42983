/**
 * Text between this program, the server and the user's terminal.
 *
 * Names on a server are octets, mostly but not always UTF-8: what is not UTF-8 is carried through
 * JavaScript strings without loss, so that a name that was listed can be asked for again. Nothing
 * that a server said may reach a terminal without `printable`.
 *
 * @module
 */

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** An octet 0x80 to 0xFF outside UTF-8 becomes this code unit plus itself, a lone surrogate. */
const ESCAPE_BASE = 0xdc00;
/** With the `u` flag halves of a surrogate pair do not match, so these are escapes only. */
const ESCAPES = /[\udc80-\udcff]/u;

/**
 * Reads octets as UTF-8; an octet that is not part of any becomes a lone surrogate, U+DC80 to
 * U+DCFF, which `encodeText` turns back.
 *
 * @example
 * ```ts
 * import { decodeText, encodeText } from "./text.ts";
 *
 * const latin1 = Uint8Array.of(0x63, 0xe9); // "cé" in ISO 8859-1
 * console.log(encodeText(decodeText(latin1))); // the same two octets
 * ```
 */
export function decodeText(octets: Uint8Array): string {
  return decodeStrict(octets) ?? decodeEscaped(octets);
}

function decodeStrict(octets: Uint8Array): string | undefined {
  try {
    return strict.decode(octets);
  } catch {
    return undefined;
  }
}

function decodeEscaped(octets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < octets.length;) {
    const length = sequenceLength(octets[at]!);
    const character = at + length > octets.length
      ? undefined
      : decodeStrict(octets.subarray(at, at + length));
    if (character === undefined) text += String.fromCharCode(ESCAPE_BASE + octets[at]!);
    else text += character;
    at += character === undefined ? 1 : length;
  }
  return text;
}

/** How long the UTF-8 sequence is that begins with `lead`, if one begins there at all. */
function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** The octets of `text`: UTF-8, and the octets themselves where `decodeText` escaped some. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  if (!ESCAPES.test(text)) return encoder.encode(text);
  const octets: number[] = [];
  for (const character of text) {
    if (ESCAPES.test(character)) octets.push(character.charCodeAt(0) - ESCAPE_BASE);
    else octets.push(...encoder.encode(character));
  }
  return Uint8Array.from(octets);
}

/**
 * Control characters, escaped octets, line separators and the marks that turn the direction of
 * writing: all that could move a terminal's cursor, recolour it or disguise a name.
 */
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex -- finding control characters is what it is for
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

/**
 * `text` as it may be shown on a terminal: one line, no control characters; `\n`, `\x1b`,
 * `\u{202e}` stand for them.
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
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
    if (ESCAPES.test(character)) return `\\x${(code - ESCAPE_BASE).toString(16)}`;
    return `\\u{${code.toString(16)}}`;
  });
}
