/**
 * Replies on their way to a wire: put together in one buffer, so that those of one turn leave in
 * one piece and none takes an array of its own to the kernel. The two around a transfer stay apart,
 * since some clients take what one recv(2) brings for one reply.
 *
 * @module
 */

import { REPLIES_BYTES_MAX } from "../limits.ts";
import type { Counting } from "../model.ts";

/** Takes replies to a client; see Wire. */
type Sender = { send(octets: Uint8Array<ArrayBuffer>, length: number): void };

/** What the session that has its turn has said; for all of a worker, empty between two turns. */
export class Replies {
  readonly #buffer = new Uint8Array(REPLIES_BYTES_MAX);
  #length = 0;

  constructor(readonly counters: Counting) {}

  /** One more; what is too much for the buffer is sent before. */
  add(octets: Uint8Array, to: Sender): void {
    if (this.#length + octets.length > REPLIES_BYTES_MAX) this.flush(to);
    if (octets.length > REPLIES_BYTES_MAX) {
      return this.#send(octets as Uint8Array<ArrayBuffer>, octets.length, to);
    }
    this.#buffer.set(octets, this.#length);
    this.#length += octets.length;
  }

  /** Hands over what there is, which may be nothing. */
  flush(to: Sender): void {
    const length = this.#length;
    this.#length = 0;
    if (length > 0) this.#send(this.#buffer, length, to);
  }

  /** Forgets what there is. */
  clear(): void {
    this.#length = 0;
  }

  #send(octets: Uint8Array<ArrayBuffer>, length: number, to: Sender): void {
    this.counters.add("octetsOut", length);
    this.counters.add("octetsCopied", length);
    to.send(octets, length);
  }
}
