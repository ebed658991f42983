/**
 * The command line's put, and what it does with an upload that was broken off.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT, main } from "../../client/cli/mod.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";
import { MemoryFiles } from "./memory_files.ts";
import { type Answer, type Script, ScriptedServer } from "./scripted_server.ts";
import { names, NEEDS, octets, run, scripted, served, SUMMARY, withFolders } from "./stage.ts";

served("put uploads a file under its own name, another one, or into a folder", async (stage) => {
  const { root, here, client } = stage;
  const content = octets(300_000);
  await Deno.writeFile(`${here}/a.avi`, content);
  await Deno.mkdir(`${root}/folder`);
  const { status, output, error } = await client(["put", `${here}/a.avi`]);
  assertEquals([status, output], [EXIT.ok, ""]);
  assertMatch(error, SUMMARY);
  assertEquals((await client(["put", `${here}/a.avi`, "-O", "folder"])).status, EXIT.ok);
  assertEquals((await client(["put", `${here}/a.avi`, "-o", "folder/b"])).status, EXIT.ok);
  for (const path of ["a.avi", "folder/a.avi", "folder/b"]) {
    assertEquals(await Deno.readFile(`${root}/${path}`), content);
  }
});

served("put - reads standard input", async ({ root, client }) => {
  const { status, error } = await client(["put", "-", "-o", "a"], { input: "from a pipe" });
  assertEquals(status, EXIT.ok);
  assertMatch(error, /^a: 11 B in /);
  assertEquals(await Deno.readTextFile(`${root}/a`), "from a pipe");
});

served("put says in one line what is wrong with the local file", async ({ here, client }) => {
  for (
    const [local, reason] of [
      [`${here}/no`, `Cannot read "${here}/no": no such file or directory`],
      [here, `Cannot read "${here}": it is a directory`],
    ] as const
  ) {
    const { status, error } = await client(["put", local, "-o", "a"]);
    assertEquals([status, error], [EXIT.local, `${reason}\n`]);
  }
});

served("put -c --direct goes on behind what the server has", async ({ root, here, client }) => {
  await Deno.writeTextFile(`${here}/a`, "0123456789");
  await Deno.writeTextFile(`${root}/a`, "----");
  const { status, error } = await client(["put", "-c", "--direct", `${here}/a`]);
  assertEquals(status, EXIT.ok, error);
  assertMatch(error, /^a: 6 B in /);
  assertEquals(await Deno.readTextFile(`${root}/a`), "----456789");
  assertEquals(await client(["put", "-c", "--direct", `${here}/a`]), {
    status: EXIT.ok,
    output: "",
    error: "a: already complete\n",
  });
  await Deno.writeTextFile(`${root}/a`, "longer than it is here");
  const refused = await client(["put", "-c", "--direct", `${here}/a`]);
  assertEquals(refused.status, EXIT.local);
  assertEquals(
    refused.error,
    `Cannot continue "a": it is larger than "${here}/a": 10 octets here, 22 there; ` +
      "--force begins again\n",
  );
  const forced = await client(["put", "-c", "--direct", "--force", `${here}/a`]);
  assertEquals(forced.status, EXIT.ok, forced.error);
  assertMatch(forced.error, /^a: 10 B in /);
  assertEquals(await Deno.readTextFile(`${root}/a`), "0123456789");
});

Deno.test("put -r --direct is a wrong command line", async () => {
  assertEquals(await run(1, ["put", "-r", "--direct", "films"]), {
    status: EXIT.usage,
    output: "",
    error: "--direct writes single files: it goes without --recursive\n",
  });
});

served("put -c --direct finishes an upload that our server has kept as partial", async (stage) => {
  const { port, root, here, client } = stage;
  const content = octets(50_000);
  await Deno.writeFile(`${here}/a`, content);
  const control = await Deno.connect({ port });
  await breakUpload(control, content.subarray(0, 20_000));
  const left = await names(root);
  assertEquals(left.length, 1);
  assert(left[0] !== "a", "the name is taken only by what is complete");
  const { status, error } = await client(["put", "-c", "--direct", `${here}/a`]);
  assertEquals(status, EXIT.ok, error);
  assertMatch(error, /^a: 29\.3 KiB in /);
  assertEquals(await names(root), ["a"]);
  assertEquals(await Deno.readFile(`${root}/a`), content);
});

/** STOR a, part of it, ABOR; over raw sockets, because the client would not. */
async function breakUpload(control: Deno.TcpConn, part: Uint8Array): Promise<void> {
  const buffer = new Uint8Array(1024);
  const decoder = new TextDecoder();
  let text = "";
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      const count = await control.read(buffer);
      assert(count !== null, `the server closed after ${text}`);
      text += decoder.decode(buffer.subarray(0, count));
    }
    const match = pattern.exec(text)!;
    text = text.slice(match.index + match[0].length);
    return match[1]!;
  };
  const say = (line: string) => control.write(new TextEncoder().encode(`${line}\r\n`));
  await until(/^220 .*\r\n/m);
  await say("USER anonymous\r\nPASS x\r\nTYPE I\r\nEPSV");
  const data = await Deno.connect({ port: Number(await until(/^229 .*\|(\d+)\|\)\r\n/m)) });
  await say("STOR a");
  await until(/^150 .*\r\n/m);
  for (let at = 0; at < part.length;) at += await data.write(part.subarray(at));
  await say("ABOR");
  await until(/^226 .*\r\n/m);
  data.close();
  control.close();
}

