/**
 * Uploads to servers that are full, slow or asked to stop.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../client/mod.ts";
import { decode, scripted } from "./scripted_test_case.ts";

const stored: Uint8Array[] = [];

scripted("upload sends every octet and waits for the reply", {
  answers: {
    STOR: async (_, session) => {
      stored.push(await session.receive());
      await session.say("226 Done");
    },
  },
}, async (client) => {
  const octets = crypto.getRandomValues(new Uint8Array(60_000));
  const progress: number[] = [];
  const result = await client.upload(octets, "a", { onProgress: (count) => progress.push(count) });
  assertEquals([result.octets, result.reply.code, progress.at(-1)], [60_000, 226, 60_000]);
  assertEquals(stored.pop(), octets);
  await client.upload(new Response("a stream").body!, "b");
  assertEquals(decode(stored.pop()!), "a stream");
});

scripted("upload appends and goes on at an offset", {
  answers: {
    REST: "350 Go on",
    STOR: (_, session) => session.receive().then(() => session.say("226 Done")),
    APPE: (_, session) => session.receive().then(() => session.say("226 Done")),
  },
}, async (client, server) => {
  await client.upload(new Uint8Array(1), "a", { at: "end" });
  await client.upload(new Uint8Array(1), "a", { at: 7 });
  assertEquals(server.commands.filter((line) => /^(APPE|REST|STOR)/.test(line)), [
    "APPE a",
    "REST 7",
    "STOR a",
  ]);
});

scripted("upload onto a full disk ends with the server's reply", {
  answers: {
    STOR: async (_, session) => {
      const data = await session.data();
      await session.say("150 Go ahead");
      await data.read(new Uint8Array(1000));
      session.closeData();
      await session.say("552 Disk full");
    },
    NOOP: "200 Fine",
  },
}, async (client) => {
  const endless = { read: (buffer: Uint8Array) => buffer.length };
  await assertRejects(() => client.upload(endless, "a"), ProtocolError, '"a": 552 Disk full');
  assertEquals((await client.command("NOOP")).code, 200);
});

scripted("upload that is broken off says ABOR before its data connection ends", {
  answers: {
    STOR: async (_, session) => {
      const data = await session.data();
      await session.say("150 Go ahead");
      await data.read(new Uint8Array(1000));
    },
    ABOR: async (_, session) => {
      await session.say("426 Aborted\r\n226 Closed");
      session.closeData();
    },
    NOOP: "200 Fine",
  },
}, async (client, server) => {
  const abort = new AbortController();
  const source = {
    // The second read never ends, as that of an idle pipe.
    calls: 0,
    read(buffer: Uint8Array): number | Promise<number> {
      if (this.calls++ === 0) return buffer.length;
      abort.abort(new RangeError("enough"));
      return new Promise(() => {});
    },
  };
  await assertRejects(
    () => client.upload(source, "a", { signal: abort.signal }),
    RangeError,
    "enough",
  );
  assertEquals((await client.command("NOOP")).code, 200);
  assertEquals(server.verbs.slice(-3), ["STOR", "ABOR", "NOOP"]);
});

scripted("upload passes on what the source throws", {
  answers: {
    STOR: (_, session) => session.receive().then(() => session.say("226 Done")),
    NOOP: "200 Fine",
  },
}, async (client) => {
  const source = {
    read() {
      throw new RangeError("bad sector");
    },
  };
  await assertRejects(() => client.upload(source, "a"), RangeError, "bad sector");
  assertEquals((await client.command("NOOP")).code, 200);
});
