/**
 * What get finds here already: the file that it replaces, the same file under another name, what
 * somebody else has left there or makes meanwhile.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { ConnectionError, LocalError, PartFile } from "../../client/mod.ts";
import { takeFreeName } from "../../client/local/files.ts";
import { missing, testWith } from "../permission.ts";
import { make, served as mirrored } from "./mirror/mirror_stage.ts";
import type { Answer } from "./scripted_server.ts";
import { names, octets, remembered, run, scripted, served, withFolders } from "./stage.ts";

const THEN = new Date("2026-01-02T03:04:05Z");

/** Longer than what comes in one piece. */
const LONG = octets(300_000);

// Permissions.

const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

/** The file that the server sends "new" for, and what is done before that comes. */
let [local, before] = ["", () => {}];

const RETR: Answer = async (_, session) => {
  const data = await session.data();
  await session.say("150 Opening");
  before();
  await data.write(new TextEncoder().encode("new"));
  session.closeData();
  await session.say("226 Done");
};

for (const mode of [0o600, 0o755, 0o777, 0o444]) {
  const text = mode.toString(8);
  scripted(`get over a file of mode ${text} leaves it, and nobody else reads the part`, {
    answers: { RETR },
  }, async ({ here, client }) => {
    local = `${here}/a`;
    for (const left of ["nothing", "a part of mode 666"]) {
      await Deno.writeTextFile(local, "old");
      await Deno.chmod(local, mode);
      if (left !== "nothing") {
        await Deno.writeTextFile(`${local}.part`, "half");
        await Deno.chmod(`${local}.part`, 0o666);
      }
      let isOpen: boolean | undefined;
      before = () => isOpen = (modeOf(`${local}.part`) & 0o077 & ~mode) > 0;
      const { status, error } = await client(["get", "a", "-o", local]);
      assertEquals([status, isOpen, modeOf(local)], [EXIT.ok, false, mode], error);
      assertEquals(await Deno.readTextFile(local), "new");
      await Deno.remove(local);
    }
  });
}

// What somebody else has left, or makes meanwhile.

served("get leaves somebody else's NAME.part alone", async ({ root, here, client }) => {
  await Deno.writeTextFile(`${root}/a`, "theirs");
  await Deno.writeFile(`${here}/a.part`, LONG);
  for (const flags of [[], ["-c"], ["--force", "-c"]]) {
    const { status, error } = await client(["get", ...flags, "a", "-o", `${here}/a`]);
    assertEquals([status, error], [
      EXIT.local,
      `Cannot write "${here}/a": "${here}/a.part" is no part of this client's; move it away\n`,
    ]);
    assertEquals(await names(here), ["a.part"]);
    assertEquals(await Deno.readFile(`${here}/a.part`), LONG);
  }
});

for (const [what, link] of [["hard", Deno.link], ["symbolic", Deno.symlink]] as const) {
  served(`get leaves a NAME.part that is a ${what} link to a file alone`, async (stage) => {
    const { root, here, client } = stage;
    await Deno.writeTextFile(`${root}/a`, "theirs");
    await Deno.writeFile(`${here}/b`, LONG);
    await link(`${here}/b`, `${here}/a.part`);
    for (const flags of [[], ["-c"], ["--force", "-c"]]) {
      const { status, error } = await client(["get", ...flags, "a", "-o", `${here}/a`]);
      assertEquals([status, error], [
        EXIT.local,
        `Cannot write "${here}/a": "${here}/a.part" is no part of this client's; move it away\n`,
      ]);
      assertEquals(await names(here), ["a.part", "b"]);
      assertEquals(await Deno.readFile(`${here}/a.part`), LONG);
    }
  });
}

served("get over a file leaves the mode of somebody else's NAME.part", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "theirs");
  await Deno.writeTextFile(`${here}/a`, "old");
  await Deno.chmod(`${here}/a`, 0o600);
  await Deno.writeFile(`${here}/a.part`, LONG);
  await Deno.chmod(`${here}/a.part`, 0o644);
  const { status } = await client(["get", "a", "-o", `${here}/a`]);
  assertEquals([status, modeOf(`${here}/a.part`)], [EXIT.local, 0o644]);
});

mirrored("mirror leaves somebody else's NAME.part alone", async ({ root, here, mirror }) => {
  await make(root, { "a": "theirs", "b": "theirs" });
  await Deno.writeFile(`${here}/a.part`, LONG);
  const { failures, summary } = await mirror({});
  assertEquals([failures.length, summary.copied], [1, 1]);
  assertStringIncludes(failures[0]!, "is no part of this client's");
  assertEquals(await names(here), ["a.part", "b"]);
  assertEquals(await Deno.readFile(`${here}/a.part`), LONG);
});

