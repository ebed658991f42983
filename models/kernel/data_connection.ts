/**
 * The acts of a transfer by calls of the kernel. Over non-blocking sockets a call that would wait
 * says so; over blocking ones it waits by itself, and "would wait" means that its time-out passed.
 *
 * No decision is made here: what comes next is the machine's to say (driver/transfer.ts).
 *
 * @module
 */

import { type Address, unreachable } from "../../server/mod.ts";
import type { Act, Transfer } from "../driver/transfer.ts";
import type { FileSlot } from "../files/contract.ts";
import * as c from "../libc/constants.ts";
import { errorText, type Kernel } from "../libc/mod.ts";
import { BULK_BYTES } from "../limits.ts";
import type { Counting } from "../model.ts";
import { type Channel, PlainChannel } from "./channel.ts";
import { activeSocket, isAcceptRetry, type PassiveDescriptor } from "./sockets.ts";
import type { UploadPipe } from "./upload_pipe.ts";

const BULK = BigInt(BULK_BYTES);

/** What the data connections of one thread share. */
export interface KernelTools {
  /** The calls. */
  readonly kernel: Kernel;
  /** Octets that went either way. */
  readonly counters: Counting;
  /** BULK_BYTES long; holds nothing between two turns. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** The way of uploads into files; holds nothing between two turns, either. */
  readonly pipe: UploadPipe;
  /** SOCK_NONBLOCK, or 0 for a thread that blocks. */
  readonly socketFlags: number;
  /**
   * How many octets one move from a file may have now: as the options say, else BULK_BYTES, or more
   * where few wait.
   */
  moveBytes(): number;
  /** Prepares a data socket; a reason refuses it. */
  adopt(fd: number): string | undefined;
}

/**
 * What sendfile(2) says of the file: its device, its server, its file system. Else the socket's:
 * ECONNABORTED, EHOSTDOWN and ETIMEDOUT, too, which file systems over a network also know.
 */
const OF_THE_FILE: ReadonlySet<number> = new Set([
  ...[c.EIO, c.EBUSY, c.EBADMSG, c.ESTALE, c.EUCLEAN],
  ...[c.ENXIO, c.ENODEV, c.ENOMEDIUM, c.ENOTCONN, c.EREMOTEIO],
]);

/** What one act costs of a turn: what moves a block and what only goes with it. */
const COST: Readonly<Record<Act, number>> = {
  accept: 1,
  connect: 1,
  hold: 0,
  move: 2,
  read: 1,
  send: 1,
  receive: 1,
  write: 1,
  look: 0,
  close: 0,
  over: 0,
};

/** One data connection, from nothing to its close. */
export class KernelConnection {
  /** The data connection, once it is there. */
  protected channel: Channel | undefined;

  /**
   * @param local the server's end of the control connection: where active connections come from
   * @param control looked at when an upload's data has ended
   */
  constructor(
    readonly tools: KernelTools,
    readonly slot: FileSlot,
    readonly local: Address,
    readonly control: Channel,
    readonly listener: PassiveDescriptor | undefined,
  ) {}

  /** The descriptor that the next act may have to wait for. */
  get fd(): number {
    return this.channel?.fd ?? this.listener?.fd ?? -1;
  }

  /**
   * Carries acts out until one would have to wait, `transfer` holds or is over, or `budget` is
   * used up.
   *
   * @returns whether an act has to wait
   */
  turn(transfer: Transfer, budget: number, now: number): boolean {
    let waits = false;
    for (let left = budget; !waits && transfer.act !== "over" && transfer.act !== "hold";) {
      left -= COST[transfer.act];
      if (left < 0) break;
      waits = !this.carryOut(transfer, now);
    }
    transfer.park();
    return waits;
  }

  /** One act, once; false when it would have to wait. */
  protected carryOut(transfer: Transfer, now: number): boolean {
    const { act } = transfer;
    switch (act) {
      case "accept":
        return this.#accept(transfer, now);
      case "connect":
        return this.#connect(transfer, now);
      case "move":
        return transfer.effect!.direction === "send"
          ? this.#sendFile(transfer, now)
          : this.#receiveFile(transfer, now);
      case "read":
        this.slot.read(transfer.buffer, transfer);
        return true;
      case "send":
        return this.#send(transfer, now);
      case "receive":
        return this.#receive(transfer, now);
      case "write":
        this.slot.write(transfer.chunk, transfer);
        return true;
      case "look":
        transfer.controlSeen(this.control.alive());
        return true;
      case "close":
        this.channel?.close();
        this.channel = undefined;
        transfer.closed();
        return true;
      case "hold":
      case "over":
        return false;
      default:
        return unreachable(act);
    }
  }

