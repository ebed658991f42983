/**
 * Lines of LIST, whose format no standard gives (RFC 959 section 4.1.3): `ls -l` of Unix, `dir` of
 * DOS, NetWare's, IBM i's and EPLF. Each line is tried as all of them.
 *
 * @module
 */

import {
  compact,
  type Entry,
  entryDate,
  type EntryKind,
  permissionBits,
  wholeNumber,
} from "./entry.ts";

/** The greeting of IBM i, whose years stand on the left of the five columns that hh:mm takes. */
const PADS_YEARS = /\bQTCP\b/;

/** A parser for LIST of the server that greeted so, `now` as of `parseListLine`. */
export function listParser(greeting: string, now: number): (line: string) => Entry | undefined {
  const padsYears = PADS_YEARS.test(greeting);
  return (line) => parseListLine(line, now, padsYears);
}

/**
 * Reads one line of LIST; undefined for "total 8" and for what is no entry.
 *
 * @param now Milliseconds since the epoch: `ls` leaves the year out of recent times.
 * @param padsYears Of two blanks behind a year both end its column; default: the second begins
 * the name.
 */
export function parseListLine(line: string, now: number, padsYears = false): Entry | undefined {
  return parseUnixLine(line, now, padsYears) ?? parseDosLine(line) ?? parseIbmILine(line) ??
    parseEplfLine(line);
}

/** The months, 0 to 11, by their names as `ls` writes them, and in one case. */
const MONTHS: ReadonlyMap<string, number> = new Map(
  ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].flatMap(
    (name, month) =>
      [name, name.toLowerCase(), name.toUpperCase()].map((word) => [word, month] as const),
  ),
);

/**
 * `drwxr-xr-x   2 owner group  4096 Jan  5 10:30 name`. The link count, the group or both may be
 * missing, a device has "major, minor" for its size, and an ACL mark may follow the mode, of which
 * some leave out the last letter. A zone stands behind seconds alone, as `ls --full-time` writes
 * it, for a name may look like one. What finds the fields is the date: the size stands before it,
 * the name one space behind it. No two neighbours of the pattern match the same characters, so that
 * no line makes it slow. A name may have whatever ends no line of FTP: U+2028, which "." does not
 * match, is nothing special in it.
 */
function unixLine(month: string): RegExp {
  return new RegExp(
    "^([-bcdlpsD])([-rwxsStTl]{8,9})[+.@]?\\s+" + // kind and mode
      "((?:\\S+\\s+){0,6}?)" + // links, owner, group, any of them with spaces
      "(?:(\\d+)|\\d+,\\s*\\d+)\\s+" + // size
      `(?:(${month})\\.?\\s+(\\d{1,2})|(\\d{1,2})\\s+(${month})\\.?|` + // day in either order,
      "(\\d{4})-(\\d\\d)-(\\d\\d))\\s+" + // or of ISO 8601
      "(?:(\\d{1,2}):(\\d\\d)(?::\\d\\d(?:\\.\\d+)?(?:\\s[-+](?:0\\d|1[0-4])[0-5]\\d)?)?|(\\d{4}))\\s" + // time or year
      "([^\\r\\n]+)$",
  );
}

/** `ls`, whose months of other languages make no time. */
const UNIX_LINE = unixLine("[A-Z][a-z]{2}");

/**
 * Some robots write months in one case, and 000 where they know none. It is tried last, since an
 * owner may be called jan, and knows its months by name: owner, group and size of a line with
 * `ftp 50 4096 Jan  5 10:30 name` would be a day and its year.
 */
const DEVICE_LINE = unixLine([...MONTHS.keys(), "000"].join("|"));

/** NetWare: `d [RWCEAFMS] owner  512 Jan  5 10:30 name`. */
const NETWARE_LINE =
  /^([-d])\s+\[[-RWCEAFMS]{8}\]\s+(\S+)\s+(\d+)\s+([A-Z][a-z]{2})\s+(\d{1,2})\s+(?:(\d{1,2}):(\d\d)|(\d{4}))\s+([^\r\n]+)$/;

