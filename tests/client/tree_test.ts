/**
 * Directories with all that is in them, removed: looked at first, links never followed.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import {
  ClientError,
  connect,
  ConnectionError,
  ProtocolError,
  removeTree,
} from "../../client/mod.ts";
import { testWith } from "../permission.ts";
import { directories, lines, NOT_OPENED, unopened } from "./listing_answers.ts";
import { openToAll, SERVERS } from "./servers.ts";
import type { Answer } from "./scripted_server.ts";
import { retr, scripted } from "./scripted_test_case.ts";
import { names, withFolders } from "./stage.ts";

/** A server of these listings, whose directories cannot be removed by DELE. */
function treeOf(
  listings: Readonly<Record<string, string>>,
  more: Readonly<Record<string, Answer>> = {},
): Readonly<Record<string, Answer>> {
  return {
    FEAT: "211-Features:\r\n MLST type*;\r\n211 End",
    MLST: (path, session) =>
      session.say(`250-Here:\r\n type=${path in listings ? "dir" : "file"}; ${path}\r\n250 End`),
    MLSD: async (path, session) => {
      const text = listings[path];
      if (text === undefined) return await session.say("550 Permission denied");
      await session.send(text);
      await session.say("226 Done");
    },
    DELE: (path, session) => session.say(path in listings ? "550 Is a directory" : "250 Gone"),
    RMD: "250 Gone",
    ...more,
  };
}

/** What was asked to change something. */
const changes = (commands: readonly string[]) =>
  commands.filter((line) => /^(DELE|RMD) /.test(line));

scripted("removeTree removes nothing of a tree that it cannot see whole", {
  answers: treeOf({ "t": "type=file; a\r\ntype=dir; secret\r\n" }, {
    DELE: "550 Is a directory",
  }),
}, async (client, server) => {
  await assertRejects(() => removeTree(client, "t"), ProtocolError, "Permission denied");
  assertEquals(changes(server.commands), ["DELE t", "DELE t/secret"], "both are refused");
});

for (
  const [path, changed] of [["l", ["DELE l"]], ["t", ["DELE t", "DELE t/l"]]] as const
) {
  scripted(`removeTree does not go behind a link that it may not remove: ${path}`, {
    answers: treeOf({
      "": "type=dir; t\r\ntype=dir; l\r\n",
      "t": "type=dir; l\r\n",
      "l": "type=file; a\r\n",
      "t/l": "type=file; a\r\n",
    }, {
      PWD: '257 "/"',
      CWD: "250 In",
      LIST: retr("drwxr-xr-x 2 u g 9 Jan  5 2020 t\r\nlrwxrwxrwx 1 u g 9 Jan  5 2020 l -> e\r\n"),
    }),
  }, async (client, server) => {
    await assertRejects(() => removeTree(client, path), ProtocolError, "Is a directory");
    assertEquals(changes(server.commands), [...changed]);
  });
}

for (const busy of ["t", "t/l"]) {
  scripted(`removeTree goes no further where ${busy} cannot be removed for now`, {
    answers: treeOf({ "t": "type=dir; l\r\n", "t/l": "type=file; precious\r\n" }, {
      DELE: (name, session) => session.say(name === busy ? "450 Busy" : "550 Is a directory"),
    }),
  }, async (client, server) => {
    await assertRejects(() => removeTree(client, "t"), ProtocolError, "450 Busy");
    assertEquals(changes(server.commands).at(-1), `DELE ${busy}`);
    assertEquals(server.commands.includes("DELE t/l/precious"), false);
  });
}

/** What LIST shows where DELE is refused by 450, as on boards, and what is then removed. */
const SHOWN: readonly (readonly [string, string, readonly string[]])[] = [
  ["a directory", "drwxr-xr-x 2 u g 9 Jan  5 2020 t", ["DELE t", "DELE t/a", "RMD t"]],
  ["a link", "lrwxrwxrwx 1 u g 9 Jan  5 2020 t -> e", ["DELE t"]],
  ["nothing of the name", "drwxr-xr-x 2 u g 9 Jan  5 2020 other", ["DELE t"]],
];

for (const [what, line, changed] of SHOWN) {
  scripted(`removeTree meets 450 for a directory where LIST shows ${what}`, {
    answers: treeOf({ "": "type=dir; t\r\n", "t": "type=file; a\r\n" }, {
      LIST: retr(`${line}\r\n`),
      DELE: (path, session) => session.say(path === "t" ? "450 Can't delete t" : "250 Gone"),
    }),
  }, async (client, server) => {
    const removed = removeTree(client, "t");
    if (changed.length > 1) await removed;
    else await assertRejects(() => removed, ProtocolError, "450 Can't delete t");
    assertEquals(changes(server.commands), [...changed]);
  });
}

