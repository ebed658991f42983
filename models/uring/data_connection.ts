/**
 * A data connection over the ring. Accepting, small files either way and the close are operations
 * of the kernel's; all else is carried out by calls that do not wait, and where one would have to,
 * the ring says when it need not any more. Large files are moved by sendfile(2) and splice(2), as in
 * the other models: a splice of the ring's is always handed to a thread.
 *
 * An operation keeps the socket open whoever closes its descriptor, and uses its memory: what is
 * not wanted any more is cancelled first, and the close waits until that has completed.
 *
 * @module
 */

import { type Address, unreachable } from "../../server/mod.ts";
import type { Transfer } from "../driver/transfer.ts";
import type { FileSlot, SlotClient } from "../files/contract.ts";
import type { Channel } from "../kernel/channel.ts";
import { KernelConnection, type KernelTools, waitsToRead } from "../kernel/data_connection.ts";
import { isAcceptRetry, type PassiveDescriptor } from "../kernel/sockets.ts";
import * as c from "../libc/constants.ts";
import { errorText } from "../libc/mod.ts";
import { SOCKADDR_IN6_BYTES } from "../libc/structs.ts";
import type { Completing, Operation, RingLoop } from "./loop.ts";
import type { Piece, RingMemory } from "./memory.ts";
import { SmallFile } from "./small_file.ts";

/** What the data connections of one ring share. */
export interface RingTools extends KernelTools {
  /** Where they wait. */
  readonly loop: RingLoop;
  /** For a peer's address while an accept is under way: ADDRESS_BYTES each, without limit. */
  readonly addressMemory: RingMemory;
  /** For octets under way; who finds none goes by calls. */
  readonly dataMemory: RingMemory;
}

/** A sockaddr, and its length behind it. */
export const ADDRESS_BYTES = SOCKADDR_IN6_BYTES + 4;

/** What the main operation does. */
type Doing = "wait" | "accept" | "send" | "receive" | "close";

/** One data connection, from nothing to its close. */
export class RingConnection extends KernelConnection {
  readonly #loop: RingLoop;
  /** One act, or the wait for one. */
  readonly #main: Operation;
  readonly #file: SmallFile;
  #doing: Doing = "wait";
  /** For an address, or for what comes. */
  #piece: Piece | undefined;
  /** Much comes, or the file has to be waited for: the kernel moves it by itself. */
  #bulk = false;

  constructor(
    override readonly tools: RingTools,
    readonly transfer: Transfer,
    slot: FileSlot,
    local: Address,
    control: Channel,
    listener: PassiveDescriptor | undefined,
    owner: Completing,
  ) {
    super(tools, slot, local, control, listener);
    this.#loop = tools.loop;
    const operation = () => tools.loop.operation(owner);
    this.#main = operation();
    this.#file = new SmallFile(tools.loop, tools.dataMemory, operation(), operation());
  }

  /** Carries out acts worth `budget`, then waits for what the next one needs; whether it is over. */
  advance(budget: number): boolean {
    const { transfer } = this;
    if (!this.#idle) {
      if (transfer.act === "close") this.#loop.cancel(this.#main, this.#file.reading);
      return false;
    }
    this.turn(transfer, budget, this.#loop.now);
    if (transfer.act === "over") {
      this.#file.giveBack(true);
      this.#loop.release(this.#main, this.#file.reading, this.#file.closing);
      return true;
    }
    if (transfer.act === "hold" || !this.#idle) return false;
    const events = waitsToRead(transfer) ? c.POLLIN : c.POLLOUT;
    this.#loop.ring.poll(this.fd, events, this.#begin("wait"));
    return false;
  }

  /** An operation of its has completed; `advance` is to be called. */
  completed(operation: Operation, result: number): void {
    const { reading, closing } = this.#file;
    if (operation === reading) {
      this.#file.haveRead(result);
      this.#main.cancelled = false; // a send that begins only now was not found before
    } else if (operation === closing) {
      if (result !== -c.ECANCELED) this.#closed(); // that was not all
    } else {
      this.#answer(result, this.#loop.now);
    }
  }

  get #idle(): boolean {
    const { reading, closing } = this.#file;
    return !this.#main.underWay && !reading.underWay && !closing.underWay;
  }

  #begin(doing: Doing): number {
    this.#doing = doing;
    return this.#loop.begin(this.#main);
  }

