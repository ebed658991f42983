/**
 * Directory listings: the lines of LIST (as `ls -l`), NLST, and MLSD.
 *
 * A file store calls `renderEntry` once for each entry of a listing, with the `rows` of the effect
 * that asked for it; an empty result leaves the entry out. Names that cannot be asked for again
 * (isAddressable) are always left out, so no line of a listing can be bent by a name.
 *
 * @module
 */

import type { Access } from "../accounts.ts";
import type { DirectoryEntry, FileStat, Rows } from "../effects.ts";
import { encodeOctets } from "../octets.ts";
import { childPath, isAddressable, isPartialName, nameOf } from "../paths.ts";
import { unreachable } from "../unreachable.ts";
import { clampTime, type FactName, formatFactLine, formatTime } from "./words/facts.ts";
import { encodePlainLine } from "./words/lines.ts";

const LEFT_OUT = new Uint8Array(0);
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY_MS = 86_400_000;
/**
 * ls shows the time of day for what changed in the last half year, else the year. Clients take a
 * time without its year for one that is over (wget, lftp, FileZilla), so tomorrow's has it; today's
 * may be that of a file that is written while it is listed.
 */
const RECENT_MS = 182 * DAY_MS;

/**
 * The type of a link in MLSD, as erratum 1500 of RFC 3659 has it, and ProFTPD. It leaves out what
 * the link says: that may be a path outside of the root.
 */
const LINK_TYPE = "OS.unix=symlink";

/**
 * The line of one entry, as octets for a data connection.
 *
 * @param isSingle The path that is listed is a file's, and this is its only entry.
 * @param now The system's clock, as times of files are by: milliseconds since the epoch.
 * @returns Nothing when the entry is left out.
 */
export function renderEntry(
  rows: Rows,
  entry: DirectoryEntry,
  isSingle: boolean,
  now: number,
): Uint8Array<ArrayBuffer> {
  if (!isAddressable(entry.name)) return LEFT_OUT;
  switch (rows.as) {
    case "long":
      return encodeRow(formatLong(entry, now));
    case "names":
      // Names that RETR takes as they are (RFC 1123 section 4.1.2.7): with their directory.
      return encodeRow(isSingle ? rows.name : rows.prefix + entry.name);
    case "facts": {
      const { facts, access, path } = rows;
      const isSelf = entry.name === ".";
      const where = isSelf ? path : childPath(path, entry.name);
      const type = isSelf ? "cdir" : entry.isLink ? LINK_TYPE : undefined;
      const valueOf = (fact: FactName) =>
        fact === "type" && type !== undefined ? type : factOf(fact, entry, access, where);
      return encodeRow(formatFactLine(valueOf, facts, entry.name));
    }
    default:
      return unreachable(rows);
  }
}

/** How much must be known of an entry for its row: its name, what kind it is, or all. */
export function neededFor(rows: Rows): "name" | "kind" | "all" {
  switch (rows.as) {
    case "long":
      return "all";
    case "names":
      return "name";
    case "facts":
      return rows.facts.every((fact) => OF_KIND.has(fact)) ? "kind" : "all";
    default:
      return unreachable(rows);
  }
}

/** Facts that follow from name and kind. */
const OF_KIND: ReadonlySet<FactName> = new Set(["type", "perm"]);

/**
 * What stands before the entries of each directory in a recursive listing, as `ls -R` has it.
 *
 * @param path The directory, relative to the listed one; "" for that one itself.
 * @param first Nothing was listed before it.
 * @returns Nothing for a list of names, which have their path before them.
 */
export function renderHeading(
  rows: Rows,
  path: string,
  first: boolean,
): Uint8Array<ArrayBuffer> {
  if (rows.as !== "long" || !isAddressable(path)) return LEFT_OUT;
  const heading = path === "" ? ".:" : `./${path}:`;
  return encodeRow(first ? heading : `\r\n${heading}`);
}

