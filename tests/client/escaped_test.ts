/**
 * Patterns of --include and --exclude that are typed as ls shows names on a terminal.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { isQuestion, parseArguments } from "../../client/cli/arguments.ts";
import { UsageError } from "../../client/cli/flags.ts";
import { escapeName } from "../../client/escapes.ts";
import { filterOf } from "../../client/mirror/filter.ts";

/** Whether a mirror by this pattern of --exclude leaves out a file. */
function excluder(pattern: string, ...flags: string[]): (name: string) => boolean {
  const request = parseArguments([...flags, "mirror", "a", "--exclude", pattern]);
  if (isQuestion(request)) throw new Error("It is no question");
  const filter = filterOf(request);
  return (name) => !filter.takes(name, false);
}

Deno.test("--escapes takes names in patterns as ls shows them", () => {
  for (const name of ["caf\udce9", "a\\b", "a\\*b", "\\", "a\nb", "x\u202ey", "\u{e0001}"]) {
    assertEquals(excluder(escapeName(name), "--escapes")(name), true, name);
  }
  const cafe = excluder("caf\\xe9*", "--escapes");
  assertEquals(["caf\udce9", "caf\udce9.txt", "cafxe9"].map(cafe), [true, true, false]);
  const backslash = excluder("a\\\\*", "--escapes");
  assertEquals(["a\\", "a\\b", "ab", "a*"].map(backslash), [true, true, false, false]);
});

Deno.test("a backslash of a pattern stays one before what is no letter, whatever --escapes", () => {
  for (const flags of [[], ["--escapes"]]) {
    const star = excluder("a\\*\\[b", ...flags);
    assertEquals(["a*[b", "ax[b"].map(star), [true, false]);
  }
  const octet = excluder("\\x2a\\u{5b}", "--escapes");
  assertEquals(["*[", "a["].map(octet), [true, false]);
  assertEquals(["caf\udce9", "cafxe9"].map(excluder("caf\\xe9")), [false, true]);
});

Deno.test("--escapes refuses a pattern whose backslash begins no escape", () => {
  for (const pattern of ["a\\q", "\\xg0", "\\u{110000}", "a\\"]) {
    assertThrows(() => excluder(pattern, "--escapes"), UsageError, "a backslash begins");
  }
});
