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
  ["rm 報告\u3000一.txt a\u00a0b \u2003", ["rm", "報告\u3000一.txt", "a\u00a0b", "\u2003"]],
  ["ls\v-l\f-a", ["ls", "-l", "-a"]],
];

Deno.test("splitWords parts at spaces, and keeps together what is quoted", () => {
  for (const [line, words] of LINES) assertEquals(splitWords(line), [...words], line);
});

Deno.test("splitWords refuses what is not closed", () => {
  for (const line of [`get "a`, "get 'a", "get a\\"]) {
    assertThrows(() => splitWords(line), UsageError);
  }
});

/** Lines that other shells take for more than one command, and by which of their operators. */
const COMMANDS: readonly (readonly [line: string, operator: string])[] = [
  ["rm old.txt; put new.txt", ";"],
  ["rm old.txt;put new.txt", ";"],
  ["rm old.txt ;put new.txt", ";"],
  ["mkdir a && cd a", "&"],
  ["mkdir a&&cd a", "&"],
  ["rm a || rm b", "|"],
  ["get a &", "&"],
  ["ls | more # by pages", "|"],
  ["ls > list", ">"],
  ["ls >>list", ">"],
  ["cat < a", "<"],
  [`rm "a";`, ";"],
];

for (const [line, operator] of COMMANDS) {
  Deno.test(`splitWords refuses ${line}`, () => {
    const { message } = assertThrows(() => splitWords(line), UsageError);
    assertEquals(
      message,
      `A line is one verb, without "${operator}": quote it where a name has it`,
    );
  });
}

Deno.test("splitWords takes what other shells do something with where a name has it", () => {
  const lines: readonly (readonly [line: string, name: string])[] = [
    ["get 'a;'", "a;"],
    ["get a\\;", "a;"],
    [`get "a; b"`, "a; b"],
    ["get '&&'", "&&"],
    ["get \\>", ">"],
    ["get R&B.mp3", "R&B.mp3"],
    ["get a.txt;1", "a.txt;1"],
    ["get a;\u3000b", "a;\u3000b"],
    ["open ftp://h/d;type=d", "ftp://h/d;type=d"],
    ["quote OPTS MLST type;size;", "OPTS,MLST,type;size;"],
    ["# a; b", ""],
  ];
  for (const [line, name] of lines) assertEquals(splitWords(line).slice(1).join(), name, line);
});

Deno.test("quoteWord makes words that mean themselves, in every style", () => {
  const texts = [
    ...["a", "my film", `"`, "'", "\\", "#a", "a\tb", "電影", `a'b"c\\d e#`, "\\\\", "a\u3000b"],
    ...["a;", "&&", "|x", "<", ">>", "a;b"],
  ];
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

Deno.test("scanLine tells a comment from what is quoted, or within a word", () => {
  const isComment = (line: string) => scanLine(line).endsInComment;
  assertEquals(["#", "ls # a ", "ls #"].map(isComment), [true, true, true]);
  assertEquals(["ls '#' ", 'ls " # " ', "ls a# ", "ls \\# "].map(isComment), Array(4).fill(false));
});
