/**
 * Uploads to servers that are full, slow or asked to stop.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { connect, ConnectionError, LocalError, ProtocolError } from "../../client/mod.ts";
import { eventually } from "../eventually.ts";
import type { Script } from "./scripted_server.ts";
import { decode, scripted } from "./scripted_test_case.ts";
import { served } from "./stage.ts";

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

scripted("upload refuses an end that it is not to append to, before anything is sent", {}, async (
  client,
  server,
) => {
  const before = server.commands.length;
  for (const at of [{}, { at: 5 }]) {
    await assertRejects(
      () => client.upload(new Uint8Array(1), "a", { ...at, endsAt: 5 }),
      LocalError,
      'Cannot store "a": endsAt says where the end is, which takes at: "end"',
    );
  }
  assertEquals(server.commands.slice(before), []);
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
    ABOR: "226 Aborted",
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

/** A file that STOR replaces at its end only, and ABOR leaves as it is. */
function keeping(): { files: Map<string, string>; script: Script } {
  const files = new Map([["good.txt", "good"]]);
  let aborted = false;
  return {
    files,
    script: {
      answers: {
        STOR: async (name, session) => {
          aborted = false;
          const octets = await session.receive();
          if (aborted) return;
          files.set(name, decode(octets));
          await session.say("226 Done");
        },
        ABOR: async (_, session) => {
          aborted = true;
          await session.say("426 Aborted\r\n226 Closed");
        },
        SIZE: (name, session) => session.say(`213 ${files.get(name)!.length}`),
        NOOP: "200 Fine",
      },
    },
  };
}

const failing = keeping();

scripted("upload whose source fails says ABOR, and the old file stays", failing.script, async (
  client,
  server,
) => {
  const chunk = new Uint8Array(1000);
  let reads = 0;
  const sources = [
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (reads++ < 3) controller.enqueue(chunk);
        else controller.error(new RangeError("bad sector"));
      },
    }),
    {
      calls: 0,
      read(buffer: Uint8Array): number {
        if (this.calls++ < 3) return buffer.length;
        throw new RangeError("bad sector");
      },
    },
    {
      calls: 0,
      async read(): Promise<number> {
        if (this.calls++ < 3) return await Promise.resolve(10);
        throw new ConnectionError("bad sector");
      },
    },
  ];
  for (const source of sources) {
    await assertRejects(() => client.upload(source, "good.txt"), Error, "bad sector");
    assertEquals((await client.command("NOOP")).code, 200);
    assertEquals(server.verbs.slice(-3), ["STOR", "ABOR", "NOOP"]);
    assertEquals(failing.files.get("good.txt"), "good");
  }
  for (const count of [NaN, -1, 1.5, Infinity]) {
    await assertRejects(
      () => client.upload({ read: () => count }, "good.txt"),
      LocalError,
      "is no number of octets",
    );
  }
  const words = new ReadableStream({ start: (controller) => controller.enqueue("text") });
  await assertRejects(() => client.upload(words, "good.txt"), LocalError, "other things");
  assertEquals(failing.files.get("good.txt"), "good");
});

const strange = keeping();

scripted(
  "upload refuses before STOR what is no source, and an offset that is none",
  strange.script,
  async (
    client,
    server,
  ) => {
    for (const source of [undefined, null, "text", 5, {}, new Date()]) {
      await assertRejects(
        () => client.upload(source as unknown as Uint8Array, "good.txt"),
        LocalError,
        "Cannot upload: the source is neither",
      );
    }
    for (const offset of [-1, 1.5, NaN]) {
      const at = { at: offset };
      await assertRejects(
        () => client.upload(new Uint8Array(1), "a", at),
        LocalError,
        "an offset is",
      );
      await assertRejects(() => client.download("a", { write() {} }, { offset }), LocalError);
    }
    assertEquals(server.verbs.includes("STOR") || server.verbs.includes("RETR"), false);
  },
);

const taken = keeping();

scripted("upload takes a stream of node and octets of any buffer", taken.script, async (client) => {
  await client.upload(Readable.from([Buffer.from("from "), Buffer.from("node")]), "a");
  assertEquals(taken.files.get("a"), "from node");
  const shared: Uint8Array<ArrayBufferLike> = new Uint8Array(new SharedArrayBuffer(3)).fill(65);
  await client.upload(shared, "a");
  assertEquals(taken.files.get("a"), "AAA");
});

