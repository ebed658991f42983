/**
 * The file that a download is written to: a part beside its name, locked, until it is complete.
 *
 * downloads.ts fills it by FTP, the command line by mini.
 *
 * @module
 */

import type { Sink } from "../data.ts";
import { LocalError, localError } from "../errors.ts";
import { statIfThere, throughLinks } from "./files.ts";

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
