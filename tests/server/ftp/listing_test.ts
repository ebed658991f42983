/** Unit tests of server/ftp/listing.ts. @module */

import { assert, assertEquals } from "@std/assert";
import type { DirectoryEntry } from "../../../server/mod.ts";
import {
  factsOf,
  formatLong,
  matchesPattern,
  parseListArgument,
  renderFacts,
  renderLong,
  renderNames,
} from "../../../server/ftp/listing.ts";

const NOW = Date.UTC(2024, 5, 15, 12);

const FILE: DirectoryEntry = {
  kind: "file",
  size: 1234,
  modifiedMs: Date.UTC(2024, 4, 3, 7, 9),
  mode: 0o644,
  uid: 1000,
  gid: 100,
  links: 1,
  unique: "1g2",
  name: "a.txt",
};

function text(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}

Deno.test("formatLong: the columns of ls -l", () => {
  assertEquals(
    formatLong(FILE, NOW),
    "-rw-r--r--    1 1000     100              1234 May  3 07:09 a.txt",
  );
  assertEquals(
    formatLong({ ...FILE, kind: "directory", mode: 0o1777, links: 2 }, NOW),
    "drwxrwxrwt    2 1000     100              1234 May  3 07:09 a.txt",
  );
});

Deno.test("formatLong: modes", () => {
  const modes: [number, string][] = [
    [0, "----------"],
    [0o777, "-rwxrwxrwx"],
    [0o4755, "-rwsr-xr-x"],
    [0o4644, "-rwSr--r--"],
    [0o2755, "-rwxr-sr-x"],
    [0o1644, "-rw-r--r-T"],
  ];
  for (const [mode, expected] of modes) {
    assertEquals(formatLong({ ...FILE, mode }, NOW).slice(0, 10), expected);
  }
});

Deno.test("formatLong: the year for what is old or in the future", () => {
  const dateOf = (modifiedMs: number) => formatLong({ ...FILE, modifiedMs }, NOW).slice(47, 59);
  const day = 86_400_000;
  assertEquals(dateOf(NOW - 181 * day), "Dec 17 12:00");
  assertEquals(dateOf(NOW - 182 * day), "Dec 16  2023");
  assertEquals(dateOf(NOW + day), "Jun 16 12:00");
  assertEquals(dateOf(NOW + day + 1), "Jun 16  2024");
  assertEquals(dateOf(0), "Jan  1  1970");
});

Deno.test("parseListArgument: flags, then a path", () => {
  const read = (argument: string) => {
    const request = parseListArgument("/d", argument)!;
    return [request.path, request.shows(".x", false)];
  };
  assertEquals(read(""), ["/d", false]);
  assertEquals(read("-l"), ["/d", false]);
  assertEquals(read("-la"), ["/d", true]);
  assertEquals(read("-l -a e f"), ["/d/e f", true]);
  assertEquals(read("-a /"), ["/", true]);
  assertEquals(read("-"), ["/d/-", false]);
  assertEquals(read("-x.txt"), ["/d/-x.txt", false]);
  assertEquals(read("e*/x"), ["/d/e*/x", false]);
  assertEquals(read("e/*"), ["/d/e", false]);
  assertEquals(read("/.*"), ["/", true]);
  assertEquals(parseListArgument("/", "a\\b"), undefined);
});

Deno.test("renderNames: a pattern under a file shows nothing", () => {
  const render = renderNames(parseListArgument("/", "a.txt/*")!);
  assertEquals(text(render(FILE, true)), "");
  assertEquals(text(render(FILE, false)), "a.txt/a.txt\r\n");
});

Deno.test("renderLong, renderNames, renderFacts: names that cannot be asked for are left out", () => {
  const request = parseListArgument("/", "-a")!;
  const renders = [renderLong(request, NOW), renderNames(request), renderFacts([], "read", "/")];
  for (const render of renders) {
    assert(render(FILE, false).length > 0);
    for (const name of ["a\nb", "a\rb", "a\\b"]) {
      assertEquals(text(render({ ...FILE, name }, false)), "");
    }
  }
});

Deno.test("factsOf: what may be done is told by access, kind and name", () => {
  const permOf = (kind: DirectoryEntry["kind"], path: string) =>
    (["read", "write"] as const).map((access) => factsOf({ ...FILE, kind }, access, path).perm);
  assertEquals(permOf("file", "/a"), ["r", "adfrw"]);
  assertEquals(permOf("file", "/.a.part"), ["r", "dfr"]);
  assertEquals(permOf("directory", "/a"), ["el", "cdeflmp"]);
  assertEquals(permOf("directory", "/"), ["el", "celmp"]);
  assertEquals(permOf("other", "/a"), ["", "df"]);
  assertEquals(factsOf({ ...FILE, kind: "other" }, "read", "/a").type, "OS.unix=special");
});

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
