/**
 * What mirror --delete must not take for absent from the source: what the source has and does not
 * show, and what lies behind a link.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { planMirror, runMirror } from "../../../client/mirror/mod.ts";
import { ClientPool, RETRIES_DEFAULT } from "../../../client/mod.ts";
import { testWith } from "../../permission.ts";
import { directories, lines } from "../listing_answers.ts";
import { MemoryFiles } from "../memory_files.ts";
import { type Answer, ScriptedServer } from "../scripted_server.ts";
import { retr } from "../scripted_test_case.ts";
import { NEEDS, withFolders } from "../stage.ts";
import { everywhere, look, make, mirrorAt, served } from "./mirror_stage.ts";

for (const direction of ["down", "up"] as const) {
  served(`mirror ${direction} --delete leaves what is below the name of a link`, async (place) => {
    const { root, here, mirror } = place;
    const [source, target] = direction === "down" ? [root, here] : [here, root];
    await make(target, { "photos/a.jpg": "a", "photos/sub/b.jpg": "b", "old.txt": "old" });
    await Deno.symlink("../disk", `${source}/photos`);
    const { planned, summary } = await mirror({ direction, remove: true });
    assertEquals(planned, ["skip photos (a link)", "rm old.txt"]);
    assertEquals([summary.removed, summary.failed], [1, 0]);
    assertEquals(await look(`${target}/photos`), {
      "a.jpg": "a",
      "sub/": "directory",
      "sub/b.jpg": "b",
    });
  });
}

/** Patterns that leave docs out where it is a link, and what the target has by its name. */
const LEFT_OUT = {
  "--include '*.txt'": [{ include: ["*.txt"] }, "docs/a.txt"],
  "--exclude '*' --include docs/ --include '*.txt'": [
    { exclude: ["*"], include: ["docs/", "*.txt"] },
    "docs/a.txt",
  ],
  "--exclude docs/": [{ exclude: ["docs/"] }, "docs"],
} as const;

for (const [flags, [patterns, path]] of Object.entries(LEFT_OUT)) {
  for (const direction of ["down", "up"] as const) {
    served(`mirror ${direction} --delete ${flags} leaves a link's name alone`, async (place) => {
      const { root, here, mirror } = place;
      const [source, target] = direction === "down" ? [root, here] : [here, root];
      await make(target, { [path]: "mine", "old.txt": "old" });
      await Deno.symlink("../disk", `${source}/docs`);
      const { planned } = await mirror({ direction, remove: true, ...patterns });
      assertEquals(planned, ["rm old.txt"]);
      assertEquals(await Deno.readTextFile(`${target}/${path}`), "mine");
    });
  }
}

for (const direction of ["down", "up"] as const) {
  served(`mirror ${direction} --delete --include leaves empty directories alone`, async (place) => {
    const { root, here, mirror } = place;
    const target = direction === "down" ? here : root;
    await make(target, { "gone/old.avi": "old" });
    await Deno.mkdir(`${target}/pictures/new`, { recursive: true });
    const { planned } = await mirror({ direction, remove: true, include: ["*.avi"] });
    assertEquals(planned, ["rm gone/old.avi", "rmdir gone"]);
    assertEquals(Object.keys(await look(target)), ["pictures/", "pictures/new/"]);
  });
}

everywhere("mirror --delete keeps what is in a directory that may not be read", async (place) => {
  const { root, here, mirror } = place;
  // Root reads all: for a server that stays root the directory has what is here.
  await make(root, { "dark/a.txt": "a", "light/.b.txt": "b" });
  await make(here, { "dark/a.txt": "a", "light/.b.txt": "b" });
  await Deno.chmod(`${root}/dark`, 0o711);
  const before = await look(here);
  const { faults } = await mirror({ remove: true }, 1);
  for (const fault of faults) assertEquals(/^Cannot list ".*\/dark": /.test(fault), true, fault);
  assertEquals(await look(here), before);
});

testWith(
  NEEDS,
  "mirror --delete removes nothing where lines of a listing were not understood",
  () =>
    withFolders(async (_, here) => {
      await make(here, { "a.txt": "a", "b.txt": "b", "old.txt": "old" });
      const german = "-rw-r--r-- 1 f f 1 M\u00e4r  5 10:30 a.txt\r\n";
      await using server = new ScriptedServer({
        answers: directories({ "/t": retr(`${lines(".", "b.txt")}${german}`) }),
      });
      const options = { direction: "down", remote: "/t", local: here, by: "size" } as const;
      const { summary, faults } = await mirrorAt(server.address, { ...options, remove: true }, 1);
      assertEquals(faults, ['Cannot see all of "/t": a line of its listing was not understood']);
      assertEquals(summary.withheld, 2);
      assertEquals(Object.keys(await look(here)), ["a.txt", "b.txt", "old.txt"]);
    }),
);

testWith(
  NEEDS,
  "mirror -R --delete removes nothing where a directory has a name that no command can hold",
  () =>
    withFolders(async (_, here) => {
      await make(here, { "a.txt": "a" });
      const memory = new MemoryFiles();
      await using server = new ScriptedServer({
        answers: {
          ...memory.answers,
          FEAT: "211-Features:\r\n MLST type*;\r\n211 End",
          MLST: (path, session) =>
            session.say(path === "/t" ? "250-Here:\r\n type=dir; /t\r\n250 End" : "550 No"),
          MLSD: retr("type=dir; old\rer\r\ntype=file; old\r\n"),
        },
      });
      const options = { direction: "up", remote: "/t", local: here, remove: true } as const;
      const { summary, faults } = await mirrorAt(server.address, options, 1);
      assertEquals([summary.copied, summary.withheld, faults.length], [1, 2, 1]);
      assertEquals(memory.text("/t/a.txt"), "a");
    }),
);

