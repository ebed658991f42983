/**
 * Connecting, logging in, and what holds for a connection as long as it lasts.
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
  connect,
  ConnectionError,
  type ConnectOptions,
  LocalError,
  LoginError,
} from "../../client/mod.ts";
import { testWith } from "../permission.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";
import { decode, retr, scripted } from "./scripted_test_case.ts";

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
  "connect refuses a greeting of 3yz",
  { greeting: "331 Password?\r\n" },
  ConnectionError,
  "331 Password?",
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
  "No reply from the server within 0.5 s",
  { timeoutMs: 500 },
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

Deno.test("connect refuses a time limit that no timer counts", async () => {
  const port = 1; // nothing is connected
  for (const timeoutMs of [0, -1, NaN, Infinity, 2 ** 31]) {
    const error = await assertRejects(() => connect({ port, timeoutMs }), LocalError);
    const range = "a time limit is over 0 and at most 2147483647 ms";
    assertEquals(error.message, `Cannot wait ${timeoutMs} ms: ${range}`);
  }
});

scripted("connect takes the longest time limit that a timer counts", {
  answers: { NOOP: "200 Fine" },
}, async (client) => {
  assertEquals((await client.command("NOOP")).code, 200);
}, { timeoutMs: 2 ** 31 - 1 });

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

scripted(
  "connect gives the password after any reply 3yz but 332",
  { answers: { USER: "300 Go on", PASS: "202 Not needed" } },
  (_, server) => {
    assertEquals(server.commands.slice(0, 2), ["USER u", "PASS p"]);
    return Promise.resolve();
  },
  { user: "u", password: "p" },
);

scripted("connect takes any greeting of 2yz", { greeting: "200 Hello\r\n" }, (_, server) => {
  assertEquals(server.commands, ["USER anonymous", "FEAT"]);
  return Promise.resolve();
});

scripted("connect does not log in where the greeting is 230", {
  greeting: "230 You are in\r\n",
  answers: { USER: "503 You are in" },
}, (client, server) => {
  assertEquals(server.commands, ["FEAT"]);
  assertEquals(client.greeting.code, 230);
  return Promise.resolve();
}, { user: "u", password: "p" });

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
      "No reply from the server to NOOP within 0.5 s",
    );
    assertEquals(client.closed, true);
  },
  { timeoutMs: 500 },
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
