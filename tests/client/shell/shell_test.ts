/**
 * The shell's loop against real servers: scripts, a person's lines, failures, lost connections.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT, main } from "../../../client/cli/mod.ts";
import { testWith } from "../../permission.ts";
import { FakeConsole } from "../fake_console.ts";
import { ScriptedServer } from "../scripted_server.ts";
import { names, NEEDS, octets, run, scripted, served, WRITER } from "../stage.ts";
import { script, typed } from "./shell_stage.ts";

served("shell gets and puts as the textbook's client does", async (stage) => {
  const { root, here } = stage;
  await Deno.writeFile(`${here}/a.avi`, octets(300_000));
  const { status, output, error } = await script(stage, [
    "put a.avi",
    "mv a.avi b.avi",
    "get b.avi",
    "exit",
    "put missing",
  ]);
  assertEquals([status, output], [EXIT.ok, ""], error);
  assertEquals(await Deno.readFile(`${root}/b.avi`), octets(300_000));
  assertEquals(await Deno.readFile(`${here}/b.avi`), octets(300_000));
  assertMatch(error, /^a\.avi: 293\.0 KiB in .*\nb\.avi: 293\.0 KiB in .*\n$/);
});

served("shell has directories there and here", async (stage) => {
  const { root, here } = stage;
  await Deno.mkdir(`${root}/films/old`, { recursive: true });
  await Deno.writeTextFile(`${root}/films/one`, "1");
  await Deno.mkdir(`${here}/sub dir`);
  const before = Deno.cwd();
  const { status, output, error } = await script(stage, [
    "pwd",
    "cd films # there",
    "pwd",
    "ls",
    "cd -",
    "pwd",
    "cd films/old",
    "cd",
    "pwd",
    "rmdir films/old",
    "lcd 'sub dir'",
    "get films/one",
    "lpwd",
    "lls",
    "lcd ..",
    "lls",
  ]);
  assertEquals([status, error.replace(/^one: .*\n/, "")], [EXIT.ok, ""]);
  assertEquals(
    output,
    `/\n/films\nold\none\n/\n/\n${here}/sub dir\none\nsub dir/\n`,
  );
  assertEquals(await names(`${root}/films`), ["one"]);
  assertEquals(Deno.cwd(), before);
});

served("shell refuses names that no command can hold", async (stage) => {
  for (const verb of ["cd", "rmdir", "mget", "rm", "get"]) {
    const { status, error } = await script(stage, [`${verb} 'a\rb'`]);
    const text = '"a\\rb" cannot be sent: a command of FTP has no CR, LF or NUL in it';
    assertEquals([status, error], [EXIT.usage, `Line 2: ${text}\n`]);
  }
});

served("mget and mput take what matches, and go on behind a failure", async (stage) => {
  const { root, here } = stage;
  for (const name of ["a.avi", "b.avi", ".c.avi", "d.txt"]) {
    await Deno.writeTextFile(`${root}/${name}`, name);
  }
  await Deno.mkdir(`${root}/e.avi`);
  await Deno.symlink("d.txt", `${root}/l.avi`);
  await Deno.symlink("e.avi", `${root}/m.avi`);
  await Deno.mkdir(`${here}/a.avi`);
  const { status, error } = await script(stage, ["mget -q *.avi"], ["--keep-going"]);
  assertEquals(status, EXIT.local, error);
  assertStringIncludes(error, 'Cannot write "a.avi": it is a directory\nLine 2: 1 of 3 failed\n');
  assertEquals(await names(here), ["a.avi", "b.avi", "l.avi"]);
  await Deno.writeTextFile(`${here}/x.txt`, "x");
  await Deno.writeTextFile(`${here}/y.txt`, "y");
  assertEquals((await script(stage, ["mkdir up", "cd up", "mput ?.txt"])).status, EXIT.ok);
  assertEquals(await names(`${root}/up`), ["x.txt", "y.txt"]);
  const wrong = await script(stage, ["mget --parents *"]);
  assertEquals(wrong.error, "Line 2: --parents is a flag of mkdir, not of get\n");
  await Deno.mkdir(`${root}/deep/er`, { recursive: true });
  await Deno.writeTextFile(`${root}/deep/er/g.avi`, "g");
  assertEquals((await script(stage, ["mget -q d*/e?/{g,h}.avi", "mput -q {x,z}.txt"])).status, 0);
  assertEquals(await Deno.readTextFile(`${here}/g.avi`), "g");
  assertEquals(await Deno.readTextFile(`${root}/x.txt`), "x");
  const none = await script(stage, ["mget *.no"]);
  assertEquals([none.status, none.error], [EXIT.local, 'Line 2: No file matches "*.no"\n']);
  await Deno.remove(`${here}/b.avi`);
  const told = 'No file matches "*.no"\n';
  const some = await script(stage, ["mget -q *.no b.*"]);
  assertEquals([some.status, some.error], [EXIT.local, `${told}Line 2: 1 of 2 left out\n`]);
  assertEquals(await Deno.readTextFile(`${here}/b.avi`), "b.avi");
  const sent = await script(stage, ["mkdir down", "cd down", "mput -q x.* *.no y.*"]);
  assertEquals([sent.status, sent.error], [EXIT.local, `${told}Line 4: 1 of 3 left out\n`]);
  assertEquals(await names(`${root}/down`), ["x.txt", "y.txt"]);
  const neither = await script(stage, ["mget -q *.no z*"]);
  assertMatch(neither.error, /^No file .*\nNo file .*\nLine 2: 2 of 2 left out\n$/);
});

