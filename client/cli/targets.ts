/**
 * The names that transfers write to, on this machine and on the server.
 *
 * get.ts, put.ts and mini.ts ask; nothing is opened here.
 *
 * @module
 */

import { joinPath, lastName } from "../directory.ts";
import { type ClientError, LocalError } from "../errors.ts";
import { localName } from "../escapes.ts";
import { isPlainName } from "../listing.ts";
import { baseName, originPath, partPath } from "../local/names.ts";
import type { Request } from "./arguments.ts";
import { quoted } from "./checks.ts";

/** Says how the older form, two operands for one file, is typed now. */
export function hintAtOutput(
  { verb, operands }: Request,
  isMissing: (error: ClientError) => boolean,
): (operand: string, error: ClientError) => string | undefined {
  return (operand, error) => {
    const [file, name] = operands as [string, string];
    if (operands.length !== 2 || operand !== name || !isMissing(error)) return undefined;
    // Nobody means a pattern to be a name.
    if (operands.some((each) => /[*?]/.test(each))) return undefined;
    const here = verb === "get" ? "here" : "on the server";
    return `If that was to be its name ${here}: ${verb} ${quoted(file)} -o ${quoted(name)}`;
  };
}

/** The remote name of an upload: "dir/" gets the file under its local name. */
export function remoteTarget(local: string, { output, outputDirectory = "" }: Request): string {
  const name = output === undefined || output.endsWith("/")
    ? (output ?? "") + baseName(local)
    : output;
  return joinPath(outputDirectory, name);
}

/**
 * The local name of a download: a directory gets the file under its remote name.
 *
 * @throws {LocalError} when there is no such directory, or a file that is not to be overwritten.
 */
export function localTarget(remote: string, { output, outputDirectory, options }: Request): string {
  const target = inside(inside(undefined, outputDirectory, true), output, false) ?? "";
  const path = target === "" || target.endsWith("/") ? target + plainNameOf(remote) : target;
  if (options.has("no-clobber") && isHere(path)) {
    throw new LocalError(`Cannot write "${path}": it is there already, and --no-clobber is given`);
  }
  return path;
}

/** `name` below `folder`; with a slash at its end when it is a directory itself. */
function inside(
  folder: string | undefined,
  name: string | undefined,
  mustBeDirectory: boolean,
): string | undefined {
  if (name === undefined) return folder;
  const path = joinPath(folder ?? "", name);
  if (isDirectoryHere(path)) return `${path.replace(/\/+$/, "")}/`;
  if (!mustBeDirectory && !path.endsWith("/")) return path;
  throw new LocalError(`Cannot write into "${path}": there is no such directory`);
}

function plainNameOf(remote: string): string {
  const name = lastName(remote);
  if (isPlainName(name)) return localName(name);
  throw new LocalError(`Cannot write "${remote}" into a folder: it has no name of its own`);
}

/** Whether there is such a directory, or a link to one. */
export function isDirectoryHere(path: string): boolean {
  return leadsTo(path)?.isDirectory === true;
}

/** Whether there is such a file, or a link to one. */
export function isFileHere(path: string): boolean {
  return leadsTo(path)?.isFile === true;
}

/** Whether there is what takes octets, or gives them, once: a pipe, a terminal, another device. */
export function isStreamHere(path: string): boolean {
  const there = leadsTo(path);
  return there !== undefined && !there.isFile && !there.isDirectory;
}

/** What is there; undefined also for what cannot be looked at, as whoever opens it tells. */
function leadsTo(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

/**
 * What one command has written. Two names may be one to a file system, by its own rules of case and
 * of composed letters, and a link may lead from one to another.
 */
export class WrittenHere {
  readonly #names = new Map<string, string>();

  /** Adds what has the path now. */
  add(path: string): void {
    const file = identityOf(path);
    if (file !== undefined) this.#names.set(file, path);
  }

  /** @throws {LocalError} when `path` leads to what was added. */
  assertOther(path: string): void {
    const other = this.#names.get(identityOf(path) ?? "");
    if (other === undefined) return;
    throw new LocalError(`Cannot write "${path}": to this system it is the same as "${other}"`);
  }

  /** @throws {LocalError} when what a download of `path` is until it is complete was added. */
  assertPartOther(path: string): void {
    if (this.#names.size === 0) return;
    const file = withoutLinks(path);
    for (const part of [partPath(file), originPath(file)]) {
      const other = this.#names.get(identityOf(part) ?? "");
      if (other === undefined) continue;
      throw new LocalError(`Cannot write "${path}": until it is complete it would be "${other}"`);
    }
  }
}

/** The path of what `path` leads to, beside which its part is; `path` itself where nothing is. */
function withoutLinks(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** By its number; the runtime rounds one from 2^53 on (NTFS), and then its own path has to do. */
function identityOf(path: string): string | undefined {
  const there = leadsTo(path);
  if (there?.ino == null) return undefined;
  return Number.isSafeInteger(there.ino) ? `${there.dev}:${there.ino}` : withoutLinks(path);
}

/** Whether anything has the name, a link that leads nowhere as well. */
function isHere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}
