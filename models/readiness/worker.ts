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
import { EpollSelector } from "../selector/epoll.ts";
import type { Selector } from "../selector/mod.ts";
import { PollSelector } from "../selector/poll.ts";
import { ScanSelector } from "../selector/scan.ts";
import { SelectSelector } from "../selector/select.ts";
import { ReadinessServer } from "./server.ts";

runWorker((context) => {
  const libc = new Libc(context.counters.calls);
  libc.nameThread(context.name);
  const { options } = context;
  const selector = context.model === "polling"
    ? new ScanSelector(libc, options.intervalMs)
    : multiplexing(options, libc);
  new ReadinessServer(context, libc, selector).run();
});

function multiplexing({ selector, trigger, fdSetBits }: ServeOptions, libc: Libc): Selector {
  switch (selector) {
    case "select":
      return new SelectSelector(libc, fdSetBits);
    case "poll":
      return new PollSelector(libc);
    case "epoll":
      return new EpollSelector(libc, trigger);
    default:
      return unreachable(selector);
  }
}
