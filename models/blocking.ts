/**
 * Blocking: a thread per connection, each really blocked in accept(2), recv(2) or send(2).
 *
 * All threads block in accept on one listener; who gets a client serves it to its end. When the
 * last idle thread has got one, the supervisor starts another, up to --max-workers; beyond that
 * the next client waits in the backlog, and the log says so.
 *
 * @module
 */

import { BlockingConnection, BlockingTools } from "./blocking_connection.ts";
import * as c from "./libc/constants.ts";
import { CALL_NAMES, errorText, Libc, unavailableReason } from "./libc/mod.ts";
import { ACCEPT_PAUSE_MS } from "./limits.ts";
import { type Model, SILENT } from "./model.ts";
import { Pool } from "./pool.ts";
import { addressAt, isAcceptPause, isAcceptRetry, listenForControl } from "./sockets.ts";
import { OWN, RUNNING, SHARED, type WorkerContext } from "./worker_context.ts";

/** How often the supervisor looks whether a client waits while all threads are busy. */
const SATURATION_CHECK_MS = 250;

/** See Model. */
export const blocking: Model = {
  name: "blocking",
  summary: "a thread per connection, blocked in accept, recv or send",
  limits: ({ maxWorkers }) => ({ countsCalls: true, connections: maxWorkers }),
  unavailable: unavailableReason,

  async serve(options, terminal = SILENT) {
    const libc = new Libc();
    const listener = listenForControl(libc, options, 0);
    let growing = false;
    let watching: ReturnType<typeof setInterval> | undefined;

    /** Starts threads until one is idle again, or says that clients wait. */
    async function saturated(pool: Pool): Promise<void> {
      if (growing) return;
      growing = true;
      while (!pool.stopped && allBusy(pool) && pool.size < options.maxWorkers) {
        await pool.grow().catch((error) => terminal.log(`${error}`));
      }
      growing = false;
      if (allBusy(pool) && pool.size >= options.maxWorkers) watch(pool);
    }

    function watch(pool: Pool): void {
      let told = false;
      watching ??= setInterval(() => {
        const waiting = allBusy(pool) && !pool.stopped ? libc.backlogLength(listener) : -1;
        if (waiting < 0) {
          clearInterval(watching);
          watching = undefined;
        } else if (waiting > 0 && !told) {
          told = true;
          const clients = waiting === 1 ? "1 client waits" : `${waiting} clients wait`;
          terminal.log(`All ${pool.size} workers are busy: ${clients} in the backlog`);
        }
      }, SATURATION_CHECK_MS);
    }

    const pool = new Pool({
      model: "blocking",
      description: `blocking (${options.workers} to ${options.maxWorkers} threads)`,
      callNames: CALL_NAMES,
      options,
      terminal,
      listener,
      wakeDescriptor: () => -1,
      wake({ own }) {
        if (!pool.stopped) return; // an answer of the operator: its thread waits for the mailbox
        // What a blocked thread waits in ends when its socket is shut down: accept with EINVAL,
        // recv with 0. The control connection can still send its goodbye.
        libc.shutdown(listener, c.SHUT_RDWR);
        const control = Atomics.load(own, OWN.control);
        if (control >= 0) libc.shutdown(control, c.SHUT_RD);
      },
      saturated,
      release() {
        clearInterval(watching);
        libc.close(listener);
      },
    });
    const { port } = libc.localAddress(listener);
    await pool.start(options.workers, { ...options, port });
    return pool.server(addressAt(options, port));
  },

  work(context) {
    const libc = context.openLibc();
    const tools = new BlockingTools(context, libc);
    context.ready(context.options.port);
    for (let fd = accept(context, libc); fd >= 0; fd = accept(context, libc)) {
      const busy = Atomics.add(context.shared, SHARED.busy, 1) + 1;
      if (busy >= Atomics.load(context.shared, SHARED.started)) context.post({ kind: "saturated" });
      new BlockingConnection(tools, fd).serve();
      Atomics.sub(context.shared, SHARED.busy, 1);
    }
    tools.passive.close();
    tools.pipe.close();
  },
};

function allBusy(pool: Pool): boolean {
  return Atomics.load(pool.shared, SHARED.busy) >= pool.size;
}

/** Blocks until a client comes; its descriptor, or -1 when the server stops. */
function accept(context: WorkerContext, libc: Libc): number {
  while (context.stopping === RUNNING) {
    context.counters.enter("waiting");
    const fd = libc.accept(context.listener, 0);
    context.counters.enter("working");
    context.counters.add("wakeups", 1);
    if (fd >= 0) return fd;
    context.counters.add("emptyWakeups", 1);
    if (isAcceptRetry(fd)) continue;
    if (context.stopping !== RUNNING) break;
    if (!isAcceptPause(fd)) throw new Error(`Cannot accept: ${errorText(-fd)}`);
    context.acceptingPauses(errorText(-fd));
    libc.sleep(ACCEPT_PAUSE_MS);
  }
  return -1;
}
