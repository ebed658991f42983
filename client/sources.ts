/**
 * What an upload may read from, as the one thing that data.ts reads: a `Source`.
 *
 * @module
 */

import { unlessAborted } from "./abort.ts";
import { checkCount, DATA_BUFFER_BYTES, type Source } from "./data.ts";
import { LocalError } from "./errors.ts";

/** All that can be uploaded. An open `Deno.FsFile` is a `Source`, a stream of node an iterable. */
export type Uploadable = Source | AsyncIterable<Uint8Array> | Uint8Array;

/** A source for as long as an upload takes. */
interface LentSource extends Source {
  /** Lets go of a stream whose rest is of no use, for this reason; never fails. */
  leave(reason: unknown): Promise<void>;
}

/**
 * Does `work` with what an upload reads from, and lets go of a stream when that fails: nobody else
 * can end what it has open. A source that has a `read` is its owner's to close.
 *
 * @throws {LocalError} when `uploadable` is nothing to read from; whatever `work` throws.
 */
export async function readingFrom<T>(
  uploadable: Uploadable,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  const source = sourceFrom(uploadable);
  try {
    return await work(source);
  } catch (error) {
    // It may take until a chunk is there that never comes.
    void source.leave(error);
    throw error;
  }
}

/** A stream of node counts as its chunks, though it has a `read`. */
function sourceFrom(source: Uploadable): LentSource {
  if (source instanceof Uint8Array) return sourceOf([source][Symbol.iterator]());
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return sourceOf(chunksOf(source));
    if (typeof source.read === "function") {
      return { read: (buffer) => source.read(buffer), leave: () => Promise.resolve() };
    }
  }
  throw new LocalError("Cannot upload: the source is neither octets, nor a stream, nor has a read");
}

/**
 * The chunks of a stream. Those of a web stream come by a reader, which can be cancelled while it
 * waits: its own iterator would wait for the chunk first.
 */
function chunksOf(stream: AsyncIterable<Uint8Array>): AsyncIterator<Uint8Array> {
  if (!isWebStream(stream)) return stream[Symbol.asyncIterator]();
  const reader = stream.getReader();
  return {
    async next() {
      const next = await reader.read();
      if (!next.done) return next;
      reader.releaseLock();
      return { done: true, value: undefined };
    },
    async return(reason) {
      await reader.cancel(reason).finally(() => reader.releaseLock());
      return { done: true, value: undefined };
    },
  };
}

/** By what it has: the class of streams is read by the runtime only when it is named. */
function isWebStream(stream: AsyncIterable<Uint8Array>): stream is ReadableStream<Uint8Array> {
  return "getReader" in stream;
}

/** A source that hands out chunks, cut to the size of the buffer. */
function sourceOf(iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>): LentSource {
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async leave(reason) {
      try {
        await iterator.return?.(reason);
      } catch {
        // What went wrong first is told.
      }
    },
    async read(buffer) {
      while (rest.length === 0) {
        const next = await iterator.next();
        if (next.done) return null;
        if (!(next.value instanceof Uint8Array)) {
          throw new LocalError("Cannot upload: the stream has other things than octets");
        }
        rest = next.value;
      }
      const count = Math.min(rest.length, buffer.length);
      buffer.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    },
  };
}

/**
 * `source` behind its first read, whose octets come first: what cannot be read fails here, before a
 * server hears of it and empties a file.
 *
 * @throws {LocalError} when what it read is no number of octets; whatever the source throws.
 */
export async function readAhead(source: Source, signal?: AbortSignal): Promise<Source> {
  const ahead = new Uint8Array(DATA_BUFFER_BYTES);
  const count = await unlessAborted(source.read(ahead), signal) ?? 0;
  checkCount(count, ahead);
  let rest = ahead.subarray(0, count);
  return {
    read(buffer) {
      if (count === 0) return null;
      if (rest.length === 0) return source.read(buffer);
      const length = Math.min(rest.length, buffer.length);
      buffer.set(rest.subarray(0, length));
      rest = rest.subarray(length);
      return length;
    },
  };
}

/** `source`, with `onRead` called before every read: who is refused at once has read nothing. */
export function watchReads(source: Source, onRead: () => void): Source {
  return {
    read(buffer) {
      onRead();
      return source.read(buffer);
    },
  };
}
