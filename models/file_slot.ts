/**
 * What the file slot of a connection can hold: a regular file or a directory to be read, or an
 * upload. The executor (files.ts) makes them; models only read, write and end them.
 *
 * @module
 */

import type { DirectoryEntry } from "../server/mod.ts";
import { FileFailure, type OpenFile, withFailures } from "./open_file.ts";

/** What the file slot holds: a source of octets, or an upload. */
export interface Slot {
  /** Of a regular file, where the kernel's calls can take it. */
  readonly descriptor?: number;
  /** Octets that will be read, where that is known before. */
  readonly length?: number;
  read(buffer: Uint8Array<ArrayBuffer>): number;
  write(octets: Uint8Array<ArrayBuffer>): void;
  commit(): void;
  close(): void;
}

/** Reads a regular file. */
export class Source implements Slot {
  declare readonly descriptor?: number;

  constructor(readonly file: OpenFile, readonly length: number) {
    if (file.descriptor !== undefined) this.descriptor = file.descriptor;
  }

  read(buffer: Uint8Array<ArrayBuffer>): number {
    return this.file.read(buffer);
  }

  write(): void {
    throw new FileFailure("io", "open for reading");
  }

  commit(): void {
    this.close();
  }

  close(): void {
    this.file.close();
  }
}

/** A directory as a stream of rendered entries. */
export class Listing implements Slot {
  readonly #entries: Iterator<DirectoryEntry>;
  /** What did not fit into the reader's last buffer. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(
    self: Iterable<DirectoryEntry>,
    entries: Iterable<DirectoryEntry>,
    readonly render: (entry: DirectoryEntry) => Uint8Array,
  ) {
    this.#entries = chain(self, entries);
  }

  read(buffer: Uint8Array<ArrayBuffer>): number {
    let filled = 0;
    while (filled < buffer.length) {
      if (this.#rest.length === 0) {
        const next = withFailures(() => this.#entries.next());
        if (next.done) break;
        this.#rest = this.render(next.value);
        continue;
      }
      const part = this.#rest.subarray(0, buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return filled;
  }

  write(): void {
    throw new FileFailure("io", "open for reading");
  }

  commit(): void {}

  close(): void {}
}

/** Writes a file that takes its name, or loses it, at the end. */
export class Upload implements Slot {
  declare readonly descriptor?: number;

  constructor(
    readonly file: OpenFile,
    readonly keep: () => void,
    readonly abandon: () => void,
  ) {
    if (file.descriptor !== undefined) this.descriptor = file.descriptor;
  }

  read(): number {
    throw new FileFailure("io", "open for writing");
  }

  write(octets: Uint8Array<ArrayBuffer>): void {
    this.file.write(octets);
  }

  /** The name is taken while the lock is held: nobody writes between. */
  commit(): void {
    try {
      withFailures(this.keep);
    } finally {
      this.file.close();
    }
  }

  close(): void {
    try {
      withFailures(this.abandon);
    } catch (error) {
      if (!(error instanceof FileFailure)) throw error; // the partial file has gone already
    } finally {
      this.file.close();
    }
  }
}

function* chain<T>(...parts: Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part;
}
