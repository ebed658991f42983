/**
 * Transfers between the server and files of this machine: a download takes its name only when it
 * is complete, and both directions can go on where they broke off.
 *
 * Functions over the public client, and the file that mini.ts downloads into as well.
 *
 * @module
 */

import type { Client } from "./client.ts";
import type { Sink, Source } from "./data.ts";
import { LocalError, localError, ProtocolError } from "./errors.ts";
import type { TransferOptions, Transferred } from "./transfer.ts";

/** What `downloadFile` and `uploadFile` can be told. */
export interface FileTransferOptions extends TransferOptions {
  /** Goes on where an earlier transfer of the same file broke off. */
  readonly resume?: boolean;
  /** Called before the first octet: where the transfer begins, and the size if it is known. */
  readonly onStart?: (offset: number, size: number | undefined) => void;
  /** Called when a download fails and leaves octets that `resume` can go on from. */
  readonly onKept?: (path: string, octets: number) => void;
}

/** How a download to a file went. */
export interface Downloaded {
  /** Octets that came now. */
  readonly octets: number;
  /** Octets that were there before. */
  readonly offset: number;
  /** Nothing was left to transfer. */
  readonly wasComplete: boolean;
}

/** How an upload from a file went. */
export type Uploaded = Downloaded;

/**
 * Downloads `remote` to the file `local`: into `local`.part, which is renamed when it is complete
 * and kept when it is not. What is no regular file, such as /dev/null, is written to directly.
 *
 * @example
 * ```ts
 * import { connect, downloadFile } from "./mod.ts";
 *
 * await using client = await connect();
 * await downloadFile(client, "a.avi", "a.avi", { resume: true });
 * ```
 *
 * @throws {LocalError} when the file cannot be written.
 */
export async function downloadFile(
  client: Client,
  remote: string,
  local: string,
  options: FileTransferOptions = {},
): Promise<Downloaded> {
  const size = options.resume ? await client.size(remote) : undefined;
  const part = await PartFile.open(local, options.resume === true, size);
  return await part.fill(async () => {
    const offset = part.offset;
    if (options.resume && offset === size) return { octets: 0, offset, wasComplete: true };
    const { octets } = await client.download(remote, {
      begin: (total) => {
        part.begin();
        options.onStart?.(offset, size ?? total);
      },
      write: (chunk) => part.write(chunk),
    }, { ...options, offset });
    return { octets, offset, wasComplete: false };
  }, options.onKept);
}

/** A file under its temporary name, until it is complete. */
export class PartFile implements Sink {
  /** The name that the octets have for now. */
  readonly path: string;
  /** How many octets were there already. */
  readonly offset: number;
  readonly #local: string;
  readonly #file: Deno.FsFile | undefined;
  #length: number;

  private constructor(
    local: string,
    path: string,
    file: Deno.FsFile | undefined,
    offset: number,
  ) {
    this.#local = local;
    this.path = path;
    this.#file = file;
    this.offset = offset;
    this.#length = offset;
  }

  /**
   * Opens `local`.part, which nobody else writes until it is closed. Nothing of it is lost before
   * `begin`. When `local` is a link, the file that it leads to is the one that is written.
   *
   * @param resume Goes on behind what is there. Without a part, `local` itself becomes it, as
   * other programs leave a broken download; when it has `size` octets it is complete.
   */
  static async open(target: string, resume: boolean, size?: number): Promise<PartFile> {
    const action = `Cannot write "${target}"`;
    try {
      const local = await throughLinks(target);
      const there = await statIfThere(local);
      if (there?.isDirectory) throw new LocalError(`${action}: it is a directory`);
      if (there !== undefined && !there.isFile) {
        return new PartFile(local, local, await Deno.open(local, { write: true }), 0);
      }
      const path = `${local}.part`;
      if (resume) {
        const part = await statIfThere(path);
        const found = part ?? there;
        if (found !== undefined && size !== undefined && found.size > size) {
          throw new LocalError(
            `Cannot continue "${part ? path : local}": it has ${found.size} octets, ` +
              `the file on the server ${size}`,
          );
        }
        if (part === undefined && there !== undefined) {
          if (there.size === size) return new PartFile(local, local, undefined, size);
          await Deno.rename(local, path);
        }
      }
      const file = await openPart(path, resume);
      const offset = resume ? await file.seek(0, Deno.SeekMode.End) : 0;
      return new PartFile(local, path, file, offset);
    } catch (error) {
      throw localError(action, error);
    }
  }

  /** Forgets what was in the file, unless it goes on behind it. */
  begin(): void {
    if (this.path !== this.#local) this.#written(() => this.#file!.truncateSync(this.offset));
  }

  /** Writes all of `chunk`: one write(2) may take less. */
  write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#written(() => {
      for (let at = 0; at < chunk.length;) at += this.#file!.writeSync(chunk.subarray(at));
    });
    this.#length += chunk.length;
  }

  /**
   * Runs `transfer`, then gives the file its name. When it fails the part stays, without octets
   * it goes.
   */
  async fill<T>(
    transfer: () => Promise<T>,
    onKept?: (path: string, octets: number) => void,
  ): Promise<T> {
    let result: T;
    try {
      result = await transfer();
    } catch (error) {
      // The lock ends with the file: nobody else may find what is about to go.
      await this.#keep(onKept).finally(() => this.#file?.close());
      throw error;
    }
    using _ = this.#file;
    if (this.path !== this.#local) {
      try {
        await Deno.rename(this.path, this.#local);
      } catch (error) {
        throw localError(`Cannot rename "${this.path}" to "${this.#local}"`, error);
      }
    }
    return result;
  }

  async #keep(onKept?: (path: string, octets: number) => void): Promise<void> {
    if (this.path === this.#local) return;
    const size = (await statIfThere(this.path))?.size ?? 0;
    if (size === 0) await Deno.remove(this.path).catch(() => {});
    else if (this.#length > 0) onKept?.(this.path, size);
  }

  #written(call: () => void): void {
    try {
      call();
    } catch (error) {
      throw localError(`Cannot write "${this.path}"`, error);
    }
  }
}

