/**
 * Names that differ by case alone, mirrored to where they are one: the first gets the name, and the
 * second is refused.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ClientPool } from "../../../client/mod.ts";
import { planMirror, runMirror } from "../../../client/mirror/mod.ts";
import { foldPath } from "../../../client/mirror/tree.ts";
import { testWith } from "../../permission.ts";
import { type Habits, MemoryFiles } from "../memory_files.ts";
import { type Answer, ScriptedServer } from "../scripted_server.ts";
import { NEEDS, withFolders } from "../stage.ts";
import { look, make, mirrorAt, served } from "./mirror_stage.ts";

const TWINS = { "A.txt": "first", "a.txt": "second", "b.txt": "third" };
const REFUSED = 'Cannot copy "a.txt": to the target it is the same name as "A.txt"';

/** A server with the folder /t, which knows its files by their names in any case. */
function folding(memory: MemoryFiles): Record<string, Answer> {
  const known = (path: string) =>
    [...memory.files.keys()].find((name) => foldPath(name) === foldPath(path)) ?? path;
  const answers = Object.entries(memory.answers).map(([verb, answer]): [string, Answer] => [
    verb,
    typeof answer === "string" ? answer : (path, session) => answer(known(path), session),
  ]);
  return {
    ...Object.fromEntries(answers),
    FEAT: "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End",
    MLST: (path, session) => {
      if (path !== "/t" && !memory.files.has(known(path))) return session.say("550 No");
      const type = path === "/t" ? "dir" : "file";
      return session.say(`250-Facts\r\n type=${type}; ${path}\r\n250 End`);
    },
    MLSD: async (_, session) => {
      const lines = [...memory.files].map(([path, { content, modified }]) => {
        const time = modified.toISOString().replace(/\D/g, "").slice(0, 14);
        return `type=file;size=${content.length};modify=${time}; ${path.slice("/t/".length)}\r\n`;
      });
      await session.send(lines.join(""));
      await session.say("226 Done");
    },
  };
}

for (const renames of ["replaces", "keeps"] satisfies Habits["renames"][]) {
  testWith(
    NEEDS,
    `mirror -R keeps the first of two names that are one where RNTO ${renames}`,
    () =>
      withFolders(async (_, here) => {
        await make(here, TWINS);
        const memory = new MemoryFiles({ renames });
        await using server = new ScriptedServer({ answers: folding(memory) });
        const options = { direction: "up", remote: "/t", local: here } as const;
        for (const copied of [2, 0]) {
          const { failures, summary } = await mirrorAt(server.address, options, 3);
          assertEquals([failures, summary.copied], [[REFUSED], copied]);
          assertEquals([...memory.files.keys()].sort(), ["/t/A.txt", "/t/b.txt"]);
          assertEquals(memory.text("/t/A.txt"), "first");
        }
      }),
  );
}

served("mirror copies names that differ by case to where they are two", async (place) => {
  const { root, here, mirror } = place;
  await make(root, TWINS);
  const { failures, summary } = await mirror({});
  assertEquals([failures, summary.copied], [[], 3]);
  assertEquals(await look(here), TWINS);
});

served("mirror down keeps the first of two names that are one", async ({ root, here, port }) => {
  await make(root, TWINS);
  await using pool = await ClientPool.open({ port }, 3);
  const plan = await planMirror(pool, { direction: "down", remote: "/", local: here });
  const failures: string[] = [];
  const { copied } = await runMirror(pool, plan, {
    onDone({ path }) {
      // As if the file system took both for one.
      if (path === "A.txt") Deno.linkSync(`${here}/A.txt`, `${here}/a.txt`);
    },
    onFailure: (_, error) => failures.push(error.message),
  });
  assertEquals([failures, copied], [[REFUSED], 2]);
  assertEquals(await Deno.readTextFile(`${here}/A.txt`), "first");
});
