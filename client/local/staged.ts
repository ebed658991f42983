/**
 * An upload under a temporary name beside its own, which it gets when it is complete: whatever
 * breaks it off, the name leads to the old file or to the new one, never to half of either.
 *
 * uploads.ts runs one for each upload. The temporary name is made of the file's own properties, so
 * that a later run finds what this one left, and never what was left of another content.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { Source } from "../data.ts";
import type { Reply } from "../conversation.ts";
import { isLasting, LocalError, ProtocolError, unlessRefused } from "../errors.ts";
import { watchReads } from "../sources.ts";
import type { Transferred } from "../transfer.ts";
import { kindThere } from "../tree.ts";
import { uploadPath } from "./names.ts";
import type { UploadFileOptions } from "./options.ts";
import { assertNoDirectory, refusalToRename, rememberRefusal, takeName } from "./renames.ts";

/** What is uploaded, from where on. */
export interface Material extends Source {
  /** Makes the next read return what is behind `octets`; missing where nothing can be read twice. */
  rewind?(octets: number): Promise<void>;
  /** Throws when what was read is of more than one content; missing where nothing tells. */
  check?(): void;
  /**
   * Whether nothing but a reply is missing where `error` has ended an upload to `path`; that is
   * then told. `isNamed`: its final name was asked for. Missing where an upload can be repeated.
   */
  wasSent?(path: string, isNamed: boolean, error: unknown): boolean;
}

/** Replies to STOR that a server has for names it does not like, and for everything else. */
const NAME_REFUSALS: readonly number[] = [501, 550, 553];

/** What no room is there for: the octets that have come only take more of it. */
const NO_ROOM: readonly number[] = [452, 552];

/** One upload. */
export class StagedUpload {
  readonly #client: Client;
  readonly #remote: string;
  readonly #options: UploadFileOptions;
  readonly #temporary: string;
  /** A later run finds the temporary name again. */
  readonly #isLasting: boolean;
  /** Something was read: what went wrong since then is not about names. */
  #isRead = false;
  /** All of it is there, and only its name is not. */
  #isSent = false;
  #replaces = false;
  /** The time that the copy gets. */
  #modified: Date | undefined;

  /** @param tag What the temporary name is made of; without one nobody finds it again. */
  constructor(
    client: Client,
    remote: string,
    tag: string | undefined,
    options: UploadFileOptions,
  ) {
    this.#client = client;
    this.#remote = remote;
    this.#options = options;
    this.#isLasting = tag !== undefined;
    this.#temporary = uploadPath(remote, tag ?? randomTag());
  }

  /** How much of it the server has from an earlier run, or attempt. */
  async begun(): Promise<number> {
    if (!this.#isLasting) return 0;
    const path = this.#isHalfThere() ? this.#remote : this.#temporary;
    return await this.#client.size(path, this.#options) ?? 0;
  }

  /** Whether an attempt before this one has left some of this content under the final name. */
  #isHalfThere(): boolean {
    return this.#options.attempts?.half === this.#temporary;
  }

