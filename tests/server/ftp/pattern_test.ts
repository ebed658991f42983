/** Unit tests of server/ftp/pattern.ts. @module */

import { assert } from "@std/assert";
import { matchesPattern } from "../../../server/mod.ts";

Deno.test("matchesPattern: stars and question marks", () => {
  const matching = ["a.txt *", "a.txt *.txt", "a.txt a?txt", "a.txt ?.???", "aab a*b", "🐟 ?"];
  for (const line of [...matching, "abcbd a*b*d", " *", "a*b a*b", "aaa a**a", "x x"]) {
    const [name, pattern] = line.split(" ") as [string, string];
    assert(matchesPattern(name, pattern), line);
  }
  for (
    const line of ["a.txt *.c", "a ??", "ab a", "a ab", " ?", "abc a*d", "A a", "a.txt a.txt*x"]
  ) {
    const [name, pattern] = line.split(" ") as [string, string];
    assert(!matchesPattern(name, pattern), line);
  }
});

Deno.test("matchesPattern: many stars end soon", () => {
  assert(!matchesPattern("a".repeat(2000), `${"*a".repeat(100)}b`));
});

Deno.test("matchesPattern: classes", () => {
  const matching = ["a [ab]", "b [a-c]", "x [!a-c]", "x [^a-c]", "] []]", "] [a]]", "- [a-]"];
  matching.push("a [!]]", "5 [a-z0-9]", "ab.c [a-b]?.[c]", "[a] [[]a]", "é [é-ê]", "🐟x [🐟-🐠]x");
  for (const line of matching) {
    const [name, pattern] = line.split(" ") as [string, string];
    const expected = !["] [a]]"].includes(line);
    assert(matchesPattern(name, pattern) === expected, line);
  }
  for (const line of ["c [ab]", "a [!a]", "] [!]]", "b [a-]", "ab [ab]", "é [a-z]"]) {
    const [name, pattern] = line.split(" ") as [string, string];
    assert(!matchesPattern(name, pattern), line);
  }
});

Deno.test("matchesPattern: a bracket that is not closed is itself, and a name matches itself", () => {
  assert(matchesPattern("[a", "[a"));
  assert(matchesPattern("[ax", "[a?"));
  assert(!matchesPattern("a", "[a"));
  assert(matchesPattern("file[1].txt", "file[1].txt"));
  assert(matchesPattern("file1.txt", "file[1].txt"));
});

Deno.test("matchesPattern: octets that are no UTF-8 are characters", () => {
  assert(matchesPattern("\udce9t\udce9", "?t\udce9"));
  assert(!matchesPattern("\udce9", "??"));
});

Deno.test("matchesPattern: no pattern takes long", () => {
  const name = "a".repeat(255);
  for (const part of ["*a", "[", "[a", "[!a]*", "[a-z]*[", "*[aaaaaaaa]", "*?"]) {
    const pattern = part.repeat(Math.ceil(4_096 / part.length));
    for (let count = 0; count < 100; count++) matchesPattern(name, `${pattern}b`);
    const short = `${part.repeat(60)}b`;
    for (let count = 0; count < 100; count++) assert(!matchesPattern(name, short));
  }
});
