/**
 * Directories and single entries: what is there (MLSD, MLST, LIST, SIZE, MDTM), and the commands
 * that change it (MKD, RMD, DELE, RNFR, RNTO).
 *
 * client.ts calls it, one operation at a time. Servers with MLST are asked in one command; the
 * others in the commands of RFC 959, of which LIST's argument is the least reliable: it may be
 * taken for options or a pattern, and a directory that is not there may look like an empty one. So
 * the working directory is changed for it and changed back.
 *
 * @module
 */

import { parseTime } from "../server/ftp/words/facts.ts";
import { parseQuotedPath } from "../server/ftp/words/replies.ts";
import type { ControlConnection } from "./control.ts";
import { ConnectionError, LocalError, ProtocolError } from "./errors.ts";
import { chooseFacts } from "./facts.ts";
import {
  type Entry,
  type EntryField,
  isPlainName,
  type LineParser,
  LISTING_ENTRIES_MAX,
  LISTING_IDLE_BYTES_MAX,
  ListingReader,
  parseFacts,
  parseListLine,
} from "./listing.ts";
import { type CallOptions, retrieveListing, setType, sizeOf } from "./transfer.ts";

/**
 * Octets of a listing whose entries are made at once. What is made of larger parts outlives the
 * young generation of the runtime's heap: 35 MB more for 100,000 names.
 */
const GROUP_BYTES = 16_384;

/** Is given entries in groups, as they come, and may ask to wait. */
export type OnEntries = (entries: Entry[]) => void | Promise<void>;

/** What a listing can be told. */
export interface ListOptions extends CallOptions {
  /**
   * Asks by LIST even where there is MLSD: some servers tell by that what a link leads to, and by
   * this that it is one.
   */
  readonly by?: "LIST";
  /**
   * What is wanted of each entry beside its name, its kind and where a link points; default: all
   * that the server tells. One that heeds OPTS MLST (RFC 3659 section 7.9) leaves out the rest,
   * another tells what it always tells.
   */
  readonly fields?: readonly EntryField[];
  /**
   * Hears at the end of a listing in which lines were not understood, how many. What they tell of
   * is missing among the entries, and may be there all the same.
   */
  readonly onUnread?: (lines: number) => void;
}

/** What to say of a directory of whose listing so many lines were not understood. */
export function notUnderstood(path: string, lines: number): ConnectionError {
  const which = lines === 1 ? "a line of its listing was" : `${lines} lines of its listing were`;
  const text = `Cannot see all of ${quoted(path)}: ${which} not understood`;
  return new ConnectionError(text, { kind: "protocol" });
}

function quoted(path: string): string {
  return path === "" ? "the directory" : `"${path}"`;
}

/** The entries of a directory, in the server's order; "" is the working directory. */
export async function list(
  control: ControlConnection,
  path: string,
  options: ListOptions = {},
): Promise<Entry[]> {
  const entries: Entry[] = [];
  await readEntries(control, path, (group) => {
    if (entries.length + group.length > LISTING_ENTRIES_MAX) throw tooMany();
    for (const entry of group) entries.push(entry);
  }, options);
  return entries;
}

/**
 * Hands the entries of a directory to `take`, in the server's order and no faster than it takes
 * them.
 *
 * @throws {ConnectionError} of the kind `protocol`, when the listing goes on and on without any.
 */
export async function readEntries(
  control: ControlConnection,
  path: string,
  take: OnEntries,
  { by, fields, onUnread }: ListOptions = {},
): Promise<void> {
  const action = `Cannot list ${quoted(path)}`;
  let reader: ListingReader;
  if (by === undefined && hasFacts(control.server.features)) {
    await chooseFacts(control, fields);
    reader = readerOf(control, parseFacts);
    await readLines(control, action, path === "" ? "MLSD" : `MLSD ${path}`, reader, take);
  } else {
    const read = () => readList(control, action, take);
    reader = await (path === "" ? read() : inside(control, path, action, read));
  }
  if (reader.unread > 0) onUnread?.(reader.unread);
}

/** Replies of those who take -a for a name, or for a fault; others are not about it. */
const OPTION_REFUSED: ReadonlySet<number> = new Set([450, 500, 501, 502, 504, 550, 553]);

/**
 * LIST of the working directory: with -a where the server heeds it, for some leave out names that
 * begin with a dot. Others take -a for a name, and refuse it or list what has that name: only a
 * line for "." shows that it was understood. Until that has come, nothing is handed on. A directory
 * that is empty, or may not be read, shows nothing either way, and nothing of the server.
 */
