/**
 * One entry of a directory, and which of its names may be used.
 *
 * @module
 */

/** What an entry is; "other" is a device, a socket or what the server does not tell. */
export type EntryKind = "file" | "directory" | "link" | "other";

/** One entry of a directory. What the server did not say is absent. */
export interface Entry {
  /** One plain name; of `stat` the last one of the path that was asked for. */
  readonly name: string;
  /** What it is, a link itself; `stat` tells a link to a directory as a directory. */
  readonly kind: EntryKind;
  /** Octets. */
  readonly size?: number;
  /** UTC where the server says so (MLSD, MDTM), else the server's own clock read as UTC. */
  readonly modified?: Date;
  /** The server told the day of `modified` alone, as `ls` does of what is older than half a year. */
  readonly dayOnly?: true;
  /** Permission bits, 0 to 0o7777. */
  readonly mode?: number;
  /** A name or a number, as the server has it. */
  readonly owner?: string;
  /** A name or a number, as the server has it. */
  readonly group?: string;
  /** Where a link points. */
  readonly target?: string;
  /** What two names of one file or directory have in common (RFC 3659 section 7.5.2). */
  readonly unique?: string;
}

/** Whether `name` is one name below a directory, and no way out of it. */
export function isPlainName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}

/** An entry whose fields may be undefined, as parsers have them. */
type Loose = { [K in keyof Entry]: Entry[K] | undefined } & Pick<Entry, "name" | "kind">;

/** The entry without the fields that are undefined. There are many entries: no list is made. */
export function compact(loose: Loose): Entry {
  const entry: { -readonly [K in keyof Entry]: Entry[K] } = { name: loose.name, kind: loose.kind };
  if (loose.size !== undefined) entry.size = loose.size;
  if (loose.modified !== undefined) {
    entry.modified = loose.modified;
    if (loose.dayOnly) entry.dayOnly = true;
  }
  if (loose.mode !== undefined) entry.mode = loose.mode;
  if (loose.owner !== undefined) entry.owner = loose.owner;
  if (loose.group !== undefined) entry.group = loose.group;
  if (loose.target !== undefined) entry.target = loose.target;
  if (loose.unique !== undefined) entry.unique = loose.unique;
  return entry;
}

/** A size in octets, as far as a number holds it. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Permission bits from a mode in octal digits, which may have the bits of a kind before them. */
export function permissionBits(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-7]{1,6}$/.test(text) ? parseInt(text, 8) & 0o7777 : undefined;
}

/** A time in milliseconds since the epoch as a date. */
export function entryDate(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
