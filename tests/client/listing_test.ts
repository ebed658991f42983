/**
 * Listings as servers really write them, and names that must not get through.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type Entry, isPlainName, parseList, parseMlsd } from "../../client/mod.ts";
import { parseFacts, parseListLine } from "../../client/listing.ts";

/** Thursday, 5 March 2026, 12:00 UTC. */
const NOW = Date.UTC(2026, 2, 5, 12);

function date(text: string): Date {
  return new Date(`${text}Z`);
}

const LIST_LINES: readonly (readonly [string, string, Entry])[] = [
  ["vsftpd", "-rw-r--r--    1 0        0         3000000 Nov 24  2019 a.avi", {
    name: "a.avi",
    kind: "file",
    size: 3_000_000,
    modified: date("2019-11-24T00:00"),
    dayOnly: true,
    mode: 0o644,
    owner: "0",
    group: "0",
  }],
  ["vsftpd, recent", "drwxr-xr-x    2 ftp      ftp          4096 Mar 01 23:12 films", {
    name: "films",
    kind: "directory",
    size: 4096,
    modified: date("2026-03-01T23:12"),
    mode: 0o755,
    owner: "ftp",
    group: "ftp",
  }],
  ["a time of midnight, which is none of a day", "-rw------- 1 u g 1 Mar  1 00:00 a", {
    name: "a",
    kind: "file",
    size: 1,
    modified: date("2026-03-01T00:00"),
    mode: 0o600,
    owner: "u",
    group: "g",
  }],
  ["IIS at midnight", "01-05-20  12:00AM    9 a", {
    name: "a",
    kind: "file",
    size: 9,
    modified: date("2020-01-05T00:00:00"),
  }],
  ["NetWare, long ago", "- [RWCEAFMS] admin                512 Jan 05 2020 a", {
    name: "a",
    kind: "file",
    size: 512,
    modified: date("2020-01-05T00:00:00"),
    dayOnly: true,
    owner: "admin",
  }],
  ["a date later in the year is last year's", "-rw------- 1 u g 1 Nov 24 09:00 a", {
    name: "a",
    kind: "file",
    size: 1,
    modified: date("2025-11-24T09:00"),
    mode: 0o600,
    owner: "u",
    group: "g",
  }],
  ["a server east of here is a day ahead", "-rw------- 1 u g 1 Mar  6 09:00 a", {
    name: "a",
    kind: "file",
    size: 1,
    modified: date("2026-03-06T09:00"),
    mode: 0o600,
    owner: "u",
    group: "g",
  }],
  ["a name with spaces at both ends", "-rw-r--r-- 1 u g 7 Jan  5 10:30  two  words ", {
    name: " two  words ",
    kind: "file",
    size: 7,
    modified: date("2026-01-05T10:30"),
    mode: 0o644,
    owner: "u",
    group: "g",
  }],
  ["a name that looks like a date", "-rw-r--r-- 1 u g 7 Jan  5 10:30 12 Jan 5 2020 x", {
    name: "12 Jan 5 2020 x",
    kind: "file",
    size: 7,
    modified: date("2026-01-05T10:30"),
    mode: 0o644,
    owner: "u",
    group: "g",
  }],
  ["a link", "lrwxrwxrwx 1 u g 6 Jan  5 2020 now -> hi.txt", {
    name: "now",
    kind: "link",
    size: 6,
    modified: date("2020-01-05T00:00"),
    dayOnly: true,
    mode: 0o777,
    owner: "u",
    group: "g",
    target: "hi.txt",
  }],
  ["a file with an arrow in its name", "-rw-r--r-- 1 u g 6 Jan  5 2020 a -> b", {
    name: "a -> b",
    kind: "file",
    size: 6,
    modified: date("2020-01-05T00:00"),
    dayOnly: true,
    mode: 0o644,
    owner: "u",
    group: "g",
  }],
  ["no group", "-rw-r--r--   1 owner    1234 Jan  5 2020 a", {
    name: "a",
    kind: "file",
    size: 1234,
    modified: date("2020-01-05T00:00"),
    dayOnly: true,
    mode: 0o644,
    owner: "owner",
  }],
  ["no link count", "-rw-r--r-- owner group 1234 Jan  5 2020 a", {
    name: "a",
    kind: "file",
    size: 1234,
    modified: date("2020-01-05T00:00"),
    dayOnly: true,
    mode: 0o644,
    owner: "owner",
    group: "group",
  }],
  ["an ACL mark", "-rw-rw-r--+  1 u g 1234 Jan  5 2020 a", {
    name: "a",
    kind: "file",
    size: 1234,
    modified: date("2020-01-05T00:00"),
    dayOnly: true,
    mode: 0o664,
    owner: "u",
    group: "g",
  }],
  ["set-user, set-group and sticky bits", "-rwsr-Sr-t 1 u g 1 Jan  5 2020 a", {
    name: "a",
    kind: "file",
    size: 1,
    modified: date("2020-01-05T00:00"),
    dayOnly: true,
    mode: 0o7745,
    owner: "u",
    group: "g",
  }],
  ["a device", "crw-rw-rw- 1 root root 1, 3 Jan  5 2020 null", {
    name: "null",
    kind: "other",
    modified: date("2020-01-05T00:00"),
    dayOnly: true,
    mode: 0o666,
    owner: "root",
    group: "root",
  }],
  ["GNU ls with long-iso times", "-rw-r--r-- 1 u g 1234 2020-01-05 10:30 a", {
    name: "a",
    kind: "file",
    size: 1234,
    modified: date("2020-01-05T10:30"),
    mode: 0o644,
    owner: "u",
    group: "g",
  }],
  ["GNU ls with full-iso times", "-rw-r--r-- 1 u g 1 2020-01-05 10:30:59.123 +0100 a", {
    name: "a",
    kind: "file",
    size: 1,
    modified: date("2020-01-05T10:30"),
    mode: 0o644,
    owner: "u",
    group: "g",
  }],
  ["the day before the month", "-rw-r--r-- 1 u g 1234 5 Jan 2020 a", {
    name: "a",
    kind: "file",
    size: 1234,
    modified: date("2020-01-05T00:00"),
    dayOnly: true,
    mode: 0o644,
    owner: "u",
    group: "g",
  }],
  ["a month that nobody knows", "-rw-r--r-- 1 u g 1234 Foo  5 2020 a", {
    name: "a",
    kind: "file",
    size: 1234,
    mode: 0o644,
    owner: "u",
    group: "g",
  }],
  ["29 February in a leap year only", "-rw-r--r-- 1 u g 1 Feb 29 10:00 a", {
    name: "a",
    kind: "file",
    size: 1,
    mode: 0o644,
    owner: "u",
    group: "g",
  }],
  ["IIS, a directory", "01-05-20  10:30AM       <DIR>          films", {
    name: "films",
    kind: "directory",
    modified: date("2020-01-05T10:30"),
  }],
  ["IIS, a file in the afternoon", "01-05-20  12:30PM                 1234 a b.txt", {
    name: "a b.txt",
    kind: "file",
    size: 1234,
    modified: date("2020-01-05T12:30"),
  }],
  ["IIS, just after midnight, last century", "12-31-99  12:05AM    9 a", {
    name: "a",
    kind: "file",
    size: 9,
    modified: date("1999-12-31T00:05"),
  }],
  ["IIS with four digits of year", "01-05-2020  22:30       <DIR>          films", {
    name: "films",
    kind: "directory",
    modified: date("2020-01-05T22:30"),
  }],
  ["DOS with ISO dates", "2020-01-05  10:30             1,234,567 a.txt", {
    name: "a.txt",
    kind: "file",
    size: 1_234_567,
    modified: date("2020-01-05T10:30"),
  }],
  ["DOS, a junction", "01/05/2020  10:30 AM    <JUNCTION>     now [C:\\then]", {
    name: "now",
    kind: "link",
    modified: date("2020-01-05T10:30"),
    target: "C:\\then",
  }],
  ["NetWare", "d [RWCEAFMS] admin                512 Jan 05 10:57 public", {
    name: "public",
    kind: "directory",
    size: 512,
    modified: date("2026-01-05T10:57"),
    owner: "admin",
  }],
];