/** A line for a data connection, which is no Telnet stream: nothing in it is doubled. */
function encodeRow(text: string): Uint8Array<ArrayBuffer> {
  return encodePlainLine(text) ?? encodeOctets(`${text}\r\n`);
}

/**
 * What `fact` is of what is at `path` (RFC 3659 section 7.5) for a user with `access`; undefined
 * where it has none.
 */
export function factOf(
  fact: FactName,
  stat: FileStat,
  access: Access,
  path: string,
): string | undefined {
  switch (fact) {
    case "type":
      return TYPES[stat.kind];
    case "size":
      return stat.kind === "file" ? String(stat.size) : undefined;
    case "modify":
      return formatTime(stat.modifiedMs);
    case "perm":
      return permOf(stat.kind, access, path);
    case "unique":
      return stat.unique || undefined;
    case "UNIX.mode":
      return stat.mode.toString(8).padStart(4, "0");
    case "UNIX.owner":
      return String(stat.uid);
    case "UNIX.group":
      return String(stat.gid);
    default:
      return unreachable(fact);
  }
}

const TYPES = { file: "file", directory: "dir", other: "OS.unix=special" } as const;

function permOf(kind: FileStat["kind"], access: Access, path: string): string {
  const writes = access === "write";
  switch (kind) {
    case "file":
      return !writes ? "r" : isPartialName(nameOf(path)) ? "dfr" : "adfrw";
    case "directory":
      return !writes ? "el" : path === "/" ? "celmp" : "cdeflmp";
    case "other":
      return writes ? "df" : "";
    default:
      return unreachable(kind);
  }
}

/**
 * One line as `ls -l` has it, in UTC. A link is shown as one, since clients that know LIST alone
 * remove what is in a directory before it; size, time and mode are of what it leads to, as in MLSD.
 */
export function formatLong(entry: DirectoryEntry, now: number): string {
  const links = String(entry.links).padStart(4);
  const owner = String(entry.uid).padEnd(8);
  const group = String(entry.gid).padEnd(8);
  const size = String(entry.size).padStart(12);
  const date = formatDate(entry.modifiedMs, now);
  const [letter, target] = entry.isLink
    ? ["l", ` -> ${entry.target ?? UNTOLD_TARGET}`]
    : [KIND_LETTERS[entry.kind], ""];
  const mode = letter + formatMode(entry.mode);
  return `${mode} ${links} ${owner} ${group} ${size} ${date} ${entry.name}${target}`;
}

/**
 * What a link says that leads nowhere in the served tree: it may be a path outside. libcurl refuses
 * a whole listing for a link that says nothing (ftplistparser.c), and lftp's `rm -r` removes links,
 * but not what is called a FIFO.
 */
const UNTOLD_TARGET = "?";

/** A FIFO's letter is everything's that is no file: clients know it, and leave it where it is. */
const KIND_LETTERS = { file: "-", directory: "d", other: "p" } as const;

/** For owner, group and others: the bits' place, and the special bit shown in place of "x". */
const MODE_GROUPS = [[6, 0o4000, "s"], [3, 0o2000, "s"], [0, 0o1000, "t"]] as const;

function formatMode(mode: number): string {
  let text = "";
  for (const [shift, special, letter] of MODE_GROUPS) {
    const bits = mode >> shift;
    const executable = (bits & 1) !== 0;
    text += (bits & 4 ? "r" : "-") + (bits & 2 ? "w" : "-");
    if ((mode & special) === 0) text += executable ? "x" : "-";
    else text += executable ? letter : letter.toUpperCase();
  }
  return text;
}

function formatDate(ms: number, now: number): string {
  const date = new Date(clampTime(ms));
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  if (ms > now - RECENT_MS && Math.floor(ms / DAY_MS) <= Math.floor(now / DAY_MS)) {
    return `${day} ${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}`;
  }
  return `${day}  ${String(date.getUTCFullYear()).padStart(4, "0")}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
