/**
 * withRetries: what is tried again, how often, after which pauses, and from where.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  type ClientError,
  connect,
  ConnectionError,
  downloadFile,
  LocalError,
  LoginError,
  ProtocolError,
  RETRY_DELAY_MS_MAX,
  retryDelay,
  type RetryOptions,
  uploadFile,
  withRetries,
} from "../../client/mod.ts";
import { EXIT, main } from "../../client/cli/mod.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";
import { MemoryFiles } from "./memory_files.ts";
import { ScriptedServer } from "./scripted_server.ts";
import { names, NEEDS, octets, run, withFolders } from "./stage.ts";

const THEN = new Date("2026-01-02T03:04:05Z");

/** Waits for nothing, and keeps what it was asked to wait. */
function patience(retries: number): RetryOptions & { readonly delays: number[] } {
  const delays: number[] = [];
  return {
    retries,
    delays,
    random: () => 1,
    wait: (delayMs) => {
      delays.push(delayMs);
      return Promise.resolve();
    },
  };
}

const failed = (code: number) => new ProtocolError("Cannot", { code, lines: ["No"] });

testWith(["net"], "withRetries tries again what is transient, and nothing else", async () => {
  await using server = new ScriptedServer();
  await using client = await connect(server.address);
  for (
    const [error, attempts] of [
      [failed(421), 4],
      [failed(450), 4],
      [failed(451), 4],
      [new ConnectionError("It broke"), 4],
      [new ConnectionError("It is silent", { kind: "timeout" }), 4],
      [new ConnectionError("That is no FTP", { kind: "protocol" }), 1],
      [new ConnectionError("Who is that", { kind: "untrusted" }), 1],
      [failed(452), 1],
      [failed(500), 1],
      [failed(530), 1],
      [failed(550), 1],
      [failed(552), 1],
      [new LocalError("No room"), 1],
      [new TypeError("A bug"), 1],
    ] as const
  ) {
    const { delays, ...options } = patience(3);
    let count = 0;
    await assertRejects(
      () =>
        withRetries(() => Promise.resolve(client), options, () => {
          count++;
          return Promise.reject(error);
        }),
      error.constructor as typeof Error,
      error.message,
    );
    assertEquals([count, delays], [attempts, [1000, 2000, 4000].slice(0, attempts - 1)]);
  }
});

Deno.test("retryDelay doubles up to its limit, and no two clients have the same", () => {
  const whole = (failure: number) => retryDelay(failure, () => 1);
  assertEquals([1, 2, 3, 4, 5].map(whole), [1000, 2000, 4000, 8000, 16_000]);
  assertEquals([6, 7, 60, 6000].map(whole), Array(4).fill(RETRY_DELAY_MS_MAX));
  assertEquals(retryDelay(3, () => 0), 2000);
});

testWith(["net"], "withRetries without retries runs once", async () => {
  await using server = new ScriptedServer();
  await using client = await connect(server.address);
  const work = () => Promise.reject(failed(450));
  await assertRejects(() => withRetries(() => Promise.resolve(client), {}, work), ProtocolError);
  const wait = () => Promise.reject(new TypeError("There is a pause"));
  const none = () => withRetries(() => Promise.resolve(client), { retries: NaN, wait }, work);
  await assertRejects(none, ProtocolError);
});

testWith(["net"], "withRetries counts failures in a row, not those between octets", async () => {
  await using server = new ScriptedServer();
  await using client = await connect(server.address);
  const { delays, ...options } = patience(1);
  const result = await withRetries(() => Promise.resolve(client), options, (_, attempt) => {
    if (attempt.number === 5) return Promise.resolve("done");
    attempt.moved();
    return Promise.reject(failed(426));
  });
  assertEquals([result, delays], ["done", [1000, 1000, 1000, 1000, 1000]]);
});

testWith(["net"], "withRetries ends its pause with the signal", async () => {
  await using server = new ScriptedServer();
  await using client = await connect(server.address);
  const abort = new AbortController();
  const told: [string, number][] = [];
  const options: RetryOptions = {
    retries: 5,
    signal: abort.signal,
    onRetry: (error, failure) => {
      told.push([error.message, failure]);
      abort.abort(new Error("enough"));
    },
  };
  await assertRejects(
    () => withRetries(() => Promise.resolve(client), options, () => Promise.reject(failed(450))),
    Error,
    "enough",
  );
  assertEquals(told, [["Cannot: 450 No", 1]]);
});

