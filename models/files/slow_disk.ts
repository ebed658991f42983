/**
 * A store that is slow now and then, for experiments: files on a developer's machine come from the
 * page cache, where no read ever waits, and so nobody sees what a slow one does to each model.
 *
 * One for each worker, around its store. Every n-th block that is read of a file is given `ms`
 * later; how to wait for so long is the model's affair: a thread that reads by itself sleeps, as
 * it would in read(2), a loop that awaits sets a timer. Listings are as fast as ever. Its slots
 * have no descriptor: sendfile(2) would read past it.
 *
 * @module
 */

import type { Completion, FileOperation } from "../../server/mod.ts";
import type { FileSlot, FileStore, SlotClient } from "./contract.ts";

/** Which blocks are slow, and by how much. */
export interface Delay {
  /** How much longer one takes, milliseconds. */
  readonly ms: number;
  /** One block in so many. */
  readonly every: number;
}

/** Calls `then` after `ms` milliseconds, before it returns or later. */
export type Wait = (ms: number, then: () => void) => void;

/** A store whose reads wait. */
export class SlowStore implements FileStore {
  /** See FileStore. */
  readonly can: FileStore["can"];
  #reads = 0;

  /**
   * @param store what it reads from; closed with this
   * @param wait how the model waits
   * @param counted called for each read that waits
   */
  constructor(
    readonly store: FileStore,
    readonly delay: Delay,
    readonly wait: Wait,
    readonly counted: () => void,
  ) {
    this.can = store.can;
  }

  /** See FileStore. */
  slot(): FileSlot {
    return new SlowSlot(this.store.slot(), this);
  }

  /** See FileStore. */
  sweep(days: number, now: number): ReturnType<FileStore["sweep"]> {
    return this.store.sweep(days, now);
  }

  /** See FileStore. */
  close(): void {
    this.store.close();
  }

  /** A block is read: `then` is called when it is there. */
  read(then: () => void): void {
    this.#reads += 1;
    if (this.#reads % this.delay.every !== 0) return then();
    this.counted();
    this.wait(this.delay.ms, then);
  }
}

class SlowSlot implements FileSlot {
  readonly descriptor = undefined;
  /** What is open: a read that waits for another one is answered no more. */
  #opened = 0;

  constructor(readonly slot: FileSlot, readonly store: SlowStore) {}

  get length(): number | undefined {
    return this.slot.length;
  }

  perform(operation: FileOperation, complete: (completion: Completion) => void): void {
    if (operation.do === "read" && this.slot.length !== undefined) {
      return this.#later(() => this.slot.perform(operation, complete), () => {
        complete({ kind: "failed", failure: "io", detail: "closed while it was read" });
      });
    }
    if (/^(?:open|close|commit)/.test(operation.do)) this.#opened++;
    this.slot.perform(operation, complete);
  }

  read(buffer: Uint8Array<ArrayBuffer>, client: SlotClient): void {
    if (this.slot.length === undefined) return this.slot.read(buffer, client);
    this.#later(
      () => this.slot.read(buffer, client),
      () => client.fileFailed("io", "closed while it was read"),
    );
  }

  write(octets: Uint8Array<ArrayBuffer>, client: SlotClient): void {
    this.slot.write(octets, client);
  }

  failureOf(errno: number): ReturnType<FileSlot["failureOf"]> {
    return this.slot.failureOf(errno);
  }

  close(): void {
    this.#opened++;
    this.slot.close();
  }

  /** Reads when the disk has come round, if the same file is open then. */
  #later(read: () => void, closed: () => void): void {
    const opened = this.#opened;
    this.store.read(() => opened === this.#opened ? read() : closed());
  }
}
