/**
 * A way to let the runtime look at everybody's sockets: an octet goes through a connection of the
 * worker to itself, and whoever waits for it goes on when the runtime has polled, not before.
 *
 * Sharing beats it between blocks of transfers and between turns. No client's octet goes this way.
 *
 * @module
 */

import { ServeError, type ServeOptions } from "../model.ts";
import { listen, reasonOf } from "./listen.ts";

const OCTET = new Uint8Array(1);

/** How long the runtime has in the place of a beat that fails, milliseconds. */
const MISSED_BEAT_MS = 1;

/** What stands for all addresses of a family, and the one that only this machine connects to. */
const LOOPBACK: ReadonlyMap<string, string> = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);

/** Strangers that may come before the worker itself does, who are turned away. */
const STRANGERS_MAX = 64;

/** The two ends of a connection of the worker to itself. */
interface Ends {
  readonly near: Deno.TcpConn;
  readonly far: Deno.TcpConn;
}

/** One for each worker. */
export class Pulse {
  readonly #into = new Uint8Array(1);
  /** Undefined after they broke, until the next beat. */
  #ends: Ends | undefined;
  #closed = false;

  constructor(readonly host: string, ends: Ends) {
    this.#ends = ends;
  }

  /**
   * Resolves when the runtime has polled all sockets once; never rejects. The read begins first, and
   * finds nothing: only a poll can tell that the octet has come. A call of the thread pool may have
   * ended before the runtime comes to wait for it, and so may two in a row.
   */
  async beat(): Promise<void> {
    if (this.#closed) return; // the worker ends, and nobody waits any more
    try {
      const { near, far } = this.#ends ??= await connectedTo(this.host);
      const come = far.read(this.#into);
      await Promise.all([come, near.write(OCTET)]);
    } catch {
      this.#drop();
      if (!this.#closed) await new Promise((resume) => setTimeout(resume, MISSED_BEAT_MS));
    }
    if (this.#closed) this.#drop(); // it was closed while it connected anew
  }

  /** Whoever waits for a beat goes on. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  #drop(): void {
    this.#ends?.near.close();
    this.#ends?.far.close();
    this.#ends = undefined;
  }
}

/** Where a server of `host` connects to itself. */
export function nearestTo(host: string): string {
  return LOOPBACK.get(host) ?? host;
}

/**
 * Connects the worker to itself.
 *
 * @throws {ServeError} when it cannot
 */
export async function openPulse(options: Pick<ServeOptions, "host">): Promise<Pulse> {
  const host = nearestTo(options.host);
  try {
    return new Pulse(host, await connectedTo(host));
  } catch (error) {
    // Where IPv6 is off, as in many a container, :: can be listened on and ::1 cannot.
    if (options.host === "::") return await openPulse({ host: "0.0.0.0" });
    if (error instanceof ServeError) throw error;
    throw new ServeError(`Cannot connect a worker to itself: ${reasonOf(error)}`);
  }
}

/** By a listener that is closed again. */
async function connectedTo(host: string): Promise<Ends> {
  using listener = listen({ host, port: 0, workers: 1 });
  const { hostname, port } = listener.addr;
  const near = await Deno.connect({ hostname, port });
  try {
    near.setNoDelay(true);
    for (let strangers = 0; strangers <= STRANGERS_MAX; strangers++) {
      const far = await listener.accept();
      if (far.remoteAddr.port === near.localAddr.port) return { near, far };
      far.close();
    }
    throw new Error("strangers came instead");
  } catch (error) {
    near.close();
    throw error;
  }
}
