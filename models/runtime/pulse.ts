/**
 * A way to let the runtime look at everybody's sockets: an octet goes through a connection of the
 * worker to itself, and whoever waits for it goes on when the runtime has polled, not before.
 *
 * Sharing beats it between blocks of transfers and between turns. No client's octet goes this way.
 *
 * @module
 */

import type { ServeOptions } from "../model.ts";
import { listen } from "./listen.ts";

const OCTET = new Uint8Array(1);

/** Strangers that may come before the worker itself does, who are turned away. */
const STRANGERS_MAX = 64;

/** One for each worker. */
export class Pulse {
  readonly #into = new Uint8Array(1);
  #closed = false;

  constructor(readonly near: Deno.TcpConn, readonly far: Deno.TcpConn) {
    near.setNoDelay(true);
  }

  /**
   * Resolves when the runtime has polled all sockets once. The read begins first, and finds
   * nothing: only a poll can tell that the octet has come. A call of the thread pool may have ended
   * before the runtime comes to wait for it, and so may two in a row.
   */
  async beat(): Promise<void> {
    try {
      const come = this.far.read(this.#into);
      await Promise.all([come, this.near.write(OCTET)]);
    } catch (error) {
      if (!this.#closed) throw error; // else the worker ends, and nobody waits any more
    }
  }

  /** Whoever waits for a beat goes on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.near.close();
    this.far.close();
  }
}

/**
 * Connects the worker to itself, by a listener that is closed again.
 *
 * @throws {ServeError} when it cannot
 */
export async function openPulse({ host }: Pick<ServeOptions, "host">): Promise<Pulse> {
  using listener = listen({ host, port: 0, workers: 1 });
  const { hostname, port } = listener.addr;
  const near = await Deno.connect({ hostname, port });
  for (let strangers = 0; strangers <= STRANGERS_MAX; strangers++) {
    const far = await listener.accept();
    if (far.remoteAddr.port === near.localAddr.port) return new Pulse(near, far);
    far.close();
  }
  throw new Error("Cannot connect to the server itself: strangers came instead");
}
