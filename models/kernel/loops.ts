/**
 * How the event loops of polling, multiplex and uring are started: one listener for all, an eventfd
 * each to be woken by.
 *
 * @module
 */

import { addressAt } from "../address.ts";
import type { FileStore } from "../files/contract.ts";
import * as c from "../libc/constants.ts";
import { CALL_NAMES, errorText, type Kernel, Libc } from "../libc/mod.ts";
import {
  type ModelName,
  ServeError,
  type ServeOptions,
  type Server,
  type Terminal,
} from "../model.ts";
import { Pool } from "../pool/supervisor.ts";
import { hasSpareDescriptors, listenForControl, WAKE } from "./sockets.ts";

/** Serves with `options.workers` event loops, `worker` each, over one listening socket. */
export async function serveLoops(
  model: ModelName,
  description: string,
  worker: URL,
  options: ServeOptions,
  terminal: Terminal,
): Promise<Server> {
  const libc = new Libc();
  const listener = listenForControl(libc, options, c.SOCK_NONBLOCK);
  const descriptors = [listener];
  const pool = new Pool({
    model,
    description: `${model} (${description})`,
    worker,
    callNames: CALL_NAMES,
    options,
    terminal,
    listener,
    handsOver: true,
    wakeDescriptor() {
      if (!hasSpareDescriptors(libc)) {
        throw new ServeError("Cannot start a worker: too many open files");
      }
      const fd = libc.eventfd();
      if (fd < 0) throw new ServeError(`Cannot start a worker: ${errorText(-fd)}`);
      descriptors.push(fd);
      return fd;
    },
    wake(worker) {
      // Who connects from now on is refused at once, instead of waiting for a greeting.
      if (pool.stopped) libc.shutdown(listener, c.SHUT_RDWR);
      libc.write(worker.wake, WAKE);
    },
    store: (root) => diskStoreLater(libc, root),
    release(left) {
      for (const fd of descriptors.splice(0)) libc.close(fd);
      for (const { fd } of left) libc.close(fd);
    },
  });
  const { port } = libc.localAddress(listener);
  await pool.start(port);
  return pool.server(addressAt(options, port));
}

/**
 * The tree on the disk, for a supervisor: most of the time it does without, so its files are loaded
 * when it asks.
 */
export async function diskStoreLater(kernel: Kernel, root: string): Promise<FileStore> {
  const { diskStore } = await import("../files/disk.ts");
  return diskStore(kernel, root);
}
