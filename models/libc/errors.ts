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
  [c.ENXIO]: "no such device or address",
  [c.EBADF]: "bad file descriptor",
  [c.EAGAIN]: "try again",
  [c.ENOMEM]: "out of memory",
  [c.EACCES]: "permission denied",
  [c.EBUSY]: "device or resource busy",
  [c.EEXIST]: "file exists",
  [c.EXDEV]: "on another file system",
  [c.ENODEV]: "no such device",
  [c.ENOTDIR]: "not a directory",
  [c.EISDIR]: "is a directory",
  [c.EINVAL]: "invalid argument",
  [c.ENFILE]: "too many open files in the system",
  [c.EMFILE]: "too many open files",
  [c.ETXTBSY]: "text file busy",
  [c.EFBIG]: "file too large",
  [c.ENOSPC]: "no space left on the device",
  [c.EROFS]: "read-only file system",
  [c.EMLINK]: "too many links",
  [c.EPIPE]: "broken pipe",
  [c.ENAMETOOLONG]: "name too long",
  [c.ENOLCK]: "no locks available",
  [c.ENOSYS]: "function not implemented",
  [c.ENOTEMPTY]: "directory not empty",
  [c.ELOOP]: "too many levels of symbolic links",
  [c.ETIME]: "timer expired",
  [c.ENONET]: "machine is not on the network",
  [c.EPROTO]: "protocol error",
  [c.EBADMSG]: "bad message",
  [c.ENOPROTOOPT]: "protocol not available",
  [c.EOPNOTSUPP]: "operation not supported",
  [c.EAFNOSUPPORT]: "address family not supported by protocol",
  [c.EADDRINUSE]: "address in use",
  [c.EADDRNOTAVAIL]: "cannot assign requested address",
  [c.ENETDOWN]: "network is down",
  [c.ENETUNREACH]: "network is unreachable",
  [c.ECONNABORTED]: "software caused connection abort",
  [c.ECONNRESET]: "connection reset by peer",
  [c.ENOBUFS]: "no buffer space",
  [c.ENOTCONN]: "transport endpoint is not connected",
  [c.ETIMEDOUT]: "connection timed out",
  [c.ECONNREFUSED]: "connection refused",
  [c.EHOSTDOWN]: "host is down",
  [c.EHOSTUNREACH]: "no route to host",
  [c.EALREADY]: "operation already in progress",
  [c.EINPROGRESS]: "operation now in progress",
  [c.ESTALE]: "stale file handle",
  [c.EUCLEAN]: "structure needs cleaning",
  [c.EREMOTEIO]: "remote i/o error",
  [c.EDQUOT]: "disk quota exceeded",
  [c.ENOMEDIUM]: "no medium found",
  [c.ECANCELED]: "operation canceled",
};

/** `errno` (positive) in words, for example "address in use". */
export function errorText(errno: number): string {
  return TEXTS[errno] ?? `error ${errno}`;
}
