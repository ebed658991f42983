/**
 * Encodings of names other than UTF-8, made of the runtime's own decoders.
 *
 * connect.ts loads it when a user names one. The runtime decodes many sets and encodes none but
 * UTF-8, so each is decoded once from end to end, and the table that this gives is read in both
 * directions. That is possible where a character is one octet or two and ASCII stands for itself:
 * all single-octet sets of the Encoding Standard, shift_jis, euc-jp, euc-kr, gbk and big5, and the
 * two-octet part of gb18030. iso-2022-jp and utf-16 are refused.
 *
 * @module
 */

import { ESCAPE_BASE } from "../server/octets.ts";
import { LocalError } from "./errors.ts";
import { type Encoding, octetText, UTF_8 } from "./text.ts";

/** What a decoder writes for what means nothing. */
const REPLACEMENT = "\ufffd";

/** The least octet that is the second of a pair in any set; what is below is no letter. */
const TRAIL_FIRST = 0x40;

/**
 * The encoding of that name, one of the labels of the Encoding Standard: "latin1", "shift_jis".
 *
 * @throws {LocalError} for a name that the runtime does not know, and for sets that cannot be
 * written back octet by octet.
 *
 * @example
 * ```ts
 * import { encodingOf } from "./encoding.ts";
 *
 * console.log(encodingOf("latin1").encode("café")); // the four octets 63 61 66 e9
 * ```
 */
export function encodingOf(label: string): Encoding {
  const decoder = decoderOf(label);
  if (decoder.encoding === "utf-8") return UTF_8;
  const ascii = String.fromCharCode(...Array.from({ length: 0x80 }, (_, octet) => octet));
  if (decoder.decode(Uint8Array.from(ascii, (letter) => letter.charCodeAt(0))) !== ascii) {
    throw new LocalError(`Cannot use the encoding "${label}": it does not write ASCII as it is`);
  }
  return new TableEncoding(decoder);
}

function decoderOf(label: string): TextDecoder {
  try {
    return new TextDecoder(label, { ignoreBOM: true });
  } catch {
    throw new LocalError(`Cannot use the encoding "${label}": there is none of that name`);
  }
}

/** A set of one and two octets a character, as two tables. */
class TableEncoding implements Encoding {
  readonly name: string;
  /** Characters by their octets: one, or the first times 256 plus the second. */
  readonly #characters = new Map<number, string>();
  /** The same the other way round. */
  readonly #octets = new Map<string, number>();

  constructor(decoder: TextDecoder) {
    this.name = decoder.encoding;
    for (let octet = 0; octet < 0x100; octet++) {
      this.#learn(octet, decoder.decode(Uint8Array.of(octet)));
    }
    const leads = [];
    for (let lead = 0x80; lead < 0x100; lead++) if (!this.#characters.has(lead)) leads.push(lead);
    // Of two ways to write a character the first one learned counts; vendors' come last.
    const rank = (lead: number) => Number(isVendors(this.name, lead));
    leads.sort((left, right) => rank(left) - rank(right));
    for (const lead of leads) {
      for (let trail = TRAIL_FIRST; trail < 0x100; trail++) {
        this.#learn(lead * 0x100 + trail, decoder.decode(Uint8Array.of(lead, trail)));
      }
    }
  }

  /** Takes `text` for what these octets mean, unless they mean nothing or something known. */
  #learn(octets: number, text: string): void {
    // A few pairs of big5 are a letter and its accent, which are not written back as one.
    const isOne = String.fromCodePoint(text.codePointAt(0) ?? 0) === text;
    if (!isOne || text === REPLACEMENT || this.#octets.has(text)) return;
    this.#characters.set(octets, text);
    this.#octets.set(text, octets);
  }

  decode(octets: Uint8Array): string {
    let text = "";
    for (let at = 0; at < octets.length; at++) {
      const octet = octets[at]!;
      const single = octet < 0x80 ? String.fromCharCode(octet) : this.#characters.get(octet);
      const pair = single ?? this.#characters.get(octet * 0x100 + (octets[at + 1] ?? 0));
      if (single === undefined && pair !== undefined) at++;
      text += pair ?? octetText(octet);
    }
    return text;
  }

  encode(text: string): Uint8Array<ArrayBuffer> | undefined {
    const octets: number[] = [];
    for (const character of text) {
      const code = character.codePointAt(0)!;
      const isEscaped = code >= ESCAPE_BASE + 0x80 && code < ESCAPE_BASE + 0x100;
      const known = isEscaped ? code - ESCAPE_BASE : this.#octets.get(character);
      if (known === undefined) return undefined;
      if (known >= 0x100) octets.push(known >> 8);
      octets.push(known & 0xff);
    }
    return Uint8Array.from(octets);
  }
}

/** Whether pairs that begin so repeat characters of the standard, or of a later, wider vendor. */
function isVendors(name: string, lead: number): boolean {
  // NEC's selection of what IBM's rows have, too; and what Hong Kong put before Big5.
  return name === "shift_jis" && (lead === 0xed || lead === 0xee) || name === "big5" && lead < 0xa1;
}
