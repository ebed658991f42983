/**
 * Multiplexing: one call of the kernel waits for many descriptors, and says which are ready.
 *
 * The loop is readiness/loop.ts; which call it waits in is the selector's affair: select(2), poll(2) or
 * epoll(7), the last level- or edge-triggered. A worker serves as many connections as it has
 * descriptors, one unit of work for each that is ready, round after round.
 *
 * @module
 */

import { unavailableReason } from "./libc/mod.ts";
import { type Model, SILENT } from "./model.ts";
import { serveLoops } from "./kernel/loops.ts";

/** See Model. */
export const multiplex: Model = {
  name: "multiplex",
  limits: ({ selector, fdSetBits }) => selector === "select" ? { connections: fdSetBits } : {},
  unavailable: unavailableReason,
  serve(options, terminal = SILENT) {
    const { selector, trigger } = options;
    const description = selector === "epoll" ? `epoll, ${trigger}` : selector;
    const worker = new URL("./readiness/worker.ts", import.meta.url);
    return serveLoops("multiplex", description, worker, options, terminal);
  },
};