  /**
   * Uploads what is behind `offset` and gives it its name.
   *
   * @param existing The size of the file that has the name now, as far as it was asked.
   */
  async run(
    material: Material,
    offset: number,
    existing: number | undefined,
    modified?: Date,
  ): Promise<Transferred> {
    this.#modified = modified;
    if (this.#isHalfThere()) return await this.#sendInPlace(material, offset);
    this.#replaces = this.#options.replaces ?? existing !== undefined;
    const refusal = await this.#look(offset);
    if (refusal !== undefined) return await this.#directly(material, refusal);
    try {
      const sent = await this.#sendOn(material, this.#temporary, offset);
      this.#isSent = true;
      await takeName(this.#client, this.#temporary, this.#remote, () => this.#isTaken());
      return sent;
    } catch (error) {
      if (this.#isNameRefused(error, offset)) return await this.#instead(material, error.reply);
      await this.#settle(material, error);
      throw this.#named(error);
    }
  }

  /** What is known of the names before anything is sent; how the server refuses to rename. */
  async #look(offset: number): Promise<Reply | undefined> {
    const [client, remote, options] = [this.#client, this.#remote, this.#options];
    const isAsked = options.replaces === undefined && !this.#replaces;
    if (isAsked) await assertNoDirectory(client, remote, options);
    if (offset > 0) return undefined;
    const old = this.#replaces ? remote : undefined;
    return await refusalToRename(client, this.#temporary, old, options);
  }

  /** Whether anything has the name. That no size was told says nothing: SIZE may be missing. */
  async #isTaken(): Promise<boolean> {
    return this.#replaces || this.#options.replaces === undefined &&
        await kindThere(this.#client, this.#remote) !== undefined;
  }

  /** Whether what was refused is the temporary name, or that it is renamed, for good. */
  #isNameRefused(error: unknown, offset: number): error is ProtocolError {
    if (!(error instanceof ProtocolError)) return false;
    if (this.#isSent) return error.code >= 500;
    return !this.#isRead && offset === 0 && NAME_REFUSALS.includes(error.code);
  }

  /** Does without the temporary name, under which nothing stays: it could not be renamed later. */
  async #instead(material: Material, refused: Reply): Promise<Transferred> {
    if (!this.#isSent) return await this.#directly(material, refused);
    try {
      const sent = await this.#directly(material, refused);
      rememberRefusal(this.#client, this.#remote, refused);
      return sent;
    } finally {
      await this.#drop(this.#temporary);
    }
  }

  /** Without a temporary name: only under a name that is free, and only what can be read again. */
  async #directly(material: Material, refused: Reply): Promise<Transferred> {
    // Where the server does not even tell what has the name, that is not what failed.
    const isTaken = await unlessRefused(this.#isTaken());
    if (isTaken !== false || this.#isRead && material.rewind === undefined) {
      const what = `Cannot ${isTaken ? "replace" : "store"} "${this.#remote}" in one step`;
      throw new ProtocolError(what, refused, this.#options.hints?.direct);
    }
    this.#isRead = false;
    return await this.#sendInPlace(material, 0);
  }

  /** Under the final name, where nothing is, or what an attempt before this one has left. */
  async #sendInPlace(material: Material, offset: number): Promise<Transferred> {
    try {
      return await this.#sendOn(material, this.#remote, offset);
    } catch (error) {
      const isSent = material.wasSent?.(this.#remote, false, error);
      if (!isSent && (this.#isRead || this.#isHalfThere())) await this.#settleInPlace();
      throw error;
    }
  }

  /**
   * Removes what broke off under the final name, as far as the server lets us. What stays is told,
   * and known to the next attempt.
   */
  async #settleInPlace(): Promise<void> {
    const { attempts, onKept } = this.#options;
    const isGone = await this.#drop(this.#remote);
    if (attempts !== undefined) attempts.half = isGone ? undefined : this.#temporary;
    if (isGone) return;
    const kept = await this.#client.size(this.#remote).catch(() => undefined);
    onKept?.(this.#remote, kept, false);
  }

  /** Goes on behind `offset`, or begins again where that is refused and `force` allows it. */
  async #sendOn(material: Material, path: string, offset: number): Promise<Transferred> {
    const isRead = () => this.#isRead;
    const sent = await sendOrAgain(this.#remote, offset, this.#options, isRead, async (from) => {
      await material.rewind?.(from);
      return await this.#send(material, path, from);
    });
    if (this.#modified !== undefined) await setTime(this.#client, path, this.#modified);
    return sent;
  }

  async #send(material: Material, path: string, offset: number): Promise<Transferred> {
    const source = watchReads(material, () => this.#isRead = true);
    const sent = await sendFrom(this.#client, source, path, offset, this.#options);
    material.check?.();
    return sent;
  }

  /** A refusal is about the name that the user gave. */
  #named(error: unknown): unknown {
    if (!(error instanceof ProtocolError)) return error;
    const { reply, hint, kind } = error;
    return new ProtocolError(`Cannot store "${this.#remote}"`, reply, hint, kind);
  }

  /** What becomes of the octets that came: they stay where somebody can go on from them. */
  async #settle(material: Material, error: unknown): Promise<void> {
    if (material.wasSent?.(this.#temporary, this.#isSent, error)) return;
    const isWorthless = !this.#isLasting || error instanceof LocalError ||
      error instanceof ProtocolError && NO_ROOM.includes(error.code);
    if (isWorthless) {
      const isGone = await this.#drop(this.#temporary);
      if (!isGone && this.#isRead) this.#options.onKept?.(this.#temporary, undefined, false);
      return;
    }
    if (!this.#isRead) return;
    if (this.#client.closed) return this.#options.onKept?.(this.#temporary, undefined, true);
    const kept = await this.#client.size(this.#temporary).catch(() => undefined);
    if (kept === undefined) return;
    if (kept === 0) return void await this.#drop(this.#temporary);
    this.#options.onKept?.(this.#temporary, kept, true);
  }

  /**
   * Removes what nobody needs, as far as the server lets us; what went wrong is told already.
   *
   * @returns Whether nothing has the name any more, as far as the server says.
   */
  async #drop(path: string): Promise<boolean> {
    try {
      await this.#client.removeFile(path);
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolError)) return false;
      // A server that keeps what broke off under a name of its own has to complete it first.
      return await this.#dropCompleted(path).then(() => true, () => false);
    }
  }

  async #dropCompleted(path: string): Promise<void> {
    if (await this.#client.size(path) === undefined) return;
    await this.#client.upload(new Uint8Array(0), path, { at: "end" });
    await this.#client.removeFile(path);
  }
}

/**
 * Sends what is behind `offset` of `remote`, or all of it where the server does not go on and
 * `force` allows that.
 *
 * @param isRead Whether any of it was read: then it is not the offset that was refused.
 * @param send Sends what is behind an octet, from which on it can be read again.
 * @throws {ProtocolError} with the hint at `force` where that would help.
 */
export async function sendOrAgain<T>(
  remote: string,
  offset: number,
  { force = false, hints }: UploadFileOptions,
  isRead: () => boolean,
  send: (from: number) => Promise<T>,
): Promise<T> {
  try {
    return await send(offset);
  } catch (error) {
    if (!isLasting(error) || offset === 0 || isRead()) throw error;
    if (force) return await send(0);
    const { reply, hint = hints?.force, kind } = error;
    throw new ProtocolError(`Cannot continue "${remote}"`, reply, hint, kind);
  }
}

/**
 * Uploads what is behind `offset`, even when that is nothing: a server that keeps broken uploads
 * under another name completes one by it.
 *
 * @throws {ProtocolError} of kind `permanent` when the server does not append.
 */
export async function sendFrom(
  client: Client,
  source: Source,
  remote: string,
  offset: number,
  options: UploadFileOptions,
): Promise<Transferred> {
  if (offset === 0) return await client.upload(source, remote, options);
  let isRead = false;
  const watched = watchReads(source, () => isRead = true);
  const refusedBy = (error: unknown, codeMin: number, codeMax: number): error is ProtocolError =>
    !isRead && error instanceof ProtocolError && error.code >= codeMin && error.code <= codeMax;
  try {
    // Some servers take REST and let STOR truncate all the same; none does so at APPE.
    const behind = { ...options, at: "end", endsAt: offset } as const;
    return await client.upload(watched, remote, behind).catch((error) => {
      // No such command, or not with this argument.
      if (!refusedBy(error, 500, 504)) throw error;
      return client.upload(watched, remote, { ...options, at: offset });
    });
  } catch (error) {
    // ProFTPD without AllowStoreRestart says that it was its own fault: no retry helps.
    if (!refusedBy(error, 451, 451)) throw error;
    throw new ProtocolError(`Cannot continue "${remote}"`, error.reply, undefined, "permanent");
  }
}

/** Sets a remote file's time where the server knows how; that it does not is no failure. */
export async function setTime(client: Client, path: string, modified: Date): Promise<void> {
  try {
    await client.setModified(path, modified);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

function randomTag(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 16);
}
