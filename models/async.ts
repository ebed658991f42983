/**
 * Async iteration: the runtime waits. `for await (const connection of listener)` and awaited reads
 * and writes; no call of the kernel is made here and no C library is opened.
 *
 * It runs wherever the runtime does. Several workers each listen on the same port with
 * SO_REUSEPORT, over which Linux spreads the connections. Files are read synchronously: from the
 * page cache that takes less than the way to the runtime's thread pool and back, which made
 * downloads a third slower.
 *
 * @module
 */

import { addressAt } from "./address.ts";
import type { FileStore } from "./files/contract.ts";
import { THREAD_DESCRIPTORS } from "./limits.ts";
import { type Model, ServeError, type ServeOptions, SILENT } from "./model.ts";
import { Pool } from "./pool/supervisor.ts";
import { listen, reasonOf } from "./runtime/listen.ts";
import { nearestTo } from "./runtime/pulse.ts";
import { CALLS } from "./runtime/sharing.ts";

/** See Model. */
export const async: Model = {
  name: "async",
  limits: () => ({}),
  unavailable: () => undefined,

  async serve(options, terminal = SILENT) {
    if (options.workers > 1 && Deno.build.os !== "linux") {
      throw new ServeError("Cannot share a port between workers: that needs Linux, use 1 worker");
    }
    const reserved = freePort(options);
    const pool = new Pool({
      model: "async",
      description: "async (for await)",
      worker: new URL("./runtime/worker.ts", import.meta.url),
      callNames: Object.keys(CALLS),
      options,
      terminal,
      listener: -1,
      wakeDescriptor() {
        findSpareDescriptors(options);
        return -1;
      },
      wake: ({ thread }) => thread.postMessage("wake"),
      store: runtimeStoreLater,
      release() {},
    });
    const port = await pool.start(reserved);
    return pool.server(addressAt(options, port));
  },
};

/**
 * The port for several workers, found free: SO_REUSEPORT alone would share it with any other
 * server of this user without a word.
 */
function freePort(options: ServeOptions): number {
  // A port of the kernel's choice is nobody else's; looking for it first would let it be taken.
  if (options.workers === 1 || options.port === 0) return options.port;
  const probe = listen({ ...options, workers: 1 });
  probe.close();
  return probe.addr.port;
}

/**
 * Sees that a thread can be started: the runtime ends the process when it finds no descriptor. It
 * has no call for one by itself, so listening sockets are tried, which nobody connects to.
 *
 * @throws {ServeError} when there are too few
 */
function findSpareDescriptors({ host }: ServeOptions): void {
  const spare: Deno.TcpListener[] = [];
  try {
    while (spare.length < THREAD_DESCRIPTORS) {
      spare.push(Deno.listen({ hostname: nearestTo(host), port: 0 }));
    }
  } catch (error) {
    // What else keeps from listening, a worker says of its own listener; or there is no ::1.
    const { code } = error as { code?: string };
    if (code !== "EMFILE" && code !== "ENFILE") return;
    throw new ServeError(`Cannot start a worker: ${reasonOf(error)}`);
  } finally {
    for (const listener of spare) listener.close();
  }
}

/** The tree by the runtime's calls, for the supervisor; see diskStoreLater in kernel/loops.ts. */
async function runtimeStoreLater(root: string): Promise<FileStore> {
  const { runtimeStore } = await import("./files/runtime.ts");
  return runtimeStore(root);
}
