/**
 * put where something has the name already, or is still being written: what servers tell of that
 * differs, and none of it may cost what is there.
 *
 * @module
 */

import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { isLeftover } from "../../client/local/names.ts";
import { connect, uploadFile } from "../../client/mod.ts";
import { testWith } from "../permission.ts";
import { type Habits, type MemoryFile, MemoryFiles } from "./memory_files.ts";
import { type Answer, ScriptedServer } from "./scripted_server.ts";
import { NEEDS, octets, type Outcome, run, withFolders } from "./stage.ts";

/** What a test has. */
interface Room {
  readonly memory: MemoryFiles;
  readonly server: ScriptedServer;
  /** A folder with a file `a`, whose text is "new". */
  readonly here: string;
  /** Runs put, once. */
  put(...args: string[]): Promise<Outcome>;
}

/** A test against a server in memory that has `habits`, and some answers of its own. */
function against(
  name: string,
  habits: Habits,
  own: (memory: MemoryFiles) => Record<string, Answer>,
  body: (room: Room) => Promise<void>,
): void {
  testWith(NEEDS, name, () =>
    withFolders(async (_, here) => {
      const memory = new MemoryFiles(habits);
      await using server = new ScriptedServer({
        answers: { ...memory.answers, ...own(memory) },
      });
      await Deno.writeTextFile(`${here}/a`, "new");
      const put = (...args: string[]) =>
        run(server.address.port, ["put", "--retries", "0", ...args]);
      await body({ memory, server, here, put });
    }));
}

/** A directory whose size is told, as ftp-srv does; it stands in memory as a file. */
const sizedDirectory = (memory: MemoryFiles): Record<string, Answer> => ({
  CWD: (path, session) => session.say(path === "films" || path === "/" ? "250 In" : "550 No"),
  DELE: (path, session) =>
    session.say(
      memory.files.get(path)?.content.length !== 0 && memory.files.delete(path)
        ? "250 Gone"
        : "550 It is no file",
    ),
});

against(
  "put over a directory whose size is told leaves it where it is",
  { renames: "keeps" },
  sizedDirectory,
  async ({ memory, here, put }) => {
    memory.put("films", "");
    const { status, error } = await put(`${here}/a`, "-o", "films");
    assertEquals([status, error], [EXIT.local, 'Cannot store "films": it is a directory\n']);
    assertEquals([...memory.files.keys()], ["films"]);
    assertEquals(memory.text("films"), "");
  },
);

against(
  "put replaces over what an earlier run has left aside",
  { renames: "keeps" },
  () => ({}),
  async ({ memory, here, put }) => {
    memory.put("a", "old");
    memory.put(".a.old.up", "older");
    const { status, error } = await put(`${here}/a`);
    assertEquals(status, EXIT.ok, error);
    assertEquals([...memory.files.keys()], ["a"]);
    assertEquals(memory.text("a"), "new");
  },
);

Deno.test("isLeftover knows uploads, and what one of them has put aside", () => {
  const isAlone = (name: string) => isLeftover(name, () => false);
  const left = [".a.0123456789abcdef.up", ".a.old.up", ".a.part.json"];
  assertEquals(left.filter((name) => !isAlone(name)), []);
  assertEquals(["a.old.up", ".a.new.up", ".old.up", ".a.up", "a.part"].filter(isAlone), []);
});

/** LIST with the names of all files, and of a server that takes no option for it. */
const listing = (memory: MemoryFiles): Record<string, Answer> => ({
  LIST: async (argument, session) => {
    const names = argument === "" ? [...memory.files.keys()] : [];
    await session.send(names.map((name) => `-rw-r--r-- 1 f f 3 Jan  1  2020 ${name}\r\n`).join(""));
    await session.say("226 Done");
  },
});

for (const renames of ["never", "denied"] as const) {
  against(
    `put replaces nothing directly where SIZE is missing and renaming is ${renames}`,
    { renames, lacks: ["SIZE"] },
    listing,
    async ({ memory, server, here, put }) => {
      memory.put("a", "old");
      const { status, error } = await put(`${here}/a`);
      assertEquals(status, EXIT.refused);
      assertMatch(error, /^Cannot replace "a" in one step: 5[^\n]+; --direct does it in place\n$/);
      assertEquals([server.verbs.includes("STOR"), memory.text("a")], [false, "old"]);
      const fresh = await put(`${here}/a`, "-o", "b");
      assertEquals([fresh.status, memory.text("b")], [EXIT.ok, "new"], fresh.error);
    },
  );
}

testWith(
  NEEDS,
  "an upload hints at what its caller says, else at nothing",
  () =>
    withFolders(async (_, here) => {
      const memory = new MemoryFiles({ renames: "never" });
      memory.put("a", "old");
      await using server = new ScriptedServer({ answers: memory.answers });
      await using client = await connect(server.address);
      await Deno.writeTextFile(`${here}/a`, "new");
      for (const [hints, behind] of [[{}, ""], [{ direct: "try it" }, "; try it"]] as const) {
        const put = () => uploadFile(client, `${here}/a`, "a", { direct: false, hints });
        const { message } = await assertRejects(put, Error);
        assertEquals(message, `Cannot replace "a" in one step: 502 Not implemented${behind}`);
      }
      assertEquals(memory.text("a"), "old");
    }),
);

