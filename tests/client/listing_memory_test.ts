/**
 * What a listing of many names takes in the client, as a process: little where its entries are
 * written as they come, and a bounded multiple of its octets where they are sorted.
 *
 * @module
 */

import { assert } from "@std/assert";
import { Child } from "../child.ts";
import { growth } from "../faults/process.ts";
import { type Need, SERVER_NEEDS, testWith } from "../permission.ts";
import { ScriptedServer } from "./scripted_server.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

/** Names of a directory, and of one that is listed before: a first use takes memory, too. */
const NAMES = 100_000, NAMES_FEW = 1_000;

/** What the listing may take, KiB. */
const GROWTH_KIB_MAX = { "ls -U": 40_000, "ls": 100_000 };

/** A listing by MLSD of so many names, some 100 octets each. */
function listingOf(names: number): string {
  const row = (_: unknown, at: number) =>
    `type=file;size=${at};modify=20240102030405; ${`name-${at}`.padEnd(50, "x")}\r\n`;
  return Array.from({ length: names }, row).join("");
}

for (const [line, most] of Object.entries(GROWTH_KIB_MAX)) {
  testWith(NEEDS, `${line} of ${NAMES} names takes ${most} KiB at most`, async () => {
    await using server = new ScriptedServer({
      answers: {
        FEAT: "211-Features\r\n MLST type*;size*;modify*;\r\n211 End",
        NOOP: "200 Listed",
        MLSD: async (path, session) => {
          await session.send(listingOf(path === "many" ? NAMES : NAMES_FEW));
          await session.say("226 Done");
        },
      },
    });
    await using client = Child.main(["client", "--port", `${server.address.port}`, "shell"], {
      permissions: ["--allow-net", "--allow-read", "--allow-write", "--allow-env"],
      input: true,
    });
    const listed = async (path: string) => {
      await client.type(`${line} ${path}`);
      await client.type("quote NOOP");
      await client.stdout.take(/^200 Listed\n/m);
    };
    for (let round = 0; round < 3; round++) await listed("few");
    const grown = await growth(client.pid, () => listed("many"));
    assert(grown < most, `It grew by ${grown} KiB`);
  }, Deno.build.os === "linux" ? undefined : "needs /proc");
}