  /** One act; false when it has to wait, for the ring or for a socket that is not ready. */
  protected override carryOut(transfer: Transfer, now: number): boolean {
    switch (transfer.act) {
      case "accept":
        return this.#accept();
      case "move":
        return transfer.effect!.direction === "send"
          ? this.#sendSmall(transfer) && super.carryOut(transfer, now)
          : this.#receiveSmall() && super.carryOut(transfer, now);
      case "close":
        if (this.channel === undefined) return super.carryOut(transfer, now);
        this.#loop.ring.closeDescriptor(this.channel.fd, this.#begin("close"));
        return false;
      default:
        return super.carryOut(transfer, now);
    }
  }

  /** What the main operation did. */
  #answer(result: number, now: number): void {
    switch (this.#doing) {
      case "wait":
        return;
      case "accept":
        return this.#accepted(result, now);
      case "send":
        return this.#sent(result, now);
      case "receive":
        return this.#received(result, now);
      case "close":
        return this.#closed();
      default:
        unreachable(this.#doing);
    }
  }

  // --- accept ---

  #accept(): boolean {
    const { addressMemory, socketFlags } = this.tools;
    const piece = this.#piece = addressMemory.take()!;
    piece.octets.fill(0);
    piece.octets[SOCKADDR_IN6_BYTES] = SOCKADDR_IN6_BYTES;
    this.#loop.ring.accept(this.listener!.fd, piece.address, socketFlags, this.#begin("accept"));
    return false;
  }

  #accepted(result: number, now: number): void {
    const { kernel, addressMemory } = this.tools;
    const { transfer } = this;
    const { host } = kernel.decodeAddress(this.#piece!.octets);
    addressMemory.give(this.#piece!);
    this.#piece = undefined;
    if (result < 0) {
      if (!isAcceptRetry(result)) transfer.socketFailed(errorText(-result));
    } else if (!transfer.accepted(host, now)) kernel.close(result);
    else this.adopt(transfer, result);
  }

  // --- what goes ---

  /** Lets the ring send all that is left, if it fits; true: it does not. */
  #sendSmall(transfer: Transfer): boolean {
    if (this.#bulk) return true;
    const { fd } = this.channel!;
    if (this.#file.pending) {
      this.#file.goOn(fd, this.#begin("send"));
      return false;
    }
    const length = transfer.moveMax(this.tools.dataMemory.bytes + 1);
    return !this.#file.begin(this.slot.descriptor!, fd, length, () => this.#begin("send"));
  }

  #sent(result: number, now: number): void {
    const { transfer } = this;
    const sent = this.#file.sent(result);
    switch (sent.kind) {
      case "moved":
        this.count("octetsOut", sent.octets, sent.octets);
        transfer.moved(sent.octets, now);
        break;
      case "fileFailed":
        this.fileFailed(transfer, sent.errno);
        break;
      case "socketFailed":
        this.failed(transfer, sent.error);
        break;
      case "again":
      case "unread":
        this.#bulk = sent.kind === "unread";
        break;
      default:
        unreachable(sent);
    }
    this.#file.giveBack(transfer.act !== "move");
  }

  #closed(): void {
    this.channel = undefined;
    this.transfer.closed();
  }

  // --- what comes ---

  /** Receives what fits into a piece of memory; true: the kernel moves it by itself. */
  #receiveSmall(): boolean {
    if (this.#bulk) return true;
    const { dataMemory } = this.tools;
    const piece = this.#piece = dataMemory.take();
    if (piece === undefined) return true;
    this.#loop.ring.recv(this.channel!.fd, piece.address, dataMemory.bytes, this.#begin("receive"));
    return false;
  }

  #received(result: number, now: number): void {
    const { transfer } = this;
    const { dataMemory } = this.tools;
    const piece = this.#piece!;
    this.#piece = undefined;
    if (result > 0) {
      this.#bulk = result === dataMemory.bytes;
      this.count("octetsIn", result, result);
      const client: SlotClient = {
        filled() {},
        written: () => transfer.moved(result, now),
        fileFailed: (failure, detail) => transfer.fileFailed(failure, detail),
      };
      this.slot.write(piece.octets.subarray(0, result), client);
    } else if (result === 0) transfer.moved(0, now);
    else this.failed(transfer, result);
    dataMemory.give(piece);
  }
}