served("mirror -R --delete leaves what is here and was not seen", async (place) => {
  const { root, here, port } = place;
  const files = { "a.txt": "a", "films/b.avi": "b" };
  await make(root, { ...files, "old.txt": "old", "older/c.avi": "c" });
  await using pool = await ClientPool.open({ port }, 2);
  const options = { direction: "up", remote: "/", local: here, remove: true } as const;
  const plan = await planMirror(pool, options);
  await make(here, files);
  const failures: string[] = [];
  const onFailure = (_: unknown, { message }: Error) => void failures.push(message);
  const { removed, failed } = await runMirror(pool, plan, { onFailure });
  assertEquals([removed, failed], [3, 2]);
  assertEquals(
    failures,
    ["films", "a.txt"].map((name) =>
      `Cannot remove "/${name}": "${here}/${name}" is there, and was not seen before`
    ),
  );
  assertEquals(Object.keys(await look(root)), ["a.txt", "films/", "films/b.avi"]);
});

served(
  "mirror -R --delete removes what here has another kind, which was left out",
  async (place) => {
    const { root, here, port } = place;
    const long = "n".repeat(200);
    await make(here, { "build/a.o": "a", "a.txt": "a" });
    await make(root, { build: "a file", [`${long}/b.avi`]: "b", "a.txt": "a" });
    await using pool = await ClientPool.open({ port }, 2);
    const filters = { exclude: ["build/"] };
    const options = {
      direction: "up",
      remote: "/",
      local: here,
      remove: true,
      ...filters,
    } as const;
    const { removed, failed } = await runMirror(pool, await planMirror(pool, options), {});
    assertEquals([removed, failed], [3, 0]);
    assertEquals(Object.keys(await look(root)), ["a.txt"]);
  },
);

/** A server on which data leads elsewhere, which MLSD does not tell, and may not be removed. */
const HIDDEN_LINK: Readonly<Record<string, Answer>> = {
  ...directories({ "/t": retr("lrwxrwxrwx 1 u g 9 Jan  5 2020 data -> /srv/data\r\n") }),
  FEAT: "211-Features:\r\n MLST type*;\r\n211 End",
  MLST: "250-Here:\r\n type=dir; /t\r\n250 End",
  MLSD: async (path, session) => {
    await session.send(path === "/t" ? "type=dir; data\r\n" : "type=file; precious\r\n");
    await session.say("226 Done");
  },
  DELE: (path, session) => session.say(path === "/t/data" ? "550 Permission denied" : "250 Gone"),
  RMD: "550 Not empty",
};

/** What is refused how, how often it is tried, and what is told of it. */
const LINKS: readonly (readonly [string, Readonly<Record<string, Answer>>, number, string])[] = [
  ["that LIST tells and that may not be removed", HIDDEN_LINK, 1, "550 Permission denied"],
  [
    "that cannot be removed for now",
    { ...HIDDEN_LINK, LIST: "502 No", DELE: "450 Busy" },
    1 + RETRIES_DEFAULT,
    "450 Busy",
  ],
];

for (const [what, answers, tries, reply] of LINKS) {
  testWith(
    NEEDS,
    `mirror -R --delete removes nothing behind a link ${what}`,
    () =>
      withFolders(async (_, here) => {
        await using server = new ScriptedServer({ answers });
        const options = { direction: "up", remote: "/t", local: here, remove: true } as const;
        const { failures } = await mirrorAt(server.address, options, 1);
        assertEquals(failures, [`Cannot remove "/t/data": ${reply}`]);
        assertEquals(
          server.commands.filter((line) => /^(DELE|RMD)/.test(line)),
          Array(tries).fill("DELE /t/data"),
        );
      }),
  );
}

served("mirror --delete leaves a link out as what it leads to", async ({ root, mirror }) => {
  await make(root, { "old.txt": "old" });
  await Deno.symlink("../disk", `${root}/cache`);
  const { planned } = await mirror({ direction: "up", remove: true, exclude: ["cache/"] });
  assertEquals(planned, ["rm old.txt"]);
  assertEquals(await look(root), { cache: "link" });
});

testWith(
  NEEDS,
  "mirror -R --delete removes a directory that DELE refuses by 450, where LIST shows it",
  () =>
    withFolders(async (_, here) => {
      await using server = new ScriptedServer({
        answers: {
          ...HIDDEN_LINK,
          ...directories({ "/t": retr("drwxr-xr-x 2 u g 9 Jan  5 2020 data\r\n") }),
          DELE: (path, session) =>
            session.say(path === "/t/data" ? "450 Can't delete /t/data" : "250 Gone"),
          RMD: "250 Gone",
        },
      });
      const options = { direction: "up", remote: "/t", local: here, remove: true } as const;
      const { failures } = await mirrorAt(server.address, options, 1);
      assertEquals(failures, []);
      assertEquals(server.commands.filter((line) => /^(DELE|RMD)/.test(line)), [
        "DELE /t/data",
        "DELE /t/data/precious",
        "RMD /t/data",
      ]);
    }),
);
