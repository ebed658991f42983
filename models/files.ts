/**
 * The one executor of file effects: virtual paths below the served root, and the file slot of one
 * connection. Every model uses it; only how a regular file is opened differs (open_file.ts).
 *
 * Nothing outside the root is ever named, opened or changed: a path is resolved to its real path
 * first, links included, and refused when that lies elsewhere. All calls are short and
 * synchronous; bulk reads and writes move at most one buffer.
 *
 * @module
 */

import type {
  Completion,
  DirectoryEntry,
  FileOperation,
  FileStat,
  UploadStart,
} from "../server/mod.ts";
import { Listing, type Slot, Source, Upload } from "./file_slot.ts";
import {
  freeBytes,
  lstatOrUndefined,
  namesIn,
  realPathOrUndefined,
  statOf,
  toStat,
  UNKNOWN,
} from "./file_stat.ts";
import { FileFailure, type OpenFile, type OpenFunction, withFailures } from "./open_file.ts";

/** Tries of a name for a unique upload, and of a lock lost to a finishing upload. */
const UNIQUE_TRIES_MAX = 10_000;
const LOCK_TRIES_MAX = 3;

/** The most that one `read` operation returns; larger requests get less. */
const READ_BYTES_MAX = 262_144;

/** A name to look for where only the looking matters. */
const ANY_NAME = "name";

const DONE: Completion = { kind: "done" };

type OpenUpload = Extract<FileOperation, { do: "openUpload" }>;
type OpenDirectory = Extract<FileOperation, { do: "openDirectory" }>;

/** The file slot of one connection, and all operations on the tree below `root`. */
export class Files {
  #slot: Slot | undefined;
  /** What every path below the root begins with, before its slash. */
  readonly #prefix: string;

  /**
   * @param root the real path of the served folder, without a slash at its end, or "/"
   * @param open how regular files are opened
   */
  constructor(readonly root: string, readonly open: OpenFunction) {
    this.#prefix = root === "/" ? "" : root;
  }

  /** Carries one operation out; a failure is a completion, never an exception. */
  perform(operation: FileOperation): Completion {
    try {
      return this.#perform(operation);
    } catch (error) {
      if (!(error instanceof FileFailure)) throw error;
      return { kind: "failed", failure: error.failure, detail: error.message };
    }
  }

  /** The descriptor of the file in the slot, when the kernel can move its octets by itself. */
  get descriptor(): number | undefined {
    return this.#slot?.descriptor;
  }

  /** Octets to be read from the file slot, from where it was opened; undefined: until its end. */
  get length(): number | undefined {
    return this.#slot?.length;
  }

  /** Fills `buffer` from the file slot; 0 at its end. Throws FileFailure. */
  read(buffer: Uint8Array<ArrayBuffer>): number {
    return this.#opened().read(buffer);
  }

  /** Appends `octets` to the upload in the file slot. Throws FileFailure. */
  write(octets: Uint8Array<ArrayBuffer>): void {
    this.#opened().write(octets);
  }

  /** Drops whatever the slot holds; an upload stays partial. */
  close(): void {
    const slot = this.#slot;
    this.#slot = undefined;
    slot?.close();
  }

  #opened(): Slot {
    if (this.#slot === undefined) throw new FileFailure("io", "no file is open");
    return this.#slot;
  }

  #perform(operation: FileOperation): Completion {
    switch (operation.do) {
      case "stat":
        return { kind: "stat", stat: this.#look(operation.path).stat };
      case "enter": {
        const path = this.#existing(operation.path);
        // Looking for a name in it needs a directory, and the right to search it.
        lstatOrUndefined(`${path}/${ANY_NAME}`);
        return DONE;
      }
      case "makeDirectory": {
        const path = this.#entry(operation.path);
        withFailures(() => Deno.mkdirSync(path));
        return DONE;
      }
      case "removeDirectory":
        return this.#remove(operation.path, true);
      case "removeFile":
        return this.#remove(operation.path, false);
      case "rename": {
        const from = this.#entry(operation.from);
        const to = this.#entry(operation.to);
        this.#refuseOutwardLink(from);
        withFailures(() => Deno.renameSync(from, to));
        return DONE;
      }
      case "chmod": {
        const path = this.#existing(operation.path);
        withFailures(() => Deno.chmodSync(path, operation.mode));
        return DONE;
      }
      case "setModified": {
        const path = this.#existing(operation.path);
        const time = new Date(operation.modifiedMs);
        withFailures(() => Deno.utimeSync(path, time, time));
        return DONE;
      }
      case "openRead":
        return this.#openRead(operation.path, operation.offset);
      case "openDirectory":
        return this.#openDirectory(operation);
      case "openUpload":
        return this.#openUpload(operation);
      case "read": {
        const buffer = new Uint8Array(Math.min(operation.length, READ_BYTES_MAX));
        return { kind: "octets", octets: buffer.subarray(0, this.read(buffer)) };
      }
      case "write":
        this.write(operation.octets as Uint8Array<ArrayBuffer>);
        return DONE;
      case "commitUpload": {
        const slot = this.#opened();
        this.#slot = undefined;
        slot.commit();
        return DONE;
      }
      case "closeFile":
        this.close();
        return DONE;
    }
  }

