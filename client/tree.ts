/**
 * What takes several commands: a directory with its parents, a directory with all that is in it.
 *
 * Functions over the public client; mod.ts exports them.
 *
 * @module
 */

import type { Client } from "./client.ts";
import { joinPath } from "./directory.ts";
import { LocalError, ProtocolError } from "./errors.ts";

/** Directories inside each other: deeper than PATH_MAX allows names of 32 octets. */
const DEPTH_MAX = 128;

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
export async function makeDirectories(client: Client, path: string): Promise<void> {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  let prefix = path.startsWith("/") ? "/" : "";
  for (const [index, name] of names.entries()) {
    prefix = joinPath(prefix, name);
    try {
      await client.makeDirectory(prefix);
    } catch (error) {
      // Most of the path is there usually; what cannot be made matters only if it is missing.
      if (!(error instanceof ProtocolError) || !await isDirectory(client, prefix)) throw error;
      if (index === names.length - 1) return;
    }
  }
}

async function isDirectory(client: Client, path: string): Promise<boolean> {
  try {
    return (await client.stat(path)).kind === "directory";
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/**
 * Removes a file, or a directory with all that is in it. A link is removed, never followed: DELE
 * is tried before anything is listed, because some servers call a link to a directory one.
 *
 * @example
 * ```ts
 * import { connect, removeTree } from "./mod.ts";
 *
 * await using client = await connect();
 * await removeTree(client, "films/1970");
 * ```
 */
export function removeTree(client: Client, path: string): Promise<void> {
  return removeBelow(client, path, 0);
}

async function removeBelow(client: Client, path: string, depth: number): Promise<void> {
  if (depth > DEPTH_MAX) throw new LocalError(`Cannot remove "${path}": too deep`);
  try {
    return await client.removeFile(path);
  } catch (refused) {
    if (!(refused instanceof ProtocolError)) throw refused;
    if (!await isDirectory(client, path)) throw refused;
  }
  for (const entry of await client.list(path)) {
    await removeBelow(client, joinPath(path, entry.name), depth + 1);
  }
  await client.removeDirectory(path);
}
