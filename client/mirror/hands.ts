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
import { joinPath } from "../directory.ts";
import { LocalError, localError } from "../errors.ts";
import { downloadFile } from "../local/downloads.ts";
import type { FileTransferOptions } from "../local/options.ts";
import { uploadFile } from "../local/uploads.ts";
import type { ClientPool } from "../pool.ts";
import { makeDirectories } from "../tree.ts";
import { onceMore } from "./attempts.ts";
import type { Action } from "./compare.ts";
import type { Node } from "./tree.ts";
import { tellsSeconds } from "./walk_remote.ts";

/** Hears of one transfer; see `MirrorHooks`. */
export interface TransferHooks {
  /** It begins at octet `offset` of a file of `total` octets, as far as that is known. */
  start(offset: number, total: number | undefined): void;
  /** So many octets have been moved, without the offset. */
  update(octets: number): void;
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
  copy(action: Copy, hooks: TransferHooks, signal?: AbortSignal): Promise<number>;
  removeFile(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
}

/** From the server to this machine. */
export function downHands(pool: ClientPool, { remote, local }: Roots): Hands {
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
      else act("make", path, Deno.mkdirSync);
    },
    async copy(action, hooks, signal) {
      const { path, node } = action;
      assertNoLinks(local, path, "file");
      const from = joinPath(remote, path);
      return await onceMore(pool, async (client, isAgain) => {
        const { octets } = await downloadFile(client, from, here(path), {
          ...transferOptions(action, hooks, signal),
          // What the listing told may be why the first attempt failed.
          ...(isAgain ? {} : await knownOf(client, from, node)),
        });
        return octets;
      });
    },
    // deno-lint-ignore require-await -- as the other direction, which waits
    async removeFile(path) {
      act("remove", path, Deno.removeSync);
    },
    // deno-lint-ignore require-await -- as the other direction, which waits
    async removeDirectory(path) {
      act("remove", path, Deno.removeSync);
    },
  };
}

/** From this machine to the server. */
export function upHands(pool: ClientPool, { remote, local }: Roots): Hands {
  const there = (path: string) => path === "" ? remote : joinPath(remote, path);
  return {
    makeDirectory: (path) =>
      onceMore(
        pool,
        (client) =>
          path === "" ? makeDirectories(client, remote) : client.makeDirectory(there(path)),
      ),
    async copy(action, hooks, signal) {
      const { path } = action;
      assertNoLinks(local, path, "file");
      const options = transferOptions(action, hooks, signal);
      return await onceMore(pool, async (client) => {
        const { octets } = await uploadFile(client, `${local}/${path}`, there(path), options);
        return octets;
      });
    },
    removeFile: (path) => onceMore(pool, (client) => client.removeFile(there(path))),
    removeDirectory: (path) => onceMore(pool, (client) => client.removeDirectory(there(path))),
  };
}

/**
 * A part of the same file is gone on with, any other begins again. Where the content is what
 * differs, size and time say nothing of it.
 */
function transferOptions(
  { why }: Copy,
  hooks: TransferHooks,
  signal: AbortSignal | undefined,
): FileTransferOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    resume: why !== "content",
    force: true,
    keepTime: true,
    onStart: (offset, total) => hooks.start(offset, total),
    onProgress: (moved) => hooks.update(moved),
  };
}

/** What need not be asked for each file; a listing of minutes is no time to give a file. */
async function knownOf(client: Client, path: string, { size, modifiedMs }: Node) {
  if (size === undefined || modifiedMs === undefined) return {};
  const exact = tellsSeconds(client) ? undefined : await client.modified(path);
  return { known: { size, modified: exact ?? new Date(modifiedMs) } };
}

async function makeRoot(local: string): Promise<void> {
  try {
    await Deno.mkdir(local, { recursive: true });
  } catch (error) {
    throw localError(`Cannot make "${local}"`, error);
  }
}

/**
 * Refuses what would be reached through a link below `root`: it may lead out of it. `last` says
 * that what has the whole path, if anything, is written to.
 */
export function assertNoLinks(root: string, path: string, last?: "file"): void {
  const names = path.split("/");
  let at = root;
  for (const [index, name] of names.entries()) {
    at = `${at}/${name}`;
    if (index === names.length - 1 && last === undefined) return;
    if (isLink(at)) throw new LocalError(`Cannot use "${at}": it is a link, which is not followed`);
  }
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

/** Whether uploads can get the time of the file that was sent. */
export function keepsTimes(client: Client): boolean {
  return client.features.has("MFMT");
}