testWith(
  ["net", "read", "write"],
  "get by mini that breaks off says of its part that it is one",
  () =>
    withFolders(async (_, here) => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const serving = (async () => {
        using conn = await listener.accept();
        const hear = () => conn.read(new Uint8Array(64));
        await hear();
        await conn.write(new TextEncoder().encode("YES|2000"));
        await hear();
        await conn.write(octets(1_024));
        await hear();
      })();
      const args = ["--protocol", "mini", "get", "a", "-o", `${here}/a`];
      const { status, error } = await run(listener.addr.port, args);
      await serving;
      assertEquals([status, error.includes("--continue")], [EXIT.retry, false], error);
      assertEquals(await names(here), [".a.part.json", "a.part"]);
    }),
);

scripted("get -n overwrites nothing that is made meanwhile", {
  answers: { RETR },
}, async ({ here, client }) => {
  local = `${here}/a`;
  before = () => Deno.writeTextFileSync(local, "mine");
  const { status, error } = await client(["get", "-n", "a", "-o", local]);
  assertEquals([status, error], [
    EXIT.local,
    `Cannot write "${local}": it is there by now; what came is in "${local}.part"\n`,
  ]);
  assertEquals(await Deno.readTextFile(local), "mine");
  assertEquals(await Deno.readTextFile(`${local}.part`), "new");
  before = () => {};
  const free = await client(["get", "-n", "a", "-o", `${here}/b`]);
  assertEquals(free.status, EXIT.ok, free.error);
  assertEquals(await names(here), [".a.part.json", "a", "a.part", "b"]);
  assertEquals((await Deno.stat(`${here}/b`)).nlink, 1);
});

testWith(
  ["read", "write"],
  "takeFreeName does without links where there are none",
  () =>
    withFolders(async (_, here) => {
      const { linkSync } = Deno;
      Deno.linkSync = () => {
        throw new Deno.errors.PermissionDenied("Operation not permitted (os error 1)");
      };
      try {
        await Deno.writeTextFile(`${here}/part`, "new");
        await Deno.writeTextFile(`${here}/taken`, "mine");
        assertThrows(() => takeFreeName(`${here}/part`, `${here}/taken`), LocalError, "by now");
        takeFreeName(`${here}/part`, `${here}/free`);
        assertEquals(await names(here), ["free", "taken"]);
        assertEquals(await Deno.readTextFile(`${here}/taken`), "mine");
      } finally {
        Deno.linkSync = linkSync;
      }
    }),
);

served("get writes nothing into a part that somebody else has open", async (stage) => {
  const { root, here, client } = stage;
  await Deno.writeTextFile(`${root}/a`, "secret");
  for (const flags of [[], ["-c"]]) {
    using planted = await Deno.open(`${here}/a.part`, { read: true, write: true, createNew: true });
    const { status, error } = await client(["get", ...flags, "a", "-o", `${here}/a`]);
    assertEquals([status, (await planted.stat()).size], [EXIT.ok, 0], error);
    assertEquals(await Deno.readTextFile(`${here}/a`), "secret");
    await Deno.remove(`${here}/a`);
  }
});

const noGiving = missing(["sys"]).length > 0 || Deno.uid() === 0
  ? undefined
  : "needs root, to give a file to somebody else";

testWith(
  ["read", "write", "sys"],
  "a download goes on with no part of somebody else's",
  () =>
    withFolders(async (_, here) => {
      const origin = { host: "h", path: "/a", size: LONG.length, modified: THEN };
      const begun = await PartFile.open(`${here}/a`, { origin });
      const filled = begun.fill(() => {
        begun.begin();
        begun.write(LONG.subarray(0, 1_000));
        return Promise.reject(new ConnectionError("It broke"));
      });
      await assertRejects(() => filled, ConnectionError, "It broke");
      await Deno.chown(begun.path, 65_534, null);
      const again = (force: boolean) => PartFile.open(`${here}/a`, { origin, resume: true, force });
      const message = `Cannot continue "${begun.path}": it is somebody else's`;
      await assertRejects(() => again(false), LocalError, message);
      assertEquals(await names(here), [".a.part.json", "a.part"]);
      const forced = await again(true);
      assertEquals(forced.offset, 0);
      await forced.fill(() => {
        forced.begin();
        forced.write(LONG);
        return Promise.resolve();
      });
      assertEquals([await names(here), (await Deno.stat(`${here}/a`)).uid], [["a"], 0]);
    }),
  noGiving,
);

