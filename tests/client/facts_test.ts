/**
 * Which facts of entries a client asks for, that it gets all of them where it wants all, and what it
 * does where MLSD is refused.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { type Client, connect, ProtocolError } from "../../client/mod.ts";
import { tellsSeconds } from "../../client/mirror/walk_remote.ts";
import { lines, listing, mlsd } from "./listing_answers.ts";
import type { Script, ScriptedServer } from "./scripted_server.ts";
import { retr, scripted } from "./scripted_test_case.ts";
import { served } from "./stage.ts";

const ROW = "type=file;size=3;modify=20200105103059;UNIX.mode=0644; a";

const script = (mlst: string, opts = "200 MLST OPTS"): Script => ({
  answers: {
    FEAT: `211-Features\r\n MLST ${mlst}\r\n211 End`,
    OPTS: opts,
    MLSD: retr(`${ROW}\r\n`),
    MLST: `250-Listing\r\n ${ROW}\r\n250 End`,
  },
});

const ALL = "type*;size*;modify*;perm*;UNIX.mode*;UNIX.owner;";

/** What was said about facts. */
const asked = (server: ScriptedServer) =>
  server.commands.filter((line) => /^(OPTS MLST|MLSD|MLST)\b/.test(line));

async function mixed(client: Client): Promise<void> {
  await client.list("d");
  await client.list("d", { fields: [] });
  await client.list("d", { fields: [] });
  for await (const _ of client.entries("d", { fields: ["size", "owner"] }));
  await client.stat("a");
  await client.stat("a");
}

scripted(
  "listings ask for the facts of the fields that they want, once",
  script(ALL),
  async (client, server) => {
    await mixed(client);
    assertEquals(asked(server), [
      "MLSD d",
      "OPTS MLST type;",
      "MLSD d",
      "MLSD d",
      "OPTS MLST type;size;UNIX.owner;",
      "MLSD d",
      "OPTS MLST type;size;modify;perm;UNIX.mode;",
      "MLST a",
      "MLST a",
    ]);
  },
);

scripted(
  "facts that a program chose by a command are chosen anew for a listing",
  script(ALL),
  async (client, server) => {
    await client.list("d", { fields: [] });
    await client.command("OPTS MLST size;");
    await client.list("d", { fields: [] });
    const kinds = "OPTS MLST type;";
    assertEquals(asked(server), [kinds, "MLSD d", "OPTS MLST size;", kinds, "MLSD d"]);
  },
);

scripted(
  "all facts that are read are asked for again where FEAT marks none",
  script("Size;Modify;Type;Perm"),
  async (client, server) => {
    await client.list("d");
    await client.list("d", { fields: [] });
    await client.list("d");
    await client.command("OPTS MLST Perm;");
    await client.stat("a");
    const all = "OPTS MLST Size;Modify;Type;";
    assertEquals(asked(server), [
      "MLSD d",
      "OPTS MLST Type;",
      "MLSD d",
      all,
      "MLSD d",
      "OPTS MLST Perm;",
      all,
      "MLST a",
    ]);
  },
);

scripted(
  "facts are chosen where FEAT marks none, though they are all that are read",
  script("Size;Modify;Type;"),
  async (client, server) => {
    await client.list("d", { fields: ["size", "modified"] });
    assertEquals(asked(server), ["OPTS MLST Size;Modify;Type;", "MLSD d"]);
  },
);

scripted(
  "a server that does not let facts be chosen lists all the same",
  script(ALL, "501 No"),
  async (client, server) => {
    assertEquals((await client.list("d", { fields: [] }))[0]!.size, 3);
    assertEquals((await client.list("d", { fields: [] }))[0]!.size, 3);
    assertEquals(asked(server), ["OPTS MLST type;", "MLSD d", "MLSD d"]);
  },
);

for (const mlst of ["type*;", "", "*;", "size*;modify"]) {
  scripted(
    `no facts are chosen from "${mlst}" where there are none to leave out`,
    script(mlst),
    async (client, server) => {
      await client.list("d", { fields: ["size"] });
      assertEquals(asked(server), ["MLSD d"]);
    },
  );
}

scripted(
  "a choice of facts that was interrupted is made again",
  {
    answers: {
      ...script(ALL).answers,
      OPTS: async (_, session) => {
        abort.abort(new Error("enough"));
        await session.say("200 MLST OPTS");
      },
    },
  },
  async (client, server) => {
    const { signal } = abort;
    await assertRejects(() => client.list("d", { fields: [], signal }), Error, "enough");
    await client.list("d");
    const all = "OPTS MLST type;size;modify;perm;UNIX.mode;";
    assertEquals(asked(server), ["OPTS MLST type;", all, "MLSD d"]);
  },
);
const abort = new AbortController();

for (const code of [500, 502, 504]) {
  scripted(`list goes to LIST for good where FEAT tells of an MLSD that is refused by ${code}`, {
    answers: { ...mlsd(""), MLSD: `${code} No`, LIST: listing(lines("a"), retr(lines(".", "a"))) },
  }, async (client, server) => {
    assertEquals(tellsSeconds(client), true);
    for (let count = 0; count < 2; count++) {
      assertEquals((await client.list()).map((entry) => entry.name), ["a"]);
    }
    assertEquals(tellsSeconds(client), false);
    assertEquals(server.verbs.filter((verb) => /^(MLSD|LIST)$/.test(verb)), [
      "MLSD",
      "LIST",
      "LIST",
    ]);
  });
}

scripted("list keeps to MLSD where it is refused for the path, or in the middle", {
  answers: {
    ...mlsd(""),
    MLSD: async (path, session) => {
      if (path === "no") return await session.say("501 Not a directory");
      if (path === "none") return await session.say("500 No such directory");
      await session.send("type=file; a\r\n");
      await session.say("500 Something broke");
    },
    PWD: '257 "/"',
    CWD: "500 No such directory",
  },
}, async (client, server) => {
  await assertRejects(() => client.list("no"), ProtocolError, "501 Not a directory");
  await assertRejects(() => client.list("none"), ProtocolError, "500 No such directory");
  await assertRejects(() => client.list(""), ProtocolError, "500 Something broke");
  assertEquals([tellsSeconds(client), server.verbs.includes("LIST")], [true, false]);
});

served("our server tells no more than the fields that are wanted", async ({ root, port }) => {
  await Deno.writeTextFile(`${root}/a`, "abc");
  await using client = await connect({ port });
  assertEquals(await client.list("", { fields: [] }), [{ name: "a", kind: "file" }]);
  assertEquals(await client.list("", { fields: ["size"] }), [{ name: "a", kind: "file", size: 3 }]);
  assertEquals((await client.list(""))[0]!.mode !== undefined, true);
});
