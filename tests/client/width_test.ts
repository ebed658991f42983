/**
 * How many columns a terminal gives to a text.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { padEnd, shorten, textWidth, widthsFor } from "../../client/cli/width.ts";

const WIDTHS: readonly (readonly [what: string, text: string, width: number])[] = [
  ["ASCII", "abc", 3],
  ["nothing", "", 0],
  ["a letter with its accent", "\u00e9", 1],
  ["a letter and its accent", "e\u0301", 1],
  ["a letter with twenty marks", `e${"\u0301".repeat(20)}`, 1],
  ["Chinese", "映画", 4],
  ["Hangul syllables", "한글", 4],
  ["Hangul of jamo", "\u1112\u1161\u11ab", 2],
  ["full-width letters", "ＡＢ", 4],
  ["an emoji", "🎬", 2],
  ["twelve watches", "\u231a".repeat(12), 24],
  ["a heart as text", "\u2764", 1],
  ["a heart as an emoji", "\u2764\ufe0f", 2],
  ["a family of four", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}", 2],
  ["a flag", "\u{1f1e9}\u{1f1ea}", 2],
  ["a hand with a colour of skin", "\u{1f44b}\u{1f3fd}", 2],
  ["Arabic", "مرحبا", 5],
  ["a joiner of no width", "a\u200bb", 2],
];

Deno.test("textWidth takes nothing for narrower than it is, before the table is loaded", () => {
  for (const [what, text, width] of WIDTHS) assert(textWidth(text) >= width, what);
  assertEquals(textWidth("abc"), 3);
});

for (const [what, text, width] of WIDTHS) {
  Deno.test(`textWidth of ${what} is ${width}`, async () => {
    await widthsFor([text]);
    assertEquals(textWidth(text), width);
  });
}

Deno.test("shorten keeps both ends within the width", async () => {
  await widthsFor(["映"]);
  assertEquals(shorten("short", 10), "short");
  assertEquals(shorten("a long name.avi", 11), "a lo....avi");
  assertEquals(shorten("映画映画映画", 7), "映...画");
  for (let width = 0; width < 20; width++) {
    assert(textWidth(shorten("映a画b映c画d映e画", width)) <= width, `width ${width}`);
  }
});

Deno.test("shorten cuts no letter from its marks and no flag in two", async () => {
  await widthsFor(["映"]);
  const flag = "\u{1f1e9}\u{1f1ea}";
  assertEquals(shorten(flag.repeat(5), 8), `${flag}...${flag}`);
  assertEquals(shorten("e\u0301".repeat(9), 5), "e\u0301...e\u0301");
});

Deno.test("padEnd counts columns", async () => {
  await widthsFor(["映"]);
  assertEquals(padEnd("映", 4), "映  ");
  assertEquals(padEnd("映画", 3), "映画");
});
