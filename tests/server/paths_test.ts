/** Unit tests of server/paths.ts. @module */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { encodeOctets } from "../../server/mod.ts";
import {
  childPath,
  isPartialName,
  nameOf,
  parentPath,
  partialName,
  partialPath,
  resolvePath,
} from "../../server/paths.ts";

Deno.test("resolvePath: relative, absolute, dots and slashes", () => {
  const cases: [directory: string, argument: string, path: string][] = [
    ["/", "a", "/a"],
    ["/d", "a", "/d/a"],
    ["/d", "", "/d"],
    ["/d", "/a", "/a"],
    ["/d", "a/b/", "/d/a/b"],
    ["/d", "a//b", "/d/a/b"],
    ["/d", ".", "/d"],
    ["/d", "..", "/"],
    ["/d/e", "../f", "/d/f"],
    ["/", "..", "/"],
    ["/d", "../../../etc", "/etc"],
    ["/d", "/..", "/"],
    ["/d", "a/../..", "/"],
    ["/", "//", "/"],
    ["/", "...", "/..."],
    ["/", " a ", "/ a "],
    ["/", "..a/b..", "/..a/b.."],
    ["/d", "..\\..", "/d/..\\.."],
    ["/d", "\udcff/..\udcae", "/d/\udcff/..\udcae"],
  ];
  for (const [directory, argument, path] of cases) {
    assertEquals(resolvePath(directory, argument), path, `${directory} ${argument}`);
  }
});

Deno.test("resolvePath: refuses NUL, CR and LF anywhere", () => {
  for (const bad of ["\0", "\r", "\n"]) {
    for (const argument of [bad, `a${bad}`, `a/${bad}b/..`]) {
      assertEquals(resolvePath("/", argument), undefined);
    }
  }
});

Deno.test("resolvePath: never leaves the root, whatever the components", () => {
  const components = ["..", ".", "", "a", "..."];
  for (let number = 0; number < components.length ** 4; number++) {
    let rest = number;
    const parts = Array.from({ length: 4 }, () => {
      const part = components[rest % components.length]!;
      rest = Math.floor(rest / components.length);
      return part;
    });
    const path = resolvePath("/d", parts.join("/"))!;
    assert(path.startsWith("/"));
    assertEquals(path.split("/").filter((part) => part === ".." || part === "."), []);
    assert(path === "/" || !path.endsWith("/") && !path.includes("//"), path);
  }
});

Deno.test("parentPath, nameOf, childPath: take a path apart and put it together", () => {
  for (const path of ["/a", "/a/b", "/a/b/c d"]) {
    assertEquals(childPath(parentPath(path), nameOf(path)), path);
  }
  assertEquals(parentPath("/"), "/");
  assertEquals(nameOf("/"), "");
  assertEquals(parentPath("/a"), "/");
});

Deno.test("partialName: beside the name, and known by its form", () => {
  assertEquals(partialName("foo"), ".foo.ftplab-part");
  assertEquals(partialPath("/d/foo"), "/d/.foo.ftplab-part");
  assertEquals(partialPath("/foo"), "/.foo.ftplab-part");
  for (const name of [".a.ftplab-part", "..ftplab-part.ftplab-part"]) {
    assert(isPartialName(name), name);
  }
  for (const name of ["a.ftplab-part", ".ftplab-part", ".a.part", ".a.ftplab-par", "", ".apart"]) {
    assert(!isPartialName(name), name);
  }
});

Deno.test("partialName: never longer than a file system takes, and its own for each name", () => {
  const octets = (name: string) => new TextEncoder().encode(name).length;
  const names = ["a".repeat(130), "a".repeat(131), "a".repeat(143), "a".repeat(255)];
  names.push("ü".repeat(127), "🐟".repeat(63), `${"a".repeat(254)}b`, `x${"🐟".repeat(63)}`);
  const partials = names.map(partialName);
  for (const partial of partials) {
    assert(octets(partial) <= 143, `${octets(partial)} octets`);
    assert(isPartialName(partial));
    assertEquals(new TextDecoder().decode(new TextEncoder().encode(partial)), partial);
  }
  const noUtf8 = partialName(`${"\udce9".repeat(254)}x`);
  assertEquals(encodeOctets(noUtf8).length, 143);
  assertEquals(partialName("\udce9".repeat(130)), `.${"\udce9".repeat(130)}.ftplab-part`);
  assertEquals(new Set(partials).size, names.length);
  assertEquals(partialName("a".repeat(130)), `.${"a".repeat(130)}.ftplab-part`);
  assertNotEquals(partialName("a".repeat(131)), `.${"a".repeat(131)}.ftplab-part`);
  assertEquals(partials, names.map(partialName));
});
