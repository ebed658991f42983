/**
 * The command line as a user meets it: what serve makes of its flags, exit statuses, and one line
 * of text for everything that a user can do wrong.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Child, servePermissions } from "./child.ts";
import { readAll } from "./conformance/client.ts";
import { variants } from "./conformance/variants.ts";
import { missing, type Need, SERVER_NEEDS, testWith } from "./permission.ts";
import { downloading, LARGE_BYTES, login, Root } from "./served.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

/** Runs main.ts to its end. */
async function run(args: readonly string[], permissions = servePermissions(), cwd?: string) {
  await using child = Child.main(args, { permissions, ...(cwd === undefined ? {} : { cwd }) });
  return await child.ended();
}

/** Fails unless the run wrote one line to stderr that matches, nothing else, and ended so. */
function assertOneLine(
  { code, stdout, stderr }: Awaited<ReturnType<typeof run>>,
  status: number,
  pattern: RegExp,
): void {
  assertMatch(stderr, /^ftplab: [^\n]+\n$/);
  assertMatch(stderr, pattern);
  assertEquals([code, stdout], [status, ""]);
}

testWith(NEEDS, "serve with a wrong flag says so in one line, status 2", async () => {
  const [value, flag, argument, negative] = await Promise.all([
    run(["serve", "--model", "epoll"]),
    run(["serve", "--prot", "1"]),
    run(["serve", "folder"]),
    run(["serve", "--interval", "-1"]),
  ]);
  assertOneLine(value, 2, /--model takes blocking, .*, not "epoll"/);
  assertOneLine(flag, 2, /Unknown flag "--prot": did you mean --protocol\?/);
  assertOneLine(argument, 2, /"folder"/);
  assertOneLine(negative, 2, /--interval takes milliseconds .*not "-1"/);
});

testWith(NEEDS, "bench and lab with a wrong flag say so in one line, status 2", async () => {
  for (const command of ["bench", "lab"]) {
    assertOneLine(
      await run([command, "--hlep"]),
      2,
      /Unknown flag "--hlep": did you mean --help\?/,
    );
  }
});

testWith(NEEDS, "serve does not repeat a password that it was given wrongly", async () => {
  const { stderr } = await run(["serve", "--user", ":secret", "--port", "0"]);
  assert(!stderr.includes("secret"), stderr);
});

testWith(NEEDS, "main without --allow-read says that it is missing, in one line", async () => {
  assertOneLine(await run(["serve", "--help"], []), 2, /--allow-read/);
});

testWith(NEEDS, "main without a command, or with an unknown one, is status 2", async () => {
  const [none, unknown, near, help] = await Promise.all(
    [[], ["dance"], ["srve"], ["--help"]].map((args) => run(args)),
  );
  assertEquals([none!.code, none!.stdout], [2, ""]);
  assertMatch(none!.stderr, /^Usage: deno task serve/);
  assertEquals([unknown!.code, unknown!.stdout], [2, ""]);
  assertMatch(unknown!.stderr, /^.*"dance"\n$/);
  assertOneLine(near!, 2, /"srve": did you mean serve\?/);
  assertEquals([help!.code, help!.stderr], [0, ""]);
});

testWith(NEEDS, "main --version is that of deno.json", async () => {
  const { version } = JSON.parse(
    await Deno.readTextFile(new URL("../deno.json", import.meta.url)),
  );
  const { code, stdout } = await run(["--version"]);
  assertEquals([code, stdout], [0, `ftplab ${version} (deno ${Deno.version.deno})\n`]);
});

testWith(NEEDS, "help that standard output does not take is one line, status 5", async () => {
  const main = new URL("../main.ts", import.meta.url).pathname;
  for (const args of ["--help", "serve --help", "bench --help", "lab --help", "--version"]) {
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", `exec "$0" run --quiet -A "$1" ${args} > /dev/full`, Deno.execPath(), main],
    }).output();
    assertEquals(
      [code, new TextDecoder().decode(stderr)],
      [5, "ftplab: Cannot write to standard output: no space left on device\n"],
      args,
    );
  }
}, Deno.build.os === "linux" ? undefined : "needs /dev/full");

