/** Unit tests of server/octets.ts. @module */

import { assert, assertEquals } from "@std/assert";
import { decodeOctets, encodeOctets } from "../../server/mod.ts";
import { fingerprint, fittedName, newOctets, writePlain } from "../../server/octets.ts";

/** Octets from which every border of UTF-8 can be made. */
const BORDERS = [0x00, 0x2f, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf];
BORDERS.push(0xe0, 0xe1, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff);

/** Whether the runtime's decoder takes the octets. */
function isUtf8(octets: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}

Deno.test("decodeOctets and encodeOctets: no octets of any kind are lost", () => {
  let count = 0;
  const check = (octets: Uint8Array) => {
    const text = decodeOctets(octets);
    assertEquals(encodeOctets(text), octets, String(octets));
    assert(text.isWellFormed() === isUtf8(octets), String(octets));
    count++;
  };
  for (const a of BORDERS) {
    for (const b of BORDERS) {
      for (const c of BORDERS) {
        check(Uint8Array.of(a, b, c));
        for (const d of [0x41, 0x80, 0xbf, 0xf0]) check(Uint8Array.of(a, b, c, d));
      }
    }
  }
  assertEquals(count, BORDERS.length ** 3 * 5);
});

Deno.test("decodeOctets: text is text, what is none stands for itself", () => {
  assertEquals(
    decodeOctets(new TextEncoder().encode("grün 🐟\ufffd\ufeff")),
    "grün 🐟\ufffd\ufeff",
  );
  assertEquals(decodeOctets(Uint8Array.of(0x63, 0xe9)), "c\udce9");
  assertEquals(decodeOctets(Uint8Array.of(0xff, 0xc3, 0xa9, 0xc3)), "\udcffé\udcc3");
  assertEquals(decodeOctets(Uint8Array.of(0xed, 0xb3, 0xbf)), "\udced\udcb3\udcbf");
});

Deno.test("encodeOctets: a surrogate that stands for nothing is replaced", () => {
  assertEquals(encodeOctets("a\ud800b"), new TextEncoder().encode("a\ufffdb"));
  assertEquals(encodeOctets("\udc7f\udce9"), Uint8Array.of(0xef, 0xbf, 0xbd, 0xe9));
});

Deno.test("newOctets: whatever the lengths, each array is its own and was never written to", () => {
  const made = Array.from({ length: 600 }, (_, index) => {
    const octets = newOctets(index % 300);
    assert(octets.every((octet) => octet === 0), `number ${index}`);
    assertEquals(octets.length, index % 300);
    return octets.fill(index % 255 + 1);
  });
  for (const [index, octets] of made.entries()) {
    assert(octets.every((octet) => octet === index % 255 + 1), `number ${index}`);
  }
});

Deno.test("writePlain: up to what is not ASCII, or would end a line", () => {
  const octets = new Uint8Array(8);
  assertEquals(writePlain("name", octets), 4);
  assertEquals(octets.subarray(0, 5), Uint8Array.of(0x6e, 0x61, 0x6d, 0x65, 0));
  for (const strange of ["ab\u00e9", "ab\r", "ab\n", "ab\udc80"]) {
    assertEquals(writePlain(strange, octets), 2, JSON.stringify(strange));
  }
});

Deno.test("fingerprint: FNV-1a of 64 bits", () => {
  assertEquals(["", "a"].map(fingerprint), ["cbf29ce484222325", "af63dc4c8601ec8c"]);
});

Deno.test("fittedName: what is too long is cut to 255 octets, and no character is halved", () => {
  assertEquals(fittedName(".", "a".repeat(249), ".part"), `.${"a".repeat(249)}.part`);
  for (const name of ["a".repeat(250), "€".repeat(84), "🐟".repeat(63), "\udce9".repeat(250)]) {
    const fitted = fittedName(".", name, ".part");
    const tail = `~${fingerprint(name)}.part`;
    const kept = fitted.slice(1, -tail.length);
    assertEquals(fitted, `.${kept}${tail}`);
    assert(name.startsWith(kept) && kept.isWellFormed() === name.isWellFormed());
    const { length } = encodeOctets(fitted);
    assert(length <= 255 && length > 251, `${length} octets`);
  }
  assertEquals(fittedName(".", "a".repeat(58), ".part", 64), `.${"a".repeat(58)}.part`);
  assertEquals(fittedName(".", "a".repeat(59), ".part", 64).length, 64);
});
