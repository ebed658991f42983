/**
 * An upload in the file slot: its octets live under a partial name, locked, until it is complete
 * and takes its own. Nothing here is named by hope: before a name is given or removed, the file
 * that bears it is compared with the one that is open.
 *
 * Locks are flock(2)'s: exclusive on the file that is written, shared on the one that will be
 * replaced, so that nobody appends to it meanwhile. Who removes, renames or changes a file tries
 * a shared one first (guard.ts) and is told that it is busy.
 *
 * What breaks off keeps all but its last octet, unless the server itself is killed. Clients that
 * resume take a size like theirs for a complete file and send nothing (curl -C -, lftp put -c), but
 * it has its name only after 226: so one whose upload broke when all of it had come finds something
 * left to send.
 *
 * @module
 */

import {
  type Completion,
  type FileOperation,
  type FileStat,
  nameOf,
  parentPath,
  partialName,
  type UploadStart,
} from "../../server/mod.ts";
import { ERRNO, type Failed, failureOf, FAILURES } from "./errors.ts";
import { type Finder, findFree } from "./find.ts";
import { lock, mayReplace } from "./guard.ts";
import { type Identity, identityOf, type OpenMode, type Volume } from "./volume.ts";

/** Tries of a free name that others take meanwhile, each one of theirs. */
const UNIQUE_TRIES_MAX = 100;

/** Tries of a lock lost to a finishing upload. */
const LOCK_TRIES_MAX = 3;

const DONE: Completion = { kind: "done" };

type NamedStart = Exclude<UploadStart, { at: "unique" }>;

/** The operation that opens one. */
export type OpenUpload = Extract<FileOperation, { do: "openUpload" }>;

/** An upload that is open, or being opened. */
export class Upload<D extends object, F extends object, N extends object> {
  /** What is written; undefined before it is open, and at the end. */
  #file: F | undefined;
  /** What will be replaced, with its shared lock. */
  #target: F | undefined;
  /** Where the written file is, under #name, and where it is to be, under #finalName. */
  #directory: D | undefined;
  #finalDirectory: D | undefined;
  #name = "";
  #finalName = "";
  /** What `opened` calls it. */
  #answer = "";
  #identity: Identity | undefined;
  /** When what is to be replaced was written; see Info. */
  #replacedMs = -Infinity;
  #offset = 0;
  /** Octets that the complete file is to have, where that was said. */
  #expected: number | undefined;
  /** What an earlier upload left behind the offset is still there: it goes once others come. */
  #cutsLater = false;
  #inPlace = false;
  /** Its name must be free when it takes it. */
  #isNew = false;
  /** A write found no room: what was written is worth nothing. */
  outOfSpace = false;

  constructor(readonly volume: Volume<D, F, N>, readonly keepPartial: boolean) {}

  /** The descriptor that octets can be moved to; none while something is still to be cut off. */
  get descriptor(): number | undefined {
    return this.#cutsLater ? undefined : this.volume.descriptor(this.#file!);
  }

  /**
   * Opens it, by way of `finder`.
   *
   * @returns `opened`, or why not; then nothing stays open
   */
  open(operation: OpenUpload, finder: Finder<D, F, N>): Completion {
    const { start } = operation;
    this.#expected = operation.expected;
    for (let tries = 0; tries < LOCK_TRIES_MAX; tries++) {
      const result = start.at === "unique"
        ? this.#openUnique(operation, finder)
        : this.#openNamed(operation, start, finder);
      if (result.kind === "failed") this.#release();
      if (result !== FAILURES.overtaken) return result;
      this.#isNew = false;
    }
    return FAILURES.overtaken;
  }

