/**
 * The acts of a transfer by awaiting: one chain of awaits per data connection, beside the one that
 * reads commands. No decision is made here: what comes next is the machine's to say
 * (driver/transfer.ts).
 *
 * @module
 */

import { type Address, unreachable } from "../../server/mod.ts";
import type { Transfer } from "../driver/transfer.ts";
import type { FileSlot } from "../files/contract.ts";
import { closeQuietly } from "./closing.ts";
import { isOfTheSystem, reasonOf } from "./listen.ts";
import { addressOf, type AsyncPassive } from "./passive.ts";
import { BLOCKS_BETWEEN_LOOKS } from "./sharing.ts";

/** What one step of a listing costs in blocks: each of its entries is looked at several times. */
const BLOCKS_PER_LISTING_STEP = BLOCKS_BETWEEN_LOOKS;

/** What a data connection uses of its connection and worker. */
export interface RuntimeTools {
  /** The file slot. */
  readonly slot: FileSlot;
  /** Milliseconds since the epoch. */
  now(): number;
  /** A call of the runtime. */
  count(call: "connect" | "read" | "write"): void;
  /** Octets went over the data connection, through a buffer. */
  moved(way: "octetsIn" | "octetsOut", octets: number): void;
  /** The passive slot's socket. */
  passive(): AsyncPassive | undefined;
  /**
   * `blocks` are about to be moved: others have their turn when it is due, since awaits that end
   * at once give them none. What one block holds is moved without that.
   */
  breathe(blocks: number): Promise<void> | undefined;
  /** Resolves when others have had their turn, and who is not accepted yet. */
  look(): Promise<void>;
  /** Whether the control connection is alive, as far as the runtime has heard. */
  controlAlive(): Promise<boolean>;
  /** An act was carried out. */
  advanced(): void;
  /** An act threw what only a bug can cause: the connection is to end, and nothing else. */
  crashed(error: unknown): void;
}

/** One data connection, from nothing to its close. */
export class RuntimeConnection {
  #conn: Deno.TcpConn | undefined;
  /** Reads that gave nothing to send. */
  #barren = 0;
  #running = false;
  /** A call of the runtime is under way that reads to the transfer's buffer, or writes from it. */
  #moving = false;
  /** Takes back the connect(2) that is under way. */
  #connecting: AbortController | undefined;
  /** Settled when the transfer is ended from outside: nothing is awaited for it any more. */
  readonly #ended = Promise.withResolvers<undefined>();

  constructor(readonly tools: RuntimeTools, readonly transfer: Transfer) {}

  /**
   * Whether the transfer's buffer is in use by a call of the runtime that has not ended. Once the
   * transfer is over nobody waits for it.
   */
  get usesBuffer(): boolean {
    return this.#moving;
  }

  /** Carries acts out until the transfer holds or is over; an ended one is closed at once. */
  pursue(): void {
    if (this.transfer.act === "close") this.#close();
    else if (!this.#running) this.#run();
  }

  async #run(): Promise<void> {
    const { transfer } = this;
    this.#running = true;
    while (transfer.act !== "over" && transfer.act !== "hold") {
      try {
        await this.#carryOut();
      } catch (error) {
        this.#moving = false;
        if (!isOfTheSystem(error)) return this.tools.crashed(error);
        transfer.socketFailed(reasonOf(error));
        if (transfer.act === "close") this.#close();
      }
    }
    this.#running = false;
    if (transfer.act === "hold") this.tools.advanced();
  }

  /** One act. */
  async #carryOut(): Promise<void> {
    const { transfer, tools } = this;
    const { act } = transfer;
    switch (act) {
      case "accept":
        return await this.#take(tools.passive()!.take());
      case "connect": {
        const { host, port } = transfer.route as Address;
        tools.count("connect");
        const { signal } = this.#connecting = new AbortController();
        return await this.#take(Deno.connect({ hostname: host, port, signal }));
      }
      case "read":
        if (transfer.octets >= transfer.buffer.length) await tools.breathe(1);
        else if (tools.slot.length === undefined) await tools.breathe(BLOCKS_PER_LISTING_STEP);
        if (transfer.act !== "read") return;
        tools.slot.read(transfer.buffer, transfer);
        // Without a write nothing ever waits for the client, which may be the only one as yet.
        if (transfer.act === "read" && ++this.#barren % BLOCKS_BETWEEN_LOOKS === 0) {
          await tools.look();
        }
        return;
      case "send": {
        tools.count("write");
        this.#moving = true;
        const sent = await this.#conn!.write(transfer.chunk);
        this.#moving = false;
        tools.moved("octetsOut", sent);
        return transfer.sent(sent, tools.now());
      }
      case "receive": {
        tools.count("read");
        this.#moving = true;
        const count = await this.#conn!.read(transfer.buffer) ?? 0;
        this.#moving = false;
        tools.moved("octetsIn", count);
        return transfer.received(count, tools.now());
      }
      case "write":
        if (transfer.octets > transfer.buffer.length) await tools.breathe(1);
        if (transfer.act !== "write") return;
        return tools.slot.write(transfer.chunk, transfer);
      case "look":
        return transfer.controlSeen(await tools.controlAlive());
      case "close":
        return this.#close();
      case "move":
        throw new Error("Cannot let the kernel move octets between the runtime's files");
      case "hold":
      case "over":
        return;
      default:
        return unreachable(act);
    }
  }

  /** Waits for a connection, but not longer than the transfer does. */
  async #take(coming: Promise<Deno.TcpConn>): Promise<void> {
    const { transfer, tools } = this;
    const conn = await Promise.race([coming, this.#ended.promise]);
    this.#connecting = undefined;
    if (conn === undefined || transfer.act !== "accept" && transfer.act !== "connect") {
      coming.then(closeQuietly, () => {}); // it comes too late
      return;
    }
    this.#conn = conn;
    if (transfer.route === "passive") {
      if (!transfer.accepted(addressOf(conn.remoteAddr).host, tools.now())) closeQuietly(conn);
      tools.advanced(); // what it may take from now on may end earlier than the wait for it
    } else {
      transfer.madeConnection(tools.now());
    }
  }

  #close(): void {
    closeQuietly(this.#conn);
    this.#conn = undefined;
    this.#ended.resolve(undefined);
    this.#connecting?.abort(); // else its descriptor stays for as long as the kernel tries
    this.transfer.closed();
    this.tools.advanced();
  }
}
