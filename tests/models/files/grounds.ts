/**
 * Where a stage stands: a folder on disk with a secret beside it, or a tree in memory. Cases
 * prepare and look at it behind the store's back, as other programs on a server do.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { MemoryVolume } from "../../../models/files/memory.ts";
import type { MemoryNode } from "../../../models/files/memory_node.ts";
import { nameOf, parentPath } from "../../../server/mod.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The time of everything made in memory, until a case sets it. */
export const MADE_MS = Date.UTC(2024, 0, 2, 3, 4, 5);

/** What cases do to a tree. Paths are virtual. */
export interface Ground {
  /** The real path of the root, for links. */
  readonly root: string;
  /** Makes a file, or changes its content. */
  write(path: string, text: string): void;
  /** Makes a folder. */
  makeFolder(path: string): void;
  /** Makes a link that says `text`. */
  link(path: string, text: string): void;
  /** Gives a file a second name. */
  linkHard(path: string, other: string): void;
  /** Makes something that is no file, folder or link. */
  makeOther(path: string): void;
  /** The content of a file. */
  text(path: string): string;
  /** The names in a folder, sorted. */
  names(path?: string): string[];
  /** Whether there is a link. */
  isLink(path: string): boolean;
  /** Removes a file, a link or an empty folder. */
  delete(path: string): void;
  /** Renames. */
  rename(from: string, to: string): void;
  /** Sets permission bits. */
  chmod(path: string, mode: number): void;
  /** Sets the owner: on disk, for root only. */
  chown(path: string, uid: number): void;
  /** Sets the time of change, milliseconds. */
  setModified(path: string, ms: number): void;
  /** Cuts a file. */
  truncate(path: string, length: number): void;
  /** The outside is as it was. */
  assertOutside(): void;
  /** Cleans up. */
  remove(): void;
}

/** A folder on disk. */
export class DiskGround implements Ground {
  readonly parent = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ftplab-store-" }));
  // The outside's name begins like the root's: a check by prefix alone would let it in.
  readonly root = `${this.parent}/root`;
  readonly outside = `${this.parent}/root-outside`;

  constructor() {
    Deno.mkdirSync(this.root);
    Deno.mkdirSync(this.outside);
    Deno.writeTextFileSync(`${this.outside}/secret`, "secret");
  }

  write(path: string, text: string): void {
    Deno.writeTextFileSync(this.root + path, text);
  }

  makeFolder(path: string): void {
    Deno.mkdirSync(this.root + path);
  }

  link(path: string, text: string): void {
    Deno.symlinkSync(text, this.root + path);
  }

  linkHard(path: string, other: string): void {
    Deno.linkSync(this.root + path, this.root + other);
  }

  makeOther(path: string): void {
    const { success } = new Deno.Command("mkfifo", { args: [this.root + path] }).outputSync();
    assert(success);
  }

  text(path: string): string {
    return Deno.readTextFileSync(this.root + path);
  }

  names(path = ""): string[] {
    return Array.from(Deno.readDirSync(this.root + path), ({ name }) => name).sort();
  }

  isLink(path: string): boolean {
    return Deno.lstatSync(this.root + path).isSymlink;
  }

  delete(path: string): void {
    Deno.removeSync(this.root + path);
  }

  rename(from: string, to: string): void {
    Deno.renameSync(this.root + from, this.root + to);
  }

  chmod(path: string, mode: number): void {
    Deno.chmodSync(this.root + path, mode);
  }

  chown(path: string, uid: number): void {
    Deno.chownSync(this.root + path, uid, null);
  }

  setModified(path: string, ms: number): void {
    Deno.utimeSync(this.root + path, ms / 1e3, ms / 1e3);
  }

  truncate(path: string, length: number): void {
    Deno.truncateSync(this.root + path, length);
  }

  assertOutside(): void {
    const left = Array.from(Deno.readDirSync(this.outside), ({ name }) => name);
    assertEquals(left, ["secret"], "The outside was touched");
    assertEquals(Deno.readTextFileSync(`${this.outside}/secret`), "secret");
    assertEquals(Deno.lstatSync(this.outside).mode! & 0o7777, 0o777 & ~Deno.umask());
  }

  remove(): void {
    Deno.removeSync(this.parent, { recursive: true });
  }
}

/** A tree in memory. */
export class MemoryGround implements Ground {
  readonly root = "/in/memory/root";
  now = MADE_MS;
  readonly volume = new MemoryVolume({
    clock: () => this.now,
    location: this.root,
    capacity: 2 ** 24,
  });

  write(path: string, text: string): void {
    const { volume } = this;
    const file = volume.open(this.#folder(path), nameOf(path), "create");
    assert(typeof file === "object");
    volume.truncate(file, 0);
    assertEquals(volume.write(file, encoder.encode(text)), 0);
    volume.closeFile(file);
  }

  makeFolder(path: string): void {
    assertEquals(this.volume.makeDirectory(this.#folder(path), nameOf(path)), 0);
  }

  link(path: string, text: string): void {
    const link = this.volume.add(this.#folder(path), nameOf(path), "link");
    assert(typeof link === "object");
    link.text = text;
  }

  linkHard(path: string, other: string): void {
    this.volume.link(this.#node(path), this.#folder(other), nameOf(other));
  }

  makeOther(path: string): void {
    this.volume.add(this.#folder(path), nameOf(path), "other");
  }

  text(path: string): string {
    const { octets, size } = this.#node(path);
    return decoder.decode(octets.subarray(0, size));
  }

  names(path = "/"): string[] {
    return [...this.#hold(path).entries.keys()].sort();
  }

  isLink(path: string): boolean {
    return this.#node(path).kind === "link";
  }

  delete(path: string): void {
    const isFolder = this.#node(path).kind === "directory";
    assertEquals(this.volume.remove(this.#folder(path), nameOf(path), isFolder), 0);
  }

  rename(from: string, to: string): void {
    const [directory, target] = [this.#folder(from), this.#folder(to)];
    const result = this.volume.rename(directory, nameOf(from), target, nameOf(to), "replace");
    assertEquals(result, 0);
  }

  chmod(path: string, mode: number): void {
    this.#node(path).mode = mode;
  }

  chown(path: string, uid: number): void {
    this.#node(path).uid = uid;
  }

  setModified(path: string, ms: number): void {
    this.#node(path).modifiedMs = ms;
  }

  truncate(path: string, length: number): void {
    assertEquals(this.volume.truncate({ node: this.#node(path), position: 0 }, length), 0);
  }

  assertOutside(): void {}

  remove(): void {}

  #folder(path: string): MemoryNode {
    return this.#hold(parentPath(path));
  }

  #hold(path: string): MemoryNode {
    const held = this.volume.hold(path);
    assert(typeof held === "object", path);
    return held;
  }

  #node(path: string): MemoryNode {
    if (path === "/") return this.volume.top();
    const node = this.#folder(path).entries.get(nameOf(path));
    assert(node !== undefined, path);
    return node;
  }
}
