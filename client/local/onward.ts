/**
 * A download into what takes octets once and gives none back: a pipe, a terminal, another program.
 *
 * Attempts after the first go on behind what was taken, under the rules of a part (part.ts): the
 * file on the server must be the same, and have in its place the octets with which that ends.
 *
 * @module
 */

import { concatenate } from "../../server/octets.ts";
import { unlessAborted } from "../abort.ts";
import type { Client } from "../client.ts";
import type { Sink } from "../data.ts";
import { LocalError } from "../errors.ts";
import { withPauses } from "../rate.ts";
import type { CallOptions } from "../transfer.ts";
import type { Downloaded, FileTransferOptions } from "./options.ts";
import { type RemoteFile, whyOther } from "./origin.ts";
import { behind, countBehind, OtherContent, OVERLAP_BYTES } from "./overlap.ts";

/** One file on its way into one sink, over as many attempts as it takes. */
export class OnwardDownload {
  readonly #remote: string;
  readonly #sink: Sink;
  /** What the first octets are of. */
  #origin: RemoteFile | undefined;
  /** Octets that the sink has taken, and the last of them. */
  #taken = 0;
  #end: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** The last write: a sink may take so long that its attempt is over before. */
  #writing: Promise<void> = Promise.resolve();

  /** Nothing is asked for before `attempt`. */
  constructor(remote: string, sink: Sink) {
    this.#remote = remote;
    this.#sink = sink;
  }

  /**
   * Brings what the sink has not taken yet.
   *
   * @throws {LocalError} when that is of another file by now: it is not begun again.
   */
  async attempt(
    client: Client,
    options: Pick<FileTransferOptions, "onProgress" | "onStart" | "rate" | "signal"> = {},
  ): Promise<Downloaded> {
    const remote = this.#remote;
    const { rate, signal, onProgress } = options;
    // What the sink has got of an attempt that failed is not to be brought again.
    await unlessAborted(this.#writing, signal);
    const origin = await factsOf(client, remote, options);
    const offset = this.#taken;
    if (offset > 0) {
      const why = whyOther(this.#origin, origin);
      if (why !== undefined) throw this.#notToContinue(why);
    }
    this.#origin = origin;
    const end = this.#end;
    const sink = behind(end, remote, {
      most: this.#sink.most,
      begin: async (total) => {
        await this.#sink.begin?.(total);
        options.onStart?.(offset, origin.size ?? total);
      },
      write: (chunk) => this.#writing = this.#write(chunk),
    });
    try {
      const { octets } = await withPauses((over) =>
        client.download(remote, rate?.sink(sink, over) ?? sink, {
          ...(signal === undefined ? {} : { signal }),
          ...(origin.size === undefined ? {} : { known: { size: origin.size, isFresh: true } }),
          offset: offset - end.length,
          onProgress(octets) {
            if (octets > end.length) onProgress?.(octets - end.length);
          },
        })
      );
      return { octets: countBehind(end, octets, remote), offset, wasComplete: false };
    } catch (error) {
      if (!(error instanceof OtherContent)) throw error;
      throw this.#notToContinue("its end differs from the file on the server");
    }
  }

  async #write(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#sink.write(chunk);
    this.#keepEnd(chunk);
  }

  #keepEnd(chunk: Uint8Array): void {
    this.#taken += chunk.length;
    const kept = this.#end.subarray(Math.max(0, this.#end.length + chunk.length - OVERLAP_BYTES));
    const added = chunk.subarray(Math.max(0, chunk.length - OVERLAP_BYTES));
    this.#end = concatenate([kept, added]);
  }

  #notToContinue(why: string): LocalError {
    return new LocalError(`Cannot continue "${this.#remote}" behind what was written: ${why}`);
  }
}

/** What tells the file again; a time adds nothing where the end that is compared is all of it. */
async function factsOf(client: Client, path: string, options: CallOptions): Promise<RemoteFile> {
  const { signal } = options;
  const call = signal === undefined ? {} : { signal };
  const size = await client.size(path, call);
  const isShort = size !== undefined && size <= OVERLAP_BYTES;
  const modified = isShort ? undefined : await client.modified(path, call);
  return { host: client.host, path, size, modified };
}
