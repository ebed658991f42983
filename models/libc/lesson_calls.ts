/**
 * Calls of the kernel that no server here makes and lessons show: a second descriptor of an open
 * file, timers and signals as descriptors, reads that would rather not wait, memory given back.
 *
 * bench/lab calls this. It has a table of its own, as probe.ts has, so that a server loads nothing
 * of it; nothing here changes what the other threads of the process see.
 *
 * @module
 */

import { errnoOf } from "./library.ts";

const SYMBOLS = {
  // int *__errno_location(void)
  __errno_location: { parameters: [], result: "pointer" },
  // int dup(int fd)
  dup: { parameters: ["i32"], result: "i32" },
  // int timerfd_create(int clock, int flags)
  timerfd_create: { parameters: ["i32", "i32"], result: "i32" },
  // int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
  timerfd_settime: { parameters: ["i32", "i32", "buffer", "pointer"], result: "i32" },
  // int signalfd(int fd, const sigset_t *mask, int flags)
  signalfd: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
  pthread_sigmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  // pthread_t pthread_self(void)
  pthread_self: { parameters: [], result: "u64" },
  // int pthread_kill(pthread_t thread, int sig)
  pthread_kill: { parameters: ["u64", "i32"], result: "i32" },
  // int posix_fadvise(int fd, off_t offset, off_t len, int advice)
  posix_fadvise: { parameters: ["i32", "i64", "i64", "i32"], result: "i32" },
  // int fsync(int fd)
  fsync: { parameters: ["i32"], result: "i32" },
  // ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
  preadv2: { parameters: ["i32", "buffer", "i32", "i64", "i32"], result: "i32" },
  // int madvise(void *addr, size_t length, int advice)
  madvise: { parameters: ["buffer", "usize", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** <time.h>, <sys/timerfd.h> and <sys/signalfd.h> (timerfd_create(2), signalfd(2)). */
const CLOCK_MONOTONIC = 1, NON_BLOCKING_CLOEXEC = 0o2004000;

/** <signal.h>: sigset_t and the ways to change it; signal n is bit n - 1. */
const SIGSET_BYTES = 128, SIG_BLOCK = 0, SIG_SETMASK = 2;

/** <fcntl.h>, <bits/uio-ext.h> and <sys/mman.h>. */
const POSIX_FADV_DONTNEED = 4, RWF_NOWAIT = 8, MADV_DONTNEED = 4;

/** Whose default action is to do nothing, so that no accident ends the process (signal(7)). */
export const SIGURG = 23;

/** struct signalfd_siginfo: what one signal is read as; its first four octets are the number. */
export const SIGNAL_BYTES = 128;

let library: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined;

/** Opens the C library once per thread, at the first use: importing this file loads nothing. */
function symbols() {
  return library ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/** The calls of one thread; results are the call's, or -errno. */
export class LessonCalls {
  readonly #c = symbols();
  readonly #errno = errnoOf(this.#c);
  readonly #before = new Uint8Array(SIGSET_BYTES);

  /** dup(2): another descriptor of the same open file description. */
  dup(fd: number): number {
    const copy = this.#c.dup(fd);
    return copy < 0 ? -this.#errno[0]! : copy;
  }

  /** timerfd_create(2), non-blocking, set to expire once after `milliseconds`. */
  timer(milliseconds: number): number {
    const fd = this.#c.timerfd_create(CLOCK_MONOTONIC, NON_BLOCKING_CLOEXEC);
    if (fd < 0) return -this.#errno[0]!;
    const seconds = Math.floor(milliseconds / 1e3);
    const nanoseconds = Math.round((milliseconds - seconds * 1e3) * 1e6);
    const once = new BigInt64Array([0n, 0n, BigInt(seconds), BigInt(nanoseconds)]);
    this.#c.timerfd_settime(fd, 0, new Uint8Array(once.buffer), null);
    return fd;
  }

  /** signalfd(2), non-blocking, for `signal`, which is to be held back by `holdBack` first. */
  signal(signal: number): number {
    const fd = this.#c.signalfd(-1, setOf(signal), NON_BLOCKING_CLOEXEC);
    return fd < 0 ? -this.#errno[0]! : fd;
  }

  /** The calling thread is not interrupted by `signal` until `letThrough` (pthread_sigmask(3)). */
  holdBack(signal: number): void {
    this.#c.pthread_sigmask(SIG_BLOCK, setOf(signal), this.#before);
  }

  /** Undoes the last `holdBack`. */
  letThrough(): void {
    this.#c.pthread_sigmask(SIG_SETMASK, this.#before, new Uint8Array(SIGSET_BYTES));
  }

  /** Sends `signal` to the calling thread (pthread_kill(3)). */
  raise(signal: number): void {
    this.#c.pthread_kill(this.#c.pthread_self(), signal);
  }

  /** Writes a file out and asks the kernel to keep nothing of it in memory (posix_fadvise(2)). */
  forgetFile(fd: number): void {
    this.#c.fsync(fd);
    this.#c.posix_fadvise(fd, 0n, 0n, POSIX_FADV_DONTNEED);
  }

  /** Reads the start of a file if that takes no waiting, or else is -EAGAIN (preadv2(2)). */
  readWithoutWaiting(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
    const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer));
    const vector = new BigUint64Array([BigInt(address), BigInt(buffer.length)]);
    const count = this.#c.preadv2(fd, new Uint8Array(vector.buffer), 1, 0n, RWF_NOWAIT);
    return count < 0 ? -this.#errno[0]! : count;
  }

  /**
   * Gives the pages of `memory` back, an alignedBuffer() of probe.ts (madvise(2)): they are zero,
   * and whoever touches one next, the kernel included, pays a page fault. 0, or -EINVAL when it
   * does not begin at a page.
   */
  giveBack(memory: Uint8Array<ArrayBuffer>): number {
    const result = this.#c.madvise(memory, BigInt(memory.length), MADV_DONTNEED);
    return result < 0 ? -this.#errno[0]! : 0;
  }
}

function setOf(signal: number): Uint8Array<ArrayBuffer> {
  const set = new Uint8Array(SIGSET_BYTES);
  set[(signal - 1) >> 3]! |= 1 << ((signal - 1) & 7);
  return set;
}
