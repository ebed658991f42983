/**
 * Names of files on this machine.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
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
