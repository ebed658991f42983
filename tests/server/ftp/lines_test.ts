/** Unit tests of server/ftp/words/lines.ts. @module */

import { assertEquals, assertThrows } from "@std/assert";
import { decodeOctets, encodeOctets } from "../../../server/mod.ts";
import { encodeLine, type LineHabits, LineReader } from "../../../server/ftp/words/lines.ts";

const BYTES_MAX = 20;
/** For lines longer than any that a server writes often. */
const LONG_BYTES_MAX = 4_096;

/** The lines in `octets`, cut into pieces of `size`; null for one that was too long. */
function linesOf(octets: Uint8Array, size: number, habits?: LineHabits): (string | null)[] {
  const reader = new LineReader(BYTES_MAX, habits);
  const lines: (string | null)[] = [];
  for (let at = 0; at < octets.length; at += size) {
    const piece = octets.slice(at, at + size);
    for (let next = reader.read(piece, 0); next !== -1; next = reader.read(piece, next)) {
      lines.push(reader.tooLong ? null : latin1(reader.line));
    }
  }
  return lines;
}

function latin1(octets: Uint8Array): string {
  return String.fromCharCode(...octets);
}

/** One octet for each character. */
function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const CASES: readonly [title: string, octets: string, lines: (string | null)[]][] = [
  ["CR LF ends a line", "one\r\ntwo\r\n", ["one", "two"]],
  ["LF alone ends a line", "one\ntwo\n", ["one", "two"]],
  ["a line may be empty", "\r\n\n\r\n", ["", "", ""]],
  ["what has no end is no line", "one\r\ntwo", ["one"]],
  ["CR NUL is CR", "o\r\0ne\r\0\r\n", ["o\rne\r"]],
  ["CR before anything else stays", "o\rne\r\r\n", ["o\rne\r"]],
  ["NUL alone stays", "o\0ne\r\n", ["o\0ne"]],
  ["IAC IAC is one octet", "a\xff\xffb\r\n", ["a\xffb"]],
  ["IAC and a function are dropped", "a\xff\xf4b\xff\xf2\r\n", ["ab"]],
  ["IAC, WILL to DONT and an option are dropped", "\xff\xfb\x0da\xff\xfe\x0ab\r\n", ["ab"]],
  ["IAC before a letter is dropped alone", "\xff\xf4\xffABOR\r\n", ["ABOR"]],
  ["IAC before the end is dropped", "one\xff\r\ntwo\r\n", ["one", "two"]],
  ["functions before a line are dropped", "\xf4\xf2one\r\n\xf2two\r\n", ["one", "two"]],
  ["the same octets inside stay", "a\xf0\x9f\r\n", ["a\xf0\x9f"]],
  ["a line of the limit is whole", `${"a".repeat(20)}\r\nb\r\n`, ["a".repeat(20), "b"]],
  ["a longer one is told of once", `${"a".repeat(21)}\r\nb\r\n`, [null, "b"]],
  ["a much longer one too", `${"a".repeat(500)}\nb\n`, [null, "b"]],
  ["the limit counts octets of the line", `${"\xff\xff".repeat(20)}\r\n`, ["\xff".repeat(20)]],
  ["CR as the last octet counts", `${"a".repeat(20)}\r\0\r\n`, [null]],
];

for (const [title, octets, lines] of CASES) {
  Deno.test(`LineReader: ${title}`, () => {
    for (const size of [1, 2, 3, 7, octets.length]) {
      assertEquals(linesOf(octetsOf(octets), size), lines, `in pieces of ${size}`);
    }
  });
}

/** Replies of servers that do not double 0xFF, that do, and that speak Telnet. */
const REPLIES: readonly [octets: string, lines: string[]][] = [
  ['257 "/\xec\xee\xff"\r\n', ['257 "/\xec\xee\xff"']],
  ['257 "/\xec\xee\xff\xff"\r\n', ['257 "/\xec\xee\xff"']],
  ["250 \xff a\r\n250 \xff\r\n\xff\n", ["250 \xff a", "250 \xff", "\xff"]],
  ["220-\xf0\x9f\r\n\xf0\x9f\r\n", ["220-\xf0\x9f", "\xf0\x9f"]],
  ["\xff\xfb\x01220 \xff\xf1a\r\n", ["220 a"]],
];

