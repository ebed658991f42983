/**
 * Calls that are given up: what is left on the connection, and what the next call gets.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type CallOptions,
  type Client,
  isDirectory,
  kindThere,
  LocalError,
  makeDirectories,
  removeTree,
  uploadFile,
} from "../../client/mod.ts";
import { expandRemote } from "../../client/mirror/mod.ts";
import { eventually } from "../eventually.ts";
import type { ScriptedServer } from "./scripted_server.ts";
import { decode, retr, scripted } from "./scripted_test_case.ts";

const SELF = fromFileUrl(import.meta.url);

/** Every call but the transfers, and the command whose reply is held back. */
const CALLS: readonly (readonly [string, (client: Client, options: CallOptions) => unknown])[] = [
  ["NOOP", (client, options) => client.command("NOOP", options)],
  ["PWD", (client, options) => client.workingDirectory(options)],
  ["CWD", (client, options) => client.changeDirectory("a", options)],
  ["SIZE", (client, options) => client.size("a", options)],
  ["MDTM", (client, options) => client.modified("a", options)],
  ["MKD", (client, options) => client.makeDirectory("a", options)],
  ["RMD", (client, options) => client.removeDirectory("a", options)],
  ["DELE", (client, options) => client.removeFile("a", options)],
  ["RNFR", (client, options) => client.rename("a", "b", options)],
  ["MFMT", (client, options) => client.setModified("a", new Date(0), options)],
  ["XMD5", (client, options) => client.hash("a", { ...options, algorithm: "MD5" })],
  ["MLST", (client, options) => client.stat("a", options)],
  ["EPSV", (client, options) => client.list("a", options)],
  ["SIZE", (client, options) => client.readFile("a", options)],
];

async function until(server: ScriptedServer, verb: string): Promise<void> {
  await eventually(`${verb} is on its way`, () => server.verbs.includes(verb));
}

for (const [index, [verb, call]] of CALLS.entries()) {
  let answer = () => {};
  scripted(`call ${index}, given up while ${verb} is on its way, leaves the replies in order`, {
    answers: {
      FEAT: "211-Features\r\n MLST type*;\r\n MFMT\r\n XMD5\r\n211 End",
      NOOP: "200 Fine",
      [verb]: async (_, session) => {
        await new Promise<void>((resolve) => answer = resolve);
        await session.say("200 Late");
      },
      SYST: "215 UNIX",
    },
  }, async (client, server) => {
    const abort = new AbortController();
    const called = call(client, { signal: abort.signal }) as Promise<unknown>;
    await until(server, verb);
    abort.abort(new RangeError("enough"));
    await assertRejects(() => called, RangeError, "enough");
    const next = client.command("SYST");
    answer();
    assertEquals((await next).lines, ["UNIX"]);
  });
}

type Several = (client: Client, options: CallOptions) => Promise<unknown>;

/** What takes several calls, and the command whose reply never comes. */
const SEVERAL: readonly (readonly [string, readonly string[], Several])[] = [
  ["makeDirectories", ["MKD", "MLST"], (client, options) => makeDirectories(client, "a", options)],
  ["kindThere", ["MLST"], (client, options) => kindThere(client, "a", options)],
  ["isDirectory", ["MLST"], (client, options) => isDirectory(client, "a", options)],
  [
    "removeTree",
    ["DELE", "MLST", "MLSD", "RMD"],
    (client, options) => removeTree(client, "a", options),
  ],
  ["expandRemote", ["MLST", "MLSD"], (client, options) => expandRemote(client, "*", options)],
];

for (const [name, verbs, call] of SEVERAL) {
  for (const verb of verbs) {
    scripted(`${name} is given up while ${verb} is on its way`, {
      answers: {
        FEAT: "211-Features\r\n MLST type*;\r\n211 End",
        MLST: (path, session) =>
          session.say(path === "a" ? "250-Here\r\n type=dir; a\r\n250 End" : "550 No"),
        MLSD: retr(""),
        MKD: "550 It exists",
        DELE: "550 A directory",
        [verb]: () => {},
      },
    }, async (client, server) => {
      const abort = new AbortController();
      const called = call(client, { signal: abort.signal });
      await until(server, verb);
      abort.abort(new RangeError("enough"));
      await assertRejects(() => called, RangeError, "enough");
      client.close();
    }, { timeoutMs: 500 });
  }
}

for (
  const [name, call] of [
    ["rename", (client, options) => client.rename("a", "b", options)],
    ["put", (client, options) => uploadFile(client, SELF, "a", { ...options, replaces: true })],
  ] as readonly [string, (client: Client, options: CallOptions) => Promise<unknown>][]
) {
  let answer = () => {};
  let isRenaming = false;
  scripted(`${name} that is given up behind RNFR does not leave the server waiting for RNTO`, {
    answers: {
      RNFR: async (_, session) => {
        await new Promise<void>((resolve) => answer = resolve);
        isRenaming = true;
        await session.say("350 To what?");
      },
      RNTO: async (name, session) => {
        isRenaming = false;
        await session.say(name === "" ? "501 To what?" : "250 Renamed");
      },
      NOOP: (_, session) => session.say(isRenaming ? "501 Bad sequence" : "200 Fine"),
    },
  }, async (client, server) => {
    const abort = new AbortController();
    const called = call(client, { signal: abort.signal });
    await until(server, "RNFR");
    abort.abort(new RangeError("enough"));
    await assertRejects(() => called, RangeError, "enough");
    answer();
    assertEquals((await client.command("NOOP")).code, 200);
    assertEquals(server.commands.filter((line) => line.startsWith("RN")), ["RNFR a", "RNTO"]);
  });
}

