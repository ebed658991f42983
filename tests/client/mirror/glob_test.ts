/**
 * Patterns that mean names on a server.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import {
  type Client,
  connect,
  type Entry,
  LocalError,
  ProtocolError,
} from "../../../client/mod.ts";
import { expandRemote, GLOB_DIRECTORIES_MAX } from "../../../client/mirror/mod.ts";
import { testWith } from "../../permission.ts";
import { ScriptedServer } from "../scripted_server.ts";
import { withFolders } from "../stage.ts";
import { openToAll, SERVERS } from "../servers.ts";

const FILES = [
  "a.avi",
  "b.avi",
  "b.txt",
  "a[1].txt",
  "a1.txt",
  "films/x/a1.avi",
  "films/x/b1.avi",
  "films/y/a2.avi",
  "films/a3.avi",
];

const CASES: readonly (readonly [pattern: string, means: string[]])[] = [
  ["a.avi", ["a.avi"]],
  ["nowhere.avi", ["nowhere.avi"]],
  ["*.avi", ["a.avi", "b.avi"]],
  ["/*.avi", ["/a.avi", "/b.avi"]],
  ["films/*/a?.avi", ["films/x/a1.avi", "films/y/a2.avi"]],
  ["films/*/b1.avi", ["films/x/b1.avi"]],
  ["*/a3.avi", ["films/a3.avi"]],
  ["films/*", ["films/a3.avi", "films/x", "films/y"]],
  ["films/*/", ["films/x", "films/y"]],
  ["{b,a}.avi", ["a.avi", "b.avi"]],
  ["{b.txt,films/*.avi}", ["b.txt", "films/a3.avi"]],
  ["a[1].txt", ["a[1].txt"]],
  ["a[1-2].txt", ["a1.txt"]],
  ["*.mkv", []],
  ["nowhere/*", []],
  ["a.avi/*", []],
];

for (const kind of SERVERS) {
  testWith(
    kind.needs,
    `expandRemote knows what is there [${kind.name}]`,
    () =>
      withFolders(async (root) => {
        for (const path of FILES) {
          const at = `${root}/${path}`;
          await Deno.mkdir(at.slice(0, at.lastIndexOf("/")), { recursive: true });
          await Deno.writeTextFile(at, "");
        }
        await openToAll(root);
        const server = await kind.start(root);
        try {
          await using client = await connect({ port: server.port });
          if (server.base !== "") await client.changeDirectory(server.base);
          const below = (path: string) => path.startsWith("/") ? server.base + path : path;
          for (const [pattern, means] of CASES) {
            assertEquals(await expandRemote(client, below(pattern)), means.map(below), pattern);
          }
        } finally {
          await server.stop();
        }
      }),
    kind.skip,
  );
}

Deno.test("expandRemote does not list for ever", async () => {
  const directories = Array.from(
    { length: GLOB_DIRECTORIES_MAX },
    (_, index): Entry => ({ name: `d${index}`, kind: "directory" }),
  );
  let listings = 0;
  /** As many over a network would take a while. */
  const client = {
    stat: () => Promise.reject(new ProtocolError("Cannot find", { code: 550, lines: ["No"] })),
    list(path: string) {
      listings++;
      return Promise.resolve(path === "" ? directories : []);
    },
  } as unknown as Client;
  const message = `Cannot use "*/*": over ${GLOB_DIRECTORIES_MAX} directories`;
  await assertRejects(() => expandRemote(client, "*/*"), LocalError, message);
  assertEquals(listings, GLOB_DIRECTORIES_MAX);
});

testWith(["net"], "expandRemote asks for no listing behind too many names", async () => {
  const names = Array.from({ length: 50_001 }, (_, n) => `type=file; ${n}\r\n`).join("");
  await using server = new ScriptedServer({
    answers: {
      FEAT: "211-Features:\r\n MLST type*;\r\n211 End",
      MLSD: async (path, session) => {
        const directories = ["a", "b", "c"].map((name) => `type=dir; ${name}\r\n`).join("");
        await session.send(path === "" ? directories : names);
        await session.say("226 Done");
      },
      MLST: "550 No",
    },
  });
  await using client = await connect(server.address);
  await assertRejects(() => expandRemote(client, "*/*"), LocalError, "means over 100000 names");
  const listings = server.commands.filter((line) => line.startsWith("MLSD"));
  assertEquals(listings, ["MLSD", "MLSD a", "MLSD b"]);
});

testWith(["net"], "expandRemote goes past a name that no command can hold", async () => {
  const above = "type=dir; a\rb\r\ntype=dir; c\r\n";
  await using server = new ScriptedServer({
    answers: {
      FEAT: "211-Features:\r\n MLST type*;\r\n211 End",
      MLSD: async (path, session) => {
        await session.send(path === "" ? above : "type=file; d\r\n");
        await session.say("226 Done");
      },
      MLST: "550 No",
    },
  });
  await using client = await connect(server.address);
  assertEquals(await expandRemote(client, "*/*"), ["c/d"]);
});
