/**
 * put of what can be read once, when all of it was sent and a reply is lost: it is complete, and
 * takes no source to go on with.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { testWith } from "../permission.ts";
import { type MemoryFile, MemoryFiles } from "./memory_files.ts";
import { type Answer, ScriptedServer } from "./scripted_server.ts";
import { NEEDS, type Outcome, run } from "./stage.ts";

/** What a test has: a server that loses replies. */
interface Room {
  readonly memory: MemoryFiles;
  readonly server: ScriptedServer;
  /** Puts "from a pipe" as "a", and waits half a second for each reply. */
  put(...flags: string[]): Promise<Outcome>;
}

/** A test against a server in memory with some answers of its own. */
function against(
  name: string,
  own: (memory: MemoryFiles) => Record<string, Answer>,
  body: (room: Room) => Promise<void>,
): void {
  testWith(NEEDS, name, async () => {
    const memory = new MemoryFiles();
    await using server = new ScriptedServer({ answers: { ...memory.answers, ...own(memory) } });
    const put = (...flags: string[]) =>
      run(server.address.port, ["--timeout", "0.5", "put", ...flags, "-", "-o", "a"], {
        input: "from a pipe",
      });
    await body({ memory, server, put });
  });
}

/** STOR that takes all, keeps what `kept` makes of it, and never says so. */
function silent(kept: (octets: Uint8Array) => Uint8Array | undefined = (octets) => octets) {
  return (memory: MemoryFiles): Record<string, Answer> => ({
    STOR: async (path, session) => {
      const octets = kept(await session.receive());
      if (octets !== undefined) memory.put(path, octets);
    },
  });
}

const LOST = "No reply from the server to STOR within 0.5 s";

for (const flags of [[], ["--direct"]]) {
  const put = ["put", ...flags, "-"].join(" ");

  against(`${put} whose last reply is lost is complete all the same`, silent(), async (room) => {
    const { status, error } = await room.put("--retries", "1", ...flags);
    assertEquals([status, error.startsWith(`${LOST}; trying again in `)], [EXIT.ok, true], error);
    assertEquals(room.memory.text("a"), "from a pipe");
    assertEquals([...room.memory.files.keys()], ["a"]);
    assertEquals(room.server.verbs.filter((verb) => verb === "STOR").length, 1);
  });

  against(`${put} that is not tried again says what it left`, silent(), async (room) => {
    const { status, error } = await room.put("--retries", "0", ...flags);
    const [name] = room.memory.files.keys();
    assertMatch(name!, flags.length > 0 ? /^a$/ : /^\.a\.[0-9a-f]{16}\.up$/);
    assertEquals([status, error], [
      EXIT.retry,
      `Kept 11 B in "${name}" on the server\n${LOST}\n`,
    ]);
  });
}

against(
  "put - whose new name is not confirmed has it",
  ({ files }) => ({
    RNTO: (name, session) => {
      const [[temporary, file]] = [...files] as [[string, MemoryFile]];
      files.delete(temporary);
      files.set(name, file);
      session.close();
    },
  }),
  async ({ memory, put }) => {
    const { status, error } = await put("--retries", "1");
    assertEquals(status, EXIT.ok, error);
    assertMatch(error, /; trying again in /);
    assertEquals([memory.text("a"), memory.files.size], ["from a pipe", 1]);
  },
);

for (
  const [what, kept, left, told] of [
    ["less", (octets: Uint8Array) => octets.subarray(1), "10 B", "has 10"],
    // As vsftpd does by delete_failed_uploads.
    ["nothing", () => undefined, "what had arrived", "does not tell what it has"],
  ] as const
) {
  against(
    `put - of which the server has ${what} takes no old file for it`,
    silent(kept),
    async ({ memory, put }) => {
      memory.put("a", "old and old");
      const { status, error } = await put("--retries", "1");
      const wrong = `Cannot store "a": the server ${told} of 11 octets\n`;
      assertEquals([status, error.endsWith(wrong)], [EXIT.retry, true], error);
      assertMatch(
        error,
        new RegExp(`^Kept ${left} in "\\.a\\.[0-9a-f]{16}\\.up" on the server$`, "m"),
      );
      assertEquals(memory.text("a"), "old and old");
    },
  );
}

against(
  "put --direct - that the server dropped takes no old file of the same size for it",
  silent(() => undefined),
  async ({ memory, put }) => {
    memory.put("a", "old and old");
    const { status, error } = await put("--retries", "1", "--direct");
    assertEquals([status, error], [EXIT.retry, `${LOST}\n`]);
    assertEquals(memory.text("a"), "old and old");
  },
);

against(
  "put - that breaks off says what it could not remove",
  (memory) => ({
    STOR: async (path, session) => {
      memory.put(path, (await session.receive()).subarray(0, 1));
      session.close();
    },
  }),
  async ({ memory, put }) => {
    const { status, error } = await put();
    const [name] = memory.files.keys();
    assertEquals([status, error.split("\n")[0]], [
      EXIT.retry,
      `Kept what had arrived in "${name}" on the server`,
    ]);
  },
);
