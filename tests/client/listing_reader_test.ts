/**
 * Listings however the network cuts them, and the limits of what is kept of one.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { encodeText, type Entry } from "../../client/mod.ts";
import {
  type LineParser,
  LISTING_LINE_BYTES_MAX,
  ListingReader,
  parseFacts,
  parseListLine,
} from "../../client/listing.ts";

const NOW = Date.UTC(2026, 2, 5, 12);

/** What a reader is made of, what comes, and the names of the entries that it tells. */
const LISTINGS: readonly (readonly [string, () => ListingReader, string, readonly string[]])[] = [
  [
    "MLSD",
    () => new ListingReader(parseFacts),
    "type=cdir; .\r\ntype=file;size=3; a b\r\ntype=dir; ../x\r\ntype=dir; Übung\r\n",
    ["a b", "Übung"],
  ],
  [
    "LIST with its total, and LF alone",
    () => new ListingReader((line) => parseListLine(line, NOW)),
    "total 8\n-rw-r--r-- 1 u g 3 Jan  5  2020 a\ndrwxr-xr-x 2 u g 3 Jan  5  2020 caf\udce9\n",
    ["a", "caf\udce9"],
  ],
  [
    "a last line without an end",
    () => new ListingReader(parseFacts),
    "type=file; a\r\n\r\ntype=file; b",
    ["a", "b"],
  ],
  ["nothing", () => new ListingReader(parseFacts), "", []],
  [
    "a line over the limit between two others",
    () => new ListingReader(parseFacts),
    `type=file; a\r\ntype=file; ${"x".repeat(LISTING_LINE_BYTES_MAX)}\r\ntype=file; b\r\n`,
    ["a", "b"],
  ],
  [
    "a last line over the limit",
    () => new ListingReader(parseFacts),
    `type=file; a\r\ntype=file; ${"x".repeat(LISTING_LINE_BYTES_MAX)}`,
    ["a"],
  ],
];

/** Whole, octet by octet, and in halves of which the second begins in the middle of a line. */
const CHUNKINGS: readonly (readonly [string, (octets: Uint8Array) => Uint8Array[]])[] = [
  ["whole", (octets) => [octets]],
  ["octet by octet", (octets) => [...octets].map((octet) => Uint8Array.of(octet))],
  ["in pieces of 7", (octets) =>
    Array.from(
      { length: Math.ceil(octets.length / 7) },
      (_, index) => octets.subarray(7 * index, 7 * index + 7),
    )],
];

for (const [name, open, text, names] of LISTINGS) {
  for (const [chunking, cut] of CHUNKINGS) {
    Deno.test(`ListingReader reads ${name}, ${chunking}`, () => {
      const reader = open();
      const entries: Entry[] = [];
      const buffer = new Uint8Array(65_536);
      for (const chunk of cut(encodeText(text))) {
        // The next chunk comes into the same buffer.
        buffer.set(chunk);
        entries.push(...reader.read(buffer.subarray(0, chunk.length)));
      }
      entries.push(...reader.end());
      assertEquals(entries.map((entry) => entry.name), names);
    });
  }
}

Deno.test("ListingReader tells of a line for the directory itself", () => {
  const reader = new ListingReader((line) => parseListLine(line, NOW));
  reader.read(encodeText("drwxr-xr-x 2 u g 3 Jan  5  2020 a\r\n"));
  assertEquals(reader.sawItself, false);
  reader.read(encodeText("drwxr-xr-x 2 u g 3 Jan  5  2020 ..\r\n"));
  assertEquals(reader.sawItself, false);
  reader.read(encodeText("drwxr-xr-x 2 u g 3 Jan  5  2020 .\r\n"));
  assertEquals(reader.sawItself, true);
});

const list = (line: string) => parseListLine(line, NOW);

/** Lines that tell of an entry in a way that is not understood, and who writes them. */
const UNREAD: readonly (readonly [string, LineParser, string])[] = [
  ["ls in German", list, "-rw-r--r-- 1 f f 3 M\u00e4r  5 10:30 a.txt"],
  ["ls in French", list, "-rw-r--r-- 1 f f 3 janv. 15 10:30 a.txt"],
  ["ls that may not look", list, "-????????? ? ? ? ?            ? a.txt"],
  ["ls that fails", list, "ls: cannot open directory '.': Permission denied"],
  ["IBM i with a path", list, "QSYS   77824 02/23/00 15:09:55 *FILE  QGPL/A.FILE"],
  ["VMS", list, "A.TXT;1   2   5-MAR-2026 10:30  [SYSTEM]  (RWED,RWED,RE,)"],
  ["EPLF with a path", list, "+i8388621.48594,m825718503,r,s280,\tpub/a.txt"],
  ["LIST with a path", list, "-rw-r--r-- 1 u g 3 Jan  5  2020 /pub/a.txt"],
  ["MLSD without the last semicolon", parseFacts, "type=file;size=3 a.txt"],
  ["MLSD with a path", parseFacts, "type=file;size=3; /pub/a.txt"],
  ["MLSD with a line that is too long", parseFacts, `type=file; ${"x".repeat(20_000)}`],
];

/** Lines that have no entry, and lack none. */
const ASIDE: readonly (readonly [LineParser, string])[] = [
  [list, ""],
  [list, "\t "],
  [list, "total 8"],
  [list, "total 1,5M"],
  [list, "drwxr-xr-x 2 u g 3 Jan  5  2020 ."],
  [list, "drwxr-xr-x 2 u g 3 Jan  5  2020 .."],
  [parseFacts, "type=cdir;modify=20200105103000; /pub"],
  [parseFacts, "Size=3;Type=PDIR; .."],
  [parseFacts, "type=dir; .."],
];

for (const [chunking, cut] of CHUNKINGS) {
  const unreadOf = (parse: LineParser, line: string) => {
    const reader = new ListingReader(parse);
    for (const chunk of cut(encodeText(`${line}\r\n${line}`))) reader.read(chunk);
    return [reader.end().length, reader.found, reader.unread];
  };

  Deno.test(`ListingReader counts lines that are not understood, ${chunking}`, () => {
    for (const [who, parse, line] of UNREAD) assertEquals(unreadOf(parse, line), [0, 0, 2], who);
    for (const [parse, line] of ASIDE) assertEquals(unreadOf(parse, line), [0, 0, 0], line);
    assertEquals(unreadOf(parseFacts, "type=file; a"), [1, 2, 0]);
  });

  Deno.test(`ListingReader counts octets that are of no entry, ${chunking}`, () => {
    const idleOf = (text: string) => {
      const reader = new ListingReader(parseFacts);
      for (const chunk of cut(encodeText(text))) reader.read(chunk);
      return reader.idleBytes;
    };
    const entries = "type=file; a\r\n".repeat(100);
    const idle = "type=cdir; .\r\n".repeat(1_000);
    assert(idleOf(entries) < entries.length / 2);
    assert(idleOf(idle) > idle.length / 2);
    assert(idleOf("x".repeat(20_000)) >= 20_000);
  });
}
