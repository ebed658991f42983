/**
 * The command line against our own server and against scripted ones: exit statuses, what is on
 * which stream, what is on the disk afterwards.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { EXIT, main } from "../../client/cli/mod.ts";
import { WRITER } from "../conformance/target.ts";
import { variants } from "../conformance/variants.ts";
import { type Need, testWith } from "../permission.ts";
import { FakeConsole, type Surroundings } from "./fake_console.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";

/** Two folders, one served, and a server at the end of a port. */
interface Stage {
  readonly port: number;
  /** The served folder. */
  readonly root: string;
  /** A folder of the client's. */
  readonly here: string;
  /** Runs the command line. */
  client(args: readonly string[], surroundings?: Surroundings): Promise<Outcome>;
}

/** How a run ended. */
interface Outcome {
  readonly status: number;
  readonly output: string;
  readonly error: string;
}

/** Our server on the model that needs no FFI. */
const ours = variants.find((variant) => variant.name === "async")!;

const NEEDS: readonly Need[] = ["net", "read", "write"];

async function run(
  port: number,
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Outcome> {
  const console = new FakeConsole(surroundings);
  const status = await main(["--port", String(port), ...args], console);
  assertEquals(console.listening, false, "nobody listens for Ctrl-C any more");
  return { status, output: console.outputText, error: console.errorText };
}

async function withFolders(
  body: (root: string, here: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${folder}/root`);
    await Deno.mkdir(`${folder}/here`);
    await body(`${folder}/root`, `${folder}/here`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A test against our own server, where the user of the suite has all rights. */
function served(
  name: string,
  body: (stage: Stage) => Promise<void>,
  protocol: "ftp" | "mini" = "ftp",
): void {
  testWith(NEEDS, name, () =>
    withFolders(async (root, here) => {
      const server = await ours.start(root, {
        protocol,
        anonymous: "write",
      });
      const { port } = server.endpoint;
      try {
        await body({ port, root, here, client: (args, more) => run(port, args, more) });
      } finally {
        await server.stop(0);
      }
    }));
}

/** A test against a server that does what `script` says. */
function scripted(name: string, script: Script, body: (stage: Stage) => Promise<void>): void {
  testWith(NEEDS, name, () =>
    withFolders(async (root, here) => {
      await using server = new ScriptedServer(script);
      const { port } = server.address;
      await body({ port, root, here, client: (args, more) => run(port, args, more) });
    }));
}

const octets = (length: number) =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);

async function names(folder: string): Promise<string[]> {
  const found = [];
  for await (const entry of Deno.readDir(folder)) found.push(entry.name);
  return found.sort();
}

const SUMMARY = /^a\.avi: 293\.0 KiB in \d+(\.\d)? m?s \([\d.]+ [KMG]iB\/s\)\n$/;

served("get downloads a file under its own name, another name, or into a folder", async (stage) => {
  const { root, here, client } = stage;
  const content = octets(300_000);
  await Deno.writeFile(`${root}/a.avi`, content);
  await Deno.mkdir(`${here}/folder`);
  const { status, output, error } = await client(["get", "a.avi", `${here}/folder`]);
  assertEquals([status, output], [EXIT.ok, ""]);
  assertMatch(error, SUMMARY);
  assertEquals((await client(["get", "/a.avi", `${here}/b.avi`])).status, EXIT.ok);
  assertEquals(await names(here), ["b.avi", "folder"]);
  assertEquals(await names(`${here}/folder`), ["a.avi"]);
  assertEquals(await Deno.readFile(`${here}/folder/a.avi`), content);
  assertEquals(await Deno.readFile(`${here}/b.avi`), content);
});

served("get replaces a file when the new one is complete, and -q says nothing", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "new");
  await Deno.writeTextFile(`${here}/a`, "the old one");
  assertEquals(await client(["get", "-q", "a", `${here}/a`]), {
    status: EXIT.ok,
    output: "",
    error: "",
  });
  assertEquals(await Deno.readTextFile(`${here}/a`), "new");
});

served("get - and cat write to standard output, progress goes to standard error", async (stage) => {
  const { root, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "one\n");
  await Deno.writeTextFile(`${root}/b`, "two\n");
  const got = await client(["get", "a", "-"]);
  assertEquals([got.status, got.output], [EXIT.ok, "one\n"]);
  assertMatch(got.error, /^a: 4 B in /);
  assertEquals(await client(["cat", "a", "b"]), {
    status: EXIT.ok,
    output: "one\ntwo\n",
    error: "",
  });
});

served("get of an empty file makes one", async ({ root, here, client }) => {
  await Deno.writeTextFile(`${root}/a`, "");
  assertEquals((await client(["get", "a", `${here}/a`])).status, EXIT.ok);
  assertEquals(await Deno.readTextFile(`${here}/a`), "");
  assertEquals(await names(here), ["a"]);
});

served("get of what is not there leaves nothing, and keeps an earlier part", async (stage) => {
  const { here, client } = stage;
  const { status, output, error } = await client(["get", "no", `${here}/no`]);
  assertEquals([status, output], [EXIT.refused, ""]);
  assertMatch(error, /^Cannot retrieve "no": 550 .+\n$/);
  assertEquals(await names(here), []);
  await Deno.writeTextFile(`${here}/no.part`, "earlier");
  assertEquals((await client(["get", "no", `${here}/no`])).status, EXIT.refused);
  assertEquals(await Deno.readTextFile(`${here}/no.part`), "earlier");
});

served("get -c goes on behind a part, or behind what another program left", async (stage) => {
  const { root, here, client } = stage;
  const content = octets(10_000);
  await Deno.writeFile(`${root}/a`, content);
  for (const left of ["a.part", "a"]) {
    // Other octets show that these were not fetched again.
    await Deno.writeFile(`${here}/${left}`, new Uint8Array(4_000));
    const { status, error } = await client(["get", "-c", "a", `${here}/a`]);
    assertEquals(status, EXIT.ok, error);
    assertMatch(error, /^a: 5\.9 KiB in /);
    const expected = content.slice();
    expected.fill(0, 0, 4_000);
    assertEquals(await Deno.readFile(`${here}/a`), expected, left);
    assertEquals(await names(here), ["a"]);
    await Deno.remove(`${here}/a`);
  }
});

served("get -c of what is complete transfers nothing", async ({ root, here, client }) => {
  await Deno.writeTextFile(`${root}/a`, "12345");
  for (const left of ["a.part", "a"]) {
    await Deno.writeTextFile(`${here}/${left}`, "abcde");
    const { status, error } = await client(["get", "-c", "a", `${here}/a`]);
    assertEquals([status, error], [EXIT.ok, `${here}/a: already complete\n`]);
    assertEquals(await Deno.readTextFile(`${here}/a`), "abcde");
    assertEquals(await names(here), ["a"]);
    await Deno.remove(`${here}/a`);
  }
});

served("get -c refuses a part that is larger than the file, and touches nothing", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "12345");
  for (const left of ["a.part", "a"]) {
    await Deno.writeTextFile(`${here}/${left}`, "123456");
    const { status, error } = await client(["get", "-c", "a", `${here}/a`]);
    assertEquals(status, EXIT.local);
    assertEquals(
      error,
      `Cannot continue "${here}/${left}": it has 6 octets, the file on the server 5\n`,
    );
    assertEquals(await names(here), [left]);
    await Deno.remove(`${here}/${left}`);
  }
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
    const { status, error } = await client(["get", "a", local]);
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
        const { status, error } = await run(server.endpoint.port, ["get", "a", "/dev/full"]);
        assertEquals(status, EXIT.local);
        assertEquals(error, 'Cannot write "/dev/full": no space left on device\n');
      } finally {
        await server.stop(0);
      }
    }),
  // /dev/full is Linux's, and writing to it takes more than --allow-write.
  Deno.build.os === "linux" && Deno.permissions.querySync({ name: "write", path: "/dev/full" })
        .state === "granted"
    ? undefined
    : "needs /dev/full",
);

scripted("get that is broken off keeps the part, says so, and -c finishes it", {
  answers: {
    SIZE: "213 8",
    REST: "350 Go on",
    // "a" breaks off, "a2" is its other half.
    RETR: async (name, session) => {
      const half = name === "a" ? "half" : "done";
      await session.send(half);
      await session.say(half === "half" ? "451 Disk error" : "226 Done");
    },
  },
}, async ({ here, client }) => {
  const broken = await client(["get", "a", `${here}/a`]);
  assertEquals([broken.status, broken.output], [EXIT.refused, ""]);
  assertEquals(
    broken.error,
    `Kept 4 B in "${here}/a.part", get --continue goes on from there\n` +
      'Cannot retrieve "a": 451 Disk error\n',
  );
  assertEquals(await Deno.readTextFile(`${here}/a.part`), "half");
  assertEquals((await client(["get", "--continue", "a2", `${here}/a`])).status, EXIT.ok);
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
  const { status, error } = await client(["get", "a", `${here}/a`]);
  assertEquals(status, EXIT.connection);
  assertStringIncludes(error, 'Cannot retrieve "a": the transfer ended after 5 of 10 octets\n');
  assertEquals(await names(here), ["a.part"]);
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
      const running = main(["--port", `${server.address.port}`, "get", "a", `${here}/a`], console);
      const watcher = Deno.watchFs(here);
      // The first octets are there when the part has been written to.
      for await (const _ of watcher) {
        const size = (await Deno.stat(`${here}/a.part`).catch(() => undefined))?.size;
        if (size === 4) break;
      }
      console.interrupt();
      assertEquals(await running, EXIT.interrupted);
      assertStringIncludes(
        console.errorText,
        `Kept 4 B in "${here}/a.part", get --continue goes on from there\nInterrupted\n`,
      );
      assertEquals(await Deno.readTextFile(`${here}/a.part`), "some");
      assertEquals(server.verbs.at(-1), "QUIT");
    }),
);

testWith(
  ["net"],
  "main ends on Ctrl-C while it waits for a greeting, and for a reply",
  async () => {
    const accepted = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const stories: (readonly [Script, Promise<void>])[] = [
      [{ greeting: "120 Wait\r\n", onAccept: accepted.resolve }, accepted.promise],
      [{ answers: { MKD: () => asked.resolve() } }, asked.promise],
    ];
    for (const [script, moment] of stories) {
      await using server = new ScriptedServer(script);
      const console = new FakeConsole();
      const running = main(["--port", `${server.address.port}`, "mkdir", "a"], console);
      await moment;
      console.interrupt();
      assertEquals(await running, EXIT.interrupted);
      assertEquals(console.errorText, "Interrupted\n");
    }
  },
);

served("put uploads a file under its own name, another one, or into a folder", async (stage) => {
  const { root, here, client } = stage;
  const content = octets(300_000);
  await Deno.writeFile(`${here}/a.avi`, content);
  await Deno.mkdir(`${root}/folder`);
  const { status, output, error } = await client(["put", `${here}/a.avi`]);
  assertEquals([status, output], [EXIT.ok, ""]);
  assertMatch(error, SUMMARY);
  assertEquals((await client(["put", `${here}/a.avi`, "folder/"])).status, EXIT.ok);
  assertEquals((await client(["put", `${here}/a.avi`, "folder/b"])).status, EXIT.ok);
  for (const path of ["a.avi", "folder/a.avi", "folder/b"]) {
    assertEquals(await Deno.readFile(`${root}/${path}`), content);
  }
});

served("put - reads standard input", async ({ root, client }) => {
  const { status, error } = await client(["put", "-", "a"], { input: "from a pipe" });
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
    const { status, error } = await client(["put", local, "a"]);
    assertEquals([status, error], [EXIT.local, `${reason}\n`]);
  }
});

served("put -c goes on behind what the server has", async ({ root, here, client }) => {
  await Deno.writeTextFile(`${here}/a`, "0123456789");
  await Deno.writeTextFile(`${root}/a`, "----");
  const { status, error } = await client(["put", "-c", `${here}/a`, "a"]);
  assertEquals(status, EXIT.ok, error);
  assertMatch(error, /^a: 6 B in /);
  assertEquals(await Deno.readTextFile(`${root}/a`), "----456789");
  assertEquals(await client(["put", "-c", `${here}/a`, "a"]), {
    status: EXIT.ok,
    output: "",
    error: "a: already complete\n",
  });
  await Deno.writeTextFile(`${root}/a`, "longer than it is here");
  const refused = await client(["put", "-c", `${here}/a`, "a"]);
  assertEquals(refused.status, EXIT.local);
  assertEquals(
    refused.error,
    `Cannot continue "a": it is larger than "${here}/a": 10 octets here, 22 there\n`,
  );
});

served("put -c finishes an upload that our server has kept as partial", async (stage) => {
  const { port, root, here, client } = stage;
  const content = octets(50_000);
  await Deno.writeFile(`${here}/a`, content);
  const control = await Deno.connect({ port });
  await breakUpload(control, content.subarray(0, 20_000));
  const left = await names(root);
  assertEquals(left.length, 1);
  assert(left[0] !== "a", "the name is taken only by what is complete");
  const { status, error } = await client(["put", "-c", `${here}/a`, "a"]);
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

scripted("put -c appends where the server has no REST", {
  answers: {
    SIZE: "213 4",
    APPE: async (_, session) => {
      assertEquals(new TextDecoder().decode(await session.receive()), "456789");
      await session.say("226 Done");
    },
  },
}, async ({ here, client }) => {
  await Deno.writeTextFile(`${here}/a`, "0123456789");
  const { status, error } = await client(["put", "-c", `${here}/a`, "a"]);
  assertEquals(status, EXIT.ok, error);
});

served("ls writes names, one a line to a pipe and in columns to a terminal", async (stage) => {
  const { root, client } = stage;
  for (const name of ["b", "a\x1b[2J", "Ü", "c"]) await Deno.writeTextFile(`${root}/${name}`, "x");
  await Deno.mkdir(`${root}/dir`);
  const piped = await client(["ls"]);
  assertEquals(piped, { status: EXIT.ok, output: "a\x1b[2J\nb\nc\ndir\nÜ\n", error: "" });
  const shown = await client(["ls", "/"], { outTerminal: true, columns: 40 });
  assertEquals(shown.output, "a\\x1b[2J  b  c  dir  Ü\n");
  assertEquals(await client(["ls", "dir"]), { status: EXIT.ok, output: "", error: "" });
  assertEquals((await client(["ls", "b"])).output, "b\n");
  const missing = await client(["ls", "no"]);
  assertEquals([missing.status, missing.output], [EXIT.refused, ""]);
  assertMatch(missing.error, /^Cannot list "no": 550 .+\n$/);
});

served("ls -l and stat tell kind, mode, size and time", async ({ root, client }) => {
  await Deno.writeTextFile(`${root}/a`, "12345");
  await Deno.mkdir(`${root}/dir`);
  await Deno.chmod(`${root}/a`, 0o640);
  await Deno.utime(`${root}/a`, 0, 1_577_836_800);
  const table = (await client(["ls", "-l"])).output.split("\n");
  assertMatch(table[0]!, /^-rw-r----- .* 5 {2}2020-01-01 00:00 {2}a$/);
  assertMatch(table[1]!, /^drwx.* dir$/);
  const { output } = await client(["stat", "a", "dir"]);
  assertStringIncludes(output, "name:     a\nkind:     file\nsize:     5\n");
  assertStringIncludes(output, "modified: 2020-01-01 00:00:00\nmode:     -rw-r-----\n");
  assertStringIncludes(output, "\n\nname:     dir\nkind:     directory\n");
  assertEquals((await client(["stat", "no"])).status, EXIT.refused);
});

served("mkdir, mv and rm change the tree, and say why not", async ({ root, client }) => {
  const ok = async (...args: string[]) =>
    assertEquals(await client(args), { status: EXIT.ok, output: "", error: "" });
  const refused = async (...args: string[]) => {
    const { status, output, error } = await client(args);
    assertEquals([status, output], [EXIT.refused, ""]);
    assertMatch(error, /^Cannot .+: 5\d\d .+\n$/);
  };
  await ok("mkdir", "a", "b");
  await refused("mkdir", "a");
  await refused("mkdir", "x/y");
  await ok("mkdir", "-p", "a", "x/y/z", "/x/y/w");
  assertEquals(await names(`${root}/x/y`), ["w", "z"]);
  await Deno.writeTextFile(`${root}/x/y/f`, "");
  await ok("mv", "x/y/f", "b/g");
  await refused("mv", "no", "b/h");
  await refused("rm", "x");
  await ok("rm", "-r", "x", "b/g");
  await refused("rm", "b/g");
  assertEquals(await names(root), ["a", "b"]);
  assertEquals(await names(`${root}/b`), []);
});

served("main logs in, and tells a refused login by its status", async ({ root, client }) => {
  await Deno.writeTextFile(`${root}/a`, "");
  const { user, password } = WRITER;
  assertEquals((await client(["--user", `${user}:${password}`, "ls"])).output, "a\n");
  const { status, error } = await client(["--user", `${user}:wrong`, "ls"]);
  assertEquals(status, EXIT.login);
  assertMatch(error, /^Cannot log in as "\w+": 530 .+\n$/);
  assert(!error.includes("wrong"));
});

testWith(["net"], "main tells that nobody listens, or that no FTP is spoken", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assertEquals(await run(port, ["ls"]), {
    status: EXIT.connection,
    output: "",
    error: `Cannot connect to 127.0.0.1:${port}: connection refused\n`,
  });
  await using server = new ScriptedServer({ greeting: "HTTP/1.1 400 Bad Request\r\n" });
  const { status, error } = await run(server.address.port, ["ls"]);
  assertEquals(status, EXIT.connection);
  assertEquals(
    error,
    'Cannot talk to the server: it answered "HTTP/1.1 400 Bad Request", which is no FTP reply\n',
  );
});

served("a name with a line end is refused here", async ({ client }) => {
  for (const args of [["rm", "a\r\nDELE b"], ["mv", "a", "b\n"], ["cat", "a\r"]]) {
    const { status, error } = await client(args);
    assertEquals(status, EXIT.local);
    assertMatch(error, /^Cannot send "[ -~]+": it must not hold CR, LF or NUL\n$/);
  }
});

served("output that nobody reads any more ends the run quietly", async ({ root, client }) => {
  await Deno.writeFile(`${root}/a`, new Uint8Array(1_000_000));
  const { status, error } = await client(["cat", "a"], { outputBytes: 10 });
  assertEquals([status, error], [EXIT.outputClosed, ""]);
  assertEquals((await client(["ls"], { outputBytes: 0 })).status, EXIT.outputClosed);
});

served("get and put by mini", async ({ root, here, client }) => {
  const content = octets(5_000);
  const mini = ["--protocol", "mini"];
  await Deno.writeFile(`${here}/a`, content);
  const sent = await client([...mini, "put", `${here}/a`, "b"]);
  assertEquals([sent.status, sent.output], [EXIT.ok, ""]);
  assertMatch(sent.error, /^b: 4\.9 KiB in /);
  assertEquals(await Deno.readFile(`${root}/b`), content);
  const fetched = await client([...mini, "get", "b", `${here}/c`]);
  assertEquals(fetched.status, EXIT.ok, fetched.error);
  assertMatch(fetched.error, /^b: 4\.9 KiB in /);
  assertEquals(await Deno.readFile(`${here}/c`), content);
  await Deno.writeTextFile(`${root}/text`, "hello");
  assertEquals((await client([...mini, "get", "-q", "text", "-"])).output, "hello");
  const missing = await client([...mini, "get", "no", `${here}/no`]);
  assertEquals(missing.status, EXIT.refused);
  assertMatch(missing.error, /^Cannot get "no": .+\n$/);
  assertEquals(await names(here), ["a", "c"]);
}, "mini");

// The process itself: real streams, real signals.

const ENTRY = `import { main } from ${
  JSON.stringify(new URL("../../client/cli/mod.ts", import.meta.url).href)
}; Deno.exit(await main(Deno.args));`;

function spawn(args: readonly string[]): Deno.Command {
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      `--config=${config}`,
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "-",
      ...args,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

async function start(args: readonly string[]): Promise<Deno.ChildProcess> {
  const child = spawn(args).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(ENTRY));
  await writer.close();
  return child;
}

testWith(
  [...NEEDS, "run"],
  "a process with its output piped draws nothing, and ends",
  () =>
    withFolders(async (root, here) => {
      await Deno.writeFile(`${root}/a.avi`, octets(300_000));
      const server = await ours.start(root, { anonymous: "read" });
      try {
        const port = String(server.endpoint.port);
        const child = await start(["--port", port, "get", "a.avi", `${here}/a.avi`]);
        const { code, stdout, stderr } = await child.output();
        assertEquals([code, stdout.length], [EXIT.ok, 0]);
        assertMatch(new TextDecoder().decode(stderr), SUMMARY);
        assertEquals(await Deno.readFile(`${here}/a.avi`), octets(300_000));
      } finally {
        await server.stop(0);
      }
    }),
);

testWith(
  [...NEEDS, "run"],
  "a process whose reader has gone ends quietly",
  () =>
    withFolders(async (root) => {
      await Deno.writeFile(`${root}/a`, new Uint8Array(50_000_000));
      const server = await ours.start(root, { anonymous: "read" });
      try {
        const child = await start(["--port", String(server.endpoint.port), "cat", "a"]);
        const reader = child.stdout.getReader();
        await reader.read();
        await reader.cancel();
        const error = await new Response(child.stderr).text();
        assertEquals([(await child.status).code, error], [EXIT.outputClosed, ""]);
      } finally {
        await server.stop(0);
      }
    }),
);

testWith([...NEEDS, "run"], "a process that gets SIGINT ends with status 130", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = new ScriptedServer({ answers: { DELE: () => asked.resolve() } });
  const child = await start(["--port", String(server.address.port), "rm", "a"]);
  await asked.promise;
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [EXIT.interrupted, "Interrupted\n"]);
});
