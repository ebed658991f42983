/**
 * put under a temporary name: whatever breaks it off, the name leads to the old file or to the new
 * one, and --continue goes on with the same content only.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT, main } from "../../client/cli/mod.ts";
import { eventually } from "../eventually.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";
import { type Habits, MemoryFiles } from "./memory_files.ts";
import { ScriptedServer } from "./scripted_server.ts";
import {
  type MemoryStage,
  names,
  NEEDS,
  octets,
  type Outcome,
  remembered,
  run,
  served,
  withFolders,
} from "./stage.ts";

const TEMPORARY = /^\.a\.[0-9a-f]{16}\.up$/;

/** More than the buffers of a connection take. */
const LARGE = octets(12_000_000);

/** What a test with a server of habits has. */
interface Room extends MemoryStage {
  put(...args: string[]): Promise<Outcome>;
}

/** A test of put, tried once, against a server in memory. */
function against(habits: Habits, name: string, body: (room: Room) => Promise<void>): void {
  remembered(
    name,
    habits,
    (stage) =>
      body({ ...stage, put: (...args) => stage.client(["put", "--retries", "0", ...args]) }),
  );
}

let cut: number | undefined;

/** Breaks a put of LARGE as "a" off, and returns the temporary name that it left. */
async function breakOff({ memory, here, put }: Room): Promise<string> {
  await Deno.writeFile(`${here}/a`, LARGE);
  cut = 1_000_000;
  const { status, error } = await put(`${here}/a`);
  cut = undefined;
  assertEquals(status, EXIT.retry, error);
  const [temporary, ...more] = [...memory.files.keys()].filter((name) => name !== "a");
  assertMatch(temporary!, TEMPORARY);
  assertEquals(more, []);
  const kept = `Kept what had arrived in "${temporary}" on the server`;
  assertStringIncludes(error, `${kept}, put --continue goes on from there\n`);
  return temporary!;
}

against({ cutsAfter: () => cut }, "put that breaks off leaves the old file", async (room) => {
  const { memory, server, here, put } = room;
  memory.put("a", new Uint8Array(LARGE.length));
  const temporary = await breakOff(room);
  assertEquals(memory.files.get("a")!.content, new Uint8Array(LARGE.length));
  assertEquals(memory.files.get(temporary)!.content, LARGE.subarray(0, 1_000_000));
  const { status, error } = await put("-c", `${here}/a`);
  assertEquals(status, EXIT.ok, error);
  assert(server.commands.includes(`APPE ${temporary}`), "what is there is not sent again");
  assertEquals([...memory.files.keys()], ["a"]);
  assertEquals(memory.files.get("a")!.content, LARGE);
});

against(
  { cutsAfter: () => cut },
  "put -c begins again when the file here changed",
  async (room) => {
    const { memory, server, here, put } = room;
    const temporary = await breakOff(room);
    const changed = LARGE.map((octet) => octet ^ 0xff);
    await Deno.writeFile(`${here}/a`, changed);
    const { status, error } = await put("-c", `${here}/a`);
    assertEquals(status, EXIT.ok, error);
    assert(!server.verbs.includes("APPE"));
    assertEquals(memory.files.get("a")!.content, changed);
    assertEquals([...memory.files.keys()], [temporary, "a"]);
  },
);

against({ cutsAfter: () => cut }, "put -c begins again when too much is there", async (room) => {
  const { memory, server, here, put } = room;
  const temporary = await breakOff(room);
  memory.put(temporary, new Uint8Array(LARGE.length + 1));
  const { status, error } = await put("-c", `${here}/a`);
  assertEquals(status, EXIT.ok, error);
  assert(!server.verbs.includes("APPE"));
  assertEquals(memory.files.get("a")!.content, LARGE);
});

const refusesAppend: Habits = { cutsAfter: () => cut, lacks: ["APPE", "REST"] };