/** Streams that hear of their end: one that has a chunk at once, one that has none for long. */
function streams(ended: string[]): Record<string, AsyncIterable<Uint8Array>> {
  return {
    web: new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.enqueue(new Uint8Array(9)),
      cancel: (reason) => void ended.push(String(reason)),
    }),
    idle: new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: () => new Promise(() => {}),
      cancel: (reason) => void ended.push(String(reason)),
    }),
    iterable: {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: new Uint8Array(9) }),
        return(reason) {
          ended.push(String(reason));
          return Promise.reject(new Error("not heard"));
        },
      }),
    },
  };
}

scripted("upload that is refused lets its stream go", { answers: { STOR: "553 No" } }, async (
  client,
) => {
  const ended: string[] = [];
  const all = Object.values(streams(ended));
  for (const stream of all) {
    await assertRejects(() => client.upload(stream, "a"), ProtocolError, '"a": 553 No');
  }
  assertEquals(ended, all.map(() => 'ProtocolError: Cannot store "a": 553 No'));
  await assertRejects(() => client.upload(streams(ended).web!, ""), LocalError);
  assertEquals(ended.length, all.length + 1);
});

scripted("upload that is given up lets its stream go, however long that has been silent", {
  answers: {
    STOR: async (_, session) => {
      await session.data();
      await session.say("150 Go ahead");
    },
    ABOR: async (_, session) => {
      await session.say("426 Aborted\r\n226 Closed");
      session.closeData();
    },
  },
}, async (client, server) => {
  const ended: string[] = [];
  const { idle } = streams(ended);
  const abort = new AbortController();
  const storing = client.upload(idle!, "a", { signal: abort.signal });
  const behind = client.upload(streams(ended).idle!, "b", { signal: abort.signal });
  await eventually("STOR is on its way", () => server.verbs.includes("STOR"));
  abort.abort(new RangeError("enough"));
  await assertRejects(() => behind, RangeError);
  await assertRejects(() => storing, RangeError);
  assertEquals(ended, ["RangeError: enough", "RangeError: enough"]);
});

scripted("upload leaves a stream as it is that it has read to its end", {
  answers: { STOR: (_, session) => session.receive().then(() => session.say("226 Done")) },
}, async (client) => {
  const ended: string[] = [];
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.close(),
    cancel: () => void ended.push("cancelled"),
  });
  await client.upload(stream, "a");
  assertEquals([stream.locked, ended], [false, []]);
});

scripted("upload that the server cuts short fails, though it says 226", {
  answers: {
    STOR: async (_, session) => {
      await session.receive();
      await session.say("226 Done");
    },
    SIZE: "213 10",
  },
}, async (client) => {
  await assertRejects(
    () => client.upload(new Uint8Array(1000), "a"),
    ConnectionError,
    'Cannot store "a": the server has 10 of 1000 octets',
  );
});

served("upload into a file changes it there, and what lies behind stays", async (stage) => {
  await Deno.writeTextFile(`${stage.root}/a`, "0123456789");
  await using client = await connect({ port: stage.port });
  const { octets } = await client.upload(new TextEncoder().encode("ab"), "a", { at: 3 });
  assertEquals([octets, await Deno.readTextFile(`${stage.root}/a`)], [2, "012ab56789"]);
});

/** What SIZE tells before 5 octets go to an offset, and behind them. */
const SIZES: readonly (readonly [at: number, before: number, after: number, isWhole: boolean])[] = [
  [10, 100, 100, true], // what lay behind them stays
  [10, 100, 15, true], // or goes
  [10, 100, 12, false],
  [98, 100, 103, true],
  [98, 100, 100, false],
  [0, 100, 100, false],
];

/** What it tells now, and once an upload is over. */
let [told, toBeTold] = [0, 0];

scripted("upload at an offset is whole where its end is, with or without what lay behind", {
  answers: {
    REST: "350 Go on",
    STOR: async (_, session) => {
      await session.receive();
      told = toBeTold;
      await session.say("226 Done");
    },
    SIZE: (_, session) => session.say(`213 ${told}`),
  },
}, async (client) => {
  for (const [at, before, after, isWhole] of SIZES) {
    [told, toBeTold] = [before, after];
    const storing = client.upload(new Uint8Array(5), "a", { at });
    const text = `the server has ${after} of ${at + 5} octets`;
    if (isWhole) assertEquals((await storing).octets, 5);
    else await assertRejects(() => storing, ConnectionError, text);
  }
});
