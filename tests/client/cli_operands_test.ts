/**
 * Several operands, what is overwritten and what is not, URLs, and the verbs that change the tree.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT, main } from "../../client/cli/mod.ts";
import { FakeConsole } from "./fake_console.ts";
import { names, octets, scripted, served, type Stage } from "./stage.ts";

/** Files whose text is their name. */
async function write(folder: string, ...files: string[]): Promise<void> {
  for (const name of files) await Deno.writeTextFile(`${folder}/${name}`, name);
}

/** The names in a folder with their texts. */
async function texts(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of await names(folder)) {
    found[name] = await Deno.readTextFile(`${folder}/${name}`);
  }
  return found;
}

/** A run that says nothing but what is expected. */
async function quietly({ client }: Stage, ...args: string[]): Promise<void> {
  assertEquals(await client(args), { status: EXIT.ok, output: "", error: "" });
}

served("get a b gets both, under their own names", async (stage) => {
  const { root, here } = stage;
  await write(root, "a", "b");
  await quietly(stage, "get", "-q", "a", "/b", "-O", here);
  assertEquals(await texts(here), { a: "a", b: "b" });
});

served("put a b puts both, under their own names", async (stage) => {
  const { root, here } = stage;
  await write(here, "a.txt", "b.txt");
  await write(root, "c.txt");
  await quietly(stage, "put", "-q", `${here}/a.txt`, `${here}/b.txt`);
  assertEquals(await texts(root), { "a.txt": "a.txt", "b.txt": "b.txt", "c.txt": "c.txt" });
});

served("get -o takes a pattern that means one file, and no other", async (stage) => {
  const { root, here, client } = stage;
  await write(root, "a.txt", "b.txt");
  for (const name of ["x", "y"]) {
    await Deno.mkdir(`${root}/${name}`);
    await write(`${root}/${name}`, "a");
  }
  const lines = [["*.txt", "-o", `${here}/all`], ["{x,y}/a", "-o", here], [
    "-r",
    "{x,y}",
    "-o",
    `${here}/`,
  ]];
  for (const args of lines) {
    const { status, error } = await client(["get", "-q", ...args]);
    const text = `-o ${args.at(-1)} names one file, and 2 match: get takes -O DIR for them\n`;
    assertEquals([status, error], [EXIT.usage, text]);
  }
  assertEquals(await names(here), []);
  await quietly(stage, "get", "-q", "a*", "-o", `${here}/one`);
  assertEquals(await texts(here), { one: "a.txt" });
  assertEquals((await client(["get", "-q", "*.txt", "-o", "-"])).output, "a.txtb.txt");
});

served("get goes on after a file that fails, and ends with its status", async (stage) => {
  const { root, here, client } = stage;
  await write(root, "a", "b");
  const { status, output, error } = await client(["get", "-q", "a", "no", "b", "-O", here]);
  assertEquals([status, output], [EXIT.refused, ""]);
  assertMatch(error, /^Cannot retrieve "no": 550 [^\n]+\n1 of 3 failed\n$/);
  assertEquals(await texts(here), { a: "a", b: "b" });
});

served("get and put count the files that they refuse to begin", async (stage) => {
  const { root, here, client } = stage;
  await write(root, "a", "b", "c.");
  await write(here, "a");
  const got = await client(["get", "-n", "--json", "*", "-O", here]);
  assertMatch(got.error, /\n1 file, 2 not: 1 B in [^\n]+\n2 of 3 failed\n$/);
  assertMatch(got.output, /"summary","files":1,"skipped":0,"stopped":2,"octets":1,/);
  const put = await client(["put", "-n", `${here}/a`, `${here}/b`]);
  assertMatch(put.error, /\n0 files, 2 not: 0 B in [^\n]+\n2 of 2 failed\n$/);
});

served(
  "names that the runtime has not read whole are refused with a way to type them",
  async (stage) => {
    const { client } = stage;
    for (const args of [["ls", "caf\ufffd"], ["rm", "caf\ufffd"]]) {
      const { status, error } = await client(args);
      assertEquals(status, EXIT.refused);
      assertMatch(error, /^A name that is not UTF-8 [^\n]+ --escapes 'caf\\xe9'\nCannot [^\n]+\n$/);
    }
    assertMatch((await client(["rm", "cafe"])).error, /^Cannot remove "cafe": 550 [^\n]+\n$/);
  },
);

served("put -o gives a file here a name that can be sent", async (stage) => {
  const { root, here } = stage;
  await write(here, "a\nb");
  await quietly(stage, "put", "-q", `${here}/a\nb`, "-o", "ab");
  assertEquals(await texts(root), { ab: "a\nb" });
});

served("get of a folder that is not there says so, once a file", async ({ root, here, client }) => {
  await write(root, "a");
  const { status, error } = await client(["get", "-q", "a", "-O", `${here}/no`]);
  assertEquals(
    [status, error],
    [EXIT.local, `Cannot write into "${here}/no": there is no such directory\n`],
  );
});

