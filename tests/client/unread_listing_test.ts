/**
 * Listings that do not tell all: of directories that may not be read, with lines that are not
 * understood, and cut by the server. What is missing in them is not taken for absent.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { NameSource } from "../../client/cli/shell/completion.ts";
import { connect, ConnectionError, encodeText, ProtocolError } from "../../client/mod.ts";
import { LISTING_IDLE_BYTES_MAX } from "../../client/listing.ts";
import { expandRemote } from "../../client/mirror/mod.ts";
import {
  directories,
  lines,
  listed,
  listing,
  mlsd,
  NOT_OPENED,
  unopened,
} from "./listing_answers.ts";
import { retr, scripted } from "./scripted_test_case.ts";
import { FOREIGN_IDS, foreignServer, testOn } from "./servers.ts";
import { names, run } from "./stage.ts";

// Directories that may not be read.

/** What LIST -a brings where it is heeded. */
const ALL = retr(lines(".", "..", ".hidden", "a"));

for (const [reply, answer] of [[NOT_OPENED, unopened], ["550 Denied", "550 Denied"]] as const) {
  scripted(`list is refused by ${reply.slice(0, 3)}, which tells nothing of LIST -a`, {
    answers: directories({ dark: answer, light: listing(lines("a"), ALL) }),
  }, async (client) => {
    for (let count = 0; count < 2; count++) {
      const error = await assertRejects(() => client.list("dark"), ProtocolError);
      assertEquals([error.message, error.kind], [`Cannot list "dark": ${reply}`, "permanent"]);
      assertEquals((await client.list("light")).map(({ name }) => name), [".hidden", "a"]);
    }
  });
}

scripted("list by MLSD is refused by a good reply that says why nothing came", {
  answers: { ...mlsd(""), MLSD: unopened },
}, async (client) => {
  const message = `Cannot list the directory: ${NOT_OPENED}`;
  await assertRejects(() => client.list(), ProtocolError, message);
});

scripted("list asks by LIST -a again after a directory that is empty either way", {
  answers: directories({ hollow: retr(""), light: listing(lines("a"), ALL) }),
}, async (client, server) => {
  assertEquals(await client.list("hollow"), []);
  assertEquals((await client.list("light")).map(({ name }) => name), [".hidden", "a"]);
  assertEquals(listed(server.commands), ["LIST -a", "LIST", "LIST -a"]);
});

/** How servers refuse to list what is empty. */
const NOTHING_FOUND = [
  "550 No files found.",
  "450 No files found",
  "550 No members found.",
  "550 no data sets found.",
];

for (const reply of NOTHING_FOUND) {
  scripted(`list takes ${reply} for an empty directory, once it is entered`, {
    answers: directories({ hollow: reply, light: listing(lines("a"), ALL) }),
  }, async (client) => {
    for (let count = 0; count < 2; count++) {
      assertEquals(await client.list("hollow"), []);
      assertEquals((await client.list("light")).map(({ name }) => name), [".hidden", "a"]);
    }
  });

  scripted(`list does not take ${reply} for an empty directory that is not entered`, {
    answers: { ...directories({}), CWD: reply },
  }, async (client) => {
    await assertRejects(() => client.list("hollow"), ProtocolError, reply);
  });
}

scripted("list takes no listing without -a where LIST -a was understood once", {
  answers: directories({ light: ALL, busy: listing(lines("a"), "450 Busy") }),
}, async (client, server) => {
  await client.list("light");
  await assertRejects(() => client.list("busy"), ProtocolError, "450 Busy");
  assertEquals(listed(server.commands), ["LIST -a", "LIST -a"]);
});

for (const id of FOREIGN_IDS) {
  testOn(foreignServer(id), "list refuses what may not be read, and no less", async (room) => {
    const { port, prefix, root } = room;
    for (const name of ["dark", "light"]) {
      await Deno.mkdir(`${root}/${name}`);
      await Deno.writeTextFile(`${root}/${name}/.hidden`, "x");
    }
    // Whoever knows a name may use it.
    await Deno.chmod(`${root}/dark`, 0o711);
    await using client = await connect({ port });
    const names = async (path: string) => (await client.list(path)).map(({ name }) => name);
    // This one stays what started it, and root may read all.
    if (id === "pyftpdlib") assertEquals(await names(`${prefix}dark`), [".hidden"]);
    else await assertRejects(() => client.list(`${prefix}dark`), ProtocolError, "Cannot list");
    assertEquals(await names(`${prefix}light`), [".hidden"]);
  });
}

// Lines that are not understood.

/** A line with its end, as long as what is read of a listing at once. */
const LONG_LINE = lines("x".repeat(16_384 - lines("").length));

scripted("list loses nothing to a server that tells of the directory itself at last", {
  answers: { LIST: retr(LONG_LINE + lines(".")) },
}, async (client) => {
  assertEquals(LONG_LINE.length, 16_384);
  assertEquals((await client.list()).length, 1);
});

