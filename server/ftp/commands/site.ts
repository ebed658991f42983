/**
 * SITE (RFC 959 section 4.1.3): HELP and CHMOD, as the servers of Unix systems have them.
 *
 * @module
 */

import type { StoreAbilities } from "../../effects.ts";
import { READ_ONLY_REPLY } from "../failures.ts";
import { encodeReply, encodeReplyLines } from "../words/replies.ts";
import type { CommandContext } from "./context.ts";
import { resolveOld } from "./names.ts";

const CHMOD_ARGUMENTS = "CHMOD mode path";

/** The argument of SITE, for HELP. */
export const SITE_SYNTAX = `HELP | ${CHMOD_ARGUMENTS}`;

const UNKNOWN = encodeReply(500, "No such SITE command, try SITE HELP");
const CHMOD_SYNTAX = encodeReply(501, "SITE CHMOD takes an octal mode and a path");
const CHMOD_SPECIAL = encodeReply(504, "Only permissions from 000 to 777 can be set");
const CHMOD_ROOT = encodeReply(550, "The root's mode cannot be changed");
const CHMOD_DONE = encodeReply(200, "Mode changed");

/** The syntax of one SITE command, or undefined when there is none of this name. */
export function siteHelp(name: string, can: StoreAbilities): string | undefined {
  if (name === "HELP") return "SITE HELP";
  return name === "CHMOD" && can.modes ? `SITE ${CHMOD_ARGUMENTS}` : undefined;
}

/** SITE: 214 for HELP, 200 for CHMOD, 500, 501, 504, 550. */
export function site(session: CommandContext, argument: string): void {
  const match = /^(\S+)(?: (.*))?$/s.exec(argument);
  const { modes } = session.can;
  switch (match?.[1]?.toUpperCase()) {
    case "HELP": {
      const commands = modes ? ["HELP", CHMOD_ARGUMENTS] : ["HELP"];
      return session.send(encodeReplyLines(214, "SITE commands:", commands, "End"));
    }
    case "CHMOD":
      if (modes) return changeMode(session, match?.[2] ?? "");
  }
  session.send(UNKNOWN);
}

/**
 * Who runs a file is not for its uploader to say: no setuid, setgid or sticky bit. Some clients
 * leave zeros out at the front of a mode.
 */
function changeMode(session: CommandContext, argument: string): void {
  if (session.access !== "write") return session.send(READ_ONLY_REPLY);
  const match = /^([0-7]{1,4}) (.+)$/s.exec(argument);
  if (match === null) return session.send(CHMOD_SYNTAX);
  const mode = parseInt(match[1]!, 8);
  if (mode > 0o777) return session.send(CHMOD_SPECIAL);
  const path = resolveOld(session, match[2]!);
  if (path === undefined) return;
  if (path === "/") return session.send(CHMOD_ROOT);
  session.renameFrom = undefined;
  session.file({ do: "chmod", path, mode }, "done", () => session.send(CHMOD_DONE));
}
