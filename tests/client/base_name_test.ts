/**
 * Names of files on this machine.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { VerbFlag } from "../../client/cli/arguments.ts";
import { sourceName } from "../../client/cli/checks.ts";
import { baseName, originPath, partPath } from "../../client/local/names.ts";

const PATHS: readonly (readonly [string, string, string])[] = [
  ["a.avi", "a.avi", "a.avi"],
  ["/films/a.avi", "a.avi", "a.avi"],
  ["films/", "films", "films"],
  ["../films//a", "a", "a"],
  ["films\\a.avi", "films\\a.avi", "a.avi"],
  ["C:a.avi", "C:a.avi", "a.avi"],
  ["C:\\films\\a.avi", "C:\\films\\a.avi", "a.avi"],
  ["ab:c", "ab:c", "ab:c"],
  ["/", "/", "/"],
];

for (const [path, posix, windows] of PATHS) {
  Deno.test(`baseName of ${path} is ${posix}, on Windows ${windows}`, () => {
    assertEquals([baseName(path, false), baseName(path, true)], [posix, windows]);
  });
}

/** Sources of mirror, and their names: with -R here, with -R on Windows, and without -R. */
const SOURCES: readonly (readonly [string, ...(string | undefined)[]])[] = [
  ["films", "films", "films", "films"],
  ["a/films/", "films", "films", "films"],
  ["C:\\films", "C:\\films", "films", "C:\\films"],
  ["films\\", "films\\", "films", "films\\"],
  ["C:", "C:", undefined, "C:"],
  ["C:\\", "C:\\", undefined, "C:\\"],
  ["\\", "\\", undefined, "\\"],
  ["..", undefined, undefined, undefined],
  ["a\\..", "a\\..", undefined, "a\\.."],
  ["/", undefined, undefined, undefined],
  ["", undefined, undefined, undefined],
];

for (const [path, ...expected] of SOURCES) {
  Deno.test(`sourceName of "${path}" is ${expected.join(", ")}`, () => {
    const up = { operands: [path], options: new Set<VerbFlag>(["reverse"]) };
    const down = { operands: [path], options: new Set<VerbFlag>() };
    const found = [sourceName(up, false), sourceName(up, true), sourceName(down, true)];
    assertEquals(found, expected);
  });
}

/** Of each path its folder, here and on Windows: what a download leaves is in it. */
const FOLDERS: readonly (readonly [string, string, string])[] = [
  ["a", "", ""],
  ["films/a", "films/", "films/"],
  ["films\\a", "", "films\\"],
  ["C:\\films\\a", "", "C:\\films\\"],
  ["C:a", "", "C:"],
];

for (const [path, posix, windows] of FOLDERS) {
  Deno.test(`partPath and originPath of ${path} are beside it`, () => {
    for (const [folder, isWindows] of [[posix, false], [windows, true]] as const) {
      const name = path.slice(folder.length);
      assertEquals(partPath(path, isWindows), `${folder}${name}.part`);
      assertEquals(originPath(path, isWindows), `${folder}.${name}.part.json`);
    }
  });
}
