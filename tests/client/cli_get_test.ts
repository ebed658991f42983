/**
 * The command line's get and cat: what is on which stream, what is on the disk afterwards.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT, main } from "../../client/cli/mod.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";
import { MemoryFiles } from "./memory_files.ts";
import { ScriptedServer } from "./scripted_server.ts";
import { names, NEEDS, octets, ours, scripted, served, SUMMARY, withFolders } from "./stage.ts";

const MAIN = new URL("../../main.ts", import.meta.url).href;

served("get downloads a file under its own name, another name, or into a folder", async (stage) => {
  const { root, here, client } = stage;
  const content = octets(300_000);
  await Deno.writeFile(`${root}/a.avi`, content);
  await Deno.mkdir(`${here}/folder`);
  const { status, output, error } = await client(["get", "a.avi", "-O", `${here}/folder`]);
  assertEquals([status, output], [EXIT.ok, ""]);
  assertMatch(error, SUMMARY);
  assertEquals((await client(["get", "/a.avi", "-o", `${here}/b.avi`])).status, EXIT.ok);
  assertEquals(await names(here), ["b.avi", "folder"]);
  assertEquals(await names(`${here}/folder`), ["a.avi"]);
  assertEquals(await Deno.readFile(`${here}/folder/a.avi`), content);
  assertEquals(await Deno.readFile(`${here}/b.avi`), content);
});

served("get replaces a file when the new one is complete, and -q says nothing", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "new");
  await Deno.writeTextFile(`${here}/a`, "the old one");
  assertEquals(await client(["get", "-q", "a", "-o", `${here}/a`]), {
    status: EXIT.ok,
    output: "",
    error: "",
  });
  assertEquals(await Deno.readTextFile(`${here}/a`), "new");
});

served(
  "get -o - and cat write to standard output, progress goes to standard error",
  async (stage) => {
    const { root, client } = stage;
    await Deno.writeTextFile(`${root}/a`, "one\n");
    await Deno.writeTextFile(`${root}/b`, "two\n");
    const got = await client(["get", "a", "-o", "-"]);
    assertEquals([got.status, got.output], [EXIT.ok, "one\n"]);
    assertMatch(got.error, /^a: 4 B in /);
    assertEquals(await client(["cat", "a", "b"]), {
      status: EXIT.ok,
      output: "one\ntwo\n",
      error: "",
    });
  },
);

served("get of an empty file makes one", async ({ root, here, client }) => {
  await Deno.writeTextFile(`${root}/a`, "");
  assertEquals((await client(["get", "a", "-o", `${here}/a`])).status, EXIT.ok);
  assertEquals(await Deno.readTextFile(`${here}/a`), "");
  assertEquals(await names(here), ["a"]);
});

served("get of what is not there leaves nothing, and keeps an earlier part", async (stage) => {
  const { here, client } = stage;
  const { status, output, error } = await client(["get", "no", "-o", `${here}/no`]);
  assertEquals([status, output], [EXIT.refused, ""]);
  assertMatch(error, /^Cannot retrieve "no": 550 .+\n$/);
  assertEquals(await names(here), []);
  await Deno.writeTextFile(`${here}/no.part`, "earlier");
  assertEquals((await client(["get", "no", "-o", `${here}/no`])).status, EXIT.refused);
  assertEquals(await Deno.readTextFile(`${here}/no.part`), "earlier");
});

served("get says in one line what is wrong with the local file", async ({ root, here, client }) => {
  await Deno.writeTextFile(`${root}/a`, "12345");
  await Deno.mkdir(`${here}/dir/a`, { recursive: true });
  await Deno.writeTextFile(`${here}/file`, "");
  for (
    const [local, reason] of [
      [`${here}/no/a`, `Cannot write "${here}/no/a": no such file or directory`],
      [`${here}/no/`, `Cannot write into "${here}/no/": there is no such directory`],
      [`${here}/dir`, `Cannot write "${here}/dir/a": it is a directory`],
      [`${here}/file/a`, `Cannot write "${here}/file/a": not a directory`],
    ] as const
  ) {
    const { status, error } = await client(["get", "a", "-o", local]);
    assertEquals([status, error], [EXIT.local, `${reason}\n`]);
  }
});

testWith(
  NEEDS,
  "get onto a full disk says so and keeps nothing",
  () =>
    withFolders(async (root) => {
      await Deno.writeTextFile(`${root}/a`, "12345");
      const server = await ours.start(root, { anonymous: "read" });
      try {
        // Writing to a device takes more than --allow-write, so the program runs by itself.
        const port = String(server.endpoint.port);
        const { code, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", MAIN, "client", "--port", port, "get", "a", "-o", "/dev/full"],
        }).output();
        assertEquals(code, EXIT.local);
        assertStringIncludes(
          new TextDecoder().decode(stderr),
          'Cannot write "/dev/full": no space left on device\n',
        );
        const line = `exec "$0" run -A "$1" client -q --port ${port} get a -o - > /dev/full`;
        const piped = await new Deno.Command("sh", {
          args: ["-c", line, Deno.execPath(), MAIN],
        }).output();
        assertEquals(
          [piped.code, new TextDecoder().decode(piped.stderr)],
          [EXIT.local, "Cannot write to standard output: no space left on device\n"],
        );
      } finally {
        await server.stop(0);
      }
    }),
  Deno.build.os === "linux" ? undefined : "needs /dev/full",
);

let isBroken = false;

scripted("get that is broken off keeps the part, says so, and -c finishes it", {
  answers: {
    SIZE: "213 8",
    REST: "350 Go on",
    RETR: async (_, session) => {
      isBroken = !isBroken;
      await session.send(isBroken ? "half" : "halfdone");
      await session.say(isBroken ? "451 Disk error" : "226 Done");
    },
  },
}, async ({ here, client }) => {
  const broken = await client(["get", "--retries", "0", "a", "-o", `${here}/a`]);
  assertEquals([broken.status, broken.output], [EXIT.retry, ""]);
  assertEquals(
    broken.error,
    `Kept 4 B in "${here}/a.part", get --continue goes on from there\n` +
      'Cannot retrieve "a": 451 Disk error\n',
  );
  assertEquals(await Deno.readTextFile(`${here}/a.part`), "half");
  assertEquals((await client(["get", "--continue", "a", "-o", `${here}/a`])).status, EXIT.ok);
  assertEquals(await Deno.readTextFile(`${here}/a`), "halfdone");
  assertEquals(await names(here), ["a"]);
});

scripted("get that ends short is an error, whatever the server says", {
  answers: {
    SIZE: "213 10",
    RETR: async (_, session) => {
      await session.send("short");
      await session.say("226 All is well");
    },
  },
}, async ({ here, client }) => {
  const { status, error } = await client(["get", "--retries", "0", "a", "-o", `${here}/a`]);
  assertEquals(status, EXIT.retry);
  assertStringIncludes(error, 'Cannot retrieve "a": the transfer ended after 5 of 10 octets\n');
  assertEquals(await names(here), [".a.part.json", "a.part"]);
});

testWith(
  NEEDS,
  "get ends on Ctrl-C with status 130 and keeps the part",
  () =>
    withFolders(async (_, here) => {
      await using server = new ScriptedServer({
        answers: {
          SIZE: "213 100",
          RETR: async (_, session) => {
            const data = await session.data();
            await session.say("150 Opening");
            await data.write(new TextEncoder().encode("some"));
            await data.read(new Uint8Array(1)).catch(() => {});
            await session.say("426 Gone");
          },
        },
      });
      const console = new FakeConsole({ errTerminal: true });
      const running = main(
        ["--port", `${server.address.port}`, "get", "a", "-o", `${here}/a`],
        console,
      );
      const watcher = Deno.watchFs(here);
      // The first octets are there when the part has been written to.
      for await (const _ of watcher) {
        const size = (await Deno.stat(`${here}/a.part`).catch(() => undefined))?.size;
        if (size === 4) break;
      }
      console.interrupt();
      assertEquals(await running, EXIT.interrupted);
      const kept = `Kept 4 B in "${here}/a.part", get --continue goes on from there\n`;
      assertStringIncludes(console.errorText, kept);
      assert(console.errorText.endsWith("Interrupted\n"), console.errorText);
      assertEquals(await Deno.readTextFile(`${here}/a.part`), "some");
      assertEquals(server.verbs.at(-1), "QUIT");
    }),
);

served(
  "get writes no file that a part's name leads to, and through a link as LOCAL",
  async (stage) => {
    const { root, here, client } = stage;
    await Deno.writeTextFile(`${root}/a`, "new");
    for (const link of [Deno.symlink, Deno.link]) {
      await Deno.writeTextFile(`${here}/victim`, "victim");
      await link(`${here}/victim`, `${here}/a.part`);
      const resumed = await client(["get", "-c", "a", "-o", `${here}/a`]);
      assertEquals([resumed.status, resumed.error.includes("a.part")], [EXIT.local, true]);
      assertEquals((await client(["get", "a", "-o", `${here}/a`])).status, EXIT.ok);
      assertEquals(await Deno.readTextFile(`${here}/victim`), "victim");
      assertEquals(await Deno.readTextFile(`${here}/a`), "new");
      assertEquals(await names(here), ["a", "victim"]);
      await Deno.remove(`${here}/a`);
    }
    await Deno.symlink("victim", `${here}/link`);
    assertEquals((await client(["get", "a", "-o", `${here}/link`])).status, EXIT.ok);
    assertEquals((await Deno.lstat(`${here}/link`)).isSymlink, true);
    assertEquals(await Deno.readTextFile(`${here}/victim`), "new");
    assertEquals(await names(here), ["link", "victim"]);
  },
);

const [underWay, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];

scripted("get refuses a LOCAL that another get is writing", {
  answers: {
    RETR: async (_, session) => {
      const data = await session.data();
      await session.say("150 Opening");
      await data.write(new TextEncoder().encode("some"));
      underWay.resolve();
      await mayEnd.promise;
      session.closeData();
      await session.say("226 Done");
    },
  },
}, async ({ here, client }) => {
  const first = client(["get", "a", "-o", `${here}/a`]);
  await underWay.promise;
  for (const flags of [[], ["-c"]]) {
    const { status, error } = await client(["get", ...flags, "b", "-o", `${here}/a`]);
    assertEquals(
      [status, error],
      [EXIT.local, `Cannot write "${here}/a.part": another transfer is writing it\n`],
    );
  }
  mayEnd.resolve();
  assertEquals((await first).status, EXIT.ok);
  assertEquals(await Deno.readTextFile(`${here}/a`), "some");
  assertEquals(await names(here), ["a"]);
});

/** A file whose part, or what the part is part of, would be a file that was got before it. */
const PARTS = [["a.part", "a"], [".a.part.json", "a"], ["b.part", "link"]] as const;

