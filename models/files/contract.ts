/**
 * The contract of a file store: the tree that is served, and what one connection has open of it.
 *
 * A driver performs a session's file operations on a slot, a transfer moves octets through it. The
 * answer to everything comes by a call. What `perform` asks may be answered later; `read` and
 * `write` answer before they return, which is what lets transfers of a thread share a buffer.
 * Implementations are disk.ts (by descriptor), runtime.ts (Deno) and memory.ts; one suite holds all
 * of them to this contract. Read slot.ts next, which says what every operation means, then volume.ts
 * for what a tree has to give.
 *
 * A store never names, opens or changes what lies outside its root, whatever links there are.
 *
 * @module
 */

import type { Completion, Failure, FileOperation, StoreAbilities } from "../../server/mod.ts";

/** A served tree. One for each worker. */
export interface FileStore {
  /** What it can do; replies and FEAT follow from it. */
  readonly can: StoreAbilities;
  /** An empty slot for one connection. */
  slot(): FileSlot;
  /**
   * Goes on through the tree and removes partial files that were not changed for `days`, for a
   * bounded number of names and a bounded time; never one that is being written. `now` is
   * milliseconds since the epoch.
   *
   * @returns how many were removed, and whether it has come to its end
   */
  sweep(days: number, now: number): { readonly removed: number; readonly ended: boolean };
  /** Releases what the store holds; its slots are closed before. */
  close(): void;
}

/**
 * Who reads or writes the octets of a slot: a transfer. Exactly one call answers each request,
 * before the request returns.
 */
export interface SlotClient {
  /**
   * `count` octets were read to the start of the buffer. 0 without `ended`: nothing yet, and the
   * next read goes on. `ended`: nothing comes behind them.
   */
  filled(count: number, ended: boolean): void;
  /** All octets were written. */
  written(): void;
  /** The request failed; `detail` is what the system said. */
  fileFailed(failure: Failure, detail: string): void;
}

/** The file slot of one connection, and all operations on the tree. */
export interface FileSlot {
  /** Carries one operation out. A failure is a completion; an exception is a bug. */
  perform(operation: FileOperation, complete: (completion: Completion) => void): void;
  /**
   * The open regular file's descriptor, where the kernel's calls can move its octets: not those of
   * an upload that has to cut off what an earlier one left, before it writes.
   */
  readonly descriptor: number | undefined;
  /** Octets to be read from where the file was opened; undefined where that is not known. */
  readonly length: number | undefined;
  /** Fills `buffer` from the current position: at most one block, or LISTING_STEP entries. */
  read(buffer: Uint8Array<ArrayBuffer>, client: SlotClient): void;
  /** Writes all of `octets`, which are the client's again when it answers. */
  write(octets: Uint8Array<ArrayBuffer>, client: SlotClient): void;
  /**
   * What `fileFailed` would say of the error number that a call of the kernel on `descriptor` gave,
   * positive as in errno(3); an upload that found no room is known to have done so from then on.
   */
  failureOf(errno: number): { readonly failure: Failure; readonly detail: string };
  /** Drops whatever the slot holds, as `closeFile` does. */
  close(): void;
}