for (const [over, noClobber] of [["a file", false], ["nothing", true]] as const) {
  testWith(
    ["read", "write"],
    `a download over ${over} ends where its part has become a link`,
    () =>
      withFolders(async (_, here) => {
        await Deno.writeTextFile(`${here}/theirs`, "theirs");
        await Deno.chmod(`${here}/theirs`, 0o600);
        if (!noClobber) await Deno.writeTextFile(`${here}/a`, "old");
        if (!noClobber) await Deno.chmod(`${here}/a`, 0o444);
        const before = await names(here);
        const part = await PartFile.open(`${here}/a`, { noClobber });
        const filled = part.fill(() => {
          part.begin();
          part.write(LONG);
          Deno.renameSync(part.path, `${here}/moved`);
          Deno.symlinkSync(`${here}/theirs`, part.path);
          return Promise.resolve();
        });
        const message = `Cannot write "${part.path}": it was removed or replaced meanwhile`;
        await assertRejects(() => filled, LocalError, message);
        assertEquals(modeOf(`${here}/theirs`), 0o600);
        assertEquals(await names(here), [...before, "a.part", "moved"].sort());
        if (!noClobber) assertEquals(await Deno.readTextFile(`${here}/a`), "old");
        assertEquals(await Deno.readFile(`${here}/moved`), LONG);
      }),
  );
}

// What becomes of the folder meanwhile.

const LOST: Readonly<Record<string, (part: string) => void>> = {
  "its folder has gone": (part) => {
    const folder = part.slice(0, part.lastIndexOf("/"));
    Deno.renameSync(folder, `${folder} of before`);
    Deno.writeTextFileSync(folder, "");
  },
  "what says of what it is a part does not go": (part) => {
    Deno.removeSync(part);
    const origin = part.replace(/a\.part$/, ".a.part.json");
    Deno.removeSync(origin);
    Deno.mkdirSync(`${origin}/full`, { recursive: true });
  },
};

for (const [what, lose] of Object.entries(LOST)) {
  testWith(
    ["read", "write"],
    `why a download failed is told, though ${what}`,
    () =>
      withFolders(async (_, here) => {
        await Deno.mkdir(`${here}/d`);
        const origin = { host: "h", path: "/a", size: undefined, modified: undefined };
        const part = await PartFile.open(`${here}/d/a`, { origin });
        const kept: string[] = [];
        const filled = part.fill(() => {
          part.begin();
          part.write(octets(1_000));
          lose(part.path);
          return Promise.reject(new ConnectionError("It broke"));
        }, (path) => kept.push(path));
        await assertRejects(() => filled, ConnectionError, "It broke");
        assertEquals(kept, []);
      }),
  );
}

// One file under two names, and a file that seems to be there.

served("get of two names that are one file here keeps the first", async (stage) => {
  const { root, here, client } = stage;
  await make(root, { "Film.avi": "first", "film.avi": "second", "other.avi": "third" });
  // As if the file system took both names for one.
  await Deno.writeTextFile(`${here}/Film.avi`, "old");
  await Deno.symlink("Film.avi", `${here}/film.avi`);
  const { status, error } = await client(["get", "-q", "*.avi", "-O", here]);
  assertEquals([status, error], [
    EXIT.local,
    `Cannot write "${here}/film.avi": to this system it is the same as "${here}/Film.avi"\n` +
    "1 of 3 failed\n",
  ]);
  assertEquals(await Deno.readTextFile(`${here}/Film.avi`), "first");
  assertEquals(await Deno.readTextFile(`${here}/other.avi`), "third");
});

let cuts = 0;

remembered(
  "get over a damaged copy fetches it, though the first attempt breaks before an octet",
  { cutsAfter: () => cuts-- > 0 ? 0 : undefined },
  async ({ here, client, memory }) => {
    memory.put("/a", LONG, THEN);
    const damaged = LONG.slice();
    damaged.fill(0, 0, 1_000);
    await Deno.writeFile(`${here}/a`, damaged);
    await Deno.utime(`${here}/a`, THEN, THEN);
    cuts = 1;
    const { status, error } = await client(["get", "/a", "-o", `${here}/a`]);
    assertEquals([status, error.includes("already")], [EXIT.ok, false], error);
    assertEquals(await Deno.readFile(`${here}/a`), LONG);
  },
);
