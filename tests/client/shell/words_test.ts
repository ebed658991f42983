/**
 * Lines of the shell as words, and words as they are typed.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../client/cli/flags.ts";
import { quoteWord, scanLine, splitWords } from "../../../client/cli/shell/words.ts";

const LINES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ["", []],
  ["   \t ", []],
  ["get a.avi", ["get", "a.avi"]],
  ["  get   a.avi\tb ", ["get", "a.avi", "b"]],
  [`get "my film.avi"`, ["get", "my film.avi"]],
  [`get 'my film.avi'`, ["get", "my film.avi"]],
  [`get my\\ film.avi`, ["get", "my film.avi"]],
  [`get my" film".avi`, ["get", "my film.avi"]],
  [`get "a \\"b\\" c:\\dir"`, ["get", `a "b" c:\\dir`]],
  [`get 'a\\b'`, ["get", "a\\b"]],
  [`get ""`, ["get", ""]],
  ["# a comment", []],
  ["ls # a comment 'with a quote", ["ls"]],
  ["get a#b", ["get", "a#b"]],
  [`get "#a"`, ["get", "#a"]],
  ["get \\#a", ["get", "#a"]],
  ["get *.avi $HOME ~", ["get", "*.avi", "$HOME", "~"]],
  ["get Käse 電影.avi", ["get", "Käse", "電影.avi"]],
];

Deno.test("splitWords parts at spaces, and keeps together what is quoted", () => {
  for (const [line, words] of LINES) assertEquals(splitWords(line), [...words], line);
});

Deno.test("splitWords refuses what is not closed", () => {
  for (const line of [`get "a`, "get 'a", "get a\\"]) {
    assertThrows(() => splitWords(line), UsageError);
  }
});

Deno.test("quoteWord makes words that mean themselves, in every style", () => {
  const texts = ["a", "my film", `"`, "'", "\\", "#a", "a\tb", "電影", `a'b"c\\d e#`, "\\\\"];
  for (const text of texts) {
    assertEquals(splitWords(`get ${quoteWord(text)}`), ["get", text]);
    assertEquals(splitWords(`get ${quoteWord(text, '"')}"`), ["get", text]);
    assertEquals(splitWords(`get ${quoteWord(text, "'")}'`), ["get", text]);
  }
});

Deno.test("scanLine tells where the last word begins, and whether it goes on", () => {
  const last = (line: string) => {
    const { words, open, endsInWord } = scanLine(line);
    return [words.at(-1), open, endsInWord];
  };
  assertEquals(last("get a"), [{ text: "a", start: 4 }, undefined, true]);
  assertEquals(last("get "), [{ text: "get", start: 0 }, undefined, false]);
  assertEquals(last(`get "my f`), [{ text: "my f", start: 4 }, '"', true]);
  assertEquals(last(`get "my f" `), [{ text: "my f", start: 4 }, undefined, false]);
  assertEquals(last("get a\\"), [{ text: "a", start: 4 }, "\\", true]);
  assertEquals(last(`get "a\\`), [{ text: "a", start: 4 }, "\\", true]);
  assertEquals(last("get 'a\\"), [{ text: "a\\", start: 4 }, "'", true]);
});