against(refusesAppend, "put -c begins again by --force where nothing is appended", async (room) => {
  const { memory, here, put } = room;
  const temporary = await breakOff(room);
  assertEquals((await put("-c", `${here}/a`)).status, EXIT.refused);
  assertEquals(memory.files.get(temporary)!.content.length, 1_000_000);
  const { status, error } = await put("-c", "--force", `${here}/a`);
  assertEquals(status, EXIT.ok, error);
  assertEquals([...memory.files.keys()], ["a"]);
  assertEquals(memory.files.get("a")!.content, LARGE);
});

// ProFTPD, unless it is told otherwise.
const keepsFromAppending: Habits = {
  cutsAfter: () => cut,
  refusesToAppend: "451 Append/Restart not permitted, try again",
};

against(keepsFromAppending, "put -c is told of --force where 451 is for good", async (room) => {
  const { memory, server, here, put } = room;
  const temporary = await breakOff(room);
  const { status, error } = await put("-c", "--retries", "5", `${here}/a`);
  assertEquals([status, error], [
    EXIT.refused,
    'Cannot store "a": 451 Append/Restart not permitted, try again; --force begins again\n',
  ]);
  assertEquals(server.verbs.filter((verb) => verb === "APPE").length, 1);
  assertEquals(memory.files.get(temporary)!.content.length, 1_000_000);
  assertEquals((await put("-c", "--direct", `${here}/a`, "-o", temporary)).status, EXIT.refused);
  assertEquals((await put("-c", "--force", `${here}/a`)).status, EXIT.ok);
  assertEquals([...memory.files.keys()], ["a"]);
  assertEquals(memory.files.get("a")!.content, LARGE);
});

against(keepsFromAppending, "put that is tried again begins again there", async (room) => {
  const { memory, here } = room;
  await Deno.writeFile(`${here}/a`, LARGE);
  cut = 1_000_000;
  const console = new FakeConsole();
  const port = String(room.server.address.port);
  const putting = main(["--port", port, "put", "--retries", "1", `${here}/a`], console);
  await eventually("it is tried again", () => /trying again/.test(console.errorText));
  cut = undefined;
  assertEquals(await putting, EXIT.ok, console.errorText);
  assertEquals([...memory.files.keys()], ["a"]);
  assertEquals(memory.files.get("a")!.content, LARGE);
});

against(
  { cutsAfter: () => cut },
  "put -c of what only lacks its name gives it that",
  async (room) => {
    const { memory, here, put } = room;
    memory.put(await breakOff(room), LARGE);
    const { status, error } = await put("-c", `${here}/a`);
    assertEquals(status, EXIT.ok, error);
    assertEquals([...memory.files.keys()], ["a"]);
    assertEquals(memory.files.get("a")!.content, LARGE);
  },
);

against({}, "put -c over an older file of the same size sends the new one", async (room) => {
  const { memory, here, put } = room;
  memory.put("a", "old old");
  await Deno.writeTextFile(`${here}/a`, "new new");
  const { status, error } = await put("-c", `${here}/a`);
  assertEquals(status, EXIT.ok, error);
  assertEquals(memory.text("a"), "new new");
});

against({}, "put keeps the time of the file, and put -c knows the copy by it", async (room) => {
  const { memory, here, put } = room;
  await Deno.writeTextFile(`${here}/a`, "content");
  const then = new Date("2026-01-02T03:04:05Z");
  await Deno.utime(`${here}/a`, then, then);
  assertEquals((await put(`${here}/a`)).status, EXIT.ok);
  assertEquals(memory.files.get("a")!.modified, then);
  assertEquals((await put("-c", `${here}/a`)).error, "a: already complete\n");
});

against(
  {},
  "put -c sends a file that differs from the old one by its content alone",
  async (room) => {
    const { memory, here, put } = room;
    const then = new Date("2026-01-02T03:04:05Z");
    memory.put("a", "old old", then);
    await Deno.writeTextFile(`${here}/a`, "new new");
    await Deno.utime(`${here}/a`, then, then);
    assertEquals((await put("-c", `${here}/a`)).status, EXIT.ok);
    assertEquals(memory.text("a"), "new new");
  },
);

