/**
 * What may go wrong with a mirror: links that lead elsewhere, names that are more than names,
 * failures and interruptions. Nothing else may be lost by it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClientPool, connect, ConnectionError, LocalError } from "../../../client/mod.ts";
import { partPath } from "../../../client/local/names.ts";
import { planMirror, runMirror } from "../../../client/mirror/mod.ts";
import { testWith } from "../../permission.ts";
import { type Answer, ScriptedServer, type ScriptedSession } from "../scripted_server.ts";
import { NEEDS, withFolders } from "../stage.ts";
import { everywhere, look, make, mirrorAt, type Mirrored, served } from "./mirror_stage.ts";

served("mirror writes and removes nothing through links that lead outside", async (place) => {
  const { root, here, mirror } = place;
  await make(root, { "d/a.txt": "theirs", "f.txt": "theirs", "e/b.txt": "theirs" });
  const outside = `${here}/../outside`;
  await make(outside, { "a.txt": "mine", "f.txt": "mine", "victim.txt": "mine" });
  await Deno.symlink("../outside", `${here}/d`);
  await Deno.symlink("../outside/f.txt", `${here}/f.txt`);
  await Deno.symlink("../outside", `${here}/stranger`);
  const { failures, summary } = await mirror({ remove: true });
  assertEquals(failures.length, 2);
  assertEquals([summary.copied, summary.failed, summary.withheld], [1, 2, 1]);
  assertEquals(await look(outside), { "a.txt": "mine", "f.txt": "mine", "victim.txt": "mine" });
  assertEquals(await look(here), {
    "d": "link",
    "e/": "directory",
    "e/b.txt": "theirs",
    "f.txt": "link",
    "stranger": "link",
  });
  await Deno.remove(`${here}/d`);
  await Deno.remove(`${here}/f.txt`);
  assertEquals((await mirror({ remove: true })).failures, []);
  assertEquals(await look(here), await look(root));
  assertEquals(await look(outside), { "a.txt": "mine", "f.txt": "mine", "victim.txt": "mine" });
});

served(
  "a link that is put into the target after the plan is not followed either",
  async (place) => {
    const { root, here, port } = place;
    await make(root, { "d/a.txt": "theirs" });
    await Deno.mkdir(`${here}/d`);
    await Deno.mkdir(`${here}/../outside`);
    await using pool = await ClientPool.open({ port }, 1);
    const plan = await planMirror(pool, { direction: "down", remote: "/", local: here });
    await Deno.remove(`${here}/d`);
    await Deno.symlink("../outside", `${here}/d`);
    const summary = await runMirror(pool, plan);
    assert(summary.error instanceof LocalError);
    assertEquals(await look(`${here}/../outside`), {});
  },
);

served("a link that takes a new file's name after the plan is replaced", async (place) => {
  const { root, here, port } = place;
  await make(root, { "a.txt": "theirs" });
  const outside = `${here}/../outside`;
  await make(outside, { "a.txt": "mine" });
  await using pool = await ClientPool.open({ port }, 1);
  const plan = await planMirror(pool, { direction: "down", remote: "/", local: here });
  await Deno.symlink("../outside/a.txt", `${here}/a.txt`);
  assertEquals((await runMirror(pool, plan)).copied, 1);
  assertEquals(await look(here), { "a.txt": "theirs" });
  assertEquals(await look(outside), { "a.txt": "mine" });
});

served("mirror up follows no link of this machine", async ({ root, here, mirror }) => {
  await make(here, { "a.txt": "a" });
  await Deno.symlink("/etc", `${here}/etc`);
  await Deno.symlink("/etc/passwd", `${here}/passwd`);
  const { planned } = await mirror({ direction: "up" });
  assertEquals(planned, ["skip etc (a link)", "skip passwd (a link)", "put a.txt (new)"].sort());
  assertEquals(await look(root), { "a.txt": "a" });
});

everywhere("mirror up writes nothing through links there", async (place) => {
  const { root, here, mirror } = place;
  const theirs = { "mine/a.txt": "mine", "t/d/b.txt": "old" };
  await make(root, theirs);
  await Deno.symlink("../mine", `${root}/t/linked`);
  await Deno.symlink("../../mine", `${root}/t/d/linked`);
  await make(here, { "linked/a.txt": "new", "linked/deep/c.txt": "new", "d/linked/a.txt": "new" });
  await make(here, { "d/b.txt": "newer" });
  const { failures } = await mirror({ direction: "up", local: here, remote: "/t" });
  const reason = "a link has its name there, and links are not followed";
  assertEquals(
    failures.sort(),
    ["d/linked", "linked"].map((path) => `Cannot copy "${path}": ${reason}`),
  );
  assertEquals(await look(root), {
    "mine/": "directory",
    "mine/a.txt": "mine",
    "t/": "directory",
    "t/d/": "directory",
    "t/d/b.txt": "newer",
    "t/d/linked": "link",
    "t/linked": "link",
  });
});

everywhere("mirror up goes into a root that is a link there", async ({ root, here, mirror }) => {
  await make(root, { "mine/a.txt": "old" });
  await Deno.symlink("mine", `${root}/t`);
  await make(here, { "a.txt": "newer" });
  assertEquals((await mirror({ direction: "up", local: here, remote: "/t" })).failures, []);
  assertEquals(await look(root), { "mine/": "directory", "mine/a.txt": "newer", "t": "link" });
});

everywhere("mirror removes links there, and nothing behind them", async (place) => {
  const { root, here, mirror } = place;
  await make(root, { "t/old/a.txt": "old", "mine/deep/b.txt": "mine", "mine/c.txt": "mine" });
  await Deno.symlink("../mine", `${root}/t/linked`);
  await Deno.symlink("../../mine", `${root}/t/old/linked`);
  const { failures } = await mirror({ direction: "up", local: here, remote: "/t", remove: true });
  assertEquals(failures, []);
  assertEquals(await look(root), {
    "mine/": "directory",
    "mine/c.txt": "mine",
    "mine/deep/": "directory",
    "mine/deep/b.txt": "mine",
    "t/": "directory",
  });
});

served("mirror removes nothing when something else failed", async ({ root, here, mirror }) => {
  await make(root, { "a": "theirs", "b.txt": "theirs" });
  await make(here, { "a/x.txt": "mine", "old.txt": "mine" });
  const { summary, failures } = await mirror({ remove: true });
  assertEquals(failures, ['Cannot copy "a": a directory has its name there']);
  assertEquals([summary.copied, summary.withheld, summary.removed], [1, 1, 0]);
  assertEquals(await look(here), {
    "a/": "directory",
    "a/x.txt": "mine",
    "b.txt": "theirs",
    "old.txt": "mine",
  });
});

served("mirror leaves the part of a broken download alone", async ({ root, here, mirror }) => {
  await make(root, { "a.txt": "theirs" });
  await make(here, { "a.txt": "theirs", "a.txt.part": "th", "b.part": "mine" });
  await mirror({ remove: true });
  assertEquals(Object.keys(await look(here)), ["a.txt", "a.txt.part"]);
});

/** What this client leaves of `a` and of a long name, here and on a server. */
const LEFT = {
  "d/.a.part.json": "{}",
  "d/a.part": "a",
  "d/.b.0123456789abcdef.up": "b",
  [`d/${partPath("x".repeat(300))}`]: "x",
};

