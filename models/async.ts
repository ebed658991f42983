/**
 * Async iteration: the runtime waits. `for await (const connection of listener)` and awaited reads
 * and writes; no call of the kernel is made here and no C library is opened.
 *
 * It runs wherever the runtime does. Several workers each listen on the same port with
 * SO_REUSEPORT, over which Linux spreads the connections.
 *
 * @module
 */

import { AsyncConnection, AsyncTools, CALLS } from "./async_connection.ts";
import { ACCEPT_PAUSE_MS } from "./limits.ts";
import { type Model, ServeError, type ServeOptions, SILENT } from "./model.ts";
import { Pool } from "./pool.ts";
import { addressAt, listenError } from "./sockets.ts";
import { CLOSING, RUNNING, type WorkerContext } from "./worker_context.ts";

/** See Model. */
export const async: Model = {
  name: "async",
  summary: "the runtime's async iterators: for await over Deno.listen",
  limits: () => ({ countsCalls: false }),
  unavailable: () => undefined,

  async serve(options, terminal = SILENT) {
    if (options.workers > 1 && Deno.build.os !== "linux") {
      throw new ServeError("Cannot share a port between workers: that needs Linux, use 1 worker");
    }
    const reserved = freePort(options);
    const pool = new Pool({
      model: "async",
      description: "async (for await)",
      callNames: Object.keys(CALLS),
      options,
      terminal,
      listener: -1,
      wakeDescriptor: () => -1,
      wake: ({ thread }) => thread.postMessage("wake"),
      release() {},
    });
    const port = await pool.start(options.workers, { ...options, port: reserved });
    return pool.server(addressAt(options, port));
  },

  async work(context) {
    const listener = listening(context.options, () => listen(context.options));
    context.ready(listener.addr.port);
    const tools = new AsyncTools(context);
    const serving = new Map<AsyncConnection, Promise<void>>();
    const accepting = acceptAll(context, listener, (conn) => {
      const connection = new AsyncConnection(tools, conn);
      serving.set(connection, connection.serve().finally(() => serving.delete(connection)));
    });

    await woken(context, (stopping) => stopping !== RUNNING);
    listener.close();
    await accepting;
    for (const connection of serving.keys()) connection.stop();
    const closing = woken(context, (stopping) => stopping === CLOSING);
    await Promise.race([Promise.all(serving.values()), closing]);
    for (const connection of serving.keys()) connection.abandon();
    await Promise.all(serving.values());
    tools.passive.close();
  },
};

/** Resolves when the supervisor has said so; the operator's answers are delivered meanwhile. */
function woken(context: WorkerContext, enough: (stopping: number) => boolean): Promise<void> {
  return new Promise((resolve) => {
    context.onWake = () => {
      context.deliver();
      if (enough(context.stopping)) resolve();
    };
    context.onWake();
  });
}

/** Hands out connections until the listener is closed; want of descriptors only pauses it. */
async function acceptAll(
  context: WorkerContext,
  listener: Deno.TcpListener,
  begin: (conn: Deno.TcpConn) => void,
): Promise<void> {
  while (context.stopping === RUNNING) {
    try {
      for await (const conn of listener) {
        context.counters.calls[CALLS.accept]! += 1;
        context.counters.add("wakeups", 1);
        begin(conn);
      }
    } catch (error) {
      if (context.stopping !== RUNNING) return;
      context.acceptingPauses(error instanceof Error ? error.message : String(error));
      await new Promise((resume) => setTimeout(resume, ACCEPT_PAUSE_MS));
    }
  }
}

function listen({ host, port, workers }: ServeOptions): Deno.TcpListener {
  return Deno.listen({ hostname: host, port, ...(workers > 1 ? { reusePort: true } : {}) });
}

/** `open` listened, or the one-line error why it could not. */
function listening<T>(options: ServeOptions, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw listenError(options, "address in use");
    if (error instanceof Deno.errors.NotCapable) throw listenError(options, "it needs --allow-net");
    const text = error instanceof Error ? error.message : String(error);
    throw listenError(options, text.replace(/ \(os error.*$/s, "").toLowerCase());
  }
}

/**
 * The port for several workers, found free: SO_REUSEPORT alone would share it with any other
 * server of this user without a word.
 */
function freePort(options: ServeOptions): number {
  // A port of the kernel's choice is nobody else's; looking for it first would let it be taken.
  if (options.workers === 1 || options.port === 0) return options.port;
  const probe = listening(options, () => listen({ ...options, workers: 1 }));
  probe.close();
  return probe.addr.port;
}
