/**
 * The command line as a process: a terminal that is asked for a password, a full disk behind
 * standard output, the folder that a task was called from.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { EXIT } from "../../client/cli/mod.ts";
import { missing, testWith } from "../permission.ts";
import { MemoryFiles } from "./memory_files.ts";
import { ScriptedServer } from "./scripted_server.ts";
import { names, NEEDS, ours, withFolders } from "./stage.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** A line of sh that starts the program. */
const program = (permissions: string) =>
  `"$DENO" run --quiet --no-check ${permissions} --config "$CONFIG" "$MAIN"`;

/** With what the client's task permits. */
const PROGRAM = program(
  "--allow-net --allow-read --allow-write " +
    "--allow-env=FTPLAB_PASSWORD,HOME,TERM,USERPROFILE,XDG_STATE_HOME",
);

async function sh(line: string, cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", line],
    cwd,
    env: { DENO: Deno.execPath(), MAIN, CONFIG, DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

testWith(
  [...NEEDS, "run"],
  "standard output that is full is one line and status 5, whatever writes to it",
  () =>
    withFolders(async (root, here) => {
      await Deno.writeTextFile(`${root}/a`, "12345");
      const server = await ours.start(root, { anonymous: "read" });
      try {
        const port = `--port ${server.endpoint.port}`;
        for (
          const args of [
            `${port} get -q a -o -`,
            `${port} cat a a`,
            `${port} ls`,
            `${port} stat a`,
            `${port} quote SYST`,
            "--help",
            "get --help",
            "--version",
            "completions bash",
          ]
        ) {
          const { code, stderr } = await sh(`exec ${PROGRAM} client ${args} > /dev/full`, here);
          assertMatch(
            stderr,
            /^Cannot write to standard output: no space left on device\n(1 failed, 1 not tried.*\n)?$/,
            args,
          );
          assertEquals(code, EXIT.local, args);
        }
      } finally {
        await server.stop(0);
      }
    }),
  Deno.build.os === "linux" ? undefined : "needs /dev/full",
);

for (
  const [args, reason] of [
    ["put - -o x < .", "Cannot read standard input: is a directory"],
    ["put --direct - -o x < .", "Cannot read standard input: is a directory"],
    ["put --direct /proc/self/mem -o x", 'Cannot read "/proc/self/mem": input/output error'],
  ] as const
) {
  testWith(
    [...NEEDS, "run"],
    `${args}, which cannot be read, is refused before STOR`,
    () =>
      withFolders(async (_, here) => {
        const memory = new MemoryFiles();
        memory.put("x", "old");
        await using server = new ScriptedServer({ answers: memory.answers });
        const port = `--port ${server.address.port}`;
        // The runtime opens nothing of /proc for less.
        const line = `exec ${program("--allow-all")} client ${port} ${args}`;
        const { code, stderr } = await sh(line, here);
        assertEquals([code, stderr], [EXIT.local, `${reason}\n`]);
        assertEquals([server.verbs.includes("STOR"), memory.text("x")], [false, "old"]);
      }),
    Deno.build.os === "linux" ? undefined : "needs /proc",
  );
}

/** Why no terminal can be made here. */
function noTerminal(): string | undefined {
  if (missing(["run"]).length > 0) return undefined;
  try {
    const args = ["--version"];
    new Deno.Command("script", { args, stdout: "null", stderr: "null" }).outputSync();
    return Deno.build.os === "linux" ? undefined : "needs the script(1) of util-linux";
  } catch {
    return "script(1) is not installed";
  }
}

/** Runs a line of sh on a terminal, types `keys` when it has asked; all that was on the screen. */
async function onTerminal(line: string, keys: string, cwd: string): Promise<string> {
  const states = "-e -echo -e echo -e -icanon -e icanon";
  const child = new Deno.Command("script", {
    args: [
      ...["-q", "-c"],
      `trap : INT; ${line}; echo "status $?"; stty -a | grep -o -w ${states}`,
      "/dev/null",
    ],
    cwd,
    env: { DENO: Deno.execPath(), MAIN, CONFIG, SHELL: "/bin/sh", TERM: "xterm" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  let screen = "";
  let typed = false;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += text;
    if (typed || !screen.includes("Password for me")) continue;
    typed = true;
    await writer.write(new TextEncoder().encode(keys));
  }
  await writer.close().catch(() => {});
  await child.status;
  return screen;
}

/** A terminal that shows what is typed, line by line, as it does before anything is asked. */
const AS_BEFORE = /\b(icanon\s+echo|echo\s+icanon)\s*$/;

for (
  const [name, keys, screen, told] of [
    ["is asked for the password and shows none of it", "secrex\x7ft word\n", /^status 0$/m, [
      "USER me",
      "PASS secret word",
    ]],
    ["that asks is left by Ctrl-C", "secre\x03", /^Interrupted\r?\nstatus 130$/m, []],
    ["whose input ends has no password", "\x04", /^No password for "me": .+\nstatus 2$/m, []],
  ] as const
) {
  testWith(
    [...NEEDS, "run"],
    `a terminal ${name}, and is as it was`,
    () =>
      withFolders(async (_, here) => {
        const answers = { USER: "331 Password", PASS: "230 In", MKD: '257 "a" made' };
        await using server = new ScriptedServer({ answers });
        const flags = `--port ${server.address.port} --user me --netrc-file /dev/null`;
        const seen = await onTerminal(`${PROGRAM} client ${flags} mkdir a`, keys, here);
        assertMatch(seen, /^Password for me at 127\.0\.0\.1: \r?\n/);
        assert(!seen.includes("secre"), seen);
        assertMatch(seen.replaceAll("\r", ""), screen);
        assertMatch(seen, AS_BEFORE);
        assertEquals(server.commands.filter((line) => /^(USER|PASS)/.test(line)), [...told]);
      }),
    noTerminal(),
  );
}

testWith(
  [...NEEDS, "run"],
  "deno task client works in the folder that it is called from",
  () =>
    withFolders(async (root, here) => {
      await Deno.writeTextFile(`${root}/a.avi`, "film");
      const server = await ours.start(root, { anonymous: "write" });
      try {
        // Tasks started by a task keep the folder of the first: these may be started by one.
        const task = "unset INIT_CWD; " +
          `"$DENO" task --quiet --config "$CONFIG" client --port ${server.endpoint.port}`;
        const got = await sh(`${task} get -q a.avi`, here);
        assertEquals([got.code, got.stdout], [EXIT.ok, ""], got.stderr);
        assertEquals(await names(here), ["a.avi"]);
        await Deno.writeTextFile(`${here}/b c`, "text");
        assertEquals((await sh(`${task} put -q "b c"`, here)).code, EXIT.ok);
        assertEquals(await names(root), ["a.avi", "b c"]);
      } finally {
        await server.stop(0);
      }
    }),
);

testWith(
  [...NEEDS, "run"],
  "a command of this machine reads none of the lines behind it",
  () =>
    withFolders(async (_, here) => {
      const { code, stdout, stderr } = await sh(
        // The second line is written when the command of the first has begun.
        `mkfifo lines; n=0; (exec > lines; echo '!: > begun; cat'
      until [ -e begun ] || [ $((n += 1)) = 100 ]; do sleep 0.1; done
      echo '!echo second') & exec ${program("--allow-all")} client shell < lines`,
        here,
      );
      assertEquals([code, stdout, stderr], [EXIT.ok, "second\n", ""]);
    }),
);
