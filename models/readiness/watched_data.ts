/**
 * A data connection in a loop: after each turn of its transfer it waits for the one descriptor
 * that the next act needs.
 *
 * @module
 */

import type { Transfer } from "../driver/transfer.ts";
import { type KernelConnection, waitsToRead } from "../kernel/data_connection.ts";
import { errorText } from "../libc/mod.ts";
import { READ, WRITE } from "../selector/mod.ts";
import type { Loop, Watch, Worked } from "./loop.ts";

/** One data connection, and the watch that it has at the moment. */
export class WatchedData {
  #watch: Watch | undefined;

  /** @param owner whom the loop tells that the descriptor is ready */
  constructor(
    readonly loop: Loop,
    readonly connection: KernelConnection,
    readonly owner: Worked,
  ) {}

  /** Carries out acts of `transfer` worth `budget`, then waits for what the next one needs. */
  turn(transfer: Transfer, budget: number): void {
    const { octets, act } = transfer;
    const waits = this.connection.turn(transfer, budget, this.loop.now);
    const goesOn = transfer.octets > octets || transfer.act !== act || transfer.act === "read";
    if (goesOn) this.loop.progressed();
    if (transfer.act === "over") return this.#drop();
    if (transfer.act === "hold") {
      // At the end of an upload the close is next, unless the client takes no replies: its session
      // is not polled then. Before the begin of a transfer the client may do anything.
      const waitsLong = transfer.completion === undefined || act === "hold";
      if (waitsLong && this.#watch !== undefined) this.loop.interest(this.#watch, 0);
      return;
    }
    const { fd } = this.connection;
    if (this.#watch?.fd !== fd) {
      this.#drop();
      this.#watch = this.loop.watch(fd, this.owner);
    } else if (waits) {
      this.#watch.ready = 0;
    }
    const result = this.loop.interest(this.#watch!, waitsToRead(transfer) ? READ : WRITE);
    if (result === 0) return;
    transfer.socketFailed(errorText(-result));
    this.connection.turn(transfer, budget, this.loop.now);
    this.#drop();
  }

  /** Ends the watch; a listening socket stays open for the next, a data socket is closed. */
  #drop(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    if (watch === undefined) return;
    if (watch.fd === this.connection.listener?.fd) this.loop.unwatch(watch);
    else this.loop.forget(watch);
  }
}
