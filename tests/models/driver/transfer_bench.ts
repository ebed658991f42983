/**
 * A wire without sockets or files for the transfer machine: its acts are carried out on two arrays,
 * cut as a test says. The transfer's tests use it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Act, type StartTransfer, Transfer } from "../../../models/driver/transfer.ts";
import { BULK_BYTES } from "../../../models/limits.ts";
import type { Completion, LineConversion } from "../../../server/mod.ts";

/** The host whose connections are taken. */
export const CLIENT = "192.0.2.1";
/** Where an active data connection goes. */
export const ADDRESS = { family: 4, host: CLIENT, port: 4_000 } as const;
/** How long one may stand still, and how long it may take to be made. */
export const STALL_MS = 700, CONNECT_MS = 300;

type Direction = StartTransfer["direction"];

/** The effect that starts it. */
export function effectOf(direction: Direction, lines?: LineConversion): StartTransfer {
  return {
    kind: "startTransfer",
    id: 1,
    direction,
    user: "writer",
    path: "/a",
    ...(lines === undefined ? {} : { lines }),
    connectTimeoutMs: CONNECT_MS,
    stallTimeoutMs: STALL_MS,
  };
}

/** How many octets each call moves, in turn. */
export const CHUNKINGS: Readonly<Record<string, readonly number[]>> = {
  "whole": [BULK_BYTES],
  "byte by byte": [1],
  "uneven": [1, 7, 2, 4_096, 3],
};

/** What a machine is run with; what is not said is as usual. */
export interface Plan {
  readonly direction: Direction;
  readonly route?: "passive" | "active";
  readonly direct?: boolean;
  readonly lines?: LineConversion;
  /** The file of a download, or what the peer sends of an upload. */
  readonly source: string;
  /** Octets that were announced, where they are not those of `source`; null: not known. */
  readonly length?: number | null;
  readonly chunks?: readonly number[];
  /** The file answers 0 octets before each read that gives some. */
  readonly hesitates?: boolean;
  /** Others have their turn before each send and each write. */
  readonly parks?: boolean;
}

/** A wire without sockets or files: acts are carried out on two arrays. */
export class Bench {
  readonly transfer: Transfer;
  /** Each act as it was named; the same one in a row stands once. */
  readonly acts: Act[] = [];
  /** Octets at the other end: of the connection, or in the file. */
  readonly arrived: number[] = [];
  /** What a look at the control connection finds. */
  alive = true;
  /** What is heard last of a client that has closed is QUIT. */
  leaving = false;
  /** The time of all answers. */
  now = 1_000;
  readonly #source: Uint8Array;
  readonly #chunks: readonly number[];
  #at = 0;
  #turn = 0;
  #hesitated = false;

  constructor(readonly plan: Plan) {
    const { direction, route = "passive", length, direct = false } = plan;
    this.#source = new TextEncoder().encode(plan.source);
    this.#chunks = plan.chunks ?? CHUNKINGS["whole"]!;
    const from = route === "passive" ? "passive" : ADDRESS;
    this.transfer = new Transfer(from, CLIENT, this.now + CONNECT_MS);
    const known = direction === "send" && length !== null;
    const start = () =>
      this.transfer.start(effectOf(direction, plan.lines), {
        length: known ? length ?? this.#source.length : undefined,
        direct,
        buffer: new Uint8Array(BULK_BYTES),
      }, this.now);
    if (route === "active") {
      this.step();
      assertEquals([this.transfer.act, this.transfer.deadline], ["hold", Infinity]);
    }
    start();
  }

  /** Carries acts out until one is `act`. */
  until(act: Act): this {
    for (let steps = 0; this.transfer.act !== act; steps++) {
      assert(steps < 1e6, `The machine never comes to "${act}"`);
      assert(this.transfer.act !== "over", `The machine is over without "${act}"`);
      this.step();
    }
    return this;
  }

  /** Carries acts out to the end. */
  run(): Completion {
    return this.until("over").transfer.completion!;
  }

  /** What arrived, as text. */
  get text(): string {
    return new TextDecoder().decode(Uint8Array.from(this.arrived));
  }

  /** One act. */
  step(): void {
    const { transfer, now } = this;
    if (this.acts.at(-1) !== transfer.act) this.acts.push(transfer.act);
    switch (transfer.act) {
      case "accept":
        return void transfer.accepted(CLIENT, now);
      case "connect":
        return transfer.madeConnection(now);
      case "hold":
        if (transfer.isUnheard) return transfer.heardOut(this.leaving);
        // The file of an upload has its name; before the start nobody releases.
        transfer.release({ kind: "done" });
        return assertEquals(transfer.act, "close");
      case "over":
        throw new Error(`Nothing is to be done while the act is "${transfer.act}"`);
      case "move": {
        const moved = this.#take(transfer.moveMax(BULK_BYTES));
        this.arrived.push(...moved);
        return transfer.moved(moved.length, now);
      }
      case "read":
        return this.#read();
      case "send": {
        this.#park();
        const count = Math.min(this.#chunk(), transfer.chunk.length);
        this.arrived.push(...transfer.chunk.subarray(0, count));
        return transfer.sent(count, now);
      }
      case "receive": {
        const came = this.#take(BULK_BYTES);
        transfer.buffer.set(came);
        return transfer.received(came.length, now);
      }
      case "write":
        this.#park();
        this.arrived.push(...transfer.chunk);
        return transfer.written();
      case "look":
        return transfer.controlSeen(this.alive);
      case "close":
        return transfer.closed();
    }
  }

  /** Others have their turn, and use what is shared. */
  #park(): void {
    if (!this.plan.parks) return;
    this.transfer.park();
    this.transfer.buffer.fill(0x2a);
  }

  #read(): void {
    const { transfer, plan } = this;
    if (plan.hesitates && !this.#hesitated) {
      this.#hesitated = true;
      return transfer.filled(0, false);
    }
    this.#hesitated = false;
    const octets = this.#take(BULK_BYTES);
    transfer.buffer.set(octets);
    transfer.filled(octets.length, this.#at === this.#source.length);
  }

  #take(most: number): Uint8Array {
    const taken = this.#source.subarray(this.#at, this.#at + Math.min(most, this.#chunk()));
    this.#at += taken.length;
    return taken;
  }

  #chunk(): number {
    return this.#chunks[this.#turn++ % this.#chunks.length]!;
  }
}

/** Some octets, and no period that a chunk is a multiple of. */
export const TEXT = Array.from({ length: 2_000 }, (_, index) => `line ${index * 7}\n`).join("");

/** The same with the line ends of the network. */
export const NETWORK_TEXT = TEXT.replaceAll("\n", "\r\n");

/** The two conversions of TYPE A. */
export const TO_NETWORK: LineConversion = { to: "network", skip: 0 };
export const TO_FILE: LineConversion = { to: "file", skip: 0 };
