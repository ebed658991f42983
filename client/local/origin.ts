/**
 * What a part is part of: where the file is, how long it was and from when. A download goes on
 * behind a part only when all that is still so; otherwise two files would become one.
 *
 * It is kept in a small file of its own beside the part. Attributes of the file would be lost on
 * file systems without them, and something at the end of the octets would have to be moved with
 * every write; what is lost with this file is only that the download must begin again. It is
 * written before the first octet and removed after the part has its name, so that whenever the
 * program dies, no part has the origin of another one.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { DATA_BUFFER_BYTES } from "../data.ts";
import { joinPath } from "../directory.ts";
import { unlessRefused } from "../errors.ts";
import type { CallOptions } from "../transfer.ts";

/** The longest path (PATH_MAX, 4096 octets), each octet escaped, and the rest of the lines. */
const ORIGIN_BYTES_MAX = 32_768;

/** A file on a server, as far as the server tells. */
export interface RemoteFile {
  /** The name or address that was connected to. */
  readonly host: string;
  /** Of a large file from the root folder, where the server tells its working directory. */
  readonly path: string;
  /** In octets. */
  readonly size: number | undefined;
  /** When it was last changed. */
  readonly modified: Date | undefined;
}

/** What a caller knows of a remote file from a listing: it is then not asked again. */
export interface RemoteFacts {
  /** In octets. */
  readonly size: number;
  /** When it was last changed. */
  readonly modified: Date;
}

/** Asks the server what `path` is. */
export async function originOf(
  client: Client,
  path: string,
  known?: RemoteFacts,
  options?: CallOptions,
): Promise<RemoteFile> {
  const size = known?.size ?? await client.size(path, options);
  const modified = known?.modified ?? await client.modified(path, options);
  const isAsked = !path.startsWith("/") && !(size !== undefined && size <= DATA_BUFFER_BYTES);
  // What a small file's name is relative to is not worth a question.
  const folder = isAsked ? await unlessRefused(client.workingDirectory(options)) ?? "" : "";
  return { host: client.host, path: joinPath(folder, path), size, modified };
}

/** Why what was begun as `was` cannot go on as `now`; undefined: it can. */
export function whyOther(
  was: RemoteFile | undefined,
  now: RemoteFile | undefined,
): string | undefined {
  if (was === undefined) return "nothing tells what it is part of";
  if (now === undefined) return "nothing tells what it would be part of";
  if (was.host !== now.host || was.path !== now.path) {
    return `it is part of "${was.path}" of ${was.host}`;
  }
  if (was.size !== now.size) {
    return `the file on the server had ${counted(was.size)} then and has ${counted(now.size)} now`;
  }
  if (secondsOf(was.modified) !== secondsOf(now.modified)) {
    return now.modified === undefined
      ? "the server told the time of the file then, and does not now"
      : "the file on the server was changed since";
  }
  return isTold(now) ? undefined : "the server tells neither size nor time of the file";
}

/** Whether the server tells enough to know the file again. */
export function isTold(origin: RemoteFile | undefined): boolean {
  return origin?.size !== undefined || origin?.modified !== undefined;
}

/** How exactly file systems keep times: some keep whole seconds only, and FAT every other. */
const KEPT_MS: readonly number[] = [1, 1_000, 2_000];

/**
 * Whether a file of this size and time is `origin`, as a download that keeps times leaves it. What
 * was written here in the same second has a fraction, which a server that tells none never gives.
 */
export function isCopy(
  file: { readonly size: number; readonly mtime: Date | null },
  origin: RemoteFile | undefined,
): boolean {
  const [here, there] = [file.mtime?.getTime(), origin?.modified?.getTime()];
  if (here === undefined || there === undefined || file.size !== origin?.size) return false;
  return KEPT_MS.some((ms) => here === ms * Math.floor(there / ms));
}

/** Whole seconds: most servers, and some file systems, know no others. */
export function secondsOf(date: Date | null | undefined): number | undefined {
  return date == null ? undefined : Math.floor(date.getTime() / 1000);
}

/** What was written beside a part; undefined when it is missing, or no such thing. */
export async function readOrigin(path: string): Promise<RemoteFile | undefined> {
  try {
    const stat = await Deno.lstat(path);
    if (!stat.isFile || stat.size > ORIGIN_BYTES_MAX) return undefined;
    return parseOrigin(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes it anew: never through what has the name, which may be a link to another file. */
export function writeOrigin(path: string, { host, path: from, size, modified }: RemoteFile): void {
  removeOrigin(path);
  const text = JSON.stringify({ host, path: from, size, modified }, undefined, 2);
  Deno.writeTextFileSync(path, `${text}\n`, { createNew: true });
}

/** Removes it, if it is there. */
export function removeOrigin(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function parseOrigin(text: string): RemoteFile | undefined {
  const { host, path, size, modified } = Object(JSON.parse(text)) as Record<string, unknown>;
  if (typeof host !== "string" || typeof path !== "string") return undefined;
  return {
    host,
    path,
    size: typeof size === "number" ? size : undefined,
    modified: typeof modified === "string" ? new Date(modified) : undefined,
  };
}

function counted(octets: number | undefined): string {
  return octets === undefined ? "an unknown number of octets" : `${octets} octets`;
}