const UNREAD = {
  MLSD: mlsd("type=cdir; .\r\ntype=file;size=3 a\r\ntype=file; b\r\n"),
  LIST: { LIST: retr(`total 8\r\n${lines(".", "b")}-rw-r--r-- 1 f f 3 M\u00e4r  5 10:30 a\r\n`) },
};

for (const [command, answers] of Object.entries(UNREAD)) {
  scripted(`list tells how many lines of ${command} were not understood`, {
    answers,
  }, async (client) => {
    const unread: number[] = [];
    const options = { onUnread: (count: number) => unread.push(count) };
    assertEquals((await client.list("", options)).map(({ name }) => name), ["b"]);
    for await (const entry of client.entries("", options)) assertEquals(entry.name, "b");
    assertEquals(unread, [1, 1]);
    assertEquals((await client.list()).map(({ name }) => name), ["b"]);
  });
}

/** What VMS writes, which is not read. */
const VMS = "DEV.DIR;1   1   5-MAR-2026 10:30\r\nA.TXT;1   2   5-MAR-2026 10:30\r\n";

scripted("list and entries fail where no line is understood and nobody hears that", {
  answers: { LIST: retr(VMS) },
}, async (client) => {
  const message = "Cannot see all of the directory: 2 lines of its listing were not understood";
  await assertRejects(() => client.list(), ConnectionError, message);
  await assertRejects(() => Array.fromAsync(client.entries()), ConnectionError, message);
  let unread = 0;
  assertEquals(await client.list("", { onUnread: (count) => unread = count }), []);
  assertEquals(unread, 2);
});

// Listings that the server has cut.

for (const [command, answers] of Object.entries(UNREAD)) {
  scripted(`list tells that ${command} was cut where the last reply says so`, {
    answers: {
      ...answers,
      [command]: async (_, session) => {
        await session.send(command === "MLSD" ? "type=file; b\r\n" : lines(".", "b"));
        await session.say("226-Options: -a -l\r\n226 Output truncated to 1 matches");
      },
    },
  }, async (client) => {
    const unread: number[] = [];
    const options = { onUnread: (count: number) => unread.push(count) };
    assertEquals((await client.list("", options)).map(({ name }) => name), ["b"]);
    assertEquals(unread, [Infinity]);
    const names: string[] = [];
    const message = "Cannot see all of the directory: its listing may have been cut";
    await assertRejects(() => client.list(), ConnectionError, message);
    await assertRejects(
      async () => {
        for await (const { name } of client.entries()) names.push(name);
      },
      ConnectionError,
      message,
    );
    assertEquals(names, ["b"]);
    // Patterns and the completion of names mean what came.
    assertEquals(await expandRemote(client, "b*"), ["b"]);
    assertEquals(await new NameSource(() => client).list(""), ["b"]);
  });
}

testOn(
  foreignServer("pure-ftpd", { settings: ["--limitrecursion", "6:5"] }),
  "mirror --delete removes nothing by a listing that the server has cut",
  async ({ port, prefix, root, here }) => {
    for (const folder of [root, here]) {
      await Deno.mkdir(`${folder}/many`);
      for (let file = 0; file < 10; file++) await Deno.writeTextFile(`${folder}/many/${file}`, "x");
    }
    const args = ["mirror", "--size-only", "--delete", `${prefix}many`, `${here}/many`];
    const { status, error } = await run(port, args);
    assertStringIncludes(error, `Cannot see all of "${prefix}many": its listing may have been cut`);
    assertEquals(status, EXIT.connection);
    assertEquals((await names(`${here}/many`)).length, 10);
  },
);

/** Half of what may be of no entry. */
const ENDLESS = {
  "lines that are no entries": `${"x".repeat(1_022)}\r\n`.repeat(LISTING_IDLE_BYTES_MAX / 2_048),
  "lines for itself": "type=cdir; /p\r\n".repeat(LISTING_IDLE_BYTES_MAX / 32),
  "octets without a line end": "x".repeat(LISTING_IDLE_BYTES_MAX / 2),
};

for (const [what, half] of Object.entries(ENDLESS)) {
  scripted(`list ends when a server sends ${what} for ever`, {
    answers: {
      ...mlsd(""),
      MLSD: async (_, session) => {
        const data = await session.data();
        await session.say("150 Opening");
        const octets = encodeText(half);
        try {
          for (let at = 0;; at %= octets.length) at += await data.write(octets.subarray(at));
        } catch {
          session.closeData();
          await session.say("426 The data connection was closed");
        }
      },
      NOOP: "200 Here",
    },
  }, async (client) => {
    const error = await assertRejects(() => client.list("pub"), ConnectionError);
    assertEquals([error.message, error.kind], [
      `Cannot list "pub": over ${LISTING_IDLE_BYTES_MAX} octets of it are no entries`,
      "protocol",
    ]);
    assertEquals((await client.command("NOOP")).code, 200);
  });
}
