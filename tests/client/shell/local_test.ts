/**
 * This machine as the shell sees it: names of the user's own folder, the directory that it was
 * begun in, commands, and the flags of mget and mput.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { isQuestion, parseArguments } from "../../../client/cli/arguments.ts";
import { EXIT, main } from "../../../client/cli/mod.ts";
import { withWholePaths } from "../../../client/cli/shell/local.ts";
import { eventually } from "../../eventually.ts";
import { testWith } from "../../permission.ts";
import { FakeConsole } from "../fake_console.ts";
import { ScriptedServer } from "../scripted_server.ts";
import { names, NEEDS, run, scripted, served, withFolders } from "../stage.ts";
import { script, typed } from "./shell_stage.ts";

/** Files whose text is their name, in a folder that is made for them. */
async function write(folder: string, ...files: string[]): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of files) await Deno.writeTextFile(`${folder}/${name}`, name);
}

served("~ is the user's own folder in names of this machine, and in no others", async (stage) => {
  const { root, here } = stage;
  const home = `${here}/me`;
  await write(`${home}/films`, "a.avi", "b.avi");
  await write(here, "~");
  await write(root, "c");
  const { status, output, error } = await script(
    stage,
    [
      "put -q ~/films/a.avi",
      "mput -q ~/films/b*",
      "mput -q ~*",
      "get -q c -o ~/d",
      "get -q c -O ~/films",
      "mget -q -O ~ c",
      "mirror -q -R ~/films up",
      "mirror -q up ~/down",
      "lls ~/films",
      "lcd ~",
      "lpwd",
      "lcd ~/films",
      "lpwd",
    ],
    [],
    { variables: { HOME: home } },
  );
  assertEquals([status, error], [EXIT.ok, ""]);
  assertEquals(output, `a.avi\nb.avi\nc\n${home}\n${home}/films\n`);
  assertEquals(await names(root), ["a.avi", "b.avi", "c", "up", "~"]);
  assertEquals(await names(home), ["c", "d", "down", "films"]);
  assertEquals(await names(`${home}/down`), ["a.avi", "b.avi", "c"]);
  const there = await script(stage, ["rm ~"], [], { variables: { HOME: home } });
  assertEquals([there.status, await names(root)], [EXIT.ok, ["a.avi", "b.avi", "c", "up"]]);
});

served("Tab completes names below ~", async (stage) => {
  const home = `${stage.here}/me`;
  await write(`${home}/films`);
  const lines = ["lcd ~/fi\t", "lpwd"];
  const { output } = await typed(stage, lines, [], { variables: { HOME: home } });
  assertEquals(output, `${home}/films\n`);
});

served("mget and mput take flags with a value behind a space", async (stage) => {
  const { root, here } = stage;
  await write(root, "a.avi", "b.avi");
  await write(here, "-x.txt", "y.txt");
  await Deno.mkdir(`${here}/films`);
  await Deno.mkdir(`${root}/texts`);
  const { status, error } = await script(stage, [
    "mget -q --limit-rate 500k -O films *.avi",
    "mput --retries 0 -qO texts -P 4 -- *.txt",
  ]);
  assertEquals([status, error], [EXIT.ok, ""]);
  assertEquals(await names(`${here}/films`), ["a.avi", "b.avi"]);
  assertEquals(await names(`${root}/texts`), ["-x.txt", "y.txt"]);
  for (const verb of ["mget", "mput"]) {
    const wrong = await script(stage, [`${verb} --frobnicate *`]);
    assertEquals(wrong.status, EXIT.usage);
    assertMatch(wrong.error, /^Line 2: Unknown flag "--frobnicate"/);
    const none = await script(stage, [`${verb} -O films`]);
    assertEquals(none.error, `Line 2: ${verb} takes [FLAGS] PATTERN...\n`);
  }
});

served("mput takes a file that is called just so for itself", async (stage) => {
  const { root, here } = stage;
  await write(here, "a[1].txt", "a1.txt", "a2.txt");
  await Deno.mkdir(`${root}/texts`);
  const { status, error } = await script(stage, ["mput -q a[1].txt", "mput -qO texts a[2].txt"]);
  assertEquals([status, error], [EXIT.ok, ""]);
  assertEquals(await names(root), ["a[1].txt", "texts"]);
  assertEquals(await names(`${root}/texts`), ["a2.txt"]);
});

served("mget and mput take a file that is called - or ~", async (stage) => {
  const { root, here } = stage;
  await write(root, "-", "~a", "b");
  await Deno.mkdir(`${root}/texts`);
  const { status, error } = await script(stage, ["mget -q *", "mput -qO texts *"]);
  assertEquals([status, error], [EXIT.ok, ""]);
  assertEquals(await names(here), ["-", "b", "~a"]);
  assertEquals(await names(`${root}/texts`), ["-", "b", "~a"]);
});

/** Runs `body` in a folder, and is back where it was then. */
async function within(folder: string, body: () => Promise<void>): Promise<void> {
  const before = Deno.cwd();
  await Deno.mkdir(folder);
  Deno.chdir(folder);
  try {
    await body();
  } finally {
    Deno.chdir(before);
  }
}

let first = "";

