/**
 * Data connections and downloads, from servers that are old, strange or broken.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConnectionError, ProtocolError } from "../../client/mod.ts";
import type { Answer } from "./scripted_server.ts";
import { decode, retr, scripted } from "./scripted_test_case.ts";

// Data connections.

scripted("download uses EPSV", { answers: { RETR: retr("hello") } }, async (client, server) => {
  assertEquals(decode(await client.readFile("a")), "hello");
  assertEquals(server.verbs.slice(2), ["TYPE", "SIZE", "EPSV", "RETR"]);
});

scripted("download falls back to PASV for good, and never trusts its host", {
  answers: {
    EPSV: "500 What?",
    PASV: (_, session) => {
      const port = session.listen();
      // 192.0.2.1 is nobody's (RFC 5737): only the port may be used.
      return session.say(`227 Entering (192,0,2,1,${port >> 8},${port & 255}).`);
    },
    RETR: retr("hello"),
  },
}, async (client, server) => {
  assertEquals(decode(await client.readFile("a")), "hello");
  assertEquals(decode(await client.readFile("a")), "hello");
  assertEquals(server.verbs.filter((verb) => /^(EPSV|PASV)$/.test(verb)), ["EPSV", "PASV", "PASV"]);
});

scripted("download falls back to PASV when EPSV's port cannot be reached", {
  answers: {
    EPSV: (_, session) => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      listener.close();
      return session.say(`229 Entering (|||${listener.addr.port}|)`);
    },
    PASV: (_, session) => {
      const port = session.listen();
      return session.say(`227 =127,0,0,1,${port >> 8},${port & 255}`);
    },
    RETR: retr("hello"),
  },
}, async (client) => {
  assertEquals(decode(await client.readFile("a")), "hello");
});

for (const reply of ["229 Entering nothing", "229 Entering (|||0|)", "229 Entering (|||70000|)"]) {
  scripted(`download falls back to PASV when EPSV is answered with ${reply}`, {
    answers: {
      EPSV: reply,
      PASV: (_, session) => {
        const port = session.listen();
        return session.say(`227 =127,0,0,1,${port >> 8},${port & 255}`);
      },
      RETR: retr("hello"),
    },
  }, async (client) => {
    assertEquals(decode(await client.readFile("a")), "hello");
  });
}

for (
  const [name, answers, text] of [
    ["neither EPSV nor PASV", { EPSV: "500 No" }, "502 Not implemented"],
    ["227 without an address", { EPSV: "500 No", PASV: "227 Entering" }, "reply to PASV has no"],
    [
      "227 with numbers too large",
      { EPSV: "500 No", PASV: "227 (1,2,3,4,256,1)" },
      "has no address",
    ],
  ] as const
) {
  scripted(`download refuses ${name}, and the connection goes on`, {
    answers: { ...answers, NOOP: "200 Still here" },
  }, async (client) => {
    const error = await assertRejects(() => client.readFile("a"));
    assert(error instanceof ProtocolError || error instanceof ConnectionError);
    assertStringIncludes(error.message, text);
    assertEquals((await client.command("NOOP")).code, 200);
  });
}

scripted(
  "download works over IPv6",
  { hostname: "::1", answers: { RETR: retr("six") } },
  async (client) => {
    assertEquals(decode(await client.readFile("a")), "six");
  },
);

scripted("download over IPv6 has no PASV to fall back to", {
  hostname: "::1",
  answers: { EPSV: "500 No" },
}, async (client, server) => {
  await assertRejects(() => client.readFile("a"), ProtocolError, "500 No");
  assert(!server.verbs.includes("PASV"));
});

// Downloads.

for (
  const [name, answers, text] of [
    ["SIZE", { SIZE: "213 10", RETR: retr("short") }, "after 5 of 10 octets"],
    [
      "the 150 reply",
      { RETR: retr("short", "150 Opening BINARY mode for a (10 bytes).") },
      "after 5 of 10 octets",
    ],
  ] as const
) {
  scripted(`download that ends short of ${name} is an error`, { answers }, async (client) => {
    const error = await assertRejects(() => client.readFile("a"), ConnectionError);
    assertStringIncludes(error.message, text);
  });
}

scripted("download of an empty file gives no octets", {
  answers: { SIZE: "213 0", RETR: retr("") },
}, async (client) => {
  assertEquals((await client.readFile("a")).length, 0);
});

scripted("download takes 226 before the octets", {
  answers: {
    RETR: async (_, session) => {
      await session.data();
      await session.say("150 Opening\r\n226 Done");
      const data = await session.data();
      await data.write(new TextEncoder().encode("late"));
      session.closeData();
    },
  },
}, async (client) => {
  assertEquals(decode(await client.readFile("a")), "late");
});

scripted("download begins at its offset", {
  answers: {
    SIZE: "213 10",
    REST: "350 Go on",
    RETR: retr("56789", "150 Opening (10 bytes)"),
  },
}, async (client, server) => {
  const chunks: string[] = [];
  const { octets } = await client.download("a", {
    write: (chunk) => void chunks.push(decode(chunk)),
  }, { offset: 5 });
  assertEquals([chunks.join(""), octets], ["56789", 5]);
  assertEquals(server.commands.slice(-2), ["REST 5", "RETR a"]);
});

scripted(
  "download tells a server that has no REST",
  { answers: { SIZE: "213 10" } },
  async (client) => {
    await assertRejects(
      () => client.download("a", { write() {} }, { offset: 5 }),
      ProtocolError,
      'Cannot retrieve "a" from octet 5: 502',
    );
  },
);

scripted("download of a file that is not there says what the server said", {
  answers: { SIZE: "550 No such file", RETR: "550 No such file", NOOP: "200 Fine" },
}, async (client) => {
  const error = await assertRejects(() => client.readFile("no\x1b[2J"), ProtocolError);
  assertEquals(error.message, 'Cannot retrieve "no\\x1b[2J": 550 No such file');
  assertEquals(error.code, 550);
  assertEquals((await client.command("NOOP")).code, 200);
});

scripted("download that the server breaks off tells its reply", {
  answers: {
    RETR: async (_, session) => {
      await session.send("half");
      await session.say("451 Disk error");
    },
    NOOP: "200 Fine",
  },
}, async (client) => {
  await assertRejects(() => client.readFile("a"), ProtocolError, "451 Disk error");
  assertEquals((await client.command("NOOP")).code, 200);
});

scripted("download that is refused while data still comes ends at once", {
  answers: {
    RETR: async (_, session) => {
      await session.data();
      await session.say("150 Opening");
      await session.say("426 Cannot go on");
    },
  },
}, async (client) => {
  await assertRejects(() => client.readFile("a"), ProtocolError, "426 Cannot go on");
});

scripted(
  "download that stands still ends within its limit",
  {
    answers: {
      RETR: async (_, session) => {
        const data = await session.data();
        await session.say("150 Opening");
        await data.write(new TextEncoder().encode("some"));
      },
    },
  },
  async (client) => {
    await assertRejects(() => client.readFile("a"), ConnectionError, "stood still for 0.5 s");
  },
  { timeoutMs: 500 },
);

scripted("download hears of a lost control connection in the middle", {
  answers: {
    RETR: async (_, session) => {
      await session.data();
      await session.say("150 Opening");
      session.control.close();
    },
  },
}, async (client) => {
  await assertRejects(() => client.readFile("a"), ConnectionError, "closed the connection");
  assertEquals(client.closed, true);
  await assertRejects(() => client.workingDirectory(), ConnectionError, "closed the connection");
});

scripted("download passes on what the sink throws, and the connection goes on", {
  answers: {
    RETR: async (_, session) => {
      await session.send("octets").catch(() => {});
      await session.say("426 You left");
    },
    NOOP: "200 Fine",
  },
}, async (client) => {
  const sink = {
    write() {
      throw new RangeError("full");
    },
  };
  await assertRejects(() => client.download("a", sink), RangeError, "full");
  assertEquals((await client.command("NOOP")).code, 200);
});

scripted("download ends with the reason of its signal, and the connection goes on", {
  answers: {
    RETR: async (_, session) => {
      const data = await session.data();
      await session.say("150 Opening");
      await data.write(new TextEncoder().encode("some"));
      await data.read(new Uint8Array(1)).catch(() => {});
      await session.say("426 Gone");
    },
    NOOP: "200 Fine",
  },
}, async (client) => {
  const abort = new AbortController();
  const sink = { write: () => abort.abort(new RangeError("enough")) };
  await assertRejects(
    () => client.download("a", sink, { signal: abort.signal }),
    RangeError,
    "enough",
  );
  assertEquals((await client.command("NOOP")).code, 200);
});

scripted(
  "download into a stream closes it",
  { answers: { RETR: retr("stream") } },
  async (client) => {
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
    const [text] = await Promise.all([
      new Response(readable).text(),
      client.download("a", writable),
    ]);
    assertEquals(text, "stream");
  },
);

scripted("download calls begin with the size before it writes", {
  answers: { SIZE: "213 5", RETR: retr("hello") },
}, async (client) => {
  const calls: string[] = [];
  await client.download("a", {
    begin: (size) => void calls.push(`begin ${size}`),
    write: (chunk) => void calls.push(`write ${chunk.length}`),
  });
  assertEquals(calls, ["begin 5", "write 5"]);
});

scripted("download closes its end before it waits for the reply", {
  answers: {
    RETR: async (_, session) => {
      const data = await session.data();
      await session.say("150 Opening");
      await data.write(new TextEncoder().encode("hello"));
      await data.closeWrite();
      // The reply comes when the client has closed, as ProFTPD has it.
      assertEquals(await data.read(new Uint8Array(1)), null);
      session.closeData();
      await session.say("226 Done");
    },
  },
}, async (client) => {
  assertEquals(decode(await client.readFile("a")), "hello");
}, { timeoutMs: 5_000 });

scripted("download is complete when all octets and 226 came, though the server does not close", {
  answers: {
    SIZE: "213 5",
    RETR: async (_, session) => {
      const data = await session.data();
      await session.say("150 Opening");
      await data.write(new TextEncoder().encode("hello"));
      await session.say("226 Done");
    },
    NOOP: "200 Fine",
  },
}, async (client) => {
  assertEquals(decode(await client.readFile("a")), "hello");
  assertEquals((await client.command("NOOP")).code, 200);
}, { timeoutMs: 10_000 });

// Sizes from before the download.

scripted("download knows what is announced from the name that stands before it", {
  answers: {
    RETR: retr("short", "150 Opening data connection for report (12 bytes).txt (5 bytes)."),
  },
}, async (client) => {
  assertEquals(decode(await client.readFile("report (12 bytes).txt")), "short");
});

/** A file that had 5 octets when it was listed, and has 8; `more` brings the others behind 226. */
const grown = (more: (data: Deno.TcpConn) => Promise<void>): Readonly<Record<string, Answer>> => ({
  SIZE: "213 8",
  RETR: async (_, session) => {
    const data = await session.data();
    await session.say("150 Opening");
    await data.write(new TextEncoder().encode("01234"));
    await session.say("226 Done");
    await more(data);
  },
});

const listed = { known: { size: 5 } };

scripted("download is not cut at the size of a listing while octets come", {
  answers: grown(async (data) => {
    for (const octet of ["5", "6", "7"]) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      await data.write(new TextEncoder().encode(octet));
    }
    data.close();
  }),
}, async (client) => {
  let text = "";
  await client.download("a", { write: (chunk) => void (text += decode(chunk)) }, listed);
  assertEquals(text, "01234567");
}, { timeoutMs: 10_000 });

scripted("download whose end the server does not send is short where SIZE tells more by now", {
  answers: grown(() => Promise.resolve()),
}, async (client) => {
  const error = await assertRejects(
    () => client.download("a", { write() {} }, listed),
    ConnectionError,
    "the transfer ended after 5 of 8 octets",
  );
  assertEquals(error.kind, "short");
}, { timeoutMs: 10_000 });
