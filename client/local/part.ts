/**
 * The file that a download is written to: a part beside its name, locked, until it is complete.
 *
 * downloads.ts fills it by FTP, the command line by mini. What it is part of is kept by origin.ts.
 *
 * @module
 */

import { openUnlessAborted } from "../abort.ts";
import type { Sink } from "../data.ts";
import { LocalError, localError } from "../errors.ts";
import {
  assertName,
  hasName,
  isOwned,
  type OpenedPart,
  openPart,
  renewPart,
  setMode,
  statIfThere,
  takeFreeName,
  throughLinks,
} from "./files.ts";
import { isForeignPart, originPath, partPath } from "./names.ts";
import {
  isCopy,
  isTold,
  readOrigin,
  type RemoteFile,
  removeOrigin,
  whyOther,
  writeOrigin,
} from "./origin.ts";
import { hinted, OtherContent, OVERLAP_BYTES, readEnd } from "./overlap.ts";

/** What a part can be told. */
export interface PartOptions {
  /** Goes on behind what is there. */
  readonly resume?: boolean;
  /** Begins again where `resume` would have to refuse. */
  readonly force?: boolean;
  /** What a refusal says of that. */
  readonly hints?: OptionHints;
  /**
   * What it is part of; without it nobody can go on with the part later, or tell it from a file of
   * somebody else.
   */
  readonly origin?: RemoteFile;
  /** A link is refused instead of being followed. */
  readonly noLinks?: boolean;
  /** false: nothing has the name. It is not looked at, for what is not there is dear to look at. */
  readonly replaces?: boolean;
  /** Replaces nothing, and nothing that gets the name meanwhile. */
  readonly noClobber?: boolean;
  /** Ends the wait for the other end of a pipe. */
  readonly signal?: AbortSignal;
  /** The time that the complete file gets; default: that of its last octet. */
  readonly modified?: Date | undefined;
}

/**
 * What a refusal says of the option that would do it all the same, in words of those who use the
 * caller, such as `--force begins again`; default: nothing.
 */
export interface OptionHints {
  /** Of `force`. */
  readonly force?: string;
  /** Of `direct`. */
  readonly direct?: string;
}

/**
 * Called when a transfer fails and leaves octets under another name. Their number is undefined when
 * the server can no longer be asked; `resumable`: a later transfer can go on from them.
 */
export type OnKept = (path: string, octets: number | undefined, resumable: boolean) => void;

/** A file under its temporary name, until it is complete. */
export class PartFile implements Sink {
  /** The name that the octets have for now. */
  readonly path: string;
  /** How many octets were there already. */
  readonly offset: number;
  /** The file has its name already and nothing of it is missing. */
  readonly isComplete: boolean;
  readonly #local: string;
  #file: Deno.FsFile | undefined;
  readonly #options: PartOptions;
  #length: number;
  /** Nothing had its name when it was opened. */
  readonly #isNew: boolean;
  /** The permissions of the file that it replaces. */
  readonly #mode: number | undefined;
  /** The origin is beside the part. */
  #remembered: boolean;

  private constructor(
    local: string,
    path: string,
    file: Deno.FsFile | undefined,
    offset: number,
    options: PartOptions,
    opened?: OpenedPart,
  ) {
    this.#isNew = opened?.isNew ?? false;
    this.#mode = opened?.mode;
    this.#local = local;
    this.path = path;
    this.#file = file;
    this.offset = offset;
    this.isComplete = file === undefined;
    this.#length = offset;
    this.#options = options;
    this.#remembered = offset > 0;
  }

  /**
   * Opens `local`.part, which nobody else writes until it is closed. Nothing of it is lost before
   * `begin`. When `local` is a link, the file that it leads to is the one that is written.
   *
   * With `resume` a part goes on only if `origin` is what it was begun from, and a `local` without
   * part must be the complete file, or empty. An empty part shows that `local` was to be replaced.
   * What has the part's name and is longer than any part without an origin is not touched.
   *
   * @throws {LocalError} when it cannot be written, or `resume` would mix two files.
   */
  static async open(target: string, options: PartOptions = {}): Promise<PartFile> {
    const action = `Cannot write "${target}"`;
    try {
      const { path: local, there } = options.replaces === false
        ? { path: target, there: undefined }
        : throughLinks(target, options.noLinks);
      if (there?.isDirectory) throw new LocalError(`${action}: it is a directory`);
      if (there !== undefined && options.noClobber) throw new LocalError(`${action}: it is there`);
      if (there !== undefined && !there.isFile) {
        const file = await openUnlessAborted(local, { write: true }, options.signal);
        return new PartFile(local, local, file, 0, options);
      }
      const path = partPath(local);
      if (options.resume && there !== undefined && there.size > 0 && !isThere(path)) {
        if (isCopy(there, options.origin)) {
          return new PartFile(local, local, undefined, there.size, options);
        }
        refuse(local, "it is neither the file on the server nor a part of it", options);
      }
      const assertOurs = (octets: number) => {
        if (!isForeignPart(octets) || isThere(originPath(local))) return;
        throw new LocalError(`${action}: "${path}" is no part of this client's; move it away`);
      };
      const isResumed = options.resume === true && !options.force;
      const opened = openPart(path, isResumed, there, assertOurs);
      const { file } = opened;
      try {
        const offset = options.resume ? await continuedAt(local, path, opened, options) : 0;
        return new PartFile(local, path, file, offset, options, opened);
      } catch (error) {
        file.close();
        throw error;
      }
    } catch (error) {
      throw localError(action, error);
    }
  }

