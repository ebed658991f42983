/**
 * Uploads where a server does not rename, or not everything: what is stored under its final name at
 * once, what that leaves when it breaks off, and that nothing else has to do with it.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { ClientPool, connect, ProtocolError, uploadFile } from "../../client/mod.ts";
import { planMirror, runMirror } from "../../client/mirror/mod.ts";
import { lastName } from "../../client/directory.ts";
import { testWith } from "../permission.ts";
import { type Habits, type MemoryFile, MemoryFiles } from "./memory_files.ts";
import { make, OLD } from "./mirror/mirror_stage.ts";
import { type Answer, ScriptedServer } from "./scripted_server.ts";
import { names, NEEDS, octets, remembered, withFolders } from "./stage.ts";

/** What a server answers in a way of its own, beside `answers`. */
type Own = (answers: Readonly<Record<string, Answer>>) => Readonly<Record<string, Answer>>;

/** A server that lists all its files in each directory, of which `/t` is one. */
function serverOf(memory: MemoryFiles, own: Own = () => ({})): ScriptedServer {
  const factsOf = ([path, { content, modified }]: [string, MemoryFile]) => {
    const time = modified.toISOString().replace(/\D/g, "").slice(0, 14);
    return `type=file;size=${content.length};modify=${time}; ${lastName(path)}\r\n`;
  };
  const { answers } = memory;
  return new ScriptedServer({
    answers: {
      ...answers,
      FEAT: "211-Features:\r\n MFMT\r\n MLST type*;size*;modify*;\r\n SIZE\r\n211 End",
      MLST: (path, session) =>
        session.say(path === "/t" ? "250-Facts\r\n type=dir; /t\r\n250 End" : "550 No"),
      MLSD: async (_, session) => {
        await session.send([...memory.files].map(factsOf).join(""));
        await session.say("226 Done");
      },
      ...own(answers),
    },
  });
}

/** Refuses RNTO to names that are `denied`: what is known when all octets are there. */
const renamesBut = (denied: (path: string) => boolean): Own => ({ RNTO }) => ({
  RNTO: (path, session) => {
    if (denied(path)) return session.say("550 Permission denied");
    return typeof RNTO === "function" && RNTO(path, session);
  },
});

testWith(
  NEEDS,
  "mirror -R fails for a name that may not be given, and for no other",
  () =>
    withFolders(async (_, here) => {
      await make(here, { "a.mp3": "new", "b.txt": "newer", "c.txt": "new" });
      // As vsftpd with deny_file.
      const isDenied = (path: string) => path.endsWith(".mp3");
      const memory = new MemoryFiles({
        refuses: (path) => isDenied(path) ? "550 Permission denied" : undefined,
      });
      memory.put("/t/b.txt", "old");
      await using server = serverOf(memory, renamesBut(isDenied));
      await using pool = await ClientPool.open(server.address, 1);
      const plan = await planMirror(pool, { direction: "up", remote: "/t", local: here });
      const failures: string[] = [];
      const onFailure = (_: unknown, { message }: Error) => void failures.push(message);
      const { copied } = await runMirror(pool, plan, { onFailure });
      assertEquals([failures, copied], [['Cannot store "/t/a.mp3": 550 Permission denied'], 2]);
      assertEquals([...memory.files.keys()].sort(), ["/t/b.txt", "/t/c.txt"]);
      assertEquals(memory.text("/t/b.txt"), "newer");
      assert(!server.commands.includes("STOR /t/c.txt"), "none is stored directly");
    }),
);

testWith(
  NEEDS,
  "uploads learn of a folder where nothing is renamed, and of that alone",
  () =>
    withFolders(async (_, here) => {
      await Deno.writeTextFile(`${here}/a`, "new");
      const memory = new MemoryFiles();
      memory.put("/open/b", "old");
      await using server = serverOf(memory, renamesBut((path) => path.startsWith("/box/")));
      await using client = await connect(server.address);
      for (const path of ["/open/a", "/box/a", "/box/b", "/open/b", "/box/c"]) {
        await uploadFile(client, `${here}/a`, path);
        assertEquals(memory.text(path), "new");
      }
      assertEquals(memory.files.size, 5);
      const stored = server.commands.filter((line) => line.startsWith("STOR "))
        .map((line) => line.slice("STOR ".length).replace(/[0-9a-f]{16}/, "TAG"));
      assertEquals(stored, [
        "/open/.a.TAG.up",
        "/box/.a.TAG.up",
        "/box/a",
        // It is known by now.
        "/box/b",
        "/open/.b.TAG.up",
        // Another folder came between: what is told of one is kept until then.
        "/box/.c.TAG.up",
        "/box/c",
      ]);
    }),
);

remembered(
  "put of a new file where nothing is renamed keeps its time",
  { renames: "denied" },
  async ({ memory, here, client }) => {
    await make(here, { "a": "new" });
    assertEquals((await client(["put", `${here}/a`])).status, EXIT.ok);
    assertEquals(memory.files.get("a")!.modified, new Date(OLD * 1_000));
  },
);

/** What the server has before, and what makes the whole file of it. */
const OVER: Readonly<Record<string, readonly [old: string | undefined, ...flags: string[]]>> = {
  "under a new name": [undefined],
  "over an old file": ["old"],
  "behind what is there": ["n", "-c"],
};

