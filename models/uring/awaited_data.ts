/**
 * A data connection over the ring: acts of its transfer are carried out until one would have to
 * wait, and what it waits for is written down.
 *
 * An operation keeps the socket open whoever closes its descriptor, so what is under way is
 * cancelled first, and the close waits for its completion.
 *
 * @module
 */

import type { Transfer } from "../driver/transfer.ts";
import { type KernelConnection, waitsToRead } from "../kernel/data_connection.ts";
import { POLLIN, POLLOUT } from "../libc/constants.ts";
import type { Completing, Operation, RingLoop } from "./loop.ts";

/** One data connection, and what is under way for it. */
export class AwaitedData {
  readonly #operation: Operation;

  constructor(
    readonly loop: RingLoop,
    readonly connection: KernelConnection,
    readonly transfer: Transfer,
    owner: Completing,
  ) {
    this.#operation = loop.operation(owner);
  }

  /** Whether `operation` is this one's. */
  owns(operation: Operation): boolean {
    return operation === this.#operation;
  }

  /** Carries out acts worth `budget`, then waits for what the next one needs; whether it is over. */
  turn(budget: number): boolean {
    const { transfer, connection, loop } = this;
    if (this.#operation.underWay) {
      if (transfer.act === "close") loop.cancel(this.#operation);
      return false;
    }
    connection.turn(transfer, budget, loop.now);
    if (transfer.act === "over") {
      loop.release(this.#operation);
      return true;
    }
    if (transfer.act === "hold") return false;
    const events = waitsToRead(transfer) ? POLLIN : POLLOUT;
    loop.ring.poll(connection.fd, events, loop.begin(this.#operation));
    return false;
  }

  /** Ends it, whatever its next act was; whether it is over. */
  close(): boolean {
    this.transfer.fail("aborted", "the connection was closed");
    return this.turn(0);
  }
}
