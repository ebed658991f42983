/**
 * A worker thread of uring: one event loop over one ring.
 *
 * @module
 */

import { Libc } from "../libc/mod.ts";
import { runWorker } from "../pool/worker.ts";
import { UringServer } from "./server.ts";

runWorker((context) => {
  const libc = new Libc(context.counters.calls);
  libc.nameThread(context.name);
  new UringServer(context, libc).run();
});