  /** The real path of something that exists below the root. */
  #existing(virtualPath: string): string {
    if (virtualPath === "/") return this.root;
    return this.#inside(withFailures(() => Deno.realPathSync(this.#prefix + virtualPath)));
  }

  /** The same, and what is there. */
  #look(virtualPath: string): { path: string; stat: FileStat } {
    if (virtualPath !== "/" && virtualPath.lastIndexOf("/") === 0) {
      // The root's path is real: so is that of what lies in it, unless it is a link.
      const path = this.#prefix + virtualPath;
      const info = withFailures(() => Deno.lstatSync(path));
      if (!info.isSymlink) return { path, stat: toStat(info) };
    }
    const path = this.#existing(virtualPath);
    return { path, stat: statOf(path) };
  }

  /** The real path of an entry that need not exist, in a folder that does; links not followed. */
  #entry(virtualPath: string): string {
    const slash = virtualPath.lastIndexOf("/");
    const name = virtualPath.slice(slash + 1);
    if (name === "" || name === "." || name === "..") {
      throw new FileFailure("denied", "the root itself cannot be changed");
    }
    return `${this.#existing(slash <= 0 ? "/" : virtualPath.slice(0, slash))}/${name}`;
  }

  #holds(path: string): boolean {
    return path === this.root || path.startsWith(`${this.#prefix}/`);
  }

  #inside(path: string): string {
    if (this.#holds(path)) return path;
    throw new FileFailure("denied", "it leads outside the served folder");
  }

  /** A link is an entry like another, but one that points outside is not to be touched. */
  #refuseOutwardLink(path: string): Deno.FileInfo {
    const info = withFailures(() => Deno.lstatSync(path));
    if (info.isSymlink) {
      const target = realPathOrUndefined(path);
      if (target !== undefined) this.#inside(target);
    }
    return info;
  }

  #remove(virtualPath: string, directory: boolean): Completion {
    const path = this.#entry(virtualPath);
    const info = this.#refuseOutwardLink(path);
    if (info.isDirectory && !directory) throw new FileFailure("isDirectory", "is a directory");
    if (!info.isDirectory && directory) throw new FileFailure("notDirectory", "not a directory");
    withFailures(() => Deno.removeSync(path));
    return DONE;
  }

  #openRead(virtualPath: string, offset: number): Completion {
    this.close();
    const { path, stat } = this.#look(virtualPath);
    if (stat.kind === "directory") throw new FileFailure("isDirectory", "is a directory");
    if (stat.kind !== "file") throw new FileFailure("denied", "not a regular file");
    if (offset > stat.size) throw new FileFailure("badOffset", "past the end of the file");
    const file = this.open(path, "read");
    if (offset > 0) {
      closingOnFailure(file, () => file.seek(offset));
    }
    this.#slot = new Source(file, stat.size - offset);
    return { kind: "opened", stat, offset, name: nameOf(virtualPath) };
  }

  #openDirectory(operation: OpenDirectory): Completion {
    this.close();
    const { path, stat } = this.#look(operation.path);
    const entries = stat.kind === "directory"
      ? this.#entries(path, namesIn(path), operation.namesOnly ?? false)
      : [{ ...stat, name: nameOf(operation.path) }];
    const self = operation.self && stat.kind === "directory" ? [{ ...stat, name: "." }] : [];
    this.#slot = new Listing(self, entries, operation.render);
    return { kind: "opened", stat, offset: 0, name: nameOf(operation.path) };
  }

  /** The entries by these names, each looked at only when its turn comes. */
  *#entries(path: string, names: string[], namesOnly: boolean): Iterable<DirectoryEntry> {
    for (const name of names) {
      const stat = namesOnly ? UNKNOWN : this.#entryStat(`${path}/${name}`);
      if (stat !== undefined) yield { ...stat, name };
    }
  }

  /** undefined for an entry that has gone since; a link that leads nowhere inside is "other". */
  #entryStat(path: string): FileStat | undefined {
    try {
      const info = Deno.lstatSync(path);
      if (!info.isSymlink) return toStat(info);
      const target = realPathOrUndefined(path);
      const inside = target !== undefined && this.#holds(target);
      return inside ? toStat(Deno.lstatSync(target!)) : { ...toStat(info), kind: "other" };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof Deno.errors.PermissionDenied) return UNKNOWN;
      throw error;
    }
  }

  #openUpload(operation: OpenUpload): Completion {
    this.close();
    const path = this.#uploadPath(operation.path);
    if (operation.expected !== undefined) this.#demandSpace(operation.expected);
    const existing = lstatOrUndefined(path);
    if (existing?.isDirectory) throw new FileFailure("isDirectory", "is a directory");
    if (existing?.isFile === false) throw new FileFailure("denied", "not a regular file");
    if (operation.start.at === "unique") return this.#openUnique(path, operation);
    const partial = this.#entry(operation.partial);
    const { inPlace, offset } = chooseStart(operation.start, existing, lstatOrUndefined(partial));
    const file = inPlace
      ? lockedFile(() => this.open(path, "modify"), path)
      : lockedFile(() => this.open(partial, "create"), partial);
    closingOnFailure(file, () => {
      if (inPlace || offset > 0) file.seek(offset);
      // ext4 writes a file out at its close once it was truncated, be it of nothing: up to 0.3 s
      // for a GiB, in which a loop serves nobody (auto_da_alloc, ext4(5)).
      else if (statOf(partial).size > 0) file.truncate(0);
    });
    const discard = !operation.keepPartial && !inPlace;
    this.#slot = inPlace
      ? new Upload(file, () => {}, () => {})
      : new Upload(file, () => Deno.renameSync(partial, path), () => {
        if (discard) Deno.removeSync(partial);
      });
    const stat = statOf(inPlace ? path : partial);
    return { kind: "opened", stat, offset, name: nameOf(operation.path) };
  }

  /** Where an upload is to end up: for a link that stays inside, what it points to. */
  #uploadPath(virtualPath: string): string {
    const path = this.#entry(virtualPath);
    return lstatOrUndefined(path)?.isSymlink ? this.#existing(virtualPath) : path;
  }

  /** The first of NAME, NAME.1, NAME.2, ... that is free: its creation is the reservation. */
  #openUnique(path: string, operation: OpenUpload): Completion {
    for (let count = 0; count < UNIQUE_TRIES_MAX; count++) {
      const candidate = count === 0 ? path : `${path}.${count}`;
      if (lstatOrUndefined(candidate) !== undefined) continue;
      try {
        const file = this.open(candidate, "createNew");
        this.#slot = new Upload(file, () => {}, () => {
          if (!operation.keepPartial) Deno.removeSync(candidate);
        });
      } catch (error) {
        if (error instanceof FileFailure && error.failure === "exists") continue;
        throw error;
      }
      return { kind: "opened", stat: statOf(candidate), offset: 0, name: nameOf(candidate) };
    }
    throw new FileFailure("exists", "no free name is left");
  }

  #demandSpace(octets: number): void {
    const free = freeBytes(this.root);
    if (free !== undefined && octets > free) {
      throw new FileFailure("noSpace", "no space for so much on the device");
    }
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Where the first octet of an upload goes; see UploadStart. */
function chooseStart(
  start: Exclude<UploadStart, { at: "unique" }>,
  existing: Deno.FileInfo | undefined,
  partial: Deno.FileInfo | undefined,
): { inPlace: boolean; offset: number } {
  if (partial !== undefined && !partial.isFile) {
    throw new FileFailure("denied", "the name for the partial file is taken");
  }
  switch (start.at) {
    case "replace":
      return { inPlace: false, offset: 0 };
    case "end":
      return existing === undefined
        ? { inPlace: false, offset: partial?.size ?? 0 }
        : { inPlace: true, offset: existing.size };
    case "offset":
      if (start.offset === 0 && existing === undefined) return { inPlace: false, offset: 0 };
      if (partial !== undefined && partial.size >= start.offset) {
        return { inPlace: false, offset: start.offset };
      }
      if (existing !== undefined && existing.size >= start.offset) {
        return { inPlace: true, offset: start.offset };
      }
      throw new FileFailure("badOffset", "past the end of what is there");
  }
}

/**
 * Opens and locks a file for writing. Between the two an upload that finishes may give the file
 * its name: then `path` is gone, and the lock is on a complete file that must not be touched.
 */
function lockedFile(open: () => OpenFile, path: string): OpenFile {
  for (let tries = 0; tries < LOCK_TRIES_MAX; tries++) {
    const file = open();
    if (!closingOnFailure(file, () => file.tryLock())) {
      file.close();
      break;
    }
    if (lstatOrUndefined(path) !== undefined) return file;
    file.close();
  }
  throw new FileFailure("busy", "another upload to it is under way");
}

function closingOnFailure<T>(file: OpenFile, body: () => T): T {
  try {
    return body();
  } catch (error) {
    file.close();
    throw error;
  }
}
