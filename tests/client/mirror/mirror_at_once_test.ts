/**
 * Mirrors into one folder at the same time: a directory that the other one was sooner to make is as
 * good as made, but not a link, and not one that is of another name to the source.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ClientPool } from "../../../client/mod.ts";
import { planMirror, runMirror } from "../../../client/mirror/mod.ts";
import { foldPath } from "../../../client/mirror/tree.ts";
import { testWith } from "../../permission.ts";
import { lines, listing } from "../listing_answers.ts";
import { MemoryFiles } from "../memory_files.ts";
import { ScriptedServer } from "../scripted_server.ts";
import { NEEDS, withFolders } from "../stage.ts";
import { everywhere, look, make, mirrorAt, served } from "./mirror_stage.ts";

for (const direction of ["down", "up"] as const) {
  /** Runs a plan of before `between`; how many files were copied, and what failed how. */
  const mirror = async (port: number, local: string, between: () => Promise<unknown>) => {
    await using pool = await ClientPool.open({ port }, 2);
    const plan = await planMirror(pool, { direction, remote: "/", local });
    await between();
    const failures: string[] = [];
    const { copied, failed } = await runMirror(pool, plan, {
      onFailure: (_, { message }) => void failures.push(message),
    });
    return { copied, failed, failures };
  };

  served(`mirror ${direction} uses a directory that was made since its plan`, async (place) => {
    const { root, here, port } = place;
    const [source, target] = direction === "down" ? [root, here] : [here, root];
    await make(source, { "d/e/a.txt": "theirs", "f/b.txt": "theirs" });
    const { copied, failures } = await mirror(
      port,
      here,
      () => Deno.mkdir(`${target}/d/e`, { recursive: true }),
    );
    assertEquals([copied, failures], [2, []]);
    assertEquals(await look(target), await look(source));
  });

  served(`mirror ${direction} uses no link that was made since its plan`, async (place) => {
    const { root, here, port } = place;
    const [source, target] = direction === "down" ? [root, here] : [here, root];
    await make(source, { "d/a.txt": "theirs" });
    await make(target, { "mine/a.txt": "mine" });
    const { copied, failed, failures } = await mirror(
      port,
      here,
      () => Deno.symlink("mine", `${target}/d`),
    );
    assertEquals([copied, failed, failures.length], [0, 2, 1]);
    assertEquals(await look(target), { "d": "link", "mine/": "directory", "mine/a.txt": "mine" });
  });
}

everywhere("two first mirrors into one folder at once both end well", async (place) => {
  const { root, here, mirror } = place;
  await make(here, { "1/d/e/a.txt": "one", "2/d/e/b.txt": "two" });
  await make(root, { "t/c.txt": "theirs" });
  const both = await Promise.all(
    ["1", "2"].map((name) =>
      mirror({ direction: "up", remote: "/t", local: `${here}/${name}` }, 1)
    ),
  );
  assertEquals(both.map(({ failures }) => failures), [[], []]);
  assertEquals(await look(`${root}/t`), {
    "c.txt": "theirs",
    "d/": "directory",
    "d/e/": "directory",
    "d/e/a.txt": "one",
    "d/e/b.txt": "two",
  });
});

testWith(
  NEEDS,
  "mirror -R uses no directory whose name is one with another's there",
  () =>
    withFolders(async (_, here) => {
      await make(here, { "D/a.txt": "first", "d/a.txt": "second" });
      const memory = new MemoryFiles();
      /** Directories, each by what its name has in common with others. */
      const made = new Map([["/t", "/t"]]);
      await using server = new ScriptedServer({
        answers: {
          ...memory.answers,
          FEAT: "211-Features:\r\n MLST type*;size*;\r\n211 End",
          MLST: (path, session) =>
            session.say(
              made.has(foldPath(path)) ? `250-Facts\r\n type=dir; ${path}\r\n250 End` : "550 No",
            ),
          MLSD: async (directory, session) => {
            const below = [...made.values()].filter((path) => path.startsWith(`${directory}/`));
            const facts = below.map((path) => `type=dir; ${path.slice(directory.length + 1)}\r\n`);
            await session.send(facts.join(""));
            await session.say("226 Done");
          },
          MKD: (path, session) => {
            if (made.has(foldPath(path))) return session.say("550 It exists");
            made.set(foldPath(path), path);
            return session.say("257 Made");
          },
        },
      });
      const options = { direction: "up", remote: "/t", local: here } as const;
      for (const copied of [1, 1]) {
        const { failures, summary } = await mirrorAt(server.address, options, 2);
        assertEquals(failures, ['Cannot make "/t/d": 550 It exists']);
        assertEquals([summary.copied, summary.failed], [copied, 2]);
        assertEquals([...memory.files.keys()], ["/t/D/a.txt"]);
        assertEquals(memory.text("/t/D/a.txt"), "first");
      }
    }),
);

/** What is listed beside a directory .d that is there, and what mirror -R fails of. */
const HIDING: Readonly<Record<string, readonly [listed: readonly string[], failures: string[]]>> = {
  "a directory that LIST hides": [["b.txt"], []],
  "no directory that LIST would show": [[".D", "b.txt"], ['Cannot make "/t/.d": 550 It exists']],
};

for (const [what, [listed, expected]] of Object.entries(HIDING)) {
  testWith(NEEDS, `mirror -R puts files into ${what}`, () =>
    withFolders(async (_, here) => {
      await make(here, { ".d/a.txt": "new" });
      const memory = new MemoryFiles();
      memory.put("/t/.d/a.txt", "old");
      const folders = ["/", "/t", "/t/.d"];
      await using server = new ScriptedServer({
        answers: {
          ...memory.answers,
          CWD: (path, session) => session.say(folders.includes(path) ? "250 In" : "550 No"),
          LIST: listing(lines(...listed), "550 No"),
          MKD: "550 It exists",
        },
      });
      const options = { direction: "up", remote: "/t", local: here } as const;
      const { failures } = await mirrorAt(server.address, options, 1);
      assertEquals(failures, expected);
      assertEquals(memory.text("/t/.d/a.txt"), expected.length === 0 ? "new" : "old");
    }));
}
