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

/** One step of a plan. `path` is below both roots, "" for the roots themselves. */
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
  /** Copied or kept, which takes another question to the server; `there` is what the target has. */
  | {
    readonly kind: "check";
    readonly path: string;
    readonly node: Node;
    readonly there: Node;
    readonly by: CheckedBy;
  }
  | { readonly kind: "keep"; readonly path: string }
  /** A link or a device of the source: there is nothing to copy. */
  | { readonly kind: "skip"; readonly path: string; readonly reason: string }
  /** It should be copied and cannot be. */
  | { readonly kind: "refuse"; readonly path: string; readonly reason: string }
  | { readonly kind: "removeFile"; readonly path: string }
  | { readonly kind: "removeDirectory"; readonly path: string };

/** What a check asks for: the exact time, or a hash of the content. */
export type CheckedBy = "time" | "content";

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

/** The plan that makes `target` like `source`. */
export function compareTrees(source: Tree, target: Tree, options: CompareOptions): Action[] {
  const paths = [...source.nodes.keys()].sort();
  /** What is not gone into: nothing is copied below it, and nothing removed. */
  const closed = new Set<string>();
  const wanted = options.sparse ? withFiles(source) : undefined;
  const isTaken = sameNames(options);
  const twins = twinsIn(source);
  const [inSource, inTarget] = [nodesOf(source, options), nodesOf(target, options)];
  const actions: Action[] = [];
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
    const planned = withTwin(actionFor(path, node, inTarget(path), options), twins.get(path));
    const reason = isTaken(path) ?? partTaken(planned, inSource, options);
    const action = reason === undefined ? planned : { kind: "refuse", path, reason } as const;
    if (action !== undefined) actions.push(action);
    if (action?.kind === "refuse" || action?.kind === "skip") closed.add(path);
  }
  return [
    ...actions.filter(({ kind }) => kind === "makeDirectory"),
    ...actions.filter(({ kind }) => kind !== "makeDirectory"),
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

function withTwin(action: Action | undefined, twin: string | undefined): Action | undefined {
  const isNew = action?.kind === "copy" && action.why === "new";
  return isNew && twin !== undefined ? { ...action, twin } : action;
}

/** Tells what has a path in a tree, or one that is the same to the target's file system. */
function nodesOf(tree: Tree, { fold }: CompareOptions): (path: string) => Node | undefined {
  if (fold === undefined) return (path) => tree.nodes.get(path);
  const folded = new Map([...tree.nodes].map(([path, node]) => [fold(path), node]));
  return (path) => tree.nodes.get(path) ?? folded.get(fold(path));
}

/** Undefined where there is nothing to do and nothing to say: a directory that is there. */
function actionFor(
  path: string,
  node: Node,
  there: Node | undefined,
  options: CompareOptions,
): Action | undefined {
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
  action: Action | undefined,
  inSource: (path: string) => Node | undefined,
  { partsOf }: CompareOptions,
): string | undefined {
  if (action?.kind !== "copy" && action?.kind !== "check") return undefined;
  const taken = partsOf?.(action.path).find((part) => inSource(part) !== undefined);
  return taken === undefined ? undefined : `until it is complete it would be "${taken}"`;
}

function forFile(path: string, node: Node, there: Node, options: CompareOptions): Action {
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
