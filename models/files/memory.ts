/**
 * A tree in memory: files, folders, links and locks as Linux has them, on a clock of its maker's.
 *
 * Tests prepare one, and have every file operation carried out on it without a disk; a simulated
 * server can be given one, too. It opens nothing. Whoever uses it may do everything, as root may.
 *
 * @module
 */

import {
  encodeOctets,
  type FileStat,
  NAME_BYTES_MAX,
  type StoreAbilities,
} from "../../server/mod.ts";
import { ERRNO } from "./errors.ts";
import { fillFrom, isWithin, type MemoryNode, renameRefusal } from "./memory_node.ts";
import { EVERYTHING, Info, type OpenMode, type RenameMode, type Volume } from "./volume.ts";
import { walkTo } from "./walk.ts";

/** The longest path that a call takes, in octets (PATH_MAX of limits.h). */
const PATH_BYTES_MAX = 4096;

/** What all files of a tree may hold unless its maker says otherwise. */
const CAPACITY_BYTES = 2 ** 30;

/** Names given at a time. */
const NAMES_STEP = 256;

/** How a tree is made. */
export interface MemoryOptions {
  /** Milliseconds since the epoch, of what is made and written; 0 unless it is told. */
  readonly clock?: () => number;
  /** Taken from the bits of what is made; 0o022 unless it is told. */
  readonly umask?: number;
  /** Octets that fit into all files together. */
  readonly capacity?: number;
  /** What absolute links begin with that stay inside; "/" unless it is told. */
  readonly location?: string;
  /** What cannot be done, for a store that can less. */
  readonly can?: Partial<StoreAbilities>;
}

/** An open file. */
export interface MemoryFile {
  /** What is open. */
  readonly node: MemoryNode;
  /** Where the next octet is read or written. */
  position: number;
}

/** Names still to be given. */
export interface MemoryNames {
  /** The next one last. */
  readonly names: string[];
}

/** The tree. */
export class MemoryVolume implements Volume<MemoryNode, MemoryFile, MemoryNames> {
  /** See Volume. */
  readonly can: StoreAbilities;
  /** See Volume. */
  readonly location: string;
  /** See Volume. */
  readonly found = new Info();
  /** Root's, as all its files are. */
  uid = 0;
  /** See Volume. */
  readonly euid = 0;
  /** See Volume. */
  readonly now: () => number;
  readonly #root: MemoryNode;
  readonly #umask: number;
  readonly #capacity: number;
  #used = 0;
  #made = 0;

  /** A tree with nothing but its root. */
  constructor(options: MemoryOptions = {}) {
    this.now = options.clock ?? (() => 0);
    this.#umask = options.umask ?? 0o022;
    this.#capacity = options.capacity ?? CAPACITY_BYTES;
    this.location = options.location ?? "/";
    this.can = { ...EVERYTHING, ...options.can };
    this.#root = this.#make("directory", undefined);
  }

  /** See Volume. */
  top(): MemoryNode {
    return this.#root;
  }

  /** See Volume. */
  hold(path: string): MemoryNode | number {
    if (encodeOctets(path).length >= PATH_BYTES_MAX) return -ERRNO.ENAMETOOLONG;
    return walkTo(this, path, (directory, name) => this.descend(directory, name));
  }

  /** See Volume. */
  descend(directory: MemoryNode, name: string): MemoryNode | number {
    const node = this.#entry(directory, name);
    if (typeof node === "number") return node;
    return node.kind === "directory" ? node : -ERRNO.ENOTDIR;
  }

  /** Nothing is held: what is removed stays for who has it. */
  release(): void {}

  /** See Volume. */
  look(directory: MemoryNode, name: string): number {
    const node = this.#entry(directory, name);
    if (typeof node === "number") return node;
    this.#fill(node);
    return 0;
  }

  /** See Volume. */
  readLink(directory: MemoryNode, name: string): string | number {
    const node = this.#entry(directory, name);
    if (typeof node === "number") return node;
    return node.kind === "link" ? node.text : -ERRNO.EINVAL;
  }

  /** See Volume. */
  makeDirectory(directory: MemoryNode, name: string): number {
    const made = this.add(directory, name, "directory");
    return typeof made === "number" ? made : 0;
  }

