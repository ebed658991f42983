/**
 * Mirrors over servers and connections that break for a while: it costs nothing but time, and no
 * test waits for that.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type ClientError, ClientPool, RateLimit } from "../../../client/mod.ts";
import { type MirrorPace, planMirror, runMirror } from "../../../client/mirror/mod.ts";
import { GROWTH_BYTES_MAX } from "../../../client/contents.ts";
import { testWith } from "../../permission.ts";
import { freePorts } from "../../ports.ts";
import { EXIT } from "../../../client/cli/exit.ts";
import { directories, lines } from "../listing_answers.ts";
import { MemoryFiles } from "../memory_files.ts";
import { type Answer, ScriptedServer } from "../scripted_server.ts";
import { retr } from "../scripted_test_case.ts";
import { names, NEEDS, octets, ours, run, withFolders } from "../stage.ts";
import { look, make, mirrorAt, served } from "./mirror_stage.ts";

/** A tree of files that are large enough to break in the middle. */
async function makeLarge(folder: string): Promise<void> {
  const text = "0123456789".repeat(20_000);
  await make(
    folder,
    Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`d${n % 3}/f${n}`, `${n}${text}`])),
  );
}

for (const direction of ["down", "up"] as const) {
  testWith(
    NEEDS,
    `mirror ${direction} outlives a server that stops in the middle and comes back`,
    () =>
      withFolders(async (root, here) => {
        const [source, target] = direction === "down" ? [root, here] : [here, root];
        await makeLarge(source);
        const [port] = freePorts(1);
        let server = await ours.start(root, { anonymous: "write", port });
        try {
          await using pool = await ClientPool.open({ port }, 4);
          let done = 0;
          let stopped: Promise<void> | undefined;
          let restarted: Promise<void> | undefined;
          const forgiven: ClientError[] = [];
          const pace: MirrorPace = {
            onRetry: (error) => forgiven.push(error),
            // The first ones who wait are refused once more, the server is back at the second.
            wait: () => {
              if (stopped === undefined || forgiven.length < 5) return Promise.resolve();
              return restarted ??= stopped.then(async () => {
                server = await ours.start(root, { anonymous: "write", port });
              });
            },
          };
          const plan = await planMirror(pool, { direction, remote: "/", local: here }, pace);
          const { copied, failed } = await runMirror(pool, plan, {
            onDone: ({ kind }) => {
              if (kind === "copy" && ++done === 10) stopped = server.stop(0);
            },
          }, pace);
          assertEquals([copied, failed], [40, 0]);
          assert(forgiven.length > 0);
          assertEquals(pool.size, 4);
          assertEquals(await look(target), await look(source));
        } finally {
          await server.stop(0);
        }
      }),
  );
}

const THEN = new Date(Date.UTC(2021, 4, 6, 7, 8, 9));

/** Answers of a server with these files in its folder /t. */
function folderOf(memory: MemoryFiles, more: Readonly<Record<string, Answer>> = {}) {
  return {
    ...memory.answers,
    FEAT: "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End",
    MLSD: async (_: string, session: Parameters<Exclude<Answer, string>>[1]) => {
      const lines = [...memory.files].map(([path, { content }]) =>
        `type=file;size=${content.length};modify=20210506070809; ${path.slice("/t/".length)}\r\n`
      );
      await session.send(lines.join(""));
      await session.say("226 Done");
    },
    ...more,
  };
}

testWith(
  NEEDS,
  "mirror goes on with each file from where its connection broke",
  () =>
    withFolders(async (_, here) => {
      // Six times the connection breaks, which is more than are forgiven without an octet moved.
      let left = 6;
      const memory = new MemoryFiles({ cutsAfter: () => left-- > 0 ? 70_000 : undefined });
      for (const name of ["a", "b"]) memory.put(`/t/${name}`, octets(300_000), THEN);
      await using server = new ScriptedServer({ answers: folderOf(memory) });
      const options = { direction: "down", remote: "/t", local: here } as const;
      const { summary } = await mirrorAt(server.address, options, 2, {
        retries: 1,
        wait: () => Promise.resolve(),
      });
      assertEquals([summary.copied, summary.failed, summary.octets], [2, 0, 600_000]);
      assertEquals(server.verbs.filter((verb) => verb === "REST").length, 6);
      for (const name of ["a", "b"]) {
        assertEquals(await Deno.readFile(`${here}/${name}`), octets(300_000));
      }
      assertEquals(await names(here), ["a", "b"]);
    }),
);

testWith(
  NEEDS,
  "mirror -R takes for done what was done before its reply was lost",
  () =>
    withFolders(async (_, here) => {
      await make(here, { "d/a": "1" });
      const made = new Set<string>(["/t"]);
      const memory = new MemoryFiles();
      memory.put("/t/old", "old", THEN);
      await using server = new ScriptedServer({
        answers: folderOf(memory, {
          MLST: async (path, session) => {
            if (!made.has(path)) return await session.say("550 No");
            await session.say(`250-Facts\r\n type=dir; ${path}\r\n250 End`);
          },
          MKD: (path, session) => {
            if (made.has(path)) return session.say("550 It exists");
            made.add(path);
            session.close();
          },
          DELE: (path, session) => {
            if (!memory.files.delete(path)) return session.say("550 No such file");
            session.close();
          },
        }),
      });
      const options = { direction: "up", remote: "/t", local: here, remove: true } as const;
      const { summary, failures } = await mirrorAt(server.address, options, 1);
      assertEquals(failures, []);
      assertEquals([summary.made, summary.copied, summary.removed], [1, 1, 1]);
      assertEquals([...memory.files.keys()], ["/t/d/a"]);
    }),
);

