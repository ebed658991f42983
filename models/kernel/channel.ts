/**
 * What carries octets on a control or data connection whose descriptor is ours: plain here, and
 * whatever encrypts would be another implementation. Results are the call's, or -errno.
 *
 * @module
 */

import * as c from "../libc/constants.ts";
import type { Kernel } from "../libc/mod.ts";
import { isWritable } from "./sockets.ts";

/**
 * EAGAINs of sendfile(2) in a row from which on it may be the file that says so, and not a full
 * socket: a power of two, since the socket is asked at each of them, so ever more rarely. Whoever
 * guesses when it is ready tries in vain as long as the peer does not receive. Edge-triggered epoll
 * tells once only, so that a file that says so in the middle stands still there until the deadline.
 */
const REFUSALS_DOUBTED = 4;

/** Carries octets one way and the other. */
export interface Channel {
  /** For readiness, and for the kernel's own moving where `takesFile`. */
  readonly fd: number;
  /** Whether sendfile(2) and splice(2) may move octets past it. */
  readonly takesFile: boolean;
  /** Up to `length` octets to the start of `buffer`; 0 at the end. */
  receive(buffer: Uint8Array<ArrayBuffer>, length: bigint): number;
  /** Sends the first `length` of `octets`, or a part of them. */
  send(octets: Uint8Array<ArrayBuffer>, length: number): number;
  /**
   * Sends up to `length` octets of an open file, from its position on; 0 at its end. EBUSY: the
   * file gives none at the moment, which no readiness of the connection ends.
   */
  sendFile(file: number, length: bigint): number;
  /**
   * false: the peer has closed its side, whatever of it is left to read, or the connection is
   * broken. Never waits.
   */
  alive(): boolean;
  /** Ends it. */
  close(): void;
}

/** Octets as they are. */
export class PlainChannel implements Channel {
  /** See Channel. */
  readonly takesFile = true;
  /** EAGAINs of sendfile(2) since it sent any; a new connection is not full. */
  #refusals = REFUSALS_DOUBTED - 1;

  constructor(readonly kernel: Kernel, readonly fd: number) {}

  /** See Channel. */
  receive(buffer: Uint8Array<ArrayBuffer>, length: bigint): number {
    return this.kernel.recv(this.fd, buffer, length, 0);
  }

  /** See Channel. */
  send(octets: Uint8Array<ArrayBuffer>, length: number): number {
    return this.kernel.send(this.fd, octets, 0, length);
  }

  /** See Channel. A file says EAGAIN, too, where its file system does: sendfile(2) hands it on. */
  sendFile(file: number, length: bigint): number {
    const { kernel, fd } = this;
    let sent = kernel.sendfile(fd, file, length);
    if (sent === -c.EAGAIN && this.#isDoubted() && isWritable(kernel, fd)) {
      sent = kernel.sendfile(fd, file, length); // there is room for it
      if (sent === -c.EAGAIN) return -c.EBUSY;
    }
    if (sent > 0) this.#refusals = 0;
    return sent;
  }

  /** See Channel. */
  alive(): boolean {
    return this.kernel.isEstablished(this.fd);
  }

  /** See Channel. */
  close(): void {
    this.kernel.close(this.fd);
  }

  #isDoubted(): boolean {
    const refusals = ++this.#refusals;
    return refusals >= REFUSALS_DOUBTED && (refusals & (refusals - 1)) === 0;
  }
}
