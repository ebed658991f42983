/**
 * The one executor of file operations: what they mean, on whatever volume. A driver performs them
 * on the slot of its connection, a transfer moves octets through what the slot has open.
 *
 * Everything is answered before a call returns, in async, too: calls about names take microseconds,
 * and one executor means one set of rules for links and names. Nothing outside the root is ever
 * named, opened or changed: the volume sees to that, component by component.
 *
 * @module
 */

import {
  childPath,
  type Completion,
  type FileOperation,
  nameOf,
  unreachable,
} from "../../server/mod.ts";
import type { FileSlot, FileStore, SlotClient } from "./contract.ts";
import { ERRNO, type Failed, failureOf, FAILURES } from "./errors.ts";
import { Finder } from "./find.ts";
import { dropPartial, guard, keepPartialYounger } from "./guard.ts";
import { READ_BYTES_MAX } from "./limits.ts";
import { Listing } from "./listing.ts";
import { Sweep, type Swept } from "./sweep.ts";
import { type OpenUpload, Upload } from "./upload.ts";
import { type Identity, identityOf, type Volume } from "./volume.ts";

const DONE: Completion = { kind: "done" };

type Of<Do extends FileOperation["do"]> = Extract<FileOperation, { do: Do }>;

/** A store over one volume. */
export class VolumeStore<D extends object, F extends object, N extends object>
  implements FileStore {
  /** See FileStore. */
  readonly can: FileStore["can"];
  /** What a slot needs only while it performs an operation: all slots share it. */
  readonly #tools: SlotTools<D, F, N>;
  #sweep: Sweep<D, F, N> | undefined;

  /** @param volume the store's from now on */
  constructor(readonly volume: Volume<D, F, N>) {
    this.can = volume.can;
    volume.look(volume.top(), ".");
    const root = identityOf(volume.found);
    this.#tools = { volume, root, at: new Finder(volume), to: new Finder(volume), guards: [] };
  }

  /** See FileStore. */
  slot(): FileSlot {
    return new VolumeSlot(this.#tools);
  }

  /** See FileStore. */
  sweep(days: number, now: number): Swept {
    this.#sweep ??= new Sweep(this.volume);
    const swept = this.#sweep.step(days, now);
    if (swept.ended) this.#sweep = undefined;
    return swept;
  }

  /** See FileStore. */
  close(): void {
    this.#sweep?.close();
    this.volume.close();
  }
}

/** What the slots of a store share; it holds nothing between two operations. */
interface SlotTools<D extends object, F extends object, N extends object> {
  readonly volume: Volume<D, F, N>;
  readonly root: Identity;
  readonly at: Finder<D, F, N>;
  /** Where a rename leads. */
  readonly to: Finder<D, F, N>;
  /** Files that are held still while they are changed. */
  readonly guards: F[];
}

class VolumeSlot<D extends object, F extends object, N extends object> implements FileSlot {
  readonly #tools: SlotTools<D, F, N>;
  #file: F | undefined;
  #remaining = 0;
  #upload: Upload<D, F, N> | undefined;
  #listing: Listing<D, F, N> | undefined;
  /** Nothing comes behind the last read. */
  #ended = false;

  constructor(tools: SlotTools<D, F, N>) {
    this.#tools = tools;
  }

  get volume(): Volume<D, F, N> {
    return this.#tools.volume;
  }

  get #at(): Finder<D, F, N> {
    return this.#tools.at;
  }

  get #to(): Finder<D, F, N> {
    return this.#tools.to;
  }

  get #guards(): F[] {
    return this.#tools.guards;
  }

  perform(operation: FileOperation, complete: (completion: Completion) => void): void {
    const completion = this.#perform(operation);
    const { volume, at, to, guards } = this.#tools;
    at.release();
    to.release();
    while (guards.length > 0) volume.closeFile(guards.pop()!);
    complete(completion); // which may perform the next one
  }

  get descriptor(): number | undefined {
    const file = this.#file;
    return file === undefined ? this.#upload?.descriptor : this.volume.descriptor(file);
  }

  get length(): number | undefined {
    return this.#file === undefined ? undefined : this.#remaining;
  }

  read(buffer: Uint8Array<ArrayBuffer>, client: SlotClient): void {
    const count = this.#read(buffer);
    if (typeof count === "number") client.filled(count, this.#ended);
    else client.fileFailed(count.failure, count.detail);
  }

  write(octets: Uint8Array<ArrayBuffer>, client: SlotClient): void {
    const failure = this.#write(octets);
    if (failure === undefined) client.written();
    else client.fileFailed(failure.failure, failure.detail);
  }

  failureOf(errno: number): Failed {
    const failure = failureOf(-errno);
    if (failure.failure === "noSpace" && this.#upload !== undefined) {
      this.#upload.outOfSpace = true;
    }
    return failure;
  }

  close(): void {
    const [file, upload, listing] = [this.#file, this.#upload, this.#listing];
    this.#file = this.#upload = this.#listing = undefined;
    if (file !== undefined) this.volume.closeFile(file);
    upload?.abandon();
    listing?.close();
  }

  #perform(operation: FileOperation): Completion {
    switch (operation.do) {
      case "stat":
        return this.#stat(operation);
      case "enter":
        return this.#enter(operation);
      case "makeDirectory":
        return this.#makeDirectory(operation);
      case "removeDirectory":
      case "removeFile":
        return this.#remove(operation);
      case "rename":
        return this.#rename(operation);
      case "chmod":
      case "setModified":
        return this.#change(operation);
      case "openRead":
        return this.#openRead(operation);
      case "openListing":
        return this.#openListing(operation);
      case "openUpload":
        return this.#openUpload(operation);
      case "read": {
        const buffer = new Uint8Array(Math.min(operation.length, READ_BYTES_MAX));
        const count = this.#read(buffer);
        if (typeof count !== "number") return count;
        return { kind: "octets", octets: buffer.subarray(0, count), ended: this.#ended };
      }
      case "write":
        // A view over shared memory is nobody's here.
        return this.#write(operation.octets as Uint8Array<ArrayBuffer>) ?? DONE;
      case "commitUpload": {
        const upload = this.#upload;
        this.#upload = undefined;
        if (upload !== undefined) return upload.commit();
        this.close();
        return FAILURES.notOpen;
      }
      case "closeFile":
        this.close();
        return DONE;
      default:
        return unreachable(operation);
    }
  }

  #stat({ path, itself }: Of<"stat">): Completion {
    if (itself) {
      const refused = this.#findOwn(path) ?? this.#guard(this.#at);
      if (refused !== undefined) return refused;
    } else {
      const found = this.#at.follow(path);
      if (found < 0) return failureOf(found);
    }
    return { kind: "stat", stat: this.volume.found.toStat() };
  }

  #enter({ path }: Of<"enter">): Completion {
    const directory = this.volume.hold(path);
    if (typeof directory === "number") return failureOf(directory);
    // Looking for something in it needs the right to search it.
    const looked = this.volume.look(directory, ".");
    this.volume.release(directory);
    return looked < 0 ? failureOf(looked) : DONE;
  }

  #makeDirectory({ path }: Of<"makeDirectory">): Completion {
    const located = this.#at.locate(path);
    if (located < 0) return failureOf(located);
    if (this.#at.name === ".") return FAILURES.isRoot;
    return doneOr(this.volume.makeDirectory(this.#at.directory!, this.#at.name));
  }

  #remove({ do: verb, path }: Of<"removeDirectory" | "removeFile">): Completion {
    const refused = this.#findOwn(path);
    if (refused !== undefined) return refused;
    const isDirectory = this.volume.found.kind === "directory";
    if (isDirectory && verb === "removeFile") return failureOf(-ERRNO.EISDIR);
    if (!isDirectory && verb === "removeDirectory") return failureOf(-ERRNO.ENOTDIR);
    const failure = this.#guard(this.#at);
    if (failure !== undefined) return failure;
    const { directory, name } = this.#at;
    const removed = this.volume.remove(directory!, name, isDirectory);
    if (removed === 0 && !isDirectory) dropPartial(this.volume, directory!, name);
    return doneOr(removed);
  }

  #rename({ from, to }: Of<"rename">): Completion {
    const { volume } = this;
    const refused = this.#findOwn(from) ?? this.#guard(this.#at);
    if (refused !== undefined) return refused;
    const isDirectory = volume.found.kind === "directory";
    const found = this.#to.find(to);
    if (this.#to.directory === undefined) return failureOf(found);
    if (this.#to.name === ".") return FAILURES.isRoot;
    const taken = found === 0 ? this.#guard(this.#to) : undefined;
    if (taken !== undefined) return taken;
    // Not `replace`: who stores beside and renames counts on what rename(2) promises for a crash.
    const { directory, name } = this.#at;
    const renamed = volume.rename(directory!, name, this.#to.directory, this.#to.name, "replace");
    if (renamed === 0 && !isDirectory) {
      dropPartial(volume, directory!, name);
      dropPartial(volume, this.#to.directory, this.#to.name);
    }
    return doneOr(renamed);
  }

  /** Setuid, setgid and the sticky bit are nobody's to set; the root's own bits stay. */
  #change(operation: Of<"chmod" | "setModified">): Completion {
    const { volume } = this;
    const found = this.#at.follow(operation.path);
    if (found < 0) return failureOf(found);
    const isChmod = operation.do === "chmod";
    const { writtenMs } = volume.found;
    if (isChmod && volume.found.isSame(this.#tools.root)) return FAILURES.isRoot;
    const failure = this.#guard(this.#at);
    if (failure !== undefined) return failure;
    const { directory, name } = this.#at;
    const result = isChmod
      ? volume.chmod(directory!, name, operation.mode & 0o777)
      : volume.setModified(directory!, name, operation.modifiedMs);
    if (result === 0) keepPartialYounger(volume, directory!, name, writtenMs);
    return doneOr(result);
  }

  #openRead({ path, offset }: Of<"openRead">): Completion {
    const { volume } = this;
    this.close();
    if (path.includes("\0")) return failureOf(-ERRNO.EINVAL);
    const file = volume.openPath(path);
    if (typeof file === "number") return failureOf(file);
    const stat = volume.found.toStat();
    const result = offset === 0 || offset > stat.size ? 0 : volume.seek(file, offset);
    if (offset > stat.size || result < 0) {
      volume.closeFile(file);
      return result < 0 ? failureOf(result) : FAILURES.pastEnd;
    }
    this.#file = file;
    this.#remaining = stat.size - offset;
    return { kind: "opened", stat, offset, name: nameOf(path) };
  }

  #openListing(asked: Of<"openListing">): Completion {
    this.close();
    const operation = this.#asCalled(asked);
    const { path, selection } = operation;
    const found = this.#at.follow(path);
    if (found < 0) return failureOf(found);
    const stat = this.volume.found.toStat();
    const name = nameOf(path);
    const isLink = this.#at.followed;
    this.#at.release();
    const listing = new Listing(this.volume, this.#at, operation);
    const isDirectory = stat.kind === "directory";
    if (selection.pattern.length > 0 && !isDirectory) {
      listing.openNothing(); // what is in a file that stands where a directory should
    } else if (!isDirectory || selection.itself && selection.pattern.length === 0) {
      listing.openSingle({ ...stat, name: name === "" ? "." : name, isLink });
    } else {
      const opened = listing.openDirectory();
      if (opened < 0) return failureOf(opened);
    }
    this.#listing = listing;
    return { kind: "opened", stat, offset: 0, name };
  }

  /** Names may hold what makes a pattern: where one is called just so, it alone is meant. */
  #asCalled(operation: Of<"openListing">): Of<"openListing"> {
    const { path, selection, rows } = operation;
    const { pattern } = selection;
    if (pattern.length === 0 || pattern.includes("..")) return operation;
    const called = pattern.reduce(childPath, path);
    if (this.#at.follow(called) < 0) return operation;
    return {
      ...operation,
      path: called,
      selection: { ...selection, pattern: [] },
      rows: rows.as === "names" ? { ...rows, prefix: `${rows.prefix}${pattern.join("/")}/` } : rows,
    };
  }

  #openUpload(operation: OpenUpload): Completion {
    this.close();
    const upload = new Upload(this.volume, operation.keepPartial);
    const completion = upload.open(operation, this.#at);
    if (completion.kind === "opened") this.#upload = upload;
    return completion;
  }

  #read(buffer: Uint8Array<ArrayBuffer>): number | Failed {
    this.#ended = false;
    if (this.#listing !== undefined) {
      const count = this.#listing.fill(buffer);
      this.#ended = this.#listing.ended;
      return count < 0 ? failureOf(count) : count;
    }
    if (this.#file === undefined) {
      return this.#upload === undefined ? FAILURES.notOpen : FAILURES.notForReading;
    }
    const part = buffer.length > this.#remaining ? buffer.subarray(0, this.#remaining) : buffer;
    const count = part.length === 0 ? 0 : this.volume.read(this.#file, part);
    if (count < 0) return failureOf(count);
    if (count === 0 && part.length > 0) return FAILURES.changed;
    this.#remaining -= count;
    this.#ended = this.#remaining === 0;
    return count;
  }

  #write(octets: Uint8Array<ArrayBuffer>): Failed | undefined {
    if (this.#upload === undefined) {
      return this.#file === undefined && this.#listing === undefined
        ? FAILURES.notOpen
        : FAILURES.notForWriting;
    }
    const result = this.#upload.write(octets);
    return result < 0 ? this.failureOf(-result) : undefined;
  }

  /** Finds an entry that is or may be removed or renamed: no link that leads outside is touched. */
  #findOwn(path: string): Failed | undefined {
    const found = this.#at.find(path);
    if (found < 0) return failureOf(found);
    if (this.#at.name === ".") return FAILURES.isRoot;
    if (this.volume.found.kind !== "link") return undefined;
    const end = this.#to.follow(path);
    this.#to.release();
    if (end === -ERRNO.OUTSIDE) return failureOf(end);
    // What is looked at last is the entry itself again.
    const again = this.volume.look(this.#at.directory!, this.#at.name);
    return again < 0 ? failureOf(again) : undefined;
  }

  /** Keeps a regular file that was just found from being uploaded to, until this is performed. */
  #guard({ directory, name }: Finder<D, F, N>): Failed | undefined {
    if (this.volume.found.kind !== "file") return undefined;
    const file = guard(this.volume, directory!, name);
    if (typeof file === "number") return failureOf(file);
    if (file !== undefined) this.#guards.push(file);
    return undefined;
  }
}

function doneOr(result: number): Completion {
  return result < 0 ? failureOf(result) : DONE;
}
