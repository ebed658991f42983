/**
 * The format of .netrc: who logs in where, as GNU inetutils, curl and lftp read it.
 *
 * Pure: text in, entries out. secrets.ts reads the file.
 *
 * @module
 */

/** What a `machine` or `default` says. */
export interface NetrcEntry {
  /** In the case in which it is written; undefined for `default`. */
  readonly machine?: string;
  readonly login?: string;
  readonly password?: string;
  readonly account?: string;
}

/** A file larger than this is no .netrc: a thousand machines need less. */
export const NETRC_BYTES_MAX = 1_048_576;

/**
 * Reads a .netrc. Words stand between blanks of ASCII, and are literal, as for lftp and curl; one
 * in double quotes may hold blanks, and a backslash in it takes the character behind it as it is
 * (inetutils, `ruserpass`). A `#` where a line begins makes it a comment, as for curl; the lines of
 * a `macdef` up to an empty one are skipped: macros are programs of other clients. Words that mean
 * nothing are left out.
 *
 * @example
 * ```ts
 * import { parseNetrc } from "./netrc.ts";
 *
 * console.log(parseNetrc('machine example.org login me password "a b"\n'));
 * // [{ machine: "example.org", login: "me", password: "a b" }]
 * ```
 */
export function parseNetrc(text: string): NetrcEntry[] {
  const entries: NetrcEntry[] = [];
  const words = wordsOf(text);
  for (let word = words.next(); !word.done; word = words.next()) {
    const name = word.value;
    if (name === "default") {
      entries.push({});
    } else if (name === "machine") {
      entries.push({ machine: words.next().value ?? "" });
    } else if (name === "login" || name === "password" || name === "account") {
      const [value, last] = [words.next().value, entries.length - 1];
      const entry = entries[last];
      if (value !== undefined && entry !== undefined) entries[last] = { ...entry, [name]: value };
    }
  }
  return entries;
}

/**
 * The first entry for `host`, and for `user` when one is given. `default` is for every host
 * (netrc(5)), wherever it stands, but only after all machines have been looked at.
 */
export function findLogin(
  entries: readonly NetrcEntry[],
  host: string,
  user: string | undefined,
): NetrcEntry | undefined {
  const fits = ({ login }: NetrcEntry) =>
    user === undefined || login === undefined || login === user;
  return entries.find((entry) =>
    entry.machine?.toLowerCase() === host.toLowerCase() && fits(entry)
  ) ?? entries.find((entry) => entry.machine === undefined && fits(entry));
}

/** A comment; a macro; a word, quoted or not. */
const TOKEN = new RegExp(
  [
    /^[ \t]*#[^\n]*/,
    /macdef[ \t\r\n\v\f][^]*?(?:\r?\n[ \t]*\r?\n|(?![^]))/,
    /"((?:[^"\\\n]|\\[^])*)"?/,
    /([^ \t\r\n\v\f]+)/,
  ].map(({ source }) => source).join("|"),
  "gm",
);

function* wordsOf(text: string): Generator<string, undefined> {
  // Some editors begin a file with a byte order mark.
  for (const [, quoted, plain] of text.replace(/^\ufeff/, "").matchAll(TOKEN)) {
    const word = quoted?.replace(/\\([^])/g, "$1") ?? plain;
    if (word !== undefined) yield word;
  }
}