testWith(["net"], "withRetries does not look for a server that was never there", async () => {
  const { delays, ...options } = patience(3);
  const refused = new ConnectionError("Connection refused", { kind: "refused" });
  const never = () => Promise.reject(refused);
  await assertRejects(
    () => withRetries(never, options, () => Promise.resolve()),
    ConnectionError,
  );
  assertEquals(delays, []);
});

testWith(["net"], "withRetries waits for a server that restarts", async () => {
  const { delays, ...options } = patience(3);
  await using server = new ScriptedServer();
  await using client = await connect(server.address);
  const refused = new ConnectionError("Connection refused", { kind: "refused" });
  const connections = [Promise.resolve(client), Promise.reject(refused), Promise.resolve(client)];
  const result = await withRetries(
    () => connections.shift()!,
    options,
    (_, { number }) => number === 0 ? Promise.reject(failed(421)) : Promise.resolve("done"),
  );
  assertEquals([result, delays], ["done", [1000, 2000]]);
});

testWith(
  ["net"],
  "withRetries waits for a server that counts a broken connection still",
  async () => {
    const { delays, ...options } = patience(3);
    await using server = new ScriptedServer();
    await using client = await connect(server.address);
    const text = "Sorry, the maximum number of clients (2) from your host are already connected";
    const full = new LoginError("Cannot log in", { code: 530, lines: [text] });
    const connections = [Promise.resolve(client), Promise.reject(full), Promise.resolve(client)];
    const result = await withRetries(
      () => connections.shift()!,
      options,
      (_, { number }) => number === 0 ? Promise.reject(failed(421)) : Promise.resolve("done"),
    );
    assertEquals([result, delays], ["done", [1000, 2000]]);
    const never = () => withRetries(() => Promise.reject(full), options, () => Promise.resolve());
    await assertRejects(never, LoginError);
    assertEquals(delays.length, 2, "a wrong password is not tried again");
  },
);

/** A server that cuts every connection in the middle of a transfer, `cuts` times. */
async function flaky(
  cuts: number,
  body: (stage: {
    readonly memory: MemoryFiles;
    readonly server: ScriptedServer;
    readonly here: string;
    again<T>(work: Parameters<typeof withRetries<T>>[2]): Promise<T>;
    readonly told: ClientError[];
  }) => Promise<void>,
): Promise<void> {
  await withFolders(async (_, here) => {
    let left = cuts;
    const memory = new MemoryFiles({ cutsAfter: () => left-- > 0 ? 70_000 : undefined });
    await using server = new ScriptedServer({ answers: memory.answers });
    let client = await connect(server.address);
    const told: ClientError[] = [];
    const { delays: _delays, ...options } = patience(cuts);
    const again = <T>(work: Parameters<typeof withRetries<T>>[2]) =>
      withRetries(
        async () => client.closed ? client = await connect(server.address) : client,
        { ...options, onRetry: (error) => told.push(error) },
        work,
      );
    await body({ memory, server, here, again, told });
    await client.quit();
  });
}

testWith(
  NEEDS,
  "a download goes on over new connections until it is complete",
  () =>
    flaky(3, async ({ memory, server, here, again, told }) => {
      const content = octets(300_000);
      memory.put("/a", content, THEN);
      await again((client, attempt) =>
        downloadFile(client, "/a", `${here}/a`, {
          resume: attempt.number > 0,
          onProgress: attempt.moved,
        })
      );
      assertEquals(await Deno.readFile(`${here}/a`), content);
      assertEquals(await names(here), ["a"]);
      assertEquals(told.length, 3);
      const rests = server.commands.filter((line) => line.startsWith("REST"));
      assertEquals(rests, ["REST 53616", "REST 107232", "REST 160848"]);
    }),
);

testWith(
  NEEDS,
  "an upload goes on over new connections until it is complete",
  () =>
    flaky(3, async ({ memory, server, here, again, told }) => {
      const content = octets(20_000_000);
      await Deno.writeFile(`${here}/a`, content);
      await again((client, attempt) =>
        uploadFile(client, `${here}/a`, "/a", {
          resume: attempt.number > 0,
          onProgress: attempt.moved,
        })
      );
      assertEquals([...memory.files.keys()], ["/a"]);
      assertEquals(memory.files.get("/a")!.content, content);
      assertEquals(told.length, 3);
      assertEquals(server.verbs.filter((verb) => verb === "APPE").length, 3);
    }),
);

