/**
 * A file on the server as a web stream: one to read it from, one to write it to.
 *
 * Functions over the public client, whose methods of the same names call them. Nothing is sent to
 * the server before the first read or write; from then on the connection belongs to the stream
 * until its end.
 *
 * @module
 */

import { unlessAborted } from "./abort.ts";
import type { DownloadOptions, UploadOptions } from "./contents.ts";
import type { Sink } from "./data.ts";
import { Rendezvous } from "./rendezvous.ts";

/** What is asked of a client. */
interface Transfers {
  download(path: string, sink: Sink, options: DownloadOptions): Promise<unknown>;
  upload(source: AsyncIterable<Uint8Array>, path: string, options: UploadOptions): Promise<unknown>;
}

/** The octets of `path`; see `Client.readable`. */
export function readable(
  client: Transfers,
  path: string,
  options: DownloadOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const rendezvous = new Rendezvous<Uint8Array<ArrayBuffer>>();
  const cancelled = new AbortController();
  let running: Promise<void> | undefined;
  const start = () => {
    const sink = { write: (chunk: Uint8Array<ArrayBuffer>) => rendezvous.put(chunk) };
    const signal = either(cancelled.signal, options.signal);
    return client.download(path, sink, { ...options, signal })
      .then(() => rendezvous.end(), (error) => rendezvous.fail(error));
  };
  return new ReadableStream({
    async pull(controller) {
      running ??= start();
      const chunk = await rendezvous.take();
      if (chunk === undefined) return controller.close();
      // It is the transfer's own buffer, and the reader may keep what it is given.
      controller.enqueue(chunk.slice());
    },
    async cancel(reason) {
      cancelled.abort(reason);
      await running;
    },
    // Nothing is read ahead: what nobody has asked for stays with the server.
  }, { highWaterMark: 0 });
}

/**
 * Does `work` with a sink that is `stream`, which is closed at the end, or aborted by a failure;
 * neither is waited for behind `signal`: a stream may be busy for as long as it likes.
 */
export async function writingTo<T>(
  stream: WritableStream<Uint8Array<ArrayBuffer>>,
  work: (sink: Sink) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const writer = stream.getWriter();
  try {
    // A stream may keep a chunk for as long as it likes.
    const result = await work({ write: (chunk) => writer.write(chunk.slice()) });
    await unlessAborted(writer.close(), signal);
    return result;
  } catch (error) {
    await unlessAborted(writer.abort(error), signal).catch(() => {});
    throw error;
  }
}

/** A stream into the file `path`; see `Client.writable`. */
export function writable(
  client: Transfers,
  path: string,
  options: UploadOptions,
): WritableStream<Uint8Array> {
  const rendezvous = new Rendezvous<Uint8Array>();
  let running: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  const start = (controller: WritableStreamDefaultController) => {
    // The controller's own signal is the only word of an abort while a write waits.
    const signal = either(controller.signal, options.signal);
    return client.upload(valuesOf(rendezvous), path, { ...options, signal }).then(
      () => {},
      (error) => {
        failure = { error };
        rendezvous.fail(error);
        controller.error(error);
      },
    );
  };
  let begin: () => Promise<void>;
  return new WritableStream({
    start(controller) {
      begin = () => running ??= start(controller);
    },
    async write(chunk) {
      begin();
      await rendezvous.put(chunk);
    },
    async close() {
      rendezvous.end();
      await begin();
      if (failure !== undefined) throw failure.error;
    },
    async abort() {
      await running;
    },
  }, { highWaterMark: 1 });
}

/** What is put into `rendezvous`, each value done with when the next is asked for. */
function valuesOf(rendezvous: Rendezvous<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = await rendezvous.take();
        return value === undefined ? { done: true, value } : { done: false, value };
      },
    }),
  };
}

function either(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}
