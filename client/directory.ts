/**
 * Directories: what is in them (MLSD, LIST), and the commands that change it (MKD, RMD, DELE, RNFR,
 * RNTO).
 *
 * client.ts calls it, one operation at a time; attributes.ts asks about single names. LIST's
 * argument is unreliable, as MLSD's may be: it is taken for options or a pattern, and a directory
 * that is not there may look like an empty one. So the working directory is changed for it and
 * changed back.
 *
 * @module
 */

import { parseQuotedPath } from "../server/ftp/words/replies.ts";
import type { ControlConnection } from "./control.ts";
import {
  ConnectionError,
  describeReply,
  isLasting,
  kindOf,
  LocalError,
  passEmpty,
  ProtocolError,
} from "./errors.ts";
import { chooseFacts, COMMAND_UNKNOWN, hasFacts, takesPath, withoutFacts } from "./facts.ts";
import {
  type Entry,
  ENTRY_BYTES,
  type EntryField,
  type LineParser,
  LISTING_IDLE_BYTES_MAX,
  LISTING_KEPT_BYTES_MAX,
  ListingReader,
  listParser,
  parseFacts,
} from "./listing.ts";
import { type CallOptions, setType, transfer } from "./transfer.ts";

/**
 * Octets of a listing whose entries are made at once. What is made of larger parts outlives the
 * young generation of the runtime's heap: 35 MB more for 100,000 names.
 */
const GROUP_BYTES = 16_384;

/** Is given entries in groups, with what they take in memory in octets, and may ask to wait. */
export type OnEntries = (entries: Entry[], bytes: number) => void | Promise<void>;

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
   * Hears at the end of a listing in which lines were not understood, how many; Infinity where its
   * end may be missing: the server says so, or TLS ended without its alert. What they tell of is
   * missing among the entries, and may be there all the same. Where nobody hears it, a listing
   * fails of which no line was understood, or whose end may be missing.
   */
  readonly onUnread?: (lines: number) => void;
  /**
   * The most memory that `list` takes, and `entries` for a loop that asks something else of its
   * client, in octets; default `LISTING_KEPT_BYTES_MAX`.
   */
  readonly keptBytesMax?: number;
}

/** In the place of how many lines were not understood: the end of the listing may be missing. */
const MAYBE_CUT = Infinity;

/** What to say of a directory of whose listing so many lines were not understood. */
export function notUnderstood(path: string, lines: number): ConnectionError {
  const why = lines === MAYBE_CUT
    ? "its listing may have been cut: the server says so, or TLS ended without its alert"
    : lines === 1
    ? "a line of its listing was not understood"
    : `${lines} lines of its listing were not understood`;
  const text = `Cannot see all of ${quoted(path)}: ${why}`;
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
  let kept = 0;
  await readEntries(control, path, (group, bytes) => {
    assertFits(kept += bytes, options);
    for (const entry of group) entries.push(entry);
  }, options);
  return entries;
}

/**
 * Hands the entries of a directory to `take`, in the server's order and no faster than it takes
 * them.
 *
 * @throws {ConnectionError} of the kind `protocol`, when the listing goes on and on without any, or
 * entries are missing and nobody hears that (`onUnread`).
 */
export async function readEntries(
  control: ControlConnection,
  path: string,
  take: OnEntries,
  options: ListOptions,
): Promise<void> {
  const { by, fields, onUnread } = options;
  const action = `Cannot list ${quoted(path)}`;
  const { server } = control;
  const byFacts = by === undefined && hasFacts(server.features);
  let reader = byFacts ? await readFacts(control, path, action, take, fields) : undefined;
  if (reader === undefined) {
    reader = await inside(control, path, action, () => readList(control, action, take, options));
    if (byFacts) server.features = withoutFacts(server.features);
  }
  const { found, unread } = reader;
  if (unread === 0) return;
  if (onUnread !== undefined) return onUnread(unread);
  if (found === 0 || unread === MAYBE_CUT) throw notUnderstood(path, unread);
}

/**
 * MLSD; undefined where the server does not know it, whatever FEAT says: some have MLST alone, and
 * proxies pass on a FEAT that tells more than they let through. It is asked inside the directory
 * where the server cannot be given the path, or refuses what it is given by 501.
 */
async function readFacts(
  control: ControlConnection,
  path: string,
  action: string,
  take: OnEntries,
  fields: ListOptions["fields"],
): Promise<ListingReader | undefined> {
  await chooseFacts(control, fields);
  const reader = readerOf(control, parseFacts);
  const read = (command: string) => readLines(control, action, command, reader, take);
  const readInside = () => inside(control, path, action, () => read("MLSD"));
  const isGiven = path !== "" && takesPath(control.server.features, path);
  try {
    await (isGiven ? read(`MLSD ${path}`) : readInside());
  } catch (error) {
    if (!(error instanceof ProtocolError) || reader.found > 0 || reader.idleBytes > 0) throw error;
    if (COMMAND_UNKNOWN.has(error.code)) return undefined;
    if (!isGiven || error.code !== 501) throw error;
    // So is a file refused, too (RFC 3659 section 7.2.1), which nobody can enter.
    await readInside().catch((other) => {
      throw isLasting(other) ? error : other;
    });
  }
  return reader;
}

