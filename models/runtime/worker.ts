/**
 * A worker thread of async: `for await (const conn of listener)`, and every connection a chain of
 * awaits of its own.
 *
 * @module
 */

import { Replies } from "../driver/replies.ts";
import { turnAway } from "../driver/reports.ts";
import { runtimeStore } from "../files/runtime.ts";
import { slowStore } from "../files/slow_disk.ts";
import { CLOSING, RUNNING, type WorkerContext } from "../pool/link.ts";
import { runWorker } from "../pool/worker.ts";
import { acceptEach, dismiss } from "./accept.ts";
import { listen } from "./listen.ts";
import { addressOf, listenForData, peerOf } from "./passive.ts";
import { openPulse, type Pulse } from "./pulse.ts";
import { CALLS, Sharing } from "./sharing.ts";
import { AsyncWire } from "./wire.ts";

runWorker(async (context) => {
  const listener = listen(context.options);
  const pulse = await openPulse(context.options);
  context.after = (milliseconds, run) => void setTimeout(run, milliseconds);
  context.ready(listener.addr.port);
  const serving = new Map<AsyncWire, Promise<void>>();
  const reception = receptionOf(context, pulse, serving);
  const running = () => context.stopping === RUNNING;
  const accepting = acceptEach(
    listener,
    (conn) => {
      context.counters.calls[CALLS.accept]! += 1;
      context.counters.add("wakeups", 1);
      reception.accept(conn);
    },
    running,
    (reason) => context.acceptingPauses(reason),
  );

  await woken(context, () => !running());
  listener.close();
  await accepting;
  for (const wire of serving.keys()) wire.stop();
  const closing = woken(context, () => context.stopping === CLOSING);
  await Promise.race([Promise.all(serving.values()), closing]);
  for (const wire of serving.keys()) wire.abandon();
  await Promise.all(serving.values());
  reception.close();
  pulse.close();
});

/** Takes connections: who is let in by the gate is in `serving` until it has ended. */
function receptionOf(context: WorkerContext, pulse: Pulse, serving: Map<AsyncWire, Promise<void>>) {
  const { options, counters, protocol } = context;
  const sharing = new Sharing(counters, pulse, () => serving.size < 2, options.turnBytes);
  const tools = {
    link: context,
    store: slowStore(runtimeStore(options.root), options.diskDelay, counters, standStill),
    passive: listenForData(options),
    admission: context.admission,
    protocol,
    replies: new Replies(context.counters),
  };
  return {
    accept(conn: Deno.TcpConn): void {
      const { host } = addressOf(conn.remoteAddr);
      const refusal = context.admission.admit(host);
      if (refusal !== undefined) return void dismiss(conn, turnAway(tools, host, refusal));
      const wire = new AsyncWire(sharing, tools, conn, peerOf(conn, context.beginSession()));
      serving.set(wire, wire.serve().finally(() => serving.delete(wire)));
    },
    close(): void {
      sharing.alarm.close();
      tools.passive.close();
      tools.store.close();
    },
  };
}

/** Nobody ever writes to it. */
const NEVER = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Has the thread stand still, and with it everybody, as a synchronous call would. */
function standStill(milliseconds: number): void {
  Atomics.wait(NEVER, 0, 0, milliseconds);
}

/** Resolves when `enough`, asked whenever the supervisor has news; answers are delivered. */
function woken(context: WorkerContext, enough: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    context.onWake = () => {
      context.deliver();
      if (enough()) resolve();
    };
    context.onWake();
  });
}
