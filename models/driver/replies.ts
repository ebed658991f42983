/**
 * Replies on their way to the wire: put together, so that those of one turn leave in one piece. The
 * two around a transfer stay apart, since some clients take what one recv(2) brings for one reply.
 *
 * @module
 */

import { concatenate } from "../../server/mod.ts";
import { REPLIES_BYTES_MAX } from "../limits.ts";
import type { Counting } from "../model.ts";

/** What one connection has said and not handed to its wire yet. */
export class Replies {
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;

  /** @param send hands octets to the wire */
  constructor(
    readonly counters: Counting,
    readonly send: (octets: Uint8Array<ArrayBuffer>) => void,
  ) {}

  /** One more; many of them are sent at once. */
  add(octets: Uint8Array): void {
    this.#waiting.push(octets);
    this.#bytes += octets.length;
    if (this.#bytes >= REPLIES_BYTES_MAX) this.flush();
  }

  /** Hands over what there is. */
  flush(): void {
    if (this.#bytes === 0) return this.clear(); // a protocol may have no words for a refusal
    const { length } = this.#waiting;
    const octets = length === 1
      ? this.#waiting[0] as Uint8Array<ArrayBuffer>
      : concatenate(this.#waiting);
    this.clear();
    this.counters.add("octetsOut", octets.length);
    this.counters.add("octetsCopied", octets.length);
    this.send(octets);
  }

  /** Forgets what there is. */
  clear(): void {
    this.#waiting.length = 0;
    this.#bytes = 0;
  }
}
