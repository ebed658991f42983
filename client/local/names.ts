/**
 * Names of files: the last one of a path here, and those that files have until they are complete,
 * on this machine and on a server.
 *
 * The latter are made from the name that the file is to have, so that the next run finds what the
 * last one left. Pure.
 *
 * @module
 */

import { fittedName } from "../../server/octets.ts";
import { DATA_BUFFER_BYTES } from "../data.ts";
import { lastName } from "../directory.ts";

/**
 * "b" of "/a/b" and of "a/b/"; on Windows of "C:\\a\\b", too. What has no name is itself.
 *
 * The standard library has it in a dozen files, which the runtime would read at each start.
 */
export function baseName(path: string, isWindows: boolean = Deno.build.os === "windows"): string {
  const names = path.split(isWindows ? /[/\\]|^[a-z]:/i : "/");
  return names.findLast((name) => name !== "") ?? path;
}

/** `NAME.part` beside `path`: the octets of a download under way. */
export function partPath(path: string, isWindows?: boolean): string {
  return beside(path, baseName(path, isWindows), "", ".part");
}

/** `.NAME.part.json` beside `path`: what the part is part of. */
export function originPath(path: string, isWindows?: boolean): string {
  return beside(path, baseName(path, isWindows), ".", ".part.json");
}

/**
 * `.NAME.TAG.up` beside `path`: an upload under way. The dot hides it from those who pick up what
 * has arrived in a folder.
 */
export function uploadPath(path: string, tag: string): string {
  return beside(path, lastName(path), ".", `.${tag}.up`);
}

/** `.NAME.old.up` beside `path`: what had the name, until the upload that replaces it has it. */
export function asidePath(path: string): string {
  return uploadPath(path, "old");
}

/** What `originPath`, and `uploadPath` and `asidePath` make, and nobody else. */
const ORIGIN_NAME = /^\..+\.part\.json$/s;
const UPLOAD_NAME = /^\..+\.(?:[0-9a-f]{16}|old)\.up$/s;

/** What `partPath` makes of a name that is too long. */
const CUT_PART_NAME = /~[0-9a-f]{16}\.part$/;

/**
 * Whether a file of this name is what a transfer of this client left. Others call files `NAME.part`,
 * too: such a file is left only if what says of what it is a part is beside it (`isBeside`).
 */
export function isLeftover(name: string, isBeside: (name: string) => boolean): boolean {
  if (ORIGIN_NAME.test(name) || UPLOAD_NAME.test(name)) return true;
  return name.endsWith(".part") && (CUT_PART_NAME.test(name) || isBeside(`.${name}.json`));
}

/**
 * Whether a part of so many octets that has nothing beside it is somebody else's: this client writes
 * only what comes in one piece without it (PartFile.write).
 */
export function isForeignPart(octets: number): boolean {
  return octets > DATA_BUFFER_BYTES;
}

/** What `name`, the last one of `path`, becomes, in the same folder. */
function beside(path: string, name: string, start: string, end: string): string {
  return path.slice(0, path.lastIndexOf(name)) + fittedName(start, name, end);
}
