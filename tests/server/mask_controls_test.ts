/** Unit tests of server/mask_controls.ts. @module */

import { assertEquals } from "@std/assert";
import { maskControls } from "../../server/mask_controls.ts";

Deno.test("maskControls: whatever a terminal would obey, and nothing else", () => {
  // Unicode's Bidi_Control (UAX 9, UAX 44), the separators of lines, C0, C1, half a pair.
  const marks = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
  for (const character of [...marks, "\u2028", "\u2029", "\x1b", "\x7f", "\x9b", "\ud83d"]) {
    assertEquals(maskControls(`a${character}b`), "a\ufffdb");
  }
  for (const shown of ["\u061b\u061d", "\u200d", "שלום", "مرحبا", "😀", "e\u0301"]) {
    assertEquals(maskControls(shown), shown);
  }
});
