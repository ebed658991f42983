/**
 * Blocking: a thread per connection, each really blocked in accept(2), recv(2) or send(2).
 *
 * All threads block in accept on one listener; who gets a client serves it to its end. When the
 * last idle thread has got one, the supervisor starts another, up to --max-workers; beyond that
 * the next client waits in the backlog, and the log says so.
 *
 * @module
 */

import { addressAt } from "./address.ts";
import * as c from "./libc/constants.ts";
import { CALL_NAMES, Libc, unavailableReason } from "./libc/mod.ts";
import { type Model, ServeError, SILENT } from "./model.ts";
import { lendControl } from "./pool/link.ts";
import { Pool } from "./pool/supervisor.ts";
import { Growth } from "./readiness/growth.ts";
import { diskStoreLater } from "./kernel/loops.ts";
import { hasSpareDescriptors, listenForControl } from "./kernel/sockets.ts";

/** See Model. */
export const blocking: Model = {
  name: "blocking",
  limits: ({ maxWorkers }) => ({ connections: maxWorkers }),
  unavailable: unavailableReason,

  async serve(options, terminal = SILENT) {
    const libc = new Libc();
    const listener = listenForControl(libc, options, 0);
    const growth = new Growth(libc, listener, options.maxWorkers, terminal);
    const pool = new Pool({
      model: "blocking",
      description: `blocking (${options.workers} to ${options.maxWorkers} threads)`,
      worker: new URL("./readiness/blocking_worker.ts", import.meta.url),
      callNames: CALL_NAMES,
      options,
      terminal,
      listener,
      wakeDescriptor() {
        if (hasSpareDescriptors(libc)) return -1;
        throw new ServeError("Cannot start a worker: too many open files");
      },
      wake({ own }) {
        if (!pool.stopped) return; // an answer of the operator: its thread waits for the mailbox
        // What a blocked thread waits in ends when its socket is shut down: accept with EINVAL,
        // recv with 0. The control connection can still send its goodbye.
        libc.shutdown(listener, c.SHUT_RDWR);
        lendControl(own, (control) => libc.shutdown(control, c.SHUT_RD));
      },
      saturated: () => growth.saturated(pool),
      store: (root) => diskStoreLater(libc, root),
      release() {
        growth.stop();
        libc.close(listener);
      },
    });
    const { port } = libc.localAddress(listener);
    await pool.start(port);
    return pool.server(addressAt(options, port));
  },
};