/** The greeting of z/OS, which lists in EBCDIC unless TYPE A is in force (RFC 959 section 3.1.1). */
const EBCDIC_SERVER = /\bIBM FTP CS\b|\bMVS\b|\bz\/OS\b/;

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
  options: ListOptions,
): Promise<ListingReader> {
  const { server } = control;
  const greeting = server.greeting.lines.join(" ");
  if (EBCDIC_SERVER.test(greeting)) await setType(control, "A");
  const parse = listParser(greeting, Date.now());
  if (server.listsAll !== false) {
    const reader = readerOf(control, parse);
    let held: Entry[] = [];
    let heldBytes = 0;
    const giveHeld = () => {
      const [ready, bytes] = [held, heldBytes];
      [held, heldBytes] = [[], 0];
      return take(ready, bytes);
    };
    try {
      await readLines(control, action, "LIST -a", reader, (group, bytes) => {
        held = held.length === 0 ? group : held.concat(group);
        heldBytes += bytes;
        if (reader.sawItself) return giveHeld();
        assertFits(heldBytes, options);
      }).catch(passEmpty);
    } catch (error) {
      if (!(error instanceof ProtocolError) || reader.sawItself) throw error;
      if (server.listsAll === true || !OPTION_REFUSED.has(error.code)) throw error;
    }
    if (reader.sawItself) {
      server.listsAll = true;
      if (held.length > 0) await giveHeld();
      return reader;
    }
  }
  const reader = readerOf(control, parse);
  await readLines(control, action, "LIST", reader, take).catch(passEmpty);
  if (reader.found > 0) server.listsAll ??= false;
  return reader;
}

function assertFits(
  bytes: number,
  { keptBytesMax = LISTING_KEPT_BYTES_MAX }: ListOptions,
): void {
  if (bytes <= keptBytesMax) return;
  throw new LocalError(`Cannot keep more than ${keptBytesMax} octets of a listing`);
}

function readerOf(control: ControlConnection, parse: LineParser): ListingReader {
  return new ListingReader(parse, (octets) => control.encoding.decode(octets));
}

/** How vsftpd says at the end of an empty listing, by a good reply, why it is empty. */
const NOT_OPENED = /failed to open|can(?:no|')t open|could not open|denied/i;

/** How Pure-FTPd says at the end of a listing, by a good reply, that there are more entries. */
const LEFT_OUT = /\btruncated\b/i;

/** One listing, from its command to its reply. */
async function readLines(
  control: ControlConnection,
  action: string,
  command: string,
  reader: ListingReader,
  take: OnEntries,
): Promise<void> {
  /** Octets that came since the last entries. */
  let came = 0;
  const give = (entries: Entry[]) => {
    if (entries.length === 0) return;
    const bytes = came + ENTRY_BYTES * entries.length;
    came = 0;
    return take(entries, bytes);
  };
  const sink = {
    async write(chunk: Uint8Array) {
      for (let at = 0; at < chunk.length; at += GROUP_BYTES) {
        const part = chunk.subarray(at, at + GROUP_BYTES);
        came += part.length;
        await give(reader.read(part));
      }
      if (reader.idleBytes > LISTING_IDLE_BYTES_MAX) {
        const text = `${action}: over ${LISTING_IDLE_BYTES_MAX} octets of it are no entries`;
        throw new ConnectionError(text, { kind: "protocol" });
      }
    },
  };
  // Nothing tells how long a listing is: whether it may have been cut is all that is known.
  const { octets, reply, wasCut } = await transfer(control, {
    action,
    command,
    move: (data) => data.receive(sink),
  });
  await give(reader.end());
  const text = reply.lines.join(" ");
  if (wasCut || LEFT_OUT.test(text)) reader.unread = MAYBE_CUT;
  if (octets === 0 && NOT_OPENED.test(text)) {
    throw new ProtocolError(action, reply, undefined, "permanent");
  }
}

/** A path without quotes, against RFC 959 appendix II: all before "is the current directory". */
const PLAIN_PATH = /^\/.*?(?= is )|^\/\S*/;

/** The working directory. */
export async function workingDirectory(control: ControlConnection): Promise<string> {
  const action = "Cannot find the working directory";
  const reply = await control.expect(action, "PWD", 200);
  const text = reply.lines.join(" ").trim();
  const path = parseQuotedPath(text) ?? PLAIN_PATH.exec(text)?.[0];
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

/** Runs `work` with `path` as working directory, and comes back; "" is where it is. */
export async function inside<T>(
  control: ControlConnection,
  path: string,
  action: string,
  work: () => Promise<T>,
): Promise<T> {
  if (path === "") return await work();
  const before = await workingDirectory(control);
  const goBack = () => control.shielded(() => returnTo(control, before));
  try {
    await control.expect(action, `CWD ${path}`, 200);
  } catch (error) {
    // Interrupted, it may still come about.
    if (control.signal?.aborted) await goBack().catch(() => {});
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

/**
 * Goes back to the working directory that a call has left for a while. Where the server refuses,
 * the connection is closed: relative names would mean something else on it.
 */
async function returnTo(control: ControlConnection, path: string): Promise<void> {
  if (control.closed) return;
  const reply = await control.ask(`CWD ${path}`);
  if (reply.code < 300) return;
  const text = `Cannot go back to "${path}": ${describeReply(reply)}`;
  const error = new ConnectionError(text, { kind: kindOf(reply), reply });
  control.close(error);
  throw error;
}
