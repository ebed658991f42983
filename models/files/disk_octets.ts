/**
 * What crosses the border to the kernel for a tree on disk: names as octets, how something is
 * opened, and struct statx and struct dirent64 as what they say. disk.ts uses it; nothing is called
 * here.
 *
 * @module
 */

import { decodeOctets, encodeOctets, writePlain } from "../../server/mod.ts";
import * as c from "../libc/constants.ts";
import * as s from "../libc/structs.ts";
import type { Info, OpenMode } from "./volume.ts";

/** PATH_MAX of limits.h, its zero included; what a link says is no longer. */
export const PATH_BYTES_MAX = 4096;

/** Links that leave the root, and those of /proc, are refused by the kernel (openat2(2)). */
export const INSIDE = c.RESOLVE_BENEATH | c.RESOLVE_NO_MAGICLINKS;

/** A regular file ignores O_NONBLOCK; a FIFO of that name must not block the thread. */
const CAREFUL = c.O_NOFOLLOW | c.O_NONBLOCK;

/** A directory as what names are looked up in (open(2), O_PATH), not through a link. */
export const DIRECTORY = c.O_PATH | c.O_DIRECTORY | c.O_NOFOLLOW;

/**
 * How a regular file is opened. What is written is opened for reading as well: over NFS a shared
 * lock takes that (flock(2)).
 */
export const OPEN_FLAGS: Readonly<Record<OpenMode, number>> = {
  read: c.O_RDONLY | CAREFUL,
  probe: c.O_RDONLY | CAREFUL,
  modify: c.O_RDWR | CAREFUL,
  create: c.O_RDWR | c.O_CREAT | CAREFUL,
  createNew: c.O_RDWR | c.O_CREAT | c.O_EXCL | CAREFUL,
};

const { DIRENT_NAME, DIRENT_RECLEN, DIRENT_TYPE } = s;

/** d_type is the part of st_mode that S_IFMT selects, so far to the right; 0: unknown (readdir(3)). */
const TYPE_SHIFT = 12;

/** "." as an octet. */
const DOT = 0x2e;

/** A name or path for the kernel, in a buffer that serves one after another. */
export class CString {
  #buffer = new Uint8Array(PATH_BYTES_MAX);

  /** @param text what it holds until the first `set` */
  constructor(text = "") {
    this.set(text);
  }

  /** What was set last, with the zero at its end and more behind it. */
  get octets(): Uint8Array<ArrayBuffer> {
    return this.#buffer;
  }

  /** Takes `text`: the octets are good until the next one. */
  set(text: string): Uint8Array<ArrayBuffer> {
    // A code unit is at most three octets of UTF-8.
    if (3 * text.length >= this.#buffer.length) {
      this.#buffer = new Uint8Array(3 * text.length + 1); // the kernel says ENAMETOOLONG
    }
    let length = writePlain(text, this.#buffer);
    if (length < text.length) {
      const octets = encodeOctets(text);
      this.#buffer.set(octets);
      length = octets.length;
    }
    this.#buffer[length] = 0;
    return this.#buffer;
  }
}

/** What names a descriptor itself (AT_EMPTY_PATH of statx(2)). */
export const NO_NAME: Uint8Array<ArrayBuffer> = Uint8Array.of(0);

const KINDS: Readonly<Record<number, Info["kind"]>> = {
  [c.S_IFREG]: "file",
  [c.S_IFDIR]: "directory",
  [c.S_IFLNK]: "link",
};

/** Takes over what struct statx says. */
export function fillFromStatx(info: Info, stat: Uint32Array): void {
  const mode = stat[s.STATX_MODE]!;
  info.kind = KINDS[mode & c.S_IFMT] ?? "other";
  info.mode = mode & 0o7777;
  info.links = stat[s.STATX_NLINK]!;
  info.uid = stat[s.STATX_UID]!;
  info.gid = stat[s.STATX_GID]!;
  info.inoLow = stat[s.STATX_INO]!;
  info.inoHigh = stat[s.STATX_INO + 1]!;
  info.size = wide(stat[s.STATX_SIZE]!, stat[s.STATX_SIZE + 1]!);
  info.setModified(timeAt(stat, s.STATX_MTIME));
  info.changedMs = timeAt(stat, s.STATX_CTIME);
  info.device = makeDevice(stat[s.STATX_DEV_MAJOR]!, stat[s.STATX_DEV_MINOR]!);
}

/**
 * struct statx_timestamp in whole milliseconds: 64 bits with a sign, then nanoseconds that count
 * forward on both sides of the epoch. Their fraction of one would be rounded up beside so many.
 */
function timeAt(stat: Uint32Array, at: number): number {
  return wide(stat[at]!, stat[at + 1]! | 0) * 1e3 + Math.floor(stat[at + 2]! / 1e6);
}

function wide(low: number, high: number): number {
  return high * 0x1_0000_0000 + low;
}

/** makedev(3): the upper part lies above what 32 bits hold, and is zero but on odd systems. */
function makeDevice(major: number, minor: number): number {
  const low = ((minor & 0xff) | (major & 0xfff) << 8 | (minor & 0xfff00) << 12) >>> 0;
  return wide(low, (major & ~0xfff) >>> 0);
}

/** The octets of `buffer` from `start` to `end` as a name. */
export function nameIn(buffer: Uint8Array, start: number, end: number): string {
  return decodeOctets(buffer.subarray(start, end));
}

/**
 * Adds the names of `length` octets of struct dirent64 to `names`, without "." and "..", and to
 * `kinds` what each is; undefined where the file system does not say.
 */
export function readNames(
  buffer: Uint8Array,
  length: number,
  names: string[],
  kinds?: (Info["kind"] | undefined)[],
): void {
  for (let at = 0; at < length;) {
    const start = at + DIRENT_NAME;
    const next = at + (buffer[at + DIRENT_RECLEN]! | buffer[at + DIRENT_RECLEN + 1]! << 8);
    const end = buffer.indexOf(0, start);
    const isDots = buffer[start] === DOT &&
      (end === start + 1 || end === start + 2 && buffer[start + 1] === DOT);
    if (!isDots) {
      names.push(nameIn(buffer, start, end));
      kinds?.push(kindOf(buffer[at + DIRENT_TYPE]!));
    }
    at = next;
  }
}

function kindOf(type: number): Info["kind"] | undefined {
  return type === 0 ? undefined : KINDS[type << TYPE_SHIFT] ?? "other";
}
