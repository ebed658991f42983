/**
 * One name for one thing: what is exported under a name is declared under it once, so that who
 * reads the name somewhere knows which thing is meant.
 *
 * @module
 */

import { type Finding, type Node, type SourceFile, visitNodes } from "./source.ts";

/** What users of the server and of the client read; tests and benchmarks are programs of their own. */
const PARTS: readonly string[] = ["server/", "models/", "client/"];

/** What main.ts calls in each command. */
const ENTRIES: readonly string[] = ["main"];

/**
 * Carriers-out of FTP's verbs, known to the verb table alone: they are named as the client names
 * the other end of the same verb.
 */
const HANDLERS = "server/ftp/commands/";

/** Names that several files declare and export, each once. */
export function namesOnce(files: readonly SourceFile[]): Finding[] {
  const places = new Map<string, string[]>();
  for (const file of files) {
    for (const name of exportedNames(file)) {
      places.set(name, [...places.get(name) ?? [], file.path]);
    }
  }
  return [...places].flatMap(([name, all]) => {
    const paths = all.filter((path) =>
      all.some((other) => other !== path && !areTwoEnds(path, other))
    );
    if (paths.length === 0) return [];
    return [{ path: paths[0]!, text: `${paths.join(", ")} declare ${name}` }];
  });
}

function areTwoEnds(one: string, other: string): boolean {
  return [[one, other], [other, one]].some(([server, client]) =>
    server!.startsWith(HANDLERS) && client!.startsWith("client/")
  );
}

/** Declarations, not names passed on from elsewhere; overloads and a type beside its value once. */
function exportedNames(file: SourceFile): Set<string> {
  const names = new Set<string>();
  if (!file.path.endsWith(".ts") || !PARTS.some((part) => file.path.startsWith(part))) return names;
  visitNodes(file, ["ExportNamedDeclaration"], (node) => {
    if (node.type !== "ExportNamedDeclaration" || !node.declaration) return;
    for (const name of declared(node.declaration)) if (!ENTRIES.includes(name)) names.add(name);
  });
  return names;
}

function declared(node: Node): string[] {
  if (node.type === "VariableDeclaration") {
    return node.declarations.flatMap(({ id }) => id.type === "Identifier" ? [id.name] : []);
  }
  return "id" in node && node.id?.type === "Identifier" ? [node.id.name] : [];
}
