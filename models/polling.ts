/**
 * Polling: no call ever waits for the network. Each round tries every descriptor with O_NONBLOCK,
 * most answer EAGAIN, and a round that found nothing is followed by a sleep.
 *
 * The loop is readiness/loop.ts over a selector that asks nobody. `--interval 0` never sleeps: the
 * shortest answers for a whole core.
 *
 * @module
 */

import { unavailableReason } from "./libc/mod.ts";
import { type Model, SILENT } from "./model.ts";
import { serveLoops } from "./kernel/loops.ts";

/** See Model. */
export const polling: Model = {
  name: "polling",
  limits: () => ({}),
  unavailable: unavailableReason,
  serve(options, terminal = SILENT) {
    const { intervalMs } = options;
    const description = intervalMs === 0 ? "spinning" : `every ${intervalMs} ms`;
    const worker = new URL("./readiness/worker.ts", import.meta.url);
    return serveLoops("polling", description, worker, options, terminal);
  },
};
