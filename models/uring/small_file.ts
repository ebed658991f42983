/**
 * A file that fits into memory of the ring, on its way to a data connection: the read, the send and
 * the close behind it are written down at once, each beginning when the one before is done. What
 * is not done is cancelled by the kernel, and the connection goes on with what is left.
 *
 * @module
 */

import * as c from "../libc/constants.ts";
import type { Operation, RingLoop } from "./loop.ts";
import type { Piece, RingMemory } from "./memory.ts";

/** A read, a send and a close. */
const CHAIN_ENTRIES = 3;

/** What came of a send. */
export type Sent =
  /** So many octets were sent. */
  | { readonly kind: "moved"; readonly octets: number }
  /** The file gave an error, as a positive number. */
  | { readonly kind: "fileFailed"; readonly errno: number }
  /** The socket did, as a negative one. */
  | { readonly kind: "socketFailed"; readonly error: number }
  /** The file has become shorter; what was read is to be sent. */
  | { readonly kind: "again" }
  /** Nothing was read: the file would have to be waited for. */
  | { readonly kind: "unread" };

/** What one data connection sends so. */
export class SmallFile {
  readonly #loop: RingLoop;
  readonly #memory: RingMemory;
  /** The read before the send. */
  readonly reading: Operation;
  /** The close behind it. */
  readonly closing: Operation;
  #piece: Piece | undefined;
  /** Where in the piece what is not sent begins and ends. */
  #start = 0;
  #end = 0;
  /** What the read said, when that is not that all was read. */
  #read: number | undefined;

  constructor(loop: RingLoop, memory: RingMemory, reading: Operation, closing: Operation) {
    this.#loop = loop;
    this.#memory = memory;
    this.reading = reading;
    this.closing = closing;
  }

  /** Something was read and is not sent. */
  get pending(): boolean {
    return this.#piece !== undefined;
  }

  /**
   * Sends the last `length` octets of `file` to `socket`, `sending` at `tag`, and closes it; false:
   * they do not fit, or all pieces are taken.
   */
  begin(file: number, socket: number, length: number, sending: () => number): boolean {
    if (length > this.#memory.bytes) return false;
    const piece = this.#memory.take();
    if (piece === undefined) return false;
    const { ring } = this.#loop;
    this.#piece = piece;
    this.#read = undefined;
    this.#start = 0;
    this.#end = length;
    ring.reserve(CHAIN_ENTRIES);
    ring.readThen(file, piece.address, length, this.#loop.begin(this.reading));
    ring.sendThen(socket, piece.address, length, sending());
    ring.closeDescriptor(socket, this.#loop.begin(this.closing));
    return true;
  }

  /** Sends some of what is left, so that whoever waits sees it move; the close is the caller's. */
  goOn(socket: number, tag: number): void {
    const address = this.#piece!.address + this.#start;
    this.#loop.ring.send(socket, address, this.#end - this.#start, tag);
  }

  /** The read has completed; the send then does, too. */
  haveRead(result: number): void {
    if (result !== this.#end) this.#read = result;
  }

  /** The send has completed. */
  sent(result: number): Sent {
    if (this.reading.underWay) throw new Error("Cannot send what is not read yet");
    const read = this.#read;
    this.#read = undefined;
    if (read !== undefined && result === -c.ECANCELED) {
      this.#end = Math.max(0, read);
      if (read === -c.EAGAIN || read === -c.EINTR) return { kind: "unread" };
      if (read > 0) return { kind: "again" };
      return read < 0 ? { kind: "fileFailed", errno: -read } : { kind: "moved", octets: 0 };
    }
    if (result < 0) return { kind: "socketFailed", error: result };
    this.#start += result;
    return { kind: "moved", octets: result };
  }

  /** Gives the memory back, if nothing is left to send or `all` is of no use any more. */
  giveBack(all: boolean): void {
    if (this.#piece === undefined || (!all && this.#start < this.#end)) return;
    this.#memory.give(this.#piece);
    this.#piece = undefined;
  }
}