for (const [name, line, entry] of LIST_LINES) {
  Deno.test(`parseListLine reads ${name}`, () => {
    assertEquals(parseListLine(line, NOW), entry);
  });
}

const TIMES = ["Jan  5 10:30", "Jan  5  2020", "2020-01-05 10:30", "2020-01-05 10:30:59"];

for (const name of ["-2024 budget.txt", "+1990", "-0900 a", "+0100 a", ":59 a"]) {
  Deno.test(`parseListLine leaves the name "${name}" whole`, () => {
    // Behind seconds `ls --full-time` writes a zone, from -1200 to +1400.
    const times = /^[-+]0/.test(name) ? TIMES.slice(0, -1) : TIMES;
    for (const time of times) {
      assertEquals(parseListLine(`-rw-r--r-- 1 u g 5 ${time} ${name}`, NOW)?.name, name, time);
    }
  });
}

Deno.test("the parsers leave a name whole that has line separators of Unicode alone", () => {
  const name = "a\u2028b\u2029c";
  const unix = "-rw-r--r-- 1 u g 5 Jan  5  2020 ";
  for (const line of [unix, "01-05-20  10:30AM  9 ", "- [RWCEAFMS] admin  5 Jan 05 2020 "]) {
    assertEquals(parseListLine(line + name, NOW)?.name, name, line);
  }
  assertEquals(parseFacts(`type=OS.unix=symlink:${name}; l`)?.target, name);
});

