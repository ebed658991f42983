/** Unit tests of server/ftp/listing.ts. @module */

import { assert, assertEquals } from "@std/assert";
import {
  decodeOctets,
  type DirectoryEntry,
  renderEntry,
  renderHeading,
  type Rows,
} from "../../../server/mod.ts";
import { factOf, formatLong } from "../../../server/ftp/listing.ts";

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
  isLink: false,
};

function text(octets: Uint8Array): string {
  return decodeOctets(octets);
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

Deno.test("formatLong: the year for what is old, or later than today", () => {
  const dateOf = (modifiedMs: number) => formatLong({ ...FILE, modifiedMs }, NOW).slice(47, 59);
  const day = 86_400_000;
  assertEquals(dateOf(NOW - 181 * day), "Dec 17 12:00");
  assertEquals(dateOf(NOW - 182 * day), "Dec 16  2023");
  assertEquals(dateOf(NOW + day / 2 - 1), "Jun 15 23:59");
  assertEquals(dateOf(NOW + day / 2), "Jun 16  2024");
  assertEquals(dateOf(0), "Jan  1  1970");
});

Deno.test("formatLong: no month without a year lies ahead, where a client would put it a year back", () => {
  const dayAt = (now: number) =>
    formatLong({ ...FILE, modifiedMs: now + 60_000 }, now).slice(47, 59);
  assertEquals(dayAt(Date.UTC(2024, 11, 31, 23, 59, 30)), "Jan  1  2025");
  assertEquals(dayAt(Date.UTC(2024, 5, 30, 23, 59, 30)), "Jul  1  2024");
});

Deno.test("formatLong: what is no file has a letter that clients know, and a link says something", () => {
  const special = formatLong({ ...FILE, kind: "other" }, NOW);
  assertEquals([special[0], special.slice(60)], ["p", "a.txt"]);
  for (const kind of ["file", "directory", "other"] as const) {
    for (const [target, told] of [[undefined, "?"], ["../b", "../b"], ["/b", "/b"]] as const) {
      const link = formatLong({ ...FILE, kind, isLink: true, target }, NOW);
      assertEquals(link, `l${formatLong(FILE, NOW).slice(1)} -> ${told}`);
    }
  }
});

const LONG: Rows = { as: "long" };
const NAMES: Rows = { as: "names", prefix: "d/", name: "d/a.txt" };
const FACTS: Rows = { as: "facts", facts: ["type", "perm"], access: "write", path: "/" };

Deno.test("renderEntry: as ls -l, as names that can be asked for, as facts", () => {
  assertEquals(text(renderEntry(LONG, FILE, false, NOW)), `${formatLong(FILE, NOW)}\r\n`);
  assertEquals(text(renderEntry(NAMES, FILE, false, NOW)), "d/a.txt\r\n");
  assertEquals(text(renderEntry(NAMES, { ...FILE, name: "x" }, true, NOW)), "d/a.txt\r\n");
  assertEquals(text(renderEntry(FACTS, FILE, false, NOW)), "type=file;perm=adfrw; a.txt\r\n");
});

Deno.test("renderEntry: a link is one in every row, and its facts are of what it leads to", () => {
  const link = { ...FILE, isLink: true, target: "b" };
  assertEquals(
    text(renderEntry(FACTS, link, false, NOW)),
    "type=OS.unix=symlink;perm=adfrw; a.txt\r\n",
  );
  assertEquals(
    text(renderEntry(LONG, link, false, NOW)),
    `l${formatLong(FILE, NOW).slice(1)} -> b\r\n`,
  );
  assertEquals(text(renderEntry(NAMES, link, false, NOW)), "d/a.txt\r\n");
});

Deno.test("renderEntry: the directory itself among its facts, the root's as the root's", () => {
  const self = { ...FILE, kind: "directory", name: "." } as const;
  assertEquals(text(renderEntry(FACTS, self, false, NOW)), "type=cdir;perm=celmp; .\r\n");
  const below = { ...FACTS, path: "/d" };
  assertEquals(text(renderEntry(below, self, false, NOW)), "type=cdir;perm=cdeflmp; .\r\n");
});

Deno.test("renderEntry: names that cannot be asked for are left out, any other octets stay", () => {
  for (const rows of [LONG, NAMES, FACTS]) {
    for (const name of ["a\nb", "a\rb", "a\0b"]) {
      assertEquals(text(renderEntry(rows, { ...FILE, name }, false, NOW)), "");
    }
    for (const name of ["a\\b", " a ", "\udce9", "\udcff\udcff", "\t"]) {
      assert(text(renderEntry(rows, { ...FILE, name }, false, NOW)).endsWith(`${name}\r\n`), name);
    }
  }
});

Deno.test("renderEntry: times that no date has", () => {
  for (const modifiedMs of [8.64e15 + 1, -8.64e15 - 1, NaN, Date.UTC(20_000, 0)]) {
    const long = text(renderEntry(LONG, { ...FILE, modifiedMs }, false, NOW));
    assert(/ [JD]a?e?[nc] .\d {2}\d{4} a\.txt\r\n$/.test(long), long);
    const rows: Rows = { ...FACTS, facts: ["modify"] };
    const facts = text(renderEntry(rows, { ...FILE, modifiedMs }, false, NOW));
    assert(/^modify=\d{14}; a\.txt\r\n$/.test(facts), facts);
  }
});

Deno.test("renderHeading: as ls -R has them, none for names and facts", () => {
  assertEquals(text(renderHeading(LONG, "", true)), ".:\r\n");
  assertEquals(text(renderHeading(LONG, "a/b", false)), "\r\n./a/b:\r\n");
  assertEquals(text(renderHeading(LONG, "a\nb", false)), "");
  assertEquals(text(renderHeading(NAMES, "a", false)), "");
  assertEquals(text(renderHeading(FACTS, "a", false)), "");
});

Deno.test("factOf: what may be done is told by access, kind and name", () => {
  const permOf = (kind: DirectoryEntry["kind"], path: string) =>
    (["read", "write"] as const).map((access) => factOf("perm", { ...FILE, kind }, access, path));
  assertEquals(permOf("file", "/a"), ["r", "adfrw"]);
  assertEquals(permOf("file", "/.a.ftplab-part"), ["r", "dfr"]);
  assertEquals(permOf("directory", "/a"), ["el", "cdeflmp"]);
  assertEquals(permOf("directory", "/"), ["el", "celmp"]);
  assertEquals(permOf("other", "/a"), ["", "df"]);
});

Deno.test("factOf: the type is told of everything, a size of files only", () => {
  const told = (["file", "directory", "other"] as const).map((kind) =>
    (["type", "size"] as const).map((fact) => factOf(fact, { ...FILE, kind }, "read", "/a"))
  );
  const others = [["dir", undefined], ["OS.unix=special", undefined]];
  assertEquals(told, [["file", "1234"], ...others]);
});
