/**
 * Completions: the program writes down what is to be done, and the kernel says when it is done.
 *
 * Over io_uring(7): one call hands over all that was written down in a round, and waits for what
 * completes next. Accepting and receiving are begun once and go on; a worker serves as many
 * connections as it has descriptors.
 *
 * @module
 */

import { serveLoops } from "./kernel/loops.ts";
import { unavailableReason } from "./libc/mod.ts";
import { uringUnavailable } from "./libc/uring_setup.ts";
import { type Model, SILENT } from "./model.ts";
import { RING_COMPLETIONS, RING_ENTRIES } from "./uring/limits.ts";

/** See Model. */
export const uring: Model = {
  name: "uring",
  limits: () => ({}),
  unavailable: () =>
    unavailableReason() ??
      uringUnavailable({ entries: RING_ENTRIES, completions: RING_COMPLETIONS }),
  serve(options, terminal = SILENT) {
    const worker = new URL("./uring/worker.ts", import.meta.url);
    const { sqpollIdleMs } = options;
    const description = sqpollIdleMs === undefined ? "io_uring" : "io_uring, sqpoll";
    return serveLoops("uring", description, worker, options, terminal);
  },
};
