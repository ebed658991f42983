/**
 * Listings however the network cuts them, and the limits of what is kept of one.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { encodeText, type Entry } from "../../client/mod.ts";
import {
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
