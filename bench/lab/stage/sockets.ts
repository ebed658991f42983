/**
 * Raw sockets for experiments on the kernel's own calls: listeners, connections and pairs over
 * loopback, as descriptors. Whoever makes them disposes of all of them by `using`.
 *
 * @module
 */

import {
  EINTR,
  POLLIN,
  SO_RCVTIMEO,
  SO_REUSEADDR,
  SO_SNDTIMEO,
  SOL_SOCKET,
} from "../../../models/libc/constants.ts";
import { CALL_NAMES, type CallName, errorText, Libc } from "../../../models/libc/mod.ts";
import { POLLFD_BYTES } from "../../../models/libc/structs.ts";
import { LessonError } from "../lesson.ts";
import { HOST } from "./serving.ts";

/** More than any experiment leaves unaccepted. */
const BACKLOG = 1024;

/** How long a call on a connection may wait, milliseconds: connect, send, receive or poll. */
const PATIENCE_MS = 5_000;

/** How often a call is begun again that something else has ended. */
const CALLS_MAX = 10;

/** A socket that listens. */
export interface Listener {
  /** Its descriptor. */
  readonly fd: number;
  /** Its port on HOST. */
  readonly port: number;
}

/**
 * Makes `call` again while a signal or the news of a ring ends it: of a socket with a time-out the
 * kernel does not do that by itself (signal(7)). A connect(2) that was ended goes on, and the next
 * one waits for the same connection (connect(2), EINTR).
 *
 * @returns what the last call did.
 */
export function begunAgain(call: () => number): number {
  let result = -EINTR;
  for (let calls = 0; result === -EINTR && calls < CALLS_MAX; calls++) result = call();
  return result;
}

/** Descriptors, each closed at the end. */
export class Sockets implements Disposable {
  readonly #owned = new Set<number>();

  constructor(readonly libc: Libc = new Libc()) {}

  /**
   * Takes the result of a call that makes a descriptor, to close it in the end.
   *
   * @throws {LessonError} when the call failed (`fd` is -errno).
   */
  own(fd: number): number {
    if (fd < 0) throw new LessonError(`Cannot make a descriptor: ${errorText(-fd)}`);
    this.#owned.add(fd);
    return fd;
  }

  /** Closes `fd` now. */
  close(fd: number): void {
    if (this.#owned.delete(fd)) this.libc.close(fd);
  }

  /** Listens on a free port; `flags` may be SOCK_NONBLOCK, for accept(2). */
  listen(flags = 0, backlog = BACKLOG): Listener {
    const fd = this.own(this.libc.socket(4, flags));
    this.#check(this.libc.setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    this.#check(this.libc.bind(fd, { family: 4, host: HOST, port: 0 }));
    this.#check(this.libc.listen(fd, backlog));
    return { fd, port: this.libc.localAddress(fd).port };
  }

  /**
   * Connects to a port on HOST: over loopback that takes no accept(2) on the other side. No call on
   * the new socket waits for longer than PATIENCE_MS.
   */
  connect(port: number): number {
    const fd = this.#impatient(this.own(this.libc.socket(4, 0)));
    this.#check(begunAgain(() => this.libc.connect(fd, { family: 4, host: HOST, port })));
    return fd;
  }

  /**
   * Two ends of one TCP connection; the second, the server's, has `flags` (SOCK_NONBLOCK). No call
   * on either waits for longer than PATIENCE_MS.
   */
  pair(flags = 0): [client: number, server: number] {
    const listener = this.listen();
    const client = this.connect(listener.port);
    const server = this.#impatient(this.own(this.libc.accept(listener.fd, flags)));
    this.close(listener.fd);
    return [client, server];
  }

  /** recv(2) of up to `buffer.length` octets, {@link begunAgain} where it waits. */
  receive(fd: number, buffer: Uint8Array<ArrayBuffer>, flags = 0): number {
    return begunAgain(() => this.libc.recv(fd, buffer, BigInt(buffer.length), flags));
  }

  /**
   * Waits until `fd` is ready for one of `events` (poll(2)): what goes over loopback has mostly come
   * when send(2) or connect(2) returns, not always. False when nothing came in PATIENCE_MS.
   */
  awaitInput(fd: number, events: number = POLLIN): boolean {
    const entry = new DataView(new ArrayBuffer(POLLFD_BYTES));
    entry.setInt32(0, fd, true);
    entry.setInt16(4, events, true);
    return begunAgain(() => this.libc.poll(new Uint8Array(entry.buffer), 1n, PATIENCE_MS)) > 0;
  }

  /** A pipe: the descriptor to read from and the one to write to. */
  pipe(): { from: number; to: number } {
    const ends = this.libc.pipe();
    if (typeof ends === "number") throw new LessonError(`Cannot make a pipe: ${errorText(-ends)}`);
    return { from: this.own(ends[0]), to: this.own(ends[1]) };
  }

  /** How often `call` was made through `libc`. */
  count(call: CallName): number {
    return this.libc.calls[CALL_NAMES.indexOf(call)]!;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#owned) this.libc.close(fd);
    this.#owned.clear();
  }

  /** `fd`, on which a call that waits for too long says EAGAIN, or EINPROGRESS (socket(7)). */
  #impatient(fd: number): number {
    for (const name of [SO_SNDTIMEO, SO_RCVTIMEO]) {
      this.#check(this.libc.setTimeout(fd, name, PATIENCE_MS));
    }
    return fd;
  }

  #check(result: number): void {
    if (result < 0) throw new LessonError(`Cannot make a socket: ${errorText(-result)}`);
  }
}
