/**
 * Data connections that the server makes, and where passive ones may go.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  connect,
  ConnectionError,
  plainTransport,
  ProtocolError,
  type Transport,
} from "../../client/mod.ts";
import { openActive } from "../../client/active.ts";
import type { Dialogue } from "../../client/channel.ts";
import { timeouts } from "../../client/limits.ts";
import { eventually } from "../eventually.ts";
import type { Answer, ScriptedSession } from "./scripted_server.ts";
import { decode, retr as passively, scripted } from "./scripted_test_case.ts";
import { octets, served } from "./stage.ts";
import { testTls } from "./tls_stage.ts";

const ACTIVE = { active: true, timeoutMs: 5_000 };

/** Where the client listens, by what it said in EPRT or PORT. */
let told = 0;

const eprt: Answer = (argument, session) => {
  told = Number(argument.split("|")[3]);
  return session.say("200 Fine");
};

const port: Answer = (argument, session) => {
  const fields = argument.split(",").map(Number);
  told = fields[4]! << 8 | fields[5]!;
  return session.say("200 Fine");
};

/** Connects from `from` to the client, and sends `text`. */
const call = async (text: string, from = "127.0.0.1"): Promise<void> => {
  const hostname = from.includes(":") ? "::1" : "127.0.0.1";
  const data = await Deno.connect({ hostname, port: told });
  await data.write(new TextEncoder().encode(text));
  data.close();
};

const retr: Answer = async (_, session: ScriptedSession) => {
  await session.say("150 Opening");
  await call("hello");
  await session.say("226 Done");
};

/** The runtime as it is without the right to listen. */
const DEAF: Transport = {
  ...plainTransport,
  listen() {
    throw new Deno.errors.NotCapable('Requires net access to "127.0.0.1:0", run again');
  },
};

served("active mode moves octets both ways with our server", async (stage) => {
  await using client = await connect({ port: stage.port, active: true });
  await client.upload(octets(3_000_001), "a");
  assertEquals(await client.readFile("a"), octets(3_000_001));
  assertEquals((await client.list()).map((entry) => entry.name), ["a"]);
});

testTls(["pyftpdlib"], "active mode moves octets both ways with pyftpdlib", async (stage) => {
  const port = await stage.startPlain("pyftpdlib");
  await using client = await connect({ port, active: true });
  await client.upload(octets(3_000_001), "a");
  assertEquals(await client.readFile("a"), octets(3_000_001));
});

scripted("active mode uses EPRT with its own address", {
  answers: { EPRT: eprt, RETR: retr },
}, async (client, server) => {
  assertEquals(decode(await client.readFile("a")), "hello");
  assertMatch(server.commands.at(-2)!, /^EPRT \|1\|127\.0\.0\.1\|\d+\|$/);
}, ACTIVE);

scripted("active mode works over IPv6", {
  hostname: "::1",
  answers: {
    EPRT: eprt,
    RETR: async (_, session) => {
      await session.say("150 Opening");
      await call("six", "::1");
      await session.say("226 Done");
    },
  },
}, async (client, server) => {
  assertEquals(decode(await client.readFile("a")), "six");
  assertMatch(server.commands.at(-2)!, /^EPRT \|2\|::1\|\d+\|$/);
}, ACTIVE);

scripted("active mode falls back to PORT for good", {
  answers: { EPRT: "500 What?", PORT: port, RETR: retr },
}, async (client, server) => {
  assertEquals(decode(await client.readFile("a")), "hello");
  assertEquals(decode(await client.readFile("a")), "hello");
  const verbs = server.verbs.filter((verb) => /^(EPRT|PORT)$/.test(verb));
  assertEquals(verbs, ["EPRT", "PORT", "PORT"]);
}, ACTIVE);

scripted("active mode tells a server that takes neither EPRT nor PORT", {
  answers: { NOOP: "200 Fine" },
}, async (client) => {
  await assertRejects(
    () => client.readFile("a"),
    ProtocolError,
    "Cannot open a data connection: 5",
  );
  assertEquals((await client.command("NOOP")).code, 200);
}, ACTIVE);

scripted("active mode closes its port when the command is refused", {
  answers: { EPRT: eprt, RETR: "550 No such file" },
}, async (client) => {
  await assertRejects(() => client.readFile("a"), ProtocolError, "550 No such file");
  await assertRejects(() => Deno.connect({ port: told }), Deno.errors.ConnectionRefused);
}, ACTIVE);