for (const [where, [old, ...flags]] of Object.entries(OVER)) {
  remembered(`put --direct ${where} keeps the time`, {}, async ({ memory, here, client }) => {
    await make(here, { "a": "new" });
    if (old !== undefined) memory.put("a", old);
    const { status, error } = await client(["put", "--direct", ...flags, `${here}/a`]);
    assertEquals([status, memory.text("a")], [EXIT.ok, "new"], error);
    assertEquals(memory.files.get("a")!.modified, new Date(OLD * 1_000));
  });
}

/** More than the buffers of a connection take. */
const LARGE = octets(3_000_000);

/** How often a connection is cut in the middle of an upload. */
let cuts = 0;

const CUTTING: Habits = {
  renames: "denied",
  cutsAfter: () => cuts-- > 0 ? 1_000_000 : undefined,
};

remembered("put that breaks off under the final name says so", CUTTING, async (stage) => {
  const { memory, here, client } = stage;
  await Deno.writeFile(`${here}/a`, LARGE);
  cuts = 1;
  const { status, error } = await client(["put", "--retries", "0", `${here}/a`]);
  assertEquals(status, EXIT.retry, error);
  assertMatch(error, /^Kept what had arrived in "a" on the server\n/);
  assertEquals(memory.files.get("a")!.content, LARGE.subarray(0, 1_000_000));
});

testWith(
  NEEDS,
  "put that may not remove what breaks off under the final name says so",
  () =>
    withFolders(async (_, here) => {
      const memory = new MemoryFiles({ renames: "denied" });
      await using server = serverOf(memory, () => ({
        DELE: "550 Permission denied",
        STOR: async (path, session) => {
          const data = await session.data();
          await session.say("150 Go ahead");
          const buffer = new Uint8Array(1_000);
          await data.read(buffer);
          memory.put(path, buffer);
          session.closeData();
          await session.say("552 No room");
        },
      }));
      await Deno.writeFile(`${here}/a`, LARGE);
      await using client = await connect(server.address);
      const kept: unknown[] = [];
      const onKept = (...told: unknown[]) => void kept.push(told);
      await uploadFile(client, `${here}/a`, "/t/a", { onKept }).catch(() => {});
      assertEquals(kept, [["/t/a", 1_000, false]]);
    }),
);

for (const refusesToAppend of [undefined, "550 Append is not permitted"]) {
  const how = refusesToAppend === undefined ? "goes on with" : "begins again over";
  testWith(
    NEEDS,
    `mirror -R ${how} what one attempt left under the final name`,
    () =>
      withFolders(async (_, here) => {
        await Deno.writeFile(`${here}/a`, LARGE);
        await Deno.utime(`${here}/a`, OLD, OLD);
        const habits = refusesToAppend === undefined ? CUTTING : { ...CUTTING, refusesToAppend };
        const memory = new MemoryFiles(habits);
        await using server = serverOf(memory);
        await using pool = await ClientPool.open(server.address, 1);
        const options = { direction: "up", remote: "/t", local: here } as const;
        const plan = await planMirror(pool, options);
        cuts = 2;
        const pace = { wait: () => Promise.resolve() };
        const { copied, error } = await runMirror(pool, plan, {}, pace);
        assertEquals(copied, 1, error?.message);
        assertEquals(memory.files.get("/t/a")!.content, LARGE);
        const stored = server.commands.filter((line) => /^(STOR|APPE) /.test(line));
        assertEquals(stored.every((line) => line.endsWith(" /t/a")), true, stored.join());
        assertEquals(stored.length, refusesToAppend === undefined ? 3 : 5);
        const { actions } = await planMirror(pool, options);
        assertEquals(actions, [{ kind: "keep", path: "a" }]);
        assertEquals(await names(here), ["a"]);
      }),
  );
}

testWith(
  NEEDS,
  "an upload goes on under the final name with no other content",
  () =>
    withFolders(async (_, here) => {
      await Deno.writeFile(`${here}/a`, LARGE);
      const memory = new MemoryFiles(CUTTING);
      await using server = serverOf(memory);
      const attempts = {};
      const attempt = async () => {
        await using client = await connect(server.address);
        await uploadFile(client, `${here}/a`, "/t/a", { attempts, resume: true, force: true });
      };
      cuts = 1;
      await attempt().catch(() => {});
      await Deno.writeFile(`${here}/a`, LARGE.map((octet) => octet ^ 0xff));
      const error = await attempt().catch((error) => error);
      assertMatch(error.message, /^Cannot replace "\/t\/a" in one step: 550 /);
      assertEquals(memory.files.get("/t/a")!.content, LARGE.subarray(0, 1_000_000));
    }),
);

testWith(
  NEEDS,
  "put to a server that knows little more than STOR says what would store it",
  () =>
    withFolders(async (_, here) => {
      await make(here, { "report.ps": "page" });
      const memory = new MemoryFiles();
      const { STOR } = memory.answers;
      // As a printer: it neither renames nor says anything about files, and the rest gets a 502.
      await using server = new ScriptedServer({ answers: { STOR: STOR! } });
      await using client = await connect(server.address);
      const put = (direct: boolean) =>
        uploadFile(client, `${here}/report.ps`, "report.ps", { direct });
      const error = await assertRejects(() => put(false), ProtocolError);
      assertMatch(error.message, /^Cannot store "report.ps" in one step: 502 /);
      await put(true);
      assertEquals(memory.text("report.ps"), "page");
    }),
);