scripted("mget leaves out names that are dangerous, and fails by that", {
  answers: {
    FEAT: "211-Features:\r\n MLST type*;size*;\r\n211 End",
    MLST: "550 No",
    MLSD: async (_, session) => {
      await session.send("type=file;size=4; con\r\ntype=file;size=4; ok\r\n");
      await session.say("226 Done");
    },
    SIZE: "213 4",
    RETR: async (_, session) => {
      await session.send("good");
      await session.say("226 Done");
    },
  },
}, async (stage) => {
  const { status, error } = await script(stage, ["mget -q *"]);
  const told = 'Cannot write "con": it is a device of some systems\n';
  assertEquals([status, error], [EXIT.local, `${told}Line 2: 1 of 2 left out\n`]);
  assertEquals(await names(stage.here), ["ok"]);
  const none = await script(stage, ["mget -q c*"]);
  assertEquals([none.status, none.error], [EXIT.local, `${told}Line 2: 1 of 1 left out\n`]);
});

served("a script stops at the first line that fails, and says which", async (stage) => {
  const { root } = stage;
  const lines = ["mkdir a", "", "rm no", "mkdir b"];
  const stopped = await script(stage, lines);
  assertEquals(stopped.status, EXIT.refused);
  assertMatch(stopped.error, /^Line 4: Cannot remove "no": 550 .*\n$/);
  assertEquals(await names(root), ["a"]);
  const kept = await script(stage, lines.slice(1), ["--keep-going"]);
  assertEquals(kept.status, EXIT.refused);
  assertEquals(await names(root), ["a", "b"]);
});

