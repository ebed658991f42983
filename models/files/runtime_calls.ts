/**
 * What a tree through the runtime is made of: what is open of it, which names it has, the runtime's
 * calls with their errors as numbers, and what two of its ways to say stat(2) say. runtime.ts uses
 * it; no native code is called here.
 *
 * @module
 */

import { ERRNO, type ErrnoName, inUse } from "./errors.ts";
import type { Info } from "./volume.ts";

/** A folder by its real path. */
export interface RuntimeDirectory {
  /** Without a slash at its end, "" for "/". */
  readonly path: string;
}

/** An open file: the runtime's own, or a descriptor of node:fs, which can open with care. */
export interface RuntimeFile {
  /** Of what is written, or locked. */
  readonly own?: Deno.FsFile;
  /** Of what is read. */
  readonly fd?: number;
  /** Where the next octet is read. */
  position: number;
}

/** Names still to be given. */
export interface RuntimeNames {
  /** The next one last. */
  readonly names: string[];
  /** Where they are. */
  readonly directory: RuntimeDirectory;
}

/**
 * What Windows takes for more than the name of an entry, in a name or in a path of names: another
 * separator, a drive or a stream of a file, what a pattern is made of, a device in any folder and
 * with any extension, and ends that it drops (learn.microsoft.com, "Naming Files, Paths, and
 * Namespaces").
 */
const NO_NAME_ON_WINDOWS = [
  /[\\:<>"|?*]/,
  /(?:[^/]\.| )(?:\/|$)/,
  /(?:^|\/)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?: *\.[^/]*)?(?:\/|$)/i,
];

/**
 * Why no entry has such a name, or is at such a path, in a tree through the runtime: -ENOENT for
 * what is no UTF-8, -EINVAL for what Windows takes for something else; 0 where it may be one.
 */
export function nameRefusal(text: string, windows: boolean): number {
  if (!text.isWellFormed()) return -ERRNO.ENOENT;
  return windows && NO_NAME_ON_WINDOWS.some((form) => form.test(text)) ? -ERRNO.EINVAL : 0;
}

type Fs = typeof import("node:fs");

let loaded: Fs | undefined;

/** Asked for when it is needed: loading the module takes longer than starting a worker. */
export function fs(): Fs {
  return loaded ??= process.getBuiltinModule("node:fs");
}

/**
 * What the runtime says of an error that it has no name for, as EFBIG: the system's number, and what
 * of a call with a path comes behind it.
 */
const UNNAMED = /\(os error (\d+)\)(?:$|: )/;

/** Runs `body`; what the system refuses comes out as -errno. */
export function attempt<T>(body: () => T): T | number {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof Deno.errors.NotCapable) return -ERRNO.NOT_PERMITTED;
    const { code } = error as { code?: string };
    const known = ERRNO[code as ErrnoName];
    if (known !== undefined) return inUse(-known);
    const [, number] = UNNAMED.exec(error.message) ?? [];
    if (code === undefined && number === undefined) throw error;
    return number !== undefined && Deno.build.os === "linux" ? -number : -ERRNO.EIO;
  }
}

/** 0, or what `body` failed with. */
export function done(body: () => void): number {
  return attempt(() => {
    body();
    return 0;
  });
}

/**
 * Opens for reading without following a last link, and without waiting for a FIFO: a descriptor, or
 * -errno.
 */
export function openWithCare(path: string): number {
  return attempt(() => {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs().constants;
    return fs().openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  });
}

/** Takes over what the runtime says of an entry. */
export function fillFromFileInfo(found: Info, info: Deno.FileInfo): void {
  found.kind = info.isFile
    ? "file"
    : info.isDirectory
    ? "directory"
    : info.isSymlink
    ? "link"
    : "other";
  found.size = info.size;
  found.setModified(info.mtime?.getTime() ?? 0);
  found.changedMs = changeOf(found.modifiedMs, info.ctime?.getTime() ?? Infinity);
  found.mode = (info.mode ?? 0o644) & 0o7777;
  found.uid = info.uid ?? 0;
  found.gid = info.gid ?? 0;
  found.links = info.nlink ?? 1;
  found.device = info.dev;
  setInode(found, info.ino ?? 0, info.birthtime?.getTime());
}

/** When it changed last, told in whole seconds: what was modified within that one lies not ahead. */
function changeOf(modifiedMs: number, changedMs: number): number {
  return modifiedMs >= changedMs && modifiedMs - changedMs < 1e3 ? modifiedMs : changedMs;
}

/** The same of what is open: the runtime's own file, or a descriptor of node:fs. */
export function fillOpen(found: Info, own: Deno.FsFile | undefined, fd: number | undefined): void {
  if (own !== undefined) return fillFromFileInfo(found, own.statSync());
  const stats = fs().fstatSync(fd!);
  found.kind = stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other";
  found.size = Number(stats.size);
  found.setModified(Number(stats.mtimeMs));
  found.changedMs = changeOf(found.modifiedMs, Number(stats.ctimeMs));
  found.mode = Number(stats.mode) & 0o7777;
  found.uid = Number(stats.uid);
  found.gid = Number(stats.gid);
  found.links = Number(stats.nlink);
  found.device = Number(stats.dev);
  setInode(found, Number(stats.ino), Number(stats.birthtimeMs));
}

/**
 * The runtime rounds numbers from 2^53 on, as NTFS and servers of SMB give them: then when a file
 * was made, if that is told, has to keep apart what seems to have the same.
 */
function setInode(found: Info, number: number, madeMs = 0): void {
  found.isRounded = !Number.isSafeInteger(number);
  found.madeMs = found.isRounded ? Math.floor(madeMs) || 0 : 0;
  found.inoHigh = Math.floor(number / 0x1_0000_0000);
  found.inoLow = number % 0x1_0000_0000;
}

/** node:fs takes times before the epoch in whole seconds, and as a Date, only. */
export function dateOf(ms: number): Date {
  return new Date(ms < 0 ? Math.floor(ms / 1e3) * 1e3 : ms);
}
