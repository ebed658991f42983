/**
 * Listening data sockets of the async model. A pending accept of the runtime cannot be taken back,
 * so each socket accepts for as long as it lives and turns away what nobody expects.
 *
 * @module
 */

import type { Address, Peer } from "../../server/mod.ts";
import { familyOf } from "../address.ts";
import { chance } from "../clock.ts";
import { PassivePool, type PassiveSocket } from "../driver/passive.ts";
import type { ServeOptions } from "../model.ts";
import { acceptEach } from "./accept.ts";

/** One listening socket, and the connection that came before it was asked for. */
export class AsyncPassive implements PassiveSocket {
  /** See PassiveSocket. */
  readonly port: number;
  /** See PassiveSocket. */
  uses = 0;
  #expected: string | undefined;
  #arrived: Deno.TcpConn | undefined;
  #taker: ((conn: Deno.TcpConn) => void) | undefined;
  #open = true;

  constructor(readonly listener: Deno.TcpListener) {
    this.port = listener.addr.port;
    acceptEach(listener, (conn) => this.#came(conn), () => this.#open)
      .finally(() => this.#open = false);
  }

  /** See PassiveSocket. */
  lend(host: string): boolean {
    this.#expect(host);
    return this.#open;
  }

  /** See PassiveSocket. */
  rest(): void {
    this.#expect(undefined);
  }

  /** See PassiveSocket. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#expect(undefined);
    this.listener.close();
  }

  /** Resolves with the expected connection, once it has come; a later call takes its place. */
  take(): Promise<Deno.TcpConn> {
    const arrived = this.#arrived;
    this.#arrived = undefined;
    if (arrived !== undefined) return Promise.resolve(arrived);
    return new Promise((resolve) => this.#taker = resolve);
  }

  #expect(host: string | undefined): void {
    this.#arrived?.close();
    this.#arrived = undefined;
    this.#taker = undefined;
    this.#expected = host;
  }

  #came(conn: Deno.TcpConn): void {
    const { host } = addressOf(conn.remoteAddr);
    if (host !== this.#expected || this.#arrived !== undefined) return conn.close();
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker === undefined) this.#arrived = conn;
    else taker(conn);
  }
}

/** Data sockets for one worker. */
export function listenForData(options: ServeOptions): PassivePool<AsyncPassive> {
  return new PassivePool(options.passivePorts, options.workers, chance, (port) => {
    try {
      return new AsyncPassive(Deno.listen({ hostname: options.host, port }));
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      const { AddrInUse, PermissionDenied } = Deno.errors;
      // Somebody else has the port, or it is only for others. All else any port would meet.
      return error instanceof AddrInUse || error instanceof PermissionDenied ? undefined : "full";
    }
  });
}

/** An end of a runtime's connection; an IPv4-mapped IPv6 address comes back as IPv4. */
export function addressOf(address: Deno.NetAddr): Address {
  const host = address.hostname.replace(/^::ffff:(?=\d+\.)/i, "");
  return { family: familyOf(host), host, port: address.port };
}

/** The two ends of a connection of the runtime; see Peer for its number. */
export function peerOf(conn: Deno.TcpConn, number: number): Peer {
  return { local: addressOf(conn.localAddr), remote: addressOf(conn.remoteAddr), number };
}
