/**
 * A served tree in memory: carries out every file operation of server/effects.ts on a Map, with
 * one file slot, as the models' executor does on a disk. For the transcripts on the session alone.
 *
 * @module
 */

import {
  type Completion,
  type DirectoryEntry,
  type Failure,
  type FileOperation,
  type FileStat,
  joinPath,
  matchesPattern,
  nameOf,
  parentOf,
  partialName,
  renderEntry,
  renderHeading,
  type Selection,
} from "../../server/mod.ts";

/** 2024-01-02 03:04:05 UTC: the time of everything made in a tree. */
const MADE_MS = Date.UTC(2024, 0, 2, 3, 4, 5);

const DONE: Completion = { kind: "done" };

interface Node {
  readonly unique: string;
  octets: Uint8Array | undefined;
  modifiedMs: number;
  mode: number;
}

type OpenUpload = Extract<FileOperation, { do: "openUpload" }>;

type Slot =
  | { readonly for: "read"; octets: Uint8Array }
  | { readonly for: "upload"; at: string; readonly name: string; readonly discard: boolean };

/** A failure on its way out of an operation. */
class Refusal extends Error {
  constructor(readonly failure: Failure) {
    super(failure);
  }
}

/** The tree and the file slot of one connection to it. */
export class Tree {
  readonly #nodes = new Map<string, Node>();
  #slot: Slot | undefined;
  #made = 0;

  /** A tree with nothing but its root. */
  constructor() {
    this.#make("/", undefined);
  }

  /** The octets of a file, or undefined when there is none. */
  file(path: string): Uint8Array | undefined {
    return this.#nodes.get(path)?.octets;
  }

  /** Whether anything is at `path`. */
  has(path: string): boolean {
    return this.#nodes.has(path);
  }

  /** Whether the file slot holds something. */
  get isOpen(): boolean {
    return this.#slot !== undefined;
  }

  /** Puts a file, or a directory when `octets` is undefined. */
  put(path: string, octets: Uint8Array | undefined, modifiedMs = MADE_MS): void {
    this.#make(path, octets).modifiedMs = modifiedMs;
  }

  /** Carries one operation out. */
  perform(operation: FileOperation): Completion {
    try {
      return this.#perform(operation);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { kind: "failed", failure: error.failure, detail: "" };
    }
  }

