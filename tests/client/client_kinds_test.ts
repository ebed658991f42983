/**
 * What kind of failure an error tells, what is said to a trace, and what becomes of one that throws.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type Client,
  ClientError,
  connect,
  ConnectionError,
  type ErrorKind,
  LocalError,
  LoginError,
  ProtocolError,
  SessionRefusal,
  type Trace,
  UrlError,
} from "../../client/mod.ts";
import { GROWTH_BYTES_MAX } from "../../client/contents.ts";
import { testWith } from "../permission.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";
import { retr, scripted } from "./scripted_test_case.ts";

const read = (client: Client) => client.readFile("a");
const store = (client: Client) => client.upload(new Uint8Array(1000), "a");

/** What goes wrong in connecting. */
const CONNECTING: readonly (readonly [string, Script, ErrorKind, number?])[] = [
  ["a greeting of 421", { greeting: "421 Full\r\n" }, "transient", 421],
  ["a greeting of 5yz", { greeting: "500 Never\r\n" }, "permanent", 500],
  ["a greeting that is no FTP", { greeting: "SSH-2.0-x\r\n" }, "protocol"],
  ["a refused user", { answers: { USER: "530 Not you" } }, "refused", 530],
  ["a user of whom there are too many", { answers: { USER: "450 Later" } }, "transient", 450],
  ["a wrong password, told as 430", { answers: { USER: "430 Wrong" } }, "refused", 430],
  ["a connection that ends", { answers: { USER: (_, session) => session.close() } }, "reset"],
];

for (const [name, script, kind, code] of CONNECTING) {
  testWith(["net"], `error of ${name} is ${kind}`, async () => {
    await using server = new ScriptedServer(script);
    await kindIs(() => connect({ ...server.address }), kind, code);
  });
}

/** What goes wrong later. */
const LATER: readonly (readonly [
  string,
  Script["answers"],
  (client: Client) => Promise<unknown>,
  ErrorKind,
  number?,
])[] = [
  ["a reply 4yz", { RETR: "450 Busy" }, read, "transient", 450],
  ["a reply 5yz", { RETR: "550 No such file" }, read, "permanent", 550],
  [
    "a reply that makes no sense",
    { RNFR: "200 What" },
    (client) => client.rename("a", "b"),
    "protocol",
    200,
  ],
  ["a 421 in place of a reply", { RETR: "421 Bye" }, read, "transient", 421],
  ["a short download", { SIZE: "213 10", RETR: retr("short") }, read, "short"],
  ["an endless download", { SIZE: "213 10", RETR: endless }, read, "protocol"],
  ["a longer download", { SIZE: "213 2", RETR: retr("longer") }, read, "protocol"],
  [
    "a short upload",
    {
      STOR: (_, session) => session.receive().then(() => session.say("226 Done")),
      SIZE: "213 10",
    },
    store,
    "short",
  ],
  [
    "a transfer without an end",
    {
      RETR: async (_, session) => {
        await session.data();
        await session.say("150 Opening");
      },
    },
    read,
    "timeout",
  ],
  ["a reply that does not come", { RETR: () => {} }, read, "timeout"],
  ["an address that is none", { EPSV: "500 No", PASV: "227 None" }, read, "protocol", 227],
];

/** More than any file grows while it is fetched. */
async function endless(
  _: string,
  session: { data(): Promise<Deno.TcpConn>; say(text: string): Promise<void>; closeData(): void },
) {
  const data = await session.data();
  await session.say("150 Opening");
  const chunk = new Uint8Array(1_000_000);
  try {
    for (let sent = 0; sent < 300_000_000;) sent += await data.write(chunk);
  } catch {
    // The client has closed.
  }
  session.closeData();
  await session.say("226 Done");
}

for (const [name, answers, call, kind, code] of LATER) {
  scripted(`error of ${name} is ${kind}`, { answers: answers! }, async (client) => {
    await kindIs(() => call(client), kind, code);
  }, { timeoutMs: 1_000 });
}

async function kindIs(call: () => Promise<unknown>, kind: ErrorKind, code?: number) {
  const error = await assertRejects(call, ClientError);
  assertEquals(error.kind, kind, error.message);
  const reply = "reply" in error ? error.reply as { code: number } | undefined : undefined;
  assertEquals(reply?.code, code);
}

testWith(["net"], "error of a port where nobody listens is refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  await kindIs(() => connect({ port: listener.addr.port }), "refused");
});

