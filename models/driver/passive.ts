/**
 * Listening sockets for passive data connections, lent to one connection at a time.
 *
 * A socket that comes back is kept for the next: making one per transfer costs a search of the
 * port range, and binding to port 0 scans the crowded ephemeral range. Which one is lent is drawn,
 * and after some uses another port takes its place, so that nobody can foresee where the next data
 * connection goes (RFC 2577 sections 3 and 8). Generic over how a socket is made, so that every
 * model lends by the same rules.
 *
 * @module
 */

import type { Chance } from "../clock.ts";
import {
  PASSIVE_DRAWN_FROM,
  PASSIVE_IDLE_MAX,
  PASSIVE_TRIES_MAX,
  PASSIVE_USES_MAX,
} from "../limits.ts";

/** A listening socket that can be lent. */
export interface PassiveSocket {
  /** Its port. */
  readonly port: number;
  /** Loans so far, counted by the pool. */
  uses: number;
  /** The host that it takes connections of, where a loan to another costs more. */
  readonly host?: string | undefined;
  /**
   * Takes connections of `host` only from now on, and turns away what came before; false: it is of
   * no use any more.
   */
  lend(host: string): boolean;
  /** Nobody is served by it for now. */
  rest(): void;
  /** Ends it. */
  close(): void;
}

/** The passive slot of one connection: a socket on loan, or none. */
export class PassiveSlot<S extends PassiveSocket> {
  /** What is on loan. */
  socket: S | undefined;

  /** @param host whose connections are expected */
  constructor(readonly pool: PassivePool<S>, readonly host: string) {}

  /** Takes another socket on loan in place of the one that is there. */
  exchange(): S | undefined {
    const former = this.socket;
    this.socket = this.pool.lend(this.host);
    if (former === undefined) return this.socket;
    // Where no other port is free, the same one serves again.
    if (this.socket === undefined && former.lend(this.host)) this.socket = former;
    else this.pool.giveBack(former);
    return this.socket;
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
  readonly #drawnFrom: number;

  /**
   * @param ports the first and the last port of the range
   * @param workers how many may share the range
   * @param listen makes a listening socket on a port; undefined: the port is taken, "full": no
   * other would do better
   */
  constructor(
    [first, last]: readonly [number, number],
    workers: number,
    readonly chance: Chance,
    readonly listen: (port: number) => S | "full" | undefined,
  ) {
    this.#first = first;
    this.#size = last - first + 1;
    // A worker that hoards a small range would starve the others.
    const share = workers === 1 ? this.#size : Math.floor(this.#size / (2 * workers));
    this.#idleMax = Math.min(PASSIVE_IDLE_MAX, share);
    this.#drawnFrom = Math.min(PASSIVE_DRAWN_FROM, this.#idleMax);
  }

  /** A listening socket for `host` with nothing in its backlog; undefined: no port is free. */
  lend(host: string): S | undefined {
    const wanting = this.#idle.length < this.#drawnFrom;
    const fresh = wanting ? this.#make(host) : undefined;
    if (fresh !== undefined) return fresh;
    while (this.#idle.length > 0) {
      const socket = this.#draw(host);
      if (this.#lent(socket, host)) return socket;
    }
    return wanting ? undefined : this.#make(host); // each port has one try a loan
  }

  /** Takes a socket back. */
  giveBack(socket: S): void {
    socket.rest();
    const kept = this.#idle.length < this.#idleMax && socket.uses < PASSIVE_USES_MAX;
    if (kept) this.#idle.push(socket);
    else socket.close();
  }

  /** Closes what is not lent. */
  close(): void {
    for (const socket of this.#idle.splice(0)) socket.close();
  }

  /** Takes one of the idle ones, whichever; of those that `host` had before, if there are any. */
  #draw(host: string): S {
    const idle = this.#idle;
    const start = this.chance(idle.length);
    let drawn = start;
    for (let step = 0; step < idle.length; step++) {
      const at = (start + step) % idle.length;
      if ((idle[at]!.host ?? host) !== host) continue;
      drawn = at;
      break;
    }
    const socket = idle[drawn]!;
    const last = idle.pop()!;
    if (socket !== last) idle[drawn] = last;
    return socket;
  }

  /** Whether `socket` serves `host` from now on; one of no use is closed. */
  #lent(socket: S, host: string): boolean {
    socket.uses += 1;
    if (socket.lend(host)) return true;
    socket.close();
    return false;
  }

  #make(host: string): S | undefined {
    const start = this.chance(this.#size);
    for (let tries = 0; tries < Math.min(this.#size, PASSIVE_TRIES_MAX); tries++) {
      // In a small range every port has its try; in a large one each try is drawn.
      const offset = this.#size <= PASSIVE_TRIES_MAX
        ? (start + tries) % this.#size
        : tries === 0
        ? start
        : this.chance(this.#size);
      const socket = this.listen(this.#first + offset);
      if (socket === "full") return undefined;
      if (socket !== undefined && this.#lent(socket, host)) return socket;
    }
    return undefined;
  }
}
