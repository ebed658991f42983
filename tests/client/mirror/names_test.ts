/**
 * Names from listings that must not become names of files.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { localError } from "../../../client/errors.ts";
import { localNameFault, remoteNameFault } from "../../../client/mirror/names.ts";

const REFUSED = [
  "",
  ".",
  "..",
  "a/b",
  "/etc/passwd",
  "..\\win",
  "C:\\x",
  "c:",
  "C:x",
  "con",
  "CON",
  "nul.txt",
  "aux.txt",
  "aux .txt",
  "com1",
  "COM9.log",
  "com¹",
  "lpt1:",
  "conin$",
  "a.",
  "a ",
  "...",
  "a\nb",
  "a\u001bb",
  "a\u0085b",
  "a\u007fb",
  "caf\udce9",
  "x".repeat(256),
  "é".repeat(128),
];

const TAKEN = [
  "a",
  ".a",
  ".htaccess",
  "..a",
  "a b",
  "console",
  "con-1",
  "aux2.txt",
  "com10",
  "com",
  "auxiliary.txt",
  "12:30 log",
  "é.txt",
  "名",
  "\u{1f600}",
  "a*b?",
  "x".repeat(255),
];

Deno.test("localNameFault refuses on every system what is dangerous on one", () => {
  assertEquals(REFUSED.filter((name) => localNameFault(name, false) === undefined), []);
  assertEquals(REFUSED.filter((name) => localNameFault(name, true) === undefined), []);
});

Deno.test("localNameFault takes what every Unix has", () => {
  assertEquals(TAKEN.filter((name) => localNameFault(name, false) !== undefined), []);
});

Deno.test("localNameFault knows what Windows has in no name", () => {
  for (const name of ["12:30 log", "a*b", 'a"b', "a|b", "a<b"]) assert(localNameFault(name, true));
});

Deno.test("remoteNameFault refuses what no command can hold", () => {
  assertEquals(TAKEN.filter((name) => remoteNameFault(name) !== undefined), []);
  for (const name of ["a\nb", "a\r", "\n"]) {
    assertEquals(remoteNameFault(name), "it has a line end");
  }
});

Deno.test("localError tells that a file may have another name than the runtime knows", () => {
  const error = new Deno.errors.NotFound("No such file or directory (os error 2)");
  const told = (name: string) => (localError(`Cannot read "${name}"`, error) as Error).message;
  assertEquals(told("a"), 'Cannot read "a": no such file or directory');
  assertEquals(
    told("caf\ufffd"),
    'Cannot read "caf\ufffd": no such file or directory, or its name is not UTF-8',
  );
});