testWith(
  NEEDS,
  "a retry mixes nothing when the file on the server has changed meanwhile",
  () =>
    flaky(1, async ({ memory, here, again }) => {
      memory.put("/a", octets(300_000), THEN);
      const error = await assertRejects(
        () =>
          again((client, attempt) => {
            if (attempt.number === 1) memory.put("/a", new Uint8Array(300_000), new Date());
            return downloadFile(client, "/a", `${here}/a`, { resume: attempt.number > 0 });
          }),
        LocalError,
      );
      assert(error.message.includes("the file on the server was changed since"), error.message);
      assertEquals(await names(here), [".a.part.json", "a.part"]);
    }),
);

testWith(
  NEEDS,
  "get and put try again by themselves, say so, and stop with --retries 0",
  () =>
    withFolders(async (_, here) => {
      let left = 0;
      const memory = new MemoryFiles({ cutsAfter: () => left-- > 0 ? 70_000 : undefined });
      await using server = new ScriptedServer({ answers: memory.answers });
      const { port } = server.address;
      const content = octets(300_000);
      memory.put("/a", content, THEN);
      for (const args of [["get", "/a", "-o", `${here}/a`], ["put", `${here}/a`, "-o", "/b"]]) {
        left = 1;
        const { status, error } = await run(port, args);
        assertEquals(status, EXIT.ok, error);
        assertMatch(error, /^[^\n]+; trying again in [^\n]+\n[^\n]+\n$/);
        assertEquals((await run(port, ["-q", ...args])).error, "");
        left = 1;
        const [verb, ...names] = args as [string, ...string[]];
        assertEquals((await run(port, [verb, "--retries", "0", ...names])).status, EXIT.retry);
      }
      assertEquals(await Deno.readFile(`${here}/a`), content);
      assertEquals(memory.files.get("/b")!.content, content);
    }),
);

for (const args of [["get", "/a", "-o", "-"], ["cat", "/a"]]) {
  const name = args.join(" ");
  /** What the server does at each cut, and what is left of the cuts. */
  const cutting = (cuts: number, onCut: (memory: MemoryFiles) => void = () => {}) => {
    const memory: MemoryFiles = new MemoryFiles({
      cutsAfter: () => {
        if (cuts-- <= 0) return undefined;
        onCut(memory);
        return 70_000;
      },
    });
    memory.put("/a", octets(300_000), THEN);
    return memory;
  };

  testWith(NEEDS, `${name} goes on behind what was written, with its end compared`, async () => {
    const memory = cutting(2);
    await using server = new ScriptedServer({ answers: memory.answers });
    const console = new FakeConsole();
    const port = `--port=${server.address.port}`;
    assertEquals(await main([port, ...args], console), EXIT.ok, console.errorText);
    assertEquals(console.output, octets(300_000));
    const offsets = server.commands.filter((line) => line.startsWith("REST"));
    assertEquals(offsets, ["REST 53616", "REST 107232"], "16 KiB before what was there");
  });

  const changes: Readonly<Record<string, [(memory: MemoryFiles) => void, RegExp]>> = {
    "was changed": [
      (memory) => memory.put("/a", octets(300_000), new Date()),
      /Cannot continue "\/a" behind what was written: the file on the server was changed since\n$/,
    ],
    "is another one of that size and time": [
      (memory) => memory.put("/a", new Uint8Array(300_000), THEN),
      /Cannot continue "\/a" behind what was written: its end differs from the file on the server\n$/,
    ],
  };
  for (const [how, [change, message]] of Object.entries(changes)) {
    testWith(NEEDS, `${name} mixes nothing when the file ${how} meanwhile`, async () => {
      const memory = cutting(1, change);
      await using server = new ScriptedServer({ answers: memory.answers });
      const console = new FakeConsole();
      const port = `--port=${server.address.port}`;
      assertEquals(await main([port, ...args], console), EXIT.local);
      assertMatch(console.errorText, message);
      assertEquals(console.output, octets(300_000).subarray(0, 70_000));
    });
  }
}

testWith(
  NEEDS,
  "a server that always ends short is not asked for ever",
  () =>
    withFolders(async (_, here) => {
      await using server = new ScriptedServer({
        answers: {
          SIZE: "213 10",
          RETR: async (_, session) => {
            await session.send("short");
            await session.say("226 All is well");
          },
        },
      });
      await using client = await connect(server.address);
      const { delays, ...options } = patience(3);
      await assertRejects(
        () =>
          withRetries(
            () => Promise.resolve(client),
            options,
            (client, { number, moved }) =>
              downloadFile(client, "/a", `${here}/a`, { resume: number > 0, onProgress: moved }),
          ),
        ConnectionError,
        "ended after",
      );
      assertEquals(delays, [1000, 2000, 4000]);
      assertEquals(server.verbs.filter((verb) => verb === "RETR").length, 4);
    }),
);
