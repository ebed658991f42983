/**
 * The argument of LIST, NLST and STAT: flags as ls has them, then a path that may hold patterns.
 *
 * The session turns it into data here; the file store finds the entries.
 *
 * @module
 */

import type { Access } from "../accounts.ts";
import type { Selection } from "../effects.ts";
import { isAddressable, resolvePath } from "../paths.ts";
import { isPattern } from "./pattern.ts";

/** What a LIST, NLST or STAT wants to see. */
export interface ListRequest {
  /** The directory, or the single file; with a pattern, what it begins below. */
  readonly path: string;
  /** The argument without its flags. */
  readonly name: string;
  /** What NLST has before the names in a directory: the argument up to them. */
  readonly prefix: string;
  /** Which entries, in which order. */
  readonly selection: Selection;
  /** The flag "l": as LIST has them, also where names were asked for. */
  readonly long: boolean;
}

/**
 * Reads the argument. Of the flags, "a" (and "A") shows names that begin with a dot, "d" a
 * directory itself, "R" what is below, "t" has the latest first, "r" turns the order around, "l"
 * asks for long lines; the others change nothing.
 *
 * @param directory The current directory, a virtual path.
 * @param access The user's: who may write sees broken uploads, too.
 * @returns undefined when the path cannot be.
 */
export function parseListArgument(
  directory: string,
  argument: string,
  access: Access,
): ListRequest | undefined {
  const flags = /^(?:-[A-Za-z1]+(?: +|$))+/.exec(argument)?.[0] ?? "";
  const name = argument.slice(flags.length);
  if (!isAddressable(name)) return undefined;
  const components = name.split("/");
  const first = components.findIndex(isPattern);
  const plain = first === -1 ? name : components.slice(0, first).map((part) => `${part}/`).join("");
  const path = resolvePath(directory, plain);
  if (path === undefined) return undefined;
  const pattern = first === -1
    ? []
    : components.slice(first).filter((part) => part !== "" && part !== ".");
  const selection: Selection = {
    pattern,
    hidden: /[aA]/.test(flags),
    partials: access === "write",
    itself: flags.includes("d"),
    recursive: flags.includes("R"),
    order: flags.includes("t") ? "time" : "name",
    reverse: flags.includes("r"),
    self: false,
  };
  const prefix = plain === "" || plain.endsWith("/") ? plain : `${plain}/`;
  return { path, name, prefix, selection, long: flags.includes("l") };
}