scripted("quit that is given up closes the connection, and never fails", {
  answers: { NOOP: () => {} },
}, async (client) => {
  const stuck = assertRejects(() => client.command("NOOP"), LocalError, "closed");
  const abort = new AbortController();
  const quitting = client.quit({ signal: abort.signal });
  abort.abort(new RangeError("enough"));
  await quitting;
  assertEquals(client.closed, true);
  await stuck;
});

scripted("a call that was given up before its turn sends nothing, and holds up nobody", {
  answers: { NOOP: "200 Fine", PWD: '257 "/"' },
}, async (client, server) => {
  const sent = server.commands.length;
  const reason = AbortSignal.abort(new RangeError("enough"));
  await assertRejects(() => client.removeFile("a", { signal: reason }), RangeError, "enough");
  assertEquals((await client.command("NOOP")).code, 200);
  assertEquals(server.verbs.slice(sent), ["NOOP"]);
});

let let_go = () => {};
scripted("a call that waits for its turn is given up at once", {
  answers: {
    NOOP: async (_, session) => {
      await new Promise<void>((resolve) => let_go = resolve);
      await session.say("200 Fine");
    },
    PWD: '257 "/"',
  },
}, async (client, server) => {
  const first = client.command("NOOP");
  const abort = new AbortController();
  const second = client.removeFile("a", { signal: abort.signal });
  const third = client.workingDirectory();
  await until(server, "NOOP");
  abort.abort(new RangeError("enough"));
  await assertRejects(() => second, RangeError, "enough");
  assert(!server.verbs.includes("PWD"), "the third still waits for the first");
  let_go();
  assertEquals([(await first).code, await third], [200, "/"]);
  assert(!server.verbs.includes("DELE"));
});

scripted("a call that was given up and never answered closes the connection", {
  answers: { NOOP: () => {} },
}, async (client, server) => {
  const abort = new AbortController();
  const called = client.command("NOOP", { signal: abort.signal });
  await until(server, "NOOP");
  abort.abort(new RangeError("enough"));
  await assertRejects(() => called, RangeError, "enough");
  await assertRejects(() => client.command("SYST"), Error, "No reply from the server to");
  assertEquals(client.closed, true);
}, { timeoutMs: 500 });

scripted("a transfer is given up while the server thinks about it", {
  answers: { RETR: () => {}, SYST: "215 UNIX" },
}, async (client, server) => {
  const abort = new AbortController();
  const called = client.readFile("a", { signal: abort.signal });
  await until(server, "RETR");
  abort.abort(new RangeError("enough"));
  await assertRejects(() => called, RangeError, "enough");
}, { timeoutMs: 500 });

scripted("a download is given up though its sink never begins", {
  answers: { RETR: retr("a"), NOOP: "200 Fine" },
}, async (client) => {
  const abort = new AbortController();
  const sink = {
    begin() {
      queueMicrotask(() => abort.abort(new RangeError("enough")));
      return new Promise<void>(() => {});
    },
    write() {},
  };
  const { signal } = abort;
  await assertRejects(() => client.download("a", sink, { signal }), RangeError, "enough");
  assertEquals((await client.command("NOOP")).code, 200);
});

let rest = () => {};
scripted("an offset that no transfer has followed is taken back", {
  answers: {
    SIZE: "213 10",
    REST: async (argument, session) => {
      if (argument !== "0") await new Promise<void>((resolve) => rest = resolve);
      await session.say("350 Go on");
    },
    RETR: retr("0123456789"),
  },
}, async (client, server) => {
  const abort = new AbortController();
  const called = client.download("a", { write() {} }, { offset: 5, signal: abort.signal });
  await until(server, "REST");
  abort.abort(new RangeError("enough"));
  await assertRejects(() => called, RangeError, "enough");
  rest();
  assertEquals(decode(await client.readFile("a")), "0123456789");
  assertEquals(server.commands.slice(-2), ["REST 0", "RETR a"]);
  await client.readFile("a");
  assertEquals(server.verbs.filter((verb) => verb === "REST").length, 2);
});

let list = () => {};
scripted("a listing that is given up leaves the working directory as it was", {
  answers: {
    PWD: '257 "/home"',
    CWD: async (argument, session) => {
      if (argument === "a") await new Promise<void>((resolve) => list = resolve);
      await session.say("250 There");
    },
  },
}, async (client, server) => {
  const abort = new AbortController();
  const called = client.list("a", { signal: abort.signal });
  await until(server, "CWD");
  abort.abort(new RangeError("enough"));
  list();
  await assertRejects(() => called, RangeError, "enough");
  assertEquals(server.commands.slice(-2), ["CWD a", "CWD /home"]);
});
