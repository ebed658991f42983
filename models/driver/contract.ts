/**
 * What a driver stands between: what all of a worker share, and the sockets of one connection,
 * which are what differs between models. Wires are in readiness/, uring/ and runtime/.
 *
 * @module
 */

import type { Protocol } from "../../server/mod.ts";
import type { Admission } from "../admission.ts";
import type { FileStore } from "../files/contract.ts";
import type { WorkerLink } from "../model.ts";
import type { PassivePool, PassiveSocket } from "./passive.ts";
import type { Replies } from "./replies.ts";

/** What the drivers of one worker share. */
export interface DriverTools<S extends PassiveSocket> {
  /** The way to the supervisor. */
  readonly link: WorkerLink;
  /** The served tree. */
  readonly store: FileStore;
  /** Listening sockets for data connections. */
  readonly passive: PassivePool<S>;
  /** The gate of the server. */
  readonly admission: Admission;
  /** What is spoken. */
  readonly protocol: Protocol;
  /** What the one that has its turn says. */
  readonly replies: Replies;
}

/** What a model does for one connection: its sockets. */
export interface Wire {
  /** Replies wait for the peer to take them. */
  readonly congested: boolean;
  /** Whether the kernel can move octets between a file and a data connection. */
  readonly takesFile: boolean;
  /** A buffer for the transfer that starts now; see TransferMeans. */
  buffer(): Uint8Array<ArrayBuffer>;
  /**
   * Sends the first `length` octets, borrowed for the call, to the control connection: at once, or
   * as soon as it takes more.
   */
  send(octets: Uint8Array<ArrayBuffer>, length: number): void;
  /**
   * The driver's transfer has an act to be carried out, at once or later, as with a close that is
   * the kernel's to complete; the wire calls `advanced` after it.
   */
  pursue(): void;
  /** There is more to do: `resume` is to be called when others have had their turn. */
  again(): void;
  /**
   * Flushes what was sent, closes both connections, then calls `ended`; the act of a transfer that
   * is not over is "close" when it is called.
   */
  close(): void;
}
