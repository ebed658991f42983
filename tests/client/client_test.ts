/**
 * The client against servers that are old, strange or broken, over real sockets.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  type Client,
  connect,
  ConnectionError,
  type ConnectOptions,
  LocalError,
  LoginError,
  makeDirectories,
  ProtocolError,
  removeTree,
} from "../../client/mod.ts";
import { testWith } from "../permission.ts";
import { type Answer, type Script, ScriptedServer } from "./scripted_server.ts";

const decode = (octets: Uint8Array) => new TextDecoder().decode(octets);

/** Runs `body` with a client that is connected to a server of this script. */
function scripted(
  name: string,
  script: Script,
  body: (client: Client, server: ScriptedServer) => Promise<void>,
  options: ConnectOptions = {},
): void {
  testWith(["net"], name, async () => {
    await using server = new ScriptedServer(script);
    await using client = await connect({ ...server.address, ...options });
    await body(client, server);
  });
}

/** `connect` fails with an error of this kind and text. */
function refused(
  name: string,
  script: Script,
  // deno-lint-ignore no-explicit-any -- constructors of any arguments, as in @std/assert
  kind: new (...args: any[]) => Error,
  text: string,
  options: ConnectOptions = {},
): void {
  testWith(["net"], name, async () => {
    await using server = new ScriptedServer(script);
    const error = await assertRejects(() => connect({ ...server.address, ...options }), kind);
    assertStringIncludes(error.message, text);
    assertMatch(error.message, /^[ -~]*$/);
  });
}

const retr = (content: string, preliminary?: string): Answer => async (_, session) => {
  await session.send(content, preliminary);
  await session.say("226 Done");
};

// Connecting and logging in.

refused(
  "connect refuses a full server",
  { greeting: "421 Too many users\r\n" },
  ConnectionError,
  "421 Too many users",
);
refused(
  "connect refuses a greeting of 4yz",
  { greeting: "450 Not now\r\n" },
  ConnectionError,
  "450 Not now",
);
refused(
  "connect refuses what is not FTP",
  { greeting: "SSH-2.0-x\r\n" },
  ConnectionError,
  "no FTP reply",
);
refused(
  "connect shows no control characters of a server",
  { greeting: "421 \x1b[2J\x07\r\n" },
  ConnectionError,
  "\\x1b[2J\\x07",
);
refused(
  "connect waits for a greeting no longer than its limit",
  { greeting: "" },
  ConnectionError,
  "No reply from the server within 0.05 s",
  { timeoutMs: 50 },
);
refused(
  "connect refuses a refused user",
  { answers: { USER: "530 Not you" } },
  LoginError,
  'Cannot log in as "eve": 530 Not you',
  { user: "eve" },
);
refused(
  "connect refuses a refused password",
  { answers: { USER: "331 Password", PASS: "530 Wrong" } },
  LoginError,
  "530 Wrong",
);
refused(
  "connect tells a closing server from a refused login",
  { answers: { USER: "421 Bye" } },
  ConnectionError,
  "421 Bye",
);
refused(
  "connect refuses an account that was not given",
  { answers: { USER: "332 Account" } },
  LoginError,
  "332 Account",
);
refused("connect refuses a user name with a line end", {}, LocalError, "CR, LF or NUL", {
  user: "a\r\nDELE x",
});
refused(
  "connect hears of a connection that ends during the login",
  { answers: { USER: (_, session) => session.close() } },
  ConnectionError,
  "connection",
);

testWith(["net"], "connect names the address that nobody listens on", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = listener.addr.port;
  listener.close();
  const error = await assertRejects(() => connect({ port }), ConnectionError);
  assertEquals(error.message, `Cannot connect to 127.0.0.1:${port}: connection refused`);
});

testWith(["net"], "connect ends with the reason of its signal", async () => {
  await using server = new ScriptedServer({ greeting: "" });
  const abort = new AbortController();
  const connecting = connect({ ...server.address, signal: abort.signal });
  abort.abort(new RangeError("enough"));
  await assertRejects(() => connecting, RangeError, "enough");
});

scripted("connect logs in as anonymous", {
  answers: { USER: "331 Password", PASS: "230 In" },
}, async (client, server) => {
  await client.quit();
  assertEquals(server.commands, ["USER anonymous", "PASS anonymous@", "FEAT", "QUIT"]);
});

scripted(
  "connect logs in with a password of spaces and colons, and an account",
  { answers: { USER: "331 Password", PASS: "332 Account", ACCT: "230 In" } },
  (_, server) => {
    assertEquals(server.commands.slice(0, 3), ["USER u", "PASS a b:c ", "ACCT x"]);
    return Promise.resolve();
  },
  { user: "u", password: "a b:c ", account: "x" },
);