  /** Writes all of `octets` behind what has come: 0, or -errno. */
  write(octets: Uint8Array<ArrayBuffer>): number {
    const cut = this.#cut();
    return cut < 0 ? cut : this.volume.write(this.#file!, octets);
  }

  /** Gives the file its name, and closes it, which may be what tells that octets are lost. */
  commit(): Completion {
    const isThere = this.#isThere();
    let result = isThere ? this.#cut() : 0;
    if (isThere && result === 0 && !this.#inPlace) result = this.#takeName();
    if (result < 0) this.abandon();
    else result = this.#release();
    if (!isThere) return FAILURES.lost;
    return result < 0 ? failureOf(result) : DONE;
  }

  /** Closes it; what came stays in the partial file for who resumes, but for its last octet. */
  abandon(): void {
    if (!this.#inPlace) this.#leavePartial();
    this.#release();
  }

  /** Leaves what came but for its last octet, and no file where that is nothing. */
  #leavePartial(): void {
    const { volume } = this;
    const isKnown = volume.lookAt(this.#file!) === 0;
    const { size, links } = volume.found;
    // A commit that failed behind linkat(2) has given it its name: then it is complete.
    const hasMore = isKnown && !this.#cutsLater && size > this.#offset && links === 1;
    const left = hasMore ? size - 1 : size;
    const isWorthless = !this.keepPartial || this.outOfSpace && this.#offset === 0;
    const isDropped = isKnown && left === 0 || isWorthless && !this.#cutsLater;
    // What somebody has moved away by another way than ours is not ours any more.
    if (!isDropped && !hasMore || !this.#isThere()) return;
    if (isDropped) volume.remove(this.#directory!, this.#name, false);
    else if (volume.truncate(this.#file!, left) === 0) this.#keepYounger();
  }

  /** For a clock that was set back: what is left is no older than what it was to replace. */
  #keepYounger(): void {
    const { volume } = this;
    const isOlder = volume.lookAt(this.#file!) === 0 && volume.found.modifiedMs < this.#replacedMs;
    if (isOlder) volume.setModified(this.#directory!, this.#name, this.#replacedMs);
  }

  #takeName(): number {
    const { volume } = this;
    const [from, to] = [this.#directory!, this.#finalDirectory ?? this.#directory!];
    if (this.#target !== undefined) return volume.replace(from, this.#name, to, this.#finalName);
    return volume.rename(from, this.#name, to, this.#finalName, this.#isNew ? "keep" : "replace");
  }

  /** Whether the name still leads to the file that is open. */
  #isThere(): boolean {
    return this.volume.look(this.#directory!, this.#name) === 0 &&
      this.volume.found.isSame(this.#identity!);
  }

  #openNamed(operation: OpenUpload, start: NamedStart, finder: Finder<D, F, N>): Completion {
    const { volume } = this;
    const found = finder.follow(operation.path);
    const isMissing = found === -ERRNO.ENOENT && finder.directory !== undefined;
    if (found < 0 && (!isMissing || finder.followed)) return failureOf(found);
    if (finder.name === ".") return FAILURES.isRoot;
    const existing = isMissing ? undefined : volume.found.toStat();
    if (existing?.kind === "directory") return failureOf(-ERRNO.EISDIR);
    if (existing?.kind === "other") return failureOf(-ERRNO.NOT_REGULAR);
    this.#replacedMs = isMissing ? -Infinity : volume.found.writtenMs;
    this.#finalName = finder.name;
    const isBeside = !finder.followed &&
      parentPath(operation.partial) === parentPath(operation.path);
    this.#directory = finder.take();
    this.#answer = nameOf(operation.path);
    if (!isBeside) {
      const located = finder.locate(operation.partial);
      if (located < 0) return failureOf(located);
      this.#finalDirectory = this.#directory;
      this.#directory = finder.take();
    }
    return this.#begin(nameOf(operation.partial), start, existing);
  }

  /** Chooses between the partial file and the one that is there; see UploadStart. */
  #begin(partial: string, start: NamedStart, existing: FileStat | undefined): Completion {
    if (start.at === "replace") return this.#openPartial(partial, 0, existing);
    const { found } = this.volume;
    const looked = this.volume.look(this.#directory!, partial);
    if (looked < 0 && looked !== -ERRNO.ENOENT) return failureOf(looked);
    const begun = looked === 0 && found.kind === "file" ? found.toStat() : undefined;
    if (start.at === "end") {
      return existing === undefined ? this.#openNew(partial) : this.#openInPlace(begun);
    }
    const { offset } = start;
    const isNew = offset === 0 && existing === undefined;
    // An older one was to replace another file.
    const goesOn = begun !== undefined && begun.size >= offset &&
      begun.modifiedMs >= this.#replacedMs;
    if (isNew || goesOn) return this.#openPartial(partial, offset, existing);
    if (existing === undefined || existing.size < offset) return FAILURES.pastEnd;
    return this.#openInPlace(begun, offset);
  }

  /**
   * Goes on in the file that is there, at its end or at `offset`, unless what was begun to replace
   * it is younger: whoever goes on then has measured the old file, and would mix it with the new.
   */
  #openInPlace(begun: FileStat | undefined, offset?: number): Completion {
    if (this.#finalDirectory !== undefined) {
      this.volume.release(this.#directory!);
      this.#directory = this.#finalDirectory;
      this.#finalDirectory = undefined;
    }
    this.#name = this.#finalName;
    this.#inPlace = true;
    const opened = this.#openLocked("modify");
    if (opened !== undefined) return opened;
    const { size, writtenMs } = this.volume.found;
    if (begun !== undefined && begun.size > 0 && begun.modifiedMs >= writtenMs) {
      return FAILURES.halfReplaced;
    }
    if (offset !== undefined && offset > size) return FAILURES.pastEnd;
    return this.#hasRoom(size) ? this.#startAt(offset ?? size) : FAILURES.noSpace;
  }

  /**
   * Goes on in the partial file of one that is to be new: nothing that comes under the name is
   * replaced by what should have been added to it.
   */
  #openNew(partial: string): Completion {
    this.#isNew = true;
    const opened = this.#openPartial(partial, undefined, undefined);
    if (opened.kind === "failed") return opened;
    const directory = this.#finalDirectory ?? this.#directory!;
    if (this.volume.look(directory, this.#finalName) === -ERRNO.ENOENT) return opened;
    // It has come since it was missed, from an upload that finished: this one is added to it.
    if (this.#offset === 0 && this.#isThere()) this.volume.remove(this.#directory!, partial, false);
    return FAILURES.overtaken;
  }

  /**
   * Writes to the partial file, from `start` on; what is behind that is cut off when octets come.
   * undefined: from its end, which is only known under its lock.
   */
  #openPartial(
    name: string,
    start: number | undefined,
    existing: FileStat | undefined,
  ): Completion {
    const { volume } = this;
    let like = existing;
    if (existing !== undefined) {
      // Whoever may not write to the file may not replace it either; its lock keeps others out.
      const directory = this.#finalDirectory ?? this.#directory!;
      const target = volume.open(directory, this.#finalName, "modify");
      if (typeof target === "number" && target !== -ERRNO.ENOENT) return failureOf(target);
      if (typeof target === "object") {
        this.#target = target;
        like = volume.found.toStat();
        if (!mayReplace(volume, directory, like)) return failureOf(-ERRNO.EPERM);
        const locked = lock(volume, target, true);
        if (locked < 0) return failureOf(locked);
      }
    }
    this.#name = name;
    const made = this.#openLocked("createNew");
    const opened = made?.failure === "exists" ? this.#openLocked("create") : made;
    if (opened !== undefined) return opened;
    const { size, uid } = volume.found;
    if (made === undefined) volume.uid = uid; // as the file system has it: NFS may squash root
    else if (!this.#isTrusted(like)) return FAILURES.partialTaken;
    const offset = start ?? size;
    if (offset > size) return this.#failFresh(FAILURES.pastEnd, size);
    if (!this.#hasRoom(size)) return this.#failFresh(FAILURES.noSpace, size);
    const owned = this.#target === undefined
      ? 0
      : volume.setOwner(this.#file!, this.#directory!, name, like!);
    if (owned < 0) return this.#failFresh(failureOf(owned), size);
    this.#cutsLater = size > offset;
    if (this.#target !== undefined) volume.found.mode = like!.mode & 0o777;
    volume.found.size = offset;
    return this.#startAt(offset);
  }

  /**
   * Whether the partial file that was just looked at is the server's own, or that of who may have
   * the name replaced in any case: the owner of the file, or of the folder. Others who may write to
   * the folder could have put it there to read, or change, what comes.
   */
  #isTrusted(like: FileStat | undefined): boolean {
    const { volume } = this;
    const { uid } = volume.found;
    if (volume.uid === undefined || [volume.uid, like?.uid].includes(uid)) return true;
    const isOfFolder = volume.look(this.#directory!, ".") === 0 && volume.found.uid === uid;
    return isOfFolder && this.#isThere(); // which is what was found again
  }

  #startAt(offset: number): Completion {
    this.#offset = offset;
    const stat = this.volume.found.toStat();
    const result = offset === 0 ? 0 : this.volume.seek(this.#file!, offset);
    if (result < 0) return failureOf(result);
    return { kind: "opened", stat, offset, name: this.#answer };
  }

  /** A file that was made for nothing goes again. */
  #failFresh(failure: Failed, size: number): Failed {
    if (size === 0 && this.#isThere()) this.volume.remove(this.#directory!, this.#name, false);
    return failure;
  }

  /**
   * Opens and locks the file to be written. Between the two an upload that finishes may give the
   * file its name, or another be put in its place: then the lock is on what must not be touched.
   */
  #openLocked(mode: OpenMode): Failed | undefined {
    const { volume } = this;
    for (let tries = 0; tries < LOCK_TRIES_MAX; tries++) {
      const file = volume.open(this.#directory!, this.#name, mode);
      if (typeof file === "number") return this.#inPlace ? failureOf(file) : ofPartial(file);
      this.#file = file;
      this.#identity = identityOf(volume.found);
      const locked = lock(volume, file, false);
      if (locked < 0) return failureOf(locked);
      if (this.#isThere()) return undefined;
      volume.closeFile(file);
      this.#file = undefined;
    }
    return FAILURES.busy;
  }

  /** Its name, or that with a number behind it, where nobody has that or its partial name. */
  #openUnique(operation: OpenUpload, finder: Finder<D, F, N>): Completion {
    const located = finder.locate(operation.path);
    if (located < 0) return failureOf(located);
    if (finder.name === ".") return FAILURES.isRoot;
    const wanted = finder.name;
    this.#directory = finder.take();
    if (!this.#hasRoom(0)) return FAILURES.noSpace;
    this.#isNew = true;
    for (let tries = 0; tries < UNIQUE_TRIES_MAX; tries++) {
      const number = findFree((number) => this.#lookAtNumber(wanted, number));
      if (number < 0) return failureOf(number);
      this.#nameBy(wanted, number);
      const failed = this.#openLocked("createNew");
      if (failed === undefined) return this.#startAt(0);
      if (failed.failure !== "exists" && failed.failure !== "busy") return failed;
      this.#closeFile();
    }
    return FAILURES.noFreeName;
  }

  /** Whether a number is taken, 0, or free, -ENOENT. */
  #lookAtNumber(wanted: string, number: number): number {
    this.#nameBy(wanted, number);
    const looked = this.volume.look(this.#directory!, this.#finalName);
    return looked === -ERRNO.ENOENT ? this.volume.look(this.#directory!, this.#name) : looked;
  }

  #nameBy(wanted: string, number: number): void {
    this.#answer = this.#finalName = number === 0 ? wanted : `${wanted}.${number}`;
    this.#name = partialName(this.#finalName);
  }

  /** Whether what is expected finds room where `size` octets of it, or in its place, are. */
  #hasRoom(size: number): boolean {
    if (this.#expected === undefined) return true;
    const free = this.volume.free(this.#directory!);
    return free === undefined || this.#expected <= free + size;
  }

  /** Cuts off what an earlier upload left behind the offset, once: 0, or -errno. */
  #cut(): number {
    if (!this.#cutsLater) return 0;
    const result = this.volume.truncate(this.#file!, this.#offset);
    this.#cutsLater = result < 0;
    return result;
  }

  #closeFile(): number {
    const file = this.#file;
    this.#file = undefined;
    return file === undefined ? 0 : this.volume.closeFile(file);
  }

  #release(): number {
    const closed = this.#closeFile();
    if (this.#target !== undefined) this.volume.closeFile(this.#target);
    if (this.#directory !== undefined) this.volume.release(this.#directory);
    if (this.#finalDirectory !== undefined) this.volume.release(this.#finalDirectory);
    this.#target = this.#directory = this.#finalDirectory = undefined;
    return closed;
  }
}

/** Why a partial file could not be opened; what is no regular file has its name. */
function ofPartial(result: number): Failed {
  const taken: readonly number[] = [ERRNO.EISDIR, ERRNO.NOT_REGULAR, ERRNO.ELOOP];
  return taken.includes(-result) ? FAILURES.partialTaken : failureOf(result);
}