for (const protocol of ["ftp", "mini"] as const) {
  served(`get by ${protocol} takes no file for the part of another`, async (stage) => {
    const { root, here, client } = stage;
    for (const name of ["a", "link", ...PARTS.map(([part]) => part)]) {
      await Deno.writeTextFile(`${root}/${name}`, `this is ${name}`);
    }
    await Deno.writeTextFile(`${here}/b`, "b");
    await Deno.symlink("b", `${here}/link`);
    const get = ["--protocol", protocol, "-q", "get", "-O", here];
    for (const [part, name] of PARTS) {
      const { status, error } = await client([...get, part, name]);
      const text = `Cannot write "${here}/${name}": until it is complete it would be `;
      assertEquals([status, error], [EXIT.local, `${text}"${here}/${part}"\n1 of 2 failed\n`]);
      assertEquals(await Deno.readTextFile(`${here}/${part}`), `this is ${part}`);
      await Deno.remove(`${here}/${part}`);
    }
    assertEquals([await names(here), await Deno.readTextFile(`${here}/b`)], [["b", "link"], "b"]);
    const { status, error } = await client([...get, "a", "a.part"]);
    assertEquals([status, error, await names(here)], [EXIT.ok, "", ["a", "a.part", "b", "link"]]);
  }, protocol);
}

