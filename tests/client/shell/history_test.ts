/**
 * What the shell remembers: in a file of the user's, bounded, and without passwords.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  History,
  HISTORY_LINES_MAX,
  historyPath,
  holdsSecret,
} from "../../../client/cli/shell/history.ts";
import { testWith } from "../../permission.ts";
import { FakeConsole } from "../fake_console.ts";

Deno.test("holdsSecret finds passwords where they are typed", () => {
  const secret = [
    "user me geheim",
    "user me:geheim",
    "user me\u3000geheim",
    `user "me" 'geheim`,
    "quote PASS geheim",
    "quote pass geheim",
    `quote "PASS geheim"`,
    "quote ACCT geheim",
    "open --user me:geheim host",
    "open --user=me:geheim host",
    "open ftp://me:geheim@host/",
    "get ftp://me:geheim@host/a",
    "open ftp://me:ge/heim@host/",
    "open 'ftp://me:ge heim@host/'",
    "ftp://me:geheim@host/",
    "me:geheim@host",
    "USER me geheim",
    "usr me geheim",
    "User me:geheim",
    "login me geheim",
    "PASS geheim",
    "account geheim",
    "quote USER me geheim",
    "QUOTE PASS geheim",
    "qoute PASS geheim",
    "literal PASS geheim",
    "open --user 'Jo Doe:geheim' host",
    "open '--user=Jo Doe:geheim' host",
    "open --usr me:geheim host",
    "open --user 'me:geheim host",
    "open -u me,geheim host",
    "open -ume:geheim host",
    "open --password geheim host",
    "open --password=geheim host",
  ];
  const open = [
    "user me",
    "USER me",
    "open host 21",
    "open ftp://host:21/a",
    "open --user me host:21",
    "open --user me --password-file secret:file host",
    "quote SITE HELP",
    "get a:b",
    "put a b c",
    "cat user a",
    "ls -U a:b",
  ];
  assertEquals(secret.filter((line) => !holdsSecret(line)), []);
  assertEquals(open.filter(holdsSecret), []);
});

/** Where the history is below a home. */
const STATE = ".local/state/ftplab/history";

/** An environment, and where the history is by it, here and on Windows. */
const PLACES: readonly (readonly [Readonly<Record<string, string>>, ...(string | undefined)[]])[] =
  [
    [{ HOME: "/me" }, `/me/${STATE}`, `/me/${STATE}`],
    [{ HOME: "/me", XDG_STATE_HOME: "/s" }, "/s/ftplab/history", "/s/ftplab/history"],
    [{ HOME: "/me", XDG_STATE_HOME: "s" }, `/me/${STATE}`, `/me/${STATE}`],
    [{ USERPROFILE: "C:\\me" }, undefined, `C:\\me/${STATE}`],
    [{ USERPROFILE: "\\\\host\\me" }, undefined, `\\\\host\\me/${STATE}`],
    [{ HOME: "me" }, undefined, undefined],
    [{}, undefined, undefined],
  ];

Deno.test("historyPath is below a whole path, on Windows below one with a drive, too", () => {
  for (const [variables, ...expected] of PLACES) {
    const console = new FakeConsole({ variables });
    const found = [historyPath(console, false), historyPath(console, true)];
    assertEquals(found, expected, JSON.stringify(variables));
  }
});

testWith(
  ["read", "write"],
  "History keeps lines from one shell to the next, for its user",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/state/ftplab/history`;
      const first = await History.open(path);
      for (const line of ["ls", "ls", " ", "user me geheim", "get 'a b'"]) first.add(line);
      assertEquals(first.lines, ["get 'a b'", "ls"]);
      assertEquals(await Deno.readTextFile(path), "ls\nget 'a b'\n");
      assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
      assertEquals((await History.open(path)).lines, ["get 'a b'", "ls"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(["read", "write"], "History is bounded in memory and on disk", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/history`;
    const lines = Array.from({ length: 2 * HISTORY_LINES_MAX + 1 }, (_, index) => `get ${index}`);
    await Deno.writeTextFile(path, `${lines.join("\n")}\n`);
    const history = await History.open(path);
    assertEquals(history.lines.length, HISTORY_LINES_MAX);
    assertEquals(history.lines[0], lines.at(-1));
    const kept = (await Deno.readTextFile(path)).trim().split("\n");
    assertEquals(kept, lines.slice(-HISTORY_LINES_MAX));
    history.add("ls");
    assertEquals([history.lines.length, history.lines[0]], [HISTORY_LINES_MAX, "ls"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith(
  ["read", "write"],
  "History that is shortened loses no line of another shell",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/history`;
      const lines = Array.from({ length: 2 * HISTORY_LINES_MAX + 1 }, (_, index) => `get ${index}`);
      await Deno.writeTextFile(path, `${lines.join("\n")}\n`);
      using other = await Deno.open(path, { append: true });
      const history = await History.open(path);
      await other.write(new TextEncoder().encode("of the other\n"));
      history.add("of this");
      const kept = (await Deno.readTextFile(path)).trim().split("\n");
      assertEquals(kept, [...lines.slice(-HISTORY_LINES_MAX), "of the other", "of this"]);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["history"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(["read", "write"], "History without a file that it may have only remembers", async () => {
  for (const path of [undefined, "/dev/null", "/dev/null/history"]) {
    const history = await History.open(path);
    history.add("ls");
    assertEquals(history.lines, ["ls"], path);
  }
});
