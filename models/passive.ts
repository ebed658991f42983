/**
 * Listening sockets for passive data connections, lent to one connection at a time.
 *
 * A socket that comes back is kept for the next: making one per transfer costs a search of the
 * port range, and binding to port 0 scans the crowded ephemeral range. Generic over how a socket
 * is made, so that every model lends by the same rules.
 *
 * @module
 */

import { PASSIVE_IDLE_MAX, PASSIVE_PORTS_DEFAULT, PASSIVE_TRIES_MAX } from "./limits.ts";
import type { ServeOptions } from "./model.ts";

/** A listening socket that can be lent. */
export interface PassiveSocket {
  readonly port: number;
  /** Turns away what connected while nobody was waiting for it; false: it is of no use any more. */
  drain(): boolean;
  /** Nobody is served by it for now. */
  rest?(): void;
  close(): void;
}

/** The passive slot of one connection: a socket on loan, or none. */
export class PassiveSlot<S extends PassiveSocket> {
  socket: S | undefined;

  constructor(readonly pool: PassivePool<S>) {}

  /** Takes another socket on loan in place of the one that is there. */
  exchange(): S | undefined {
    return this.socket = this.pool.exchange(this.socket);
  }

  /** Gives back what is there. */
  giveBack(): void {
    if (this.socket !== undefined) this.pool.giveBack(this.socket);
    this.socket = undefined;
  }
}

/** Lends sockets from a range of ports. */
export class PassivePool<S extends PassiveSocket> {
  readonly #idle: S[] = [];
  readonly #first: number;
  readonly #size: number;
  readonly #idleMax: number;
  #next: number;

  /**
   * @param workers how many may share the range
   * @param listen makes a listening socket on a port, or undefined when the port is taken
   */
  constructor(
    options: ServeOptions,
    workers: number,
    readonly listen: (port: number) => S | undefined,
  ) {
    const [first, last] = options.passivePorts ?? PASSIVE_PORTS_DEFAULT;
    this.#first = first;
    this.#size = last - first + 1;
    // A worker that hoards a small range would starve the others.
    const share = workers === 1 ? this.#size : Math.floor(this.#size / (2 * workers));
    this.#idleMax = Math.min(PASSIVE_IDLE_MAX, share);
    this.#next = Math.floor(Math.random() * this.#size);
  }

  /** A listening socket with nothing in its backlog, or undefined when no port is free. */
  lend(): S | undefined {
    for (let socket = this.#idle.pop(); socket !== undefined; socket = this.#idle.pop()) {
      if (socket.drain()) return socket;
      socket.close();
    }
    for (let tries = Math.min(this.#size, PASSIVE_TRIES_MAX); tries > 0; tries--) {
      const socket = this.listen(this.#first + this.#next);
      this.#next = (this.#next + 1) % this.#size;
      if (socket !== undefined) return socket;
    }
    return undefined;
  }

  /** A socket in place of `former`: another one if there is one, so that late-comers miss it. */
  exchange(former: S | undefined): S | undefined {
    const socket = this.lend();
    if (former === undefined) return socket;
    if (socket === undefined) {
      former.rest?.();
      if (former.drain()) return former;
    }
    this.giveBack(former);
    return socket;
  }

  /** Takes a socket back. */
  giveBack(socket: S): void {
    socket.rest?.();
    if (this.#idle.length < this.#idleMax) this.#idle.push(socket);
    else socket.close();
  }

  /** Closes what is not lent. */
  close(): void {
    for (const socket of this.#idle.splice(0)) socket.close();
  }
}
