/**
 * Lines of facts: MLSD's, and MLST's (RFC 3659 section 7).
 *
 * @module
 */

import { parseTime, readFactLine } from "../../server/ftp/words/facts.ts";
import {
  compact,
  type Entry,
  entryDate,
  type EntryKind,
  permissionBits,
  wholeNumber,
} from "./entry.ts";

/** Reads one line of facts; the name is a path in a reply to MLST. Undefined for "." and "..". */
export function parseFacts(line: string): Entry | undefined {
  const facts: { [F in Field]?: string } = {};
  const name = readFactLine(line, (fact, value) => {
    const key = KNOWN.get(fact);
    if (key !== undefined) facts[key] = value;
  });
  if (name === undefined) return undefined;
  const { type = "" } = facts;
  const kind = kindOf(type);
  if (kind === undefined) return undefined;
  return compact({
    name,
    kind,
    size: wholeNumber(facts.size ?? facts.sizd),
    modified: facts.modify === undefined ? undefined : entryDate(parseTime(facts.modify)),
    mode: permissionBits(facts.mode),
    owner: facts.ownername ?? facts.owner,
    group: facts.groupname ?? facts.group,
    target: kind === "link" ? LINK.exec(type)?.[1] : undefined,
    // Only of directories does it matter: one may be that above it.
    unique: kind === "directory" ? facts.unique : undefined,
  });
}

/** A field that some listings can do without. */
export type EntryField = "size" | "modified" | "mode" | "owner" | "group" | "unique";

/** The facts that a field is read from, in lower case. */
export const FACTS_OF: Readonly<Record<EntryField, readonly string[]>> = {
  size: ["size", "sizd"],
  modified: ["modify"],
  mode: ["unix.mode"],
  owner: ["unix.owner", "unix.ownername"],
  group: ["unix.group", "unix.groupname"],
  unique: ["unique"],
};

/** The facts that are read, and the fields in which they are kept. */
const KNOWN: ReadonlyMap<string, Field> = new Map([
  ["type", "type"],
  ["size", "size"],
  ["sizd", "sizd"],
  ["modify", "modify"],
  ["unix.mode", "mode"],
  ["unix.owner", "owner"],
  ["unix.ownername", "ownername"],
  ["unix.group", "group"],
  ["unix.groupname", "groupname"],
  ["unique", "unique"],
]);

type Field =
  | "type"
  | "size"
  | "sizd"
  | "modify"
  | "mode"
  | "owner"
  | "ownername"
  | "group"
  | "groupname"
  | "unique";

/** What several servers write for a link, with its target or without. */
const LINK = /^OS\.unix=s(?:ym)?link(?::(.+))?/is;

/** RFC 3659 section 7.5.1; undefined for the directory itself and the one above it. */
function kindOf(type: string): EntryKind | undefined {
  switch (type.toLowerCase()) {
    case "file":
      return "file";
    case "dir":
      return "directory";
    case "cdir":
    case "pdir":
      return undefined;
    default:
      return LINK.test(type) ? "link" : "other";
  }
}