/** What looks like it and is of others. */
const FOREIGN = {
  "d/engine.part": "drawn",
  "d/start.up": "s",
  "d/.c.0123.up": "c",
  "d/x.part.json": "{}",
};

for (const direction of ["down", "up"] as const) {
  served(`mirror ${direction} neither copies nor removes what this client left`, async (place) => {
    const { root, here, mirror } = place;
    const [source, target] = direction === "down" ? [root, here] : [here, root];
    await make(source, { ...LEFT, ...FOREIGN });
    await mirror({ direction, remove: true });
    const { "d/": _, ...copied } = await look(target);
    assertEquals(copied, FOREIGN);
    await Deno.remove(`${source}/d`, { recursive: true });
    await make(target, LEFT);
    assertEquals((await mirror({ direction, remove: true })).failures, []);
    const { "d/": directory, ...kept } = await look(target);
    assertEquals([directory, kept], ["directory", LEFT]);
  });
}

served("an interrupted mirror ends, and another makes the trees equal", async (place) => {
  const { root, here, port, mirror } = place;
  const files = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`f${index}`, "x".repeat(20_000)]),
  );
  await make(root, files);
  const abort = new AbortController();
  await using pool = new ClientPool({
    connect: () => connect({ port }),
    size: 4,
    signal: abort.signal,
  });
  const plan = await planMirror(pool, { direction: "down", remote: "/", local: here });
  let done = 0;
  await assertRejects(
    () =>
      runMirror(pool, plan, {
        onDone: () => void (++done === 30 && abort.abort(new Error("enough"))),
      }, { signal: abort.signal }),
    Error,
    "enough",
  );
  // A part of which one piece had come has its origin beside it.
  const isWhole = ([name]: [string, unknown]) => !/\.part(\.json)?$/.test(name);
  const partly = Object.entries(await look(here)).filter(isWhole);
  assert(partly.length >= 29 && partly.length < 100, String(partly.length));
  for (const [, text] of partly) assertEquals(text.length, 20_000);
  await mirror({ remove: true });
  const whole = Object.entries(await look(here)).filter(isWhole);
  assertEquals(Object.fromEntries(whole), await look(root));
});

