/**
 * Looks at trees: what a server may say, and what a folder may hold.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClientPool, LocalError } from "../../../client/mod.ts";
import { filterOf } from "../../../client/mirror/filter.ts";
import { localNameFault } from "../../../client/mirror/mod.ts";
import { DEPTH_MAX } from "../../../client/limits.ts";
import { walkLocal } from "../../../client/mirror/walk_local.ts";
import { walkRemote } from "../../../client/mirror/walk_remote.ts";
import { printable } from "../../../client/text.ts";
import { testWith } from "../../permission.ts";
import { directories, lines } from "../listing_answers.ts";
import { type Answer, ScriptedServer } from "../scripted_server.ts";
import { retr } from "../scripted_test_case.ts";
import { NEEDS, withFolders } from "../stage.ts";

const filter = filterOf({ include: [], exclude: [] });

/** MLSD of a server whose listings `listing` makes, by path. */
function mlsd(listing: (path: string) => string | undefined): Record<string, Answer> {
  return {
    FEAT: "211-Features:\r\n MLST type*;size*;modify*;unique*;\r\n211 End",
    MLSD: async (path, session) => {
      const text = listing(path);
      if (text === undefined) return await session.say("550 No");
      await session.send(text);
      await session.say("226 Done");
    },
  };
}

function walked(
  name: string,
  listing: (path: string) => string | undefined,
  body: (pool: ClientPool) => Promise<void>,
): void {
  testWith(["net"], name, async () => {
    await using server = new ScriptedServer({ answers: mlsd(listing) });
    await using pool = await ClientPool.open(server.address, 2);
    await body(pool);
  });
}

walked("walkRemote sees files, directories and links with what is told of them", (path) =>
  ({
    "/t":
      "type=file;size=3;modify=20200105103000; a\r\ntype=dir; d\r\ntype=OS.unix=slink:/etc; l\r\n",
    "/t/d": "type=file;size=4; b\r\n",
  })[path], async (pool) => {
  const tree = await walkRemote(pool, "/t", { filter });
  assertEquals([...tree.nodes], [
    ["a", { kind: "file", size: 3, modifiedMs: Date.UTC(2020, 0, 5, 10, 30), resolutionMs: 1000 }],
    ["d", { kind: "directory" }],
    ["l", { kind: "link" }],
    ["d/b", { kind: "file", size: 4 }],
  ]);
  assertEquals(tree.faults, []);
});

walked(
  "walkRemote ends in a tree without end",
  (path) => `type=dir; d\r\ntype=file;size=1; f${path.length}\r\n`,
  async (pool) => {
    const tree = await walkRemote(pool, "/t", { filter });
    assertEquals(tree.faults.map((fault) => /over 128 directories deep$/.test(fault.message)), [
      true,
    ]);
    assertEquals(tree.nodes.size, 2 * (DEPTH_MAX + 1));
  },
);

walked(
  "walkRemote enters no directory that says it is one above",
  (path) =>
    path === "/t"
      ? "type=dir;unique=1; d\r\n"
      : "type=dir;unique=1; loop\r\ntype=dir;unique=2; e\r\n",
  async (pool) => {
    const tree = await walkRemote(pool, "/t", { filter });
    assertEquals([...tree.nodes.keys()], ["d", "d/loop", "d/e", "d/e/loop", "d/e/e"]);
    assertEquals(tree.faults.length, 3);
  },
);

walked(
  "walkRemote keeps no more entries than its limit",
  () => "type=file;size=1; a\r\n".repeat(50) + "type=dir; d\r\n",
  async (pool) => {
    const error = await assertRejects(
      () => walkRemote(pool, "/t", { filter, entriesMax: 1_000 }),
      LocalError,
    );
    assertEquals(error.message, 'Cannot mirror "/t": it has more than 1000 entries');
  },
);

walked(
  "walkRemote keeps no longer paths than its limit",
  (path) => path.length > 5_000 ? "" : `type=dir; ${"d".repeat(1_000)}\r\n`,
  async (pool) => {
    assertEquals((await walkRemote(pool, "/t", { filter })).nodes.size, 5);
    const error = await assertRejects(
      () => walkRemote(pool, "/t", { filter, pathsBytesMax: 10_000 }),
      LocalError,
    );
    assertEquals(error.message, 'Cannot mirror "/t": its names are over 10000 octets');
  },
);

