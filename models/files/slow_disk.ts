/**
 * A store that is slow now and then, for experiments: files on a developer's machine come from the
 * page cache, where no read ever waits, and so nobody sees what a slow one does to each model.
 *
 * One for each worker, around its store. Of n blocks that are read of files one is given `ms`
 * later, not always the same one of them: else clients that go round together have always as many
 * late ones in a round. The thread stands still for so long, as it would in read(2): in every model
 * it reads by itself then. Listings are as fast as ever. Its slots have no descriptor: sendfile(2)
 * would read past it, and so would the ring, which otherwise reads without the thread.
 *
 * @module
 */

import type { Completion, FileOperation } from "../../server/mod.ts";
import type { Counting, DiskDelay } from "../model.ts";
import type { FileSlot, FileStore, SlotClient } from "./contract.ts";

/** Has the thread stand still for `ms` milliseconds. */
export type Wait = (ms: number) => void;

/** By which the place of the late one moves from n blocks to the next: even, and never periodic. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** `store`, slowed down by `delay` when there is one; reads that wait are counted. */
export function slowStore(
  store: FileStore,
  delay: DiskDelay | undefined,
  counters: Counting,
  wait: Wait,
): FileStore {
  return delay === undefined ? store : new SlowStore(store, delay, counters, wait);
}

class SlowStore implements FileStore {
  readonly can: FileStore["can"];
  #reads = 0;

  constructor(
    readonly store: FileStore,
    readonly delay: DiskDelay,
    readonly counters: Counting,
    readonly wait: Wait,
  ) {
    this.can = store.can;
  }

  slot(): FileSlot {
    return new SlowSlot(this.store.slot(), this);
  }

  sweep(days: number, now: number): ReturnType<FileStore["sweep"]> {
    return this.store.sweep(days, now);
  }

  close(): void {
    this.store.close();
  }

  /** A block is about to be read. */
  turn(): void {
    const { every } = this.delay;
    const place = this.#reads % every;
    const round = (this.#reads - place) / every;
    this.#reads += 1;
    if (place !== every - 1 - Math.floor(round * GOLDEN % 1 * every)) return;
    this.counters.add("delayedReads", 1);
    this.wait(this.delay.ms);
  }
}

class SlowSlot implements FileSlot {
  readonly descriptor = undefined;

  constructor(readonly slot: FileSlot, readonly store: SlowStore) {}

  get length(): number | undefined {
    return this.slot.length;
  }

  perform(operation: FileOperation, complete: (completion: Completion) => void): void {
    if (operation.do === "read" && this.slot.length !== undefined) this.store.turn();
    this.slot.perform(operation, complete);
  }

  read(buffer: Uint8Array<ArrayBuffer>, client: SlotClient): void {
    if (this.slot.length !== undefined) this.store.turn();
    this.slot.read(buffer, client);
  }

  write(octets: Uint8Array<ArrayBuffer>, client: SlotClient): void {
    this.slot.write(octets, client);
  }

  failureOf(errno: number): ReturnType<FileSlot["failureOf"]> {
    return this.slot.failureOf(errno);
  }

  close(): void {
    this.slot.close();
  }
}
