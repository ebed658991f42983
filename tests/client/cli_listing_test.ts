/**
 * ls of any size, and names of any octets, from the screen back to the server.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { formatColumns, formatTable } from "../../client/cli/tables.ts";
import { encodeText, type Entry } from "../../client/mod.ts";
import type { Answer, Script } from "./scripted_server.ts";
import { retr } from "./scripted_test_case.ts";
import { names, scripted, served } from "./stage.ts";

const MLSD = "211-Features\r\n MLST type*;\r\n211 End";

served("ls -U writes what ls writes, in the server's order", async ({ root, client }) => {
  const made = Array.from({ length: 300 }, (_, index) => `file-${index}`);
  for (const name of made) await Deno.writeTextFile(`${root}/${name}`, "x");
  const { output, status } = await client(["ls", "-U"]);
  assertEquals(status, EXIT.ok);
  assertEquals(output.trimEnd().split("\n").sort(), made.toSorted());
  assertEquals((await client(["ls"])).output, `${made.toSorted().join("\n")}\n`);
  const rows = (await client(["ls", "-U", "-l"])).output.trimEnd().split("\n");
  assertEquals(rows.length, made.length);
  for (const row of rows) assertMatch(row, /^-rw.{7} .* file-\d+$/);
  assertEquals((await client(["ls", "-U", "file-7"])).output, "file-7\n");
  assertMatch((await client(["ls", "-U", "no"])).error, /^Cannot list "no": 550 .+\n$/);
});

const shown = Promise.withResolvers<void>();

scripted("ls -U writes rows before the server has told the last one", {
  answers: {
    FEAT: MLSD,
    MLSD: async (_, session) => {
      const data = await session.data();
      await session.say("150 Opening");
      await data.write(encodeText("type=file; first\r\n"));
      await shown.promise;
      await data.write(encodeText("type=file; last\r\n"));
      session.closeData();
      await session.say("226 Done");
    },
  },
}, async ({ client }) => {
  const outcome = await client(["ls", "-U"], { onOutput: () => shown.resolve() });
  assertEquals(outcome, { status: EXIT.ok, output: "first\nlast\n", error: "" });
});

const CAFE = Uint8Array.of(0x63, 0x61, 0x66, 0xe9);
const listing = new Uint8Array([
  ...encodeText("type=file; "),
  ...CAFE,
  ...encodeText("\r\ntype=file; a\\xe9\r\n"),
]);

/** The last file that was asked for, each octet as one character. */
const asked: string[] = [];

const latin1: Script = {
  answers: {
    FEAT: MLSD,
    MLSD: async (_, session) => {
      await session.send(listing);
      await session.say("226 Done");
    },
    MLST: "550 No",
    RETR: retr("content"),
    DELE: (argument, session) => {
      asked.push(argument);
      return session.say("250 Gone");
    },
  } satisfies Record<string, Answer>,
};

scripted(
  "a name that is not UTF-8 is shown in a form that --escapes takes back",
  latin1,
  async (stage) => {
    const { client, here } = stage;
    const screen = await client(["ls"], { outTerminal: true, columns: 10 });
    assertEquals(screen.output, "a\\\\xe9\ncaf\\xe9\n");
    // Through a pipe it is itself, octet for octet.
    assertEquals((await client(["ls"])).output, "a\\xe9\ncaf\udce9\n");
    for (const form of screen.output.trim().split("\n")) {
      assertEquals((await client(["--escapes", "rm", form])).status, EXIT.ok);
    }
    // Without it a backslash is a backslash.
    await client(["rm", "a\\xe9"]);
    assertEquals(asked, ["a\\xe9", "caf\ufffd", "a\\xe9"]);
    const { status, error } = await client(["-q", "--escapes", "get", "caf\\xe9", "-O", here]);
    assertEquals([status, error], [EXIT.ok, ""]);
    assertEquals(await names(here), ["caf\\xe9"]);
  },
);

scripted("a shell that was begun with --escapes takes the names that it shows", {
  answers: {
    ...latin1.answers,
    CWD: (argument, session) => {
      asked.push(argument);
      return session.say("250 There");
    },
    PWD: '257 "/"',
  },
}, async ({ client, here }) => {
  asked.length = 0;
  const lines = [
    `lcd "${here}"`,
    "cd 'caf\\xe9'",
    "rm 'caf\\xe9' 'a\\\\xe9'",
    "get -q 'caf\\xe9'",
  ];
  const input = lines.map((line) => `${line}\n`).join("");
  const { status, error } = await client(["--escapes", "shell"], { input });
  assertEquals([status, error], [EXIT.ok, ""]);
  assertEquals(asked, ["caf\ufffd", "caf\ufffd", "a\\xe9"]);
  assertEquals(await names(here), ["caf\\xe9"]);
  for (const line of ["cd 'a\\q'", "mget 'a\\q'", "rmdir 'a\\nb'"]) {
    const wrong = await client(["--escapes", "shell"], { input: `${line}\n` });
    assertEquals(wrong.status, EXIT.usage, line);
  }
});

served("a backslash is a name's own in patterns of --escapes", async (stage) => {
  const { root, client } = stage;
  for (const name of ["a\\b1", "a\\b2", "ab1", "a\\x*", "a\\xy"]) {
    await Deno.writeTextFile(`${root}/${name}`, "");
  }
  const listed = await client(["--escapes", "ls", "a\\\\b*"]);
  assertEquals([listed.status, listed.output], [EXIT.ok, "a\\b1\na\\b2\n"]);
  // What is called just so is meant alone.
  assertEquals((await client(["--escapes", "rm", "a\\\\b?", "a\\\\x*"])).status, EXIT.ok);
  assertEquals(await names(root), ["a\\xy", "ab1"]);
  const input = "mget -q 'a\\\\b*'\n";
  assertEquals((await client(["--escapes", "shell"], { input })).status, EXIT.local);
});

scripted("--encoding reads and writes names as the server has them", latin1, async ({ client }) => {
  const { output, status } = await client(["--encoding", "latin1", "ls"]);
  assertEquals([status, output], [EXIT.ok, "a\\xe9\ncafé\n"]);
  assertEquals((await client(["--encoding=latin1", "rm", "café"])).status, EXIT.ok);
});

scripted(
  "names and encodings that cannot be are a wrong command line",
  latin1,
  async ({ client }) => {
    const stories: readonly (readonly [string[], RegExp])[] = [
      [["ls", "-U", "-t"], /^--unsorted .* without --by-time$/m],
      [["--escapes", "rm", "a\\q"], /^Cannot read "a\\q": a backslash begins /],
      [["--encoding", "klingon", "ls"], /^--encoding: .*"klingon": there is none of that name$/m],
      [
        ["--encoding", "utf-16", "ls"],
        /^--encoding: .*"utf-16": it does not write ASCII as it is$/m,
      ],
      [["--encoding", "latin1", "--protocol", "mini", "get", "a"], /^--encoding is a flag of ftp/],
    ];
    for (const [args, message] of stories) {
      const { status, error } = await client(args);
      assertEquals(status, EXIT.usage);
      assertMatch(error, message);
    }
  },
);

Deno.test("formatColumns and formatTable take any number of names", () => {
  const many = Array.from({ length: 300_000 }, (_, index) => `name-${index}`);
  const lines = formatColumns(many, 200);
  assert(lines.length < many.length / 5);
  assertMatch(lines[0]!, /^name-0 {2}/);
  const entries: Entry[] = many.map((name) => ({ name, kind: "file" }));
  assertEquals([...formatTable(entries, (name) => name)].length, many.length);
});
