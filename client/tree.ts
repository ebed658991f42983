/**
 * What takes several commands: a directory with its parents, a directory with all that is in it.
 *
 * Functions over the public client; mod.ts exports them but `listWithLinks` and `refusedRemoval`.
 *
 * @module
 */

import { saysNothing } from "./attributes.ts";
import type { Client } from "./client.ts";
import { joinPath, lastName, type ListOptions, notUnderstood, parentOf } from "./directory.ts";
import { isLasting, LocalError, ProtocolError, unlessRefused } from "./errors.ts";
import { hasFacts } from "./facts.ts";
import { DEPTH_MAX, PATHS_BYTES_MAX } from "./limits.ts";
import { type Entry, type EntryKind, isPlainName } from "./listing.ts";
import type { CallOptions } from "./transfer.ts";

/**
 * Makes a directory and those above it that are missing; one that exists is no error.
 *
 * @example
 * ```ts
 * import { connect, makeDirectories } from "./mod.ts";
 *
 * await using client = await connect();
 * await makeDirectories(client, "films/1970/spring");
 * ```
 */
export async function makeDirectories(
  client: Client,
  path: string,
  options: CallOptions = {},
): Promise<void> {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  let prefix = path.startsWith("/") ? "/" : "";
  for (const [index, name] of names.entries()) {
    prefix = joinPath(prefix, name);
    try {
      await client.makeDirectory(prefix, options);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Most of the path is there usually; what cannot be made matters only if it is missing.
      if (!await isDirectory(client, prefix, options)) throw error;
      if (index === names.length - 1) return;
    }
  }
}

/**
 * What has a name on the server; undefined: nothing.
 *
 * @throws {ClientError} when the server does not tell: not every refusal says that there is nothing.
 */
export async function kindThere(
  client: Client,
  path: string,
  options: CallOptions = {},
): Promise<EntryKind | undefined> {
  try {
    return (await client.stat(path, options)).kind;
  } catch (error) {
    if (error instanceof ProtocolError && saysNothing(error.code)) return undefined;
    throw error;
  }
}

