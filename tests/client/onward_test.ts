/**
 * Downloads into what takes octets once: each of them is brought once, whatever breaks.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { concatenate } from "../../server/octets.ts";
import { ConnectionError, OnwardDownload, ProtocolError } from "../../client/mod.ts";
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
