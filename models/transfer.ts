/**
 * One data connection of an FFI model: made, filled or emptied, closed, one step at a time.
 *
 * `step` makes one attempt and says what would have to come true before the next: a model decides
 * how to wait for it. The same steps run over blocking sockets, where a call waits by itself and
 * "wait" means that the socket's time-out has passed.
 *
 * @module
 */

import type { Address, Completion, Failure, Peer } from "../server/mod.ts";
import { filtered, type StartTransfer } from "./connection.ts";
import type { Counters } from "./counters.ts";
import type { Files } from "./files.ts";
import { BULK_BYTES } from "./limits.ts";
import * as c from "./libc/constants.ts";
import { errorText, type Libc } from "./libc/mod.ts";
import { FileFailure } from "./open_file.ts";
import type { SlowDisk } from "./slow_disk.ts";
import { activeSocket } from "./sockets.ts";
import type { UploadPipe } from "./upload_pipe.ts";

const BULK = BigInt(BULK_BYTES);
const PEEKED = new Uint8Array(1);

/** What a transfer uses of its worker; one set for all transfers of a thread. */
export interface TransferTools {
  readonly libc: Libc;
  readonly counters: Counters;
  /** BULK_BYTES long; holds nothing between two steps. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** The way of uploads into files; holds nothing between two steps, either. */
  readonly pipe: UploadPipe;
  /** SOCK_NONBLOCK, or 0 for a thread that blocks. */
  readonly socketFlags: number;
  /** Prepares a data socket; a reason refuses it. */
  adopt(fd: number): string | undefined;
  /** Slow reads, where there are any. */
  readonly disk: SlowDisk | undefined;
}

/** "more": go on at once. "wait": `waitFd` must be ready for `waitFor` first. */
export type Step = "more" | "wait" | "done";

/** Moves octets between the file slot and one data connection. */
export class Transfer {
  /** The data socket, or -1 before it is made and after it is closed. */
  fd = -1;
  octets = 0;
  waitFor: "read" | "write" = "read";
  /** When the wait has been too long, in the session's time. */
  deadline: number;
  /** Set by the last step. */
  completion: Completion | undefined;
  #connected = false;
  /** Converted or read octets that the socket did not take yet. */
  #rest: Uint8Array<ArrayBuffer> | undefined;
  #sourceEnded = false;
  /** A block was read that the socket did not take yet; only a slow disk asks. */
  #blockRead = false;

  /**
   * @param control the control connection's descriptor
   * @param listener the passive slot's descriptor, for the route "passive"
   */
  constructor(
    readonly tools: TransferTools,
    readonly files: Files,
    readonly control: number,
    readonly peer: Peer,
    readonly effect: StartTransfer,
    readonly listener: number,
    now: number,
  ) {
    this.deadline = now + effect.connectTimeoutMs;
  }

  /** The descriptor that "wait" is about. */
  get waitFd(): number {
    return this.fd < 0 ? this.listener : this.fd;
  }

  /** One attempt. After "done" the data socket is closed and `completion` is set. */
  step(now: number): Step {
    try {
      if (!this.#connected) return this.#connect(now);
      const before = this.octets;
      const step = this.effect.direction === "send" ? this.#send() : this.#receive();
      if (this.octets > before) this.deadline = now + this.effect.stallTimeoutMs;
      return step;
    } catch (error) {
      if (!(error instanceof FileFailure)) throw error;
      return this.fail(error.failure, error.message);
    }
  }

  /** Gives up, for example when the deadline has passed. */
  timeout(): Step {
    return this.#connected
      ? this.fail("stalled", "the data connection stood still")
      : this.fail("noConnection", "the data connection did not come in time");
  }

  /** Closes the data connection with a failure. */
  fail(failure: Failure, detail: string): Step {
    this.#close();
    this.completion = { kind: "failed", failure, detail };
    return "done";
  }

  #close(): void {
    if (this.fd >= 0) this.tools.libc.close(this.fd);
    this.fd = -1;
  }

