/**
 * Which paths MLSD is given, and that other directories are entered to be listed: some servers take
 * the argument for a pattern, refuse it, or list another directory than it names.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../client/mod.ts";
import type { Answer, ScriptedSession } from "./scripted_server.ts";
import { retr, scripted } from "./scripted_test_case.ts";

/** The one file of each directory is "a", but for that of the root. */
const filesOf = (directory: string): Answer =>
  retr(`type=file; ${directory === "/" ? "other" : "a"}\r\n`);

/** A server that begins in "/", and what it answers to MLSD with a path, from where it is. */
function serverOf(
  features: string,
  given: (path: string, here: string) => Answer,
): Record<string, Answer> {
  const entered = new WeakMap<ScriptedSession, string>();
  return {
    FEAT: `211-Features\r\n ${features}\r\n211 End`,
    PWD: '257 "/"',
    CWD: (path, session) => {
      entered.set(session, path);
      return session.say("250 In");
    },
    MLSD: (path, session) => {
      const here = entered.get(session) ?? "/";
      const answer = path === "" ? filesOf(here) : given(path, here);
      return typeof answer === "string" ? session.say(answer) : answer(path, session);
    },
  };
}

/** What was said of directories. */
const asked = (commands: readonly string[]) =>
  commands.filter((line) => /^(PWD|CWD|MLSD)\b/.test(line));

/** Nothing matches, as in older Pure-FTPd where a name is no pattern of itself. */
const unmatched = serverOf("MLST type*;", () => retr(""));

const AMBIGUOUS = ["a*", "a?", "[x]", "a]", "{y}", "b}", "back\\slash", "~t"];

for (const path of [...AMBIGUOUS, ...AMBIGUOUS.map((name) => `/${name}/d`), "-l", "d "]) {
  scripted(`list enters ${JSON.stringify(path)}, for MLSD may take it for something else`, {
    answers: unmatched,
  }, async (client, server) => {
    assertEquals((await client.list(path)).map(({ name }) => name), ["a"]);
    for await (const { name } of client.entries(path)) assertEquals(name, "a");
    const once = ["PWD", `CWD ${path}`, "MLSD", "CWD /"];
    assertEquals(asked(server.commands), [...once, ...once]);
  });
}

scripted("list gives MLSD a path that means itself", {
  answers: serverOf("MLST type*;", filesOf),
}, async (client, server) => {
  for (const path of ["d", "/d/-l", "é.d-e+f,g&h", "my d"]) await client.list(path);
  const paths = ["MLSD d", "MLSD /d/-l", "MLSD é.d-e+f,g&h", "MLSD my d"];
  assertEquals(asked(server.commands), paths);
});

scripted("list enters a directory whose path MLSD refuses by 501", {
  answers: serverOf("MLST type*;", () => "501 Invalid number of arguments"),
}, async (client, server) => {
  assertEquals((await client.list("d")).map(({ name }) => name), ["a"]);
  assertEquals(asked(server.commands), ["MLSD d", "PWD", "CWD d", "MLSD", "CWD /"]);
});

scripted("list tells what passes and not the 501 before it, when it enters a directory", {
  answers: {
    ...serverOf("MLST type*;", () => "501 Invalid number of arguments"),
    MLSD: (path, session) => session.say(path === "" ? "450 Busy" : "501 Invalid number"),
  },
}, async (client) => {
  const error = await assertRejects(() => client.list("d"), ProtocolError);
  assertEquals(error.code, 450);
});

/** FEAT of servers of Arduino and ESP boards, which list where they are. */
const BOARDS = ["MLST type*;modify*;size*;\r\n MLSD\r\n MDTM\r\n SITE FREE", "MLSD"];

for (const [index, features] of BOARDS.entries()) {
  scripted(`list enters the directories of servers that take no path, ${index}`, {
    answers: serverOf(features, (_, here) => filesOf(here)),
  }, async (client, server) => {
    assertEquals((await client.list("d")).map(({ name }) => name), ["a"]);
    assertEquals(asked(server.commands), ["PWD", "CWD d", "MLSD", "CWD /"]);
  });
}