testWith(
  NEEDS,
  "get of a URL calls a file by what its octets are in --encoding",
  () =>
    withFolders(async (_, here) => {
      const memory = new MemoryFiles();
      // The server of the test takes what is no UTF-8 for U+FFFD.
      memory.put("\ufffd\ufffd.txt", "text");
      await using server = new ScriptedServer({ answers: memory.answers });
      const url = `ftp://127.0.0.1:${server.address.port}/%C4%E3.txt`;
      const console = new FakeConsole();
      const status = await main(["-q", "--encoding", "gbk", "get", url, "-O", here], console);
      assertEquals([status, console.errorText, await names(here)], [EXIT.ok, "", ["你.txt"]]);
      assert(server.octets.includes("RETR \xc4\xe3.txt"), server.octets.join("\n"));
    }),
);

testWith(["net"], "Ctrl-C ends the listings of a pattern", async () => {
  for (const verb of ["get", "cat", "ls"]) {
    const console = new FakeConsole();
    let listings = 0;
    await using server = new ScriptedServer({
      answers: {
        FEAT: "211-Features:\r\n MLST type*;\r\n211 End",
        MLST: "550 No",
        MLSD: async (path, session) => {
          if (++listings === 2) console.interrupt();
          const folders = Array.from({ length: 20 }, (_, index) => `type=dir; ${index}\r\n`);
          await session.send(path === "" ? folders.join("") : "type=file; a.txt\r\n");
          await session.say("226 Done");
        },
      },
    });
    const args = ["--port", `${server.address.port}`, verb, "*/*.avi"];
    assertEquals([await main(args, console), listings], [EXIT.interrupted, 2], verb);
  }
});
