/**
 * Files as web streams: whole both ways, as fast as the slower side, and ended in good order.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect, LocalError, ProtocolError } from "../../client/mod.ts";
import type { Answer } from "./scripted_server.ts";
import { retr, scripted } from "./scripted_test_case.ts";
import { names, octets, served } from "./stage.ts";

const LENGTH = 3_000_000;

/** More than the buffers of two sockets hold. */
const MUCH = 64 * 1024 * 1024;

const CHUNK = new Uint8Array(65_536);

const NOOP: Answer = "200 Here";

/** How many octets of RETR's endless file were sent. */
let sent = 0;

const endless: Answer = async (_, session) => {
  const data = await session.data();
  await session.say("150 Opening");
  try {
    for (sent = 0; sent < MUCH;) sent += await data.write(CHUNK);
    session.closeData();
    await session.say("226 Done");
  } catch {
    session.closeData();
    await session.say("426 The data connection was closed");
  }
};

served("readable is the file, from any offset, and writable makes it", async ({ port, root }) => {
  const content = octets(LENGTH);
  await using client = await connect({ port });
  const source = new Blob([content]).stream();
  await source.pipeTo(client.writable("a"));
  assertEquals(await Deno.readFile(`${root}/a`), content);
  for (const offset of [0, 1, LENGTH - 1, LENGTH]) {
    const whole = new Response(client.readable("a", { offset }));
    assertEquals(new Uint8Array(await whole.arrayBuffer()), content.subarray(offset));
  }
  await new Blob(["end"]).stream().pipeTo(client.writable("a", { at: "end" }));
  assertEquals((await client.readFile("a")).length, LENGTH + 3);
  await client.writable("empty").close();
  assertEquals(await client.size("empty"), 0);
});

served("a stream from one connection into another copies a file", async ({ port, root }) => {
  const content = octets(LENGTH);
  await Deno.writeFile(`${root}/a`, content);
  await using from = await connect({ port });
  await using to = await connect({ port });
  await from.readable("a").pipeTo(to.writable("b"));
  assertEquals(await Deno.readFile(`${root}/b`), content);
});

served("writable keeps nothing of a chunk that it was given", async ({ port, root }) => {
  await using client = await connect({ port });
  const writer = client.writable("a").getWriter();
  const chunk = new Uint8Array(600_000);
  for (let value = 1; value <= 4; value++) {
    chunk.fill(value);
    await writer.write(chunk);
  }
  await writer.close();
  const written = await Deno.readFile(`${root}/a`);
  assertEquals(written.length, 4 * chunk.length);
  for (let index = 0; index < 4; index++) {
    const part = written.subarray(index * chunk.length, (index + 1) * chunk.length);
    assertEquals([part.indexOf(index + 1), part.findIndex((octet) => octet !== index + 1)], [
      0,
      -1,
    ]);
  }
});

served("an aborted writable leaves no whole file, and an older one as it was", async (stage) => {
  const { port, root } = stage;
  await Deno.writeTextFile(`${root}/old`, "precious");
  await using client = await connect({ port });
  for (const name of ["old", "new"]) {
    const writer = client.writable(name).getWriter();
    await writer.write(octets(LENGTH));
    await writer.abort(new Error("Enough"));
    await assertRejects(() => writer.closed, Error, "Enough");
  }
  assertEquals(await client.workingDirectory(), "/");
  assertEquals(await Deno.readTextFile(`${root}/old`), "precious");
  assertEquals((await names(root)).filter((name) => !name.startsWith(".")), ["old"]);
});

served("a writable that is aborted before a write was never there", async ({ port, root }) => {
  await using client = await connect({ port });
  await client.writable("a").abort();
  assertEquals(await client.workingDirectory(), "/");
  assertEquals(await names(root), []);
});

served("a source that fails on its way through a pipe aborts the upload", async (stage) => {
  const { port, root } = stage;
  await Deno.writeTextFile(`${root}/old`, "precious");
  await using client = await connect({ port });
  let count = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++count > 3) controller.error(new Error("Disk gone"));
      else controller.enqueue(new Uint8Array(1000));
    },
  });
  await assertRejects(() => source.pipeTo(client.writable("old")), Error, "Disk gone");
  assertEquals(await client.workingDirectory(), "/");
  assertEquals(await Deno.readTextFile(`${root}/old`), "precious");
});

scripted("readable asks for nothing before it is read, and no faster than it is", {
  answers: { RETR: endless, NOOP },
}, async (client, server) => {
  const stream = client.readable("a");
  assertEquals((await client.command("NOOP")).code, 200);
  assertEquals(server.verbs.includes("RETR"), false);
  const reader = stream.getReader();
  assert((await reader.read()).value!.length > 0);
  await reader.cancel();
  assertEquals((await client.command("NOOP")).code, 200);
  assert(sent < MUCH, `${sent} octets were sent`);
});

served("streams that are left open are broken off at the end of the block", async (stage) => {
  const { port, root } = stage;
  await Deno.writeFile(`${root}/a`, octets(LENGTH));
  const reading = await (async () => {
    await using client = await connect({ port });
    const reader = client.readable("a").getReader();
    await reader.read();
    return reader;
  })();
  await assertRejects(() => reading.read(), LocalError, "The client was left");
  const writing = await (async () => {
    await using client = await connect({ port });
    const writer = client.writable("b").getWriter();
    await writer.write(octets(LENGTH));
    return writer;
  })();
  await assertRejects(() => writing.closed, LocalError, "The client was left");
  assertEquals((await names(root)).filter((name) => !name.startsWith(".")), ["a"]);
});

