/**
 * The data connection of one session: the port on loan for it, the transfer, and the answers that
 * the two owe. The driver carries the session's effects out by it; nothing here waits.
 *
 * The close of a transfer's file is answered after the data connection is closed: the answer lets
 * the session ask for the next one, and this one is over first.
 *
 * @module
 */

import type { Completion, Effect } from "../../server/mod.ts";
import { type PassivePool, PassiveSlot, type PassiveSocket } from "./passive.ts";
import type { Reports } from "./reports.ts";
import { type StartTransfer, Transfer, type TransferMeans } from "./transfer.ts";

/** The effect that makes a data connection to the peer. */
type ConnectData = Extract<Effect, { kind: "connectData" }>;

/** The answer to the effect of this id. */
export type EffectAnswer = readonly [id: number, completion: Completion];

/** Of most acts: a transfer answers twice at most. */
const NO_ANSWERS: readonly EffectAnswer[] = [];

/** From an effect of the session's to its answer. */
export class DataSlot<S extends PassiveSocket> {
  /** The passive slot. */
  readonly passive: PassiveSlot<S>;
  /** The transfer, from its first act to its last answer. */
  transfer: Transfer | undefined;
  /** The ask that the transfer answers next: connectData, then startTransfer. */
  #ask: number | undefined;
  /** The answer to the close of its file, which waits for that of the data connection. */
  #closing: EffectAnswer | undefined;

  /** @param host whose data connections are expected */
  constructor(pool: PassivePool<S>, readonly host: string, readonly reports: Reports) {
    this.passive = new PassiveSlot(pool, host);
  }

  /** Octets that went over the data connection that is there. */
  get octets(): number {
    return this.transfer?.octets ?? 0;
  }

  /** Takes a port on loan, in place of the one that is there; the answer. */
  openPassive(): Completion {
    const socket = this.passive.exchange();
    if (socket !== undefined) return { kind: "passive", port: socket.port };
    const detail = "no port is free for a data connection";
    const failed = { kind: "failed", failure: "noPort", detail } as const;
    this.reports.noRoute("openPassive", failed);
    return failed;
  }

  /** Begins a transfer that connects to the peer, and then holds. */
  connect({ id, address, timeoutMs }: ConnectData, now: number): void {
    this.#ask = id;
    this.transfer = new Transfer(address, this.host, now + timeoutMs);
  }

  /** Starts the transfer that is connected, else one that accepts. */
  start(effect: StartTransfer, means: TransferMeans, now: number): void {
    this.#ask = effect.id;
    this.transfer ??= new Transfer("passive", this.host, now + effect.connectTimeoutMs);
    this.transfer.start(effect, means, now);
  }

  /** Ends the transfer because the session says so. */
  abort(): void {
    this.transfer?.fail("aborted", "the transfer was aborted");
  }

  /**
   * The file of the transfer is closed, as `completion` answers the effect `id`: so may the data
   * connection be.
   *
   * @returns false: there is none, and the answer is the caller's to give
   */
  release(id: number, completion: Completion): boolean {
    if (this.transfer === undefined) return false;
    this.#closing = [id, completion];
    this.transfer.release(completion);
    return true;
  }

  /** A wire has carried out acts of the transfer: the answers that it then gives, in order. */
  advanced(now: number): readonly EffectAnswer[] {
    const { transfer } = this;
    if (transfer?.act !== "hold" && transfer?.act !== "over") return NO_ANSWERS;
    const ask = this.#ask;
    const answers: EffectAnswer[] = [];
    if (transfer.act === "over") {
      const closing = this.#closing;
      this.transfer = this.#ask = this.#closing = undefined;
      this.passive.giveBack();
      this.reports.transfer(transfer, now);
      if (ask !== undefined) answers.push([ask, transfer.completion!]);
      if (closing !== undefined) answers.push(closing);
    } else if (ask !== undefined && !transfer.isUnheard) {
      this.#ask = undefined;
      answers.push([ask, transfer.completion ?? { kind: "connected" }]);
    }
    return answers;
  }

  /**
   * Forgets the transfer of a connection that is given up.
   *
   * @returns false: the wire still works with what it has, the port among it
   */
  drop(): boolean {
    const isOver = (this.transfer?.act ?? "over") === "over";
    this.transfer = undefined;
    if (isOver) this.passive.giveBack();
    return isOver;
  }
}
