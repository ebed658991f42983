/**
 * The selectors that the readiness contract is tested on.
 *
 * @module
 */

import type { Libc } from "../../../models/libc/mod.ts";
import { EpollSelector } from "../../../models/selector/epoll.ts";
import type { Selector } from "../../../models/selector/mod.ts";
import { PollSelector } from "../../../models/selector/poll.ts";
import { ScanSelector } from "../../../models/selector/scan.ts";
import { SelectSelector } from "../../../models/selector/select.ts";

/** A selector to be tested. */
export interface Kind {
  readonly name: string;
  /** It asks nobody: everything watched is told, ready or not. */
  readonly guesses: boolean;
  make(libc: Libc): Selector;
}

/** All of them, in the order in which they are taught. */
export const kinds: readonly Kind[] = [
  { name: "scan", guesses: true, make: (libc) => new ScanSelector(libc, 1) },
  { name: "select", guesses: false, make: (libc) => new SelectSelector(libc) },
  {
    name: "select of 4,096 bits",
    guesses: false,
    make: (libc) => new SelectSelector(libc, 4_096),
  },
  { name: "poll", guesses: false, make: (libc) => new PollSelector(libc) },
  { name: "epoll level", guesses: false, make: (libc) => new EpollSelector(libc, "level") },
  { name: "epoll edge", guesses: false, make: (libc) => new EpollSelector(libc, "edge") },
];
