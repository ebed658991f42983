/**
 * What carries out the steps of a plan, in one direction: downwards on this machine's files, or
 * upwards on the server's.
 *
 * Paths are below the roots, as in a plan. Nothing is written, read or removed through a link of
 * this machine that lies below the local root.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { joinPath, lastName, parentOf } from "../directory.ts";
import { isLasting, LocalError, localError, unlessRefused } from "../errors.ts";
import { downloadFile } from "../local/downloads.ts";
import { statIfThere } from "../local/files.ts";
import type { DownloadFileOptions, FileTransferOptions, UploadAttempts } from "../local/options.ts";
import { uploadFile } from "../local/uploads.ts";
import type { ClientPool } from "../pool.ts";
import { AttemptedTransfer, type RetryAttempt, type TransferListener } from "../retry.ts";
import type { CallOptions } from "../transfer.ts";
import { isDirectory, kindThere, listWithLinks, makeDirectories, refusedRemoval } from "../tree.ts";
import { type MirrorPace, withConnection } from "./attempts.ts";
import type { Action } from "./compare.ts";
import { hasExactTime, type Node } from "./tree.ts";

/** Hears of one transfer; see `MirrorHooks`. `start` comes again when it is tried again. */
export interface TransferHooks extends TransferListener {
  /** It is complete. */
  finish(): void;
  /** It has ended in whatever way; also called after `finish`. */
  stop(): void;
}

/** Where both trees are. */
export interface Roots {
  /** A directory of the server; "" is the working directory. */
  readonly remote: string;
  /** A folder of this machine. */
  readonly local: string;
}

type Copy = Extract<Action, { kind: "copy" }>;

/** The steps of one direction. `copy` returns how many octets it moved. */
export interface Hands {
  makeDirectory(path: string): Promise<void>;
  /** Whether anything has the path, or one that is the same to the target. */
  isThere(path: string): Promise<boolean>;
  copy(action: Copy, hooks: TransferHooks): Promise<number>;
  removeFile(path: string): Promise<void>;
  /** Removes what was taken for a directory and is a link to one; whether it was. */
  removeLink(path: string): Promise<boolean>;
  removeDirectory(path: string): Promise<void>;
}

/** From the server to this machine. */
export function downHands(pool: ClientPool, { remote, local }: Roots, pace: MirrorPace): Hands {
  const here = (path: string) => path === "" ? local : `${local}/${path}`;
  /** A step on this machine's files, none of them reached through a link. */
  const act = (action: string, path: string, step: (path: string) => void) => {
    try {
      assertNoLinks(local, path);
      step(here(path));
    } catch (error) {
      throw localError(`Cannot ${action} "${here(path)}"`, error);
    }
  };
  return {
    async makeDirectory(path) {
      if (path === "") await makeRoot(local);
      else act("make", path, makeFolder);
    },
    // deno-lint-ignore require-await -- as the other direction, which waits
    async isThere(path) {
      let there: Deno.FileInfo | undefined;
      act("look at", path, (path) => there = statIfThere(path, Deno.lstatSync));
      return there !== undefined;
    },
    async copy(action, hooks) {
      const { path, node } = action;
      assertNoLinks(local, path);
      const from = joinPath(remote, path);
      const whole = new AttemptedTransfer(hooks);
      return await withConnection(pool, pace, async (client, attempt) => {
        await downloadFile(client, from, here(path), {
          ...transferOptions(action, pace, whole, attempt),
          noLinks: true,
          ...(action.why === "new" ? { replaces: false } : {}),
          // Of a file that has outgrown its listing nothing is known.
          ...(whole.octets > (node.size ?? Infinity)
            ? {}
            : await knownOf(client, from, node, attempt, pace)),
        });
        return whole.octets;
      });
    },
    // deno-lint-ignore require-await -- as the other direction, which waits
    async removeFile(path) {
      act("remove", path, Deno.removeSync);
    },
    // Links of this machine are known as what they are.
    removeLink: () => Promise.resolve(false),
    // deno-lint-ignore require-await -- as the other direction, which waits
    async removeDirectory(path) {
      act("remove", path, Deno.removeSync);
    },
  };
}

/** From this machine to the server. */
export function upHands(pool: ClientPool, { remote, local }: Roots, pace: MirrorPace): Hands {
  const there = (path: string) => path === "" ? remote : joinPath(remote, path);
  const assertGone = (path: string, isDirectory: boolean) =>
    assertNotHere(`${local}/${path}`, there(path), isDirectory);
  /** A step on the server's names; `leaves` is what has the name when it was done. */
  const act = (
    path: string,
    leaves: "directory" | undefined,
    step: (client: Client, path: string) => Promise<void>,
  ) =>
    withConnection(pool, pace, async (client, { number }) => {
      try {
        await step(client, there(path));
      } catch (error) {
        if (!isLasting(error)) throw error;
        // It was done before, and the reply was lost with the connection; or by somebody else.
        const isDone = number > 0
          ? await kindThere(client, there(path), pace) === leaves
          : leaves === "directory" && await isMade(client, there(path), pace);
        if (!isDone) throw error;
      }
    });
  return {
    makeDirectory: (path) =>
      act(
        path,
        "directory",
        (client, at) =>
          path === "" ? makeDirectories(client, at, pace) : client.makeDirectory(at, pace),
      ),
    isThere: (path) =>
      withConnection(
        pool,
        pace,
        async (client) => await kindThere(client, there(path), pace) !== undefined,
      ),
    async copy(action, hooks) {
      const { path } = action;
      assertNoLinks(local, path, true);
      const whole = new AttemptedTransfer(hooks);
      const attempts: UploadAttempts = {};
      return await withConnection(pool, pace, async (client, attempt) => {
        const options = { ...transferOptions(action, pace, whole, attempt), attempts };
        await uploadFile(client, `${local}/${path}`, there(path), options);
        return whole.octets;
      });
    },
    async removeFile(path) {
      assertGone(path, false);
      await act(path, undefined, (client, at) => client.removeFile(at, pace));
    },
    async removeLink(path) {
      assertGone(path, true);
      return await withConnection(pool, pace, async (client, { number }) => {
        // Servers that list a link as what it leads to refuse DELE of a directory only.
        if (await refusedRemoval(client, there(path), pace) === undefined) return true;
        return number > 0 && await kindThere(client, there(path), pace) === undefined;
      });
    },
    async removeDirectory(path) {
      assertGone(path, true);
      await act(path, undefined, (client, at) => client.removeDirectory(at, pace));
    },
  };
}

