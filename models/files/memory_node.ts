/**
 * The entries of a tree in memory, and what the kernel's rules say of them. memory.ts builds a
 * volume of them; nothing else changes one.
 *
 * @module
 */

import { encodeOctets } from "../../server/mod.ts";
import { ERRNO } from "./errors.ts";
import type { Info } from "./volume.ts";

/** What ext4 says of a small directory. */
const DIRECTORY_BYTES = 4096;

/** The only device that there is. */
const DEVICE = 1;

/** One file, folder, link or something else. */
export interface MemoryNode {
  /** See Info. */
  readonly kind: Info["kind"];
  /** Its number; no two are alike. */
  readonly ino: number;
  /** Of a folder. */
  readonly entries: Map<string, MemoryNode>;
  /** Of a file: the first `size` of them count. */
  octets: Uint8Array<ArrayBuffer>;
  /** Of a file, octets. */
  size: number;
  /** Of a link: what it says. */
  text: string;
  /** See Info, as what follows. */
  modifiedMs: number;
  /** See Info; of folders it is not kept. */
  changedMs: number;
  /** See Info. */
  mode: number;
  /** See Info. */
  uid: number;
  /** See Info. */
  gid: number;
  /** See Info. */
  links: number;
  /** Of a folder: where it is; undefined for the root and for what was removed. */
  parent: MemoryNode | undefined;
  /** Open files that hold its lock. */
  readonly lockedBy: Set<object>;
  /** See lockedBy. */
  isLockShared: boolean;
}

/** What stat(2) would say of `node`. */
export function fillFrom(info: Info, node: MemoryNode): void {
  info.kind = node.kind;
  info.size = node.kind === "directory"
    ? DIRECTORY_BYTES
    : node.kind === "link"
    ? encodeOctets(node.text).length
    : node.size;
  info.setModified(node.modifiedMs);
  info.changedMs = node.changedMs;
  info.mode = node.mode;
  info.uid = node.uid;
  info.gid = node.gid;
  info.links = node.links;
  info.device = DEVICE;
  info.inoHigh = 0;
  info.inoLow = node.ino;
}

/** Why `node` cannot take the place of `target`, as rename(2) says it; 0 when it can. */
export function renameRefusal(node: MemoryNode, target: MemoryNode, from: MemoryNode): number {
  if (isWithin(from, target)) return -ERRNO.ENOTEMPTY;
  if (node.kind !== "directory") return target.kind === "directory" ? -ERRNO.EISDIR : 0;
  if (target.kind !== "directory") return -ERRNO.ENOTDIR;
  return target.entries.size > 0 ? -ERRNO.ENOTEMPTY : 0;
}

/** Whether `directory` is `ancestor` or lies below it. */
export function isWithin(directory: MemoryNode, ancestor: MemoryNode): boolean {
  for (let at: MemoryNode | undefined = directory; at !== undefined; at = at.parent) {
    if (at === ancestor) return true;
  }
  return false;
}
