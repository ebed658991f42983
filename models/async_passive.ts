/**
 * Listening data sockets of the async model. A pending accept of the runtime cannot be taken back,
 * so each socket accepts for as long as it lives and turns away what nobody expects.
 *
 * @module
 */

import type { Address } from "../server/mod.ts";
import { PassivePool, type PassiveSocket } from "./passive.ts";
import type { ServeOptions } from "./model.ts";
import { familyOf } from "./sockets.ts";

/** One listening socket, and the connection that came before it was asked for. */
export class AsyncPassive implements PassiveSocket {
  readonly port: number;
  #expected: string | undefined;
  #arrived: Deno.Conn | undefined;
  #taker: ((conn: Deno.Conn) => void) | undefined;
  #open = true;

  constructor(readonly listener: Deno.TcpListener) {
    this.port = listener.addr.port;
    this.#accept();
  }

  /** The host from which a connection is expected from now on; undefined: from nowhere. */
  expect(host: string | undefined): void {
    this.#arrived?.close();
    this.#arrived = undefined;
    this.#taker = undefined;
    this.#expected = host;
  }

  /** Resolves with the expected connection, once it has come. */
  take(): Promise<Deno.Conn> {
    const arrived = this.#arrived;
    this.#arrived = undefined;
    if (arrived !== undefined) return Promise.resolve(arrived);
    return new Promise((resolve) => this.#taker = resolve);
  }

  drain(): boolean {
    return this.#open;
  }

  rest(): void {
    this.expect(undefined);
  }

  close(): void {
    this.#open = false;
    this.expect(undefined);
    this.listener.close();
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.listener) this.#came(conn);
    } catch {
      // Out of descriptors, for example: the pool makes another socket when one is needed.
      this.#open = false;
    }
  }

  #came(conn: Deno.TcpConn): void {
    const host = addressOf(conn.remoteAddr).host;
    if (host !== this.#expected || this.#arrived !== undefined) return conn.close();
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker === undefined) this.#arrived = conn;
    else taker(conn);
  }
}

/** Data sockets for one worker. */
export function listenForData(options: ServeOptions): PassivePool<AsyncPassive> {
  return new PassivePool(options, options.workers, (port) => {
    try {
      return new AsyncPassive(Deno.listen({ hostname: options.host, port }));
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      return undefined; // taken, or no descriptor is left: another port, or a refusal
    }
  });
}

/** An end of a runtime's connection; an IPv4-mapped IPv6 address comes back as IPv4. */
export function addressOf(address: Deno.NetAddr): Address {
  const host = address.hostname.replace(/^::ffff:(?=\d+\.)/i, "");
  return { family: familyOf(host), host, port: address.port };
}
