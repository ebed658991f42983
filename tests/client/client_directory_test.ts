/**
 * Names, listings and changes of the tree.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import {
  type Client,
  ConnectionError,
  LocalError,
  makeDirectories,
  ProtocolError,
  removeTree,
} from "../../client/mod.ts";
import { lines, listed, listing, mlsd } from "./listing_answers.ts";
import type { Answer } from "./scripted_server.ts";
import { retr, scripted } from "./scripted_test_case.ts";

// Names.

for (const name of ["a\r\nDELE b", "a\nb", "a\0b"]) {
  scripted(`a name such as ${JSON.stringify(name)} is refused everywhere before it is sent`, {
    answers: { RNFR: "350 And?", MKD: "257 Made", DELE: "250 Gone" },
  }, async (client, server) => {
    const before = server.commands.length;
    for (
      const attempt of [
        () => client.makeDirectory(name),
        () => client.removeFile(name),
        () => client.rename(name, "b"),
        () => client.rename("a", name),
        () => client.list(name),
        () => client.changeDirectory(name),
      ]
    ) {
      await assertRejects(attempt, LocalError, "CR, LF or NUL");
    }
    await client.quit();
    assertEquals(server.verbs.slice(before), ["QUIT"]);
  });
}

scripted("an empty path is refused", {}, async (client) => {
  await assertRejects(() => client.removeFile(""), LocalError, "empty path");
});

// Listings.

scripted("list uses MLSD where FEAT has it", {
  answers: mlsd("type=cdir; .\r\ntype=file;size=3; a\r\ntype=dir; ../../evil\r\ntype=dir; b\r\n"),
}, async (client, server) => {
  assertEquals(await client.list("pub"), [
    { name: "a", kind: "file", size: 3 },
    { name: "b", kind: "directory" },
  ]);
  assertEquals(server.commands.at(-1), "MLSD pub");
});

/** "total 0" as z/OS writes it where nobody says TYPE A: letters of EBCDIC, and NEL. */
const EBCDIC = Uint8Array.of(0xa3, 0x96, 0xa3, 0x81, 0x93, 0x40, 0xf0, 0x15);

let type = "";
scripted("list of z/OS is asked for in TYPE A, and what follows in TYPE I", {
  greeting: "220-FTPD1 IBM FTP CS V2R5 at HOST, 12:00:00 on 2024-01-01.\r\n220 Ready\r\n",
  answers: {
    TYPE: (argument, session) => {
      type = argument;
      return session.say("200 Type set");
    },
    SIZE: "213 1",
    RETR: retr("x"),
    LIST: async (_, session) => {
      await session.send(type === "A" ? lines(".", "a") : EBCDIC);
      await session.say("250 Done");
    },
  },
}, async (client, server) => {
  for (let count = 0; count < 2; count++) {
    await client.readFile("a");
    assertEquals((await client.list()).map((entry) => entry.name), ["a"]);
  }
  const types = server.commands.filter((line) => line.startsWith("TYPE"));
  assertEquals(types, ["TYPE I", "TYPE A", "TYPE I", "TYPE A"]);
});

for (const listing of ["MLSD", "LIST"] as const) {
  scripted(`list keeps no more in memory than it may, by ${listing}`, {
    answers: {
      ...(listing === "MLSD" ? mlsd("") : {}),
      MLSD: retr(`type=file;${"x".repeat(1_000)}=; a\r\n`.repeat(100)),
      LIST: retr(lines(...Array<string>(100).fill("x".repeat(1_000)))),
    },
  }, async (client) => {
    const message = "Cannot keep more than 100000 octets of a listing";
    const listed = (keptBytesMax: number) => client.list("", { keptBytesMax });
    await assertRejects(() => listed(100_000), LocalError, message);
    assertEquals((await listed(200_000)).length, 100);
    await assertRejects(() => listed(100_000), LocalError, message);
  });
}

scripted("list goes into the directory for LIST, and comes back", {
  answers: {
    PWD: '257 "/he said ""hi""" is it',
    CWD: "250 Entered",
    LIST: retr("-rw-r--r-- 1 u g 3 Jan  5 2020 a\r\n"),
  },
}, async (client, server) => {
  assertEquals((await client.list("-la *")).map((entry) => entry.name), ["a"]);
  assertEquals(server.commands.filter((line) => /^(CWD|LIST)/.test(line)), [
    "CWD -la *",
    "LIST -a",
    "LIST",
    'CWD /he said "hi"',
  ]);
});