/**
 * Uploads the file `local` to `remote`. With `resume`, what the server has already (SIZE) is left
 * out: APPE, or REST and STOR where the server knows no APPE.
 *
 * @throws {LocalError} when the file cannot be read.
 */
export async function uploadFile(
  client: Client,
  local: string,
  remote: string,
  options: FileTransferOptions = {},
): Promise<Uploaded> {
  using file = await LocalFile.open(local);
  const offset = options.resume ? await client.size(remote) ?? 0 : 0;
  if (file.size !== undefined && offset > file.size) {
    const sizes = `${file.size} octets here, ${offset} there`;
    throw new LocalError(`Cannot continue "${remote}": it is larger than "${local}": ${sizes}`);
  }
  if (offset > 0) await file.skip(offset);
  options.onStart?.(offset, file.size);
  const { octets } = await uploadFrom(client, file, remote, offset, options);
  return { octets, offset, wasComplete: offset > 0 && octets === 0 };
}

/**
 * Uploads what is behind `offset`, even when that is nothing: a server that keeps broken uploads
 * under another name completes one by it.
 */
async function uploadFrom(
  client: Client,
  source: Source,
  remote: string,
  offset: number,
  options: TransferOptions,
): Promise<Transferred> {
  if (offset === 0) return await client.upload(source, remote, options);
  try {
    // Some servers take REST and let STOR truncate all the same; none does so at APPE.
    return await client.upload(source, remote, { ...options, at: "end" });
  } catch (error) {
    // 500 to 504: no such command, or not with this argument. Nothing was sent yet.
    if (!(error instanceof ProtocolError) || error.code < 500 || error.code > 504) throw error;
    return await client.upload(source, remote, { ...options, at: offset });
  }
}

/** A file of this machine as a source. */
export class LocalFile implements Source, Disposable {
  /** Octets; undefined for a pipe and the like. */
  readonly size: number | undefined;
  readonly #file: Deno.FsFile;
  readonly #action: string;
  /** Octets from the beginning that were read or skipped. */
  #position = 0;

  private constructor(file: Deno.FsFile, size: number | undefined, action: string) {
    this.#file = file;
    this.size = size;
    this.#action = action;
  }

  /** Opens `path`. */
  static async open(path: string): Promise<LocalFile> {
    const action = `Cannot read "${path}"`;
    let file: Deno.FsFile | undefined;
    try {
      file = await Deno.open(path);
      const stat = await file.stat();
      if (stat.isDirectory) throw new LocalError(`${action}: it is a directory`);
      return new LocalFile(file, stat.isFile ? stat.size : undefined, action);
    } catch (error) {
      file?.close();
      throw localError(action, error);
    }
  }

  /** Goes on behind the first `octets`. */
  async skip(octets: number): Promise<void> {
    try {
      this.#position = await this.#file.seek(octets, Deno.SeekMode.Start);
    } catch (error) {
      throw localError(this.#action, error);
    }
  }

  /** A regular file is read at once, for that is faster than waiting; a pipe may keep waiting. */
  read(buffer: Uint8Array<ArrayBuffer>): number | null | Promise<number | null> {
    if (this.size === undefined) {
      return this.#file.read(buffer).catch((error) => this.#fail(error));
    }
    let count: number | null;
    try {
      count = this.#file.readSync(buffer);
    } catch (error) {
      return this.#fail(error);
    }
    this.#position += count ?? 0;
    if (count === null && this.#position < this.size) {
      const octets = `${this.#position} of ${this.size} octets`;
      throw new LocalError(`${this.#action}: it ended after ${octets}`);
    }
    return count;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  #fail(error: unknown): never {
    throw localError(this.#action, error);
  }
}

async function statIfThere(
  path: string,
  look: (path: string) => Promise<Deno.FileInfo> = Deno.stat,
): Promise<Deno.FileInfo | undefined> {
  try {
    return await look(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The file that `path` leads to; itself when it is no link, or one to a pipe or a device. */
async function throughLinks(path: string): Promise<string> {
  if (!(await statIfThere(path, Deno.lstat))?.isSymlink) return path;
  const there = await statIfThere(path);
  if (there === undefined) {
    throw new LocalError(`Cannot write "${path}": it is a link that leads to no file`);
  }
  return there.isFile ? await Deno.realPath(path) : path;
}

/**
 * Opens and locks a part. What has that name and is more than a file of its own, such as a link
 * to another file, is never written through: it gives way, or nothing is resumed.
 */
async function openPart(path: string, resume: boolean): Promise<Deno.FsFile> {
  const there = await statIfThere(path, Deno.lstat);
  const isOwn = there !== undefined && there.isFile && (there.nlink ?? 1) === 1;
  if (there !== undefined && !isOwn) {
    if (resume) throw new LocalError(`Cannot continue "${path}": it is no file of its own`);
    await Deno.remove(path);
  }
  const file = await Deno.open(path, isOwn ? { write: true } : { write: true, createNew: true });
  try {
    const locked = await file.tryLock(true);
    const [opened, named] = [await file.stat(), await statIfThere(path, Deno.lstat)];
    // Between the two looks another transfer may have ended, and its part got its name.
    if (!locked || opened.ino !== named?.ino || opened.dev !== named?.dev) {
      throw new LocalError(`Cannot write "${path}": another transfer is writing it`);
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
