/**
 * Listings as they come: back-pressure, leaving the loop, and asking for more inside it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, type Entry, LocalError, ProtocolError } from "../../client/mod.ts";
import { lines } from "./listing_answers.ts";
import type { Answer, Script } from "./scripted_server.ts";
import { retr, scripted } from "./scripted_test_case.ts";
import { served } from "./stage.ts";

const facts = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, index) => `type=file; ${first + index}\r\n`).join("");

const script = (listing: Answer, answers: Script["answers"] = {}): Script => ({
  answers: {
    FEAT: "211-Features\r\n MLST type*;\r\n211 End",
    MLSD: listing,
    NOOP: "200 Here",
    ABOR: "226 Nothing to abort",
    ...answers,
  },
});

scripted(
  "entries come before the listing has ended, in groups and one by one",
  script(async (_, session) => {
    const data = await session.data();
    await session.say("150 Opening");
    await data.write(new TextEncoder().encode("type=file; first\r\ntype=file; sec"));
    // The rest only once the program has the first: the next command says so.
    await Promise.race([firstSeen.promise, data.readable.getReader().closed]);
    await data.write(new TextEncoder().encode("ond\r\n"));
    session.closeData();
    await session.say("226 Done");
  }),
  async (client) => {
    const names: string[] = [];
    for await (const entry of client.entries()) {
      names.push(entry.name);
      firstSeen.resolve();
    }
    assertEquals(names, ["first", "second"]);
  },
);
const firstSeen = Promise.withResolvers<void>();

/** More than the buffers of two sockets hold. */
const MANY_ROWS = 1_500_000;

/** How far the endless listing below was sent. */
let rowsSent = 0;

const endless: Answer = async (_, session) => {
  const data = await session.data();
  await session.say("150 Opening");
  rowsSent = 0;
  try {
    while (rowsSent < MANY_ROWS) {
      const octets = new TextEncoder().encode(facts(rowsSent, rowsSent + 1000));
      for (let at = 0; at < octets.length;) at += await data.write(octets.subarray(at));
      rowsSent += 1000;
    }
    session.closeData();
    await session.say("226 Done");
  } catch {
    session.closeData();
    await session.say("426 The data connection was closed");
  }
};

scripted(
  "leaving the loop ends the listing in good order, most of it unread",
  script(endless),
  async (client, server) => {
    for await (const entry of client.entries()) {
      assertEquals(entry.name, "0");
      break;
    }
    assertEquals((await client.command("NOOP")).code, 200);
    assert(rowsSent < MANY_ROWS, `${rowsSent} rows were sent`);
    assertEquals(client.closed, false);
    assertEquals(server.verbs.slice(-2), ["MLSD", "NOOP"]);
  },
);

/** Listings of "a" that hand on an entry only when the server has said all. */
const LATE: Readonly<Record<string, Script>> = {
  "MLSD has no last line end": script(retr("type=file; a")),
  "LIST tells of itself at last": {
    answers: { LIST: retr(lines("a", ".").trimEnd()), NOOP: "200 Here" },
  },
};

for (const [what, late] of Object.entries(LATE)) {
  scripted(`leaving the loop at the last entry ends it where ${what}`, late, async (client) => {
    const names: string[] = [];
    for await (const entry of client.entries()) {
      names.push(entry.name);
      break;
    }
    assertEquals(names, ["a"]);
    assertEquals((await client.command("NOOP")).code, 200);
  });
}

scripted("a signal breaks off the listing of a loop", script(endless), async (client) => {
  const abort = new AbortController();
  const { signal } = abort;
  await assertRejects(
    async () => {
      for await (const _ of client.entries("", { signal })) abort.abort(new Error("Enough"));
    },
    Error,
    "Enough",
  );
  assertEquals((await client.command("NOOP")).code, 200);
});

scripted("a signal breaks list off", script(endless), async (client) => {
  const abort = new AbortController();
  const { signal } = abort;
  const listing = assertRejects(() => client.list("", { signal }), Error, "Enough");
  setTimeout(() => abort.abort(new Error("Enough")), 20);
  await listing;
  assertEquals((await client.command("NOOP")).code, 200);
});

scripted(
  "what is asked inside the loop is done, and no entry is lost",
  script(retr(facts(0, 20_000))),
  async (client, server) => {
    const names: string[] = [];
    for await (const entry of client.entries()) {
      if (entry.name === "5" || entry.name === "19999") {
        assertEquals((await client.command("NOOP")).code, 200);
      }
      names.push(entry.name);
    }
    assertEquals(names, Array.from({ length: 20_000 }, (_, index) => String(index)));
    assertEquals(server.verbs.slice(-3), ["MLSD", "NOOP", "NOOP"]);
  },
);

scripted(
  "what is asked inside the loop keeps no more of the listing than it may",
  script(retr(facts(0, 2_000))),
  async (client) => {
    const groups = client.entries("", { keptBytesMax: 100_000 }).groups();
    await assertRejects(
      async () => {
        for await (const _ of groups) assertEquals((await client.command("NOOP")).code, 200);
      },
      LocalError,
      "Cannot keep more than 100000 octets of a listing",
    );
  },
);

scripted(
  "loops inside each other go through each directory whole",
  script(async (path, session) => {
    await session.send(path === "" ? facts(0, 3) : facts(10, 12));
    await session.say("226 Done");
  }),
  async (client) => {
    const names: string[] = [];
    for await (const outer of client.entries()) {
      for await (const inner of client.entries(outer.name)) names.push(outer.name + inner.name);
    }
    assertEquals(names, ["010", "011", "110", "111", "210", "211"]);
  },
);

scripted(
  "what was asked before the listing began is no dead end",
  script(retr(facts(0, 20_000))),
  async (client) => {
    const entries = client.entries()[Symbol.asyncIterator]();
    const [first, reply] = await Promise.all([entries.next(), client.command("NOOP")]);
    assertEquals((first.value as Entry).name, "0");
    assertEquals(reply.code, 200);
    await entries.return!();
  },
);

scripted(
  "entries before a refusal are told, then the refusal",
  script(async (_, session) => {
    await session.send(facts(0, 2));
    await session.say("451 Read error");
  }),
  async (client) => {
    const names: string[] = [];
    await assertRejects(
      async () => {
        for await (const entry of client.entries("pub")) names.push(entry.name);
      },
      ProtocolError,
      'Cannot list "pub": 451 Read error',
    );
    assertEquals(names, ["0", "1"]);
  },
);

scripted("the connection's end ends the loop", script(endless), async (client) => {
  await assertRejects(async () => {
    for await (const _ of client.entries()) client.close();
  });
});

served("entries of our own server are those of list, each time anew", async ({ port, root }) => {
  for (let index = 0; index < 500; index++) await Deno.writeTextFile(`${root}/${index}`, "x");
  await using client = await connect({ port });
  const entries = client.entries("/");
  const all = await client.list("/");
  assertEquals(all.length, 500);
  for (let count = 0; count < 2; count++) {
    const names = new Set<string>();
    for await (const entry of entries) names.add(entry.name);
    assertEquals(names, new Set(all.map((entry) => entry.name)));
  }
});
