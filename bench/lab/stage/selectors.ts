/**
 * The selectors that ask the kernel, by name, and the smallest server over one of them: an echo.
 *
 * @module
 */

import { EAGAIN } from "../../../models/libc/constants.ts";
import { errorText, type Libc } from "../../../models/libc/mod.ts";
import { EpollSelector } from "../../../models/selector/epoll.ts";
import { READ, ReadyList, type Selector } from "../../../models/selector/mod.ts";
import { PollSelector } from "../../../models/selector/poll.ts";
import { SelectSelector } from "../../../models/selector/select.ts";
import { LessonError } from "../lesson.ts";

/** How long an echo waits for a message, milliseconds, and how often: a signal ends a wait. */
export const WAIT_MS_MAX = 2_000, WAITS_MAX = 3;

/** The calls that wait for many descriptors. */
export const KINDS = ["select", "poll", "epoll"] as const;

/** A name of KINDS. */
export type Kind = typeof KINDS[number];

/** A selector that waits in `kind`; epoll tells by level. */
export function selectorOf(kind: Kind, libc: Libc): Selector {
  switch (kind) {
    case "select":
      return new SelectSelector(libc);
    case "poll":
      return new PollSelector(libc);
    case "epoll":
      return new EpollSelector(libc, "level");
  }
}

/** Sends back what comes on the sockets that it watches. */
export class EchoLoop implements Disposable {
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #ready = new ReadyList();
  /** Messages that went back. */
  echoed = 0;

  /** @param bytes the longest message. */
  constructor(
    readonly selector: Selector,
    readonly libc: Libc,
    sockets: Iterable<number>,
    readonly bytes: number,
  ) {
    this.#buffer = new Uint8Array(bytes);
    for (const fd of sockets) selector.set(fd, READ);
  }

  /** Waits once, and answers all who are ready. @throws {LessonError} when nobody is. */
  turn(): void {
    const { libc } = this;
    let waits = 0;
    do this.selector.wait(WAIT_MS_MAX, this.#ready); while (
      this.#ready.count === 0 && ++waits < WAITS_MAX
    );
    if (this.#ready.count === 0) throw new LessonError("No message came to be echoed");
    for (let index = 0; index < this.#ready.count; index++) {
      const fd = this.#ready.fds[index]!;
      const count = libc.recv(fd, this.#buffer, BigInt(this.bytes), 0);
      if (count === -EAGAIN) continue;
      if (count <= 0) throw new Error(`Cannot receive: ${errorText(-count)}`);
      libc.send(fd, this.#buffer.subarray(0, count), 0);
      this.echoed++;
    }
  }

  /** Closes the selector; the sockets are their owner's. */
  [Symbol.dispose](): void {
    this.selector.close();
  }
}
