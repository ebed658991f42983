/** Unit tests of server/ftp/words/facts.ts. @module */

import { assertEquals } from "@std/assert";
import {
  clampTime,
  FACT_NAMES,
  type FactName,
  formatFactLine,
  formatTime,
  parseTime,
  readFactLine,
} from "../../../server/ftp/words/facts.ts";

Deno.test("formatFactLine: only facts that are wanted and known, in the server's order", () => {
  const values: Partial<Record<FactName, string>> = { type: "file", size: "5", perm: "r" };
  const valueOf = (fact: FactName) => values[fact];
  assertEquals(formatFactLine(valueOf, FACT_NAMES, "a b"), "type=file;size=5;perm=r; a b");
  assertEquals(formatFactLine(valueOf, ["size", "modify"], "a"), "size=5; a");
  assertEquals(formatFactLine(valueOf, [], "a"), " a");
});

/** All of a line, or undefined. */
function read(line: string): readonly [string, ...(readonly [string, string])[]] | undefined {
  const facts: (readonly [string, string])[] = [];
  const name = readFactLine(line, (fact, value) => facts.push([fact, value]));
  return name === undefined ? undefined : [name, ...facts];
}

Deno.test("readFactLine: reads what formatFactLine writes, names without case", () => {
  const facts = [["type", "file"], ["unix.mode", "0644"], ["x", "a=b"], ["y", ""]] as const;
  assertEquals(read("Type=file;UNIX.mode=0644;x=a=b;y=; a; b"), ["a; b", ...facts]);
  assertEquals(read(" a"), ["a"]);
  assertEquals(read("type=dir;  a"), [" a", ["type", "dir"]]);
});

Deno.test('readFactLine: a value may hold spaces, and the first "; " ends the facts', () => {
  assertEquals(read("type=file;UNIX.groupname=domain users;size=3; a; b"), [
    "a; b",
    ["type", "file"],
    ["unix.groupname", "domain users"],
    ["size", "3"],
  ]);
  assertEquals(read("type=OS.unix=slink:/the films/a;size=3;  b"), [
    " b",
    ["type", "OS.unix=slink:/the films/a"],
    ["size", "3"],
  ]);
  assertEquals(read(" x=y; a"), ["x=y; a"]);
});

Deno.test("readFactLine: refuses what is no line of facts", () => {
  for (
    const line of ["", "a", "type=file a", "type=file;", "type=file; ", "type; a", "=x; a"]
      .concat(";; a", "type;x=y; a", "x=y;type a", "type a=b; c")
  ) {
    assertEquals(read(line), undefined, line);
  }
});

Deno.test("formatTime and parseTime: UTC seconds, back and forth", () => {
  for (const text of ["19700101000000", "20240229235959", "19991231235959", "00010101000000"]) {
    assertEquals(formatTime(parseTime(text)!), text);
  }
  assertEquals(parseTime("20240102030405"), Date.UTC(2024, 0, 2, 3, 4, 5));
  assertEquals(parseTime("20240102030405.25"), Date.UTC(2024, 0, 2, 3, 4, 5, 250));
  assertEquals(parseTime("20161231235960"), Date.UTC(2017, 0, 1));
  assertEquals(formatTime(Date.UTC(2024, 0, 2, 3, 4, 5, 999)), "20240102030405");
});

Deno.test("formatTime: times outside four digits of a year are the nearest inside", () => {
  const after = Date.parse("+010000-01-01T00:00:00Z");
  const before = Date.parse("-000001-12-31T23:59:59Z");
  for (const late of [after, 8.64e15, 8.64e15 + 1, 2 ** 63 * 1000, Infinity]) {
    assertEquals(formatTime(late), "99991231235959");
  }
  for (const early of [before, -8.64e15, -8.64e15 - 1, -Infinity]) {
    assertEquals(formatTime(early), "00000101000000");
  }
  assertEquals(formatTime(NaN), "19700101000000");
  assertEquals(clampTime(-1), -1);
});

Deno.test("parseTime: refuses what is no time", () => {
  const bad = ["", "2024010203040", "202401020304055", "20241301000000", "20240230000000"];
  for (const text of [...bad, "20240101240000", "20240101006000", "2024010100000x", "2024.1"]) {
    assertEquals(parseTime(text), undefined, text);
  }
});
