/**
 * CWD, CDUP, PWD, MKD and RMD with their X forms (RFC 959 appendix II, RFC 775).
 *
 * @module
 */

import { parentPath } from "../../paths.ts";
import { encodeReply, quotePath } from "../words/replies.ts";
import type { CommandContext } from "./context.ts";
import { resolveNew, resolveOld } from "./names.ts";

const CHANGED = encodeReply(250, "Directory changed");
const REMOVED = encodeReply(250, "Directory removed");
const ROOT_STAYS = encodeReply(550, "The root cannot be removed");

/** CWD: 250, 550. */
export function changeDirectory(session: CommandContext, argument: string): void {
  const path = resolveOld(session, argument);
  if (path !== undefined) enter(session, path);
}

/** CDUP: replies as CWD's, says RFC 959 section 4.1.1 (its list in 5.4 says 200). */
export function changeToParent(session: CommandContext): void {
  enter(session, parentPath(session.directory));
}

function enter(session: CommandContext, path: string): void {
  session.file({ do: "enter", path }, "done", () => {
    session.directory = path;
    session.send(CHANGED);
  });
}

/** PWD: 257. */
export function printDirectory(session: CommandContext): void {
  session.reply(257, `${quotePath(session.directory)} is the current directory`);
}

/** MKD: 257, 550, 553 for a name that nothing may have. */
export function makeDirectory(session: CommandContext, argument: string): void {
  const path = resolveNew(session, argument);
  if (path === undefined) return;
  session.file({ do: "makeDirectory", path }, "done", () => {
    session.reply(257, `${quotePath(path)} created`);
  });
}

/** RMD: 250, 550. */
export function removeDirectory(session: CommandContext, argument: string): void {
  const path = resolveOld(session, argument);
  if (path === undefined) return;
  if (path === "/") return session.send(ROOT_STAYS);
  session.file({ do: "removeDirectory", path }, "done", () => session.send(REMOVED));
}