/** A file of four octets on a server, for put -c; `appends`: whether it knows APPE. */
function halfStored(appends: boolean): { script: Script; content(): string } {
  let file = "0123";
  const take: Answer = async (_, session) => {
    file += new TextDecoder().decode(await session.receive());
    await session.say("226 Done");
  };
  const truncate: Answer = async (_, session) => {
    file = "";
    await session.receive();
    await session.say("226 Done");
  };
  return {
    content: () => file,
    script: {
      answers: {
        SIZE: (_, session) => session.say(`213 ${file.length}`),
        REST: "350 Go on",
        // A server with APPE is one whose STOR truncates whatever REST said.
        ...(appends ? { APPE: take, STOR: truncate } : { STOR: take }),
      },
    },
  };
}

for (const appends of [true, false]) {
  const server = appends ? "appends where STOR would truncate" : "uses REST where APPE is unknown";
  const { script, content } = halfStored(appends);
  scripted(`put -c --direct ${server}`, script, async ({ here, client }) => {
    await Deno.writeTextFile(`${here}/a`, "0123456789");
    const { status, error } = await client(["put", "-c", "--direct", `${here}/a`]);
    assertEquals(status, EXIT.ok, error);
    assertMatch(error, /^a: 6 B in /);
    assertEquals(content(), "0123456789");
  });
}

let shrinking = "";

scripted("put of a file that shrinks meanwhile fails, and what came is not a whole file", {
  answers: {
    PWD: '257 "/"',
    CWD: "550 No such directory",
    SIZE: "550 No such file",
    STOR: async (_, session) => {
      const data = await session.data();
      await Deno.truncate(shrinking, 10);
      await session.say("150 Go ahead");
      while (await data.read(new Uint8Array(4096)) !== null);
      session.closeData();
    },
    ABOR: (_, session) => session.say("426 Aborted\r\n226 Closed"),
  },
}, async ({ here, client }) => {
  shrinking = `${here}/a`;
  await Deno.writeFile(shrinking, octets(1000));
  const { status, error } = await client(["put", shrinking]);
  assertEquals(
    [status, error],
    [EXIT.local, `Cannot read "${shrinking}": it ended after 10 of 1000 octets\n`],
  );
});

served("put into the name of a link to a directory leaves the link", async (stage) => {
  const { root, here, client } = stage;
  await Deno.mkdir(`${root}/folder`);
  await Deno.symlink("folder", `${root}/a`);
  await Deno.writeTextFile(`${here}/a`, "new");
  assertEquals((await client(["put", `${here}/a`])).status, EXIT.local);
  assertEquals((await Deno.lstat(`${root}/a`)).isSymlink, true);
  assertEquals(await names(root), ["a", "folder"]);
});

served("put into the name of a directory is refused before anything is sent", async (stage) => {
  const { root, here, client } = stage;
  await Deno.mkdir(`${root}/a`);
  await Deno.writeTextFile(`${here}/a`, "new");
  const { status, error } = await client(["put", `${here}/a`]);
  assertEquals([status, error], [EXIT.local, 'Cannot store "a": it is a directory\n']);
  assertEquals(await names(root), ["a"]);
  assertEquals(await names(`${root}/a`), []);
});

testWith(
  NEEDS,
  "put to a URL calls the file by what its octets are in --encoding",
  () =>
    withFolders(async (_, here) => {
      await Deno.writeTextFile(`${here}/a`, "text");
      await using server = new ScriptedServer({ answers: new MemoryFiles().answers });
      const url = `ftp://127.0.0.1:${server.address.port}/%C4%E3.txt`;
      const console = new FakeConsole();
      const args = ["--encoding", "gbk", "put", "--direct", `${here}/a`, url];
      assertEquals(await main(args, console), EXIT.ok, console.errorText);
      assertStringIncludes(console.errorText, "你.txt");
      assert(server.octets.includes("STOR \xc4\xe3.txt"), server.octets.join("\n"));
    }),
);
