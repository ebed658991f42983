/**
 * get --continue and what it goes on from: a part knows what it is part of, and nothing is mixed.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { connect, downloadFile } from "../../client/mod.ts";
import { EXIT } from "../../client/cli/mod.ts";
import { whyOther } from "../../client/local/origin.ts";
import type { Habits } from "./memory_files.ts";
import { type MemoryStage, names, octets, remembered, scripted, served } from "./stage.ts";

/** When the files of these tests were changed. */
const THEN = new Date("2026-01-02T03:04:05Z");

const OLD = octets(300_000);

/** What comes before the octets that are missing is compared. */
const REST = "REST 83616";

/** Another file of this many octets. */
const other = (length: number) => octets(length).map((octet) => octet ^ 0xff);

/** After how many octets the server breaks a download off, if it does. */
let cut: number | undefined;
const CUTS: Habits = { cutsAfter: () => cut };

/** A test that begins when a download of /a, OLD of THEN, broke off after `after` octets. */
function broken(
  name: string,
  body: (stage: MemoryStage) => Promise<void>,
  after = 100_000,
): void {
  remembered(name, CUTS, async (stage) => {
    const { here, client, memory } = stage;
    memory.put("/a", OLD, THEN);
    cut = after;
    const { status, error } = await client(["get", "--retries", "0", "/a", "-o", `${here}/a`]);
    cut = undefined;
    assertEquals(status, EXIT.retry, error);
    assertStringIncludes(error, `"${here}/a.part", get --continue goes on from there\n`);
    assertEquals(await names(here), [".a.part.json", "a.part"]);
    await body(stage);
  });
}

/** get -c is refused with `reason`, and then --force makes `content` of it. */
async function refusedThenForced(
  { here, client }: MemoryStage,
  reason: string,
  content: Uint8Array,
): Promise<void> {
  const before = await Deno.readFile(`${here}/a.part`);
  const refused = await client(["get", "-c", "/a", "-o", `${here}/a`]);
  assertEquals(
    [refused.status, refused.error],
    [EXIT.local, `Cannot continue "${here}/a.part": ${reason}; --force begins again\n`],
  );
  assertEquals(await Deno.readFile(`${here}/a.part`), before);
  const forced = await client(["get", "-c", "--force", "/a", "-o", `${here}/a`]);
  assertEquals(forced.status, EXIT.ok, forced.error);
  assertEquals(await Deno.readFile(`${here}/a`), content);
  assertEquals(await names(here), ["a"]);
}

broken("get -c goes on behind its part of the same file", async ({ here, client, server }) => {
  const { status, error } = await client(["get", "-c", "/a", "-o", `${here}/a`]);
  assertEquals(status, EXIT.ok, error);
  assert(server.commands.includes(REST), "what is there is not fetched again");
  assertEquals(await Deno.readFile(`${here}/a`), OLD);
  assertEquals(await names(here), ["a"]);
});

broken("get -c refuses a part of a file that has become longer", async (stage) => {
  stage.memory.put("/a", other(400_000), THEN);
  const reason = "the file on the server had 300000 octets then and has 400000 octets now";
  await refusedThenForced(stage, reason, other(400_000));
});

broken("get -c refuses a part of a file that was replaced by one of its size", async (stage) => {
  stage.memory.put("/a", other(300_000), new Date(THEN.getTime() + 1000));
  await refusedThenForced(stage, "the file on the server was changed since", other(300_000));
});

broken("get -c refuses a part when only its content has changed", async (stage) => {
  stage.memory.put("/a", other(300_000), THEN);
  await refusedThenForced(stage, "its end differs from the file on the server", other(300_000));
});

broken("get -c refuses a copy when only its content has changed", async (stage) => {
  const { memory, here, client } = stage;
  assertEquals((await client(["get", "/a", "-o", `${here}/a`])).status, EXIT.ok);
  memory.put("/a", other(300_000), THEN);
  const { status, error } = await client(["get", "-c", "/a", "-o", `${here}/a`]);
  assertEquals(status, EXIT.local);
  assertStringIncludes(error, "its end differs from the file on the server; --force begins again");
  assertEquals((await client(["get", "-c", "--force", "/a", "-o", `${here}/a`])).status, EXIT.ok);
  assertEquals(await Deno.readFile(`${here}/a`), other(300_000));
});