scripted("readable tells of a refusal, at once and in the middle", {
  answers: {
    NOOP,
    RETR: async (path, session) => {
      if (path === "no") return await session.say("550 No such file");
      await session.send("half");
      await session.say("451 Read error");
    },
  },
}, async (client) => {
  for (const [path, reply] of [["no", "550 No such file"], ["a", "451 Read error"]] as const) {
    const error = await assertRejects(
      () => new Response(client.readable(path)).arrayBuffer(),
      ProtocolError,
    );
    assertEquals(error.message, `Cannot retrieve "${path}": ${reply}`);
  }
  assertEquals((await client.command("NOOP")).code, 200);
});

scripted("a signal breaks off both streams", {
  answers: {
    NOOP,
    RETR: endless,
    ABOR: "226 Aborted",
    STOR: async (_, session) => {
      await session.receive();
      await session.say("426 Aborted");
    },
  },
}, async (client, server) => {
  const reading = new AbortController();
  const reader = client.readable("a", { signal: reading.signal }).getReader();
  await reader.read();
  reading.abort(new Error("Enough"));
  await assertRejects(() => reader.read(), Error, "Enough");
  assertEquals((await client.command("NOOP")).code, 200);

  const writing = new AbortController();
  const writer = client.writable("a", { signal: writing.signal }).getWriter();
  await writer.write(CHUNK);
  writing.abort(new Error("Enough"));
  // An idle writer hears of it, too.
  await assertRejects(() => writer.closed, Error, "Enough");
  assertEquals((await client.command("NOOP")).code, 200);
  assert(server.verbs.includes("ABOR"));
});

scripted("writable tells of a refusal where it comes: to a write, or to close", {
  answers: {
    NOOP,
    STOR: async (path, session) => {
      if (path === "no") return await session.say("553 Not allowed");
      if (path === "full") {
        await session.say("150 Go ahead");
        return await session.say("552 Disk full");
      }
      await session.receive();
      await session.say("451 Not kept");
    },
    ABOR: "226 Nothing to abort",
  },
}, async (client) => {
  for (const [path, reply] of [["no", 553], ["full", 552], ["a", 451]] as const) {
    const stream = client.writable(path);
    const error = await assertRejects(async () => {
      const writer = stream.getWriter();
      for (let count = 0; count < 3; count++) await writer.write(CHUNK);
      await writer.close();
    }, ProtocolError);
    assertEquals(error.code, reply);
    assertEquals((await client.command("NOOP")).code, 200);
  }
});

scripted("both refuse what cannot be before anything is sent", {
  answers: { RETR: retr("a") },
}, (client, server) => {
  const before = server.commands.length;
  for (const offset of [-1, 0.5, NaN]) {
    for (
      const attempt of [
        () => client.readable("a", { offset }),
        () => client.writable("a", { at: offset }),
        () => client.readable("a\r\nDELE b"),
        () => client.writable(""),
      ]
    ) {
      try {
        attempt();
      } catch (error) {
        assert(error instanceof LocalError);
        continue;
      }
      throw new Error("It was not refused");
    }
  }
  assertEquals(server.commands.length, before);
  return Promise.resolve();
});

scripted("download that fails before its turn aborts its stream", {
  answers: { RETR: retr("a"), NOOP },
}, async (client, server) => {
  const before = server.commands.length;
  const ended: string[] = [];
  const stream = () =>
    new WritableStream<Uint8Array<ArrayBuffer>>({
      abort: (reason) => void ended.push(String(reason)),
    });
  await assertRejects(() => client.download("a", stream(), { offset: -1 }), LocalError);
  const given = AbortSignal.abort(new RangeError("enough"));
  await assertRejects(() => client.download("a", stream(), { signal: given }), RangeError);
  const abort = new AbortController();
  const first = client.command("NOOP");
  const queued = client.download("a", stream(), { signal: abort.signal });
  abort.abort(new RangeError("enough"));
  await assertRejects(() => queued, RangeError);
  await first;
  assertEquals(ended.length, 3);
  assertStringIncludes(ended[0]!, "LocalError: Cannot begin at octet -1");
  assertEquals(ended.slice(1), ["RangeError: enough", "RangeError: enough"]);
  assertEquals(server.verbs.slice(before), ["NOOP"]);
});

for (const call of ["write", "close"] as const) {
  scripted(`download is given up though the ${call} of its stream never ends`, {
    answers: { RETR: retr("a"), NOOP },
  }, async (client) => {
    const abort = new AbortController();
    const stream = new WritableStream<Uint8Array<ArrayBuffer>>({
      [call]() {
        queueMicrotask(() => abort.abort(new RangeError("enough")));
        return new Promise<void>(() => {});
      },
    });
    const { signal } = abort;
    await assertRejects(() => client.download("a", stream, { signal }), RangeError, "enough");
    assertEquals((await client.command("NOOP")).code, 200);
  });
}
