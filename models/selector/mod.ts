/**
 * The readiness contract: which descriptors can be read or written without blocking.
 *
 * A reactor registers interests and waits. Readiness may be spurious, so every call that follows
 * is non-blocking. A selector says what it cannot do as data; it never fails on a descriptor that
 * it did not refuse first.
 *
 * @module
 */

import { POLLIN, POLLOUT } from "../libc/constants.ts";

/** Interests and readiness as a set of bits: those of poll(2) and epoll(7). */
export const READ = POLLIN;
export const WRITE = POLLOUT;

/** What the waiting call told of one descriptor: READ, WRITE or both; errors and hang-ups are both. */
export type OnReady = (fd: number, ready: number) => void;

/** One way to ask the kernel about many descriptors at once. */
export interface Selector {
  /** true: readiness is told once and holds until EAGAIN. false: it is told until consumed. */
  readonly edge: boolean;
  /** Why `fd` cannot be watched, in one sentence, or undefined when it can. */
  refuses(fd: number): string | undefined;
  /** Watches `fd` for the bits of `interest` from now on; 0 stops watching it. */
  set(fd: number, interest: number): void;
  /** Stops watching `fd`, which stays open. */
  remove(fd: number): void;
  /** `fd` has been closed, or is about to be: the kernel forgets it by itself. */
  forget(fd: number): void;
  /**
   * Waits until a descriptor is ready or `timeoutMs` have passed (-1: for ever), then tells what
   * is ready. `idle`: nothing came of what was told last time. `onReady` changes no interest.
   */
  wait(timeoutMs: number, idle: boolean, onReady: OnReady): void;
  close(): void;
}

/** Events taken from the kernel by one wait; what is over comes with the next. */
export const EVENTS_MAX = 512;
