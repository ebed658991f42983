import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { ClientError, ConnectionError, LocalError } from "../../client/errors.ts";
import { MiniError, miniGet, type MiniOptions, miniPut } from "../../client/mini.ts";
import { variants } from "../conformance/variants.ts";
import { absent } from "../peers/program.ts";
import { type Need, SERVER_NEEDS, testWith } from "../permission.ts";

const TAUGHT_SERVER = fromFileUrl(new URL("./teaching_server.py", import.meta.url));
const noFfi = variants.find((variant) => variant.name === "async")!;

function octetsOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

/** All that a get brings. */
async function fetched(port: number, name: string, options?: MiniOptions): Promise<Uint8Array> {
  const chunks: number[] = [];
  let begun: number | undefined;
  const size = await miniGet({ port }, name, {
    begin: (size) => void (begun = size),
    write: (chunk) => void chunks.push(...chunk),
  }, options);
  assertEquals(begun, size);
  assertEquals(chunks.length, size);
  return Uint8Array.from(chunks);
}

function sourceOf(octets: Uint8Array): { read(buffer: Uint8Array): number | null } {
  let at = 0;
  return {
    read(buffer) {
      const part = octets.subarray(at, at + buffer.length);
      buffer.set(part);
      at += part.length;
      return part.length === 0 ? null : part.length;
    },
  };
}

/** Our server, over a folder of its own with "a" in it. */
async function withOurs(run: (port: number, root: string) => Promise<void>): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeFile(`${root}/a`, octetsOf(5_000));
    const server = await noFfi.start(root, { protocol: "mini", anonymous: "write" });
    await run(server.endpoint.port, root).finally(() => server.stop(0));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** The server as it is taught, over a folder of its own with "a" in it. */