/** Whether `path` is a directory on the server, as far as that says. */
export async function isDirectory(
  client: Client,
  path: string,
  options: CallOptions = {},
): Promise<boolean> {
  try {
    return (await client.stat(path, options)).kind === "directory";
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/**
 * The entries of a directory, with each link told as one: MLSD may tell what it leads to, as
 * pyftpdlib has it, where LIST shows the link. So that is asked, too, for each directory that
 * `matters` by its name. Lines that are not understood are told of either listing.
 */
export async function listWithLinks(
  client: Client,
  path: string,
  matters: (name: string) => boolean,
  options: ListOptions,
): Promise<Entry[]> {
  const entries = await client.list(path, options);
  const isSuspect = ({ kind, name }: Entry) => kind === "directory" && matters(name);
  if (!hasFacts(client.features) || !entries.some(isSuspect)) return entries;
  const links = await linksByList(client, path, options);
  return entries.map((entry) => links.has(entry.name) ? { ...entry, kind: "link" } : entry);
}

async function linksByList(
  client: Client,
  path: string,
  options: ListOptions,
): Promise<ReadonlySet<string>> {
  try {
    const entries = await client.list(path, { ...options, by: "LIST" });
    return new Set(entries.filter(({ kind }) => kind === "link").map(({ name }) => name));
  } catch (error) {
    if (isLasting(error)) return new Set();
    throw error;
  }
}

/** What one call removes: each name is kept until all are known. */
const REMOVED_MAX = 1_000_000;

/** What `removeTree` found below a path, nothing of it removed yet. */
interface Found {
  /** Directories, each before those in it. */
  readonly directories: string[];
  /** Everything else, by the directory that it is in. */
  readonly files: Map<string, string[]>;
}

/**
 * Removes a file, or a directory with all that is in it. Everything is listed before files are
 * removed: where a directory may not be read, or lines of its listing are not understood, all of
 * them stay. A link is removed, never followed: DELE is tried before a directory is listed, because
 * some servers call a link to one so, and where it is refused, what is a link in a listing is one.
 *
 * @example
 * ```ts
 * import { connect, removeTree } from "./mod.ts";
 *
 * await using client = await connect();
 * await removeTree(client, "films/1970");
 * ```
 *
 * @throws {LocalError} when there is too much below it, or it is too deep.
 * @throws {ConnectionError} of the kind `protocol`, when lines of a listing are not understood.
 */
export async function removeTree(
  client: Client,
  path: string,
  options: CallOptions = {},
): Promise<void> {
  const refused = await refusedRemoval(client, path, options);
  if (refused === undefined) return;
  if (!await isDirectory(client, path, options) || await isLink(client, path, options)) {
    throw refused;
  }
  const found: Found = { directories: [], files: new Map() };
  await lookBelow(client, path, found, options);
  for (const directory of found.directories.toReversed()) {
    for (const file of found.files.get(directory)!) await client.removeFile(file, options);
    await removeEmptied(client, directory, options);
  }
}

/**
 * Removes `path` by DELE; why not, when the server refuses for good. What it refuses for now may be
 * a link all the same: that is thrown. The servers of Arduino and ESP boards refuse directories by
 * 450: so that is for good where LIST shows one.
 */
export async function refusedRemoval(
  client: Client,
  path: string,
  options: CallOptions,
): Promise<ProtocolError | undefined> {
  try {
    await client.removeFile(path, options);
  } catch (error) {
    if (isLasting(error)) return error;
    const mayBeLasting = error instanceof ProtocolError && error.code === 450;
    if (mayBeLasting && await isListedAsDirectory(client, path, options)) return error;
    throw error;
  }
}

/** Whether LIST, which shows a link as one, shows `path` as a directory. */
async function isListedAsDirectory(
  client: Client,
  path: string,
  options: CallOptions,
): Promise<boolean> {
  const lines = client.list(parentOf(path), { ...options, by: "LIST", onUnread: () => {} });
  const name = lastName(path);
  const entries = await unlessRefused(lines) ?? [];
  return entries.some((entry) => entry.name === name && entry.kind === "directory");
}

/** Whether the directory that has `path` shows a link there, if it may be listed. */
async function isLink(client: Client, path: string, options: CallOptions): Promise<boolean> {
  const name = lastName(path);
  if (!isPlainName(name)) return false;
  const above = parentOf(path);
  let unread = 0;
  let found: Entry | undefined;
  try {
    const entries = await listWithLinks(client, above, (other) => other === name, {
      ...options,
      onUnread: (lines) => unread += lines,
    });
    found = entries.find((entry) => entry.name === name);
  } catch (error) {
    if (isLasting(error)) return false;
    throw error;
  }
  if (found?.kind === "link") return true;
  // What MLSD calls a directory may be a link in a line of LIST.
  const isKnown = found !== undefined && !hasFacts(client.features);
  if (unread > 0 && !isKnown) throw notUnderstood(above, unread);
  return false;
}

async function lookBelow(
  client: Client,
  root: string,
  found: Found,
  options: CallOptions,
): Promise<void> {
  const left = [{ path: root, depth: 0 }];
  let [seen, kept] = [0, 0];
  for (let next; (next = left.pop()) !== undefined;) {
    const { path, depth } = next;
    if (depth > DEPTH_MAX) throw new LocalError(`Cannot remove "${path}": too deep`);
    const onUnread = (lines: number) => {
      throw notUnderstood(path, lines);
    };
    const entries = await listWithLinks(client, path, () => true, { ...options, onUnread });
    seen += entries.length;
    if (seen > REMOVED_MAX) {
      throw new LocalError(`Cannot remove "${root}": it has over ${REMOVED_MAX} entries`);
    }
    const files = [];
    for (const { name, kind } of entries) {
      const below = joinPath(path, name);
      if ((kept += below.length) > PATHS_BYTES_MAX) {
        throw new LocalError(
          `Cannot remove "${root}": its names are over ${PATHS_BYTES_MAX} octets`,
        );
      }
      if (kind !== "directory") files.push(below);
      // What DELE removes was a link that is listed as a directory.
      else if (await refusedRemoval(client, below, options) !== undefined) {
        left.push({ path: below, depth: depth + 1 });
      }
    }
    found.directories.push(path);
    found.files.set(path, files);
  }
}

async function removeEmptied(client: Client, path: string, options: CallOptions): Promise<void> {
  try {
    await client.removeDirectory(path, options);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const left = await client.list(path, options).catch(() => undefined);
    options.signal?.throwIfAborted();
    if (left?.length !== 0) throw error;
    const reason = "nothing is listed in it any more, but the server may hide names";
    throw new ProtocolError(`Cannot remove "${path}" (${reason})`, error.reply);
  }
}