/** What servers say of a directory without quotes, and what they mean. */
const UNQUOTED = [
  ["/cam/a is current directory", "/cam/a"],
  ["/cam/a", "/cam/a"],
  ["/my cam is the current directory.", "/my cam"],
  ["/cam/a current directory", "/cam/a"],
] as const;

for (const [text, path] of UNQUOTED) {
  scripted(`list comes back to a directory that is told as ${text}`, {
    answers: {
      PWD: `257 ${text}`,
      CWD: (to, session) => session.say(to === "d" || to === path ? "250 Entered" : "550 No"),
      LIST: retr(lines(".", "a")),
    },
  }, async (client, server) => {
    assertEquals((await client.list("d")).map((entry) => entry.name), ["a"]);
    assertEquals(server.commands.at(-1), `CWD ${path}`);
  });
}

scripted("no path is made of a reply that has none", {
  answers: { PWD: "257 It is /cam/a" },
}, async (client) => {
  await assertRejects(() => client.workingDirectory(), ProtocolError, "257 It is /cam/a");
});

scripted("list asks by LIST -a for names that begin with a dot, as vsftpd hides them", {
  answers: { LIST: listing(lines("a"), retr(lines(".", "..", ".hidden", "a"))) },
}, async (client, server) => {
  for (let count = 0; count < 2; count++) {
    assertEquals((await client.list()).map((entry) => entry.name), [".hidden", "a"]);
  }
  assertEquals(listed(server.commands), ["LIST -a", "LIST -a"]);
});

const DEAF: readonly (readonly [string, Answer])[] = [
  ["refuses it", "550 -a: No such file or directory"],
  ["refuses it for now", "450 -a: No such file or directory"],
  ["takes it for a name that is not there", retr("")],
  ["takes it for a directory of that name", retr(lines("other", "stranger"))],
  ["does not heed it", retr(lines("a", "b"))],
];

for (const [behaviour, answer] of DEAF) {
  scripted(`list goes back to LIST for a server that ${behaviour}, once and for all`, {
    answers: { LIST: listing(lines("a", "b"), answer) },
  }, async (client, server) => {
    for (let count = 0; count < 2; count++) {
      assertEquals((await client.list()).map((entry) => entry.name), ["a", "b"]);
    }
    assertEquals(listed(server.commands), [
      "LIST -a",
      "LIST",
      "LIST",
    ]);
  });
}

for (const code of [425, 522, 530]) {
  scripted(`list does not ask again after a refusal with ${code}, which is not about -a`, {
    answers: { LIST: `${code} No` },
  }, async (client, server) => {
    await assertRejects(() => client.list(), ProtocolError, `${code} No`);
    assertEquals(listed(server.commands), ["LIST -a"]);
  });
}

scripted("list tells of a refusal after LIST -a was understood, and lists nothing twice", {
  answers: {
    LIST: async (_, session) => {
      await session.send(lines(".", "a"));
      await session.say("451 Read error");
    },
  },
}, async (client, server) => {
  await assertRejects(() => client.list(), ProtocolError, "451 Read error");
  assertEquals(listed(server.commands), ["LIST -a"]);
});

scripted("list tells why it failed, though the server leaves before the way back", {
  answers: {
    PWD: '257 "/"',
    CWD: (path, session) => path === "/" ? session.close() : session.say("250 In"),
    LIST: "522 Session reuse required",
  },
}, async (client) => {
  await assertRejects(() => client.list("pub"), ProtocolError, "522 Session reuse required");
});

/** What changes the directory for a while, and how the way back is refused. */
const WAYS: readonly (readonly [string, (client: Client) => Promise<unknown>, string])[] = [
  ["list", (client) => client.list("pub"), "550 Permission denied"],
  ["list", (client) => client.list("pub"), "450 Busy"],
  ["stat", (client) => client.stat("pub"), "550 Permission denied"],
  ["canEnter", (client) => client.canEnter("pub"), "550 Permission denied"],
];

for (const [name, call, reply] of WAYS) {
  scripted(`${name} closes a connection that it cannot bring back: ${reply}`, {
    answers: {
      PWD: '257 "/home"',
      CWD: (path, session) => session.say(path === "/home" ? reply : "250 In"),
      LIST: retr(lines(".", "a")),
      DELE: "250 Gone",
    },
  }, async (client, server) => {
    const message = `Cannot go back to "/home": ${reply}`;
    const error = await assertRejects(() => call(client), ConnectionError);
    assertEquals([error.message, error.passes], [message, reply.startsWith("4")]);
    assertEquals(client.closed, true);
    await assertRejects(() => client.removeFile("a"), ConnectionError, message);
    assertEquals(server.verbs.includes("DELE"), false);
  });
}