testWith(["net"], "error of a host that does not exist is no reset", async () => {
  const error = await assertRejects(
    () => connect({ host: "no.such.host.invalid" }),
    ConnectionError,
  );
  assertEquals(["refused", "transient"].includes(error.kind), true, error.message);
});

scripted("error of this machine has no kind", {}, async (client) => {
  const error = await assertRejects(() => client.removeFile(""), LocalError);
  assertEquals(error.kind, undefined);
});

// A file that grows.

let sizes = ["213 2", "213 9"];
scripted("download of a file that grows meanwhile is whole when it is as long as SIZE says then", {
  answers: {
    SIZE: (_, session) => session.say(sizes.shift()!),
    RETR: retr("a log that"),
  },
}, async (client) => {
  sizes = ["213 2", "213 10"];
  assertEquals((await client.readFile("a")).length, 10);
  sizes = ["213 2", "213 11"];
  assertEquals((await client.readFile("a")).length, 10);
  sizes = ["213 2", "213 9"];
  const error = await assertRejects(() => client.readFile("a"), ConnectionError);
  assertStringIncludes(error.message, "sends more than the 2 octets that it announced");
});

/** Far more than a server may send beyond what it has told. */
const FAR = "-".repeat(GROWTH_BYTES_MAX + 3);

for (
  const [told, known, kind, text] of [
    ["a listing told", { size: 2 }, "transient", "it has grown far over the 2 octets"],
    ["SIZE has just told", { size: 2, isFresh: true }, "protocol", "sends more than the 2 octets"],
    ["SIZE tells", undefined, "protocol", "sends more than the 2 octets"],
  ] as const
) {
  scripted(`download of far more than ${told} is a failure of kind ${kind}`, {
    answers: { SIZE: "213 2", RETR: retr(FAR) },
  }, async (client) => {
    const options = known === undefined ? {} : { known };
    const error = await assertRejects(
      () => client.download("a", { write() {} }, options),
      ConnectionError,
    );
    assertEquals(error.kind, kind);
    assertStringIncludes(error.message, text);
  });
}

// Traces.

testWith(["net"], "trace hears both sides, without secrets and control characters", async () => {
  await using server = new ScriptedServer({
    greeting: "220-Hello\r\n220 \x1b[2Jthere\r\nFirmware \x1b[2J1.2\r\n",
    answers: { USER: "331 Who?", PASS: "332 Account", ACCT: "230 In" },
  });
  const lines: string[] = [];
  const client = await connect({
    ...server.address,
    user: "eve",
    password: "secret",
    account: "hidden",
    trace: (direction, line) => void lines.push(`${direction} ${line}`),
  });
  await client.quit();
  assertEquals(lines, [
    "received 220-Hello",
    "received 220 \\x1b[2Jthere",
    "received Firmware \\x1b[2J1.2",
    "sent USER eve",
    "received 331 Who?",
    "sent PASS ****",
    "received 332 Account",
    "sent ACCT ****",
    "received 230 In",
    "sent FEAT",
    "received 502 Not implemented",
    "sent QUIT",
    "received 221 Bye",
  ]);
});

for (const thrown of ["sent DELE a", "received 250 Gone"]) {
  testWith(["net"], `a trace that throws at "${thrown}" ends the connection`, async () => {
    await using server = new ScriptedServer({ answers: { DELE: "250 Gone", NOOP: "200 Here" } });
    const trace: Trace = (direction, line) => {
      if (`${direction} ${line}` === thrown) throw new RangeError("No room for lines");
    };
    await using client = await connect({ ...server.address, trace });
    await assertRejects(() => client.removeFile("a"), RangeError, "No room for lines");
    assertEquals(client.closed, true);
    await assertRejects(() => client.command("NOOP"), RangeError, "No room for lines");
    assertEquals(server.verbs.includes("DELE"), thrown.startsWith("received"));
  });
}

testWith(["net"], "a trace that throws at the greeting is why there is no connection", async () => {
  await using server = new ScriptedServer();
  const trace = () => {
    throw new RangeError("No room for lines");
  };
  await assertRejects(() => connect({ ...server.address, trace }), RangeError, "No room for lines");
});

// Names.

Deno.test("every error of the client is called by the name of its class", () => {
  const reply = { code: 425, lines: ["No"] };
  const errors = [
    new ProtocolError("Cannot", reply),
    new LoginError("Cannot", reply),
    new ConnectionError("Cannot"),
    new SessionRefusal("Cannot", reply, "one at a time"),
    new LocalError("Cannot"),
    new UrlError("Cannot"),
  ];
  for (const error of errors) assertEquals(error.name, error.constructor.name);
});
