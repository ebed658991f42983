/**
 * The kernel's calls on names in directories: openat2(2) and those that end in "at". disk.ts of
 * models/files/ makes them; each returns what the call returned, or `-errno`.
 *
 * One instance per thread, beside a `Libc` whose counters it shares. Names come as octets that end
 * in a zero; nothing here knows what a name may be, or keeps one.
 *
 * @module
 */

import * as c from "./constants.ts";
import { errnoOf, INDEX, symbols } from "./library.ts";
import { freeOctets, OPEN_HOW_BYTES, STATFS_BYTES, STATX_BYTES } from "./structs.ts";

/** <asm/unistd.h>, the same on x86-64 and arm64; since Linux 5.6. */
const SYS_OPENAT2 = 437n;

/** <asm/unistd.h>; the C library has a function for it since glibc 2.30 only (getdents64(2)). */
const SYS_GETDENTS64 = Deno.build.arch === "aarch64" ? 61n : 217n;

const HOW_BYTES = BigInt(OPEN_HOW_BYTES);

/** A name or path as C has it: octets that end in a zero. */
export type PathOctets = Uint8Array<ArrayBuffer>;

/** The calls of one thread. */
export class FileCalls {
  readonly #c = symbols();
  readonly #errno = errnoOf(this.#c);
  readonly #how = new Uint32Array(OPEN_HOW_BYTES / 4);
  readonly #times = new BigInt64Array(4);
  readonly #statfs = new BigUint64Array(STATFS_BYTES / 8);
  /** struct statx of the last `statx` that succeeded, in 32-bit units (structs.ts). */
  readonly stat: Uint32Array<ArrayBuffer> = new Uint32Array(STATX_BYTES / 4);

  /** @param calls as that of Libc, counted up here */
  constructor(readonly calls: Float64Array) {}

  /** openat2(2), close-on-exec; `resolve` are RESOLVE_ flags. */
  openat2(directory: number, path: PathOctets, flags: number, resolve: number): number {
    this.calls[INDEX.openat2]! += 1;
    this.#how[0] = flags | c.O_CLOEXEC;
    this.#how[4] = resolve;
    const fd = this.#c.openat2(SYS_OPENAT2, directory, path, this.#how, HOW_BYTES);
    return fd < 0 ? -this.#errno[0]! : fd;
  }

  /** openat(2), close-on-exec. */
  openat(directory: number, path: PathOctets, flags: number, mode: number): number {
    this.calls[INDEX.openat]! += 1;
    const fd = this.#c.openat(directory, path, flags | c.O_CLOEXEC, mode);
    return fd < 0 ? -this.#errno[0]! : fd;
  }

  /** statx(2) into `stat`, without mounting anything. */
  statx(directory: number, path: PathOctets, flags: number): number {
    this.calls[INDEX.statx]! += 1;
    const at = flags | c.AT_NO_AUTOMOUNT;
    const failed = this.#c.statx(directory, path, at, c.STATX_BASIC_STATS, this.stat) < 0;
    return failed ? -this.#errno[0]! : 0;
  }

  /** readlinkat(2): the octets of what a link says, at the start of `buffer`. */
  readlinkat(directory: number, path: PathOctets, buffer: Uint8Array<ArrayBuffer>): number {
    this.calls[INDEX.readlinkat]! += 1;
    const count = this.#c.readlinkat(directory, path, buffer, BigInt(buffer.length));
    return count < 0 ? -this.#errno[0]! : count;
  }

  /** mkdirat(2) */
  mkdirat(directory: number, path: PathOctets, mode: number): number {
    this.calls[INDEX.mkdirat]! += 1;
    return this.#c.mkdirat(directory, path, mode) < 0 ? -this.#errno[0]! : 0;
  }

  /** unlinkat(2); `flags` may be AT_REMOVEDIR. */
  unlinkat(directory: number, path: PathOctets, flags: number): number {
    this.calls[INDEX.unlinkat]! += 1;
    return this.#c.unlinkat(directory, path, flags) < 0 ? -this.#errno[0]! : 0;
  }

  /** renameat2(2); `flags` may be RENAME_NOREPLACE or RENAME_EXCHANGE. */
  renameat2(
    from: number,
    path: PathOctets,
    to: number,
    newPath: PathOctets,
    flags: number,
  ): number {
    this.calls[INDEX.renameat2]! += 1;
    return this.#c.renameat2(from, path, to, newPath, flags) < 0 ? -this.#errno[0]! : 0;
  }

  /** linkat(2), of a link itself. */
  linkat(from: number, path: PathOctets, to: number, newPath: PathOctets): number {
    this.calls[INDEX.linkat]! += 1;
    return this.#c.linkat(from, path, to, newPath, 0) < 0 ? -this.#errno[0]! : 0;
  }

  /** fchmodat(2), which follows a link. */
  fchmodat(directory: number, path: PathOctets, mode: number): number {
    this.calls[INDEX.fchmodat]! += 1;
    return this.#c.fchmodat(directory, path, mode, 0) < 0 ? -this.#errno[0]! : 0;
  }

  /** fchmod(2) */
  fchmod(fd: number, mode: number): number {
    this.calls[INDEX.fchmod]! += 1;
    return this.#c.fchmod(fd, mode) < 0 ? -this.#errno[0]! : 0;
  }

  /** geteuid(2): the user that files are made as; it never fails. */
  geteuid(): number {
    this.calls[INDEX.geteuid]! += 1;
    return this.#c.geteuid();
  }

  /** fchown(2) */
  fchown(fd: number, uid: number, gid: number): number {
    this.calls[INDEX.fchown]! += 1;
    return this.#c.fchown(fd, uid, gid) < 0 ? -this.#errno[0]! : 0;
  }

  /** utimensat(2) of the time of change, which stands in `milliseconds`, not through a link. */
  setModified(directory: number, path: PathOctets, milliseconds: number): number {
    this.calls[INDEX.utimensat]! += 1;
    const seconds = Math.floor(milliseconds / 1e3);
    this.#times[1] = BigInt(c.UTIME_OMIT);
    this.#times[2] = BigInt(seconds);
    this.#times[3] = BigInt(Math.floor((milliseconds - seconds * 1e3) * 1e6));
    const failed = this.#c.utimensat(directory, path, this.#times, c.AT_SYMLINK_NOFOLLOW) < 0;
    return failed ? -this.#errno[0]! : 0;
  }

  /** Octets that are free for this user where `fd` is (fstatfs(2)); ENOSYS: none are counted. */
  free(fd: number): number {
    this.calls[INDEX.fstatfs]! += 1;
    if (this.#c.fstatfs(fd, this.#statfs) < 0) return -this.#errno[0]!;
    return freeOctets(this.#statfs) ?? -c.ENOSYS;
  }

  /** getdents64(2): octets of struct dirent64 in `buffer`, 0 at the end. */
  getdents(fd: number, buffer: Uint8Array<ArrayBuffer>, length: bigint): number {
    this.calls[INDEX.getdents64]! += 1;
    const count = this.#c.getdents64(SYS_GETDENTS64, fd, buffer, length);
    return count < 0 ? -this.#errno[0]! : count;
  }
}