Deno.test("LineReader: what looks like the rest of a Synch is text where there is none", () => {
  for (const [octets, lines] of REPLIES) {
    for (const size of [1, 2, 3, 7, octets.length]) {
      const found = linesOf(octetsOf(octets), size, { hasNoSynch: true });
      assertEquals(found, lines, `in pieces of ${size}`);
    }
  }
});

Deno.test("LineReader: a line that was kept does not change with its input", () => {
  const reader = new LineReader(BYTES_MAX);
  const first = octetsOf("on");
  assertEquals(reader.read(first, 0), -1);
  first.fill(0);
  assertEquals(reader.read(octetsOf("e\r\n"), 0), 3);
  assertEquals(latin1(reader.line), "one");
});

/** What a reader that lets ABOR and STAT end urgently makes of pieces. */
function urgentLinesOf(pieces: readonly string[]): string[] {
  const mayEndUrgently = (line: Uint8Array) => /^(?:ABOR|STAT)/.test(latin1(line));
  const reader = new LineReader(BYTES_MAX, { mayEndUrgently });
  return pieces.flatMap((text) => {
    const piece = octetsOf(text);
    const lines: string[] = [];
    for (let next = reader.read(piece, 0); next !== -1; next = reader.read(piece, next)) {
      lines.push(latin1(reader.line));
    }
    return lines;
  });
}

Deno.test("LineReader: a line whose LF was urgent ends with its CR, at the end of what came", () => {
  assertEquals(urgentLinesOf(["ABOR\r", "NOOP\r\n"]), ["ABOR", "NOOP"]);
  assertEquals(urgentLinesOf(["NOOP\r\nSTAT\r", "STAT a\r", "\r\n"]), [
    "NOOP",
    "STAT",
    "STAT a",
    "",
  ]);
  assertEquals(urgentLinesOf(["\xff\xf4\xff\xf2ABOR\r", "NOOP\r\n"]), ["ABOR", "NOOP"]);
});

Deno.test("LineReader: a line that was only cut before its LF is taken once", () => {
  assertEquals(urgentLinesOf(["ABOR\r", "\n", "NOOP\r\n"]), ["ABOR", "NOOP"]);
  assertEquals(urgentLinesOf(["AB", "OR\r", "\nNOOP\r\n"]), ["ABOR", "NOOP"]);
  assertEquals(urgentLinesOf(["ABOR\r", "\n\r\n"]), ["ABOR", ""]);
  assertEquals(urgentLinesOf(["ABOR\r", "", "\nABOR\r", "\nABOR\r", "ABOR\r\n"]), [
    "ABOR",
    "ABOR",
    "ABOR",
    "ABOR",
  ]);
  assertEquals(urgentLinesOf(["NOOP\r", "\nNOOP\r", "x\r\n"]), ["NOOP", "NOOP\rx"]);
});

Deno.test("encodeLine: is what LineReader reads, but for LF", () => {
  const long = [500, 509, 510, 511, 512, 2_000].flatMap((length) => [
    "x".repeat(length),
    `${"x".repeat(length)}🐟`,
  ]);
  // The last one has a character whose second half, alone, would be the octet 0xFF.
  const unusual = ["\udce9", "\udcff\udcffb", "a\u{1f4ff}\u{1f4ff}\udcff\rb"];
  for (const text of ["", "one", "grün", "a\rb\r", "a\0b", ...unusual, ...long]) {
    const reader = new LineReader(LONG_BYTES_MAX);
    const octets = encodeLine(text);
    assertEquals(reader.read(octets, 0), octets.length);
    assertEquals(decodeOctets(reader.line), text);
    assertEquals(reader.line, encodeOctets(text));
  }
  assertThrows(() => encodeLine("a\nb"), TypeError, "holds LF");
});

Deno.test("encodeLine: gives octets of its own each time", () => {
  const first = encodeLine("first");
  encodeLine("other");
  assertEquals(first, octetsOf("first\r\n"));
});
