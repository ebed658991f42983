/**
 * Answers to LIST and MLSD for scripted servers.
 *
 * @module
 */

import type { Answer, ScriptedSession } from "./scripted_server.ts";
import { retr } from "./scripted_test_case.ts";

/** Those of a server that has MLSD, whose every directory is `listing`. */
export const mlsd = (listing: string): Record<string, Answer> => ({
  FEAT: "211-Features\r\n MLST type*;\r\n211 End",
  MLSD: retr(listing),
});

/** One line of `ls -l` for a file of each name, directories for "." and "..". */
export const lines = (...names: string[]): string =>
  names.map((name) => `${/^\.+$/.test(name) ? "d" : "-"}rw-r--r-- 1 u g 3 Jan  5 2020 ${name}\r\n`)
    .join("");

/** Gives `answer`, whatever it is. */
const give = (answer: Answer, argument: string, session: ScriptedSession) =>
  typeof answer === "string" ? session.say(answer) : answer(argument, session);

/** LIST as servers answer it that have `plain` without -a. */
export const listing = (plain: string, all: Answer): Answer => (argument, session) =>
  give(argument === "-a" ? all : retr(plain), argument, session);

/** Those of a server without MLSD that begins in "/", and how LIST is answered in each directory. */
export function directories(lists: Readonly<Record<string, Answer>>): Record<string, Answer> {
  const entered = new WeakMap<ScriptedSession, string>();
  return {
    PWD: '257 "/"',
    CWD: (path, session) => {
      entered.set(session, path);
      return session.say("250 In");
    },
    LIST: (argument, session) => give(lists[entered.get(session) ?? "/"]!, argument, session),
  };
}

/** What was asked by LIST. */
export const listed = (commands: readonly string[]): string[] =>
  commands.filter((line) => line.startsWith("LIST"));

/** What vsftpd says at the end of the empty listing of a directory that it may not read. */
export const NOT_OPENED = "226 Transfer done (but failed to open directory).";

/** A listing that ends so. */
export const unopened: Answer = async (_, session) => {
  await session.send("");
  await session.say(NOT_OPENED);
};