  #perform(operation: FileOperation): Completion {
    switch (operation.do) {
      case "stat":
        return { kind: "stat", stat: statOf(this.#existing(operation.path)) };
      case "enter":
        this.#directory(operation.path);
        return DONE;
      case "makeDirectory":
        this.#free(operation.path);
        this.#make(operation.path, undefined);
        return DONE;
      case "removeDirectory":
        this.#directory(operation.path);
        if (this.#namesIn(operation.path).length > 0) throw new Refusal("notEmpty");
        this.#nodes.delete(operation.path);
        return DONE;
      case "removeFile":
        this.#regular(operation.path);
        this.#nodes.delete(operation.path);
        return DONE;
      case "rename":
        return this.#rename(operation.from, operation.to);
      case "chmod":
        this.#existing(operation.path).mode = operation.mode;
        return DONE;
      case "setModified":
        this.#existing(operation.path).modifiedMs = operation.modifiedMs;
        return DONE;
      case "openRead": {
        const node = this.#regular(operation.path);
        if (operation.offset > node.octets!.length) throw new Refusal("badOffset");
        this.#slot = { for: "read", octets: node.octets!.subarray(operation.offset) };
        return opened(node, operation.offset, operation.path);
      }
      case "openListing":
        return this.#openListing(operation);
      case "openUpload":
        return this.#openUpload(operation);
      case "read":
        return this.#read(operation.length);
      case "write":
        return this.#write(operation.octets);
      case "commitUpload": {
        const slot = this.#slot;
        if (slot?.for !== "upload") throw new Refusal("io");
        this.#slot = undefined;
        return slot.at === slot.name ? DONE : this.#rename(slot.at, slot.name);
      }
      case "closeFile": {
        const slot = this.#slot;
        this.#slot = undefined;
        if (slot?.for === "upload" && slot.at !== slot.name) {
          const isEmpty = this.#nodes.get(slot.at)?.octets?.length === 0;
          if (slot.discard || isEmpty) this.#nodes.delete(slot.at);
        }
        return DONE;
      }
    }
  }

  #openListing(
    { path, selection, rows }: Extract<FileOperation, { do: "openListing" }>,
  ): Completion {
    const node = this.#existing(path);
    const isSingle = node.octets !== undefined;
    const { pattern, recursive, self, itself } = selection;
    const parts: Uint8Array[] = [];
    const add = (entries: readonly DirectoryEntry[], isSingle: boolean) => {
      for (const entry of entries) parts.push(renderEntry(rows, entry, isSingle));
    };
    const list = (directory: string, below: string) => {
      if (recursive) parts.push(renderHeading(rows, below, parts.length === 0));
      const entries = this.#entriesIn(directory, selection);
      const start = recursive && rows.as === "names" && below !== "" ? `${below}/` : "";
      add(entries.map((entry) => ({ ...entry, name: start + entry.name })), false);
      if (!recursive) return;
      for (const { kind, name } of entries) {
        if (kind !== "directory") continue;
        list(joinPath(directory, name), below === "" ? name : `${below}/${name}`);
      }
    };
    if (pattern.length > 0) {
      if (!isSingle) add(this.#matching(path, "", pattern, selection), false);
    } else if (isSingle || itself) {
      add([{ ...statOf(node), name: nameOf(path) || "." }], true);
    } else {
      if (self) add([{ ...statOf(node), name: "." }], false);
      list(path, "");
    }
    this.#slot = { for: "read", octets: concat(parts) };
    return opened(node, 0, path);
  }

  #matching(
    directory: string,
    below: string,
    [component, ...deeper]: readonly string[],
    selection: Selection,
  ): DirectoryEntry[] {
    const hidden = selection.hidden || component!.startsWith(".");
    return this.#entriesIn(directory, { ...selection, hidden }).flatMap((entry) => {
      if (!matchesPattern(entry.name, component!)) return [];
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (deeper.length === 0) return [{ ...entry, name }];
      if (entry.kind !== "directory") return [];
      return this.#matching(joinPath(directory, entry.name), name, deeper, selection);
    });
  }

  #entriesIn(path: string, { hidden, order, reverse }: Selection): DirectoryEntry[] {
    const entries = this.#namesIn(path)
      .filter((name) => hidden || !name.startsWith("."))
      .map((name) => ({ ...statOf(this.#existing(joinPath(path, name))), name }));
    if (order === "time") entries.sort((left, right) => right.modifiedMs - left.modifiedMs);
    return reverse ? entries.reverse() : entries;
  }

  #openUpload({ path, partial, start, keepPartial }: OpenUpload): Completion {
    const existing = this.#nodes.get(path);
    if (existing !== undefined && existing.octets === undefined) throw new Refusal("isDirectory");
    this.#directory(path.slice(0, path.lastIndexOf("/")) || "/");
    if (start.at === "unique") {
      let name = path;
      for (let count = 1; this.#nodes.has(name); count++) name = `${path}.${count}`;
      return this.#begin(
        joinPath(parentOf(name), partialName(nameOf(name))),
        name,
        0,
        !keepPartial,
      );
    }
    const begun = this.#nodes.get(partial)?.octets?.length;
    const size = existing?.octets?.length;
    if (start.at === "replace") return this.#begin(partial, path, 0, !keepPartial);
    if (start.at === "end") {
      return size === undefined
        ? this.#begin(partial, path, begun ?? 0, !keepPartial)
        : this.#begin(path, path, size, false);
    }
    if (begun !== undefined && begun >= start.offset) {
      return this.#begin(partial, path, start.offset, !keepPartial);
    }
    if (size === undefined || size < start.offset) throw new Refusal("badOffset");
    return this.#begin(path, path, start.offset, false);
  }

  /** Cuts what is at `at` to `offset` octets: uploads here write nothing but ends. */
  #begin(at: string, name: string, offset: number, discard: boolean): Completion {
    const octets = this.#nodes.get(at)?.octets?.slice(0, offset) ?? new Uint8Array(0);
    const node = this.#make(at, octets);
    this.#slot = { for: "upload", at, name, discard };
    return opened(node, offset, name);
  }

  #read(length: number): Completion {
    const slot = this.#slot;
    if (slot?.for !== "read") throw new Refusal("io");
    const octets = slot.octets.slice(0, length);
    slot.octets = slot.octets.subarray(length);
    return { kind: "octets", octets, ended: slot.octets.length === 0 };
  }

  #write(octets: Uint8Array): Completion {
    const slot = this.#slot;
    if (slot?.for !== "upload") throw new Refusal("io");
    const node = this.#existing(slot.at);
    node.octets = concat([node.octets!, octets]);
    return DONE;
  }

  #rename(from: string, to: string): Completion {
    const node = this.#existing(from);
    const target = this.#nodes.get(to);
    if (target !== undefined && target.octets === undefined) throw new Refusal("isDirectory");
    this.#directory(to.slice(0, to.lastIndexOf("/")) || "/");
    if (to.startsWith(`${from}/`)) throw new Refusal("badName");
    for (const [path, below] of [...this.#nodes]) {
      if (!path.startsWith(`${from}/`)) continue;
      this.#nodes.delete(path);
      this.#nodes.set(to + path.slice(from.length), below);
    }
    this.#nodes.delete(from);
    this.#nodes.set(to, node);
    return DONE;
  }

  #make(path: string, octets: Uint8Array | undefined): Node {
    const mode = octets === undefined ? 0o755 : 0o644;
    const unique = `1g${(++this.#made).toString(16)}`;
    const node = { unique, octets, modifiedMs: MADE_MS, mode };
    this.#nodes.set(path, node);
    return node;
  }

  #existing(path: string): Node {
    const node = this.#nodes.get(path);
    if (node !== undefined) return node;
    const parent = path.slice(0, path.lastIndexOf("/")) || "/";
    throw new Refusal(this.#nodes.get(parent)?.octets === undefined ? "notFound" : "notDirectory");
  }

  #directory(path: string): void {
    if (this.#existing(path).octets !== undefined) throw new Refusal("notDirectory");
  }

  #regular(path: string): Node {
    const node = this.#existing(path);
    if (node.octets === undefined) throw new Refusal("isDirectory");
    return node;
  }

  #free(path: string): void {
    if (this.#nodes.has(path)) throw new Refusal("exists");
    this.#directory(path.slice(0, path.lastIndexOf("/")) || "/");
  }

  #namesIn(path: string): string[] {
    const start = path === "/" ? "/" : `${path}/`;
    return [...this.#nodes.keys()]
      .filter((key) =>
        key !== "/" && key.startsWith(start) && !key.slice(start.length).includes("/")
      )
      .map((key) => key.slice(start.length))
      .sort();
  }
}

function statOf({ octets, modifiedMs, mode, unique }: Node): FileStat {
  const kind = octets === undefined ? "directory" : "file";
  const size = octets?.length ?? 4096;
  return { kind, size, modifiedMs, mode, uid: 0, gid: 0, links: 1, unique };
}

function opened(node: Node, offset: number, path: string): Completion {
  return { kind: "opened", stat: statOf(node), offset, name: nameOf(path) };
}

/** The octets of all parts in one piece. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
