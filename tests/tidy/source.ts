/**
 * What the rules of tidy_test.ts look at: one file's path and text, the syntax tree of its code,
 * and the walk over all files of the project.
 *
 * @module
 */

/** One file of the project. */
export interface SourceFile {
  /** From the project's folder on, with "/" between components. */
  readonly path: string;
  readonly text: string;
}

/** Something that a rule does not allow. */
export interface Finding {
  /** What reads like a compiler's message: `server/a.ts:12 says Deno.open`. */
  readonly text: string;
  readonly path: string;
  /** What an exception in exceptions.ts names: a function, or nothing for the whole file. */
  readonly subject?: string;
}

/** A rule over one file; none of them opens anything. */
export type Rule = (file: SourceFile) => Finding[];

/** A node of the syntax tree, with the properties that the rules look at. */
export type Node = Deno.lint.Node;

/** Folders that hold nothing of ours, at any depth; the last two are in .gitignore. */
const SKIPPED_FOLDERS: readonly string[] = [".git", "node_modules", "coverage", "results"];

/** What serve shares, other people's servers as the README has them, what the benchmark wrote. */
const SKIPPED_PATHS: readonly string[] = ["files/", "peers/", "bench/example/"];

/** Text that people write here. The lock file names the registry, and is written by the runtime. */
const TEXT = /(?:\.(?:ts|js|json|md|py|sh|txt|html|css|svg|yml|yaml)|\/run|\/LICENSE|\.gitignore)$/;
const SKIPPED_FILES: readonly string[] = ["deno.lock"];

/** Deeper folders than this are a loop of links. */
const DEPTH_MAX = 8;

/** Every text file below `root`, sorted by path. */
export function readTree(root: URL): SourceFile[] {
  const files: SourceFile[] = [];
  visit("", 0);
  return files.sort((left, right) => left.path < right.path ? -1 : 1);

  function visit(folder: string, depth: number): void {
    if (depth > DEPTH_MAX) throw new Error(`Cannot go deeper than ${DEPTH_MAX} in "${folder}"`);
    for (const { name, isDirectory, isFile } of Deno.readDirSync(new URL(folder, root))) {
      const path = `${folder}${name}`;
      const skipped = SKIPPED_FOLDERS.includes(name) || SKIPPED_PATHS.includes(`${path}/`);
      if (isDirectory && !skipped) visit(`${path}/`, depth + 1);
      if (!isFile || !TEXT.test(`/${path}`) || SKIPPED_FILES.includes(path)) continue;
      files.push({ path, text: Deno.readTextFileSync(new URL(path, root)) });
    }
  }
}

/** The number of the line that holds the character at `offset`, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
  }
  return line;
}

/** Calls `visit` for every node of these types in the code of `file`, in the order of the text. */
export function visitNodes(
  file: SourceFile,
  types: readonly Node["type"][],
  visit: (node: Node) => void,
): void {
  const visitor = Object.fromEntries(types.map((type) => [type, visit]));
  const rule: Deno.lint.Rule = { create: () => visitor };
  const name = file.path.slice(file.path.lastIndexOf("/") + 1);
  Deno.lint.runPlugin({ name: "tidy", rules: { visit: rule } }, name, file.text);
}
