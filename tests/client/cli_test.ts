/**
 * The command line's other verbs, its exit statuses, and the process itself with real streams.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { EXIT, main } from "../../client/cli/mod.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";
import { names, NEEDS, octets, ours, run, served, SUMMARY, withFolders, WRITER } from "./stage.ts";

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
  const login = (FTPLAB_PASSWORD: string) =>
    client(["--user", user, "ls"], { variables: { FTPLAB_PASSWORD } });
  assertEquals((await login(password)).output, "a\n");
  const { status, error } = await login("wrong");
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
  const sent = await client([...mini, "put", `${here}/a`, "-o", "b"]);
  assertEquals([sent.status, sent.output], [EXIT.ok, ""]);
  assertMatch(sent.error, /^b: 4\.9 KiB in /);
  assertEquals(await Deno.readFile(`${root}/b`), content);
  const fetched = await client([...mini, "get", "b", "-o", `${here}/c`]);
  assertEquals(fetched.status, EXIT.ok, fetched.error);
  assertMatch(fetched.error, /^b: 4\.9 KiB in /);
  assertEquals(await Deno.readFile(`${here}/c`), content);
  await Deno.writeTextFile(`${root}/text`, "hello");
  assertEquals((await client([...mini, "get", "-q", "text", "-o", "-"])).output, "hello");
  const missing = await client([...mini, "get", "no", "-o", `${here}/no`]);
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
        const child = await start(["--port", port, "get", "a.avi", "-O", here]);
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
