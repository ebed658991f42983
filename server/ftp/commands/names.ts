/**
 * The path that a command's argument means, or the refusal of it.
 *
 * Used by every command that takes a path, so that what a name may not be is said in one way: 550
 * for names to be found, 553 where a name would be made (RFC 959 section 5.4).
 *
 * @module
 */

import { isPartialName, nameOf, resolvePath } from "../../paths.ts";
import { type ListRequest, parseListArgument } from "../selection.ts";
import { encodeReply } from "../words/replies.ts";
import type { CommandContext } from "./context.ts";

const BAD_OLD_NAME = encodeReply(550, "A name cannot hold NUL, CR or LF");
const BAD_NEW_NAME = encodeReply(553, "A name cannot hold NUL, CR or LF");
const NOT_UTF8 = encodeReply(553, "A new name is UTF-8");
const RESERVED_NAME = encodeReply(553, "Names like .NAME.ftplab-part are for uploads under way");
const ROOT_NAME = encodeReply(553, "The root cannot be made or replaced");

/** The path of something that should exist; undefined after a reply that refuses it. */
export function resolveOld(session: CommandContext, argument: string): string | undefined {
  const path = resolvePath(session.directory, argument);
  if (path === undefined) session.send(BAD_OLD_NAME);
  return path;
}

/**
 * The path of something to be made or replaced; undefined after a reply that refuses it. What is
 * there may have any octets for a name, new names are UTF-8, as RFC 2640 and FEAT say.
 */
export function resolveNew(session: CommandContext, argument: string): string | undefined {
  const path = resolvePath(session.directory, argument);
  if (path === undefined) session.send(BAD_NEW_NAME);
  else if (path === "/") session.send(ROOT_NAME);
  else if (!nameOf(path).isWellFormed()) session.send(NOT_UTF8);
  else if (isPartialName(nameOf(path))) session.send(RESERVED_NAME);
  else return path;
  return undefined;
}

/** What a listing's argument means; undefined after a reply that refuses it. */
export function resolveList(session: CommandContext, argument: string): ListRequest | undefined {
  const request = parseListArgument(session.directory, argument, session.access ?? "read");
  if (request === undefined) session.send(BAD_OLD_NAME);
  return request;
}
