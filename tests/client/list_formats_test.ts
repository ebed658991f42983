/**
 * Lines of LIST beside those of `ls -l` and `dir`: as devices, IBM i and the servers of EPLF write
 * them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Entry } from "../../client/mod.ts";
import { listParser, parseListLine } from "../../client/listing.ts";
import { retr, scripted } from "./scripted_test_case.ts";

/** Thursday, 5 March 2026, 12:00 UTC. */
const NOW = Date.UTC(2026, 2, 5, 12);

function date(text: string): Date {
  return new Date(`${text}Z`);
}

/** A file of 132 octets as FANUC's robots list it. */
const OF_ROBOT = {
  kind: "file",
  size: 132,
  mode: 0o666,
  owner: "noone",
  group: "nogroup",
} as const;

const LINES: readonly (readonly [string, string, Entry])[] = [
  ["a month in lower case", "-rw-rw-rw- 1 noone nogroup        132 jan 23 2025 zero_g1.tp", {
    ...OF_ROBOT,
    name: "zero_g1.tp",
    modified: date("2025-01-23T00:00"),
    dayOnly: true,
  }],
  ["a month in upper case", "-rw-rw-rw- 1 noone nogroup        132 JAN 23 10:30 zero_g1.tp", {
    ...OF_ROBOT,
    name: "zero_g1.tp",
    modified: date("2026-01-23T10:30"),
  }],
  ["a month that is none", "-rw-rw-rw- 1 noone nogroup        132 000 00 1980 backdate.dt", {
    ...OF_ROBOT,
    name: "backdate.dt",
  }],
  ["a lower-case month behind the day", "drwxr-xr-x 3 user group 512 01 oct 2004 a dir", {
    name: "a dir",
    kind: "directory",
    size: 512,
    modified: date("2004-10-01T00:00"),
    dayOnly: true,
    mode: 0o755,
    owner: "user",
    group: "group",
  }],
  ["an owner and a group that could be a day", "drwx------ 2 jan 50 2048 Jan  5 10:30 a", {
    name: "a",
    kind: "directory",
    size: 2048,
    modified: date("2026-01-05T10:30"),
    mode: 0o700,
    owner: "jan",
    group: "50",
  }],
  ["an owner that is no month of a robot's", "-rw-rw-rw- 1 ftp 50 4096 jan 23 2025 a", {
    name: "a",
    kind: "file",
    size: 4096,
    modified: date("2025-01-23T00:00"),
    dayOnly: true,
    mode: 0o666,
    owner: "ftp",
    group: "50",
  }],
  [
    "a mode without its last letter",
    "drw-r--rw   1     root     root         0 Jan 21 19:31 Directory1",
    {
      name: "Directory1",
      kind: "directory",
      size: 0,
      modified: date("2026-01-21T19:31"),
      mode: 0o646,
      owner: "root",
      group: "root",
    },
  ],
  ["a directory of IBM i", "ASUSER          8192 04/26/05 13:54:16 *DIR       dir/", {
    name: "dir",
    kind: "directory",
    size: 8192,
    owner: "ASUSER",
  }],
  ["a file of IBM i", "ASUSER        365255 02/28/01 15:41:40 *STMF      read me.txt", {
    name: "read me.txt",
    kind: "file",
    size: 365_255,
    owner: "ASUSER",
  }],
  ["a library of IBM i", "QSYS                 02/28/01 15:41:40 *LIB       A.LIB/", {
    name: "A.LIB",
    kind: "directory",
    owner: "QSYS",
  }],
  ["an object of IBM i", "QPGMR           36864 18.09.06 14:21:26 *FILE      55-AS400.FILE", {
    name: "55-AS400.FILE",
    kind: "other",
    size: 36_864,
    owner: "QPGMR",
  }],
  ["IBM i for anonymous users", "             365255 02/28/01 15:41:40 *STMF      a", {
    name: "a",
    kind: "file",
    size: 365_255,
  }],
  ["a file of EPLF", "+i8388621.48594,m825718503,r,s280,\tdjb.html", {
    name: "djb.html",
    kind: "file",
    size: 280,
    modified: date("1996-03-01T22:15:03"),
  }],
  ["a directory of EPLF", "+i8388621.50690,m824255907,/,\t514", {
    name: "514",
    kind: "directory",
    modified: date("1996-02-13T23:58:27"),
  }],
  ["a name of EPLF with spaces", "+r,up644,\tThis file name has spaces, commas, etc.", {
    name: "This file name has spaces, commas, etc.",
    kind: "file",
    mode: 0o644,
  }],
  ["what EPLF lets nobody fetch or enter", "+up000,\tsecret", {
    name: "secret",
    kind: "other",
    mode: 0,
  }],
  ["EPLF without a comma behind the last fact", "+r,s280\t a\tb", {
    name: " a\tb",
    kind: "file",
    size: 280,
  }],
  ["facts of EPLF that make no sense", "+r,s-1,m999999999999999,up9,x,\ta", {
    name: "a",
    kind: "file",
  }],
];

for (const [name, line, entry] of LINES) {
  Deno.test(`parseListLine reads ${name}`, () => {
    assertEquals(parseListLine(line, NOW), entry);
  });
}

for (const line of ["+r,s280 a", "+r,s280,\t", "+\t", "ls: *FILE not found"]) {
  Deno.test(`parseListLine finds no name in ${JSON.stringify(line)}`, () => {
    assertEquals(parseListLine(line, NOW)?.name || undefined, undefined);
  });
}

/** What IBM i writes from the date on, and the name in it. */
const PADDED: readonly (readonly [string, string])[] = [
  ["Jan 05 2020  a", "a"],
  ["Jan 05 2020   a", " a"],
  ["Jan 05 2020 a", "a"],
  ["Jan 05 10:30  a", " a"],
  ["2020-01-05 10:30  a", " a"],
];

Deno.test("listParser takes the blank that fills a year's column off the names of IBM i", () => {
  const nameOf = (greeting: string, end: string) =>
    listParser(greeting, NOW)(`-rw-rw-rw-   1 u        0         1234 ${end}`)?.name;
  for (const [end, name] of PADDED) assertEquals(nameOf("QTCP at HOST.", end), name, end);
  assertEquals(nameOf("Hello", "Jan 05 2020  a"), " a");
});

scripted("list knows IBM i by its greeting", {
  greeting: "220-QTCP at HOST.\r\n220 Ready\r\n",
  answers: { LIST: retr("-rw-rw-rw-   1 u        0         1234 Jan 05 2020  a\r\n") },
}, async (client) => {
  assertEquals((await client.list()).map(({ name }) => name), ["a"]);
});

/** A pattern that tries every split of these would need minutes. */
const SLOW_LINES = [
  `-rw-rw-rw- 1 noone nogroup 132 jan 23${" ".repeat(200_000)}`,
  `QSYS${" ".repeat(200_000)}`,
  `${" ".repeat(200_000)}*DIR`,
  `QSYS ${"1 ".repeat(100_000)}`,
  `QSYS 1 02/28/01 15:41:40 *DIR${" ".repeat(200_000)}`,
];

for (const [index, line] of SLOW_LINES.entries()) {
  Deno.test(`parseListLine ends on a line of a device made to be slow, number ${index + 1}`, () => {
    assertEquals(parseListLine(line, NOW), undefined);
  });
}
