/**
 * mirror, -r and patterns on the command line.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { main } from "../../client/cli/mod.ts";
import { DEPTH_MAX } from "../../client/limits.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";
import { names, NEEDS, ours, run, scripted, served, withFolders } from "./stage.ts";

async function make(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const at = `${folder}/${path}`;
    await Deno.mkdir(at.slice(0, at.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(at, text);
  }
}

served("mirror copies a directory into one of its own name, or of another", async (stage) => {
  const { root, here } = stage;
  await make(root, { "films/a.avi": "a", "films/x/b.avi": "b" });
  const { status, output, error } = await stage.client([
    "mirror",
    "-q",
    "-P",
    "3",
    "films",
    `${here}/copy`,
  ]);
  assertEquals([status, output, error], [0, "", ""]);
  assertEquals(await names(`${here}/copy`), ["a.avi", "x"]);
  assertEquals((await stage.client(["mirror", "-q", "films", `${here}/below/`])).status, 0);
  assertEquals(await names(`${here}/below/films`), ["a.avi", "x"]);
});

served("mirror tells what it did", async (stage) => {
  await make(stage.root, { "a": "1", "b": "22" });
  const first = await stage.client(["mirror", "/", stage.here]);
  assertMatch(first.error, /Got 2 files, 3 B in [\d.]+ m?s\n$/);
  await Deno.writeTextFile(`${stage.root}/b`, "333");
  const second = await stage.client(["mirror", "/", stage.here]);
  assertMatch(second.error, /Got 1 file, 3 B in [\d.]+ m?s; 1 kept\n$/);
});

served("mirror --json ends with a summary, also when there was nothing to do", async (stage) => {
  await make(stage.root, { "a": "1" });
  for (const files of [1, 0]) {
    const { output } = await stage.client(["mirror", "--json", "/", stage.here]);
    const last = JSON.parse(output.trimEnd().split("\n").at(-1)!);
    assertEquals([last.event, last.files, last.octets], ["summary", files, files]);
  }
});

served("mirror --dry-run writes what would be done, and does nothing", async (stage) => {
  await make(stage.root, { "d/new": "1", "changed": "22" });
  await make(stage.here, { "changed": "1", "old/gone": "1" });
  const args = ["mirror", "-q", "--delete", "/", stage.here];
  const { status, output } = await stage.client([...args, "--dry-run"]);
  assertEquals(status, 0);
  assertEquals(
    output,
    "mkdir d\nget changed (another size)\nget d/new (new)\nrm old/gone\nrmdir old\n",
  );
  assertEquals(await names(stage.here), ["changed", "old"]);
  assertEquals((await stage.client(args)).status, 0);
  assertEquals(await names(stage.here), ["changed", "d"]);
  assertEquals((await stage.client([...args, "--dry-run"])).output, "");
});

served("mirror -R refuses names with line ends, and says so beforehand", async (stage) => {
  await make(stage.here, { "t/a": "1", "t/n\nl": "1", "t/x\ry/b": "1" });
  const args = ["mirror", "-q", "-R", `${stage.here}/t`];
  const planned = await stage.client([...args, "--dry-run"]);
  const refused = ["refuse n\\nl (it has a line end)", "refuse x\\ry (it has a line end)"];
  assertEquals(planned.output.split("\n").sort(), ["", "mkdir .", "put a (new)", ...refused]);
  assertEquals([planned.status, planned.error], [5, "2 failed\n"]);
  const { status, error } = await stage.client(args);
  const told = ['Cannot copy "n\\nl": it has a line end', 'Cannot copy "x\\ry": it has a line end'];
  assertEquals([status, ...error.split("\n").sort()], [5, "", "2 failed", ...told]);
  assertEquals(await names(`${stage.root}/t`), ["a"]);
});

served("mirror counts what it does not look at as failed", async (stage) => {
  await make(stage.here, { "t/a": "1", "t/n\nl": "1", [`t/${"d/".repeat(DEPTH_MAX + 1)}f`]: "1" });
  const { status, error } = await stage.client(["mirror", "-R", `${stage.here}/t`]);
  assertEquals(status, 5);
  assertMatch(error, /\nPut 1 file, 1 B in [^;]+; 2 failed\n2 failed\n$/);
});

served("mirror -R copies to the server, and -e removes there", async (stage) => {
  await make(stage.here, { "t/a": "1", "t/x/b": "2" });
  await make(stage.root, { "t/old": "1" });
  assertEquals((await stage.client(["mirror", "-q", "-R", `${stage.here}/t`])).status, 0);
  assertEquals(await names(`${stage.root}/t`), ["a", "old", "x"]);
  assertEquals(
    (await stage.client(["mirror", "-q", "-R", "-e", `${stage.here}/t`, "t"])).status,
    0,
  );
  assertEquals(await names(`${stage.root}/t`), ["a", "x"]);
});

served("mirror takes patterns of what to take and what to leave", async (stage) => {
  await make(stage.root, { "a.avi": "1", "b.srt": "2", "c.tmp": "3", "x/d.tmp": "4" });
  const into = (name: string) => `${stage.here}/${name}`;
  await stage.client(["mirror", "-q", "/", into("some"), "--include", "*.avi", "--include=*.srt"]);
  assertEquals(await names(into("some")), ["a.avi", "b.srt"]);
  await stage.client(["mirror", "-q", "/", into("most"), "--exclude", "*.tmp"]);
  assertEquals(await names(into("most")), ["a.avi", "b.srt", "x"]);
  await stage.client(["mirror", "-q", "/", into("folder"), "--include", "x"]);
  assertEquals(await names(into("folder")), ["x"]);
  assertEquals(await names(`${into("folder")}/x`), ["d.tmp"]);
});

served("mirror -R to a URL that ends in a slash is below that", async ({ port, root, here }) => {
  await make(here, { "films/a": "1" });
  await make(root, { "mine": "1" });
  const mirror = (url: string) => {
    const args = ["mirror", "-q", "-R", "--delete", `${here}/films`, `${url}:${port}/`];
    return main(args, new FakeConsole());
  };
  assertEquals(await mirror("ftp://127.0.0.1"), 0);
  assertEquals(await names(root), ["films", "mine"]);
});

served("mirror --newer replaces a file by a newer one only", async (stage) => {
  await make(stage.root, { "newer": "longer", "older": "longer" });
  await make(stage.here, { "newer": "mine", "older": "mine" });
  await Deno.utime(`${stage.root}/older`, 1, 1);
  await Deno.utime(`${stage.here}/newer`, 1, 1);
  assertEquals((await stage.client(["mirror", "-q", "--newer", "/", stage.here])).status, 0);
  assertEquals(await Deno.readTextFile(`${stage.here}/newer`), "longer");
  assertEquals(await Deno.readTextFile(`${stage.here}/older`), "mine");
});

served("mirror --size-only leaves alone what differs in time and not in size", async (stage) => {
  await make(stage.root, { "same": "new", "other": "longer" });
  await make(stage.here, { "same": "old", "other": "old" });
  await Deno.utime(`${stage.here}/same`, 1, 1);
  const planned = async (...flags: string[]) =>
    (await stage.client(["mirror", "--dry-run", ...flags, "/", stage.here])).output;
  assertEquals(await planned("--size-only"), "get other (another size)\n");
  assertMatch(await planned(), /^get same \(/m);
  assertEquals((await stage.client(["mirror", "-q", "--size-only", "/", stage.here])).status, 0);
  assertEquals(await Deno.readTextFile(`${stage.here}/same`), "old");
  assertEquals(await Deno.readTextFile(`${stage.here}/other`), "longer");
});

const WRONG: readonly (readonly [args: string[], says: RegExp])[] = [
  [["mirror", "/"], /^"\/" has no name of its own: mirror takes a TARGET for it\n$/],
  [["mirror", "..", "-R"], /^"\.\." has no name of its own/],
  [["mirror", "a", "b", "c"], /^mirror takes \[SOURCE \[TARGET\]\]\n$/],
  [["mirror", "a", "-P", "33"], /^--parallel takes a whole number from 1 to 32, not "33"\n$/],
  [["mirror", "a", "-P", "0"], /^--parallel takes/],
  [["mirror", "a", "--newer", "--checksum"], /^--newer and --checksum are two ways/],
  [["get", "a", "--delete"], /^--delete is a flag of mirror, not of get\n$/],
  [["ls", "--include", "*"], /^--include is a flag of mirror, not of ls\n$/],
];

for (const [args, says] of WRONG) {
  Deno.test(`client ${args.join(" ")} is a wrong command line`, async () => {
    const { status, error } = await run(1, args);
    assertMatch(error, says);
    assertEquals(status, 2);
  });
}

served("mirror goes on past what fails, and its status says so", async (stage) => {
  await make(stage.root, { "a": "1", "b/c": "2", "d": "3" });
  await make(stage.here, { "a/x": "mine", "old": "mine" });
  const { status, error } = await stage.client(["mirror", "-e", "/", stage.here]);
  assertEquals(status, 5);
  assert(error.includes('Cannot copy "a": a directory has its name there\n'), error);
  assert(error.includes("Removed none of 1 name: nothing is removed when something else failed\n"));
  assert(error.endsWith("1 failed\n"), error);
  assertEquals(await names(stage.here), ["a", "b", "d", "old"]);
});

served("mirror of what is not there is refused by the server", async (stage) => {
  const { status, error } = await stage.client(["mirror", "nowhere", `${stage.here}/x`]);
  assertEquals(status, 1);
  assertMatch(error, /^Cannot list ".*nowhere": 550 /);
  assertEquals(await names(stage.here), []);
});

testWith(
  NEEDS,
  "mirror says that the server lets it have fewer connections",
  () =>
    withFolders(async (root, here) => {
      await make(root, Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}`, "x"])));
      const server = await ours.start(root, { sessionsPerHostMax: 2, anonymous: "write" });
      try {
        const { port } = server.endpoint;
        const { status, error } = await run(port, ["mirror", "-q", "-P", "8", "/", here]);
        assertEquals(status, 0);
        assertMatch(error, /^Going on with 2 connections: .*421 /);
        assertEquals((await names(here)).length, 40);
      } finally {
        await server.stop(0);
      }
    }),
);

served("Ctrl-C ends a mirror, and what it leaves is whole or a part", async (stage) => {
  const files = Array.from({ length: 200 }, (_, n) => [`f${n}`, "x".repeat(10_000 + n)] as const);
  await make(stage.root, Object.fromEntries(files));
  const console = new FakeConsole();
  const args = ["--port", String(stage.port), "mirror", "-q", "-P", "4", "/", stage.here];
  const running = main(args, console);
  // Each look is a turn of the event loop; the mirror has many.
  for (let looks = 0; looks < 10_000 && (await names(stage.here)).length < 20; looks++);
  console.interrupt();
  assertEquals(await running, 130);
  assertEquals(console.errorText, "Interrupted\n");
  for (const name of await names(stage.here)) {
    if (name.endsWith(".part")) continue;
    const { size } = await Deno.stat(`${stage.here}/${name}`);
    assertEquals(size, 10_000 + Number(name.slice(1)), name);
  }
  assert((await names(stage.here)).length < 200);
  assertEquals((await stage.client(["mirror", "-q", "/", stage.here])).status, 0);
  assertEquals(await names(stage.here), await names(stage.root));
});

served("get -r and put -r copy directories, beside files", async (stage) => {
  const { root, here } = stage;
  await make(root, { "films/a": "1", "films/x/b": "2", "c": "3" });
  const got = await stage.client(["get", "-q", "-r", "films", "c", "-O", here]);
  assertEquals([got.status, got.error], [0, ""]);
  assertEquals(await names(here), ["c", "films"]);
  assertEquals(await names(`${here}/films/x`), ["b"]);
  const put = await stage.client(["put", "-q", "-r", `${here}/films`, `${here}/c`, "-O", "up"]);
  assertEquals([put.status, put.error], [0, ""]);
  assertEquals(await names(`${root}/up`), ["c", "films"]);
  assertEquals(await names(`${root}/up/films/x`), ["b"]);
});

served("get, cat and rm take patterns of names on the server", async (stage) => {
  const { root, here } = stage;
  await make(root, { "a.avi": "a", "b.avi": "b", "c.txt": "c", "x/d1.avi": "d", "a[1].txt": "e" });
  assertEquals((await stage.client(["get", "-q", "*.avi", "x/d?.avi", "-O", here])).status, 0);
  assertEquals(await names(here), ["a.avi", "b.avi", "d1.avi"]);
  assertEquals((await stage.client(["cat", "?.avi"])).output, "ab");
  assertEquals((await stage.client(["cat", "a[1].txt"])).output, "e");
  assertEquals((await stage.client(["rm", "*.avi"])).status, 0);
  assertEquals(await names(root), ["a[1].txt", "c.txt", "x"]);
  const none = await stage.client(["rm", "*.mkv"]);
  assertEquals(none.status, 1);
  assertMatch(none.error, /^Cannot remove "\*\.mkv": 550 /);
});

served("get of a pattern overwrites no file by another", async (stage) => {
  await make(stage.root, { "x/a": "1", "y/a": "2" });
  const { status, error } = await stage.client(["get", "*/a", "-O", stage.here]);
  assertEquals(status, 2);
  assertMatch(error, /^"x\/a" and "y\/a" would both be "a" here/);
  assertEquals(await names(stage.here), []);
});

scripted("get of a pattern writes no name that is dangerous", {
  answers: {
    FEAT: "211-Features:\r\n MLST type*;size*;\r\n211 End",
    MLST: "550 No",
    MLSD: async (_, session) => {
      await session.send(
        "type=file;size=4; con\r\ntype=file;size=4; C:\\x\r\ntype=file;size=4; ok\r\n",
      );
      await session.say("226 Done");
    },
    SIZE: "213 4",
    RETR: async (_, session) => {
      await session.send("evil");
      await session.say("226 Done");
    },
  },
}, async (stage) => {
  const { status, error } = await stage.client(["get", "-q", "*", "-O", stage.here]);
  assertEquals(status, 5);
  assert(error.includes('Cannot write "con": it is a device of some systems\n'), error);
  assert(error.includes('Cannot write "C:\\x": it has a backslash\n'), error);
  assertEquals(await names(stage.here), ["ok"]);
});
