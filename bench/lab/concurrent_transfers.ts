/**
 * Whatever a server waits in, several clients can upload and download at the same time: that is
 * what all the models are for. They differ in what "at the same time" is made of. A pool of threads
 * lets the kernel divide the processors; a loop moves a piece for this client and then a piece for
 * that one; an async program is such a loop that the runtime writes.
 *
 * Each client stops in the middle of its transfer until all the others are in the middle of theirs,
 * so that no model can pass by doing one transfer after the other. Then all go on; the order in
 * which their pieces come is noted, and every octet is compared with what it has to be.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Sink, Source } from "../../client/mod.ts";
import { models } from "../../models/mod.ts";
import { contentBlock } from "../load/content.ts";
import type { Lesson, Measured } from "./lesson.ts";
import { abandonable, FtpClients } from "./stage/ftp.ts";
import { until } from "./stage/pause.ts";
import { serve } from "./stage/serving.ts";

/** How long it may take until all transfers are in the middle, milliseconds. */
const MEET_MS_MAX = 5_000;

/** What happened under one model. */
interface Course {
  /** All transfers were in the middle at the same time. */
  readonly met: boolean;
  /** Sessions that the server had open then. */
  readonly sessions: number;
  /** Transfers after which every octet was right. */
  readonly right: number;
  /** How often a piece of one transfer followed a piece of another. */
  readonly changes: number;
}

/** See Lesson. */
export const lesson: Lesson = {
  name: "concurrent-transfers",
  title: "several uploads and downloads at once, under each model",
  claim: "Under every model several clients upload and download at the same time",
  plan: "Let clients upload and others download, each waiting in the middle for all the rest, " +
    "under blocking, polling, multiplex and async in turn, and compare every octet",
  rule: "confirmed when under every model that runs here all transfers were in the middle at the " +
    "same time and every octet was right",
  refutedIf:
    "one model carries its transfers out one after the other, so that they never meet in the " +
    "middle, or an octet arrives wrong",
  code: [
    "models/driver/transfer.ts: what one data connection does next, in every model",
    "models/runtime/data_connection.ts: its acts by awaiting",
  ],
  async run({ size, say, signal }) {
    const [pairs, octets] = size === "full" ? [3, 8 << 20] : [2, 1 << 20];
    const content = contentBlock(0, octets);
    const measured: Measured[] = [];
    const wrong: string[] = [];
    for (const model of models.values()) {
      const absent = model.unavailable();
      if (absent !== undefined) {
        measured.push({ name: model.name, value: `not here: ${absent}` });
        continue;
      }
      say(`${model.name}: ${pairs} uploads and ${pairs} downloads`);
      const course = await transfers(model.name, pairs, content, signal);
      if (!course.met || course.right !== 2 * pairs) wrong.push(model.name);
      measured.push({
        name: model.name,
        value: `${course.sessions} sessions at once, ${course.right} of ${2 * pairs} transfers ` +
          `right, ${course.changes} changes between them`,
      });
    }
    return {
      measured,
      verdict: wrong.length === 0 ? "confirmed" : "refuted",
      reason: wrong.length === 0
        ? `${2 * pairs} transfers were under way at once under every model, and all octets right`
        : `not so under ${wrong.join(", ")}`,
    };
  },
};

/** `pairs` uploads and as many downloads of `content` at once. */
async function transfers(
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
    if (index !== last) changes++;
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