async function readList(
  control: ControlConnection,
  action: string,
  take: OnEntries,
): Promise<ListingReader> {
  const { server } = control;
  const now = Date.now();
  const parse = (line: string) => parseListLine(line, now);
  if (server.listsAll !== false) {
    const reader = readerOf(control, parse);
    let held: Entry[] = [];
    try {
      await readLines(control, action, "LIST -a", reader, (group) => {
        if (!reader.sawItself && held.length + group.length > LISTING_ENTRIES_MAX) throw tooMany();
        held = held.length === 0 ? group : held.concat(group);
        if (!reader.sawItself) return;
        const ready = held;
        held = [];
        return take(ready);
      });
    } catch (error) {
      if (!(error instanceof ProtocolError) || reader.sawItself) throw error;
      if (server.listsAll === true || !OPTION_REFUSED.has(error.code)) throw error;
    }
    if (reader.sawItself) {
      server.listsAll = true;
      if (held.length > 0) await take(held);
      return reader;
    }
  }
  const reader = readerOf(control, parse);
  await readLines(control, action, "LIST", reader, take);
  if (reader.found > 0) server.listsAll ??= false;
  return reader;
}

function tooMany(): LocalError {
  return new LocalError(`Cannot keep more than ${LISTING_ENTRIES_MAX} entries in memory`);
}

function readerOf(control: ControlConnection, parse: LineParser): ListingReader {
  return new ListingReader(parse, (octets) => control.encoding.decode(octets));
}

