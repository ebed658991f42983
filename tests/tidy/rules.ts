/**
 * The rules that every file keeps, besides the directions of imports.ts: purity of the core, FFI in
 * one place, sizes, comments. tidy_test.ts applies them and tries each on bad code.
 *
 * @module
 */

import { type Finding, lineAt, type Node, type SourceFile, visitNodes } from "./source.ts";

/** A longer file has a second thing in it. */
export const FILE_LINES_MAX = 400;

/** The same for what only one model has. */
export const MODEL_LINES_MAX = 250;

/** ARCHITECTURE.md is one page: why a file does what it does belongs into the file. */
export const PAGE_LINES_MAX = 120;

/** A longer function, too. */
export const FUNCTION_LINES_MAX = 70;

/** What waits, opens or reads a clock: by these names a core would no longer be pure. */
const IMPURE_NAMES: readonly string[] = [
  "Deno",
  "globalThis",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "fetch",
  "Worker",
  "WebSocket",
  "Promise",
  "console",
  "crypto",
];

/** The runtime's doors to native code. */
const FFI_NAMES: readonly string[] = [
  "dlopen",
  "UnsafeCallback",
  "UnsafeFnPointer",
  "UnsafePointer",
  "UnsafePointerView",
];

const FUNCTIONS: readonly Node["type"][] = [
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
];

/** Folders whose files open with a module doc and explain what they export. */
const DOCUMENTED: readonly string[] = ["server/", "models/", "client/", "bench/"];

/** Folders whose functions may be as long as their tables and stories are. */
const LONG_FUNCTIONS: readonly string[] = ["tests/", "bench/"];

function isCode(file: SourceFile): boolean {
  return file.path.endsWith(".ts");
}

function isIn(file: SourceFile, folders: readonly string[]): boolean {
  return folders.some((folder) => file.path.startsWith(folder));
}

function finding(file: SourceFile, offset: number, wrong: string, subject?: string): Finding {
  const text = `${file.path}:${lineAt(file.text, offset)} ${wrong}`;
  return { path: file.path, text, ...(subject === undefined ? {} : { subject }) };
}

/** server/ opens nothing, waits for nothing and reads no clock. */
export function pureCore(file: SourceFile): Finding[] {
  if (!isCode(file) || !isIn(file, ["server/"])) return [];
  const found: Finding[] = [];
  visitNodes(
    file,
    ["Identifier", "AwaitExpression", "NewExpression", "MemberExpression"],
    (node) => {
      const impure = impurity(node);
      if (impure !== undefined) found.push(finding(file, node.range[0], `uses ${impure}`));
    },
  );
  return found;
}

function impurity(node: Node): string | undefined {
  switch (node.type) {
    case "Identifier":
      return IMPURE_NAMES.includes(node.name) ? node.name : undefined;
    case "AwaitExpression":
      return "await";
    case "NewExpression": {
      const isDate = node.callee.type === "Identifier" && node.callee.name === "Date";
      return isDate && node.arguments.length === 0 ? "new Date()" : undefined;
    }
    case "MemberExpression": {
      const { object, property } = node;
      if (object.type !== "Identifier" || property.type !== "Identifier") return undefined;
      const name = `${object.name}.${property.name}`;
      return name === "Date.now" || name === "Math.random" ? name : undefined;
    }
    default:
      return undefined;
  }
}

/** Native code is called in models/libc, and nowhere else. */
export function ffiInOnePlace(file: SourceFile): Finding[] {
  if (!isCode(file) || isIn(file, ["models/libc/"])) return [];
  const found: Finding[] = [];
  let last = -1; // a shorthand property is visited as a name and as a value
  visitNodes(file, ["Identifier"], (node) => {
    const [offset] = node.range;
    if (node.type !== "Identifier" || !FFI_NAMES.includes(node.name) || offset === last) return;
    last = offset;
    found.push(finding(file, offset, `calls native code: ${node.name}`));
  });
  return found;
}

/** No file is longer than FILE_LINES_MAX. */
export function fileLength(file: SourceFile): Finding[] {
  if (!isCode(file)) return [];
  const lines = file.text.trimEnd().split("\n").length;
  if (lines <= FILE_LINES_MAX) return [];
  return [{ path: file.path, text: `${file.path} has ${lines} lines` }];
}