scripted("active mode waits for the server's connection no longer than its limit", {
  answers: { EPRT: eprt, RETR: "150 Opening" },
}, async (client) => {
  const error = await assertRejects(() => client.readFile("a"), ConnectionError);
  assertEquals(error.message, "Cannot open a data connection: no answer within 0.5 s");
  assertEquals(error.kind, "timeout");
}, { active: true, timeoutMs: 500 });

scripted("active mode hears that the server cannot connect", {
  answers: {
    EPRT: eprt,
    RETR: async (_, session) => {
      await session.say("150 Opening");
      await session.say("425 Cannot connect");
    },
    NOOP: "200 Fine",
  },
}, async (client) => {
  await assertRejects(() => client.readFile("a"), ProtocolError, "425 Cannot connect");
  assertEquals((await client.command("NOOP")).code, 200);
}, ACTIVE);

scripted("active mode is given up by its signal", {
  answers: { EPRT: eprt, RETR: "150 Opening", NOOP: "200 Fine" },
}, async (client, server) => {
  const abort = new AbortController();
  const reading = client.readFile("a", { signal: abort.signal });
  await eventually("RETR is on its way", () => server.verbs.includes("RETR"));
  abort.abort(new RangeError("enough"));
  await assertRejects(() => reading, RangeError, "enough");
}, { active: true, timeoutMs: 1_000 });

scripted("active mode lets nobody in but the server", {
  hostname: "127.0.0.2",
  answers: {
    EPRT: eprt,
    RETR: async (_, session) => {
      await session.say("150 Opening");
      // From 127.0.0.1, where the server is not.
      await call("stranger").catch(() => {});
      await session.say("426 Nobody came");
    },
  },
}, async (client) => {
  await assertRejects(() => client.readFile("a"), ProtocolError, "426 Nobody came");
}, ACTIVE);

scripted("active mode tells in one line that it may not listen", {
  answers: { NOOP: "200 Fine" },
}, async (client, server) => {
  const text = 'Cannot open a data connection: requires net access to "127.0.0.1:0"';
  const error = await assertRejects(() => client.readFile("a"), ConnectionError, text);
  assertEquals(error.kind, "refused");
  assertEquals((await client.command("NOOP")).code, 200);
  assert(!server.verbs.includes("EPRT"));
}, { ...ACTIVE, transport: DEAF });

Deno.test("active mode listens on an address of one link, and tells no zone of it", async () => {
  const [asked, listened]: [string[], string[]] = [[], []];
  const dialogue: Dialogue = {
    local: { hostname: "fe80::1%eth0", port: 1 },
    peer: { hostname: "fe80::2%eth0", port: 21 },
    transport: {
      ...plainTransport,
      listen(hostname) {
        listened.push(hostname);
        const accept = () => Promise.reject(new Error("not here"));
        return { address: { hostname, port: 7 }, accept, close() {} };
      },
    },
    timeouts: timeouts(),
    signal: undefined,
    server: { extendedData: true },
    ask(command) {
      asked.push(command);
      return Promise.resolve({ code: 200, lines: ["Fine"] });
    },
    expect: () => Promise.reject(new Error("not here")),
  };
  (await openActive(dialogue)).close();
  assertEquals(listened, ["fe80::1%eth0"]);
  assertEquals(asked, ["EPRT |2|fe80::1|7|"]);
});

// Passive addresses.

scripted("the address that the server names is its own over IPv6, which PASV has not", {
  hostname: "::1",
  answers: { RETR: passively("hello") },
}, async (client, server) => {
  assertEquals(decode(await client.readFile("a")), "hello");
  assert(server.verbs.includes("EPSV") && !server.verbs.includes("PASV"));
}, { passiveAddress: "server" });

for (const passiveAddress of ["peer", "server"] as const) {
  const title = passiveAddress === "peer" ? "ignored" : "used where the user says so";
  scripted(`the address in a reply to PASV is ${title}`, {
    answers: {
      EPSV: "500 No",
      PASV: (_, session) => {
        const port = session.listen();
        const host = passiveAddress === "peer" ? "192,0,2,1" : "127,0,0,1";
        return session.say(`227 Entering (${host},${port >> 8},${port & 255})`);
      },
      RETR: passively("hello"),
    },
  }, async (client, server) => {
    assertEquals(decode(await client.readFile("a")), "hello");
    assert(passiveAddress === "peer" || !server.verbs.includes("EPSV"));
  }, { passiveAddress });
}