function parseUnixLine(line: string, now: number, padsYears: boolean): Entry | undefined {
  const match = UNIX_LINE.exec(line) ?? DEVICE_LINE.exec(line);
  if (match === null) return parseNetwareLine(line, now);
  const [, letter, bits, owners, size, month1, day1, day2, month2, year, month3, day3] = match;
  const [hour, minute, yearAlone, text] = match.slice(12);
  const kind = kindOfLetter(letter!);
  const rest = padsYears && yearAlone !== undefined ? text!.replace(/^ /, "") : text!;
  const [name, target] = kind === "link" ? splitLink(rest) : [rest, undefined];
  const [owner, group] = ownersOf(owners!);
  return compact({
    name,
    kind,
    size: wholeNumber(size),
    modified: listTime({
      year: year ?? yearAlone,
      month: month3 === undefined ? MONTHS.get(month1 ?? month2!) : Number(month3) - 1,
      day: Number(day1 ?? day2 ?? day3),
      hour,
      minute,
    }, now),
    dayOnly: hour === undefined || undefined,
    mode: modeOf(bits!),
    owner,
    group,
    target,
  });
}

function parseNetwareLine(line: string, now: number): Entry | undefined {
  const match = NETWARE_LINE.exec(line);
  if (match === null) return undefined;
  const [, letter, owner, size, month, day, hour, minute, year, name] = match;
  return compact({
    name: name!,
    kind: kindOfLetter(letter!),
    size: wholeNumber(size),
    modified: listTime(
      { year, month: MONTHS.get(month!), day: Number(day), hour, minute },
      now,
    ),
    dayOnly: hour === undefined || undefined,
    owner,
  });
}

/** `01-05-20  10:30AM  <DIR>  name`, `2020-01-05  10:30  1,234 name`. */
const DOS_LINE =
  /^(?:(\d{1,2})[-/](\d{1,2})[-/](\d{2}|\d{4})|(\d{4})-(\d\d)-(\d\d))\s+(\d{1,2}):(\d\d)(?::\d\d)?(?:\s*([AP]M?))?\s+(?:<(DIR|JUNCTION|SYMLINKD?)>\s+|([\d,.]+) )([^\r\n]+)$/i;

function parseDosLine(line: string): Entry | undefined {
  const match = DOS_LINE.exec(line);
  if (match === null) return undefined;
  const [, month1, day1, year1, year2, month2, day2, hour, minute, half, mark, size, rest] = match;
  const link = mark !== undefined && mark.toUpperCase() !== "DIR";
  const bracket = link && rest!.endsWith("]") ? rest!.indexOf(" [") : -1;
  // Two digits: 1970 to 2069, as every C library reads them.
  const short = year1?.length === 2 ? Number(year1) : undefined;
  const year = short === undefined ? Number(year1 ?? year2) : short + (short < 70 ? 2000 : 1900);
  const hours = half === undefined
    ? Number(hour)
    : Number(hour) % 12 + (half.toUpperCase().startsWith("P") ? 12 : 0);
  return compact({
    name: bracket > 0 ? rest!.slice(0, bracket) : rest!,
    kind: link ? "link" : mark === undefined ? "file" : "directory",
    size: wholeNumber(size?.replace(/[,.]/g, "")),
    modified: entryDate(
      utc(year, Number(month1 ?? month2) - 1, Number(day1 ?? day2), hours, Number(minute)),
    ),
    target: bracket > 0 ? rest!.slice(bracket + 2, -1) : undefined,
  });
}

/** IBM i: `ASUSER  8192 04/26/05 13:54:16 *DIR  name/`; owner and size may be missing. */
const IBM_I_LINE = /^(\S+)?\s+(?:(\d+)\s+)?[\d/.,-]{6,8}\s+[\d:.,]{8}\s+\*([A-Z]+)\s+(\S[^\r\n]*)$/;

/** What its types are. Others are neither: *FILE has members, or is a save file. */
const IBM_I_KINDS = new Map<string | undefined, EntryKind>([
  ["STMF", "file"],
  ["DIR", "directory"],
  ["DDIR", "directory"],
  ["FLR", "directory"],
  ["LIB", "directory"],
]);

/** The date is left out: 04/05/06 may be three days, by a setting that no listing tells. */
function parseIbmILine(line: string): Entry | undefined {
  const match = IBM_I_LINE.exec(line);
  if (match === null) return undefined;
  const [, owner, size, type, name] = match;
  return compact({
    name: name!.replace(/\/$/, ""),
    kind: IBM_I_KINDS.get(type) ?? "other",
    size: wholeNumber(size),
    owner,
  });
}