served("the older form of get and put is answered with the one that is meant", async (stage) => {
  const { root, here, client } = stage;
  await write(root, "a");
  await write(here, "c");
  const got = await client(["get", "-q", "a", "-O", here, "b c"]);
  assertEquals(got.status, EXIT.refused);
  assertMatch(
    got.error,
    /\nIf that was to be its name here: get a -o 'b c'\n1 of 2 failed\n$/,
  );
  const both = await client(["get", "-q", "a", "-O", here, "*.b"]);
  assertMatch(both.error, /^Cannot retrieve "\*\.b": [^\n]+\n1 of 2 failed\n$/);
  const sent = await client(["put", "-q", `${here}/c`, `${here}/d`]);
  assertEquals(sent.status, EXIT.local);
  assertStringIncludes(
    sent.error,
    `If that was to be its name on the server: put ${here}/c -o ${here}/d\n`,
  );
  assertEquals(await names(root), ["a", "c"]);
});

served("get -n and put -n overwrite nothing", async ({ root, here, client }) => {
  await write(root, "a", "b");
  await Deno.writeTextFile(`${here}/a`, "older");
  const got = await client(["get", "-qn", "a", "b", "-O", here]);
  assertEquals(got, {
    status: EXIT.local,
    output: "",
    error: `Cannot write "${here}/a": it is there already, and --no-clobber is given\n` +
      "1 of 2 failed\n",
  });
  assertEquals(await texts(here), { a: "older", b: "b" });
  await Deno.symlink("nowhere", `${here}/link`);
  assertEquals((await client(["get", "-qn", "a", "-o", `${here}/link`])).status, EXIT.local);
  await Deno.writeTextFile(`${here}/c`, "new");
  const sent = await client(["put", "-qn", `${here}/a`, `${here}/c`]);
  assertEquals(sent.status, EXIT.local);
  assertStringIncludes(
    sent.error,
    'Cannot put "a": it is there already, and --no-clobber is given\n',
  );
  assertEquals(await texts(root), { a: "a", b: "b", c: "new" });
});

scripted("put -n overwrites nothing where the server cannot say for now", {
  answers: { FEAT: "211-Features\r\n MLST type*;\r\n211 End", MLST: "450 Busy" },
}, async ({ here, client }) => {
  await write(here, "a");
  const { status, error } = await client(["put", "-qn", `${here}/a`]);
  assertEquals([status, error], [EXIT.retry, 'Cannot find "a": 450 Busy\n']);
});

scripted("a connection that ends in the middle says what was not tried", {
  answers: { DELE: (name, session) => name === "b" ? session.close() : session.say("250 Done") },
}, async ({ client }) => {
  const { status, error } = await client(["rm", "a", "b", "c", "d"]);
  assertEquals(status, EXIT.retry);
  assertMatch(error, /\n1 failed, 2 not tried, of 4\n$/);
});

served("mv moves into a folder, with a slash behind it or without", async (stage) => {
  const { root, client } = stage;
  await write(root, "a", "b", "c", "d");
  await Deno.mkdir(`${root}/dir`);
  await quietly(stage, "mv", "a", "dir/");
  await quietly(stage, "mv", "b", "dir");
  await quietly(stage, "mv", "c", "d", "dir");
  assertEquals(await names(root), ["dir"]);
  assertEquals(await texts(`${root}/dir`), { a: "a", b: "b", c: "c", d: "d" });
  await quietly(stage, "mv", "dir/a", "e");
  const { status, error } = await client(["mv", "-n", "dir/b", "e"]);
  assertEquals([status, error], [
    EXIT.local,
    'Cannot move "dir/b" to "e": it is there already, and --no-clobber is given\n',
  ]);
  assertEquals((await client(["mv", "e", "dir/b", "no"])).status, EXIT.refused);
});

served("rm -f takes what is missing for removed, and nothing else", async ({ root, client }) => {
  const run = async (...args: string[]) => (await client(["rm", ...args])).error;
  await Deno.mkdir(`${root}/dir/in`, { recursive: true });
  await Deno.writeTextFile(`${root}/a`, "");
  assertEquals(await run("-f", "no", "no/more", "*.no", "a"), "");
  assertEquals(await names(root), ["dir"]);
  assertMatch(await run("-f", "no", "dir"), /^Cannot remove "dir": 550 .+\n1 of 2 failed\n$/);
  assertMatch(await run("no"), /^Cannot remove "no": 550 .+\n$/);
  assertEquals(await run("-rf", "no", "dir"), "");
  assertEquals(await names(root), []);
});

