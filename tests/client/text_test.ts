/**
 * Text of servers: nothing is lost on the way through a string, nothing reaches a terminal raw.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { decodeText, encodeText, printable } from "../../client/mod.ts";

const OCTETS: readonly (readonly [string, readonly number[]])[] = [
  ["nothing", []],
  ["ASCII", [0x61, 0x2e, 0x74]],
  ["UTF-8 of two, three and four octets", [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x8e, 0xac]],
  ["a byte order mark", [0xef, 0xbb, 0xbf, 0x61]],
  ["ISO 8859-1", [0x63, 0x61, 0x66, 0xe9]],
  ["ISO 8859-1 before ASCII", [0xe9, 0x74, 0xe9]],
  ["UTF-8 behind ISO 8859-1", [0xe9, 0x20, 0xc3, 0xa9]],
  ["a sequence cut short", [0x61, 0xe2, 0x82]],
  ["continuations alone", [0x80, 0xbf]],
  ["an overlong slash", [0xc0, 0xaf]],
  ["an encoded surrogate", [0xed, 0xb2, 0x80]],
  ["0xFF and 0xFE", [0xff, 0xfe, 0x41]],
];

for (const [name, octets] of OCTETS) {
  Deno.test(`decodeText and encodeText carry ${name} without loss`, () => {
    assertEquals([...encodeText(decodeText(Uint8Array.from(octets)))], [...octets]);
  });
}

Deno.test("decodeText reads UTF-8 as the text that it is", () => {
  assertEquals(decodeText(Uint8Array.of(0xe2, 0x82, 0xac)), "€");
});

Deno.test("printable leaves ordinary text of any script as it is", () => {
  for (const text of ["a.avi", "Übung €5", "映画", "🎬 film", "e\u0301", ""]) {
    assertEquals(printable(text), text);
  }
});

const UNPRINTABLE: readonly (readonly [string, string])[] = [
  ["\x1b[2J", "\\x1b[2J"],
  ["a\r\nb\tc", "a\\r\\nb\\tc"],
  ["\x00\x07\x7f", "\\x00\\x07\\x7f"],
  ["\x9b31m", "\\u{9b}31m"],
  ["txt.\u202eiva", "txt.\\u{202e}iva"],
  ["txt.\u061civa", "txt.\\u{61c}iva"],
  ["a\u2028b", "a\\u{2028}b"],
  ["caf\udce9", "caf\\xe9"],
  ["\ud83d", "\\u{d83d}"],
];

for (const [text, shown] of UNPRINTABLE) {
  Deno.test(`printable shows ${JSON.stringify(text)} without its effect`, () => {
    assertEquals(printable(text), shown);
    assertMatch(shown, /^[ -~]*$/);
  });
}