  #wait(waitFor: "read" | "write"): Step {
    this.waitFor = waitFor;
    return "wait";
  }

  #connect(now: number): Step {
    const { route } = this.effect;
    const step = route === "passive" ? this.#accept() : this.#connectTo(route);
    if (this.#connected) this.deadline = now + this.effect.stallTimeoutMs;
    return step;
  }

  #accept(): Step {
    const { libc, socketFlags } = this.tools;
    const fd = libc.accept(this.listener, socketFlags);
    if (fd < 0) {
      if (fd === -c.EAGAIN) return this.#wait("read");
      if (fd === -c.ECONNABORTED || fd === -c.EINTR) return "more";
      return this.fail("noConnection", errorText(-fd));
    }
    if (libc.remoteAddress().host !== this.peer.remote.host) {
      libc.close(fd); // only the client itself may fetch or bring its data (RFC 2577 section 5)
      return "more";
    }
    return this.#adopt(fd);
  }

  #connectTo(address: Address): Step {
    const { libc, socketFlags } = this.tools;
    if (this.fd < 0) {
      const fd = activeSocket(libc, this.peer.local, socketFlags);
      if (fd < 0) return this.fail("noConnection", errorText(-fd));
      if (this.#adopt(fd) === "done") return "done";
      this.#connected = false;
    }
    const result = libc.connect(this.fd, address);
    if (result === 0) {
      this.#connected = true;
      return "more";
    }
    const pending = result === -c.EINPROGRESS || result === -c.EALREADY || result === -c.EINTR;
    return pending ? this.#wait("write") : this.fail("noConnection", errorText(-result));
  }

  #adopt(fd: number): Step {
    this.fd = fd;
    const refusal = this.tools.adopt(fd);
    if (refusal !== undefined) return this.fail("noConnection", refusal);
    this.#connected = true;
    this.waitFor = this.effect.direction === "send" ? "write" : "read";
    return "more";
  }

  #send(): Step {
    const { descriptor } = this.files;
    if (descriptor !== undefined && this.effect.filter === undefined) {
      this.#readBlock();
      return this.#sent(this.tools.libc.sendfile(this.fd, descriptor, BULK), 0);
    }
    this.#rest ??= this.#nextChunk();
    if (this.#rest === undefined) return this.#finish();
    const sent = this.tools.libc.send(this.fd, this.#rest, 0);
    if (sent > 0) this.#rest = sent < this.#rest.length ? this.#rest.slice(sent) : undefined;
    else this.#rest = this.#rest.slice(); // out of the shared buffer
    return this.#sent(sent, sent);
  }

  #sent(sent: number, copied: number): Step {
    if (sent === 0) return this.#finish();
    if (sent === -c.EAGAIN) return this.#wait("write");
    if (sent === -c.EINTR) return "more";
    if (sent < 0) return this.fail(socketFailure(sent), errorText(-sent));
    this.octets += sent;
    this.#blockRead = false;
    this.tools.counters.add("octetsOut", sent);
    this.tools.counters.add("octetsCopied", copied);
    // A file whose length is known needs no further call to learn of its end.
    const complete = this.effect.filter === undefined && this.octets === this.files.length;
    return complete ? this.#finish() : "more";
  }

  /** The thread waits for a slow disk, as it would in read(2) or sendfile(2) themselves. */
  #readBlock(): void {
    const { disk, libc } = this.tools;
    if (disk === undefined || this.#blockRead) return;
    this.#blockRead = true;
    const delayMs = disk.read();
    if (delayMs > 0) libc.sleep(delayMs);
  }

  /** What the source gives next, through the filter; undefined at its end. */
  #nextChunk(): Uint8Array<ArrayBuffer> | undefined {
    while (!this.#sourceEnded) {
      if (this.files.length !== undefined) this.#readBlock();
      const count = this.files.read(this.tools.buffer);
      this.#blockRead = false;
      this.#sourceEnded = count === 0;
      const octets = this.tools.buffer.subarray(0, count);
      const chunk = filtered(this.effect, octets, this.#sourceEnded);
      if (chunk.length > 0) return chunk;
    }
    return undefined;
  }

  #receive(): Step {
    const { pipe } = this.tools;
    const { descriptor } = this.files;
    if (descriptor !== undefined && this.effect.filter === undefined && pipe.usable) {
      return this.#received(pipe.move(this.fd, descriptor), 0);
    }
    const { libc, buffer } = this.tools;
    const count = libc.recv(this.fd, buffer, BULK, 0);
    if (count >= 0) {
      const chunk = filtered(this.effect, buffer.subarray(0, count), count === 0);
      if (chunk.length > 0) this.files.write(chunk);
    }
    return this.#received(count, count);
  }

  #received(count: number, copied: number): Step {
    if (count === 0) {
      return this.#clientHasGone() ? this.fail("reset", "the client has gone") : this.#finish();
    }
    if (count === -c.EAGAIN) return this.#wait("read");
    if (count === -c.EINTR) return "more";
    if (count < 0) return this.fail("reset", errorText(-count));
    this.octets += count;
    this.tools.counters.add("octetsIn", count);
    this.tools.counters.add("octetsCopied", copied);
    return "more";
  }

  /**
   * A client that is killed closes both connections: the end of its data is then not the end of
   * its file.
   */
  #clientHasGone(): boolean {
    const peeked = this.tools.libc.recv(this.control, PEEKED, 1n, c.MSG_PEEK | c.MSG_DONTWAIT);
    return peeked === 0 || (peeked < 0 && peeked !== -c.EAGAIN);
  }

  #finish(): Step {
    this.#close();
    this.completion = { kind: "transferred", octets: this.octets };
    return "done";
  }
}

/** EIO of sendfile(2) is the file's, everything else the connection's. */
function socketFailure(error: number): Failure {
  return error === -c.EIO ? "io" : "reset";
}