broken("get -c refuses a part of another file", async (stage) => {
  const { memory, here, client } = stage;
  memory.put("/b/a", other(300_000), THEN);
  const { status, error } = await client(["get", "-c", "/b/a", "-o", `${here}/a`]);
  assertEquals(status, EXIT.local);
  assertStringIncludes(error, 'it is part of "/a" of 127.0.0.1; --force begins again\n');
});

broken("get -c knows its part by a relative name, too", async (stage) => {
  const { memory, here, client, server } = stage;
  memory.put("a", OLD, THEN);
  const { status, error } = await client(["get", "-c", "a", "-o", `${here}/a`]);
  assertEquals(status, EXIT.ok, error);
  assert(server.commands.includes(REST));
  assertEquals(await Deno.readFile(`${here}/a`), OLD);
});

for (
  const [what, spoil] of [
    ["is gone", (path: string) => Deno.remove(path)],
    ["is cut", (path: string) => Deno.truncate(path, 10)],
    ["is empty", (path: string) => Deno.truncate(path, 0)],
    ["holds null", (path: string) => Deno.writeTextFile(path, "null")],
    ["holds other things", (path: string) => Deno.writeTextFile(path, '{"host":1,"path":[]}')],
    ["is a directory", async (path: string) => {
      await Deno.remove(path);
      await Deno.mkdir(path);
    }],
  ] as const
) {
  broken(`get -c refuses a part when what it is part of ${what}`, async (stage) => {
    await spoil(`${stage.here}/.a.part.json`);
    await refusedThenForced(stage, "nothing tells what it is part of", OLD);
  });
}

broken("get without -c begins again, whatever the part was part of", async (stage) => {
  const { memory, here, client, server } = stage;
  memory.put("/a", other(200_000), THEN);
  const { status, error } = await client(["get", "/a", "-o", `${here}/a`]);
  assertEquals(status, EXIT.ok, error);
  assert(!server.verbs.includes("REST"));
  assertEquals(await Deno.readFile(`${here}/a`), other(200_000));
  assertEquals(await names(here), ["a"]);
});

broken("get -c writes no file that the name of the part's origin leads to", async (stage) => {
  const { here, client } = stage;
  await Deno.writeTextFile(`${here}/victim`, "victim");
  await Deno.remove(`${here}/.a.part.json`);
  await Deno.symlink("victim", `${here}/.a.part.json`);
  const { status, error } = await client(["get", "-c", "--force", "/a", "-o", `${here}/a`]);
  assertEquals(status, EXIT.ok, error);
  assertEquals(await Deno.readTextFile(`${here}/victim`), "victim");
  assertEquals(await names(here), ["a", "victim"]);
});

remembered(
  "get -c of a small file is right whatever origin an older run left",
  CUTS,
  async ({ here, client, memory, server }) => {
    const old = octets(4_000);
    const { host } = server.address;
    const origin = { host, path: "/a", size: old.length, modified: THEN };
    await Deno.writeTextFile(`${here}/.a.part.json`, JSON.stringify(origin));
    // Nothing removes the origin: there is no part, and this one comes in one piece.
    memory.put("/a", other(5_000), THEN);
    assertEquals((await client(["get", "/a", "-o", `${here}/a`])).status, EXIT.ok);
    assertEquals(await Deno.readFile(`${here}/a`), other(5_000));
    // As if the machine had stopped in the middle of that piece.
    await Deno.rename(`${here}/a`, `${here}/a.part`);
    await Deno.truncate(`${here}/a.part`, 1_000);
    memory.put("/a", old, THEN);
    const { error } = await client(["get", "-c", "/a", "-o", `${here}/a`]);
    assertStringIncludes(error, "its end differs from the file on the server");
    const forced = await client(["get", "-c", "--force", "/a", "-o", `${here}/a`]);
    assertEquals(forced.status, EXIT.ok);
    assertEquals(await Deno.readFile(`${here}/a`), old);
    assertEquals(await names(here), ["a"]);
    // What breaks off is told of by an origin of its own.
    await Deno.writeTextFile(`${here}/.a.part.json`, JSON.stringify({ ...origin, path: "/b" }));
    cut = 1_000;
    await client(["get", "--retries", "0", "/a", "-o", `${here}/a`]);
    cut = undefined;
    assertEquals(JSON.parse(await Deno.readTextFile(`${here}/.a.part.json`)).path, "/a");
  },
);

