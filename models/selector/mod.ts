/**
 * The readiness contract: which descriptors can be read or written without blocking.
 *
 * A loop registers interests and waits. Readiness may be spurious, so every call that follows
 * is non-blocking. A selector says what it cannot do as data; on a descriptor that it did not
 * refuse it fails only for want of room in the kernel.
 *
 * @module
 */

import { POLLIN, POLLOUT } from "../libc/constants.ts";

/** Interests and readiness as a set of bits: those of poll(2) and epoll(7). */
export const READ = POLLIN;
export const WRITE = POLLOUT;

/** What one wait found ready: filled by a selector, read by whoever waited; used again and again. */
export class ReadyList {
  /** How many entries there are. */
  count = 0;
  /** Descriptors, from 0 to `count`. */
  readonly fds: number[] = [];
  /** READ, WRITE or both for each of them; errors and hang-ups are both. */
  readonly bits: number[] = [];

  /** The descriptors that are ready. */
  descriptors(): number[] {
    return this.fds.slice(0, this.count);
  }

  /** One more. */
  add(fd: number, bits: number): void {
    this.fds[this.count] = fd;
    this.bits[this.count++] = bits;
  }
}

/** One way to ask the kernel about many descriptors at once. */
export interface Selector {
  /** true: readiness is told once and holds until EAGAIN. false: it is told until consumed. */
  readonly edge: boolean;
  /** Readiness is guessed: after a round that found something there is another without a wait. */
  readonly guesses: boolean;
  /** Why `fd` cannot be watched, in one sentence, or undefined when it can. */
  refuses(fd: number): string | undefined;
  /**
   * Watches `fd`, which `refuses` lets through, for the bits of `interest` from now on. 0: not
   * interested. With `edge` it may still be told, and whoever waits remembers it: when an interest
   * returns, readiness that was told is not told again.
   *
   * @returns 0, or -errno of a kernel that has no room for it (epoll_ctl(2): ENOSPC, ENOMEM)
   */
  set(fd: number, interest: number): number;
  /** Stops watching `fd`, which stays open. */
  remove(fd: number): void;
  /** `fd` has been closed, or is about to be: the kernel forgets it by itself. */
  forget(fd: number): void;
  /** Waits until a descriptor is ready or `timeoutMs` have passed (-1: for ever), fills `ready`. */
  wait(timeoutMs: number, ready: ReadyList): void;
  /** Releases what it holds; the descriptors stay open. */
  close(): void;
}