  /** See Volume. */
  remove(directory: MemoryNode, name: string, isDirectory: boolean): number {
    const node = this.#entry(directory, name);
    if (typeof node === "number") return node;
    if (isDirectory !== (node.kind === "directory")) {
      return isDirectory ? -ERRNO.ENOTDIR : -ERRNO.EISDIR;
    }
    if (node.entries.size > 0) return -ERRNO.ENOTEMPTY;
    this.#unlink(directory, name, node);
    return 0;
  }

  /** See Volume. */
  rename(
    from: MemoryNode,
    name: string,
    to: MemoryNode,
    newName: string,
    how: RenameMode,
  ): number {
    const node = this.#entry(from, name);
    if (typeof node === "number") return node;
    const target = this.#entry(to, newName);
    if (typeof target === "number" && target !== -ERRNO.ENOENT) return target;
    if (to !== this.#root && to.parent === undefined) return -ERRNO.ENOENT;
    if (isWithin(to, node)) return -ERRNO.EINVAL;
    if (node === target && how === "replace") return 0;
    if (typeof target === "object") {
      if (how === "keep") return -ERRNO.EEXIST;
      const refused = renameRefusal(node, target, from);
      if (refused !== 0) return refused;
    }
    if (typeof target === "object") this.#unlink(to, newName, target);
    from.entries.delete(name);
    to.entries.set(newName, node);
    if (node.kind === "directory") {
      node.parent = to;
      from.links--;
      to.links++;
    }
    node.changedMs = from.modifiedMs = to.modifiedMs = this.now();
    return 0;
  }

  /** See Volume. */
  replace(from: MemoryNode, name: string, to: MemoryNode, newName: string): number {
    return this.rename(from, name, to, newName, "replace");
  }

  /** See Volume. */
  chmod(directory: MemoryNode, name: string, mode: number): number {
    const node = this.#entry(directory, name);
    if (typeof node === "number") return node;
    node.mode = mode;
    node.changedMs = this.now();
    return 0;
  }

  /** See Volume. */
  setModified(directory: MemoryNode, name: string, modifiedMs: number): number {
    const node = this.#entry(directory, name);
    if (typeof node === "number") return node;
    node.modifiedMs = modifiedMs;
    node.changedMs = this.now();
    return 0;
  }

  /** See Volume. */
  open(directory: MemoryNode, name: string, mode: OpenMode): MemoryFile | number {
    let node = this.#entry(directory, name);
    if (node === -ERRNO.ENOENT && (mode === "create" || mode === "createNew")) {
      node = this.add(directory, name, "file");
    } else if (typeof node === "object" && mode === "createNew") {
      return -ERRNO.EEXIST;
    }
    return typeof node === "number" ? node : this.#opened(node);
  }

  /** See Volume. */
  openPath(path: string): MemoryFile | number {
    if (encodeOctets(path).length >= PATH_BYTES_MAX) return -ERRNO.ENAMETOOLONG;
    return walkTo(this, path, (directory, name) => this.open(directory, name, "read"));
  }

  /** See Volume. */
  lookAt(file: MemoryFile): number {
    this.#fill(file.node);
    return 0;
  }

  /** See Volume. */
  read(file: MemoryFile, buffer: Uint8Array<ArrayBuffer>): number {
    const { node, position } = file;
    const end = Math.min(node.size, position + buffer.length);
    if (end <= position) return 0;
    buffer.set(node.octets.subarray(position, end));
    file.position = end;
    return end - position;
  }

  /** See Volume. */
  write(file: MemoryFile, octets: Uint8Array<ArrayBuffer>): number {
    const { node, position } = file;
    const end = position + octets.length;
    const grown = Math.max(0, end - node.size);
    if (this.#used + grown > this.#capacity) return -ERRNO.ENOSPC;
    this.#resize(node, Math.max(node.size, end));
    node.octets.set(octets, position);
    node.modifiedMs = node.changedMs = this.now();
    file.position = end;
    return 0;
  }

  /** See Volume. */
  seek(file: MemoryFile, offset: number): number {
    file.position = offset;
    return 0;
  }

  /** See Volume. */
  truncate({ node }: MemoryFile, length: number): number {
    this.#resize(node, length);
    node.modifiedMs = node.changedMs = this.now();
    return 0;
  }

  /** See Volume. */
  lock(file: MemoryFile, shared: boolean): number {
    const { node } = file;
    const isFree = node.lockedBy.size === 0 || shared && node.isLockShared;
    if (!isFree) return -ERRNO.EAGAIN;
    node.lockedBy.add(file);
    node.isLockShared = shared;
    return 0;
  }

  /** See Volume. */
  setOwner({ node }: MemoryFile, _: MemoryNode, _name: string, like: FileStat): number {
    node.uid = like.uid;
    node.gid = like.gid;
    node.mode = like.mode & 0o777;
    node.changedMs = this.now();
    return 0;
  }

  /** See Volume. */
  closeFile(file: MemoryFile): number {
    file.node.lockedBy.delete(file);
    return 0;
  }

  /** See Volume. */
  descriptor(): undefined {
    return undefined;
  }

  /** See Volume. */
  free(): number {
    return this.#capacity - this.#used;
  }

  /** See Volume. */
  openNames(directory: MemoryNode): MemoryNames {
    return { names: [...directory.entries.keys()].reverse() };
  }

  /** See Volume. */
  nextNames({ names: left }: MemoryNames, names: string[]): number {
    const count = Math.min(NAMES_STEP, left.length);
    for (let index = 0; index < count; index++) names.push(left.pop()!);
    return count;
  }

  /** See Volume. */
  closeNames(): void {}

  /** See Volume. */
  close(): void {}

  /** Makes something new in a folder, or -errno. For who prepares a tree, any kind of it. */
  add(directory: MemoryNode, name: string, kind: Info["kind"]): MemoryNode | number {
    const existing = this.#entry(directory, name);
    if (typeof existing === "object") return -ERRNO.EEXIST;
    if (existing !== -ERRNO.ENOENT) return existing;
    if (directory !== this.#root && directory.parent === undefined) return -ERRNO.ENOENT;
    const node = this.#make(kind, directory);
    directory.entries.set(name, node);
    if (kind === "directory") directory.links++;
    directory.modifiedMs = node.modifiedMs;
    return node;
  }

  /** Gives a file a second name, for who prepares a tree. */
  link(node: MemoryNode, directory: MemoryNode, name: string): void {
    node.links++;
    directory.entries.set(name, node);
  }

  #make(kind: Info["kind"], parent: MemoryNode | undefined): MemoryNode {
    const bits = kind === "directory" ? 0o777 : kind === "link" ? 0o777 : 0o666;
    return {
      kind,
      ino: ++this.#made,
      entries: new Map(),
      octets: new Uint8Array(0),
      size: 0,
      text: "",
      modifiedMs: this.now(),
      changedMs: this.now(),
      mode: kind === "link" ? bits : bits & ~this.#umask,
      uid: 0,
      gid: 0,
      links: kind === "directory" ? 2 : 1,
      parent: kind === "directory" ? parent : undefined,
      lockedBy: new Set(),
      isLockShared: false,
    };
  }

  #entry(directory: MemoryNode, name: string): MemoryNode | number {
    if (name === ".") return directory;
    const node = directory.entries.get(name);
    if (node !== undefined) return node;
    return encodeOctets(name).length > NAME_BYTES_MAX ? -ERRNO.ENAMETOOLONG : -ERRNO.ENOENT;
  }

  #opened(node: MemoryNode): MemoryFile | number {
    if (node.kind === "directory") return -ERRNO.EISDIR;
    if (node.kind === "link") return -ERRNO.ELOOP;
    if (node.kind !== "file") return -ERRNO.NOT_REGULAR;
    this.#fill(node);
    return { node, position: 0 };
  }

  #unlink(directory: MemoryNode, name: string, node: MemoryNode): void {
    directory.entries.delete(name);
    directory.modifiedMs = this.now();
    node.links -= node.kind === "directory" ? 2 : 1;
    if (node.kind === "directory") {
      directory.links--;
      node.parent = undefined;
    }
    // Who has it open may read on; the room is free from now on, which is a little early.
    if (node.links === 0) this.#used -= node.size;
  }

  #resize(node: MemoryNode, size: number): void {
    if (size > node.octets.length) {
      const larger = new Uint8Array(Math.max(size, 2 * node.octets.length));
      larger.set(node.octets.subarray(0, node.size));
      node.octets = larger;
    } else if (size < node.size) {
      node.octets.fill(0, size, node.size);
    }
    if (node.links > 0) this.#used += size - node.size;
    node.size = size;
  }

  #fill(node: MemoryNode): void {
    fillFrom(this.found, node);
  }
}
