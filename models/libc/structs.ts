/**
 * Layouts of the C structs that cross the FFI border, for Linux x86-64 and arm64 (both
 * little-endian, LP64). A test asserts every size against the C compiler's.
 *
 * @module
 */

import { AF_INET, AF_INET6 } from "./constants.ts";

/** struct sockaddr_in and sockaddr_in6; the larger one is what buffers are made for. */
export const SOCKADDR_IN_BYTES = 16;
export const SOCKADDR_IN6_BYTES = 28;

/** struct pollfd {int fd; short events; short revents;} */
export const POLLFD_BYTES = 8;

/** struct timeval and struct timespec: two 64-bit fields. */
export const TIMEVAL_BYTES = 16;

/** struct statx: its size, and where its fields are in units of 32 bits; st_mode has 16 bits. */
export const STATX_BYTES = 256;
export const STATX_NLINK = 4, STATX_UID = 5, STATX_GID = 6, STATX_MODE = 7, STATX_INO = 8;
export const STATX_SIZE = 10, STATX_CTIME = 24, STATX_MTIME = 28;
export const STATX_DEV_MAJOR = 34, STATX_DEV_MINOR = 35;

/** struct open_how {u64 flags; u64 mode; u64 resolve;}, for openat2(2). */
export const OPEN_HOW_BYTES = 24;

/** struct statfs: its size, and where its fields are in units of 64 bits. */
export const STATFS_BYTES = 120, STATFS_BSIZE = 1, STATFS_BLOCKS = 2, STATFS_BAVAIL = 4;
export const STATFS_FRSIZE = 9;

/** struct dirent64: where d_reclen, of 16 bits, d_type and d_name are. */
export const DIRENT_RECLEN = 16, DIRENT_TYPE = 18, DIRENT_NAME = 19;

/**
 * Octets that are free for this user, of struct statfs; undefined where none are counted: such a
 * file system says that it has no blocks (a tmpfs without a limit, many of FUSE). Blocks are of
 * f_frsize octets, of f_bsize where that is not told (statvfs(3)); f_bsize itself is how much is
 * best moved at a time.
 */
export function freeOctets(statfs: BigUint64Array): number | undefined {
  if (statfs[STATFS_BLOCKS] === 0n) return undefined;
  return Number((statfs[STATFS_FRSIZE]! || statfs[STATFS_BSIZE]!) * statfs[STATFS_BAVAIL]!);
}

/** Where the fields of struct epoll_event are; packed on x86-64 only (epoll_event(3type)). */
export interface EpollEventLayout {
  /** sizeof(struct epoll_event). */
  readonly bytes: number;
  /** Where `data` begins, octets. */
  readonly dataOffset: number;
}

/** The layout by machine, as `Deno.build.arch` names it. */
export const EPOLL_EVENT_LAYOUTS: Readonly<Record<string, EpollEventLayout>> = {
  x86_64: { bytes: 12, dataOffset: 4 },
  aarch64: { bytes: 16, dataOffset: 8 },
};

/** A socket address before text: what sockaddr carries. */
export interface SocketAddress {
  /** 4 for AF_INET, 6 for AF_INET6. */
  readonly family: 4 | 6;
  /** Numeric: IPv4 dotted, or IPv6 text without brackets. */
  readonly host: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** Turns IPv6 text into 16 octets and back; the C library's own do it (inet_pton(3)). */
export interface Ipv6Text {
  /** 16 octets; undefined when `text` is no address (inet_pton(3)). */
  parse(text: string): Uint8Array | undefined;
  /** The shortest text of 16 octets (inet_ntop(3)). */
  format(octets: Uint8Array): string;
}

/** A sockaddr for `address`, or undefined when its host is no numeric address. */
export function encodeSocketAddress(
  address: SocketAddress,
  ipv6: Ipv6Text,
): Uint8Array<ArrayBuffer> | undefined {
  if (address.family === 4) {
    if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address.host)) return undefined;
    const parts = address.host.split(".").map(Number);
    if (parts.some((part) => part > 255)) return undefined;
    const octets = new Uint8Array(SOCKADDR_IN_BYTES);
    const view = new DataView(octets.buffer);
    view.setUint16(0, AF_INET, true);
    view.setUint16(2, address.port);
    octets.set(parts, 4);
    return octets;
  }
  const host = ipv6.parse(address.host);
  if (host === undefined) return undefined;
  const octets = new Uint8Array(SOCKADDR_IN6_BYTES);
  const view = new DataView(octets.buffer);
  view.setUint16(0, AF_INET6, true);
  view.setUint16(2, address.port);
  octets.set(host, 8);
  return octets;
}

/** Reads a sockaddr; an IPv4-mapped IPv6 address (RFC 4291 2.5.5.2) comes back as IPv4. */
export function decodeSocketAddress(octets: Uint8Array, ipv6: Ipv6Text): SocketAddress {
  const family = octets[0]! | octets[1]! << 8;
  const port = octets[2]! << 8 | octets[3]!;
  if (family === AF_INET) return { family: 4, host: dotted(octets, 4), port };
  const mapped = octets[18] === 0xff && octets[19] === 0xff &&
    octets.subarray(8, 18).every((octet) => octet === 0);
  if (mapped) return { family: 4, host: dotted(octets, 20), port };
  return { family: 6, host: ipv6.format(octets.subarray(8, 24)), port };
}

/** Whether two sockaddr name the same host, in the same family; ports may differ. */
export function isSameHost(left: Uint8Array, right: Uint8Array): boolean {
  if (left[0] !== right[0] || left[1] !== right[1]) return false;
  const [from, to] = left[0] === AF_INET ? [4, 8] : [8, 24];
  for (let at = from; at < to; at++) {
    if (left[at] !== right[at]) return false;
  }
  return true;
}

function dotted(octets: Uint8Array, at: number): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;
}