/** Why system calls cannot be watched here. */
function unwatchable(): string | undefined {
  if (missing(["run"]).length > 0) return undefined;
  try {
    const { success } = new Deno.Command("strace", { args: ["-f", "true"], stderr: "null" })
      .outputSync();
    return success ? undefined : "strace is not permitted";
  } catch {
    return "strace is missing";
  }
}

/** Where the files of each command are; what it may import of them is tests/tidy/'s question. */
const OPENED: Readonly<Record<string, RegExp>> = {
  client: /^(main\.ts$|client\/|server\/)/,
  serve: /^(main\.ts$|client\/(cli\/(flags|help|print|scan|usage)|text)\.ts$|models\/|server\/)/,
};

/**
 * The files of this project that a command opens until it ends, each as often as it is opened: a
 * server, whose line is awaited, is stopped then.
 */
async function openedBy(args: readonly string[]): Promise<string[]> {
  const trace = await Deno.makeTempFile();
  const project = new URL("../", import.meta.url).pathname;
  try {
    const runtime = [Deno.execPath(), "run", "--quiet", ...servePermissions()];
    const watch = ["-f", "-qq", "-e", "trace=openat", "-o", trace];
    await using child = new Child("strace", [...watch, ...runtime, `${project}main.ts`, ...args]);
    if (!args.includes("--help")) {
      await child.stdout.match(/: serving .*\n/);
      const { stdout } = await new Deno.Command("pgrep", { args: ["-P", `${child.pid}`] }).output();
      Deno.kill(Number(new TextDecoder().decode(stdout)), "SIGTERM");
    }
    assertEquals((await child.ended()).code, 0);
    return (await Deno.readTextFile(trace)).matchAll(/openat\([^"]*"([^"]+\.ts)"/g)
      .map(([, path]) => path!)
      .filter((path) => path.startsWith(project))
      .map((path) => path.slice(project.length))
      .toArray();
  } finally {
    await Deno.remove(trace);
  }
}

for (const [command, allowed] of Object.entries(OPENED)) {
  testWith(NEEDS, `main ${command} opens the files of its command alone`, async () => {
    const paths = await openedBy([command, "--help"]);
    assert(paths.length > 5, `${paths}`);
    assertEquals(paths.filter((path) => !allowed.test(path)), []);
  }, unwatchable());
}

/** What a server of each protocol has no use for, in any of its threads. */
const UNUSED: Readonly<Record<string, RegExp>> = {
  ftp: /^server\/(mini|small)\//,
  mini: /^server\/(ftp\/(session|commands\/\w+)\.ts|small\/)/,
  echo: /^server\/(ftp\/(session|commands\/\w+)\.ts|mini\/|small\/(hello|chat)\.ts)/,
};

/** What a server of each model has no use for: the ways of waiting that are not its own. */
const WAITS_OF_OTHERS: Readonly<Record<string, RegExp>> = {
  multiplex: /^models\/(runtime|uring)\//,
  async: /^models\/(libc|readiness|selector|uring)\//,
  uring: /^models\/(runtime|readiness|selector)\//,
};

for (const [protocol, unused] of Object.entries(UNUSED)) {
  for (const [model, waits] of Object.entries(WAITS_OF_OTHERS)) {
    const name =
      `serve opens the files of one protocol and one model alone [${protocol}, ${model}]`;
    testWith(NEEDS, name, async () => {
      using root = new Root();
      const flags = ["--model", model, "--protocol", protocol, "--port", "0", "--root", root.path];
      const opened = await openedBy(["serve", ...flags]);
      const models = new RegExp(
        `^models/(?!${model})(blocking|polling|multiplex|async|uring)\\.ts$`,
      );
      const idle = (path: string) => [unused, waits, models].some((files) => files.test(path));
      assertEquals(opened.filter(idle), []);
      // The supervisor holds no session: its files are the worker's, who opens each once.
      const sessions = opened.filter((path) => /^server\/\w+\/(session|mod|echo)\.ts$/.test(path));
      assertEquals(sessions.length, new Set(sessions).size);
      assert(sessions.length > 0);
    }, unwatchable() ?? variants.find((variant) => variant.model.name === model)!.unavailable());
  }
}

for (const name of new Set(variants.map(({ model }) => model.name))) {
  const absent = variants.find(({ model }) => model.name === name)!.unavailable();
  testWith(
    NEEDS,
    `serve on a port in use, or a foreign address, is status 1 [${name}]`,
    async () => {
      using root = new Root();
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr as Deno.NetAddr;
      const flags = ["serve", "--model", name, "--root", root.path];
      const [used, shared, foreign] = await Promise.all([
        run([...flags, "--port", `${port}`]),
        run([...flags, "--port", `${port}`, "--workers", "2"]),
        run([...flags, "--port", "0", "--host", "192.0.2.1", "--anonymous", "read"]),
      ]);
      for (const ended of [used, shared]) {
        assertOneLine(
          ended,
          1,
          new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: address in use`),
        );
      }
      assertOneLine(foreign, 1, /Cannot listen on 192\.0\.2\.1:0: /);
    },
    absent,
  );

  testWith(
    NEEDS,
    `serve without --allow-ffi is ${name === "async" ? "served" : "status 1"} [${name}]`,
    async () => {
      using root = new Root();
      const permissions = ["--allow-net", "--allow-read", "--allow-write"];
      const flags = ["--model", name, "--port", "0", "--root", root.path];
      if (name !== "async") {
        const ended = await run(["serve", ...flags], permissions);
        assertOneLine(ended, 1, new RegExp(`Model ${name} is not available here: .*--allow-ffi`));
        return;
      }
      await using server = Child.serve(flags, { permissions });
      const { ftp, data } = await downloading(await server.serving());
      assertEquals((await readAll(data)).length, LARGE_BYTES - 1);
      await ftp.reply(226);
      ftp.close();
      server.kill("SIGINT");
      assertEquals((await server.ended()).code, 0);
    },
    absent,
  );
}

testWith(NEEDS, "serve of a root that is missing, or no folder, is status 1", async () => {
  using root = new Root();
  const flags = ["serve", "--port", "0", "--root"];
  const [none, file, below] = await Promise.all([
    run([...flags, `${root.path}/none`]),
    run([...flags, `${root.path}/large`]),
    run([...flags, `${root.path}/large/below`]),
  ]);
  assertOneLine(none, 1, /Cannot serve ".*\/none": no such folder/);
  assertOneLine(file, 1, /Cannot serve ".*\/large": not a folder/);
  assertOneLine(below, 1, /Cannot serve ".*": not a folder/);
});

testWith(NEEDS, "serve of a root that it may not read is status 1", async () => {
  using root = new Root();
  const permissions = servePermissions().map((flag) =>
    flag === "--allow-read" ? `--allow-read=${new URL("../", import.meta.url).pathname}` : flag
  );
  const ended = await run(["serve", "--port", "0", "--root", root.path], permissions);
  assertOneLine(ended, 1, /Cannot serve ".*": permission denied/);
});

for (const root of ["/dev/shm", "/proc/self", "/sys/kernel"]) {
  testWith(NEEDS, `serve of ${root} says that the runtime wants --allow-all there`, async () => {
    const ended = await run(["serve", "--port", "0", "--root", root]);
    assertOneLine(
      ended,
      1,
      new RegExp(`Cannot serve "${root}": .* the runtime wants --allow-all$`, "m"),
    );
  }, Deno.build.os === "linux" ? undefined : "Linux only");
}

testWith(NEEDS, "serve --root / serves the whole tree", async () => {
  using root = new Root();
  await using server = Child.serve(["--port", "0", "--root", "/", "--anonymous", "read"]);
  const ftp = await login(await server.serving());
  await ftp.command("CWD /usr", 250);
  await ftp.command(`SIZE ${root.path}/large`, 213);
  await ftp.command("CWD /", 250);
  assert((await ftp.list("NLST")).includes("usr"));
  ftp.close();
});

testWith(NEEDS, "deno task serve takes the folder from where it is called", async () => {
  using root = new Root();
  Deno.mkdirSync(`${root.path}/films`);
  const config = fromFileUrl(new URL("../deno.json", import.meta.url));
  const task = [Deno.execPath(), "task", "--quiet", "--config", config, "serve"];
  // A task of the tests has told it what is the folder of these.
  const args = ["-u", "INIT_CWD", ...task, "--port", "0", "--root", "films"];
  await using server = new Child("env", args, { cwd: root.path });
  const endpoint = await server.serving();
  assertMatch(endpoint.line, /, root films$/);
  (await login(endpoint)).close();
  server.kill("SIGINT");
  assertEquals((await server.ended()).code, 0);
}, Deno.build.os === "linux" ? undefined : "needs env -u");

testWith(NEEDS, "serve --help lists the flags on stdout, status 0", async () => {
  const { code, stdout, stderr } = await run(["serve", "--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Usage: deno task serve/);
});

testWith(NEEDS, "serve --host ::1 prints an address that can be pasted", async () => {
  using root = new Root();
  await using server = Child.serve(["--port", "0", "--host", "::1", "--root", root.path]);
  const { line, host, port } = await server.serving();
  assertMatch(line, new RegExp(` on \\[::1\\]:${port}, `));
  (await login({ host, port })).close();
});

testWith(NEEDS, "serve makes ./files with a film when it is missing, and only then", async () => {
  using root = new Root();
  for (const expected of [["a.avi"], []]) {
    await using server = Child.serve(["--port", "0"], { cwd: root.path });
    const endpoint = await server.serving();
    assertMatch(endpoint.line, /, root files$/);
    const ftp = await login(endpoint);
    assertEquals(await ftp.list("NLST"), expected);
    if (expected.length > 0) {
      assertFilm(await ftp.fetch("RETR a.avi"));
      await ftp.command("DELE a.avi", 250);
    }
    ftp.close();
  }
});

/** A chunk of a RIFF file by the names of the lists around it and its own. */
interface Chunk {
  readonly path: string;
  readonly at: number;
  readonly content: DataView;
}

/** The chunks between `at` and `end`, those inside of lists included, in their order. */
function* chunksOf(file: DataView, path = "", at = 0, end = file.byteLength): Generator<Chunk> {
  while (at < end) {
    const size = file.getUint32(at + 4, true);
    const isList = ["RIFF", "LIST"].includes(nameAt(file, at));
    const inner = `${path}/${nameAt(file, isList ? at + 8 : at)}`;
    assert(at + 8 + size <= end, `${inner} goes beyond what holds it`);
    yield { path: inner, at, content: new DataView(file.buffer, at + 8, size) };
    if (isList) yield* chunksOf(file, inner, at + 12, at + 8 + size);
    at += 8 + size + (size & 1); // chunks begin at even offsets
  }
  assertEquals(at, end, `${path} does not end where it says`);
}

function nameAt(file: DataView, at: number): string {
  return new TextDecoder().decode(new Uint8Array(file.buffer, at, 4));
}

/** Fails unless `film` is a RIFF AVI whose chunks fill it and whose index finds its frames. */
function assertFilm(film: Uint8Array<ArrayBuffer>): void {
  const file = new DataView(film.slice().buffer);
  const chunks = [...chunksOf(file)];
  const frames = chunks.filter(({ path }) => path === "/AVI /movi/00db");
  const others = chunks.filter((chunk) => !frames.includes(chunk));
  assertEquals(others.map(({ path }) => path), [
    "/AVI ",
    "/AVI /hdrl",
    "/AVI /hdrl/avih",
    "/AVI /hdrl/strl",
    "/AVI /hdrl/strl/strh",
    "/AVI /hdrl/strl/strf",
    "/AVI /movi",
    "/AVI /idx1",
  ]);
  const [, , header, , , , movie, index] = others;
  assert(frames.length > 0);
  assertEquals(header!.content.getUint32(16, true), frames.length);
  assertEquals(index!.content.byteLength, frames.length * 16);
  for (const [number, { at, content }] of frames.entries()) {
    const entry = number * 16;
    // Offsets in the index count from the list's own name.
    assertEquals(index!.content.getUint32(entry + 8, true), at - (movie!.at + 8));
    assertEquals(index!.content.getUint32(entry + 12, true), content.byteLength);
  }
}
