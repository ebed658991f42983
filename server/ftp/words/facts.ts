/**
 * Facts and times of RFC 3659: MLSD and MLST lines, the time of MDTM and MFMT.
 *
 * The session writes them, the client reads them; names of facts are compared without case.
 *
 * @module
 */

/** A fact that the server knows (RFC 3659 section 7.5). */
export type FactName =
  | "type"
  | "size"
  | "modify"
  | "perm"
  | "unique"
  | "UNIX.mode"
  | "UNIX.owner"
  | "UNIX.group";

/** All of them, in the order in which it writes them. */
export const FACT_NAMES: readonly FactName[] = [
  "type",
  "size",
  "modify",
  "perm",
  "unique",
  "UNIX.mode",
  "UNIX.owner",
  "UNIX.group",
];

/** `fact=value;fact=value; name`, only the facts of `wanted` that have a value. */
export function formatFactLine(
  valueOf: (fact: FactName) => string | undefined,
  wanted: readonly FactName[],
  name: string,
): string {
  let line = "";
  for (const fact of wanted) {
    const value = valueOf(fact);
    if (value !== undefined) line += `${fact}=${value};`;
  }
  return `${line} ${name}`;
}

/**
 * Reads a line without its end, and without the space in front that MLST's reply has: tells every
 * fact, its name in lower case, and returns what stands behind them: a name in an MLSD listing, a
 * path in a reply to MLST. Undefined for what is no such line; then some facts may have been told.
 *
 * A value may hold a space, which RFC 3659 section 7.2 does not allow: ProFTPD before 1.3.8 writes
 * the names of groups and the targets of links as they are.
 */
export function readFactLine(
  line: string,
  onFact: (fact: string, value: string) => void,
): string | undefined {
  // Behind the last fact; no fact holds ";", and a name may hold anything.
  const space = line.startsWith(" ") ? 0 : line.indexOf("; ") + 1;
  if (line[space] !== " " || space === line.length - 1) return undefined;
  for (let at = 0; at < space;) {
    const equals = line.indexOf("=", at);
    const end = line.indexOf(";", at);
    // Each fact ends with ";", the last one too.
    if (equals <= at || end < equals) return undefined;
    const fact = line.slice(at, equals);
    if (fact.includes(" ")) return undefined;
    onFact(fact.toLowerCase(), line.slice(equals + 1, end));
    at = end + 1;
  }
  return line.slice(space + 1);
}

/** The first and the last time that four digits of a year can name, milliseconds. */
const TIME_MS_MIN = Date.parse("0000-01-01T00:00:00Z");
const TIME_MS_MAX = Date.parse("9999-12-31T23:59:59Z");

/** `ms` as a time that FTP can write: the nearest one, where a file system knows others. */
export function clampTime(ms: number): number {
  return Math.min(Math.max(ms, TIME_MS_MIN), TIME_MS_MAX) || 0;
}

/** `YYYYMMDDHHMMSS` in UTC (RFC 3659 section 2.3), whole seconds; see `clampTime`. */
export function formatTime(ms: number): string {
  const date = new Date(clampTime(ms));
  const number = date.getUTCFullYear() * 1e10 + (date.getUTCMonth() + 1) * 1e8 +
    date.getUTCDate() * 1e6 + date.getUTCHours() * 1e4 + date.getUTCMinutes() * 100 +
    date.getUTCSeconds();
  return String(number).padStart(14, "0");
}

/** Milliseconds since the epoch for `YYYYMMDDHHMMSS[.F...]`, or undefined. */
export function parseTime(text: string): number | undefined {
  const fraction = text.length === 14 ? 0 : fractionOf(text.slice(14));
  const [year, month, day] = [number(text, 0, 4), number(text, 4, 6), number(text, 6, 8)];
  const [hour, minute, second] = [number(text, 8, 10), number(text, 10, 12), number(text, 12, 14)];
  // A leap second is written as 60 and becomes the next minute's first.
  if (!(hour <= 23 && minute <= 59 && second <= 60 && fraction < 1000)) return undefined;
  // Date.UTC takes a year below 100 for one of the last century: a day is the same 400 years later.
  const midnight = Date.UTC(year + 400, month - 1, day) - FOUR_CENTURIES_MS;
  // The 30th of February is another day.
  const date = new Date(midnight);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return midnight + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction;
}

/** The calendar repeats itself after so long. */
const FOUR_CENTURIES_MS = 146_097 * 86_400_000;

/** The decimal digits from `from` to `end`; NaN, which no comparison holds for, if one is missing. */
function number(text: string, from: number, end: number): number {
  let value = 0;
  for (let at = from; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = 10 * value + digit;
  }
  return value;
}

/** `.F...` in whole milliseconds. */
function fractionOf(text: string): number {
  return /^\.\d+$/.test(text) ? Math.floor(Number(text) * 1000) : NaN;
}
