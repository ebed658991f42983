/**
 * What makes one tree like another: two looks in, a plan out.
 *
 * Pure. A plan is in the order in which it is carried out: directories from above, files, and last
 * of all what is removed, from below.
 *
 * @module
 */

import { above, addWithAbove, directoriesAbove, foldPath, type Node, type Tree } from "./tree.ts";

/** Why a file is copied. */
export type CopyReason = "new" | "size" | "time" | "content";

/** What a mirror does. `path` is below both roots, "" for the roots themselves. */
export type Action =
  | { readonly kind: "makeDirectory"; readonly path: string }
  | {
    readonly kind: "copy";
    readonly path: string;
    readonly node: Node;
    readonly why: CopyReason;
    /** Another path of the source that the target may take for this one, which nothing has there. */
    readonly twin?: string;
  }
  | { readonly kind: "keep"; readonly path: string }
  /** A link or a device of the source: there is nothing to copy. */
  | { readonly kind: "skip"; readonly path: string; readonly reason: string }
  /** It should be copied and cannot be. */
  | { readonly kind: "refuse"; readonly path: string; readonly reason: string }
  | { readonly kind: "removeFile"; readonly path: string }
  | { readonly kind: "removeDirectory"; readonly path: string };

/** A file to be copied or kept, which takes another question to the server. */
export interface Check {
  readonly kind: "check";
  readonly path: string;
  readonly node: Node;
  /** What the target has. */
  readonly there: Node;
  /** What is asked for: the exact time, or a hash of the content. */
  readonly by: "time" | "content";
}

/** A step towards a plan: what is done, or what is asked before that is known. */
export type Step = Action | Check;

/** What counts as different, and what is done about it. */
export interface CompareOptions {
  /**
   * Beside the size: times that differ, only a source that is newer (where the target's times are
   * those of uploads), none, or the content.
   */
  readonly by: "time" | "newer" | "size" | "content";
  /** With "newer": another size alone is no reason to replace a file by one that is not newer. */
  readonly onlyNewer?: boolean;
  /** Remove what only the target has: nothing that differs from the source by case alone. */
  readonly remove: boolean;
  /**
   * Whether the time of a file of the same size is asked for: a listing that tells no seconds goes
   * by a clock of the server's own, which may be hours from UTC. Default: of none.
   */
  readonly asksTime?: (node: Node, there: Node) => boolean;
  /** Directories in which no file is copied or kept are not made. */
  readonly sparse: boolean;
  /** Whether a directory is removed in which nothing is; default: any. */
  readonly takesEmpty?: (path: string) => boolean;
  /** Whether a link takes part: one that does not is neither told of nor removed. */
  readonly takesLink?: (path: string) => boolean;
  /** What paths have in common that are one to the target's file system; none: no two are. */
  readonly fold?: (path: string) => string;
  /** The names that a file has beside its own until it is complete; they are not removed. */
  readonly partsOf?: (path: string) => readonly string[];
}

/** The steps that make `target` like `source`. */
export function compareTrees(source: Tree, target: Tree, options: CompareOptions): Step[] {
  const paths = [...source.nodes.keys()].sort();
  /** What is not gone into: nothing is copied below it, and nothing removed. */
  const closed = new Set<string>();
  const wanted = options.sparse ? withFiles(source) : undefined;
  const isTaken = sameNames(options);
  const twins = twinsIn(source);
  const [inSource, inTarget] = [nodesOf(source, options), nodesOf(target, options)];
  const steps: Step[] = [];
  for (const path of paths) {
    const node = source.nodes.get(path)!;
    const isDirectory = node.kind === "directory";
    if (closed.has(above(path))) {
      if (isDirectory) closed.add(path);
      continue;
    }
    if (isDirectory && wanted?.has(path) === false) continue;
    if (isLeftOut(path, node, options)) {
      closed.add(path);
      continue;
    }
    const planned = withTwin(stepFor(path, node, inTarget(path), options), twins.get(path));
    const reason = isTaken(path) ?? partTaken(planned, inSource, options);
    const step = reason === undefined ? planned : { kind: "refuse", path, reason } as const;
    if (step !== undefined) steps.push(step);
    if (step?.kind === "refuse" || step?.kind === "skip") closed.add(path);
  }
  return [
    ...steps.filter(({ kind }) => kind === "makeDirectory"),
    ...steps.filter(({ kind }) => kind !== "makeDirectory"),
    ...(options.remove ? removals(source, target, closed, options) : []),
  ];
}

/** Whether it is a link that a filter leaves out; what has its name on the other side stays. */
function isLeftOut(path: string, { kind }: Node, { takesLink }: CompareOptions): boolean {
  return kind === "link" && takesLink?.(path) === false;
}

/** Tells why a path cannot be used beside those before it. */
function sameNames({ fold }: CompareOptions): (path: string) => string | undefined {
  const seen = new Map<string, string>();
  return (path) => {
    if (fold === undefined) return undefined;
    const folded = fold(path);
    const other = seen.get(folded);
    if (other === undefined) seen.set(folded, path);
    return other === undefined ? undefined : `to this system it is the same name as "${other}"`;
  };
}

