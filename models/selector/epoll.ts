/**
 * Readiness by epoll(7): the kernel keeps the interests, a wait brings only what is ready.
 *
 * Level-triggered, an interest is changed by epoll_ctl(2) when it changes. Edge-triggered, both
 * directions are registered once and never changed: readiness is remembered by the loop.
 *
 * @module
 */

import type { Kernel } from "../libc/mod.ts";
import {
  EINTR,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
} from "../libc/constants.ts";
import { errorText } from "../libc/errors.ts";
import { EPOLL_EVENT_LAYOUTS } from "../libc/structs.ts";
import { ServeError, type Trigger } from "../model.ts";
import { READ, type ReadyList, type Selector, WRITE } from "./mod.ts";

/** Events taken from the kernel by one wait; what is over comes with the next. */
export const EVENTS_MAX = 512;

/** Watches any number of descriptors. */
export class EpollSelector implements Selector {
  /** See Selector. */
  readonly edge: boolean;
  /** See Selector. */
  readonly guesses = false;
  readonly #epoll: number;
  readonly #layout = EPOLL_EVENT_LAYOUTS[Deno.build.arch]!;
  readonly #event = new Uint8Array(this.#layout.bytes);
  readonly #eventView = new DataView(this.#event.buffer);
  readonly #events = new Uint8Array(this.#layout.bytes * EVENTS_MAX);
  readonly #eventsView = new DataView(this.#events.buffer);
  /** What each descriptor is registered for, by descriptor; 0 or a hole: not registered. */
  readonly #registered: number[] = [];

  /** @throws {ServeError} when descriptors or memory are wanting */
  constructor(readonly kernel: Kernel, trigger: Trigger) {
    this.edge = trigger === "edge";
    this.#epoll = kernel.epollCreate();
    if (this.#epoll < 0) throw new ServeError(`Cannot make an epoll: ${errorText(-this.#epoll)}`);
  }

  /** See Selector. */
  refuses(): undefined {}

  /** See Selector. */
  set(fd: number, interest: number): number {
    const before = this.#registered[fd] ?? 0;
    if (interest === before) return 0;
    if (interest === 0) {
      // Even an empty interest is told of errors and hang-ups, level-triggered again and again.
      if (!this.edge) this.remove(fd);
      return 0;
    }
    if (this.edge && before !== 0) return 0;
    const events = this.edge ? (READ | WRITE | EPOLLET) >>> 0 : interest;
    const result = this.#control(before === 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, events);
    if (result === 0) this.#registered[fd] = this.edge ? READ | WRITE : interest;
    return result;
  }

  /** See Selector. */
  remove(fd: number): void {
    if ((this.#registered[fd] ?? 0) === 0) return;
    this.#registered[fd] = 0;
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  /** See Selector. */
  forget(fd: number): void {
    this.#registered[fd] = 0;
  }

  /** See Selector. */
  wait(timeoutMs: number, ready: ReadyList): void {
    ready.count = 0;
    const count = this.kernel.epollWait(
      this.#epoll,
      this.#events,
      EVENTS_MAX,
      Math.ceil(timeoutMs),
    );
    if (count < 0) {
      if (count === -EINTR) return;
      throw new Error(`Cannot wait in epoll_wait(2): ${errorText(-count)}`);
    }
    const { bytes, dataOffset } = this.#layout;
    for (let index = 0, at = 0; index < count; index++, at += bytes) {
      const events = this.#eventsView.getUint32(at, true);
      const bits = events & (EPOLLERR | EPOLLHUP) ? READ | WRITE : events & (READ | WRITE);
      ready.add(this.#eventsView.getInt32(at + dataOffset, true), bits);
    }
  }

  /** See Selector. */
  close(): void {
    this.kernel.close(this.#epoll);
  }

  #control(op: number, fd: number, events: number): number {
    this.#eventView.setUint32(0, events, true);
    this.#eventView.setInt32(this.#layout.dataOffset, fd, true);
    return this.kernel.epollControl(this.#epoll, op, fd, this.#event);
  }
}