/** ARCHITECTURE.md has no more than PAGE_LINES_MAX lines. */
export function onePage(file: SourceFile): Finding[] {
  if (file.path !== "ARCHITECTURE.md") return [];
  const lines = file.text.trimEnd().split("\n").length;
  if (lines <= PAGE_LINES_MAX) return [];
  return [{ path: file.path, text: `${file.path} has ${lines} lines` }];
}

/** No function is longer than FUNCTION_LINES_MAX. */
export function functionLength(file: SourceFile): Finding[] {
  if (!isCode(file) || isIn(file, LONG_FUNCTIONS)) return [];
  const found: Finding[] = [];
  visitNodes(file, FUNCTIONS, (node) => {
    const first = lineAt(file.text, node.range[0]);
    const lines = lineAt(file.text, node.range[1]) - first + 1;
    if (lines <= FUNCTION_LINES_MAX) return;
    const name = nameOf(node);
    found.push(finding(file, node.range[0], `has ${lines} lines in ${name}`, name));
  });
  return found;
}

function nameOf(node: Node): string {
  if (node.type === "FunctionDeclaration" && node.id) return node.id.name;
  const parent = "parent" in node ? node.parent as Node : undefined;
  if (parent?.type === "MethodDefinition" && "name" in parent.key) return String(parent.key.name);
  if (parent?.type === "VariableDeclarator" && "name" in parent.id) return String(parent.id.name);
  return "a function without a name";
}

