/**
 * Sockets over loopback for tests of the layers below a model, made with the calls under test, and
 * closed with the test.
 *
 * @module
 */

import { assert } from "@std/assert";
import { SOCK_NONBLOCK } from "../../models/libc/constants.ts";
import { errorText, Libc, type SocketAddress } from "../../models/libc/mod.ts";

/** Two ends of one TCP connection; neither blocks. */
export interface Pair {
  readonly server: number;
  readonly client: number;
  /** The client's address as accept(2) told it. */
  readonly remote: SocketAddress;
}

/** Makes sockets, and closes them with the rest of what a test has opened. */
export class Loopback implements Disposable {
  readonly #opened = new Set<number>();

  constructor(readonly libc: Libc = new Libc()) {}

  /** `result` when it is no error, else throws it; a descriptor is closed with the test. */
  open(result: number): number {
    assert(result >= 0, `Cannot open for the test: ${errorText(-result)}`);
    this.#opened.add(result);
    return result;
  }

  /** A pipe, which blocks. */
  pipe(): { readonly from: number; readonly to: number } {
    const ends = this.libc.pipe();
    assert(typeof ends !== "number", "Cannot make a pipe for the test");
    return { from: this.open(ends[0]), to: this.open(ends[1]) };
  }

  /** The number that what is opened next has: the lowest that is free, so that a leak raises it. */
  next(): number {
    const fd = this.libc.eventfd();
    this.libc.close(fd);
    return fd;
  }

  /** Closes `fd` before the end of the test. */
  close(fd: number): void {
    assert(this.#opened.delete(fd), `Not open: ${fd}`);
    this.libc.close(fd);
  }

  /** A listening socket on a free port of `host`; `flags` may be SOCK_NONBLOCK. */
  listen(host = "127.0.0.1", flags = 0): { readonly fd: number; readonly address: SocketAddress } {
    const { libc } = this;
    const family = host.includes(":") ? 6 : 4;
    const fd = this.open(libc.socket(family, flags));
    assert(libc.bind(fd, { family, host, port: 0 }) === 0, `Cannot bind to ${host}`);
    assert(libc.listen(fd, 16) === 0, "Cannot listen");
    return { fd, address: libc.localAddress(fd) };
  }

  /** A connection within this process. */
  connect(host = "127.0.0.1"): Pair {
    const { libc } = this;
    const { fd, address } = this.listen(host);
    const client = this.open(libc.socket(address.family, 0));
    assert(libc.connect(client, address) === 0, `Cannot connect to ${host}`);
    const server = this.open(libc.accept(fd, SOCK_NONBLOCK));
    libc.setNonBlocking(client, true);
    const remote = libc.remoteAddress();
    this.close(fd);
    return { server, client, remote };
  }

  /** Sends to `fd` until it takes no more; how many octets it took. */
  fill(fd: number): number {
    const octets = new Uint8Array(65_536);
    let total = 0;
    for (let sent = 1; sent > 0; total += Math.max(0, sent)) sent = this.libc.send(fd, octets, 0);
    return total;
  }

  /** Receives from `fd` until there is nothing; how many octets there were. */
  drain(fd: number): number {
    const buffer = new Uint8Array(65_536);
    let total = 0;
    for (let count = 1; count > 0; total += Math.max(0, count)) {
      count = this.libc.recv(fd, buffer, BigInt(buffer.length), 0);
    }
    return total;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#opened) this.libc.close(fd);
    this.#opened.clear();
  }
}