  /**
   * The last of the octets that were there already. A part is read by the file that has its lock,
   * because on Windows that keeps all others out.
   */
  async readEnd(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.offset === 0) return new Uint8Array(0);
    try {
      if (this.#file !== undefined) return await readEnd(this.#file, this.offset);
      using file = await Deno.open(this.path);
      return await readEnd(file, this.offset);
    } catch (error) {
      throw localError(`Cannot read "${this.path}"`, error);
    }
  }

  /** Forgets what was in the file, unless it goes on behind it. */
  begin(): void {
    if (this.path === this.#local) return;
    this.#written(() => {
      if (!this.#isNew && this.offset === 0) {
        this.#file = renewPart(this.#file!, this.path, this.#mode);
      }
      // An origin without a part is rare to find, and dear to look for. Of what is no longer than
      // the end that is compared when it is gone on with, no wrong origin makes a wrong file.
      const isShort = (this.#options.origin?.size ?? Infinity) <= OVERLAP_BYTES;
      if (!this.#remembered && !(this.#isNew && isShort)) removeOrigin(originPath(this.#local));
    });
  }

  /**
   * Writes all of `chunk`: one write(2) may take less. A file takes it at once, for that is faster
   * than waiting; a pipe may keep waiting.
   */
  write(chunk: Uint8Array<ArrayBuffer>): void | Promise<void> {
    if (this.path === this.#local) return this.#writeOn(chunk);
    // What comes in one piece needs no memory: it is here, or it is not.
    if (this.#length > 0 || chunk.length !== this.#options.origin?.size) this.#remember();
    this.#written(() => {
      for (let at = 0; at < chunk.length;) at += this.#file!.writeSync(chunk.subarray(at));
    });
    this.#length += chunk.length;
  }

  async #writeOn(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      for (let at = 0; at < chunk.length;) at += await this.#file!.write(chunk.subarray(at));
    } catch (error) {
      throw localError(`Cannot write "${this.path}"`, error);
    }
  }

  /**
   * Runs `transfer`, then gives the file its name. When it fails the part stays, without octets
   * it goes.
   */
  async fill<T>(transfer: () => Promise<T>, onKept?: OnKept): Promise<T> {
    let result: T;
    try {
      result = await transfer();
    } catch (error) {
      // The lock ends with the file: nobody else may find what is about to go.
      await this.#keep(error instanceof OtherContent ? undefined : onKept).finally(() =>
        this.#file?.close()
      );
      throw error;
    }
    using file = this.#file;
    if (this.path !== this.#local) this.#takeName(file!);
    return result;
  }

  #takeName(file: Deno.FsFile): void {
    try {
      assertName(file, this.path);
      setTime(file, this.#options.modified);
      if (this.#mode !== undefined) setMode(file, this.path, this.#mode);
      if (this.#options.noClobber) takeFreeName(this.path, this.#local);
      else Deno.renameSync(this.path, this.#local);
      if (this.#remembered) removeOrigin(originPath(this.#local));
    } catch (error) {
      throw localError(`Cannot rename "${this.path}" to "${this.#local}"`, error);
    }
  }

  async #keep(onKept?: OnKept): Promise<void> {
    if (this.path === this.#local) return;
    let size = 0;
    try {
      // What has the name by now may be another's.
      const isOurs = hasName(this.#file!, this.path);
      if (isOurs) size = this.#file!.statSync().size;
      if (size > 0) {
        if (this.#length > 0) this.#remember();
      } else {
        if (isOurs) await Deno.remove(this.path).catch(() => {});
        if (this.#remembered) removeOrigin(originPath(this.#local));
      }
    } catch {
      // The disk may be full, or gone, which is what is told; then nobody goes on with the part.
    }
    // An earlier part that this download never touched is not its to tell of.
    if (size === 0 || this.#length === 0) return;
    onKept?.(this.path, size, this.#remembered && isTold(this.#options.origin));
  }

  #remember(): void {
    const { origin } = this.#options;
    if (this.#remembered || origin === undefined) return;
    this.#written(() => writeOrigin(originPath(this.#local), origin));
    this.#remembered = true;
  }

  #written(call: () => void): void {
    try {
      call();
    } catch (error) {
      throw localError(`Cannot write "${this.path}"`, error);
    }
  }
}

/** Where a part that is open and locked goes on: at its end, or at 0. */
async function continuedAt(
  local: string,
  path: string,
  { file, size }: OpenedPart,
  options: PartOptions,
): Promise<number> {
  if (size === 0) return 0;
  const { origin } = options;
  const whole = origin?.size;
  const why = whyOther(await readOrigin(originPath(local)), origin) ??
    (whole !== undefined && size > whole
      ? `it has ${size} octets, the file on the server ${whole}`
      : isOwned(file, path)
      ? undefined
      : "it is somebody else's");
  if (why === undefined) return await file.seek(size, Deno.SeekMode.Start);
  refuse(path, why, options);
  return 0;
}

/** A time that the file system cannot have is not worth the file. */
function setTime(file: Deno.FsFile, modified: Date | undefined): void {
  if (modified === undefined) return;
  try {
    file.utimeSync(modified, modified);
  } catch {
    // It keeps that of its last octet.
  }
}

function isThere(path: string): boolean {
  return statIfThere(path, Deno.lstatSync) !== undefined;
}

function refuse(path: string, why: string, { force, hints }: PartOptions): void {
  if (!force) throw new LocalError(hinted(`Cannot continue "${path}": ${why}`, hints?.force));
}
