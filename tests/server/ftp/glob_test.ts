/** Unit tests of server/ftp/words/glob.ts, and of server/ftp/pattern.ts over it. @module */

import { assert, assertEquals } from "@std/assert";
import { compileGlob } from "../../../server/ftp/words/glob.ts";
import { compilePattern } from "../../../server/mod.ts";

/** Names that a pattern means, and names that it does not. */
const GLOBS: Readonly<Record<string, readonly [yes: readonly string[], no: readonly string[]]>> = {
  "": [[""], ["a"]],
  "*": [["", "a", "a b", ".a"], []],
  "*.txt": [["a.txt", ".txt", "b.c.txt"], ["a.c", "a.txt2", "a.TXT"]],
  "a?txt": [["a.txt"], ["atxt", "a..txt"]],
  "?.???": [["a.txt"], ["a.tx", ".txt"]],
  "?": [["a", "🐟"], ["", "ab"]],
  "??": [["ab"], ["a", "🐟"]],
  "a*b": [["ab", "aab", "a*b", "axxb"], ["a", "abc"]],
  "a**a": [["aaa", "aa"], ["a"]],
  "a*b*d": [["abcbd", "abd"], ["abc"]],
  "a.txt*x": [[], ["a.txt"]],
  "A": [["A"], ["a"]],
  "ab": [["ab"], ["a", "abc"]],
  "[ab]": [["a", "b"], ["c", "ab", ""]],
  "[a-c]x": [["ax", "bx", "cx"], ["dx", "x"]],
  "[!a-c]": [["x"], ["a", "c", ""]],
  "[^a-c]": [["x"], ["a", "c"]],
  "[]]": [["]"], ["["]],
  "[]]x": [["]x"], ["[x"]],
  "[!]]": [["a"], ["]"]],
  "[a]]": [["a]"], ["]", "a"]],
  "[m-pa-fdk-nz]": [["a", "d", "f", "k", "l", "n", "p", "z"], ["g", "j", "q", "y", "{", ""]],
  "[c-a]": [[], ["a", "b", "c"]],
  "[!c-a]": [["a", "b", "c"], [""]],
  "[a-cc-dxé🐟-🐠ö]": [["a", "d", "x", "é", "ö", "🐠"], ["e", "w", "y", "ê", "🐡"]],
  "[a-]": [["a", "-"], ["b"]],
  "[a-z0-9]": [["5", "m"], ["é", "-"]],
  "[a-b]?.[c]": [["ab.c"], ["cb.c"]],
  "[[]a]": [["[a]"], ["a]"]],
  "[é-ê]": [["é"], ["e"]],
  "[🐟-🐠]x": [["🐟x", "🐠x"], ["🐡x"]],
  // Beyond the surrogates in the one order, before them in the other.
  "[\uff00-🐠]": [["🐟", "\uff41"], ["\ud7ff"]],
  "[a": [["[a"], ["a"]],
  "[a?": [["[ax"], ["a"]],
  "[1].txt": [["1.txt"], ["[1].txt"]],
  "\\*": [["*"], ["a", "\\*"]],
  "\\[a]": [["[a]"], ["a"]],
  "a\\": [["a\\"], ["a"]],
  "?t\udce9": [["\udce9t\udce9"], ["tt\udce9t"]],
};

for (const [glob, [yes, no]] of Object.entries(GLOBS)) {
  Deno.test(`compileGlob "${glob.toWellFormed()}"`, () => {
    const matches = compileGlob(glob);
    assertEquals(yes.filter(matches), yes);
    assertEquals(no.filter(matches), []);
  });
}

Deno.test("compileGlob: no pattern takes long", () => {
  // A regular expression made of one of them would try some 10^20 ways.
  assert(!compileGlob("*a*a*a*a*a*a*b")("a".repeat(20_000)));
  assert(!compileGlob(`${"*a".repeat(100)}b`)("a".repeat(2_000)));
  const name = "a".repeat(255);
  for (const part of ["*a", "[", "[a", "[!a]*", "[a-z]*[", "*[aaaaaaaa]", "*?"]) {
    const matches = compileGlob(`${part.repeat(60)}b`);
    for (let count = 0; count < 100; count++) assert(!matches(name));
  }
});

Deno.test("compilePattern: a name matches itself, and a pattern without end nothing else", () => {
  assert(compilePattern("file[1].txt")("file[1].txt"));
  assert(compilePattern("file[1].txt")("file1.txt"));
  const long = "*a".repeat(600);
  assert(compilePattern(long)(long));
  assert(!compilePattern(long)("a".repeat(600)));
});