/** The last second that a Date can tell. */
const SECONDS_MAX = 8_640_000_000_000;

/**
 * EPLF, Easily Parsed LIST Format (https://cr.yp.to/ftp/list/eplf.html): a plus sign, facts, a tab,
 * the name. A fact is what it is about and its value: `/` of what CWD may enter, `r` of what RETR
 * may fetch, `s280` octets, `m825718503` seconds since the epoch, `up644` permissions.
 */
function parseEplfLine(line: string): Entry | undefined {
  const tab = line.startsWith("+") ? line.indexOf("\t") : -1;
  if (tab === -1) return undefined;
  const facts = line.slice(1, tab).split(",");
  const valueOf = (what: string) => facts.find((fact) => fact.startsWith(what))?.slice(what.length);
  const seconds = wholeNumber(valueOf("m")) ?? Infinity;
  return compact({
    name: line.slice(tab + 1),
    kind: facts.includes("/") ? "directory" : facts.includes("r") ? "file" : "other",
    size: wholeNumber(valueOf("s")),
    modified: seconds > SECONDS_MAX ? undefined : entryDate(1000 * seconds),
    mode: permissionBits(valueOf("up")),
  });
}

function kindOfLetter(letter: string): EntryKind {
  if (letter === "-") return "file";
  if (letter === "d") return "directory";
  return letter === "l" ? "link" : "other";
}

/** `name -> target`; the first arrow is taken, as every other client does. */
function splitLink(text: string): [string, string | undefined] {
  const arrow = text.indexOf(" -> ");
  return arrow === -1 ? [text, undefined] : [text.slice(0, arrow), text.slice(arrow + 4)];
}

/** What stands between mode and size: a link count where the first word is a number. */
function ownersOf(text: string): [string | undefined, string | undefined] {
  const words = text.trimEnd().split(/\s+/);
  const first = words.length > 1 && /^\d+$/.test(words[0]!) ? 1 : 0;
  return [words[first] || undefined, words[first + 1]];
}

/** Letters in the place of x that stand for set-user-ID, set-group-ID and sticky. */
const SPECIAL: ReadonlySet<string> = new Set(["s", "S", "t", "T", "l"]);

/** `rwxr-sr-t` as bits; upper-case S and T are set without the execute bit below them. */
function modeOf(text: string): number {
  let mode = 0;
  for (let index = 0; index < text.length; index++) {
    const letter = text[index]!;
    if (letter === "-") continue;
    if (letter !== "S" && letter !== "T" && letter !== "l") mode |= 0o400 >> index;
    if (index % 3 === 2 && SPECIAL.has(letter)) mode |= 0o4000 >> ((index - 2) / 3);
  }
  return mode;
}

/** A date of `ls`: without a year it is the latest such date that is not in the future. */
function listTime(
  time: {
    readonly year: string | undefined;
    /** 0 to 11; undefined where nobody knows what the server calls it. */
    readonly month: number | undefined;
    readonly day: number;
    readonly hour: string | undefined;
    readonly minute: string | undefined;
  },
  now: number,
): Date | undefined {
  const { month, day } = time;
  if (month === undefined) return undefined;
  const at = (year: number) =>
    utc(year, month, day, Number(time.hour ?? 0), Number(time.minute ?? 0));
  if (time.year !== undefined) return entryDate(at(Number(time.year)));
  const year = new Date(now).getUTCFullYear();
  // A server east of UTC may be a day ahead.
  const limit = now + 24 * 3_600_000;
  for (const candidate of [year + 1, year, year - 1]) {
    // Most candidates are in the future, and looked at no further.
    if (Date.UTC(candidate, month, day) > limit) continue;
    const ms = at(candidate);
    if (ms !== undefined && ms <= limit) return new Date(ms);
  }
  return undefined;
}

/** Milliseconds since the epoch; undefined for a date that no calendar has. */
function utc(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
): number | undefined {
  if (month < 0 || hour > 23 || minute > 59) return undefined;
  const ms = Date.UTC(year, month, day, hour, minute);
  const date = new Date(ms);
  return date.getUTCDate() === day && date.getUTCMonth() === month ? ms : undefined;
}
