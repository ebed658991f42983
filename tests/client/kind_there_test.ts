/**
 * What has a name on the server, and whether anything has it: "I do not know that command" is no
 * answer to that.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { type Client, ClientError, isDirectory, kindThere } from "../../client/mod.ts";
import { planMirror } from "../../client/mirror/mod.ts";
import { ClientPool } from "../../client/mod.ts";
import { lines } from "./listing_answers.ts";
import { type MemoryFile, MemoryFiles } from "./memory_files.ts";
import { type Answer, ScriptedServer } from "./scripted_server.ts";
import { retr, scripted } from "./scripted_test_case.ts";
import { NEEDS, run, withFolders } from "./stage.ts";
import { testWith } from "../permission.ts";

/** A server with the file "a" alone, which tells of it by SIZE. */
const SIZED: Readonly<Record<string, Answer>> = {
  PWD: '257 "/"',
  CWD: "550 No such directory",
  SIZE: (path, session) => session.say(path === "a" ? "213 3" : "550 No such file"),
};

/** The same, which tells of it in LIST alone. */
const LISTED: Readonly<Record<string, Answer>> = {
  ...SIZED,
  SIZE: "502 No",
  LIST: retr(lines("a")),
};

const MLSD_ONLY = "211-Features\r\n MLSD\r\n211 End";
const MLST = "211-Features\r\n MLST type*;\r\n211 End";

/** Servers that do not know what they are asked, though some say that they do. */
const SERVERS: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
  "has MLSD and not MLST": { ...SIZED, FEAT: MLSD_ONLY, MLSD: retr("type=file; a\r\n") },
  "knows MLST in FEAT alone": { ...SIZED, FEAT: MLST, MLST: "500 What?", MLSD: "500 What?" },
  "takes no argument of MLST": { ...SIZED, FEAT: MLST, MLST: "501 No argument, please" },
  "has SIZE": SIZED,
  "has no SIZE": LISTED,
};

for (const [what, answers] of Object.entries(SERVERS)) {
  scripted(
    `kindThere knows what is there of a server that ${what}`,
    { answers },
    async (client) => {
      assertEquals([await kindThere(client, "a"), await kindThere(client, "b")], [
        "file",
        undefined,
      ]);
    },
  );
}

/** Answers from which nobody knows whether there is a "b". */
const UNKNOWN: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
  "MLST is for others": { FEAT: MLST, MLST: "530 Not for you" },
  "MLST is refused for now": { FEAT: MLST, MLST: "450 Busy" },
  "there is no SIZE, and no listing": { ...LISTED, LIST: "550 Permission denied" },
  "there is no SIZE, and a line that is not understood": { ...LISTED, LIST: retr("? b\r\n") },
};

for (const [when, answers] of Object.entries(UNKNOWN)) {
  scripted(
    `kindThere does not say that nothing is there when ${when}`,
    { answers },
    async (client) => {
      await assertRejects(() => kindThere(client, "b"), ClientError);
      assertEquals(await isDirectory(client, "b"), false, "as far as the server says");
    },
  );
}

/** A server that keeps files, has MLSD, and answers MLST as one that does not know it. */
async function withoutMlst(
  body: (port: number, files: ReadonlyMap<string, MemoryFile>, here: string) => Promise<void>,
): Promise<void> {
  await withFolders(async (_, here) => {
    const memory = new MemoryFiles();
    memory.put("a", "old");
    const answers = { ...memory.answers, FEAT: MLSD_ONLY, MLST: "500 What?" };
    await using server = new ScriptedServer({ answers });
    await Deno.writeTextFile(`${here}/a`, "new");
    await body(server.address.port, memory.files, here);
  });
}

testWith(
  NEEDS,
  "put -n overwrites nothing where MLST is not known",
  () =>
    withoutMlst(async (port, files, here) => {
      const { status, error } = await run(port, ["put", "-n", `${here}/a`]);
      assertEquals([status, error], [
        EXIT.local,
        'Cannot put "a": it is there already, and --no-clobber is given\n',
      ]);
      assertEquals(files.get("a")!.content, new TextEncoder().encode("old"));
    }),
);

testWith(
  NEEDS,
  "mirror -R looks at a target that MLST does not tell of",
  () =>
    withFolders(async (_, here) => {
      const answers: Record<string, Answer> = {
        FEAT: MLSD_ONLY,
        MLST: "500 What?",
        MLSD: retr("type=file;size=3; a\r\n"),
        PWD: '257 "/"',
        CWD: "250 In",
      };
      await using server = new ScriptedServer({ answers });
      await using pool = await ClientPool.open(server.address, 1);
      await Deno.writeTextFile(`${here}/a`, "new");
      const options = { direction: "up", remote: "/t", local: here, by: "size" } as const;
      assertEquals((await planMirror(pool, options)).actions, [{ kind: "keep", path: "a" }]);
    }),
);

scripted("canEnter is what CWD says, and comes back", {
  answers: {
    PWD: '257 "/"',
    CWD: (path, session) => session.say(path === "/" || path === "d" ? "250 In" : "550 No"),
  },
}, async (client: Client, server) => {
  assertEquals([await client.canEnter("d"), await client.canEnter("a")], [true, false]);
  assertEquals(server.commands.slice(2), ["PWD", "CWD d", "CWD /", "PWD", "CWD a"]);
});
