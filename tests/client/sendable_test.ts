/**
 * Names that no command can hold, on the command line: refused before anything is connected.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { EXIT, main } from "../../client/cli/mod.ts";
import { testWith } from "../permission.ts";
import { FakeConsole } from "./fake_console.ts";

for (
  const [name, ...args] of [
    ["b\\nc", "get", "a", "b\nc"],
    ["b\\rc", "cat", "b\rc"],
    ["b\\x00c", "ls", "b\0c"],
    ["*\\n", "rm", "*\n"],
    ["b\\nc", "stat", "b\nc"],
    ["b\\nc", "mkdir", "-p", "b\nc"],
    ["b\\nc", "mv", "a", "b\nc"],
    ["b\\nc", "chmod", "644", "b\nc"],
    ["b\\nc", "mirror", "b\nc", "here"],
    ["b\\nc", "mirror", "-R", "here", "b\nc"],
    ["b\\nc", "mirror", "-R", "b\nc"],
    ["b\\nc", "put", "a", "/b\nc"],
    ["b\\nc", "put", "a", "-o", "b\nc"],
    ["b\\nc/", "put", "a", "-O", "b\nc/"],
    ["b\\nc", "put", "b\nc", "-o", "d/"],
    ["b\\nc", "mirror", "-R", "a/b\nc"],
    ["SITE b\\nc", "quote", "SITE", "b\nc"],
    ["b\\nc", "ls", "--escapes", "b\\x0ac"],
  ] as const
) {
  testWith(["read"], `main refuses ${JSON.stringify(args)}: no command can hold it`, async () => {
    const console = new FakeConsole();
    // Nobody listens there, and nobody is asked.
    assertEquals(await main(["--port", "1", ...args], console), EXIT.usage);
    const text = `"${name}" cannot be sent: a command of FTP has no CR, LF or NUL in it\n`;
    assertEquals(console.errorText, text);
  });
}