/** A file says first what it is: a JSDoc block that ends in @module. */
export function moduleDoc(file: SourceFile): Finding[] {
  if (!isCode(file) || !(isIn(file, DOCUMENTED) || file.path === "main.ts")) return [];
  const opening = /^(?:#!.*\n)?\/\*\*\n(?: \*.*\n)*? \* @module\n \*\//.exec(file.text);
  if (opening !== null) return [];
  return [{ path: file.path, text: `${file.path} does not open with a block for @module` }];
}

/** What is exported is explained: a JSDoc block stands before it. */
export function exportDoc(file: SourceFile): Finding[] {
  if (!isCode(file) || !isIn(file, DOCUMENTED)) return [];
  const found: Finding[] = [];
  visitNodes(file, ["ExportNamedDeclaration"], (node) => {
    if (node.type !== "ExportNamedDeclaration" || !node.declaration) return;
    const before = file.text.slice(0, node.range[0]);
    const line = file.text.slice(node.range[0]).split("\n", 1)[0]!;
    if (before.trimEnd().endsWith("*/") || sharesDoc(before, line)) return;
    found.push(finding(file, node.range[0], `exports without a word: ${line}`));
  });
  return found;
}

/**
 * Every member of an exported interface or class in models/ says what it is, and so does every
 * variant of an exported union that does not stand in one line.
 */
export function memberDoc(file: SourceFile): Finding[] {
  if (!isCode(file) || !isIn(file, ["models/"])) return [];
  const found: Finding[] = [];
  visitNodes(file, ["ExportNamedDeclaration"], (node) => {
    if (node.type !== "ExportNamedDeclaration" || !node.declaration) return;
    const { declaration } = node;
    // A union in one line, of a few plain words, shares the block of its name.
    const isLine = declaration.type === "TSTypeAliasDeclaration" &&
      !file.text.slice(...declaration.range).includes("\n");
    if (isLine) return;
    for (const member of membersOf(declaration)) {
      const text = file.text.slice(...member.range);
      // What is private says what it is by its name.
      if (/^(?:(?:async |get |set |readonly |\*)*#|private |constructor\b|override )/.test(text)) {
        continue;
      }
      if (/\*\/[\s|]*$/.test(file.text.slice(0, member.range[0]))) continue;
      found.push(finding(file, member.range[0], `has a member without a word: ${firstLine(text)}`));
    }
  });
  return found;
}

function membersOf(declaration: Node): readonly Pick<Node, "range">[] {
  switch (declaration.type) {
    case "ClassDeclaration":
    case "TSInterfaceDeclaration":
      return declaration.body.body;
    case "TSTypeAliasDeclaration": {
      const { typeAnnotation } = declaration;
      if (typeAnnotation.type === "TSTypeLiteral") return typeAnnotation.members;
      if (typeAnnotation.type !== "TSUnionType") return [];
      // What is named is explained where it is declared.
      return typeAnnotation.types.filter(({ type }) =>
        type === "TSTypeLiteral" || type === "TSLiteralType"
      );
    }
    default:
      return [];
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!;
}

/** The rooms of models/ that are no model's own: each model uses them all. */
const SHARED_ROOMS = /^models\/(?:driver|files|libc|pool|serve)\//;

/** A model's own files are short: what two of them share belongs to what they share. */
export function modelLength(file: SourceFile): Finding[] {
  if (!isCode(file) || !file.path.startsWith("models/") || SHARED_ROOMS.test(file.path)) return [];
  const lines = file.text.split("\n").length - 1;
  if (lines <= MODEL_LINES_MAX) return [];
  return [{ path: file.path, text: `${file.path} has ${lines} lines` }];
}

/**
 * Signatures of one function, and constants in one line each, stand together and share the block
 * of the first of them.
 */
function sharesDoc(before: string, line: string): boolean {
  const kind = /^export (?:const|function) /.exec(line)?.[0];
  if (kind === undefined) return false;
  const above = before.trimEnd().split("\n");
  if (!before.endsWith("\n") || before.endsWith("\n\n")) return false;
  while (above.at(-1)?.startsWith(kind) && above.at(-1)!.endsWith(";")) above.pop();
  return above.at(-1)?.endsWith("*/") ?? false;
}

/** By these names unions are told apart. */
const KINDS: readonly string[] = ["kind", "do", "as"];

/** A kind that no case knows must not compile: `unreachable(value)` takes only what is never. */
export function exhaustiveSwitch(file: SourceFile): Finding[] {
  if (!isCode(file) || !isIn(file, ["server/", "models/", "client/"])) return [];
  const found: Finding[] = [];
  visitNodes(file, ["SwitchStatement"], (node) => {
    if (node.type !== "SwitchStatement" || !isOverKind(node.discriminant)) return;
    const last = node.cases.at(-1);
    const ending = last?.test === null ? file.text.slice(...last.range) : "";
    if (/\bunreachable\(/.test(ending)) return;
    found.push(
      finding(file, node.range[0], "switches over a kind without unreachable() at its end"),
    );
  });
  return found;
}

function isOverKind(node: Node): boolean {
  if (node.type === "Identifier") return KINDS.includes(node.name);
  return node.type === "MemberExpression" && node.property.type === "Identifier" &&
    KINDS.includes(node.property.name);
}

/** Work that is left goes into the tracker, not into a comment. */
export function noMarkers(file: SourceFile): Finding[] {
  // Written so that this file does not find itself.
  return findAll(
    file,
    new RegExp(`\\b(?:TO${"DO"}|FIX${"ME"}|XX${"X"}|HA${"CK"})\\b`, "g"),
    "says",
  );
}

/** A type given up on, or a rule switched off, has its reason beside it: `-- because ...`. */
export function reasons(file: SourceFile): Finding[] {
  if (!isCode(file)) return [];
  const found = findAll(
    file,
    /\/[/*]\s*(?:deno-lint-ignore|@ts-)(?!.*\s--\s\S).*/g,
    "lacks a reason",
  );
  const lines = file.text.split("\n");
  visitNodes(file, ["TSAnyKeyword"], (node) => {
    const line = lineAt(file.text, node.range[0]);
    const isExplained = [line - 1, line - 2].some((at) => /\s--\s\S/.test(lines[at] ?? ""));
    if (!isExplained) {
      found.push(finding(file, node.range[0], "gives up on a type without a reason"));
    }
  });
  return found;
}

/** No path of the machine that it was written on, and no registry's host. */
export function noMachine(file: SourceFile): Finding[] {
  const folders = ["work", "home", "Users", "root", "tmp"].map((name) => `/${name}/`).join("|");
  const hosts = [
    `registry\\.${"npm"}`,
    `npm${"mirror"}\\.`,
    "jsr\\.io",
    "pypi\\.",
    "esm\\.sh",
    "unpkg\\.",
  ];
  const found = new RegExp(`(?<![\\w.~*})\\]-])(?:${folders})|(?:${hosts.join("|")})`, "g");
  return findAll(file, found, "names a machine");
}

function findAll(file: SourceFile, pattern: RegExp, wrong: string): Finding[] {
  return Array.from(
    file.text.matchAll(pattern),
    (match) => finding(file, match.index, `${wrong}: ${match[0]}`),
  );
}
