/**
 * The end of what is there already, compared with what the other side has in its place: a file that
 * is replaced twice within one second may keep its size and its time.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { MemorySink, type Sink } from "../data.ts";
import { ConnectionError, LocalError, unlessRefused } from "../errors.ts";
import type { CallOptions } from "../transfer.ts";

/** Octets that are compared: less than one round trip takes, and more than two files share. */
export const OVERLAP_BYTES = 16_384;

/** A message with a hint behind it, if there is one. */
export function hinted(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

/** The end of what is here is not that of the file on the server. */
export class OtherContent extends LocalError {
  /** `path` is what cannot be gone on with; `hint` goes behind. */
  constructor(path: string, hint?: string) {
    super(hinted(`Cannot continue "${path}": its end differs from the file on the server`, hint));
  }
}

/** The last octets of the first `size` of an open file, which goes on behind them. */
export async function readEnd(file: Deno.FsFile, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const end = new Uint8Array(Math.min(size, OVERLAP_BYTES));
  await file.seek(size - end.length, Deno.SeekMode.Start);
  let at = 0;
  while (at < end.length) {
    const count = await file.read(end.subarray(at));
    if (count === null) break;
    at += count;
  }
  return end.subarray(0, at);
}

/** `sink` behind octets that must be `end`; `path` is what they are the end of. */
export function behind(end: Uint8Array, path: string, sink: Sink, hint?: string): Sink {
  let at = 0;
  return {
    most: sink.most,
    begin: (size) => sink.begin?.(size),
    write(chunk) {
      const count = Math.min(chunk.length, end.length - at);
      if (!isSame(chunk.subarray(0, count), end.subarray(at, at + count))) {
        throw new OtherContent(path, hint);
      }
      at += count;
      if (count < chunk.length) return sink.write(chunk.subarray(count));
    },
  };
}

/**
 * How many of the `octets` that came are behind `end`; `path` is what it is the end of.
 *
 * @throws {ConnectionError} of the kind `short`, when `end` itself has not come whole.
 */
export function countBehind(end: Uint8Array, octets: number, path: string): number {
  if (octets >= end.length) return octets - end.length;
  const what = `${octets} of the ${end.length} octets came with which it ends`;
  throw new ConnectionError(`Cannot continue "${path}": ${what}`, { kind: "short" });
}

/** Whether `remote`, of `size` octets, ends as a file of that size here does, with `end`. */
export async function endsAlike(
  client: Client,
  remote: string,
  end: Uint8Array,
  size: number,
  options: CallOptions,
): Promise<boolean> {
  const sink = new MemorySink(2 * OVERLAP_BYTES);
  const offset = size - end.length;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  // Where one may store and not fetch, nothing tells.
  const fetched = await unlessRefused(client.download(remote, sink, { ...signal, offset }));
  return fetched !== undefined && isSame(sink.octets(), end);
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((octet, index) => octet === right[index]);
}