served("a script can be a file", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${here}/script`, "mkdir a\r\nmkdir b");
  assertEquals((await client(["-f", `${here}/script`])).status, EXIT.ok);
  assertEquals(await names(root), ["a", "b"]);
  const missing = await client(["--script", `${here}/no`]);
  assertEquals(missing.status, EXIT.local);
  assertMatch(missing.error, /^Cannot read ".*\/no": no such file or directory\n$/);
});

served("lines that mean nothing are refused in one line", async (stage) => {
  const cases: readonly (readonly [line: string, error: RegExp])[] = [
    ["gte a", /^Line 2: Unknown verb "gte": did you mean get\?\n$/],
    ["frobnicate", /^Line 2: Unknown verb "frobnicate": help lists them\n$/],
    ["get", /^Line 2: get takes FILE\.\.\.\n$/],
    ["cd a b", /^Line 2: cd takes \[DIRECTORY\]\n$/],
    ["pwd a", /^Line 2: pwd takes nothing\n$/],
    ["get 'a", /^Line 2: A quote is not closed: '\n$/],
    ["ls -c", /^Line 2: --continue is a flag of get and put, not of ls\n$/],
    ["ls --port 21", /^Line 2: --port is chosen when the shell connects: open .*\n$/],
    ["get --user=me a", /^Line 2: --user is chosen when the shell connects: open .*\n$/],
    ["ls --insecure", /^Line 2: --insecure is chosen when the shell connects: open .*\n$/],
    ["ls ftp://127.0.0.1/", /^Line 2: A URL names a server: open URL connects to it\n$/],
    ["put - b", /^Line 2: put takes a file here: standard input is where the lines come from\n$/],
    ["!", /^Line 2: ! takes a command: !ls -l\n$/],
    ["user me", /^Line 2: No password for "me": .*\n$/],
    [
      "open --user me --password-file - h",
      /^Line 2: --password-file - reads standard input, as shell does\n$/,
    ],
    ["open --retries 0 h", /^Line 2: --retries is a flag of get, [a-z, ]+, not of open\n$/],
    ["cd -", /^Line 2: cd - has no directory to go back to\n$/],
    ["quote CDUP", /^Line 2: quote cannot send CDUP: the shell's cd does that\n$/],
    ["mkdir a; cd a", /^Line 2: A line is one verb, without ";": quote it .*\n$/],
    ["ftp://me:se/cret@h/", /^Line 2: Unknown verb "ftp:\/\/me:\.\.\.@h\/": help lists them\n$/],
    [
      "open ftp://me:se/cret@h/",
      /^Line 2: Cannot use "ftp:\/\/me:\.\.\.@h\/": it has no host.*\n$/,
    ],
  ];
  for (const [line, expected] of cases) {
    const { status, output, error } = await script(stage, [line, "mkdir never"]);
    assertEquals([status, output], [EXIT.usage, ""], line);
    assertMatch(error, expected);
  }
  assertEquals(await names(stage.root), []);
});

served("a person's shell greets, goes on behind failures, and leaves with 0", async (stage) => {
  const { root } = stage;
  await Deno.writeTextFile(`${root}/text`, "no end");
  const { status, output, error } = await typed(stage, ["rm no", "cat text", "exit"]);
  assertEquals([status, output], [EXIT.ok, "no end"]);
  assertMatch(error, /^Connected to 127\.0\.0\.1:\d+ as anonymous; help tells more\n/);
  assertMatch(error, /Cannot remove "no": 550 /);
  // deno-lint-ignore no-control-regex -- what a terminal is sent
  assertEquals(error.match(/\x1b\[0J>>> /g)?.length, 4);
  const ended = await typed(stage, ["mkdir a"]);
  assertEquals(ended.status, EXIT.ok, "the end of the keys is the end of the shell");
  assertEquals(await names(root), ["a", "text"]);
});

served("a name with a space of Unicode is one word", async (stage) => {
  const { root } = stage;
  for (const name of ["a\u3000b", "a", "b"]) await Deno.writeTextFile(`${root}/${name}`, "");
  const { status } = await script(stage, ["rm a\u3000b"]);
  assertEquals([status, await names(root)], [EXIT.ok, ["a", "b"]]);
});

testWith(["run", "net"], "a command of this machine gives its status", async () => {
  const { status, error } = await run(1, ["shell"], { input: "!exit 3\n!exit 4\n" });
  assertEquals([status, error], [3, "Line 1: the command ended with status 3\n"]);
});

served("rmdir goes on behind a directory that it cannot remove", async (stage) => {
  for (const name of ["a", "c"]) await Deno.mkdir(`${stage.root}/${name}`);
  const { status, error } = await script(stage, ["rmdir a no c"]);
  assertEquals(status, EXIT.refused);
  assertMatch(error, /^Cannot remove "no": 550 [^\n]+\nLine 2: 1 of 3 failed\n$/);
  assertEquals(await names(stage.root), []);
});

served("help tells of all verbs, and of one", async (stage) => {
  const { output } = await script(stage, ["help", "help get", "help cd"]);
  for (const verb of ["get ", "lcd ", "mput ", "exit", "!COMMAND"]) {
    assertStringIncludes(output, `\n  ${verb}`);
  }
  assertMatch(output, /\nget \[FLAGS\] FILE\.\.\.: .*\nFlags:\n {2}-o, --output NAME/);
  assertMatch(output, /\ncd \[DIRECTORY\]: change the directory on the server/);
});

served("open, user and close choose the server", async (stage) => {
  const closed = await script(stage, ["close", "ls"]);
  assertEquals([closed.status, closed.error], [
    EXIT.connection,
    "Line 3: Not connected: open HOST or user NAME connects\n",
  ]);
  const again = await script(stage, ["close", `open 127.0.0.1 ${stage.port}`, "mkdir a"]);
  assertEquals([again.status, again.error], [EXIT.ok, ""]);
  const refused = await script(stage, ["user nobody wrong", "ls"]);
  assertEquals(refused.status, EXIT.login);
  assert(!refused.error.includes("wrong"));
  const { user, password } = WRITER;
  const tried = await script(
    stage,
    ["pwd", `user ${user} wrong`, "ls", `user ${user} '${password}'`, "pwd"],
    [
      "--keep-going",
    ],
  );
  const left = "Not connected any more: user NAME logs in, open HOST connects elsewhere";
  assert(tried.error.startsWith(`${left}\nLine 3: Cannot log in `), tried.error);
  assertMatch(tried.error, /\nLine 4: Not connected: open HOST or user NAME connects\n$/);
  const [first = "", ...more] = (await script(stage, ["close", "user nobody no"])).error.split(
    "\n",
  );
  assertMatch(first, /^Line 3: Cannot log in /, "what was not there is not missed");
  assertEquals(more, [""]);
  assertEquals([tried.status, tried.output], [EXIT.login, "/\n/\n"]);
});

scripted("a lost connection is made again, in the same directory", {
  answers: {
    CWD: "250 There",
    PWD: '257 "/films"',
    MKD: (_, session) => session.close(),
    DELE: "250 Done",
  },
}, async (stage) => {
  const { status, error } = await script(stage, ["cd films", "mkdir a", "rm b"], ["--keep-going"]);
  assertEquals(status, EXIT.retry);
  assertMatch(
    error,
    /^Line 3: The server closed the connection\nThe connection is lost, and is made again\n$/,
  );
});

let films: "there" | "gone" | "entered" = "there";
const removed: string[] = [];

scripted("no verb acts elsewhere while the directory of a lost connection is gone", {
  answers: {
    CWD(path, session) {
      if (path !== "/") return session.say(films === "there" ? "250 There" : "550 Gone");
      films = "entered";
      return session.say("250 There");
    },
    PWD: (_, session) => session.say(films === "entered" ? '257 "/"' : '257 "/films"'),
    MKD(_, session) {
      films = "gone";
      session.close();
    },
    DELE(name, session) {
      removed.push(name);
      return session.say("250 Done");
    },
  },
}, async (stage) => {
  const lines = ["cd films", "mkdir a", "rm b", "rm c", "pwd", "cd d", "cd /", "rm e"];
  const { status, output, error } = await script(stage, lines, ["--keep-going"]);
  assertEquals([status, output, removed], [EXIT.retry, "", ["e"]]);
  const refusals = error.match(/^Line \d+: Cannot enter "\/films": 550 Gone$/gm);
  assertEquals(refusals?.map((line) => line.slice(0, 6)), ["Line 4", "Line 5", "Line 6", "Line 7"]);
  assert(!/^Line [89]/m.test(error), error);
});

testWith(NEEDS, "Ctrl-C ends the way back into the directory of a lost connection", async () => {
  let entered = 0;
  const console = new FakeConsole({ input: "cd films\nmkdir a\nrm b\n" });
  await using server = new ScriptedServer({
    answers: {
      CWD: async (_, session) => {
        if (entered++ > 0) {
          console.interrupt();
          // Who waits for the reply in spite of that goes on with the verb.
          await new Promise((go) => setTimeout(go, 0));
        }
        await session.say("250 There");
      },
      PWD: '257 "/films"',
      MKD: (_, session) => session.close(),
      DELE: "250 Done",
    },
  });
  const args = ["--port", `${server.address.port}`, "shell", "--keep-going"];
  assertEquals(await main(args, console), EXIT.interrupted);
  assertMatch(console.errorText, /\nLine 3: Interrupted\n$/);
  assertEquals([entered, server.verbs.includes("DELE")], [2, false]);
});

scripted("Ctrl-C ends a transfer and not the shell", {
  answers: {
    RETR: async (_, session) => {
      const data = await session.data();
      await session.say("150 Opening");
      await data.write(new Uint8Array(1_000));
      await data.read(new Uint8Array(1)).catch(() => {});
      await session.say("426 Broken off");
    },
    DELE: "250 Done",
  },
}, async ({ port }) => {
  let seen = 0;
  const console = new FakeConsole({
    inTerminal: true,
    errTerminal: true,
    outTerminal: true,
    input: "cat slow\rrm b\rexit\r",
    onOutput(part) {
      seen += part.length;
      if (seen === 1_000) console.interrupt();
    },
  });
  assertEquals(await main(["--port", `${port}`], console), EXIT.ok);
  assertMatch(console.errorText, /Interrupted\n/);
  // What was typed behind it is not wanted any more.
  assert(!console.errorText.includes("rm b"));
});

served("a mini shell gets and puts", async (stage) => {
  const { root, here } = stage;
  await Deno.writeFile(`${here}/a`, octets(3_000));
  const { status, error } = await script(stage, ["put a", "get -q a -o b", "lls", "exit"], [
    "--protocol",
    "mini",
  ]);
  assertEquals(status, EXIT.ok, error);
  assertEquals(await Deno.readFile(`${root}/a`), octets(3_000));
  assertEquals(await Deno.readFile(`${here}/b`), octets(3_000));
  const person = await typed(stage, ["get -q a -o c", "exit"], ["--protocol", "mini"]);
  assertEquals(person.status, EXIT.ok);
  assertMatch(person.error, /^mini at 127\.0\.0\.1:\d+: it has get and put; help tells more\n/);
  assertEquals(await Deno.readFile(`${here}/c`), octets(3_000));
  const other = await script(stage, ["cd a"], ["--protocol", "mini"]);
  assertEquals(other.error, "Line 2: --protocol mini has get and put, not cd\n");
}, "mini");

served("each line says for itself what is told", async (stage) => {
  const { error } = await script(stage, ["pwd", "mkdir --trace a", "mkdir b"]);
  assertMatch(error, /^ +\d+\.\d+ > MKD a\n.*< 257 .*\n$/);
});

served("what is typed ahead of a Tab waits for its completion", async (stage) => {
  const { root } = stage;
  await Deno.mkdir(`${root}/a long name`);
  await Deno.writeTextFile(`${root}/a long name/text`, "found");
  const { output } = await typed(stage, ["cat a\tt\t", "exit"]);
  assertEquals(output, "found");
});
