/**
 * Mirrors with servers whose listings tell times by a clock of their own: what decides is MDTM,
 * which is UTC (RFC 3659 section 3.1).
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ClientPool } from "../../../client/mod.ts";
import { describeAction, type MirrorOptions, planMirror } from "../../../client/mirror/mod.ts";
import { testWith } from "../../permission.ts";
import { directories, lines } from "../listing_answers.ts";
import { type Answer, ScriptedServer } from "../scripted_server.ts";
import { retr } from "../scripted_test_case.ts";
import { NEEDS, withFolders } from "../stage.ts";
import { mirrorAt } from "./mirror_stage.ts";

/** One file on both sides, of 4 octets there. */
interface Case {
  readonly direction: "down" | "up";
  readonly by?: MirrorOptions["by"];
  /** As LIST tells it. */
  readonly listed: string;
  /** The reply to MDTM, in UTC. */
  readonly exact: string;
  /** Here. */
  readonly modified: string;
  /** The same; default "1234". */
  readonly content?: string;
  readonly planned: string;
}

const LATER = "put a (another time)";
const AT_TEN = "213 20210506100000";
const NO_MDTM = "502 Not implemented";

const CASES: Readonly<Record<string, Case>> = {
  "what was edited after its upload, east of UTC": {
    direction: "up",
    listed: "2021-05-06 18:00",
    exact: AT_TEN,
    modified: "2021-05-06T15:00:00Z",
    planned: LATER,
  },
  "nothing that was uploaded since, west of UTC": {
    direction: "up",
    listed: "2021-05-06 05:00",
    exact: AT_TEN,
    modified: "2021-05-06T09:00:00Z",
    planned: "keep a",
  },
  "what is newer on a server west of UTC": {
    direction: "down",
    by: "newer",
    listed: "2021-05-06 05:00",
    exact: AT_TEN,
    modified: "2021-05-06T06:00:00Z",
    planned: "get a (another time)",
  },
  "nothing that is older, whatever its size, by newer": {
    direction: "down",
    by: "newer",
    listed: "2021-05-06 18:00",
    exact: AT_TEN,
    modified: "2021-05-06T11:00:00Z",
    content: "123456",
    planned: "keep a",
  },
  "what is newer, whatever its size, by newer": {
    direction: "up",
    by: "newer",
    listed: "2021-05-06 18:00",
    exact: AT_TEN,
    modified: "2021-05-06T11:00:00Z",
    content: "123456",
    planned: LATER,
  },
  "what has another size and no time that is known, by newer": {
    direction: "down",
    by: "newer",
    listed: "Foo  6  2021",
    exact: NO_MDTM,
    modified: "2021-05-06T11:00:00Z",
    content: "123456",
    planned: "get a (another time)",
  },
  "what is older and has another size, where newer was not asked for": {
    direction: "up",
    listed: "2021-05-06 18:00",
    exact: AT_TEN,
    modified: "2021-05-06T09:00:00Z",
    content: "123456",
    planned: "put a (another size)",
  },
  "what was changed within the minute that a listing tells": {
    direction: "down",
    listed: "2021-05-06 10:00",
    exact: AT_TEN,
    modified: "2021-05-06T10:00:30Z",
    planned: "get a (another time)",
  },
  "nothing of an odd second, where FAT keeps even ones": {
    direction: "down",
    listed: "2021-05-06 10:00",
    exact: "213 20210506100059",
    modified: "2021-05-06T10:00:58Z",
    planned: "keep a",
  },
  "what is a second older, where FAT cannot have cut the time here": {
    direction: "down",
    listed: "2021-05-06 10:00",
    exact: "213 20210506100058",
    modified: "2021-05-06T10:00:59Z",
    planned: "get a (another time)",
  },
  "what has a date that is not understood": {
    direction: "up",
    listed: "Foo  6  2021",
    exact: AT_TEN,
    modified: "2021-05-06T15:00:00Z",
    planned: LATER,
  },
  "nothing of one time by a listing, where there is no MDTM": {
    direction: "down",
    listed: "2021-05-06 10:00",
    exact: NO_MDTM,
    modified: "2021-05-06T10:00:30Z",
    planned: "keep a",
  },
  "what has another time by a listing, where there is no MDTM": {
    direction: "up",
    listed: "2021-05-06 10:00",
    exact: NO_MDTM,
    modified: "2021-05-06T15:00:00Z",
    planned: LATER,
  },
};

