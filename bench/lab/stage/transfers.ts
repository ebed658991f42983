/**
 * Uploads and downloads that meet in the middle: each client stops there until all the others have
 * come as far. concurrent_transfers.ts has every model carry them out.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Sink, Source } from "../../../client/mod.ts";
import { abandonable, FtpClients } from "./ftp.ts";
import { until } from "./pause.ts";
import { serve } from "./serving.ts";

/** How long it may take until all transfers are in the middle, milliseconds. */
const MEET_MS_MAX = 5_000;

/** What happened under one model. */
export interface Course {
  /** All transfers were in the middle at the same time. */
  readonly met: boolean;
  /** Sessions that the server had open then. */
  readonly sessions: number;
  /** Transfers after which every octet was right. */
  readonly right: number;
  /** How often a piece of one transfer followed a piece of another. */
  readonly changes: number;
}

/** `pairs` uploads and as many downloads of `content` at once. */
export async function transfers(
  model: string,
  pairs: number,
  content: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Course> {
  // A thread for each client, where a thread serves one.
  const threads = model === "blocking" ? 2 * pairs : 1;
  const options = { protocol: "ftp", workers: threads, maxWorkers: threads };
  await using server = await serve(model, options, signal);
  using clients = new FtpClients(server.port, signal);
  await Deno.writeFile(`${server.root}/down`, content);
  const middle = Promise.withResolvers<void>();
  const present = new Set<number>();
  let sessions = 0, changes = 0, last = -1, met = false;

  /** A piece of transfer `index` comes or goes; the first one waits for those of all others. */
  async function piece(index: number): Promise<void> {
    if (present.size > 0 && index !== last) changes++;
    last = index;
    present.add(index);
    if (present.size === 2 * pairs && !met) {
      met = true;
      sessions = server.stats().sessionsOpen;
      middle.resolve();
    }
    await middle.promise;
  }

  async function download(index: number): Promise<boolean> {
    await using client = await clients.connect();
    const got = new Uint8Array(content.length);
    let at = 0;
    const sink: Sink = {
      async write(chunk) {
        await piece(index);
        got.set(chunk, at);
        at += chunk.length;
      },
    };
    await client.download("down", sink, { signal });
    return at === content.length && same(got, content);
  }

  async function upload(index: number): Promise<boolean> {
    await using client = await clients.connect();
    let at = 0;
    const source: Source = {
      async read(buffer) {
        // The second piece: the first is on its way, so the server is in the middle, too.
        if (at > 0) await piece(index);
        if (at === content.length) return null;
        const chunk = content.subarray(at, at + buffer.length);
        buffer.set(chunk);
        at += chunk.length;
        return chunk.length;
      },
    };
    await client.upload(source, `up${index}`, { signal });
    return same(await Deno.readFile(`${server.root}/up${index}`), content);
  }

  const all = abandonable(Promise.all(
    Array.from(
      { length: 2 * pairs },
      (_, index) => index < pairs ? upload(index) : download(index),
    ),
  ));
  await until(() => met, MEET_MS_MAX, signal);
  middle.resolve(); // a model that cannot is not to stand still for ever
  return { met, sessions, right: (await all).filter(Boolean).length, changes };
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