/** Listings from which nobody can tell what is there, and what is said of them. */
const UNKNOWN: readonly (readonly [string, Answer, string])[] = [
  ["that may not be read, by a good reply", unopened, NOT_OPENED],
  ["that is not understood", retr("type=file;size=3 b\r\n"), 'Cannot see all of "t/dark"'],
  ["of names that are paths", retr("type=file; /t/dark/b\r\n"), 'Cannot see all of "t/dark"'],
];

for (const [what, dark, message] of UNKNOWN) {
  const tree: Readonly<Record<string, Answer>> = {
    "t": retr("type=file; a\r\ntype=dir; dark\r\n"),
    "t/dark": dark,
  };
  scripted(`removeTree removes nothing of a tree with a directory ${what}`, {
    answers: treeOf({ "t": "", "t/dark": "" }, {
      MLSD: (path, session) => {
        const answer = tree[path];
        return typeof answer === "function" ? answer(path, session) : session.say("550 No");
      },
    }),
  }, async (client, server) => {
    await assertRejects(() => removeTree(client, "t"), ClientError, message);
    assertEquals(changes(server.commands), ["DELE t", "DELE t/dark"], "both are refused");
  });
}

scripted("removeTree does not go behind what may be a link: its line is not understood", {
  answers: {
    PWD: '257 "/"',
    CWD: "250 In",
    DELE: "550 Permission denied",
    LIST: retr(
      "lrwxrwxrwx 1 u g 9 M\u00e4r  5 2020 l -> e\r\n-rw-r--r-- 1 u g 9 Jan  5 2020 a\r\n",
    ),
  },
}, async (client, server) => {
  const message = "Cannot see all of the directory: a line of its listing was not understood";
  await assertRejects(() => removeTree(client, "l"), ConnectionError, message);
  assertEquals(changes(server.commands), ["DELE l"]);
});

scripted("removeTree removes a directory beside what is not understood", {
  answers: {
    ...directories({
      "/": retr(`drwxr-xr-x 2 u g 9 Jan  5  2020 t\r\n-????????? ? ? ? ? ? b\r\n`),
      "t": retr(lines(".", "a")),
    }),
    DELE: (path, session) => session.say(path === "t" ? "550 Is a directory" : "250 Gone"),
    RMD: "250 Gone",
  },
}, async (client, server) => {
  await removeTree(client, "t");
  assertEquals(changes(server.commands), ["DELE t", "DELE t/a", "RMD t"]);
});

scripted("removeTree removes from below", {
  answers: treeOf({ "t": "type=dir; d\r\ntype=file; a\r\n", "t/d": "type=file; b\r\n" }),
}, async (client, server) => {
  await removeTree(client, "t");
  assertEquals(changes(server.commands), [
    "DELE t",
    "DELE t/d",
    "DELE t/d/b",
    "RMD t/d",
    "DELE t/a",
    "RMD t",
  ]);
});

scripted("removeTree empties no directory behind a link that is listed as one", {
  answers: treeOf({
    "t": "type=dir; link\r\n",
    "t/link": "type=dir; deep\r\ntype=file; precious\r\n",
    "t/link/deep": "type=file; precious\r\n",
  }, {
    DELE: (path, session) => session.say(path === "t/link" ? "250 Gone" : "550 Is a directory"),
  }),
}, async (client, server) => {
  await removeTree(client, "t");
  assertEquals(changes(server.commands), ["DELE t", "DELE t/link", "RMD t"]);
});

scripted("removeTree says that a directory may hold names that are hidden", {
  answers: treeOf({ "t": "" }, { RMD: "550 Not empty" }),
}, async (client) => {
  const error = await assertRejects(() => removeTree(client, "t"), ProtocolError);
  assertEquals(
    error.message,
    'Cannot remove "t" (nothing is listed in it any more, but the server may hide names): ' +
      "550 Not empty",
  );
});

for (const kind of SERVERS) {
  testWith(
    kind.needs,
    `removeTree removes a tree, its links and nothing else [${kind.name}]`,
    () =>
      withFolders(async (root) => {
        await Deno.mkdir(`${root}/t/d/e`, { recursive: true });
        await Deno.mkdir(`${root}/outside`);
        for (const path of ["t/a", "t/d/b", "t/d/e/c", "outside/precious"]) {
          await Deno.writeTextFile(`${root}/${path}`, path);
        }
        await Deno.symlink("../outside", `${root}/t/link`);
        await openToAll(root);
        const server = await kind.start(root);
        try {
          await using client = await connect({ port: server.port });
          if (server.base !== "") await client.changeDirectory(server.base);
          await removeTree(client, "t");
          assertEquals(await names(root), ["outside"]);
          assertEquals(await names(`${root}/outside`), ["precious"]);
        } finally {
          await server.stop();
        }
      }),
    kind.skip,
  );
}
