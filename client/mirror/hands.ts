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
import { LocalError, localError, ProtocolError } from "../errors.ts";
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
    async copy({ path, node }, hooks, signal) {
      assertNoLinks(local, path, "file");
      const from = joinPath(remote, path);
      return await onceMore(pool, async (client, isAgain) => {
        const modifiedMs = await exactTime(client, from, node);
        const { octets } = await downloadFile(client, from, here(path), {
          ...transferOptions(hooks, signal),
          // What the listing told may be why the first attempt failed.
          ...(isAgain ? {} : knownOf(node.size, modifiedMs)),
        });
        if (modifiedMs !== undefined) {
          act("set the time of", path, (file) => setTimeHere(file, modifiedMs));
        }
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
    async copy({ path, node }, hooks, signal) {
      assertNoLinks(local, path, "file");
      return await onceMore(pool, async (client) => {
        const { octets } = await uploadFile(
          client,
          `${local}/${path}`,
          there(path),
          transferOptions(hooks, signal),
        );
        if (node.modifiedMs !== undefined) {
          await setTimeThere(client, there(path), new Date(node.modifiedMs));
        }
        return octets;
      });
    },
    removeFile: (path) => onceMore(pool, (client) => client.removeFile(there(path))),
    removeDirectory: (path) => onceMore(pool, (client) => client.removeDirectory(there(path))),
  };
}

function transferOptions(hooks: TransferHooks, signal?: AbortSignal): FileTransferOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    onStart: (offset, total) => hooks.start(offset, total),
    onProgress: (moved) => hooks.update(moved),
  };
}

/** So that neither is asked for each file. */
function knownOf(size: number | undefined, modifiedMs: number | undefined) {
  if (size === undefined || modifiedMs === undefined) return {};
  return { known: { size, modified: new Date(modifiedMs) } };
}

/** A listing of minutes is no time to give a file. */
async function exactTime(client: Client, path: string, node: Node): Promise<number | undefined> {
  if (tellsSeconds(client)) return node.modifiedMs;
  return (await client.modified(path))?.getTime() ?? node.modifiedMs;
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

/** A time that the file system cannot have is not worth the file. */
function setTimeHere(path: string, modifiedMs: number): void {
  try {
    Deno.utimeSync(path, new Date(), new Date(modifiedMs));
  } catch {
    // It keeps that of the download.
  }
}

/** A refusal leaves the file the time of its upload. */
async function setTimeThere(client: Client, path: string, modified: Date): Promise<void> {
  try {
    await client.setModified(path, modified);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

/** Whether uploads can get the time of the file that was sent. */
export function keepsTimes(client: Client): boolean {
  return client.features.has("MFMT");
}