async function withTaught(run: (port: number, root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  const child = new Deno.Command("python3", {
    args: [TAUGHT_SERVER, root],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.getReader();
  try {
    await Deno.writeFile(`${root}/a`, octetsOf(5_000));
    const { value } = await lines.read();
    await run(Number(new TextDecoder().decode(value)), root);
  } finally {
    await child.stdin.close();
    await lines.cancel();
    await child.status;
    await Deno.remove(root, { recursive: true });
  }
}

/** A server for one connection that does what `script` does. */
async function withScript(
  script: (conn: Deno.TcpConn, heard: () => Promise<string>) => Promise<void>,
  run: (port: number) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    using conn = await listener.accept();
    conn.setNoDelay(true);
    const buffer = new Uint8Array(65_536);
    await script(conn, async () => {
      const count = await conn.read(buffer);
      return count === null ? "" : new TextDecoder().decode(buffer.subarray(0, count));
    });
  })();
  await run(listener.addr.port);
  await served;
}

async function say(conn: Deno.TcpConn, ...pieces: (string | Uint8Array)[]): Promise<void> {
  for (const piece of pieces) {
    const octets = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    for (let at = 0; at < octets.length;) at += await conn.write(octets.subarray(at));
  }
}

/** Servers by name, what a test against each needs, and why it cannot be had. */
const SERVERS: readonly (readonly [
  name: string,
  typeof withOurs,
  needs: readonly Need[],
  skip?: string | undefined,
])[] = [
  ["our server", withOurs, SERVER_NEEDS],
  ["the taught server", withTaught, ["net", "read", "write", "run"], absent("python3")],
];

for (const [server, withServer, needs, skip] of SERVERS) {
  testWith(needs, `miniGet and miniPut with ${server}`, async () => {
    await withServer(async (port, root) => {
      assertEquals(await fetched(port, "a"), octetsOf(5_000));
      for (const size of [0, 1, 1_023, 1_024, 1_025, 100_000]) {
        const progress: number[] = [];
        const onProgress = (octets: number) => void progress.push(octets);
        const name = `put ${size}`;
        await miniPut({ port }, name, size, sourceOf(octetsOf(size)), { onProgress });
        assertEquals(await Deno.readFile(`${root}/${name}`), octetsOf(size));
        assertEquals(progress.at(-1) ?? 0, size);
        assertEquals(await fetched(port, name), octetsOf(size));
      }
    });
  }, skip);

  testWith(needs, `miniGet of a missing file from ${server} throws MiniError`, async () => {
    await withServer(async (port) => {
      const error = await assertRejects(() => fetched(port, "missing"), MiniError);
      assertEquals(error.message, 'Cannot get "missing": the server has no such file to give');
    });
  }, skip);
}

testWith(
  SERVER_NEEDS,
  "miniPut that the server refuses throws MiniError with its reason",
  async () => {
    await withOurs(async (port, root) => {
      await Deno.mkdir(`${root}/folder`);
      const error = await assertRejects(
        () => miniPut({ port }, "folder", 3, sourceOf(octetsOf(3))),
        MiniError,
      );
      assertEquals(error.message, 'Cannot put "folder": Is a directory');
    });
  },
);

testWith(SERVER_NEEDS, "miniPut whose source ends early throws and stores nothing", async () => {
  await withOurs(async (port, root) => {
    const error = await assertRejects(
      () => miniPut({ port }, "short", 10, sourceOf(octetsOf(4))),
      LocalError,
    );
    assertEquals(error.message, 'Cannot put "short": it ended after 4 of 10 octets');
    // A later put on the same server has come to its end: the broken one has, too.
    await miniPut({ port }, "whole", 4, sourceOf(octetsOf(4)));
    assert(![...Deno.readDirSync(root)].some((entry) => entry.name === "short"));
  });
});

Deno.test("miniGet and miniPut send no name that mini cannot carry", async () => {
  const port = 1; // nothing is connected
  for (const name of ["", ".", "..", "a/b", "a|b", "a\0", "x".repeat(256)]) {
    await assertRejects(() => fetched(port, name), LocalError, "plain file names");
    await assertRejects(() => miniPut({ port }, name, 0, sourceOf(octetsOf(0))), LocalError);
  }
  for (const size of [-1, 1.5, NaN, 1e15]) {
    await assertRejects(() => miniPut({ port }, "a", size, sourceOf(octetsOf(0))), LocalError);
  }
});

Deno.test("miniGet and miniPut refuse a time limit that no timer counts", async () => {
  const port = 1; // nothing is connected
  for (const timeoutMs of [0, NaN, Infinity, 2 ** 31]) {
    const text = `Cannot wait ${timeoutMs} ms`;
    await assertRejects(() => fetched(port, "a", { timeoutMs }), LocalError, text);
    const put = () => miniPut({ port }, "a", 0, sourceOf(octetsOf(0)), { timeoutMs });
    await assertRejects(put, LocalError, text);
  }
});

testWith(SERVER_NEEDS, "miniPut takes no count of a source that is none", async () => {
  await withOurs(async (port) => {
    for (const count of [NaN, -1, 11]) {
      const put = () => miniPut({ port }, "b", 10, { read: () => count });
      await assertRejects(put, LocalError, `${count} is no number of octets`);
    }
  });
});

testWith(
  ["net"],
  "miniGet pulls once for a whole block, however many pieces it comes in",
  async () => {
    const messages: string[] = [];
    await withScript(async (conn, heard) => {
      messages.push(await heard());
      await say(conn, "Y", "ES|", "1500");
      messages.push(await heard());
      const content = octetsOf(1_500);
      for (let at = 0; at < 1_024; at += 128) await say(conn, content.subarray(at, at + 128));
      messages.push(await heard());
      await say(conn, content.subarray(1_024));
      messages.push(await heard());
    }, async (port) => assertEquals(await fetched(port, "a"), octetsOf(1_500)));
    assertEquals(messages, ["get|a|0", "get|a|0", "get|a|0", ""]);
  },
);

testWith(["net"], "miniGet goes on with a server whose blocks are smaller", async () => {
  await withScript(async (conn, heard) => {
    await heard();
    await say(conn, "YES|1500");
    for (let at = 0; at < 1_500; at += 300) {
      assertEquals(await heard(), "get|a|0");
      await say(conn, octetsOf(1_500).subarray(at, at + 300));
    }
  }, async (port) => assertEquals(await fetched(port, "a"), octetsOf(1_500)));
});

const ANSWERS: readonly (readonly [string, string])[] = [
  ["hello client", "does not speak mini"],
  ["220 ftplab ready\r\n", "does not speak mini"],
  ["YES|12x", "does not speak mini"],
  ["YES|9999999999999999", "does not speak mini"],
  ["OK", "the answer is not mini's"],
  ["YES", "does not speak mini"],
  ["", "the server closed the connection"],
];

for (const [answer, text] of ANSWERS) {
  testWith(["net"], `miniGet of ${JSON.stringify(answer)} throws ConnectionError`, async () => {
    await withScript(async (conn, heard) => {
      await heard();
      await say(conn, answer);
    }, async (port) => {
      await assertRejects(() => fetched(port, "a"), ConnectionError, text);
    });
  });
}

testWith(["net"], "miniGet that breaks off says how far it came", async () => {
  await withScript(async (conn, heard) => {
    await heard();
    await say(conn, "YES|2000");
    await heard();
    await say(conn, octetsOf(1_024));
    await heard();
  }, async (port) => {
    const error = await assertRejects(() => fetched(port, "a"), ConnectionError);
    assertEquals(error.message, `Cannot get "a": the server closed after 1024 of 2000 octets`);
  });
});

testWith(["net"], "miniPut tells of an ERR that comes at the end", async () => {
  await withScript(async (conn, heard) => {
    await heard();
    await say(conn, "OK");
    while (await heard() !== "");
    await say(conn, "ERR|No space\x1b[2J left");
  }, async (port) => {
    const error = await assertRejects(
      () => miniPut({ port }, "a", 3, sourceOf(octetsOf(3))),
      MiniError,
    );
    assertEquals(error.message, 'Cannot put "a": No space\\x1b[2J left');
  });
});

testWith(["net"], "miniPut that the server does not end is told as not confirmed", async () => {
  const told = Promise.withResolvers<void>();
  await withScript(async (conn, heard) => {
    await heard();
    await say(conn, "OK");
    while (await heard() !== "");
    await told.promise;
  }, async (port) => {
    const put = () => miniPut({ port }, "a", 3, sourceOf(octetsOf(3)), { timeoutMs: 200 });
    const error = await assertRejects(put, ConnectionError);
    told.resolve();
    assertEquals(
      [error.kind, error.message],
      [
        "timeout",
        'Cannot put "a": not confirmed, the server did not close the connection within 0.2 s',
      ],
    );
  });
});

testWith(
  ["net"],
  "miniPut is not confirmed by words, however many, but by the end alone",
  async () => {
    const told = Promise.withResolvers<void>();
    await withScript(async (conn, heard) => {
      await heard();
      await say(conn, "OK");
      while (await heard() !== "");
      await say(conn, "?".repeat(2_000));
      await told.promise;
    }, async (port) => {
      const put = () => miniPut({ port }, "a", 3, sourceOf(octetsOf(3)), { timeoutMs: 200 });
      const error = await assertRejects(put, ConnectionError);
      told.resolve();
      assertEquals(error.kind, "timeout");
    });
  },
);

testWith(["net"], "miniGet of a silent server ends at its time limit", async () => {
  await withScript(async (_conn, heard) => {
    while (await heard() !== "");
  }, async (port) => {
    const error = await assertRejects(
      () => fetched(port, "a", { timeoutMs: 500 }),
      ConnectionError,
    );
    assertEquals(error.message, 'Cannot get "a": nothing from the server within 0.5 s');
  });
});

testWith(["net"], "miniGet that is interrupted throws the signal's reason", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  await withScript(async (_conn, heard) => {
    await heard();
    abort.abort(reason);
    await heard();
  }, async (port) => {
    const error = await assertRejects(() => fetched(port, "a", { signal: abort.signal }));
    assertEquals(error, reason);
  });
});

