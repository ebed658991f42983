/**
 * The file of --user-file: whom it lets in, and that what is wrong with it is one line that names
 * the file and the line, and no password.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../client/cli/flags.ts";
import { parseServe } from "../../models/serve/flags.ts";
import { readUsers, USER_FILE_BYTES_MAX, withUsersOf } from "../../models/serve/user_file.ts";
import { Child } from "../child.ts";
import { SERVER_NEEDS, testWith } from "../permission.ts";
import { connected, Root } from "../served.ts";

/** Runs `body` with the path of a file that holds `content`. */
function withFile<T>(content: string | Uint8Array, body: (path: string) => T): T {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, typeof content === "string" ? encode(content) : content);
    return body(path);
  } finally {
    Deno.removeSync(path);
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

testWith(["read", "write"], "readUsers takes a user a line, and leaves out what is none", () => {
  const content = "# those of the house\r\n\r\nada:pass: word \r\n  # a guest\n\t\nbob:\nä:ü";
  const users = withFile(content, readUsers);
  assertEquals(users.map(({ name, password }) => [name, password]), [
    ["ada", "pass: word "],
    ["bob", ""],
    ["ä", "ü"],
  ]);
  assert(users.every(({ access }) => access === "write"));
});

testWith(["read", "write"], "withUsersOf adds them to those of the command line", () => {
  const flags = parseServe(["--user", "a:1", "--anonymous", "read"]);
  assert(flags !== "help");
  const { settings } = withFile("b:2", (path) => withUsersOf(path, flags.options));
  assertEquals(settings.ftp.accounts.users.map(({ name }) => name), ["a", "b"]);
  assertEquals(settings.ftp.accounts.anonymous, "read");
});

/** Files that are none, and what is said of each. */
const WRONG: readonly (readonly [content: string | Uint8Array, says: string])[] = [
  ["# nobody\n", "it names nobody"],
  ["a:b\n\nhunter2\n", "line 3 is no NAME:PASSWORD"],
  [":hunter2", "line 1 is no NAME:PASSWORD"],
  [Uint8Array.of(0x61, 0x3a, 0xff), "it is not UTF-8"],
  ["#".repeat(USER_FILE_BYTES_MAX + 1), `it is over ${USER_FILE_BYTES_MAX} octets`],
];

for (const [content, says] of WRONG) {
  testWith(["read", "write"], `readUsers refuses a file: ${says} (${content.length})`, () => {
    withFile(content, (path) => {
      const { message } = assertThrows(() => readUsers(path), UsageError);
      assertEquals(message, `Cannot use --user-file "${path}": ${says}`);
    });
  });
}

testWith(["read"], "readUsers refuses a file that is missing, and a folder", () => {
  assertThrows(() => readUsers("none/there"), UsageError, '"none/there": no such file');
  assertThrows(() => readUsers("."), UsageError, '".": it is a folder');
});

testWith([...SERVER_NEEDS, "run"], "serve --user-file lets in whom the file names", async () => {
  using root = new Root();
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "ada:hunter2\n");
    const flags = ["--port", "0", "--root", root.path, "--user-file", path];
    await using server = Child.serve(flags);
    const ftp = await connected(await server.serving());
    await ftp.command("USER ada", 331);
    await ftp.command("PASS hunter2", 230);
    ftp.close();
    await Deno.writeTextFile(path, "hunter2\n");
    await using wrong = Child.serve(flags);
    const { code, stderr } = await wrong.ended();
    const line = `ftplab: Cannot use --user-file "${path}": line 1 is no NAME:PASSWORD\n`;
    assertEquals([code, stderr], [2, line]);
  } finally {
    await Deno.remove(path);
  }
});
