/**
 * Names of files on this machine.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { baseName } from "../../client/local/names.ts";

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