scripted("rm -f tells of what the server says nothing of", {
  answers: {
    FEAT: "211-Features\r\n MLST type*;\r\n211 End",
    DELE: (name, session) => session.say(name === "busy" ? "450 Busy" : "550 No"),
    MLST: "450 Not now",
  },
}, async ({ client }) => {
  const { status, error } = await client(["rm", "-f", "a", "busy"]);
  const text = 'Cannot remove "a": 550 No\nCannot remove "busy": 450 Busy\n2 of 2 failed\n';
  assertEquals([status, error], [EXIT.refused, text]);
});

scripted("chmod and quote send what they are told, and tell what is refused", {
  answers: {
    SITE: (text, session) =>
      session.say(text.endsWith("no") ? "550 No such file" : "200-First\r\n Second\r\n200 Done"),
  },
}, async ({ client }) => {
  assertEquals((await client(["chmod", "644", "a b"])).status, EXIT.ok);
  const { status, error } = await client(["chmod", "0600", "no", "yes"]);
  assertEquals([status, error], [
    EXIT.refused,
    'Cannot change the mode of "no": 550 No such file\n1 of 2 failed\n',
  ]);
  const shown = await client(["quote", "SITE", "HELP"]);
  assertEquals([shown.status, shown.error], [EXIT.ok, ""]);
  assertMatch(shown.output, /^200 First\n *Second\nDone\n$/);
  const refused = await client(["quote", "SITE no"]);
  assertEquals([refused.status, refused.error], [
    EXIT.refused,
    'Cannot do "SITE no": 550 No such file\n',
  ]);
});

served("URLs name the server, the user and the file", async ({ port, root, here }) => {
  await write(root, "a b", "c");
  await Deno.mkdir(`${root}/dir`);
  const run = async (...args: string[]) => {
    const console = new FakeConsole();
    return [await main(args, console), console.outputText, console.errorText];
  };
  const url = `ftp://127.0.0.1:${port}`;
  assertEquals(await run("get", "-q", `${url}/a%20b`, `${url}//c`, "-O", here), [EXIT.ok, "", ""]);
  assertEquals(await texts(here), { "a b": "a b", c: "c" });
  assertEquals(await run("put", "-q", `${here}/c`, `${here}/a b`, `${url}/dir/`), [
    EXIT.ok,
    "",
    "",
  ]);
  assertEquals(await run("put", "-q", `${here}/c`, `${url}/dir/d`), [EXIT.ok, "", ""]);
  assertEquals(await run("ls", url), [EXIT.ok, "a b\nc\ndir\n", ""]);
  assertEquals(await run("ls", `ftp://anonymous@127.0.0.1:${port}/dir/`), [
    EXIT.ok,
    "a b\nc\nd\n",
    "",
  ]);
  assertEquals(await run("mv", `${url}/c`, `${url}/dir/`), [EXIT.ok, "", ""]);
  assertEquals(await run("rm", `${url}/dir/c`, `${url}/dir/d`), [EXIT.ok, "", ""]);
  assertEquals(await run("cat", `${url}/a%20b`), [EXIT.ok, "a b", ""]);
});

Deno.test("no password is repeated of what is no URL, and may be meant as one", async () => {
  const url = "ftp://me:se/cret@h/";
  const lines = [[url], ["me:se/cret@h"], ["ls", url], ["--json", "ls", url], [
    "--trace",
    "ls",
    url,
  ]];
  for (const args of [...lines, ["get", "ftp://h/a", url], ["get", "ftp://h/a", "me:se/cret@h"]]) {
    const console = new FakeConsole();
    assertEquals(await main(args, console), EXIT.usage);
    assertMatch(console.errorText, /me:\.\.\.@h/);
    assertEquals((console.errorText + console.outputText).includes("cret"), false, args.join(" "));
  }
});

served("get a b by mini", async ({ root, here, client }) => {
  await Deno.writeFile(`${root}/a`, octets(1000));
  await write(root, "b");
  const mini = ["--protocol", "mini", "-q"];
  assertEquals((await client([...mini, "get", "a", "b", "-O", here])).status, EXIT.ok);
  assertEquals(await Deno.readFile(`${here}/a`), octets(1000));
  await write(here, "c", "d");
  assertEquals((await client([...mini, "put", `${here}/c`, `${here}/d`])).status, EXIT.ok);
  assertEquals(await names(root), ["a", "b", "c", "d"]);
  const missing = await client([...mini, "get", "no", "b", "-O", here]);
  assertEquals(missing.status, EXIT.refused);
  assertStringIncludes(missing.error, "1 of 2 failed\n");
  assertEquals(await names(here), ["a", "b", "c", "d"]);
  await write(root, "e", "f");
  await Deno.symlink("e", `${here}/f`);
  const one = await client([...mini, "get", "e", "f", "-O", here]);
  assertEquals([one.status, one.error], [
    EXIT.local,
    `Cannot write "${here}/f": to this system it is the same as "${here}/e"\n1 of 2 failed\n`,
  ]);
  assertEquals(await Deno.readTextFile(`${here}/e`), "e");
}, "mini");