/**
 * A part of the same file is gone on with, any other begins again. Where the content is what
 * differs, size and time say nothing of it; once octets have moved, the part is of this very copy.
 */
function transferOptions(
  { why }: Copy,
  { rate, signal }: MirrorPace,
  whole: AttemptedTransfer,
  attempt: RetryAttempt,
): FileTransferOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(rate === undefined ? {} : { rate }),
    resume: why !== "content" || whole.octets > 0,
    force: true,
    keepTime: true,
    onStart: (offset, total) => whole.start(offset, total),
    onProgress: (octets) => whole.update(octets, attempt),
  };
}

/**
 * What need not be asked for each file: a listing of minutes is no time to give a file, and what it
 * told may be why an attempt failed. Where nothing else is told, that has to do.
 */
async function knownOf(
  client: Client,
  path: string,
  node: Node,
  { number }: RetryAttempt,
  options: CallOptions,
): Promise<Pick<DownloadFileOptions, "known">> {
  const { size, modifiedMs } = node;
  if (size === undefined || modifiedMs === undefined) return {};
  const isRetry = number > 0;
  const told = isRetry ? await client.size(path, options) : undefined;
  const exact = isRetry || !hasExactTime(node) ? await client.modified(path, options) : undefined;
  return { known: { size: told ?? size, modified: exact ?? new Date(modifiedMs) } };
}

/**
 * Whether somebody else has made a directory, as another mirror does: one of this very name, and no
 * link, is listed above it. Where two names are one, only the first of them is. A name that begins
 * with a dot need not be listed where no such name is: some servers leave them out.
 */
async function isMade(client: Client, path: string, options: CallOptions): Promise<boolean> {
  // Most of what cannot be made is not there, which is sooner known than a listing.
  if (!await isDirectory(client, path, options)) return false;
  const its = lastName(path);
  const isIts = (name: string) => name === its;
  let unread = 0;
  const onUnread = (lines: number) => unread += lines;
  const listed = listWithLinks(client, parentOf(path), isIts, { ...options, onUnread });
  const entries = await unlessRefused(listed);
  if (entries === undefined || unread > 0) return false;
  const found = entries.find(({ name }) => isIts(name));
  if (found !== undefined) return found.kind === "directory";
  const hasDot = (name: string) => name.startsWith(".");
  return hasDot(its) && !entries.some(({ name }) => hasDot(name));
}

/** Makes a folder; by the rule of `isMade` one that is there is as good. */
function makeFolder(path: string): void {
  try {
    Deno.mkdirSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const slash = path.lastIndexOf("/");
    const entries = Deno.readDirSync(path.slice(0, slash));
    const its = entries.find(({ name }) => name === path.slice(slash + 1));
    if (its?.isDirectory !== true) throw error;
  }
}

async function makeRoot(local: string): Promise<void> {
  try {
    await Deno.mkdir(local, { recursive: true });
  } catch (error) {
    throw localError(`Cannot make "${local}"`, error);
  }
}

/**
 * Refuses what would be reached through a link below `root`: it may lead out of it. `withLast`: what
 * has the whole path must be no link either: it is read.
 */
function assertNoLinks(root: string, path: string, withLast = false): void {
  const names = path.split("/");
  let at = root;
  for (const [index, name] of names.entries()) {
    at = `${at}/${name}`;
    if (index === names.length - 1 && !withLast) return;
    if (isLink(at)) throw new LocalError(`Cannot use "${at}": it is a link, which is not followed`);
  }
}

/**
 * Refuses to remove `there` from the server while this machine has `here`: it may be new, or not
 * have been seen, for of a folder that breaks off while it is read the runtime tells what came.
 * What is of another kind here may have been left out by a pattern, and is no reason.
 */
function assertNotHere(here: string, there: string, isDirectory: boolean): void {
  try {
    if (statIfThere(here, Deno.lstatSync)?.isDirectory !== isDirectory) return;
  } catch (error) {
    if (cannotBe(error)) return;
    throw localError(`Cannot look at "${here}"`, error);
  }
  throw new LocalError(`Cannot remove "${there}": "${here}" is there, and was not seen before`);
}

/** Whether nothing can have the name: it is below a file, or longer than names are here. */
function cannotBe(error: unknown): boolean {
  return error instanceof Deno.errors.NotADirectory ||
    error instanceof Error && "code" in error && error.code === "ENAMETOOLONG";
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch (error) {
    // What is not there, or what is no directory, is told by the call that needs it.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw localError(`Cannot look at "${path}"`, error);
  }
}

/** Whether it is sure, by MFMT, that uploads get the time; by MDTM only trying tells. */
export function keepsTimes(client: Client): boolean {
  return client.features.has("MFMT");
}