for (
  const line of [
    "total 8",
    "",
    "ls: cannot open directory '.': Permission denied",
    "-rw-r--r-- 1 u g 1234 Jan  5 2020 ",
    "drwx",
    "01-05-20 films",
  ]
) {
  Deno.test(`parseListLine finds no entry in ${JSON.stringify(line)}`, () => {
    assertEquals(parseListLine(line, NOW), undefined);
  });
}

Deno.test("parseList leaves out what is no entry, and takes CR LF and LF", () => {
  const text = "total 2\r\n-rw-r--r-- 1 u g 1 Jan  5 2020 a\r\n" +
    "drwxr-xr-x 1 u g 1 Jan  5 2020 .\n-rw-r--r-- 1 u g 1 Jan  5 2020 b\n";
  assertEquals(parseList(text, NOW).map((entry) => entry.name), ["a", "b"]);
});

/** A pattern that tries every split of these would need some 10^10 steps, minutes. */
const SLOW_LINES = [
  `-rw-r--r-- ${"1 ".repeat(100_000)}`,
  `-rw-r--r-- ${" ".repeat(200_000)}`,
  `-rw-r--r-- 1 u g 1 Jan  5${" ".repeat(200_000)}`,
  `01-05-20  10:30${" ".repeat(200_000)}`,
  `01-05-20  10:30AM <JUNCTION> ${" [".repeat(100_000)}`,
  `d [RWCEAFMS]${" ".repeat(200_000)}`,
  `lrwxrwxrwx 1 u g 1 Jan  5 2020 ${" ->".repeat(60_000)}`,
];

for (const [index, line] of SLOW_LINES.entries()) {
  Deno.test(`parseListLine ends on a line made to be slow, number ${index + 1}`, () => {
    const entry = parseListLine(line, NOW);
    assertEquals(entry === undefined, index !== 4 && index !== 6);
  });
}

const MLSD_LINES: readonly (readonly [string, string, Entry])[] = [
  [
    "every fact",
    "type=file;size=3;modify=20200105103059;perm=adfr;UNIX.mode=0644;UNIX.owner=1000;UNIX.group=100; a b",
    {
      name: "a b",
      kind: "file",
      size: 3,
      modified: date("2020-01-05T10:30:59"),
      mode: 0o644,
      owner: "1000",
      group: "100",
    },
  ],
  ["facts in any case", "Type=DIR;Modify=20200105103059; films", {
    name: "films",
    kind: "directory",
    modified: date("2020-01-05T10:30:59"),
  }],
  ["ProFTPD's names of owners", "type=file;UNIX.ownername=a;UNIX.groupname=b;UNIX.owner=1; x", {
    name: "x",
    kind: "file",
    owner: "a",
    group: "b",
  }],
  ["a link with its target", "type=OS.unix=slink:/there;size=1; here", {
    name: "here",
    kind: "link",
    size: 1,
    target: "/there",
  }],
  ["a group with a space", "type=file;UNIX.groupname=domain users;size=1; a; b", {
    name: "a; b",
    kind: "file",
    size: 1,
    group: "domain users",
  }],
  ["Pure-FTPd's link", "type=OS.unix=symlink;size=1; here", {
    name: "here",
    kind: "link",
    size: 1,
  }],
  ["another type", "type=OS.unix=chr-1/3; null", { name: "null", kind: "other" }],
  ["no facts", " name", { name: "name", kind: "other" }],
  ["facts that make no sense", "type=file;size=-1;modify=2020;UNIX.mode=9; x", {
    name: "x",
    kind: "file",
  }],
  ["a name with a semicolon and an equals sign", "type=file; a;b=c; d", {
    name: "a;b=c; d",
    kind: "file",
  }],
];

for (const [name, line, entry] of MLSD_LINES) {
  Deno.test(`parseFacts reads ${name}`, () => {
    assertEquals(parseFacts(line), entry);
  });
}

Deno.test("parseMlsd leaves out the directory itself, its parent, and what is no line of facts", () => {
  const text = "type=cdir; /pub\r\ntype=pdir; /\r\ntype=file; a\r\nnonsense\r\ntype=dir; b\r\n";
  assertEquals(parseMlsd(text).map((entry) => entry.name), ["a", "b"]);
});

for (const name of ["", ".", "..", "/etc/passwd", "../a", "a/b", "a\0b"]) {
  Deno.test(`isPlainName refuses ${JSON.stringify(name)}, and so do the listings`, () => {
    assertEquals(isPlainName(name), false);
    assertEquals(parseMlsd(`type=file; ${name}\r\n`), []);
    assertEquals(parseList(`-rw-r--r-- 1 u g 1 Jan  5 2020 ${name}\r\n`, NOW), []);
  });
}

Deno.test("isPlainName takes names that only look dangerous", () => {
  for (const name of ["...", ".a", "a..b", " ", "-r", "a\\b", "\x1b"]) {
    assertEquals(isPlainName(name), true, name);
  }
});
