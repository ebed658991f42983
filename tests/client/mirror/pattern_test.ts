/**
 * Globs over names and paths, and the filters that are made of them.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { hasWildcards } from "../../../client/directory.ts";
import { LocalError } from "../../../client/errors.ts";
import { filterOf, takesLink, takesPart } from "../../../client/mirror/filter.ts";
import {
  ALTERNATIVES_MAX,
  compileName,
  compilePath,
  expandBraces,
} from "../../../client/mirror/pattern.ts";

/** What a name of one alternative matches is in tests/server/ftp/glob_test.ts. */
const NAMES: readonly (readonly [pattern: string, yes: string[], no: string[]])[] = [
  ["*.avi", ["a.avi", "b.c.avi"], [".avi", ".a.avi"]],
  ["*", ["a", "a b"], [".a"]],
  [".*", [".a"], ["a"]],
  ["\\.*", [".a"], ["a"]],
  ["?a", ["aa"], [".a"]],
  ["{a,b}*.txt", ["a.txt", "b1.txt"], ["c.txt"]],
  ["{a,{b,c}d}", ["a", "bd", "cd"], ["d", "b"]],
  ["{a}", ["{a}"], ["a"]],
  ["\\{a,b}", ["{a,b}"], ["a"]],
  ["a(1).*", ["a(1).avi"], ["a1.avi"]],
  ["caf\udce9*", ["caf\udce9.txt"], ["café.txt"]],
];

for (const [pattern, yes, no] of NAMES) {
  Deno.test(`compileName "${pattern.toWellFormed()}"`, () => {
    const matches = compileName(pattern, false);
    assertEquals(yes.filter(matches), yes);
    assertEquals(no.filter(matches), []);
  });
}

const PATHS: readonly (readonly [pattern: string, yes: string[], no: string[]])[] = [
  ["films/*.avi", ["films/a.avi", "films/.a.avi"], ["a.avi", "films/x/a.avi"]],
  ["films/**", ["films", "films/a", "films/a/b"], ["music/a"]],
  ["**/a", ["a", "x/a", "x/y/a"], ["a/x"]],
  ["x/**/y", ["x/y", "x/a/b/y"], ["x/a", "y"]],
  ["{x,y/z}/a", ["x/a", "y/z/a"], ["z/a"]],
];

for (const [pattern, yes, no] of PATHS) {
  Deno.test(`compilePath "${pattern}"`, () => {
    const matches = compilePath(pattern);
    assertEquals(yes.filter(matches), yes);
    assertEquals(no.filter(matches), []);
  });
}

Deno.test("isPattern takes a name with parentheses for one", () => {
  assertEquals(["a (1).avi", "a.avi", "a*", "a?", "[a]", "{a,b}"].map(hasWildcards), [
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
});

Deno.test("expandBraces refuses what would never end", () => {
  assertEquals(expandBraces("{a,b}{1,2}"), ["a1", "a2", "b1", "b2"]);
  const error = assertThrows(() => expandBraces("{a,b}".repeat(9)), LocalError);
  assert(error.message.includes(String(ALTERNATIVES_MAX)));
});

Deno.test("filterOf knows names, paths, directories and both orders of in and out", () => {
  const takes = (include: string[], exclude: string[], path: string, isDirectory = false) =>
    filterOf({ include, exclude }).takes(path, isDirectory);
  assertEquals(takes([], [], "a"), true);
  assertEquals(takes([], ["*.tmp"], "x/y/a.tmp"), false);
  assertEquals(takes([], ["*.tmp"], "x/y/.a.tmp"), false);
  assertEquals(takes([], ["cache/"], "x/cache", true), false);
  assertEquals(takes([], ["cache/"], "x/cache"), true);
  assertEquals(takes([], ["/top"], "top"), false);
  assertEquals(takes([], ["/top"], "x/top"), true);
  assertEquals(takes([], ["films/**/*.srt"], "films/a/b.srt"), false);
  assertEquals(takes([], ["cache/*.tmp"], "cache/a.tmp"), false);
  assertEquals(takes([], ["cache/*.tmp"], "a/b/cache/x.tmp"), false);
  assertEquals(takes([], ["cache/*.tmp"], "cache/b/a.tmp"), true);
  assertEquals(takes([], ["/cache/*.tmp"], "cache/a.tmp"), false);
  assertEquals(takes([], ["/cache/*.tmp"], "a/cache/x.tmp"), true);
  assertEquals(takes(["keep.tmp"], ["*.tmp"], "x/keep.tmp"), true);
  assertEquals(takes(["*.avi"], [], "x/a.avi"), true);
  assertEquals(takes(["*.avi"], [], "x/a.txt"), false);
  assertEquals(takes(["*.avi"], [], "x", true), true);
});

Deno.test("filterOf takes a directory that is included with all that is in it", () => {
  const taken = (...include: string[]) =>
    ["films", "films/a.avi", "films/x/b.srt", "x/films/c", "x/d"].filter((path) =>
      filterOf({ include, exclude: [] }).takes(path, false)
    );
  assertEquals(taken("films"), ["films", "films/a.avi", "films/x/b.srt", "x/films/c"]);
  assertEquals(taken("films/"), ["films/a.avi", "films/x/b.srt", "x/films/c"]);
  assertEquals(taken("/films/"), ["films/a.avi", "films/x/b.srt"]);
  assertEquals(taken("films/x"), ["films/x/b.srt"]);
});

Deno.test("filterOf takes no empty directory with --include alone, unless that is included", () => {
  const taken = (include: string[], exclude: string[] = []) =>
    ["films", "films/x", "x"].filter((path) => filterOf({ include, exclude }).takesEmpty(path));
  assertEquals(taken([]), ["films", "films/x", "x"]);
  assertEquals(taken([], ["*.tmp"]), ["films", "films/x", "x"]);
  assertEquals(taken(["*.avi"]), []);
  assertEquals(taken(["films/"]), ["films", "films/x"]);
  assertEquals(taken(["x"]), ["films/x", "x"]);
});

Deno.test("takesPart and takesLink leave a link out as what it may lead to", () => {
  const takes = (exclude: string[], include: string[] = []) =>
    (["file", "directory", "link"] as const).filter((kind) =>
      takesPart(filterOf({ include, exclude }), "x/cache", kind) &&
      (kind !== "link" || takesLink(filterOf({ include, exclude }), "x/cache"))
    );
  assertEquals(takes(["*.tmp"]), ["file", "directory", "link"]);
  assertEquals(takes(["cache/"]), ["file"]);
  assertEquals(takes(["cache"]), []);
  assertEquals(takes([], ["*.avi"]), ["directory"]);
});

Deno.test("takesPart knows a link that is left out, if what has its name elsewhere may not be", () => {
  const isKnown = (exclude: string[], include: string[] = []) =>
    takesPart(filterOf({ include, exclude }), "x/cache", "link");
  assertEquals(isKnown(["cache/"]), true);
  assertEquals(isKnown([], ["*.avi"]), true);
  assertEquals(isKnown(["*"], ["cache/"]), true);
  assertEquals(isKnown(["cache"]), false);
});
