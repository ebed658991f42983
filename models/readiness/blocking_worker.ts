/**
 * A worker thread of blocking: it waits in accept(2) for a client, serves it to its end, and waits
 * for the next.
 *
 * @module
 */

import { acceptedPeer, isAcceptRetry } from "../kernel/sockets.ts";
import { closeTools, connectionTools, refuse } from "../kernel/tools.ts";
import * as c from "../libc/constants.ts";
import { errorText, Libc } from "../libc/mod.ts";
import { ACCEPT_PAUSE_MS, BULK_BYTES, TICK_MS } from "../limits.ts";
import { RUNNING, SHARED, type WorkerContext } from "../pool/link.ts";
import { runWorker } from "../pool/worker.ts";
import { type BlockingTools, BlockingWire } from "./blocking_wire.ts";

runWorker((context) => {
  const kernel = new Libc(context.counters.calls);
  kernel.nameThread(context.name);
  const tools = toolsOf(context, kernel);
  context.ready(context.options.port);
  try {
    for (let fd = accept(context, kernel); fd >= 0; fd = accept(context, kernel)) {
      const busy = Atomics.add(context.shared, SHARED.busy, 1) + 1;
      if (busy >= Atomics.load(context.shared, SHARED.started)) context.post({ kind: "saturated" });
      serve(tools, kernel, fd);
      Atomics.sub(context.shared, SHARED.busy, 1);
    }
  } finally {
    closeTools(tools);
  }
});

function toolsOf(context: WorkerContext, kernel: Libc): BlockingTools {
  const tools = connectionTools(context, kernel, {
    socketFlags: 0,
    moveBytes: () => BULK_BYTES,
    // A call on a data socket waits for a tick at most.
    adopt(fd) {
      kernel.setTimeout(fd, c.SO_RCVTIMEO, TICK_MS);
      kernel.setTimeout(fd, c.SO_SNDTIMEO, TICK_MS);
      return undefined;
    },
    refuses: () => undefined,
  });
  return { ...tools, context };
}

function serve(tools: BlockingTools, kernel: Libc, fd: number): void {
  const { context } = tools;
  const remote = kernel.remoteAddress();
  const refusal = context.admission.admit(remote.host);
  if (refusal !== undefined) return refuse(tools, fd, remote.host, refusal);
  const peer = acceptedPeer(kernel, fd, context.options, remote, context.beginSession());
  new BlockingWire(tools, fd, peer).serve();
}

/** Blocks until a client comes; its descriptor, or -1 when the server stops. */
function accept(context: WorkerContext, kernel: Libc): number {
  while (context.stopping === RUNNING) {
    context.counters.enter("waiting");
    const fd = kernel.accept(context.listener, 0);
    context.counters.enter("working");
    context.counters.add("wakeups", 1);
    if (fd >= 0) return fd;
    context.counters.add("emptyWakeups", 1);
    if (isAcceptRetry(fd)) continue;
    if (context.stopping !== RUNNING) break;
    context.acceptingPauses(errorText(-fd));
    kernel.sleep(ACCEPT_PAUSE_MS);
  }
  return -1;
}