for (const [what, story] of Object.entries(CASES)) {
  const { direction, by, listed, exact, modified, content = "1234", planned } = story;
  testWith(NEEDS, `mirror ${direction} copies ${what}`, () =>
    withFolders(async (_, here) => {
      await Deno.writeTextFile(`${here}/a`, content);
      await Deno.utime(`${here}/a`, new Date(modified), new Date(modified));
      const listing = retr(`${lines(".")}-rw-r--r-- 1 u g 4 ${listed} a\r\n`);
      const answers = { ...directories({ "/": listing, "/t": listing }), MDTM: exact };
      await using server = new ScriptedServer({ answers });
      await using pool = await ClientPool.open(server.address, 1);
      const options: MirrorOptions = { direction, remote: "/t", local: here, ...(by && { by }) };
      const { actions } = await planMirror(pool, options);
      assertEquals(actions.map((action) => describeAction(action, direction)), [planned]);
    }));
}

/** A server whose FEAT tells of an MLSD that it refuses, which each connection has to find out. */
const withoutMlsd = (list: Answer, more: Readonly<Record<string, Answer>>) => ({
  ...directories({ "/": list, "/t": list }),
  FEAT: "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End",
  MLSD: NO_MDTM,
  ...more,
});

/** So many files of four octets, as LIST tells them. */
const listedAt = (time: string, ...names: string[]) =>
  lines(".") + names.map((name) => `-rw-r--r-- 1 u g 4 ${time} ${name}\r\n`).join("");

testWith(
  NEEDS,
  "mirror asks for exact times over a connection that has had no listing, where MLSD is refused",
  () =>
    withFolders(async (_, here) => {
      const modified = new Date("2021-05-06T10:00:30Z");
      await Deno.writeTextFile(`${here}/a`, "1234");
      await Deno.utime(`${here}/a`, modified, modified);
      const list: Answer = async (_, session) => {
        await session.send(listedAt("2021-05-06 10:00", "a"));
        // The next one has to be asked over another connection.
        await session.sayRaw("226 Done\r\n421 Enough\r\n");
      };
      await using server = new ScriptedServer({ answers: withoutMlsd(list, { MDTM: AT_TEN }) });
      await using pool = await ClientPool.open(server.address, 1);
      const { actions } = await planMirror(pool, { direction: "down", remote: "/t", local: here });
      const planned = actions.map((action) => describeAction(action, "down"));
      assertEquals(planned, ["get a (another time)"]);
    }),
);

testWith(
  NEEDS,
  "mirror gives no file the minute of a listing, whichever connection copies it",
  () =>
    withFolders(async (_, here) => {
      /** Both files are fetched at once, and so over two connections. */
      const both = Promise.withResolvers<void>();
      let asked = 0;
      const answers = withoutMlsd(retr(listedAt("2021-05-06 10:00", "a", "b")), {
        MDTM: "213 20210506100017",
        RETR: async (_, session) => {
          if (++asked === 2) both.resolve();
          await both.promise;
          await session.send("1234");
          await session.say("226 Done");
        },
      });
      await using server = new ScriptedServer({ answers });
      const options = { direction: "down", remote: "/t", local: here } as const;
      assertEquals((await mirrorAt(server.address, options, 2)).failures, []);
      const times = ["a", "b"].map((name) => Deno.statSync(`${here}/${name}`).mtime);
      const exact = new Date("2021-05-06T10:00:17Z");
      assertEquals(times, [exact, exact]);
      assertEquals((await mirrorAt(server.address, options, 2)).planned, []);
    }),
);
