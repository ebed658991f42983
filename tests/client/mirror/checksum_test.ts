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
import { ScriptedServer } from "../scripted_server.ts";
import { NEEDS, withFolders } from "../stage.ts";

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
