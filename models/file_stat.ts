/**
 * What the operating system says of files, in the words of effects.
 *
 * @module
 */

import type { FileStat } from "../server/mod.ts";
import { FileFailure, withFailures } from "./open_file.ts";

/** Of an entry that cannot be looked at. */
export const UNKNOWN: FileStat = {
  kind: "other",
  size: 0,
  modifiedMs: 0,
  mode: 0,
  uid: 0,
  gid: 0,
  links: 0,
  unique: "",
};

/** What a FileInfo says. */
export function toStat(info: Deno.FileInfo): FileStat {
  return {
    kind: info.isFile ? "file" : info.isDirectory ? "directory" : "other",
    size: info.size,
    modifiedMs: info.mtime?.getTime() ?? 0,
    mode: (info.mode ?? 0o644) & 0o7777,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    links: info.nlink ?? 1,
    unique: `${info.dev.toString(16)}g${(info.ino ?? 0).toString(16)}`,
  };
}

/** Looks at `path` itself, not through a link. Throws FileFailure. */
export function statOf(path: string): FileStat {
  return toStat(withFailures(() => Deno.lstatSync(path)));
}

/** The same, undefined where there is nothing. Throws FileFailure. */
export function lstatOrUndefined(path: string): Deno.FileInfo | undefined {
  try {
    return withFailures(() => Deno.lstatSync(path));
  } catch (error) {
    if (error instanceof FileFailure && error.failure === "notFound") return undefined;
    throw error;
  }
}

/** What is free on the device, or undefined when the runtime may not look (--allow-sys=statfs). */
export function freeBytes(path: string): number | undefined {
  try {
    // Asked for when it is needed: loading the module takes longer than starting a worker.
    const { bavail, bsize } = process.getBuiltinModule("node:fs").statfsSync(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** The names in a folder, sorted. Throws FileFailure. */
export function namesIn(path: string): string[] {
  const names = withFailures(() => Array.from(Deno.readDirSync(path), (entry) => entry.name));
  return names.sort((left, right) => left < right ? -1 : 1);
}

/** Where `path` leads, undefined for nowhere. */
export function realPathOrUndefined(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined; // dangling, or a loop: it leads nowhere
  }
}
