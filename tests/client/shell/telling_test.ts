/**
 * What a shell tells besides what its verbs do: warnings of its flags, and with --json nothing but
 * events.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT } from "../../../client/cli/mod.ts";
import { names, scripted, served } from "../stage.ts";
import { script, typed } from "./shell_stage.ts";

const parse = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line));

/** What is said of a password where others can read it. */
const WARNED = /^Warning: a password in a command line [^\n]+\n$/;

served("a script is warned of its flags, and of those of open", async (stage) => {
  const { here, port, client } = stage;
  const password = ["--user", "anonymous:secret"];
  const begun = await script(stage, ["mkdir a", "mkdir b"], password);
  assertEquals(begun.status, EXIT.ok);
  assertMatch(begun.error, WARNED);
  await Deno.writeTextFile(`${here}/script`, "mkdir c\n");
  assertMatch((await client([...password, "-f", `${here}/script`])).error, WARNED);
  const opened = await script(stage, [`open ${password.join(" ")} 127.0.0.1 ${port}`, "mkdir d"]);
  assertEquals(opened.status, EXIT.ok);
  assertMatch(opened.error, WARNED);
  const insecure = await script(stage, ["lpwd"], ["--tls", "explicit", "--insecure"]);
  assertEquals([insecure.status, insecure.output], [EXIT.ok, `${here}\n`]);
  assertMatch(insecure.error, /^Warning: --insecure takes any certificate[^\n]+\n$/);
});

scripted("a shell greets a user of a URL without obeying what the name holds", {
  answers: { USER: "230 In" },
}, async (stage) => {
  const url = `ftp://a%1b%5d0;pwned%07:@127.0.0.1:${stage.port}/`;
  const { status, error } = await typed(stage, [`open '${url}'`, "exit"]);
  assertEquals(status, EXIT.ok);
  assertStringIncludes(error, ` as a\\x1b]0;pwned\\x07; help tells more\n`);
});

served("a shell with --json refuses what writes to standard output itself", async (stage) => {
  for (const line of ["pwd", "lls", "lpwd", "help", "help get", "history", "!ls", "cat a"]) {
    const { status, output, error } = await script(stage, [line], ["--json"]);
    const verb = line.startsWith("!") ? "!" : line.split(" ")[0];
    const text = `Line 2: --json writes to standard output, as ${verb} does\n`;
    assertEquals([status, output, error], [EXIT.usage, "", text]);
  }
});

served("a shell with --json tells events behind open, too", async (stage) => {
  await Deno.writeTextFile(`${stage.root}/a`, "12345");
  const lines = [`open 127.0.0.1 ${stage.port}`, "ls", `open ftp://127.0.0.1:${stage.port}/`, "ls"];
  const { status, output, error } = await script(stage, lines, ["--json"]);
  assertEquals([status, error], [EXIT.ok, ""]);
  const entry = ["entry", "a"];
  assertEquals(parse(output).map(({ event, name }) => [event, name]), [entry, entry]);
});

served("an error has a status where the shell ends by it", async (stage) => {
  const statuses = ({ output }: { readonly output: string }) =>
    parse(output).map(({ event, status }) => [event, status]);
  const lines = ["rm no", "rm no"];
  assertEquals(statuses(await script(stage, lines, ["--json"])), [["error", EXIT.refused]]);
  const went = [["error", null], ["error", null]];
  assertEquals(statuses(await script(stage, lines, ["--json", "--keep-going"])), went);
  assertEquals(statuses(await typed(stage, lines, ["--json"])), went);
});

served("a script ends when nobody reads its errors", async (stage) => {
  const surroundings = { outputBytes: 10 };
  const args = ["--json", "--keep-going"];
  const { status } = await script(stage, ["rm no", "mkdir a"], args, surroundings);
  assertEquals([status, await names(stage.root)], [EXIT.outputClosed, []]);
});