against({ renames: "keeps" }, "put replaces where RNTO does not", async (room) => {
  const { memory, server, here, put } = room;
  memory.put("a", "old");
  await Deno.writeTextFile(`${here}/a`, "new");
  const { status, error } = await put(`${here}/a`);
  assertEquals(status, EXIT.ok, error);
  assertEquals([...memory.files.keys()], ["a"]);
  assertEquals(memory.text("a"), "new");
  const order = server.verbs.filter((verb) => ["STOR", "RNTO", "DELE"].includes(verb));
  const renamed = ["RNTO", "RNTO", "RNTO"];
  assertEquals(order, ["RNTO", "STOR", ...renamed, "DELE"], "the old one goes last");
});

against({ isStrict: true }, "put asks whether a file is renamed, and ends that", async (room) => {
  const { memory, server, here, put } = room;
  memory.put("a", "old");
  await Deno.writeTextFile(`${here}/a`, "new");
  const { status, error } = await put(`${here}/a`);
  assertEquals(status, EXIT.ok, error);
  assertEquals([...memory.files.keys()], ["a"]);
  assertEquals(memory.text("a"), "new");
  const order = server.verbs.filter((verb) => ["STOR", "RNFR", "RNTO"].includes(verb));
  assertEquals(order, ["RNFR", "RNTO", "STOR", "RNFR", "RNTO"]);
});

for (const renames of ["never", "denied", "not permitted"] as const) {
  against(
    { renames },
    `put of a new file where renaming is ${renames} goes directly`,
    async (room) => {
      const { memory, server, here, put } = room;
      await Deno.writeTextFile(`${here}/a`, "new");
      const { status, error } = await put(`${here}/a`);
      assertEquals(status, EXIT.ok, error);
      assertEquals([...memory.files.keys()], ["a"]);
      assertEquals(server.commands.filter((line) => line.startsWith("STOR")), ["STOR a"]);
    },
  );

  against(
    { renames },
    `put replaces nothing where renaming is ${renames}, but by --direct`,
    async (room) => {
      const { memory, server, here, put } = room;
      memory.put("a", "old");
      await Deno.writeTextFile(`${here}/a`, "new");
      const refused = await put(`${here}/a`);
      assertEquals(refused.status, EXIT.refused);
      assertMatch(
        refused.error,
        /^Cannot replace "a" in one step: 5\d\d [^\n]+; --direct does it in place\n$/,
      );
      assertEquals(memory.text("a"), "old");
      assert(!server.verbs.includes("STOR"), "it is known before anything is sent");
      assertEquals((await put("--direct", `${here}/a`)).status, EXIT.ok);
      assertEquals(memory.text("a"), "new");
    },
  );
}

const refusesDots: Habits = {
  refuses: (path) => path.startsWith(".") ? "553 Names do not begin with a dot" : undefined,
};

against(refusesDots, "put where temporary names are refused goes directly if new", async (room) => {
  const { memory, here, put } = room;
  await Deno.writeTextFile(`${here}/a`, "new");
  assertEquals((await put(`${here}/a`)).status, EXIT.ok);
  assertEquals(memory.text("a"), "new");
  await Deno.writeTextFile(`${here}/a`, "newer");
  const refused = await put(`${here}/a`);
  assertEquals(
    [refused.status, refused.error],
    [
      EXIT.refused,
      'Cannot replace "a" in one step: 553 Names do not begin with a dot; ' +
      "--direct does it in place\n",
    ],
  );
  assertEquals(memory.text("a"), "new");
});

against({ lacks: ["SIZE", "MDTM", "MFMT"] }, "put needs neither SIZE nor times", async (room) => {
  const { memory, here, put } = room;
  await Deno.writeTextFile(`${here}/a`, "new");
  for (const flags of [[], ["-c"]]) {
    const { status, error } = await put(...flags, `${here}/a`);
    assertEquals(status, EXIT.ok, error);
    assertEquals([...memory.files.keys()], ["a"]);
  }
});