/** How vsftpd says at the end of an empty listing, by a good reply, why it is empty. */
const NOT_OPENED = /failed to open|can(?:no|')t open|could not open|denied/i;

/** One listing, from its command to its reply. */
async function readLines(
  control: ControlConnection,
  action: string,
  command: string,
  reader: ListingReader,
  take: OnEntries,
): Promise<void> {
  const give = (entries: Entry[]) => entries.length === 0 ? undefined : take(entries);
  const sink = {
    async write(chunk: Uint8Array) {
      for (let at = 0; at < chunk.length; at += GROUP_BYTES) {
        await give(reader.read(chunk.subarray(at, at + GROUP_BYTES)));
      }
      if (reader.idleBytes > LISTING_IDLE_BYTES_MAX) {
        const text = `${action}: over ${LISTING_IDLE_BYTES_MAX} octets of it are no entries`;
        throw new ConnectionError(text, { kind: "protocol" });
      }
    },
  };
  const { octets, reply } = await retrieveListing(control, action, command, sink);
  await give(reader.end());
  if (octets === 0 && NOT_OPENED.test(reply.lines.join(" "))) {
    throw new ProtocolError(action, reply, undefined, "permanent");
  }
}

/** One entry; its name is the last part of `path`. A link to a directory is one. */
export async function stat(control: ControlConnection, path: string): Promise<Entry> {
  const name = lastName(path);
  const action = `Cannot find "${path}"`;
  if (hasFacts(control.server.features)) {
    await chooseFacts(control);
    const reply = await control.expect(action, `MLST ${path}`, 200);
    const line = reply.lines.slice(1, -1).map((text) => text.replace(/^ /, ""));
    // "Listing of cdir" for the working directory itself is a directory all the same.
    const entry = parseFacts((line[0] ?? "").replace(/\btype=[cp]dir;/i, "type=dir;"));
    if (entry === undefined) throw new ProtocolError(action, reply);
    const leadsIn = entry.kind === "link" && await canEnter(control, path, action);
    return { ...entry, name, ...(leadsIn ? { kind: "directory" } : {}) };
  }
  return await statByParts(control, path, name, action);
}

/** Whether `path` is a directory, or a link that leads to one. */
async function canEnter(
  control: ControlConnection,
  path: string,
  action: string,
): Promise<boolean> {
  try {
    await inside(control, path, action, () => Promise.resolve());
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** RFC 959 has no such command: what can be entered is a directory, the rest is in LIST. */
async function statByParts(
  control: ControlConnection,
  path: string,
  name: string,
  action: string,
): Promise<Entry> {
  const modified = await modifiedOf(control, path);
  const time = modified === undefined ? {} : { modified };
  let refused: unknown;
  try {
    await inside(control, path, action, () => Promise.resolve());
    const listed = isPlainName(name) ? await listedEntry(control, path, name) : undefined;
    return { ...listed, ...time, name, kind: "directory" };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    refused = error;
  }
  await setType(control, "I");
  const size = await sizeOf(control, path);
  const listed = await listedEntry(control, path, name);
  if (listed === undefined && size === undefined) throw refused;
  return {
    kind: "file",
    ...listed,
    ...(size === undefined ? {} : { size }),
    ...time,
    name,
  };
}

/** What the listing of its directory says of `path`, as far as one can be had. */
async function listedEntry(
  control: ControlConnection,
  path: string,
  name: string,
): Promise<Entry | undefined> {
  try {
    return (await list(control, parentOf(path))).find((entry) => entry.name === name);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** When a file was last changed (RFC 3659 section 3); undefined when the server does not tell. */
export async function modifiedOf(
  control: ControlConnection,
  path: string,
): Promise<Date | undefined> {
  const reply = await control.ask(`MDTM ${path}`);
  const ms = reply.code === 213 ? parseTime(reply.lines[0]!.trim()) : undefined;
  return ms === undefined ? undefined : new Date(ms);
}

/** The working directory. */
export async function workingDirectory(control: ControlConnection): Promise<string> {
  const action = "Cannot find the working directory";
  const reply = await control.expect(action, "PWD", 200);
  const path = parseQuotedPath(reply.lines.join(" "));
  if (path === undefined) throw new ProtocolError(action, reply);
  return path;
}

/** Changes the working directory. */
export async function changeDirectory(control: ControlConnection, path: string): Promise<void> {
  await control.expect(`Cannot enter "${path}"`, `CWD ${path}`, 200);
}

/** Makes a directory, which must not exist. */
export async function makeDirectory(control: ControlConnection, path: string): Promise<void> {
  await control.expect(`Cannot make "${path}"`, `MKD ${path}`, 200);
}

/** Removes an empty directory. */
export async function removeDirectory(control: ControlConnection, path: string): Promise<void> {
  await control.expect(`Cannot remove "${path}"`, `RMD ${path}`, 200);
}

/** Removes a file, or a link itself. */
export async function removeFile(control: ControlConnection, path: string): Promise<void> {
  await control.expect(`Cannot remove "${path}"`, `DELE ${path}`, 200);
}

/**
 * Ends RNFR and renames nothing: some servers take no other command behind it (RFC 959 section
 * 4.1.3), and no name is refused by all of them.
 */
export const END_OF_RNFR = "RNTO";

/** Gives a file or a directory another name. */
export async function rename(control: ControlConnection, from: string, to: string): Promise<void> {
  const action = `Cannot move "${from}" to "${to}"`;
  try {
    await control.expect(action, `RNFR ${from}`, 300);
    await control.expect(action, `RNTO ${to}`, 200);
  } catch (error) {
    // Interrupted, RNFR may still come about; its reply and this one are waited for by nobody.
    if (control.signal?.aborted && !control.closed) control.begin(END_OF_RNFR);
    throw error;
  }
}

/** The last name of a path: "b" of "/a/b" and of "a/b/"; "/" of "/". */
export function lastName(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  if (trimmed === "") return path === "" ? "" : "/";
  return trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

/** The directory of a path: "/a" of "/a/b", "/" of "/a", "" of "a". */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  return slash > 0 ? trimmed.slice(0, slash) : slash === 0 ? "/" : "";
}

/** `name` below the directory `path`. */
export function joinPath(path: string, name: string): string {
  return path === "" || path.endsWith("/") ? `${path}${name}` : `${path}/${name}`;
}

/** Whether `text` has anything in it that a pattern (mirror/pattern.ts) gives a meaning to. */
export function hasWildcards(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** Whether a server has MLST and MLSD, by its features. */
export function hasFacts(features: ReadonlyMap<string, string>): boolean {
  return features.has("MLST") || features.has("MLSD");
}

/** Runs `work` with `path` as working directory, and comes back. */
async function inside<T>(
  control: ControlConnection,
  path: string,
  action: string,
  work: () => Promise<T>,
): Promise<T> {
  const before = await workingDirectory(control);
  const goBack = async () => {
    if (!control.closed) await control.shielded(() => changeDirectory(control, before));
  };
  try {
    await control.expect(action, `CWD ${path}`, 200);
  } catch (error) {
    // Interrupted, it may still come about.
    if (control.signal?.aborted) await goBack();
    throw error;
  }
  let done: T;
  try {
    done = await work();
  } catch (error) {
    // What went wrong first is told, whatever becomes of the way back.
    await goBack().catch(() => {});
    throw error;
  }
  await goBack();
  return done;
}