/** A transfer that waits for `stuck`, which is ours, while the server is ready. */
type StuckTransfer = (
  port: number,
  stuck: () => Promise<never>,
  options: MiniOptions,
) => Promise<unknown>;

const STUCK: Readonly<Record<string, StuckTransfer>> = {
  "a sink begins": (port, begin, options) => miniGet({ port }, "a", { begin, write() {} }, options),
  "a sink writes": (port, write, options) => miniGet({ port }, "a", { write }, options),
  "a source is read": (port, read, options) => miniPut({ port }, "a", 5, { read }, options),
};

for (const [what, transfer] of Object.entries(STUCK)) {
  testWith(["net"], `miniGet and miniPut are interrupted while ${what}`, async () => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const stuck = () => {
      queueMicrotask(() => abort.abort(reason));
      return new Promise<never>(() => {});
    };
    await withScript(async (conn, heard) => {
      await say(conn, (await heard()).startsWith("get") ? "YES|5" : "OK");
      if (await heard() !== "") await say(conn, octetsOf(5));
    }, async (port) => {
      const error = await assertRejects(() => transfer(port, stuck, { signal: abort.signal }));
      assertEquals(error, reason);
    });
  });
}

testWith(["net"], "miniGet where nobody listens throws ConnectionError", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assertRejects(() => fetched(port, "a"), ClientError, `Cannot connect to 127.0.0.1:${port}`);
});
