/**
 * What carries octets on a control or data connection whose descriptor is ours: plain here, and
 * whatever encrypts would be another implementation. Results are the call's, or -errno.
 *
 * @module
 */

import type { Kernel } from "../libc/mod.ts";

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

  constructor(readonly kernel: Kernel, readonly fd: number) {}

  /** See Channel. */
  receive(buffer: Uint8Array<ArrayBuffer>, length: bigint): number {
    return this.kernel.recv(this.fd, buffer, length, 0);
  }

  /** See Channel. */
  send(octets: Uint8Array<ArrayBuffer>, length: number): number {
    return this.kernel.send(this.fd, octets, 0, length);
  }

  /** See Channel. */
  alive(): boolean {
    return this.kernel.isEstablished(this.fd);
  }

  /** See Channel. */
  close(): void {
    this.kernel.close(this.fd);
  }
}