testWith(["net"], "walkRemote knows how exactly a line of LIST tells a time", async () => {
  const of = (time: string, name: string) => `-rw-r--r-- 1 u g 3 ${time} ${name}\r\n`;
  const times = of("Jan  5  2020", "old") + of("2020-01-05 00:00", "nightly");
  await using server = new ScriptedServer({
    answers: directories({ "/t": retr(lines(".") + times) }),
  });
  await using pool = await ClientPool.open(server.address, 1);
  const { nodes } = await walkRemote(pool, "/t", { filter });
  assertEquals(nodes.get("old")?.modifiedMs, nodes.get("nightly")?.modifiedMs);
  assertEquals(nodes.get("old")?.resolutionMs, 86_400_000);
  assertEquals(nodes.get("nightly")?.resolutionMs, 60_000);
});

walked(
  "walkRemote leaves a directory that is refused, and says so",
  (path) => path === "/t" ? "type=dir; secret\r\ntype=file;size=1; a\r\n" : undefined,
  async (pool) => {
    const tree = await walkRemote(pool, "/t", { filter });
    assertEquals([...tree.nodes.keys()], ["secret", "a"]);
    assertEquals(tree.faults.map((fault) => fault.message), ['Cannot list "/t/secret": 550 No']);
  },
);

walked(
  "walkRemote leaves a directory of a name that no command can hold, and says so",
  (path) =>
    path === "/t"
      ? "type=dir; a\rb\r\ntype=file;size=1; c\rd\r\ntype=dir; e\r\n"
      : "type=file;size=1; f\r\n",
  async (pool) => {
    const tree = await walkRemote(pool, "/t", { filter });
    assertEquals([...tree.nodes.keys()], ["a\rb", "c\rd", "e", "e/f"]);
    const message = printable('Cannot enter "a\rb": it has a line end');
    assertEquals(tree.faults.map((fault) => fault.message), [message]);
  },
);

walked(
  "walkRemote takes lines that are not understood for a fault",
  (path) =>
    path === "/t"
      ? "type=file;size=1; a\r\ntype=dir; d\r\ntype=file;size=1 b\r\ntype=file; ../c\r\n"
      : "type=cdir; .\r\nnonsense\r\n",
  async (pool) => {
    const tree = await walkRemote(pool, "/t", { filter });
    assertEquals([...tree.nodes.keys()], ["a", "d"]);
    assertEquals(tree.faults.map((fault) => fault.message), [
      'Cannot see all of "/t": 2 lines of its listing were not understood',
      'Cannot see all of "/t/d": a line of its listing was not understood',
    ]);
  },
);

walked(
  "walkRemote does not look into names that cannot be used here",
  (path) =>
    path === "/t"
      ? ["..\\win", "C:\\x", "con", "aux.txt", "dot.", "a\u001bb"].map((name) =>
        `type=dir; ${name}\r\n`
      ).join("") + "type=file;size=1; ../../etc\r\ntype=file;size=1; ok\r\n"
      : "type=file;size=1; inside\r\n",
  async (pool) => {
    const tree = await walkRemote(pool, "/t", { filter, nameFault: localNameFault });
    const faults = [...tree.nodes].filter(([, node]) => node.fault !== undefined);
    assertEquals(faults.length, 6);
    assertEquals([...tree.nodes.keys()].filter((path) => path.includes("/")), []);
    assert(tree.nodes.has("ok"));
  },
);

testWith(
  NEEDS,
  "walkLocal takes an even second for what FAT may keep of the next one",
  () =>
    withFolders(async (_, here) => {
      const times = [4_000, 5_000, 4_001];
      for (const ms of times) {
        await Deno.writeTextFile(`${here}/${ms}`, "");
        await Deno.utime(`${here}/${ms}`, ms / 1_000, ms / 1_000);
      }
      const { nodes } = await walkLocal(here, { filter });
      assertEquals(times.map((ms) => nodes.get(`${ms}`)?.modifiedMs), times);
      assertEquals(times.map((ms) => nodes.get(`${ms}`)?.resolutionMs), [2_000, 1_000, 1_000]);
    }),
);

testWith(
  NEEDS,
  "walkLocal follows no link, and knows what is left out",
  () =>
    withFolders(async (_, here) => {
      await Deno.mkdir(`${here}/d/e`, { recursive: true });
      await Deno.writeTextFile(`${here}/d/a`, "123");
      await Deno.writeTextFile(`${here}/d/e/b.tmp`, "1");
      await Deno.utime(`${here}/d/a`, 5, 5);
      await Deno.symlink("/", `${here}/d/out`);
      const tree = await walkLocal(here, { filter: filterOf({ include: [], exclude: ["*.tmp"] }) });
      assertEquals([...tree.nodes.keys()].sort(), ["d", "d/a", "d/e", "d/out"]);
      assertEquals(tree.nodes.get("d/a"), {
        kind: "file",
        size: 3,
        modifiedMs: 5_000,
        resolutionMs: 1_000,
      });
      assertEquals(tree.nodes.get("d/out")?.kind, "link");
      assertEquals([...tree.partial].sort(), ["", "d", "d/e"]);
    }),
);