served("get keeps the time of the file, and get -c knows the copy by it", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "12345");
  await Deno.utime(`${root}/a`, THEN, THEN);
  assertEquals((await client(["get", "a", "-o", `${here}/a`])).status, EXIT.ok);
  assertEquals((await Deno.stat(`${here}/a`)).mtime, THEN);
  assertEquals(await client(["get", "-c", "a", "-o", `${here}/a`]), {
    status: EXIT.ok,
    output: "",
    error: "a: already complete\n",
  });
});

served("get -c knows a copy whose time is what FAT keeps, or seconds are", async (stage) => {
  const { root, here, client } = stage;
  const told = new Date("2026-01-02T03:04:05.678Z");
  for (const file of [`${root}/a`, `${here}/a`]) await Deno.writeTextFile(file, "12345");
  for (
    const [kept, isCopy] of [
      ["2026-01-02T03:04:05Z", true],
      ["2026-01-02T03:04:04Z", true],
      ["2026-01-02T03:04:03Z", false],
      ["2026-01-02T03:04:06Z", false],
    ] as const
  ) {
    await Deno.utime(`${root}/a`, told, told);
    await Deno.utime(`${here}/a`, new Date(kept), new Date(kept));
    const { status } = await client(["get", "-c", "a", "-o", `${here}/a`]);
    assertEquals(status === EXIT.ok, isCopy, kept);
  }
});

for (const year of ["0001", "1850", "9999"]) {
  remembered(
    `get of a file of the year ${year} is complete, whatever its time becomes`,
    {},
    async ({ here, client, memory }) => {
      memory.put("/a", "12345", new Date(`${year}-01-01T00:00:00Z`));
      const { status, error } = await client(["get", "/a", "-o", `${here}/a`]);
      assertEquals(status, EXIT.ok, error);
      assertEquals(await names(here), ["a"]);
    },
  );
}

served("get -c takes no LOCAL for a part that this client did not leave", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "12345");
  await Deno.utime(`${root}/a`, THEN, THEN);
  const sameSecond = new Date(THEN.getTime() + 1);
  for (const strange of ["1", "abcde", "longer than it"]) {
    await Deno.writeTextFile(`${here}/a`, strange);
    await Deno.utime(`${here}/a`, sameSecond, sameSecond);
    const refused = await client(["get", "-c", "a", "-o", `${here}/a`]);
    const reason = "it is neither the file on the server nor a part of it";
    assertEquals(
      [refused.status, refused.error],
      [EXIT.local, `Cannot continue "${here}/a": ${reason}; --force begins again\n`],
    );
    assertEquals(await Deno.readTextFile(`${here}/a`), strange);
    assertEquals(await names(here), ["a"]);
    assertEquals((await client(["get", "-c", "--force", "a", "-o", `${here}/a`])).status, EXIT.ok);
    assertEquals(await Deno.readTextFile(`${here}/a`), "12345");
  }
});

served("get -c begins again over an older LOCAL when its part is empty still", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "12345");
  await Deno.writeTextFile(`${here}/a`, "older");
  await Deno.writeTextFile(`${here}/a.part`, "");
  assertEquals((await client(["get", "-c", "a", "-o", `${here}/a`])).status, EXIT.ok);
  assertEquals(await Deno.readTextFile(`${here}/a`), "12345");
  assertEquals(await names(here), ["a"]);
});

