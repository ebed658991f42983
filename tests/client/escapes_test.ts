/**
 * Names that can be typed: every name has one escaped form, and each form one name.
 *
 * @module
 */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { decodeText, escapeName, LocalError, localName, unescapeName } from "../../client/mod.ts";

const NAMES: readonly (readonly [string, string])[] = [
  ["a.avi", "a.avi"],
  ["Übung 映画 🎬", "Übung 映画 🎬"],
  [decodeText(Uint8Array.of(0x63, 0x61, 0x66, 0xe9)), "caf\\xe9"],
  ["caf\\xe9", "caf\\\\xe9"],
  ["a\\b", "a\\\\b"],
  ["a\nb\tc\r", "a\\nb\\tc\\r"],
  ["\x1b[2J\x7f", "\\x1b[2J\\x7f"],
  ["\x9b", "\\u{9b}"],
  [decodeText(Uint8Array.of(0x9b)), "\\x9b"],
  ["txt.\u202eiva", "txt.\\u{202e}iva"],
];

for (const [name, escaped] of NAMES) {
  Deno.test(`escapeName writes ${escaped}, and unescapeName reads it`, () => {
    assertEquals(escapeName(name), escaped);
    assertEquals(unescapeName(escaped), name);
  });
}

Deno.test("escapeName gives every name of one or two code units a form of its own", () => {
  const units = [...Array(0x180).keys(), 0x2028, 0x202e, 0x2066, 0xdc80, 0xdce9, 0xdcff];
  const forms = new Set<string>();
  for (const unit of units) {
    for (const rest of ["", "\\", "x", "n"]) {
      const name = String.fromCharCode(unit) + rest;
      const form = escapeName(name);
      assertEquals(unescapeName(form), name);
      forms.add(form);
    }
  }
  assertEquals(forms.size, 4 * units.length);
});

for (
  const text of ["a\\", "\\q", "\\x9", "\\xg0", "\\u{}", "\\u{110000}", "\\u{d800}", "\\u0041"]
) {
  Deno.test(`unescapeName refuses ${text}`, () => {
    const { message } = assertThrows(() => unescapeName(text), LocalError);
    assertMatch(message, /^Cannot read ".+": a backslash begins /);
  });
}

Deno.test("localName leaves names alone that a file can have, and keeps others apart", () => {
  for (const name of ["a\\xe9", "Übung 🎬", "a\nb"]) assertEquals(localName(name), name);
  assertEquals(localName("caf\udce9"), "caf\\xe9");
  assertEquals(localName("\udce9\\\n"), "\\xe9\\\\\\n");
});
