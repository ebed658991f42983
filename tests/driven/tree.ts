/**
 * A served tree in memory, as a test prepares it and looks at it afterwards. What is served from it
 * is the project's own store over the project's own volume.
 *
 * @module
 */

import { assert } from "@std/assert";
import { MemoryVolume } from "../../models/files/memory.ts";
import type { MemoryNode } from "../../models/files/memory_node.ts";
import { nameOf, parentPath } from "../../server/mod.ts";

/** 2024-01-02 03:04:05 UTC: the time of everything that is made in a tree. */
const MADE_MS = Date.UTC(2024, 0, 2, 3, 4, 5);

/** A tree with nothing but its root. */
export class Tree {
  /** What a store is made over. */
  readonly volume = new MemoryVolume({ clock: () => MADE_MS });

  /** The octets of a file, or undefined when there is none. */
  file(path: string): Uint8Array | undefined {
    const node = this.#node(path);
    return node?.kind === "file" ? node.octets.slice(0, node.size) : undefined;
  }

  /** Whether anything is at `path`. */
  has(path: string): boolean {
    return this.#node(path) !== undefined;
  }

  /** Puts a file, or a directory when `octets` is undefined, and what is missing above it. */
  put(path: string, octets: Uint8Array | undefined, modifiedMs = MADE_MS): void {
    const { volume } = this;
    const above = parentPath(path);
    if (!this.has(above)) this.put(above, undefined);
    const directory = volume.hold(above);
    assert(typeof directory !== "number", `Cannot put anything into "${above}"`);
    if (octets === undefined) {
      if (!this.has(path)) volume.makeDirectory(directory, nameOf(path));
    } else {
      const file = volume.open(directory, nameOf(path), "create");
      assert(typeof file !== "number", `Cannot make the file "${path}"`);
      volume.truncate(file, 0);
      volume.write(file, octets.slice());
      volume.closeFile(file);
    }
    this.#node(path)!.modifiedMs = modifiedMs;
  }

  #node(path: string): MemoryNode | undefined {
    if (path === "/") return this.volume.top();
    const directory = this.volume.hold(parentPath(path));
    return typeof directory === "number" ? undefined : directory.entries.get(nameOf(path));
  }
}
