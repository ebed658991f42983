/**
 * Checksums of files here, and mirrors that go by them.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { ClientPool, LocalError } from "../../../client/mod.ts";
import { checksumHere } from "../../../client/mirror/checksum.ts";
import { planMirror } from "../../../client/mirror/mod.ts";
import { testWith } from "../../permission.ts";
import { type Answer, ScriptedServer } from "../scripted_server.ts";
import { NEEDS, run, withFolders } from "../stage.ts";
import { look, make } from "./mirror_stage.ts";

/** Of "123456789", as every table of checksums has them. */
const CHECKS: readonly (readonly [algorithm: string, hex: string])[] = [
  ["CRC32", "cbf43926"],
  ["MD5", "25f9e794323b453885f5181f1b624d0b"],
  ["SHA-1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
  ["SHA-256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
];

testWith(NEEDS, "checksumHere makes what servers make", () =>
  withFolders(async (_, here) => {
    await Deno.writeTextFile(`${here}/a`, "123456789");
    for (const [algorithm, hex] of CHECKS) {
      assertEquals(await checksumHere(`${here}/a`, algorithm), hex, algorithm);
    }
    await assertRejects(() => checksumHere(`${here}/a`, "SHA-3"), LocalError, "no SHA-3 here");
    await assertRejects(() => checksumHere(`${here}/b`, "MD5"), LocalError, "no such file");
  }));

testWith(
  NEEDS,
  "a mirror by checksum asks for nothing that the server does not make",
  () =>
    withFolders(async (_, here) => {
      await Deno.writeTextFile(`${here}/a`, "123456789");
      await using server = new ScriptedServer({
        answers: {
          PWD: '257 "/"',
          FEAT: "211-Features:\r\n MLST type*;size*;\r\n211 End",
          MLSD: async (_, session) => {
            await session.send("type=file;size=9; a\r\n");
            await session.say("226 Done");
          },
        },
      });
      await using pool = await ClientPool.open(server.address, 1);
      await assertRejects(
        () => planMirror(pool, { direction: "down", remote: "/", local: here, by: "content" }),
        LocalError,
        'Cannot compare "/a" by checksum: the server makes none',
      );
    }),
);

/** A server whose files are "theirs", and that makes checksums of all but one of them. */
const HASHING: Readonly<Record<string, Answer>> = {
  PWD: '257 "/"',
  FEAT: "211-Features:\r\n MLST type*;size*;\r\n XCRC\r\n211 End",
  MLSD: async (_, session) => {
    await session.send("abc".replace(/./g, "type=file;size=6; $&\r\n"));
    await session.say("226 Done");
  },
  XCRC: (path, session) => session.say(path === "/b" ? "550 Not of this one" : "250 00000000"),
  RETR: async (_, session) => {
    await session.send("theirs");
    await session.say("226 Done");
  },
};

testWith(
  NEEDS,
  "a mirror by checksum goes on past files of which none can be made",
  () =>
    withFolders(async (_, here) => {
      await make(here, { "a": "mine a", "b": "mine b", "c": "mine c", "old": "mine" });
      await using server = new ScriptedServer({ answers: HASHING });
      const args = ["mirror", "--checksum", "--delete", "/", here];
      const { status, error } = await run(server.address.port, args);
      assertEquals(status, 1, error);
      assertEquals(error.split("\n").slice(0, 1), [
        'Cannot ask for the checksum of "/b": 550 Not of this one',
      ]);
      // Nothing is removed, for not all is known.
      assertEquals(await look(here), {
        "a": "theirs",
        "b": "mine b",
        "c": "theirs",
        "old": "mine",
      });
    }),
);

testWith(
  NEEDS,
  "a mirror by checksum tells of a file here that cannot be read",
  () =>
    withFolders(async (_, here) => {
      await make(here, { "a": "mine a", "c": "mine c" });
      await using server = new ScriptedServer({
        answers: {
          ...HASHING,
          // It is gone when it is to be read.
          XCRC: async (path, session) => {
            if (path === "/a") await Deno.remove(`${here}/a`);
            await session.say("250 00000000");
          },
        },
      });
      await using pool = await ClientPool.open(server.address, 1);
      const options = { direction: "down", remote: "/", local: here, by: "content" } as const;
      const { actions, faults } = await planMirror(pool, options);
      assertEquals(faults.map(({ message }) => message), [
        `Cannot make the checksum of "${here}/a": no such file or directory`,
      ]);
      assertEquals(actions.map(({ kind, path }) => `${kind} ${path}`), ["copy b", "copy c"]);
    }),
);

testWith(
  NEEDS,
  "checksumHere ends by a signal in the middle of a file",
  () =>
    withFolders(async (_, here) => {
      await Deno.writeFile(`${here}/a`, new Uint8Array(1));
      const signal = AbortSignal.abort(new RangeError("enough"));
      await assertRejects(() => checksumHere(`${here}/a`, "MD5", signal), RangeError, "enough");
    }),
);

testWith(
  NEEDS,
  "a mirror by checksum that is given up waits for no checksum of the server",
  () =>
    withFolders(async (_, here) => {
      await make(here, { "a": "mine a", "b": "mine b" });
      const abort = new AbortController();
      await using server = new ScriptedServer({
        answers: { ...HASHING, XCRC: () => abort.abort(new LocalError("enough")) },
      });
      await using pool = await ClientPool.open(server.address, 1);
      const options = { direction: "down", remote: "/", local: here, by: "content" } as const;
      const { signal } = abort;
      await assertRejects(() => planMirror(pool, options, { signal }), LocalError, "enough");
      assertEquals(server.verbs.filter((verb) => verb === "XCRC").length, 1);
    }),
);