against(
  "put -c --direct begins again by --force where nothing is appended",
  { refusesToAppend: "550 Append is not permitted" },
  () => ({}),
  async ({ memory, here, put }) => {
    memory.put("a", "n");
    const refused = await put("-c", "--direct", `${here}/a`);
    assertEquals([refused.status, refused.error, memory.text("a")], [
      EXIT.refused,
      'Cannot continue "a": 550 Append is not permitted; --force begins again\n',
      "n",
    ]);
    memory.put("a", "x");
    const { status, error } = await put("-c", "--direct", "--force", `${here}/a`);
    assertEquals([status, memory.text("a")], [EXIT.ok, "new"], error);
  },
);

against(
  "put replaces where SIZE is missing and RNTO does not replace",
  { renames: "keeps", lacks: ["SIZE"] },
  listing,
  async ({ memory, server, here, put }) => {
    memory.put("a", "old");
    const { status, error } = await put(`${here}/a`);
    assertEquals(status, EXIT.ok, error);
    assertEquals([...memory.files.keys()], ["a"]);
    assertEquals(memory.text("a"), "new");
    assertEquals(server.commands.includes("STOR a"), false, "never half of it under the name");
  },
);

/** Octets of a file whose upload was cut after the first ten. */
const CONTENT = octets(100);

/** What SIZE says of a temporary name, the first time first; then what there is. */
let sizes: string[] = [];

const growing = (memory: MemoryFiles): Record<string, Answer> => ({
  SIZE: (path, session) => {
    const { content } = memory.files.get(path) ?? {};
    const next = content !== undefined && path.endsWith(".up") ? sizes.shift() : undefined;
    return session.say(next ?? (content === undefined ? "550 No" : `213 ${content.length}`));
  },
});

let cut: number | undefined;

for (
  const [now, told] of [["213 30", "30"], ["550 Busy", "not told"]] as const
) {
  against(
    `put -c appends nothing where it was asked for octet 10, and SIZE is ${told} now`,
    { cutsAfter: () => cut },
    growing,
    async ({ memory, server, here, put }) => {
      await Deno.writeFile(`${here}/a`, CONTENT);
      cut = 10;
      assertEquals((await put(`${here}/a`)).status, EXIT.retry);
      cut = undefined;
      const [temporary] = memory.files.keys();
      sizes = ["213 10", now];
      const { status, error } = await put("-c", `${here}/a`);
      assertEquals(status, EXIT.retry);
      assertStringIncludes(
        error,
        `Cannot store "${temporary}" from octet 10: its size is ${told} by now\n`,
      );
      assertEquals(server.verbs.includes("APPE"), false);
      assertEquals([...memory.files.keys()], [temporary]);
      assertEquals((await put("-c", `${here}/a`)).status, EXIT.ok);
      assertEquals([...memory.files.keys()], ["a"]);
      assertEquals(memory.files.get("a")!.content, CONTENT);
    },
  );
}

against(
  "put whose last reply was lost finds the file complete, and says so",
  {},
  (memory) => {
    const { RNTO, ...answers } = memory.answers;
    let isLost = true;
    return {
      ...answers,
      RNTO: (name, session) => {
        if (name !== "a" || !isLost) return typeof RNTO === "function" && RNTO(name, session);
        isLost = false;
        const [[temporary, file]] = [...memory.files] as [[string, MemoryFile]];
        memory.files.delete(temporary);
        memory.files.set("a", file);
        session.close();
      },
    };
  },
  async ({ memory, here, put }) => {
    const { status, error } = await put("--retries", "1", `${here}/a`);
    assertEquals(status, EXIT.ok, error);
    assertMatch(error, /; trying again in [^\n]+\na: already complete\n$/);
    assertEquals(memory.text("a"), "new");
  },
);

let cuts = 0;

against(
  "put over a damaged copy sends it, though the first attempt breaks before an octet is kept",
  { cutsAfter: () => cuts-- > 0 ? 0 : undefined },
  () => ({}),
  async ({ memory, here, put }) => {
    const content = octets(300_000);
    const then = new Date("2026-01-02T03:04:05Z");
    await Deno.writeFile(`${here}/a`, content);
    await Deno.utime(`${here}/a`, then, then);
    memory.put("a", content.slice().fill(0, 0, 1_000), then);
    cuts = 1;
    const { status, error } = await put("--retries", "1", `${here}/a`);
    assertEquals([status, error.includes("already")], [EXIT.ok, false], error);
    assertEquals(memory.files.get("a")!.content, content);
    assertEquals([...memory.files.keys()], ["a"]);
  },
);