/** Paths that are one to many file systems, whether the target's is of them or not: another of each. */
function twinsIn({ nodes }: Tree): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  const twins = new Map<string, string>();
  for (const path of nodes.keys()) {
    const folded = foldPath(path);
    const other = first.get(folded);
    if (other === undefined) first.set(folded, path);
    else twins.set(path, other).set(other, path);
  }
  return twins;
}

function withTwin(step: Step | undefined, twin: string | undefined): Step | undefined {
  const isNew = step?.kind === "copy" && step.why === "new";
  return isNew && twin !== undefined ? { ...step, twin } : step;
}

/** Tells what has a path in a tree, or one that is the same to the target's file system. */
function nodesOf(tree: Tree, { fold }: CompareOptions): (path: string) => Node | undefined {
  if (fold === undefined) return (path) => tree.nodes.get(path);
  const folded = new Map([...tree.nodes].map(([path, node]) => [fold(path), node]));
  return (path) => tree.nodes.get(path) ?? folded.get(fold(path));
}

/** Undefined where there is nothing to do and nothing to say: a directory that is there. */
function stepFor(
  path: string,
  node: Node,
  there: Node | undefined,
  options: CompareOptions,
): Step | undefined {
  const { kind, fault } = node;
  if (kind === "link") return { kind: "skip", path, reason: "a link" };
  if (kind === "other") return { kind: "skip", path, reason: "neither file nor directory" };
  if (fault !== undefined) return { kind: "refuse", path, reason: fault };
  if (there === undefined) {
    return kind === "directory"
      ? { kind: "makeDirectory", path }
      : { kind: "copy", path, node, why: "new" };
  }
  if (there.kind !== kind) {
    const reason = there.kind === "link"
      ? "a link has its name there, and links are not followed"
      : `a ${there.kind === "other" ? "special file" : there.kind} has its name there`;
    return { kind: "refuse", path, reason };
  }
  return kind === "directory" ? undefined : forFile(path, node, there, options);
}

/** Why a file cannot be copied: its part would take the name of another file of the source. */
function partTaken(
  step: Step | undefined,
  inSource: (path: string) => Node | undefined,
  { partsOf }: CompareOptions,
): string | undefined {
  if (step?.kind !== "copy" && step?.kind !== "check") return undefined;
  const taken = partsOf?.(step.path).find((part) => inSource(part) !== undefined);
  return taken === undefined ? undefined : `until it is complete it would be "${taken}"`;
}

function forFile(path: string, node: Node, there: Node, options: CompareOptions): Step {
  const { by, onlyNewer = false } = options;
  const why = isSameSize(node, there) ? "time" : "size";
  if (why === "size" && !onlyNewer) return { kind: "copy", path, node, why };
  if (by === "content") return { kind: "check", path, node, there, by };
  if (by === "size") return { kind: "keep", path };
  if (options.asksTime?.(node, there)) return { kind: "check", path, node, there, by: "time" };
  return isSameTime(node, there, by) ? { kind: "keep", path } : { kind: "copy", path, node, why };
}

function isSameSize(node: Node, there: Node): boolean {
  return node.size !== undefined && node.size === there.size;
}

/** As far as the coarser of both can tell; by the size where one side does not know its time. */
export function isSameTime(node: Node, there: Node, by: CompareOptions["by"]): boolean {
  if (node.modifiedMs === undefined || there.modifiedMs === undefined) {
    return isSameSize(node, there);
  }
  const resolutionMs = Math.max(node.resolutionMs ?? 0, there.resolutionMs ?? 0);
  const newerMs = node.modifiedMs - there.modifiedMs;
  return (by === "newer" ? newerMs : Math.abs(newerMs)) < resolutionMs;
}

/** Directories with a file in them at any depth. */
function withFiles(tree: Tree): Set<string> {
  const found = new Set<string>();
  for (const [path, { kind }] of tree.nodes) if (kind === "file") addWithAbove(found, above(path));
  return found;
}

/**
 * What only the target has. Whether names that differ in case are two there is not known, neither
 * of a server nor of what is mounted here: what may be of the source by such a name stays.
 */
function removals(
  source: Tree,
  target: Tree,
  closed: ReadonlySet<string>,
  options: CompareOptions,
): Action[] {
  /** Directories that stay, because something in them does. */
  const kept = new Set(target.partial);
  const sources = [...source.nodes.keys()];
  const parts = sources.flatMap((path) => options.partsOf?.(path) ?? []);
  const staying = new Set([...sources, ...parts].map(foldPath));
  const shut = new Set([...closed].map(foldPath));
  const paths = [...target.nodes.keys()].sort().reverse();
  /** Directories in which something is removed. */
  const emptied = new Set<string>();
  const actions: Action[] = [];
  for (const path of paths) {
    const node = target.nodes.get(path)!;
    const folded = foldPath(path);
    const isDirectory = node.kind === "directory";
    const isShut = directoriesAbove(folded).some((at) => shut.has(at));
    const isLeft = isDirectory
      ? !emptied.has(path) && options.takesEmpty?.(path) === false
      : isLeftOut(path, node, options);
    if (staying.has(folded) || isShut || kept.has(path) || isLeft) {
      addWithAbove(kept, above(path));
      continue;
    }
    emptied.add(above(path));
    actions.push({ kind: isDirectory ? "removeDirectory" : "removeFile", path });
  }
  return actions;
}