scripted("connect reads FEAT and asks for UTF-8", {
  greeting: "220-Hello\r\n220 there\r\n",
  answers: {
    FEAT: "211-Features\r\n MLST type*;size*;\r\n utf8\r\n SIZE\r\n211 End",
    OPTS: "200 On",
  },
}, (client, server) => {
  assertEquals([...client.features], [["MLST", "type*;size*;"], ["UTF8", ""], ["SIZE", ""]]);
  assertEquals(server.commands.at(-1), "OPTS UTF8 ON");
  assertEquals(client.greeting.lines, ["Hello", "there"]);
  return Promise.resolve();
});

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

for (
  const [name, answers, text] of [
    ["neither EPSV nor PASV", { EPSV: "500 No" }, "502 Not implemented"],
    ["229 without a port", { EPSV: "229 Entering nothing" }, "reply to EPSV has no address"],
    ["port 0", { EPSV: "229 Entering (|||0|)" }, "has no address"],
    ["a port that is none", { EPSV: "229 Entering (|||70000|)" }, "has no address"],
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

scripted("download that is longer than announced is none", {
  answers: { SIZE: "213 2", RETR: retr("a log that grew") },
}, async (client) => {
  assertEquals(decode(await client.readFile("a")), "a log that grew");
});

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
    await assertRejects(() => client.readFile("a"), ConnectionError, "stood still for 0.1 s");
  },
  { timeoutMs: 100 },
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

// Uploads.

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

// Names.

for (const name of ["a\r\nDELE b", "a\nb", "a\0b"]) {
  scripted(`a name such as ${JSON.stringify(name)} is refused everywhere before it is sent`, {
    answers: { RNFR: "350 And?", MKD: "257 Made", DELE: "250 Gone" },
  }, async (client, server) => {
    const before = server.commands.length;
    for (
      const attempt of [
        () => client.makeDirectory(name),
        () => client.removeFile(name),
        () => client.rename(name, "b"),
        () => client.rename("a", name),
        () => client.list(name),
        () => client.changeDirectory(name),
      ]
    ) {
      await assertRejects(attempt, LocalError, "CR, LF or NUL");
    }
    await client.quit();
    assertEquals(server.verbs.slice(before), ["QUIT"]);
  });
}

scripted("an empty path is refused", {}, async (client) => {
  await assertRejects(() => client.removeFile(""), LocalError, "empty path");
});

// Listings.

const mlsd = (listing: string): Record<string, Answer> => ({
  FEAT: "211-Features\r\n MLST type*;\r\n211 End",
  MLSD: retr(listing),
});

scripted("list uses MLSD where FEAT has it", {
  answers: mlsd("type=cdir; .\r\ntype=file;size=3; a\r\ntype=dir; ../../evil\r\ntype=dir; b\r\n"),
}, async (client, server) => {
  assertEquals(await client.list("pub"), [
    { name: "a", kind: "file", size: 3 },
    { name: "b", kind: "directory" },
  ]);
  assertEquals(server.commands.at(-1), "MLSD pub");
});

scripted("list goes into the directory for LIST, and comes back", {
  answers: {
    PWD: '257 "/he said ""hi""" is it',
    CWD: "250 Entered",
    LIST: retr("-rw-r--r-- 1 u g 3 Jan  5 2020 a\r\n"),
  },
}, async (client, server) => {
  assertEquals((await client.list("-la *")).map((entry) => entry.name), ["a"]);
  assertEquals(server.commands.filter((line) => /^(CWD|LIST)/.test(line)), [
    "CWD -la *",
    "LIST",
    'CWD /he said "hi"',
  ]);
});

scripted("list of a directory that is not there is refused, though LIST would be empty", {
  answers: { PWD: '257 "/"', CWD: "550 No such directory", LIST: retr("") },
}, async (client) => {
  await assertRejects(() => client.list("no"), ProtocolError, 'Cannot list "no": 550');
});

scripted("stat uses MLST, and its name is the last part of the path", {
  answers: {
    FEAT: "211-Features\r\n MLST type*;\r\n211 End",
    MLST: "250-Listing\r\n type=file;size=3;modify=20200105103059; /pub/a\r\n250 End",
  },
}, async (client) => {
  assertEquals(await client.stat("/pub/a"), {
    name: "a",
    kind: "file",
    size: 3,
    modified: new Date("2020-01-05T10:30:59Z"),
  });
});

scripted("stat without MLST puts CWD, SIZE, MDTM and LIST together", {
  answers: {
    PWD: '257 "/"',
    CWD: (path, session) => session.say(path === "pub" || path === "/" ? "250 In" : "550 No"),
    SIZE: "213 1234",
    MDTM: "213 20200105103059",
    LIST: retr("-rwxr-x--- 1 u g 9 Jan  5 2020 a\r\n"),
  },
}, async (client) => {
  assertEquals(await client.stat("pub/a"), {
    name: "a",
    kind: "file",
    size: 1234,
    modified: new Date("2020-01-05T10:30:59Z"),
    mode: 0o750,
    owner: "u",
    group: "g",
  });
  assertEquals((await client.stat("pub")).kind, "directory");
});

scripted("stat of what is not there tells the server's reply", {
  answers: {
    PWD: '257 "/"',
    CWD: "550 No such thing",
    SIZE: "550 No",
    MDTM: "550 No",
    LIST: retr(""),
  },
}, async (client) => {
  await assertRejects(
    () => client.stat("no"),
    ProtocolError,
    'Cannot find "no": 550 No such thing',
  );
});

// Changes.

scripted("makeDirectories makes what is missing, and knows what is there", {
  answers: {
    MKD: (path, session) => session.say(path === "a" ? "550 Exists" : `257 "${path}" made`),
    PWD: '257 "/"',
    CWD: "250 In",
    LIST: retr(""),
  },
}, async (client, server) => {
  await makeDirectories(client, "a//b/c/");
  assertEquals(server.commands.filter((line) => line.startsWith("MKD")), [
    "MKD a",
    "MKD a/b",
    "MKD a/b/c",
  ]);
});

scripted("removeTree tries DELE first, so that a link is never followed", {
  answers: {
    ...mlsd("type=file; f\r\ntype=dir; link\r\n"),
    MLST: "250-Listing\r\n type=dir; /d\r\n250 End",
    DELE: (path, session) => session.say(path === "d" ? "550 A directory" : "250 Gone"),
    RMD: "250 Gone",
  },
}, async (client, server) => {
  await removeTree(client, "d");
  assertEquals(server.commands.filter((line) => /^(DELE|RMD|MLSD)/.test(line)), [
    "DELE d",
    "MLSD d",
    "DELE d/f",
    "DELE d/link",
    "RMD d",
  ]);
});

scripted("removeTree does not go down for ever", {
  answers: {
    ...mlsd("type=dir; d\r\n"),
    MLST: "250-Listing\r\n type=dir; d\r\n250 End",
    DELE: "550 A directory",
  },
}, async (client) => {
  await assertRejects(() => removeTree(client, "d"), LocalError, "too deep");
});

scripted("rename is RNFR and RNTO, and either may be refused", {
  answers: {
    RNFR: (name, session) => session.say(name === "no" ? "550 No" : "350 And?"),
    RNTO: "553 Not there",
  },
}, async (client) => {
  await assertRejects(
    () => client.rename("no", "b"),
    ProtocolError,
    'Cannot move "no" to "b": 550',
  );
  await assertRejects(() => client.rename("a", "b"), ProtocolError, "553 Not there");
});

// The connection.

scripted("operations that are called at once run one after the other", {
  answers: { RETR: retr("x"), PWD: '257 "/"' },
}, async (client, server) => {
  const before = server.commands.length;
  const [octets, path] = await Promise.all([client.readFile("a"), client.workingDirectory()]);
  assertEquals([decode(octets), path], ["x", "/"]);
  assertEquals(server.verbs.slice(before), ["TYPE", "SIZE", "EPSV", "RETR", "PWD"]);
});

scripted("a 421 out of the blue is the reason that every later call gives", {
  answers: {
    NOOP: async (_, session) => {
      await session.say("200 Fine\r\n421 Too long idle");
      session.control.close();
    },
  },
}, async (client) => {
  await client.command("NOOP");
  await assertRejects(() => client.command("NOOP"), ConnectionError, "421 Too long idle");
  assertEquals(client.closed, true);
});

scripted(
  "a reply that does not come closes the connection",
  { answers: { NOOP: () => {} } },
  async (client) => {
    await assertRejects(
      () => client.command("NOOP"),
      ConnectionError,
      "No reply from the server to NOOP within 0.05 s",
    );
    assertEquals(client.closed, true);
  },
  { timeoutMs: 50 },
);

scripted(
  "no message holds the password",
  { answers: { USER: "331 ?", PASS: "230 In" } },
  async (client) => {
    client.close();
    const error = await assertRejects(() => client.command("PASS secret"), LocalError);
    assert(!error.message.includes("secret"));
  },
);

scripted("quit says QUIT once, and nothing fails after it", {}, async (client, server) => {
  await client.quit();
  await client.quit();
  assertEquals(server.verbs.filter((verb) => verb === "QUIT"), ["QUIT"]);
});

scripted("quit does not mind a server that closes without a word", {
  answers: { QUIT: (_, session) => session.close() },
}, async (client) => {
  await client.quit();
  assertEquals(client.closed, true);
});
