/**
 * A worker thread of polling and multiplex: one event loop, over the selector that the options
 * name.
 *
 * @module
 */

import { unreachable } from "../../server/mod.ts";
import { Libc } from "../libc/mod.ts";
import type { ServeOptions } from "../model.ts";
import { runWorker } from "../pool/worker.ts";
import type { Selector } from "../selector/mod.ts";
import { ReadinessServer } from "./server.ts";

runWorker(async (context) => {
  const libc = new Libc(context.counters.calls);
  libc.nameThread(context.name);
  const { options } = context;
  const name = context.model === "polling" ? "scan" : options.selector;
  new ReadinessServer(context, libc, await selectorOf(name, options, libc)).run();
});

/** Of the selectors one is read. */
async function selectorOf(
  name: "scan" | ServeOptions["selector"],
  { intervalMs, trigger, fdSetBits }: ServeOptions,
  libc: Libc,
): Promise<Selector> {
  switch (name) {
    case "scan": {
      const { ScanSelector } = await import("../selector/scan.ts");
      return new ScanSelector(libc, intervalMs);
    }
    case "select": {
      const { SelectSelector } = await import("../selector/select.ts");
      return new SelectSelector(libc, fdSetBits);
    }
    case "poll": {
      const { PollSelector } = await import("../selector/poll.ts");
      return new PollSelector(libc);
    }
    case "epoll": {
      const { EpollSelector } = await import("../selector/epoll.ts");
      return new EpollSelector(libc, trigger);
    }
    default:
      return unreachable(name);
  }
}
