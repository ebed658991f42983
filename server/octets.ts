/**
 * Octets put together, octets as text, and names of no more octets than file systems take: what
 * names, replies and waiting input are made with.
 *
 * Names in a file system are octets, mostly but not always UTF-8. As text they lose nothing: an
 * octet that is not part of UTF-8 stands as a lone surrogate, U+DC80 to U+DCFF, which no UTF-8
 * becomes.
 *
 * @module
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const LF = 0x0a;
const CR = 0x0d;

/** What the decoder writes for what is no UTF-8, and for itself. */
const REPLACEMENT = "\ufffd";

/** An octet 0x80 to 0xFF that is no UTF-8 becomes this code unit plus itself. */
export const ESCAPE_BASE = 0xdc00;
const ESCAPE_FIRST = 0xdc80;
const ESCAPE_LAST = 0xdcff;

/** The longest name that most file systems take, in octets (NAME_MAX of limits.h). */
export const NAME_BYTES_MAX = 255;

/** What short arrays are cut off from: so many octets at a time. */
const SHEET_BYTES = 4_096;
/** A longer one is worth memory of its own. */
const PIECE_BYTES_MAX = 256;
let sheet = new Uint8Array(0);
let cut = 0;

/**
 * A new array of zeros. A short one is a piece of a larger array, and never used again for another:
 * memory of its own costs as much as all else that is done for a reply. So who keeps it for long
 * keeps SHEET_BYTES.
 */
export function newOctets(length: number): Uint8Array<ArrayBuffer> {
  if (length > PIECE_BYTES_MAX) return new Uint8Array(length);
  if (cut + length > sheet.length) {
    sheet = new Uint8Array(SHEET_BYTES);
    cut = 0;
  }
  const from = cut;
  cut += length;
  return sheet.subarray(from, cut);
}

/**
 * Writes `text` to the begin of `octets`, as far as it is ASCII without CR and LF, as most names and
 * replies are altogether; returns how far that was.
 */
export function writePlain(text: string, octets: Uint8Array): number {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80 || unit === CR || unit === LF) return at;
    octets[at] = unit;
  }
  return text.length;
}

/** All of `parts` as one new array. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The first of `items`, taken away; mostly it is the only one, and nothing moves. */
export function takeFirst<T>(items: T[]): T | undefined {
  return items.length <= 1 ? items.pop() : items.shift();
}

/** Octets that are looked at one by one, before a decoder is asked. */
const SHORT_OCTETS = 24;

/** `octets` from `from` on as text that `encodeOctets` turns back into the same octets. */
export function decodeOctets(octets: Uint8Array, from = 0): string {
  if (octets.length - from <= SHORT_OCTETS) {
    let text = "";
    for (let at = from; at < octets.length; at++) {
      const octet = octets[at]!;
      if (octet >= 0x80) return decodeAll(octets.subarray(from));
      text += String.fromCharCode(octet);
    }
    return text;
  }
  return decodeAll(octets.subarray(from));
}

function decodeAll(octets: Uint8Array): string {
  const text = decoder.decode(octets);
  return text.includes(REPLACEMENT) ? decodeEscaped(octets) : text;
}

function decodeEscaped(octets: Uint8Array): string {
  let text = "";
  let from = 0;
  for (let at = 0; at < octets.length;) {
    const length = sequenceLength(octets, at);
    if (length === 0) {
      text += decoder.decode(octets.subarray(from, at));
      text += String.fromCharCode(ESCAPE_BASE + octets[at]!);
      from = at + 1;
    }
    at += Math.max(1, length);
  }
  return text + decoder.decode(octets.subarray(from));
}

/** How many octets the character at `at` has, or 0 when none begins there (RFC 3629 section 4). */
function sequenceLength(octets: Uint8Array, at: number): number {
  const lead = octets[at]!;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let index = 1; index < length; index++) {
    if (((octets[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  const second = octets[at + 1]!;
  // Not shorter than it need be, no surrogate, not beyond U+10FFFF.
  const isOutside = lead === 0xe0 && second < 0xa0 || lead === 0xed && second > 0x9f ||
    lead === 0xf0 && second < 0x90 || lead === 0xf4 && second > 0x8f;
  return isOutside ? 0 : length;
}

/** The octets of `text`: UTF-8, and those themselves that `decodeOctets` has escaped. */
export function encodeOctets(text: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return encoder.encode(text);
  // A code unit is at most three octets of UTF-8.
  const octets = new Uint8Array(3 * text.length);
  let length = 0;
  let from = 0;
  const encodeTo = (end: number) => {
    const { written } = encoder.encodeInto(text.slice(from, end), octets.subarray(length));
    length += written;
  };
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isPair(text, at)) {
      at++;
    } else if (unit >= ESCAPE_FIRST && unit <= ESCAPE_LAST) {
      encodeTo(at);
      octets[length++] = unit - ESCAPE_BASE;
      from = at + 1;
    }
  }
  encodeTo(text.length);
  return octets.slice(0, length);
}

/** Whether the two code units at `at` are one character. */
function isPair(text: string, at: number): boolean {
  return text.codePointAt(at)! > 0xffff;
}

/**
 * `start`, `name` and `end` as one name. One of more than `bytesMax` octets is cut before its end,
 * and gets a fingerprint of `name`, so that the same name becomes the same again.
 */
export function fittedName(
  start: string,
  name: string,
  end: string,
  bytesMax: number = NAME_BYTES_MAX,
): string {
  const whole = `${start}${name}${end}`;
  // A UTF-16 unit is at most three octets: most names need no count.
  if (whole.length * 3 <= bytesMax) return whole;
  if (encodeOctets(whole).length <= bytesMax) return whole;
  const tail = `~${fingerprint(name)}${end}`;
  let room = bytesMax - encodeOctets(start + tail).length;
  let kept = start;
  for (const character of name) {
    room -= encodeOctets(character).length;
    if (room < 0) break;
    kept += character;
  }
  return kept + tail;
}

/**
 * FNV-1a over the UTF-16 units, 64 bits as 16 hexadecimal digits: the same for the same text on
 * every machine. It is no secret and protects from nobody.
 */
export function fingerprint(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index++) {
    value = BigInt.asUintN(64, (value ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n);
  }
  return value.toString(16).padStart(16, "0");
}
