/**
 * The command line's ls, with the flags that people know.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { scripted, served, type Stage } from "./stage.ts";

/** A folder with sizes and times that differ. */
async function fill(root: string): Promise<void> {
  const files = [["a", 3, 2003], ["b", 5000, 2001], ["c", 1, 2002], [".hidden", 1, 2000]] as const;
  for (const [name, size, year] of files) {
    await Deno.writeFile(`${root}/${name}`, new Uint8Array(size));
    const time = new Date(Date.UTC(year, 0, 1));
    await Deno.utime(`${root}/${name}`, time, time);
  }
}

async function listed({ client }: Stage, ...args: string[]): Promise<string> {
  const { status, output, error } = await client(["ls", ...args]);
  assertEquals([status, error], [EXIT.ok, ""]);
  return output;
}

served("ls sorts by name, time or size, and the other way round", async (stage) => {
  await fill(stage.root);
  assertEquals(await listed(stage), "a\nb\nc\n");
  assertEquals(await listed(stage, "-r"), "c\nb\na\n");
  assertEquals(await listed(stage, "-t"), "a\nc\nb\n");
  assertEquals(await listed(stage, "-tr"), "b\nc\na\n");
  assertEquals(await listed(stage, "-S"), "b\na\nc\n");
  assertEquals(await listed(stage, "-rS"), "c\na\nb\n");
});

served("ls leaves out names with a dot, unless -a or the name itself is given", async (stage) => {
  await fill(stage.root);
  assertEquals(await listed(stage, "-a"), ".hidden\na\nb\nc\n");
  assertEquals(await listed(stage, ".hidden"), ".hidden\n");
});

served("ls -lh has sizes for people, -1 a name a line on a terminal", async (stage) => {
  await fill(stage.root);
  const lines = (await listed(stage, "-lh")).split("\n");
  assertMatch(lines[0]!, / 3 B {2}2003-01-01 00:00 {2}a$/);
  assertMatch(lines[1]!, / 4\.9 KiB {2}2001-01-01 00:00 {2}b$/);
  const shown = await stage.client(["ls", "-1"], { outTerminal: true });
  assertEquals(shown.output, "a\nb\nc\n");
  assertEquals((await stage.client(["ls"], { outTerminal: true })).output, "a  b  c\n");
});

served("ls of several, -R and -d", async (stage) => {
  const { root, client } = stage;
  await Deno.mkdir(`${root}/d/e/f`, { recursive: true });
  await Deno.mkdir(`${root}/d/.g`);
  await Deno.mkdir(`${root}/h`);
  for (const name of ["x", "d/y", "d/e/z", "d/e/f/w"]) {
    await Deno.writeTextFile(`${root}/${name}`, "");
  }
  assertEquals(await listed(stage, "x", "h", "d"), "x\n\nh:\n\nd:\ne\ny\n");
  assertEquals(
    await listed(stage, "-R"),
    ".:\nd\nh\nx\n\nd:\ne\ny\n\nd/e:\nf\nz\n\nd/e/f:\nw\n\nh:\n",
  );
  assertEquals(await listed(stage, "-d"), ".\n");
  assertMatch(await listed(stage, "-ld", "d", "x"), /^d.* d\n-.* x\n$/);
  const { status, output, error } = await client(["ls", "h", "no", "x"]);
  assertEquals([status, output], [EXIT.refused, "h:\n\nx\n"]);
  assertMatch(error, /^Cannot list "no": 550 .+\n1 of 3 failed\n$/);
});

served("ls takes patterns: what is no directory comes first, in one table", async (stage) => {
  const { root, client } = stage;
  await fill(root);
  await Deno.mkdir(`${root}/bd/deep`, { recursive: true });
  await Deno.writeFile(`${root}/bd/a2`, new Uint8Array(7));
  await Deno.writeTextFile(`${root}/[x]`, "");
  assertEquals(await listed(stage, "[a-b]"), "a\nb\n");
  assertEquals(await listed(stage, "-S", "?"), "b\na\nc\n");
  assertEquals(await listed(stage, "b*"), "b\n\nbd:\na2\ndeep\n");
  assertEquals(await listed(stage, "b*/"), "a2\ndeep\n");
  assertEquals(await listed(stage, "-d", "b*"), "b\nbd\n");
  assertEquals(await listed(stage, "{a,bd/a*,c}", "c"), "bd/a2\na\nc\n");
  assertEquals(await listed(stage, "[x]"), "[x]\n");
  assertEquals(await listed(stage, "-R", "bd*"), "bd:\na2\ndeep\n\nbd/deep:\n");
  assertMatch(await listed(stage, "-l", "*/a?"), / 7 .* bd\/a2\n$/);
  assertEquals((await client(["ls", "[ab]"], { outTerminal: true })).output, "a  b\n");
  const events = (await listed(stage, "--json", "-l", "b*/a?")).trim().split("\n");
  assertEquals(JSON.parse(events[0]!).name, "bd/a2");
  const { status, error } = await client(["ls", "*.no"]);
  assertEquals(status, EXIT.refused);
  assertMatch(error, /^Cannot list "\*\.no": 550 /);
});

scripted("ls of a pattern takes a busy server for no answer", {
  answers: {
    FEAT: "211-Features\r\n MLST type*;\r\n211 End",
    MLST: "550 No",
    MLSD: (_, session) => {
      session.closeData();
      return session.say("450 Busy");
    },
  },
}, async ({ client }) => {
  const { status, error } = await client(["ls", "*.avi"]);
  assertEquals([status, error], [EXIT.retry, "Cannot list the directory: 450 Busy\n"]);
});

scripted("ls -R ends in a tree that has no end", {
  answers: {
    FEAT: "211-Features\r\n MLST type*;\r\n211 End",
    MLSD: async (_, session) => {
      await session.send("type=dir; d\r\n");
      await session.say("226 Done");
    },
  },
}, async ({ client }) => {
  const { status, output, error } = await client(["ls", "-R"]);
  assertEquals(status, EXIT.ok);
  assertEquals(output.split("\n\n").length, 129);
  assertStringIncludes(error, " and more is left out: too deep\n");
});

scripted("ls says how many lines of a listing it did not understand, and goes on", {
  answers: {
    FEAT: "211-Features\r\n MLST type*;\r\n211 End",
    MLSD: async (path, session) => {
      await session.send(path === "" ? "type=dir; d\r\nnonsense\r\nmore of it\r\n" : "none\r\n");
      await session.say("226 Done");
    },
  },
}, async ({ client }) => {
  const here = "Cannot see all of the directory: 2 lines of its listing were not understood\n";
  const below = 'Cannot see all of "d": a line of its listing was not understood\n';
  for (const flags of [[], ["-l"], ["-U"], ["-q"]]) {
    const { status, output, error } = await client(["ls", ...flags]);
    assertEquals([status, error], [EXIT.ok, here], flags.join(" "));
    assertMatch(output, /d\n$/);
  }
  const { status, output, error } = await client(["ls", "-R"]);
  assertEquals([status, output, error], [EXIT.ok, ".:\nd\n\nd:\n", here + below]);
});
