/**
 * Error numbers as text, for log lines and replies (errno(3)). What a socket can meet has the words of
 * strerror(3), which the runtime says as well: a log is the same whatever waits.
 *
 * @module
 */

import * as c from "./constants.ts";

const TEXTS: Readonly<Record<number, string>> = {
  [c.EPERM]: "operation not permitted",
  [c.ENOENT]: "no such file or directory",
  [c.EINTR]: "interrupted",
  [c.EIO]: "input/output error",
  [c.EAGAIN]: "try again",
  [c.ENOMEM]: "out of memory",
  [c.EACCES]: "permission denied",
  [c.EEXIST]: "file exists",
  [c.ENOTDIR]: "not a directory",
  [c.EISDIR]: "is a directory",
  [c.EINVAL]: "invalid argument",
  [c.ENFILE]: "too many open files in the system",
  [c.EMFILE]: "too many open files",
  [c.EFBIG]: "file too large",
  [c.ENOSPC]: "no space left on the device",
  [c.EROFS]: "read-only file system",
  [c.EPIPE]: "broken pipe",
  [c.ENAMETOOLONG]: "name too long",
  [c.ENOTEMPTY]: "directory not empty",
  [c.ELOOP]: "too many levels of symbolic links",
  [c.EADDRINUSE]: "address in use",
  [c.EADDRNOTAVAIL]: "cannot assign requested address",
  [c.ECONNABORTED]: "software caused connection abort",
  [c.ECONNRESET]: "connection reset by peer",
  [c.ENOBUFS]: "no buffer space",
  [c.ETIMEDOUT]: "connection timed out",
  [c.ECONNREFUSED]: "connection refused",
  [c.EHOSTUNREACH]: "no route to host",
  [c.ENETUNREACH]: "network is unreachable",
  [c.EDQUOT]: "disk quota exceeded",
};

/** `errno` (positive) in words, for example "address in use". */
export function errorText(errno: number): string {
  return TEXTS[errno] ?? `error ${errno}`;
}
