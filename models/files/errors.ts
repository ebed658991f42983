/**
 * The error numbers that a volume answers with, and what each means to a session and an operator.
 *
 * Every volume speaks in these numbers, negative, as the kernel's own calls do: what is missing
 * every day is a result and no exception. They are Linux's on x86-64 and arm64; a test compares
 * them with those of the C library.
 *
 * @module
 */

import type { Completion, Failure } from "../../server/mod.ts";

/** Of errno(3); the last four are none of the kernel's and lie above all of its. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  EOPNOTSUPP: 95,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  EHOSTDOWN: 112,
  ESTALE: 116,
  EUCLEAN: 117,
  EREMOTEIO: 121,
  EDQUOT: 122,
  ENOMEDIUM: 123,
  OUTSIDE: 4096,
  NOT_REGULAR: 4097,
  NOT_PERMITTED: 4098,
  TOO_LARGE: 4099,
} as const;

/** The name of one of them, as exceptions of the runtime carry it. */
export type ErrnoName = keyof typeof ERRNO;

const MEANINGS: Readonly<Partial<Record<ErrnoName, readonly [Failure, string]>>> = {
  EPERM: ["denied", "operation not permitted"],
  ENOENT: ["notFound", "no such file or directory"],
  EINTR: ["io", "interrupted"],
  ENXIO: ["io", "no such device or address"],
  EBADF: ["io", "bad file descriptor"],
  EACCES: ["denied", "permission denied"],
  EBUSY: ["busy", "in use"],
  EAGAIN: ["busy", "another upload to it is under way"],
  EEXIST: ["exists", "file exists"],
  EXDEV: ["denied", "on another file system"],
  ENODEV: ["denied", "no such device"],
  ENOTDIR: ["notDirectory", "not a directory"],
  EISDIR: ["isDirectory", "is a directory"],
  EINVAL: ["badName", "invalid argument"],
  ENFILE: ["tooMany", "too many open files in the system"],
  EMFILE: ["tooMany", "too many open files"],
  ENOMEM: ["tooMany", "out of memory"],
  ETXTBSY: ["busy", "a program that runs"],
  EFBIG: ["noSpace", "file too large"],
  ENOSPC: ["noSpace", "no space left on the device"],
  EDQUOT: ["noSpace", "disk quota exceeded"],
  EROFS: ["denied", "read-only file system"],
  EMLINK: ["denied", "too many links"],
  ENAMETOOLONG: ["badName", "name too long"],
  ENOLCK: ["io", "no locks available"],
  ENOSYS: ["unsupported", "function not implemented"],
  ENOTEMPTY: ["notEmpty", "directory not empty"],
  ELOOP: ["denied", "too many levels of symbolic links"],
  EOPNOTSUPP: ["unsupported", "not supported by the file system"],
  ENOTCONN: ["io", "the file system is not connected"],
  ETIMEDOUT: ["io", "the file system's server does not answer"],
  EHOSTDOWN: ["io", "the file system's server is down"],
  ESTALE: ["notFound", "stale file handle"],
  EUCLEAN: ["io", "structure needs cleaning"],
  EREMOTEIO: ["io", "remote i/o error"],
  ENOMEDIUM: ["io", "no medium found"],
  EIO: ["io", "input/output error"],
  OUTSIDE: ["denied", "it leads outside the served folder"],
  NOT_REGULAR: ["denied", "not a regular file"],
  NOT_PERMITTED: ["denied", "the server was not given access to it"],
  TOO_LARGE: ["tooLarge", "more directories, or deeper ones, than a listing goes down to"],
};

/**
 * What a call on a file said, but EBUSY for EAGAIN, which only a lock says to who asks a volume:
 * another program has a lease on the file (fcntl(2)), or FUSE cannot serve it at the moment.
 */
export function inUse(result: number): number {
  return result === -ERRNO.EAGAIN ? -ERRNO.EBUSY : result;
}

/** How an operation failed. */
export type Failed = Extract<Completion, { kind: "failed" }>;

/** A failure in words of its own. */
export function failed(failure: Failure, detail: string): Failed {
  return { kind: "failed", failure, detail };
}

const COMPLETIONS = new Map<number, Failed>(
  Object.entries(MEANINGS).map(([name, [failure, detail]]) =>
    [ERRNO[name as ErrnoName], failed(failure, detail)] as const
  ),
);

/**
 * What -`errno` came to, shared by all that fail so: nothing is made for a failure.
 *
 * @param result what a volume answered, negative
 */
export function failureOf(result: number): Failed {
  return COMPLETIONS.get(-result) ?? failed("io", `error ${-result}`);
}

/** The failures that stand in the contract and come from no call of a volume. */
export const FAILURES = {
  isRoot: failed("denied", "the root itself cannot be changed"),
  partialTaken: failed("denied", "the name for the partial file is taken"),
  pastEnd: failed("badOffset", "past the end of the file"),
  halfReplaced: failed("badOffset", "an interrupted upload to it is younger"),
  noFreeName: failed("exists", "no free name is left"),
  busy: failed("busy", "another upload to it is under way"),
  overtaken: failed("busy", "another upload to it has just finished"),
  lost: failed("lost", "the upload was removed or replaced meanwhile"),
  changed: failed("changed", "the file became shorter while it was read"),
  notOpen: failed("io", "no file is open"),
  notForReading: failed("io", "open for writing"),
  notForWriting: failed("io", "open for reading"),
  noSpace: failed("noSpace", "no space for so much on the device"),
} as const;
