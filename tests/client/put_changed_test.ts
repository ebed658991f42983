/**
 * put of a file that changes: what has its name on the server afterwards is one content of it.
 *
 * @module
 */

import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { LocalError, LocalFile } from "../../client/mod.ts";
import { testWith } from "../permission.ts";
import { MemoryFiles } from "./memory_files.ts";
import { type Answer, ScriptedServer } from "./scripted_server.ts";
import { NEEDS, type Outcome, run, withFolders } from "./stage.ts";

const THEN = new Date("2026-01-02T03:04:05Z");

/** What happens to a file while it is sent; it has 4 octets before. */
const CHANGES: Readonly<Record<string, (path: string) => void>> = {
  "is overwritten in place": (path) => Deno.writeTextFileSync(path, "new!"),
  "grows": (path) => Deno.writeTextFileSync(path, "more", { append: true }),
  "gets another time": (path) => Deno.utimeSync(path, 0, 0),
};

/** Runs put of a file that changes during its first uploads, so many of them. */
async function putChanged(
  change: (path: string) => void,
  uploads: number,
  flags: readonly string[],
  body: (outcome: Outcome, memory: MemoryFiles, here: string) => Promise<void>,
): Promise<void> {
  await withFolders(async (_, here) => {
    const memory = new MemoryFiles();
    memory.put("a", "theirs");
    const { answers } = memory;
    const store = answers.STOR as Exclude<Answer, string>;
    let left = uploads;
    const STOR: Answer = (path, session) => {
      if (left-- > 0) change(`${here}/a`);
      return store(path, session);
    };
    await using server = new ScriptedServer({ answers: { ...answers, STOR } });
    await Deno.writeTextFile(`${here}/a`, "old!");
    await Deno.utime(`${here}/a`, THEN, THEN);
    await body(await run(server.address.port, ["put", ...flags, `${here}/a`]), memory, here);
  });
}

for (const [what, change] of Object.entries(CHANGES)) {
  testWith(
    NEEDS,
    `put of a file that ${what} meanwhile sends it once more`,
    () =>
      putChanged(change, 1, [], async ({ status, error }, memory, here) => {
        assertEquals(status, EXIT.ok, error);
        assertEquals([...memory.files.keys()], ["a"], "nothing else is left there");
        assertEquals(memory.text("a"), await Deno.readTextFile(`${here}/a`));
      }),
  );
}

testWith(
  NEEDS,
  "put of a file that changes each time leaves the old one, and nothing else",
  () =>
    putChanged(CHANGES.grows!, Infinity, [], ({ status, error }, memory, here) => {
      assertEquals([status, error], [
        EXIT.local,
        `Cannot read "${here}/a": it was changed while it was sent\n`,
      ]);
      assertEquals([...memory.files.keys()], ["a"]);
      assertEquals(memory.text("a"), "theirs");
      return Promise.resolve();
    }),
);

testWith(
  NEEDS,
  "put --direct of a file that changes meanwhile fails",
  () =>
    putChanged(CHANGES.grows!, 1, ["--direct"], ({ status, error }, memory) => {
      assertEquals(status, EXIT.local);
      assertEquals(error.includes("it was changed while it was sent\n"), true, error);
      assertEquals([...memory.files.keys()], ["a"]);
      return Promise.resolve();
    }),
);

testWith(
  NEEDS,
  "an upload is not gone on with when only the content has changed",
  () =>
    withFolders(async (_, here) => {
      const path = `${here}/a`;
      const tagOf = async () => {
        using file = await LocalFile.open(path);
        return await file.claimTag();
      };
      await Deno.writeTextFile(path, "old!");
      await Deno.utime(path, THEN, THEN);
      const before = await tagOf();
      assertEquals(await tagOf(), before);
      const { ctime } = await Deno.stat(path);
      // The clock of a file system goes in steps.
      do {
        await Deno.writeTextFile(path, "new!");
        await Deno.utime(path, THEN, THEN);
      } while ((await Deno.stat(path)).ctime?.getTime() === ctime?.getTime());
      assertNotEquals(await tagOf(), before);
    }),
);

testWith(
  NEEDS,
  "a file that grows as fast as it is read comes to an end",
  () =>
    withFolders(async (_, here) => {
      await Deno.writeTextFile(`${here}/a`, "old!");
      using file = await LocalFile.open(`${here}/a`);
      const buffer = new Uint8Array(4);
      const grow = () => Deno.writeTextFileSync(`${here}/a`, "more", { append: true });
      grow();
      assertEquals(file.read(buffer), 4);
      const text = `Cannot read "${here}/a": it was changed while it was sent`;
      assertThrows(() => file.read(buffer), LocalError, text);
    }),
);

testWith(
  NEEDS,
  "a file of proc(5), which tells no size, is read whole",
  async () => {
    using file = await LocalFile.open("/proc/version");
    const buffer = new Uint8Array(4_096);
    const count = await file.read(buffer);
    assertEquals(await file.read(buffer), null);
    assertEquals(
      new TextDecoder().decode(buffer.subarray(0, count!)),
      await Deno.readTextFile("/proc/version"),
    );
  },
  Deno.build.os === "linux" ? undefined : "needs /proc",
);