/** What a scripted server has: one file, whose RETR fails as `fail` says the first time. */
function failingOnce(fail: (session: ScriptedSession) => Promise<void>) {
  let retrieved = 0;
  const answers: Record<string, Answer> = {
    FEAT: "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End",
    MLSD: async (_, session) => {
      await session.send("type=file;size=4;modify=20210506070809; a\r\n");
      await session.say("226 Done");
    },
    SIZE: "213 4",
    RETR: async (_, session) => {
      if (retrieved++ === 0) return await fail(session);
      await session.send("good");
      await session.say("226 Done");
    },
  };
  return answers;
}

const FAILURES: Readonly<Record<string, (session: ScriptedSession) => Promise<void>>> = {
  "is refused for now": (session) => session.say("450 Busy"),
  "breaks with its connection": async (session) => {
    await session.send("go");
    session.close();
  },
  "ends short": async (session) => {
    await session.send("go");
    await session.say("226 Done");
  },
};

/** Down from a scripted server, over one connection. */
function fromScript(server: ScriptedServer, here: string): Promise<Mirrored> {
  return mirrorAt(server.address, { direction: "down", remote: "/t", local: here }, 1);
}

for (const [how, fail] of Object.entries(FAILURES)) {
  testWith(
    NEEDS,
    `mirror tries a file once more that ${how}`,
    () =>
      withFolders(async (_, here) => {
        await using server = new ScriptedServer({ answers: failingOnce(fail) });
        const { summary } = await fromScript(server, here);
        assertEquals([summary.copied, summary.failed], [1, 0]);
        assertEquals(await look(here), { "a": "good" });
      }),
  );
}

testWith(
  NEEDS,
  "mirror asks for no size, and not again for what is refused for good",
  () =>
    withFolders(async (_, here) => {
      const answers = failingOnce((session) => session.say("550 No"));
      await using server = new ScriptedServer({ answers });
      const { failures } = await fromScript(server, here);
      assertEquals(failures, ['Cannot retrieve "/t/a": 550 No']);
      assertEquals(server.verbs.filter((verb) => verb === "RETR").length, 1);
      assertEquals(server.verbs.includes("SIZE"), false, "the listing told it");
      assertEquals(await look(here), {});
    }),
);

testWith(
  NEEDS,
  "mirror ends when no connection is to be had any more",
  () =>
    withFolders(async (_, here) => {
      let accepted = 0;
      await using server = new ScriptedServer({
        onAccept() {
          if (++accepted > 1) throw new Error("full");
        },
        answers: {
          ...failingOnce((session) => Promise.resolve(session.close())),
          MLSD: async (_, session) => {
            await session.send("type=file;size=4; a\r\ntype=file;size=4; b\r\n");
            await session.say("226 Done");
          },
        },
      });
      await assertRejects(() => fromScript(server, here), ConnectionError);
      assertEquals(await look(here), {});
    }),
);

testWith(
  NEEDS,
  "mirror goes on past hostile names, and writes none of them",
  () =>
    withFolders(async (_, here) => {
      const bad = ["..\\win", "C:\\x", "con", "aux.txt", "dot.", "space ", "a\u001bb", "../up"];
      await using server = new ScriptedServer({
        answers: {
          FEAT: "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End",
          MLSD: async (_, session) => {
            await session.send(
              [...bad, "good.txt"].map((name) => `type=file;size=4; ${name}\r\n`).join(""),
            );
            await session.say("226 Done");
          },
          SIZE: "213 4",
          RETR: async (_, session) => {
            await session.send("evil");
            await session.say("226 Done");
          },
        },
      });
      const { failures, summary } = await mirrorAt(server.address, {
        direction: "down",
        remote: "/t",
        local: `${here}/into`,
      }, 2);
      // What has a slash never gets out of the listing.
      assertEquals(failures.length, bad.length - 1);
      assertEquals([summary.copied, summary.failed], [1, bad.length - 1]);
      assertEquals(await look(here), { "into/": "directory", "into/good.txt": "evil" });
    }),
);