scripted("list of a directory that is not there is refused, though LIST would be empty", {
  answers: { PWD: '257 "/"', CWD: "550 No such directory", LIST: retr("") },
}, async (client) => {
  await assertRejects(() => client.list("no"), ProtocolError, 'Cannot list "no": 550');
});

scripted("stat uses MLST, and its name is the last part of the path", {
  answers: {
    FEAT: "211-Features\r\n MLST type*;\r\n211 End",
    MLST: "250-Listing\r\n type=file;size=3;modify=20200105103059; /pub/a\r\n250 End",
  },
}, async (client) => {
  assertEquals(await client.stat("/pub/a"), {
    name: "a",
    kind: "file",
    size: 3,
    modified: new Date("2020-01-05T10:30:59Z"),
  });
});

for (const [cwd, kind] of [["250 Entered", "directory"], ["550 No", "link"]] as const) {
  scripted(`stat tells a link as a ${kind} where CWD says ${cwd.slice(0, 3)}`, {
    answers: {
      FEAT: "211-Features\r\n MLST type*;\r\n211 End",
      MLST: "250-Listing\r\n type=OS.unix=symlink; /pub/a\r\n250 End",
      PWD: '257 "/"',
      CWD: (path, session) => session.say(path === "/" ? "250 Back" : cwd),
    },
  }, async (client) => {
    assertEquals(await client.stat("/pub/a"), { name: "a", kind });
  });
}

scripted("stat without MLST puts CWD, SIZE, MDTM and LIST together", {
  answers: {
    PWD: '257 "/"',
    CWD: (path, session) => session.say(path === "pub" || path === "/" ? "250 In" : "550 No"),
    SIZE: "213 1234",
    MDTM: "213 20200105103059",
    LIST: retr("-rwxr-x--- 1 u g 9 Jan  5 2020 a\r\n"),
  },
}, async (client) => {
  assertEquals(await client.stat("pub/a"), {
    name: "a",
    kind: "file",
    size: 1234,
    modified: new Date("2020-01-05T10:30:59Z"),
    mode: 0o750,
    owner: "u",
    group: "g",
  });
  assertEquals((await client.stat("pub")).kind, "directory");
});

scripted("stat of what is not there tells the server's reply", {
  answers: {
    PWD: '257 "/"',
    CWD: "550 No such thing",
    SIZE: "550 No",
    MDTM: "550 No",
    LIST: retr(""),
  },
}, async (client) => {
  await assertRejects(
    () => client.stat("no"),
    ProtocolError,
    'Cannot find "no": 550 No such thing',
  );
});

// Changes.

scripted("makeDirectories makes what is missing, and knows what is there", {
  answers: {
    MKD: (path, session) => session.say(path === "a" ? "550 Exists" : `257 "${path}" made`),
    PWD: '257 "/"',
    CWD: "250 In",
    LIST: retr(""),
  },
}, async (client, server) => {
  await makeDirectories(client, "a//b/c/");
  assertEquals(server.commands.filter((line) => line.startsWith("MKD")), [
    "MKD a",
    "MKD a/b",
    "MKD a/b/c",
  ]);
});

scripted("removeTree tries DELE first, so that a link is never followed", {
  answers: {
    ...mlsd("type=file; f\r\ntype=dir; link\r\n"),
    MLST: "250-Listing\r\n type=dir; /d\r\n250 End",
    DELE: (path, session) => session.say(path === "d" ? "550 A directory" : "250 Gone"),
    RMD: "250 Gone",
  },
}, async (client, server) => {
  await removeTree(client, "d");
  assertEquals(server.commands.filter((line) => /^(DELE|RMD|MLSD)/.test(line)), [
    "DELE d",
    "MLSD",
    "MLSD d",
    "DELE d/link",
    "DELE d/f",
    "RMD d",
  ]);
});

scripted("removeTree does not go down for ever", {
  answers: {
    ...mlsd("type=dir; d\r\n"),
    MLST: "250-Listing\r\n type=dir; d\r\n250 End",
    DELE: "550 A directory",
  },
}, async (client) => {
  await assertRejects(() => removeTree(client, "d"), LocalError, "too deep");
});

scripted("rename is RNFR and RNTO, and either may be refused", {
  answers: {
    RNFR: (name, session) => session.say(name === "no" ? "550 No" : "350 And?"),
    RNTO: "553 Not there",
  },
}, async (client) => {
  await assertRejects(
    () => client.rename("no", "b"),
    ProtocolError,
    'Cannot move "no" to "b": 550',
  );
  await assertRejects(() => client.rename("a", "b"), ProtocolError, "553 Not there");
});
