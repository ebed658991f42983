/**
 * What transfers that broke off have left in a tree: it is neither copied nor removed.
 *
 * Pure. The next transfer of the same file goes on with it, or replaces it.
 *
 * @module
 */

import { lastName } from "../directory.ts";
import { isLeftover } from "../local/names.ts";
import { above, addWithAbove, below, type Node, type Tree } from "./tree.ts";

/** `tree` without the leftovers of this client; the directories that they are in stay. */
export function withoutLeftovers(tree: Tree): Tree {
  const isFile = (path: string) => tree.nodes.get(path)?.kind === "file";
  const left = [...tree.nodes.keys()].filter((path) =>
    isFile(path) && isLeftover(lastName(path), (name) => isFile(below(above(path), name)))
  );
  if (left.length === 0) return tree;
  const nodes = new Map<string, Node>(tree.nodes);
  const partial = new Set(tree.partial);
  for (const path of left) {
    nodes.delete(path);
    addWithAbove(partial, above(path));
  }
  return { ...tree, nodes, partial };
}
