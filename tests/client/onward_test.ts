/**
 * Downloads into what takes octets once: each of them is brought once, whatever breaks.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { concatenate } from "../../server/octets.ts";
import { ConnectionError, OnwardDownload, ProtocolError, RateLimit } from "../../client/mod.ts";
import type { Answer } from "./scripted_server.ts";
import { scripted } from "./scripted_test_case.ts";
import { octets } from "./stage.ts";

const CONTENT = octets(60_000);
const HALF = CONTENT.subarray(0, 30_000);

/**
 * A server whose first RETR sends a half, and says 426 when `isOver`; the others go on behind REST,
 * and send no more than `most` octets.
 */
function breaking(isOver: () => Promise<void>, most = Infinity): Record<string, Answer> {
  let [attempts, from] = [0, 0];
  return {
    MDTM: "213 20260102030405",
    NOOP: "200 Fine",
    REST: (offset, session) => {
      from = Number(offset);
      return session.say("350 Go on");
    },
    RETR: async (_, session) => {
      const isFirst = attempts++ === 0;
      const data = await session.data();
      await session.say("150 Opening");
      const sent = isFirst ? HALF : CONTENT.subarray(from).subarray(0, most);
      for (let at = 0; at < sent.length;) at += await data.write(sent.subarray(at));
      if (isFirst) await isOver();
      session.closeData();
      await session.say(isFirst ? "426 Nobody reads" : "226 Done");
    },
  };
}

const begun = Promise.withResolvers<void>();

scripted("OnwardDownload brings nothing twice that its sink takes slowly", {
  answers: breaking(() => begun.promise),
}, async (client, server) => {
  const held = Promise.withResolvers<void>();
  const taken: Uint8Array[] = [];
  const download = new OnwardDownload("a", {
    async write(chunk) {
      begun.resolve();
      await held.promise;
      taken.push(chunk.slice());
    },
  });
  await assertRejects(() => download.attempt(client), ProtocolError, "426 Nobody reads");
  const before = server.commands.length;
  const again = download.attempt(client);
  assertEquals((await client.command("NOOP")).code, 200);
  assertEquals(server.commands.slice(before), ["NOOP"], "where to go on is not known as yet");
  held.resolve();
  await again;
  assertEquals(concatenate(taken), CONTENT);
});

scripted("OnwardDownload is given up while its sink takes what an earlier attempt brought", {
  answers: breaking(() => Promise.resolve()),
}, async (client) => {
  const abort = new AbortController();
  const download = new OnwardDownload("a", { write: () => new Promise(() => {}) });
  await assertRejects(() => download.attempt(client), ProtocolError);
  const again = download.attempt(client, { signal: abort.signal });
  abort.abort(new RangeError("enough"));
  await assertRejects(() => again, RangeError, "enough");
});

const taken = Promise.withResolvers<void>();

scripted("OnwardDownload does not end with less than was there before", {
  answers: breaking(() => taken.promise, 0),
}, async (client) => {
  let count = 0;
  const download = new OnwardDownload("a", {
    write(chunk) {
      count += chunk.length;
      if (count === HALF.length) taken.resolve();
    },
  });
  await assertRejects(() => download.attempt(client), ProtocolError);
  const error = await assertRejects(() => download.attempt(client), ConnectionError);
  assertEquals(
    [error.kind, error.message],
    ["short", 'Cannot continue "a": 0 of the 16384 octets came with which it ends'],
  );
  assertEquals(count, HALF.length);
});

const paused = Promise.withResolvers<void>();

scripted("OnwardDownload leaves no pause behind, and tells of what is new alone", {
  answers: breaking(() => paused.promise),
}, async (client) => {
  let pauses: AbortSignal | undefined;
  const clock = {
    now: () => 0,
    wait(_: number, signal?: AbortSignal) {
      pauses = signal;
      paused.resolve();
      return new Promise<void>(() => {});
    },
  };
  const [told, taken]: [number[], Uint8Array[]] = [[], []];
  const onProgress = (octets: number) => void told.push(octets);
  const download = new OnwardDownload("a", { write: (chunk) => void taken.push(chunk.slice()) });
  const rate = new RateLimit(1, clock);
  await assertRejects(() => download.attempt(client, { rate, onProgress }), ProtocolError);
  assertEquals([told, taken.length, pauses?.aborted], [[], 1, true]);
  // In pieces as long as the end that is compared.
  const free = new RateLimit(1, { now: () => 0, wait: () => Promise.resolve() });
  await download.attempt(client, { rate: free, onProgress });
  assertEquals(concatenate(taken), CONTENT);
  assertEquals([told.includes(0), told.at(-1)], [false, CONTENT.length - taken[0]!.length]);
});
