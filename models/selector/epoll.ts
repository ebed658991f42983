/**
 * Readiness by epoll(7): the kernel keeps the interests, a wait brings only what is ready.
 *
 * Level-triggered, an interest is changed by epoll_ctl(2) when it changes. Edge-triggered, both
 * directions are registered once and never changed: readiness is remembered by the reactor.
 *
 * @module
 */

import type { Libc } from "../libc/mod.ts";
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
import type { Trigger } from "../model.ts";
import { EVENTS_MAX, type OnReady, READ, type Selector, WRITE } from "./mod.ts";

/** Watches any number of descriptors. */
export class EpollSelector implements Selector {
  readonly edge: boolean;
  readonly #epoll: number;
  readonly #layout = EPOLL_EVENT_LAYOUTS[Deno.build.arch]!;
  readonly #event = new Uint8Array(this.#layout.bytes);
  readonly #eventView = new DataView(this.#event.buffer);
  readonly #events = new Uint8Array(this.#layout.bytes * EVENTS_MAX);
  readonly #eventsView = new DataView(this.#events.buffer);
  /** What each descriptor is registered for, by descriptor; 0 or a hole: not registered. */
  readonly #registered: number[] = [];

  constructor(readonly libc: Libc, trigger: Trigger) {
    this.edge = trigger === "edge";
    this.#epoll = libc.epollCreate();
    if (this.#epoll < 0) throw new Error(`Cannot make an epoll: ${errorText(-this.#epoll)}`);
  }

  refuses(): undefined {}

  set(fd: number, interest: number): void {
    const before = this.#registered[fd] ?? 0;
    if (interest === before) return;
    if (interest === 0) {
      // Even an empty interest is told of errors and hang-ups, level-triggered again and again.
      if (!this.edge) this.remove(fd);
      return;
    }
    if (this.edge) {
      if (before !== 0) return;
      this.#control(EPOLL_CTL_ADD, fd, (READ | WRITE | EPOLLET) >>> 0);
      this.#registered[fd] = READ | WRITE;
      return;
    }
    this.#control(before === 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, interest);
    this.#registered[fd] = interest;
  }

  remove(fd: number): void {
    if ((this.#registered[fd] ?? 0) === 0) return;
    this.#registered[fd] = 0;
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  forget(fd: number): void {
    this.#registered[fd] = 0;
  }

  wait(timeoutMs: number, _idle: boolean, onReady: OnReady): void {
    const ready = this.libc.epollWait(
      this.#epoll,
      this.#events,
      EVENTS_MAX,
      Math.ceil(timeoutMs),
    );
    if (ready < 0) {
      if (ready === -EINTR) return;
      throw new Error(`Cannot wait in epoll_wait(2): ${errorText(-ready)}`);
    }
    const { bytes, dataOffset } = this.#layout;
    for (let index = 0, at = 0; index < ready; index++, at += bytes) {
      const events = this.#eventsView.getUint32(at, true);
      const bits = events & (EPOLLERR | EPOLLHUP) ? READ | WRITE : events & (READ | WRITE);
      onReady(this.#eventsView.getInt32(at + dataOffset, true), bits);
    }
  }

  close(): void {
    this.libc.close(this.#epoll);
  }

  #control(op: number, fd: number, events: number): void {
    this.#eventView.setUint32(0, events, true);
    this.#eventView.setInt32(this.#layout.dataOffset, fd, true);
    const result = this.libc.epollControl(this.#epoll, op, fd, this.#event);
    if (result < 0) throw new Error(`Cannot watch descriptor ${fd}: ${errorText(-result)}`);
  }
}
