/**
 * Multiplexing: one call of the kernel waits for many descriptors, and says which are ready.
 *
 * The loop is reactor.ts; which call it waits in is the selector's affair: select(2), poll(2) or
 * epoll(7), the last level- or edge-triggered. A worker serves as many connections as it has
 * descriptors, one unit of work for each that is ready, round after round.
 *
 * @module
 */

import { FD_SETSIZE } from "./libc/constants.ts";
import { Libc, unavailableReason } from "./libc/mod.ts";
import { type Model, type ServeOptions, SILENT } from "./model.ts";
import { Reactor } from "./reactor.ts";
import { serveReactors } from "./reactor_pool.ts";
import { EpollSelector } from "./selector/epoll.ts";
import type { Selector } from "./selector/mod.ts";
import { PollSelector } from "./selector/poll.ts";
import { SelectSelector } from "./selector/select.ts";

function makeSelector(options: ServeOptions, libc: Libc): Selector {
  switch (options.selector) {
    case "select":
      return new SelectSelector(libc);
    case "poll":
      return new PollSelector(libc);
    case "epoll":
      return new EpollSelector(libc, options.trigger);
  }
}

/** See Model. */
export const multiplex: Model = {
  name: "multiplex",
  summary: "waits for many descriptors in one call: select, poll or epoll",
  limits: ({ selector }) => ({
    countsCalls: true,
    ...(selector === "select" ? { connections: FD_SETSIZE } : {}),
  }),
  unavailable: unavailableReason,
  serve(options, terminal = SILENT) {
    const { selector, trigger } = options;
    const description = selector === "epoll" ? `epoll, ${trigger}` : selector;
    return serveReactors("multiplex", description, options, terminal);
  },
  work(context) {
    const libc = context.openLibc();
    new Reactor(context, libc, makeSelector(context.options, libc)).run();
  },
};