testWith(
  NEEDS,
  "put that ran out of room removes what came, and the old file stays",
  () =>
    withFolders(async (_, here) => {
      const memory = new MemoryFiles();
      memory.put("a", "old");
      const { answers } = memory;
      await using server = new ScriptedServer({
        answers: {
          ...answers,
          STOR: async (path, session) => {
            memory.put(path, await session.receive());
            await session.say("552 Disk full");
          },
        },
      });
      await Deno.writeTextFile(`${here}/a`, "new");
      const { status, error } = await run(server.address.port, ["put", `${here}/a`]);
      assertEquals(status, EXIT.refused);
      assertEquals(error, 'Cannot store "a": 552 Disk full\n');
      assertEquals([...memory.files.keys()], ["a"]);
      assertEquals(memory.text("a"), "old");
    }),
);

served("put - leaves nothing when its source fails, and the old file as it was", async (stage) => {
  const { port, root } = stage;
  await Deno.writeTextFile(`${root}/a`, "old");
  const console = new FakeConsole({ input: "from a pipe" });
  let reads = 0;
  console.read = (buffer) => {
    if (reads++ > 0) console.interrupt();
    buffer[0] = 0x61;
    return Promise.resolve(reads > 1 ? null : 1);
  };
  const status = await main(["--port", String(port), "put", "-", "-o", "a"], console);
  assertEquals(status, EXIT.interrupted, console.errorText);
  assertEquals(await names(root), ["a"]);
  assertEquals(await Deno.readTextFile(`${root}/a`), "old");
});

testWith(
  NEEDS,
  "put that Ctrl-C ends says what the server kept, and -c goes on from there",
  () =>
    withFolders(async (_, here) => {
      const memory = new MemoryFiles();
      memory.put("a", new Uint8Array(LARGE.length));
      const { answers } = memory;
      let console = new FakeConsole();
      let isInterrupting = true;
      await using server = new ScriptedServer({
        answers: {
          ...answers,
          STOR: async (path, session) => {
            if (!isInterrupting) return;
            isInterrupting = false;
            const data = await session.data();
            await session.say("150 Go ahead");
            const buffer = new Uint8Array(1_000);
            await data.read(buffer);
            memory.put(path, LARGE.subarray(0, 1_000));
            console.interrupt();
            // What comes until the client has heard of it is lost.
            while (await data.read(buffer) !== null);
            session.closeData();
          },
          ABOR: (_, session) => session.say("426 Aborted\r\n226 Closed"),
        },
      });
      await Deno.writeFile(`${here}/a`, LARGE);
      const args = ["--port", String(server.address.port), "put"];
      assertEquals(await main([...args, `${here}/a`], console), EXIT.interrupted);
      assertMatch(
        console.errorText,
        /^Kept 1000 B in "\.a\.[0-9a-f]{16}\.up" on the server, put --continue goes on from there\nInterrupted\n$/,
      );
      assertEquals(memory.files.get("a")!.content, new Uint8Array(LARGE.length));
      console = new FakeConsole();
      assertEquals(await main([...args, "-c", `${here}/a`], console), EXIT.ok, console.errorText);
      assertEquals(memory.files.get("a")!.content, LARGE);
      assertEquals([...memory.files.keys()], ["a"]);
    }),
);

against(
  {},
  "two puts of one file at once end with a whole file, and nothing else",
  async (room) => {
    const { memory, server, here, put } = room;
    await Deno.writeFile(`${here}/a`, LARGE);
    const both = await Promise.all([1, 2].map(() => put(`${here}/a`)));
    assertEquals(both.map(({ status }) => status), [EXIT.ok, EXIT.ok]);
    assertEquals([...memory.files.keys()], ["a"]);
    assertEquals(memory.files.get("a")!.content, LARGE);
    const stored = server.commands.filter((line) => line.startsWith("STOR "));
    assertEquals(new Set(stored).size, 2, "they share no temporary name");
  },
);
