/**
 * What servers say of the entries of a directory: octets of a listing in, entries out.
 *
 * directory.ts feeds it. Lines that cannot be understood are left out and counted, and so is every
 * name that is not one plain name: a server must not make a client walk elsewhere. It keeps one
 * unfinished line of a stated length, whatever a server sends.
 *
 * @module
 */

import { concatenate } from "../server/octets.ts";
import { type Entry, isPlainName } from "./listing/entry.ts";
import { parseListLine } from "./listing/list.ts";
import { parseFacts } from "./listing/mlsd.ts";
import { decodeText, encodeText } from "./text.ts";

export { type Entry, type EntryKind, isPlainName } from "./listing/entry.ts";
export { listParser, parseListLine } from "./listing/list.ts";
export { type EntryField, FACTS_OF, parseFacts } from "./listing/mlsd.ts";

/** A line of a listing: a name of PATH_MAX (4096) octets, a link's target, and all facts. */
export const LISTING_LINE_BYTES_MAX = 16_384;

/** What an entry takes in memory beside the text of its line, which it keeps alive, in octets. */
export const ENTRY_BYTES = 200;

/** What the entries of one directory may take in memory, in octets: a million of usual ones. */
export const LISTING_KEPT_BYTES_MAX = 536_870_912;

/**
 * Octets of a listing that may belong to no entry, some 200,000 lines that are not understood: a
 * server that sends more may send them for ever.
 */
export const LISTING_IDLE_BYTES_MAX = 16_777_216;

const LF = 0x0a;

/** Lines that have no entry, and lack none: empty ones, `total 8` of ls, cdir and pdir of MLSD. */
const ASIDE = /^\s*$|^total \d|^\S*\btype=[cp]dir;/i;

/** Reads one line without its end; undefined for what is no entry. */
export type LineParser = (line: string) => Entry | undefined;

/** Cuts the octets of a listing, however they are chunked, into entries. */
export class ListingReader {
  /** Whether there was a line for ".": a server that writes it leaves out nothing. */
  sawItself = false;
  /** Entries so far. */
  found = 0;
  /** Lines so far that were not understood, or have no plain name: an entry may be missing. */
  unread = 0;

  readonly #parse: LineParser;
  readonly #decode: (octets: Uint8Array) => string;
  /** A line whose end has not come. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  #idleBytes = 0;

  /** A reader for lines that `parse` understands, of names that `decode` makes text. */
  constructor(parse: LineParser, decode: (octets: Uint8Array) => string = decodeText) {
    this.#parse = parse;
    this.#decode = decode;
  }

  /** Octets so far that belong to no entry, or to none as yet; a character counts as one. */
  get idleBytes(): number {
    return this.#idleBytes + this.#begunBytes;
  }

  /** The entries whose lines `octets` complete; they are borrowed during the call. */
  read(octets: Uint8Array): Entry[] {
    const end = octets.lastIndexOf(LF) + 1;
    if (end === 0) {
      this.#keep(octets);
      return [];
    }
    const first = this.#begunBytes === 0 ? 0 : octets.indexOf(LF) + 1;
    const entries = first === 0 ? [] : this.#readBegun(octets.subarray(0, first));
    this.#readLines(octets.subarray(first, end), entries);
    this.#keep(octets.subarray(end));
    return entries;
  }

  /** The entry of a last line without an end. */
  end(): Entry[] {
    return this.#readBegun(new Uint8Array(0));
  }

  #keep(octets: Uint8Array): void {
    if (octets.length === 0) return;
    this.#begunBytes += octets.length;
    // Of a line that is too long only the length is kept, by which it is dropped.
    if (this.#begunBytes > LISTING_LINE_BYTES_MAX) this.#begun = [];
    else this.#begun.push(octets.slice());
  }

  #readBegun(rest: Uint8Array): Entry[] {
    const entries: Entry[] = [];
    const length = this.#begunBytes + rest.length;
    if (length <= LISTING_LINE_BYTES_MAX) {
      this.#readLines(concatenate([...this.#begun, rest]), entries);
    } else {
      this.unread++;
      this.#idleBytes += length;
    }
    this.#begun = [];
    this.#begunBytes = 0;
    return entries;
  }

  #readLines(octets: Uint8Array, entries: Entry[]): void {
    const before = entries.length;
    for (const line of this.#decode(octets).split("\n")) {
      // Whole in one chunk, it is left out as it is in several.
      const isKept = line.length <= LISTING_LINE_BYTES_MAX;
      const text = line.endsWith("\r") ? line.slice(0, -1) : line;
      const entry = isKept ? this.#parse(text) : undefined;
      if (entry !== undefined && isPlainName(entry.name)) entries.push(entry);
      else this.#leaveOut(text, entry?.name);
    }
    this.found += entries.length - before;
  }

  #leaveOut(line: string, name: string | undefined): void {
    this.#idleBytes += line.length + 1;
    this.sawItself ||= name === ".";
    const isAside = name === undefined ? ASIDE.test(line) : name === "." || name === "..";
    if (!isAside) this.unread++;
  }
}

/**
 * Reads an MLSD listing, without "." and "..".
 *
 * @example
 * ```ts
 * import { parseMlsd } from "./listing.ts";
 *
 * console.log(parseMlsd("type=file;size=3; a.txt\r\n")); // [{ name: "a.txt", kind: "file", size: 3 }]
 * ```
 */
export function parseMlsd(text: string): Entry[] {
  return readAll(new ListingReader(parseFacts), text);
}

/**
 * Reads a LIST listing in the format of Unix, DOS, NetWare, IBM i or EPLF, each line in any.
 *
 * @param now Milliseconds since the epoch: `ls` leaves the year out of recent times.
 *
 * @example
 * ```ts
 * import { parseList } from "./listing.ts";
 *
 * const text = "-rw-r--r--   1 ftp  ftp   1234 Jan  5  2020 a.txt\r\n" +
 *   "01-05-20  10:30AM       <DIR>          films\r\n";
 * console.log(parseList(text, Date.now()).map((entry) => entry.kind)); // ["file", "directory"]
 * ```
 */
export function parseList(text: string, now: number): Entry[] {
  return readAll(new ListingReader((line) => parseListLine(line, now)), text);
}

function readAll(reader: ListingReader, text: string): Entry[] {
  return [...reader.read(encodeText(text)), ...reader.end()];
}