  #accept(transfer: Transfer, now: number): boolean {
    const { kernel, socketFlags } = this.tools;
    const fd = kernel.accept(this.listener!.fd, socketFlags);
    if (fd < 0) {
      if (fd === -c.EAGAIN) return false;
      if (!isAcceptRetry(fd)) transfer.socketFailed(errorText(-fd));
      return true;
    }
    if (!transfer.accepted(kernel.remoteAddress().host, now)) kernel.close(fd);
    else this.adopt(transfer, fd);
    return true;
  }

  #connect(transfer: Transfer, now: number): boolean {
    const { kernel, socketFlags } = this.tools;
    if (this.channel === undefined) {
      const fd = activeSocket(kernel, this.local, socketFlags);
      if (fd < 0) transfer.socketFailed(errorText(-fd));
      else this.adopt(transfer, fd);
      return true;
    }
    const result = kernel.connect(this.channel.fd, transfer.route as Address);
    if (result === 0) transfer.madeConnection(now);
    else if (result === -c.EINPROGRESS || result === -c.EALREADY) return false;
    else if (result !== -c.EINTR) transfer.socketFailed(errorText(-result));
    return true;
  }

  /** Takes `fd`, which is connected or will be. */
  protected adopt(transfer: Transfer, fd: number): void {
    this.channel = new PlainChannel(this.tools.kernel, fd);
    const refusal = this.tools.adopt(fd);
    if (refusal !== undefined) transfer.fail("noConnection", refusal);
  }

  #sendFile(transfer: Transfer, now: number): boolean {
    const length = BigInt(transfer.moveMax(this.tools.moveBytes()));
    const count = this.channel!.sendFile(this.slot.descriptor!, length);
    if ((count === -c.EINVAL || count === -c.EBUSY) && transfer.octets === 0) {
      transfer.immovable(); // not every file can be moved from (sendfile(2)), or not now
      return true;
    }
    if (count < 0) {
      return OF_THE_FILE.has(-count)
        ? this.fileFailed(transfer, -count)
        : this.failed(transfer, count);
    }
    this.count("octetsOut", count, 0);
    transfer.moved(count, now);
    return true;
  }

  #receiveFile(transfer: Transfer, now: number): boolean {
    const { pipe } = this.tools;
    const count = pipe.move(this.channel!.fd, this.slot.descriptor!);
    if (pipe.fileErrno !== 0) return this.fileFailed(transfer, pipe.fileErrno);
    if (count < 0) return this.failed(transfer, count);
    this.count("octetsIn", count, 0);
    transfer.moved(count, now);
    return true;
  }

  #send(transfer: Transfer, now: number): boolean {
    const count = this.channel!.send(transfer.chunk, transfer.chunk.length);
    if (count < 0) return this.failed(transfer, count);
    this.count("octetsOut", count, count);
    transfer.sent(count, now);
    return true;
  }

  #receive(transfer: Transfer, now: number): boolean {
    const count = this.channel!.receive(transfer.buffer, BULK);
    if (count < 0) return this.failed(transfer, count);
    this.count("octetsIn", count, count);
    transfer.received(count, now);
    return true;
  }

  /** A call on the data connection failed: only EAGAIN means that it would have to wait. */
  protected failed(transfer: Transfer, error: number): boolean {
    if (error === -c.EAGAIN) return false;
    if (error !== -c.EINTR) transfer.socketFailed(errorText(-error));
    return true;
  }

  /** The file did not take or give octets, as `errno` says. */
  protected fileFailed(transfer: Transfer, errno: number): boolean {
    const { failure, detail } = this.slot.failureOf(errno === c.EAGAIN ? c.EBUSY : errno);
    transfer.fileFailed(failure, detail);
    return true;
  }

  /** Octets went one way or the other, `copied` of them through a buffer. */
  protected count(way: "octetsIn" | "octetsOut", octets: number, copied: number): void {
    this.tools.counters.add(way, octets);
    if (copied > 0) this.tools.counters.add("octetsCopied", copied);
  }
}

/** Whether the next act of `transfer` waits for its descriptor to be readable; else writable. */
export function waitsToRead(transfer: Transfer): boolean {
  return transfer.act === "accept" || transfer.act === "receive" ||
    (transfer.act === "move" && transfer.effect!.direction === "receive");
}
