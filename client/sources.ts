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

/** What an upload reads from; a stream of node counts as its chunks, though it has a `read`. */
export function sourceFrom(source: Uploadable): Source {
  if (source instanceof Uint8Array) return sourceOf([source]);
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return sourceOf(source);
    if (typeof source.read === "function") return source;
  }
  throw new LocalError("Cannot upload: the source is neither octets, nor a stream, nor has a read");
}

/** A source that hands out chunks, cut to the size of the buffer. */
function sourceOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Source {
  const iterator = Symbol.asyncIterator in chunks
    ? chunks[Symbol.asyncIterator]()
    : chunks[Symbol.iterator]();
  let rest: Uint8Array = new Uint8Array(0);
  return {
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
  const count = await unlessAborted(Promise.resolve(source.read(ahead)), signal) ?? 0;
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
