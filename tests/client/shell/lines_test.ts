/**
 * The lines of a script.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ScriptLines } from "../../../client/cli/shell/lines.ts";
import { FakeConsole } from "../fake_console.ts";

/** All lines of a script of this text. */
async function linesOf(text: string): Promise<string[]> {
  const console = new FakeConsole({ input: text });
  using lines = new ScriptLines((buffer) => console.read(buffer));
  const found: string[] = [];
  for (let line; (line = await lines.next()) !== undefined;) found.push(line);
  return found;
}

Deno.test("ScriptLines are without their ends, and a byte order mark at the begin", async () => {
  assertEquals(await linesOf("ls\r\n\nrm a"), ["ls", "", "rm a"]);
  assertEquals(await linesOf("\ufeffls\n\ufeffrm a\n"), ["ls", "\ufeffrm a"]);
  assertEquals(await linesOf("\ufeff"), [""]);
  assertEquals(await linesOf(""), []);
});
