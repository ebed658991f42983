/**
 * Who may import whom: the arrows of ARCHITECTURE.md as a table, and the rule that keeps it.
 *
 * @module
 */

import { type Finding, lineAt, type Node, type SourceFile, visitNodes } from "./source.ts";

const FACES = ["server/mod.ts", "models/mod.ts", "client/mod.ts"] as const;

/** What both ends speak with: the vocabulary of FTP, names as octets, the end of a switch. */
const WORDS = ["server/ftp/words/", "server/octets.ts", "server/unreachable.ts"] as const;

/** The one parser of command lines. */
const FLAGS = "client/cli/flags.ts";

/** What every room of models/ may speak of. */
const TERMS = ["address", "admission", "clock", "limits", "model", "root"].map((name) =>
  `models/${name}.ts`
);

/** The ways of waiting by their names, and what they are told. */
const MODELS = ["options", "blocking", "polling", "multiplex", "async", "uring"].map((name) =>
  `models/${name}.ts`
);

/** What every way of waiting is built over. */
const WIRE = ["models/driver/", "models/files/", "models/pool/", "server/mod.ts", ...TERMS];

/** What is shared where the kernel's calls are our own. */
const KERNEL = ["models/kernel/", "models/libc/"];

const CALLS = ["models/libc/", "models/mod.ts"];

const BENCH_RUN = [
  "run/",
  "load/",
  "peers/",
  "scenarios/",
  "claims/statistics.ts",
  "claims/gates.ts",
  "claims/histograms.ts",
  "claims/together.ts",
  "record.ts",
]
  .map((room) => `bench/${room}`);

/**
 * For each part of the project what its files may import: files, or folders ending in "/". The
 * first entry that a path begins with counts.
 */
const DIRECTIONS: readonly (readonly [from: string, to: readonly string[]])[] = [
  ["server/", ["server/"]],
  ["client/", ["client/", ...WORDS]],
  ["models/libc/", ["models/libc/"]],
  ["models/selector/", ["models/selector/", "models/libc/", ...TERMS]],
  ["models/files/", ["models/files/", "models/libc/", "server/mod.ts", ...TERMS]],
  ["models/driver/", ["models/driver/", "models/files/", "server/mod.ts", ...TERMS]],
  ["models/pool/", ["models/pool/", "models/files/", "server/mod.ts", ...TERMS]],
  ["models/kernel/", [...KERNEL, ...WIRE]],
  ["models/readiness/", ["models/readiness/", "models/selector/", ...KERNEL, ...WIRE]],
  ["models/uring/", ["models/uring/", ...KERNEL, ...WIRE]],
  ["models/runtime/", ["models/runtime/", ...WIRE]],
  ["models/serve/", ["models/serve/", ...MODELS, "server/mod.ts", FLAGS, ...TERMS]],
  ["models/", ["models/", "server/mod.ts"]],
  // What may be measured is plain data: jobs for the load, and words for the report.
  ["bench/scenarios/", ["bench/scenarios/", "bench/load/job.ts"]],
  // The load is a client over the same calls of the kernel as the servers that it measures.
  ["bench/load/", [
    "bench/load/",
    "bench/record.ts",
    "bench/claims/histograms.ts",
    "bench/claims/statistics.ts",
    "bench/run/process_figures.ts",
    ...CALLS,
  ]],
  ["bench/peers/", ["bench/peers/"]],
  ["bench/run/", [...BENCH_RUN, ...CALLS]],
  // What a number means is decided without looking at how it came about.
  ["bench/claims/", ["bench/claims/", "bench/scenarios/", "bench/record.ts"]],
  ["bench/report/", ["bench/report/", "bench/claims/", "bench/scenarios/", "bench/record.ts"]],
  // A lesson shows the selectors and the calls themselves.
  ["bench/lab/", ["bench/", "models/libc/", "models/selector/", FLAGS, ...FACES]],
  ["bench/", ["bench/", FLAGS, ...FACES]],
  ["main.ts", [FLAGS, "client/cli/mod.ts"]],
  ["tests/conformance/", ["tests/", ...FACES]],
  ["tests/peers/", ["tests/", ...FACES]],
  ["tests/", ["tests/", "server/", "models/", "client/", "bench/", "main.ts"]],
];

/** Imports of packages and of the runtime's node modules: none in what must stay pure. */
const PURE = ["server/"];

/** One specifier, and where it stands. */
export interface Import {
  readonly specifier: string;
  readonly offset: number;
  /** A worker's module, begun by URL. */
  readonly isWorker: boolean;
}

/** Imports in every form, and workers begun by URL: those are code, too. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  visitNodes(file, [
    "ImportDeclaration",
    "ExportNamedDeclaration",
    "ExportAllDeclaration",
    "ImportExpression",
    "TSImportType",
    "NewExpression",
  ], (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    found.push({ specifier, offset: node.range[0], isWorker: node.type === "NewExpression" });
  });
  return found;
}

function specifierOf(node: Node): string | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
    case "ImportExpression":
      return literal(node.source);
    case "TSImportType":
      return literal(node.argument);
    case "NewExpression":
      return isNew(node, "Worker") ? moduleOfWorker(node.arguments[0]) : undefined;
    default:
      return undefined;
  }
}

/** `new URL("./worker.ts", import.meta.url)`, or a plain specifier. */
function moduleOfWorker(node: Node | undefined): string | undefined {
  return node?.type === "NewExpression" && isNew(node, "URL")
    ? literal(node.arguments[0])
    : literal(node);
}

function isNew(node: Deno.lint.NewExpression, name: string): boolean {
  return node.callee.type === "Identifier" && node.callee.name === name;
}

function literal(node: Node | null | undefined): string | undefined {
  if (node?.type === "TSLiteralType") return literal(node.literal);
  return node?.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

/** Every import keeps the directions; `packages` are the bare names that deno.json maps. */
export function importDirections(file: SourceFile, packages: readonly string[]): Finding[] {
  if (!file.path.endsWith(".ts")) return [];
  return importsOf(file).flatMap(({ specifier, offset }) => {
    const wrong = wrongWith(file.path, specifier, packages);
    const where = `${file.path}:${lineAt(file.text, offset)}`;
    return wrong === undefined ? [] : [{ path: file.path, text: `${where} ${wrong}` }];
  });
}

function wrongWith(path: string, specifier: string, packages: readonly string[]) {
  if (!specifier.startsWith(".")) {
    if (PURE.some((folder) => path.startsWith(folder))) return `imports "${specifier}"`;
    if (specifier.startsWith("node:") || packages.includes(specifier)) return undefined;
    return `imports "${specifier}", which deno.json does not map`;
  }
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  const row = DIRECTIONS.find(([from]) => path.startsWith(from));
  // A model's new room would be free to reach into every other one.
  const isUnknown = row?.[0] === "models/" && path.split("/").length > 2;
  if (row === undefined || isUnknown) return "is in no part of the project that has directions";
  const [, allowed] = row;
  const fits = (to: string) => to.endsWith("/") ? target.startsWith(to) : target === to;
  return allowed.some(fits) ? undefined : `imports ${target}`;
}