served("a mirror has one rate, however many connections", async ({ root, here, port }) => {
  await makeLarge(root);
  let ms = 0;
  const rate = new RateLimit(1_000_000, {
    now: () => ms,
    wait: (delayMs) => Promise.resolve(void (ms += delayMs)),
  });
  const options = { direction: "down", remote: "/", local: here } as const;
  const { summary } = await mirrorAt({ port }, options, 4, { rate });
  assertEquals(summary.copied, 40);
  // Those that wait at the same time let this clock go on together: it is never too slow.
  assert(Math.round(1_000 * ms) >= summary.octets, `${ms} ms`); // microseconds: an octet each
});

testWith(
  NEEDS,
  "mirror and get -r are tried again as --retries says, and tell so",
  () =>
    withFolders(async (_, here) => {
      let left = 0;
      const memory = new MemoryFiles({ cutsAfter: () => left-- > 0 ? 70_000 : undefined });
      memory.put("/t/a", octets(300_000), THEN);
      await using server = new ScriptedServer({
        answers: folderOf(memory, { MLST: "250-Facts\r\n type=dir; /t\r\n250 End" }),
      });
      for (const args of [["mirror", "/t", `${here}/m`], ["get", "-r", "/t", "-O", here]]) {
        const [verb, ...rest] = args as [string, ...string[]];
        left = 1;
        const none = await run(server.address.port, [verb, "--retries", "0", ...rest]);
        assertEquals(none.status, EXIT.retry, none.error);
        left = 1;
        const { status, error } = await run(server.address.port, args);
        assertEquals(status, EXIT.ok, error);
        assert(error.includes("; trying again in "), error);
        assertEquals(
          await Deno.readFile(`${here}/${args[0] === "get" ? "t" : "m"}/a`),
          octets(300_000),
        );
      }
    }),
);

served("mirror fetches a file that has grown far since it was listed", async (place) => {
  const { root, here, port } = place;
  await make(root, { "a.log": "short" });
  await using pool = await ClientPool.open({ port }, 1);
  const plan = await planMirror(pool, { direction: "down", remote: "/", local: here });
  const grown = octets(GROWTH_BYTES_MAX + 6);
  await Deno.writeFile(`${root}/a.log`, grown);
  const told: string[] = [];
  const { copied, error } = await runMirror(pool, plan, {}, {
    wait: () => Promise.resolve(),
    onRetry: ({ message }) => told.push(message),
  });
  assertEquals([copied, error], [1, undefined]);
  assertEquals(told, [
    'Cannot retrieve "/a.log": it has grown far over the 5 octets that a listing told',
  ]);
  assertEquals(await Deno.readFile(`${here}/a.log`), grown);
});

for (const lacks of [["MDTM"], ["MDTM", "SIZE"]]) {
  testWith(
    NEEDS,
    `mirror goes on with a file where a server without MLSD has no ${lacks.join(" and no ")}`,
    () =>
      withFolders(async (_, here) => {
        let left = 1;
        const memory = new MemoryFiles({
          lacks,
          cutsAfter: () => left-- > 0 ? 70_000 : undefined,
        });
        memory.put("/t/a", octets(300_000));
        const listed = `${lines(".")}-rw-r--r-- 1 u g 300000 2021-05-06 07:08 a\r\n`;
        const answers = { ...memory.answers, ...directories({ "/t": retr(listed) }) };
        await using server = new ScriptedServer({ answers });
        const options = { direction: "down", remote: "/t", local: here } as const;
        const { summary, failures } = await mirrorAt(server.address, options, 1);
        assertEquals([summary.copied, summary.octets, failures], [1, 300_000, []]);
        const offsets = server.commands.filter((line) => line.startsWith("REST"));
        assertEquals(offsets, ["REST 53616"], "16 KiB before what was there");
        assertEquals(await Deno.readFile(`${here}/a`), octets(300_000));
        const { mtime } = await Deno.stat(`${here}/a`);
        assertEquals(mtime, new Date("2021-05-06T07:08:00Z"), "what the listing told has to do");
      }),
  );
}

testWith(
  NEEDS,
  "mirror -R by checksum goes on with what differs from where its connection broke",
  () =>
    withFolders(async (_, here) => {
      const content = octets(3_000_000);
      await Deno.writeFile(`${here}/a`, content);
      let left = 1;
      const memory = new MemoryFiles({ cutsAfter: () => left-- > 0 ? 1_000_000 : undefined });
      memory.put("/t/a", new Uint8Array(content.length), THEN);
      await using server = new ScriptedServer({
        answers: folderOf(memory, {
          FEAT: "211-Features:\r\n MLST type*;size*;modify*;\r\n XCRC\r\n211 End",
          MLST: (path, session) =>
            session.say(path === "/t" ? "250-Facts\r\n type=dir; /t\r\n250 End" : "550 No"),
          XCRC: "250 00000000",
        }),
      });
      const options = { direction: "up", remote: "/t", local: here, by: "content" } as const;
      const { summary, planned, failures } = await mirrorAt(server.address, options, 1);
      assertEquals([planned, failures], [["put a (other content)"], []]);
      assertEquals(summary.octets, content.length);
      const stored = server.verbs.filter((verb) => /^(STOR|APPE)$/.test(verb));
      assertEquals(stored, ["STOR", "APPE"]);
      assertEquals(memory.files.get("/t/a")!.content, content);
    }),
);