served("get and put take names of 1 to 255 octets", async ({ root, here, client }) => {
  for (const length of [1, 240, 249, 250, 251, 254, 255]) {
    // The last character has three octets, and a cut must not halve it.
    const name = length < 4 ? "n".repeat(length) : "n".repeat(length - 3) + "€";
    await Deno.writeTextFile(`${here}/${name}`, "content");
    const put = await client(["put", `${here}/${name}`]);
    assertEquals(put.status, EXIT.ok, put.error);
    assertEquals(await names(root), [name]);
    await Deno.remove(`${here}/${name}`);
    const got = await client(["get", name, "-o", `${here}/${name}`]);
    assertEquals(got.status, EXIT.ok, got.error);
    assertEquals(await names(here), [name]);
    await Deno.remove(`${here}/${name}`);
    await Deno.remove(`${root}/${name}`);
  }
});

remembered(
  "two parts of names that differ in their last octets alone are two",
  CUTS,
  async ({ here, client, memory }) => {
    const [first, second] = ["n".repeat(254) + "1", "n".repeat(254) + "2"];
    memory.put(`/${first}`, OLD, THEN);
    memory.put(`/${second}`, other(300_000), THEN);
    cut = 50_000;
    for (const flags of [["--retries", "0"], ["-c"]]) {
      for (const name of [first, second]) {
        const { status, error } = await client(
          ["get", ...flags, `/${name}`, "-o", `${here}/${name}`],
        );
        assertEquals(status, cut === undefined ? EXIT.ok : EXIT.retry, error);
      }
      cut = undefined;
    }
    assertEquals(await Deno.readFile(`${here}/${first}`), OLD);
    assertEquals(await Deno.readFile(`${here}/${second}`), other(300_000));
    assertEquals(await names(here), [first, second]);
  },
);

Deno.test("a part is not said to be of a file that was changed where no time is told now", () => {
  const was = { host: "h", path: "/a", size: 3, modified: THEN };
  const now = { ...was, modified: undefined };
  assertEquals(whyOther(was, now), "the server told the time of the file then, and does not now");
});

scripted("get -c refuses where the server tells neither size nor time", {
  answers: {
    RETR: async (_, session) => {
      await session.send("some");
      await session.say("451 Disk error");
    },
  },
}, async ({ here, client }) => {
  const { status, error } = await client(["get", "--retries", "0", "a", "-o", `${here}/a`]);
  assertEquals([status, error.includes("--continue")], [EXIT.retry, false], error);
  assertMatch(error, /^Kept 4 B in ".*\/a\.part"\nCannot retrieve/);
  const again = await client(["get", "-c", "a", "-o", `${here}/a`]);
  assertEquals(again.status, EXIT.local);
  assertStringIncludes(again.error, "the server tells neither size nor time of the file");
});

remembered(
  "get -c is not complete where less comes than is compared, and no size tells it",
  { ...CUTS, lacks: ["SIZE"] },
  async ({ here, client, memory }) => {
    memory.put("/a", OLD, THEN);
    cut = 100_000;
    await client(["get", "--retries", "0", "/a", "-o", `${here}/a`]);
    memory.put("/a", new Uint8Array(0), THEN);
    cut = undefined;
    const short = await client(["get", "-c", "--retries", "0", "/a", "-o", `${here}/a`]);
    assertEquals(short.status, EXIT.retry, short.error);
    const reason = "0 of the 16384 octets came with which it ends";
    assertStringIncludes(short.error, `Cannot continue "${here}/a.part": ${reason}\n`);
    assertEquals(await names(here), [".a.part.json", "a.part"]);
  },
);

remembered("downloadFile asks for size and time once each", {}, async (stage) => {
  const { here, memory, server } = stage;
  memory.put("/a", "12345", THEN);
  await using client = await connect(server.address);
  const before = server.commands.length;
  await downloadFile(client, "/a", `${here}/a`);
  assertEquals(server.verbs.slice(before), ["TYPE", "SIZE", "MDTM", "EPSV", "RETR"]);
});

remembered(
  "downloadFile asks nothing that the caller knows, nor for its folder",
  {},
  async ({ here, memory, server }) => {
    memory.put("/a", "12345", THEN);
    await using client = await connect(server.address);
    const known = { size: 5, modified: THEN };
    await downloadFile(client, "/a", `${here}/a`, { known, keepTime: true });
    assertEquals((await Deno.stat(`${here}/a`)).mtime, THEN);
    const asked = server.verbs.filter((verb) => ["MDTM", "PWD"].includes(verb));
    assertEquals(asked, []);
  },
);