testWith(NEEDS, "lcd moves no file that a shell connects by", () =>
  withFolders(async (_, here) => {
    const answers = { USER: "331 Password", PASS: "230 In", MKD: '257 "a" made' };
    await using server = new ScriptedServer({ answers });
    const { port } = server.address;
    await write(`${here}/other`, "pw", "netrc");
    await within(`${here}/mine`, async () => {
      await Deno.writeTextFile("pw", "right\n", { mode: 0o600 });
      await Deno.writeTextFile("netrc", "default login me password too\n", { mode: 0o600 });
      const lines = [
        `lcd "${here}/other"`,
        "mkdir a",
        `open --user me --password-file ~/pw 127.0.0.1 ${port}`,
      ];
      const session = (...flags: string[]) =>
        run(port, [...flags, "shell"], {
          input: lines.map((line) => `${line}\n`).join(""),
          variables: { HOME: `${here}/mine` },
        });
      for (const flags of [["--user", "me", "--password-file", "pw"], ["--netrc-file", "netrc"]]) {
        const { status, error } = await session(...flags);
        assertEquals([status, error], [EXIT.ok, ""]);
      }
      const passwords = server.commands.filter((line) => line.startsWith("PASS"));
      assertEquals(passwords, ["PASS right", "PASS right", "PASS too", "PASS right"]);
    });
  }));

testWith(
  NEEDS,
  "withWholePaths leaves what is whole, and standard input",
  () =>
    withFolders((_, here) =>
      within(`${here}/mine`, () => {
        const whole = (...args: string[]) => {
          const request = parseArguments(["--tls", "explicit", ...args, "shell"]);
          assert(!isQuestion(request));
          const { tls, netrcFile, passwordFile } = withWholePaths(request);
          return [tls?.caFile, netrcFile, passwordFile];
        };
        const flags = ["--cacert", "ca.pem", "--netrc-file=../n", "--password-file=-"];
        assertEquals(whole(...flags), [`${here}/mine/ca.pem`, `${here}/mine/../n`, "-"]);
        assertEquals(whole("--cacert", "/ca.pem"), ["/ca.pem", undefined, undefined]);
        return Promise.resolve();
      })
    ),
);

scripted("a shell ends in peace when the directory that it was begun in has gone", {
  answers: {
    DELE: async (_, session) => {
      await Deno.remove(first);
      await session.say("250 Gone");
    },
  },
}, async (stage) => {
  first = `${stage.here}/first`;
  await within(first, async () => {
    const { status, error } = await script(stage, ["rm a"]);
    assertEquals([status, error], [EXIT.ok, ""]);
  });
});

served("lcd leaves a directory that has been removed", async (stage) => {
  const folder = `${stage.here}/first`;
  await within(folder, async () => {
    await Deno.remove(folder);
    const { status, output, error } = await script(stage, ["lpwd", "lcd"]);
    assertEquals([status, output, error], [
      EXIT.local,
      `${stage.here}\n`,
      "Line 3: lcd has no directory to go back to\n",
    ]);
  });
});

testWith(
  [...NEEDS, "run"],
  "a command that the system does not start is told in one line",
  () =>
    withFolders(async (_, here) => {
      await Deno.mkdir(`${here}/gone`);
      const input = `lcd "${here}/gone"\n!rmdir "$PWD"\n!true\n`;
      const { status, error } = await run(1, ["shell"], { input });
      assertEquals(status, EXIT.local);
      assertMatch(error, /^Line 3: Cannot run a command: [^\n]+\n$/);
    }),
  Deno.build.os === "linux" ? undefined : "needs a system that removes working directories",
);

testWith(
  ["net", "run", "env"],
  "where there is no sh a command is refused in one line",
  async () => {
    const path = Deno.env.get("PATH") ?? "";
    Deno.env.set("PATH", "");
    try {
      const { status, error } = await run(1, ["shell"], { input: "!true\n" });
      const text = "Line 1: Cannot run a command: there is no sh here\n";
      assertEquals([status, error], [EXIT.local, text]);
    } finally {
      Deno.env.set("PATH", path);
    }
    const nul = await run(1, ["shell"], { input: "!true\0\n" });
    const text = "Line 1: ! takes no command with a NUL in it\n";
    assertEquals([nul.status, nul.error], [EXIT.usage, text]);
  },
);

testWith(
  [...NEEDS, "run"],
  "Ctrl-C for a command of this machine leaves the connection alone",
  () =>
    withFolders(async (_, here) => {
      await using server = new ScriptedServer({ answers: { MKD: '257 "a" made' } });
      const lines = [
        `lcd "${here}"`,
        "mkdir a",
        "!mkfifo begun over",
        "!echo > begun; cat over; exit 3",
        "mkdir b",
      ];
      const input = lines.map((line) => `${line}\n`).join("");
      const console = new FakeConsole({ input });
      const args = ["--port", `${server.address.port}`, "--keep-going", "shell"];
      const running = main(args, console);
      await eventually("the pipes are made", async () => (await names(here)).includes("over"));
      await Deno.readTextFile(`${here}/begun`);
      console.interrupt();
      console.interrupt();
      await Deno.writeTextFile(`${here}/over`, "", { create: false });
      assertEquals([await running, console.errorText], [
        3,
        "Line 4: the command ended with status 3\n",
      ]);
      assertEquals(server.verbs.filter((verb) => verb === "USER" || verb === "MKD"), [
        "USER",
        "MKD",
        "MKD",
      ]);
    }),
  Deno.build.os === "windows" ? "needs mkfifo" : undefined,
);
