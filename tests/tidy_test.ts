/**
 * The rules that keep the project tidy, applied to every file of it, and each of them tried on code
 * that breaks it. The rules themselves are in tidy/.
 */

import { assertEquals } from "@std/assert";
import { testWith } from "./permission.ts";
import { EXCEPTIONS } from "./tidy/exceptions.ts";
import { importDirections } from "./tidy/imports.ts";
import * as rules from "./tidy/rules.ts";
import { type Finding, readTree, type Rule } from "./tidy/source.ts";

const ROOT = new URL("../", import.meta.url);
const PACKAGES = ["@std/assert", "@std/path"];

/** Every rule by name: what it says about a file as it is. */
const RULES: Readonly<Record<string, Rule>> = {
  importDirections: (file) => importDirections(file, mappedPackages()),
  pureCore: rules.pureCore,
  ffiInOnePlace: rules.ffiInOnePlace,
  fileLength: rules.fileLength,
  modelLength: rules.modelLength,
  onePage: rules.onePage,
  functionLength: rules.functionLength,
  moduleDoc: rules.moduleDoc,
  exportDoc: rules.exportDoc,
  memberDoc: rules.memberDoc,
  exhaustiveSwitch: rules.exhaustiveSwitch,
  noMarkers: rules.noMarkers,
  reasons: rules.reasons,
  noMachine: rules.noMachine,
};

let packages: readonly string[] | undefined;

function mappedPackages(): readonly string[] {
  packages ??= Object.keys(JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).imports);
  return packages;
}

function isExcepted(rule: string, { path, subject }: Finding): boolean {
  return EXCEPTIONS.some((exception) =>
    exception.rule === rule && exception.path === path && exception.subject === subject
  );
}

for (const [name, rule] of Object.entries(RULES)) {
  testWith(["read"], `tidy ${name} holds in every file`, () => {
    const found = readTree(ROOT).flatMap(rule).filter((finding) => !isExcepted(name, finding));
    assertEquals(found.map((finding) => finding.text), []);
  });
}

testWith(["read"], "tidy exceptions are all needed", () => {
  const files = readTree(ROOT);
  const idle = EXCEPTIONS.filter(({ rule, path, subject }) => {
    const found = files.flatMap(RULES[rule]!);
    return !found.some((finding) => finding.path === path && finding.subject === subject);
  });
  assertEquals(idle, []);
});

testWith(["read"], "tidy finds the files of every part", () => {
  const paths = readTree(ROOT).map((file) => file.path);
  const parts = ["deno.json", "main.ts", "server/mod.ts", "models/mod.ts", "client/mod.ts"];
  assertEquals(parts.filter((part) => !paths.includes(part)), []);
});

/** Code that breaks a rule, or comes close and does not. */
interface Case {
  readonly rule: Rule;
  readonly path: string;
  readonly text: string;
  /** What the findings say, without the path. */
  readonly finds: readonly string[];
}

/** So many lines of code. */
function ofLines(count: number, rule: Rule, path: string, finds: readonly string[]): Case {
  return { rule, path, text: "a();\n".repeat(count), finds };
}

const directions: Rule = (file) => importDirections(file, PACKAGES);

const CASES: Readonly<Record<string, Case>> = {
  "server imports models": {
    rule: directions,
    path: "server/a.ts",
    text: 'import { b } from "./b.ts";\nimport { c } from "../models/c.ts";\n',
    finds: [":2 imports models/c.ts"],
  },
  "server imports a package": {
    rule: directions,
    path: "server/a.ts",
    text: 'import { join } from "@std/path";\nimport "node:fs";\n',
    finds: [':1 imports "@std/path"', ':2 imports "node:fs"'],
  },
  "models imports a part of the core, as types, later, or as a worker": {
    rule: directions,
    path: "models/a.ts",
    text: `import type { A } from "../server/session.ts";
export * from "../server/mini.ts";
export { b } from "../server/mod.ts";
const c = await import("../client/mod.ts");
type D = import("../bench/mod.ts").D;
new Worker(new URL("../tests/e.ts", import.meta.url), { type: "module" });
`,
    finds: [
      ":1 imports server/session.ts",
      ":2 imports server/mini.ts",
      ":4 imports client/mod.ts",
      ":5 imports bench/mod.ts",
      ":6 imports tests/e.ts",
    ],
  },
  "a room of models/ that has no directions": {
    rule: directions,
    path: "models/kqueue/a.ts",
    text: 'import "../driver/mod.ts";\n',
    finds: [":1 is in no part of the project that has directions"],
  },
  "models/libc imports something of ours": {
    rule: directions,
    path: "models/libc/a.ts",
    text: 'import "./b.ts";\nimport "../model.ts";\nimport "../../server/mod.ts";\n',
    finds: [":2 imports models/model.ts", ":3 imports server/mod.ts"],
  },
  "a room of models/ imports its neighbours": {
    rule: directions,
    path: "models/driver/a.ts",
    text:
      'import "../files/slot.ts";\nimport "../readiness/wire.ts";\nimport "../libc/mod.ts";\nimport "../clock.ts";\n',
    finds: [":2 imports models/readiness/wire.ts", ":3 imports models/libc/mod.ts"],
  },
  "a way of waiting imports another": {
    rule: directions,
    path: "models/runtime/a.ts",
    text: 'import "../pool/worker.ts";\nimport "../readiness/loop.ts";\n',
    finds: [":2 imports models/readiness/loop.ts"],
  },
  "client imports the vocabulary of FTP, and a session": {
    rule: directions,
    path: "client/cli/a.ts",
    text: 'import "../../server/ftp/words/lines.ts";\nimport "../../server/ftp/session.ts";\n',
    finds: [":2 imports server/ftp/session.ts"],
  },
  "bench and conformance import faces only": {
    rule: directions,
    path: "bench/a.ts",
    text: 'import "../models/mod.ts";\nimport "../models/pool.ts";\nimport "../tests/a.ts";\n',
    finds: [":2 imports models/pool.ts", ":3 imports tests/a.ts"],
  },
  "an import that deno.json does not map": {
    rule: directions,
    path: "client/a.ts",
    text: 'import "@std/assert";\nimport "npm:left-pad";\nimport "node:tty";\n',
    finds: [':2 imports "npm:left-pad", which deno.json does not map'],
  },
  "a file in no part": {
    rule: directions,
    path: "lib/a.ts",
    text: 'import "./b.ts";\n',
    finds: [":1 is in no part of the project that has directions"],
  },
  "imports in comments and strings": {
    rule: directions,
    path: "server/a.ts",
    text: '// import "../models/a.ts"\nconst b = `import "../models/b.ts"`;\n',
    finds: [],
  },
  "a core that opens, waits and reads clocks": {
    rule: rules.pureCore,
    path: "server/a.ts",
    text: `Deno.open("a");
setTimeout(() => {}, 1);
const a = Date.now() + new Date().getTime() + Math.random();
const b = await fetch("c");
`,
    finds: [
      ":1 uses Deno",
      ":2 uses setTimeout",
      ":3 uses Date.now",
      ":3 uses new Date()",
      ":3 uses Math.random",
      ":4 uses await",
      ":4 uses fetch",
    ],
  },
  "a core that speaks of Deno, and takes the time as an argument": {
    rule: rules.pureCore,
    path: "server/a.ts",
    text:
      '/** Not for Deno only. */\nexport const a = (now: number) => `${new Date(now)} "Deno"`;\n',
    finds: [],
  },
  "a model that opens and waits": {
    rule: rules.pureCore,
    path: "models/a.ts",
    text: 'await Deno.open("a");\n',
    finds: [],
  },
  "native code outside models/libc": {
    rule: rules.ffiInOnePlace,
    path: "models/a.ts",
    text: 'Deno.dlopen("libc.so.6", {});\nconst { UnsafePointer } = Deno;\n',
    finds: [
      ":1 calls native code: dlopen",
      ":2 calls native code: UnsafePointer",
    ],
  },
  "native code in models/libc": {
    rule: rules.ffiInOnePlace,
    path: "models/libc/a.ts",
    text: 'Deno.dlopen("libc.so.6", {});\n',
    finds: [],
  },
  "a file of 401 lines": ofLines(401, rules.fileLength, "tests/a.ts", [" has 401 lines"]),
  "a file of 400 lines": ofLines(400, rules.fileLength, "server/a.ts", []),
  "an overview of 121 lines": {
    rule: rules.onePage,
    path: "ARCHITECTURE.md",
    text: "a\n".repeat(121),
    finds: [" has 121 lines"],
  },
  "functions of 71 lines": {
    rule: rules.functionLength,
    path: "server/a.ts",
    text: `function a() {\n${"b();\n".repeat(69)}}
class C {\n  d() {\n${"b();\n".repeat(69)}}\n}
const e = () => {\n${"b();\n".repeat(69)}};
`,
    finds: [":1 has 71 lines in a", ":73 has 71 lines in d", ":145 has 71 lines in e"],
  },
  "functions of 70 lines": {
    rule: rules.functionLength,
    path: "server/a.ts",
    text: `function a() {\n${"b();\n".repeat(68)}}\nfunction c() {\n${"b();\n".repeat(68)}}\n`,
    finds: [],
  },
  "a long function of a test": {
    rule: rules.functionLength,
    path: "tests/a.ts",
    text: `function a() {\n${"b();\n".repeat(100)}}\n`,
    finds: [],
  },
  "a file without a word at its beginning": {
    rule: rules.moduleDoc,
    path: "models/a.ts",
    text: "/** Only about a. */\nexport const a = 1;\n/**\n * @module\n */\n",
    finds: [" does not open with a block for @module"],
  },
  "a file that says what it is": {
    rule: rules.moduleDoc,
    path: "models/a.ts",
    text: "/**\n * What it is.\n *\n * @module\n */\nexport const a = 1;\n",
    finds: [],
  },
  "exports without a word": {
    rule: rules.exportDoc,
    path: "client/a.ts",
    text: `/** What it is. */
export const a = 1;
export interface B {}
// no JSDoc
export function c() {}
export { d } from "./d.ts";
/** In two ways. */
export function e(f: number): void;
export function e(f: string): void;
export function e(f: unknown) {}
/** Two that belong together. */
export const g = 1;
export const h = 2;
// no JSDoc
export const i = 3;
export const j = 4;
`,
    finds: [
      ":3 exports without a word: export interface B {}",
      ":5 exports without a word: export function c() {}",
      ":15 exports without a word: export const i = 3;",
      ":16 exports without a word: export const j = 4;",
    ],
  },
  "a switch over a kind that a new kind would pass": {
    rule: rules.exhaustiveSwitch,
    path: "models/a.ts",
    text: `switch (effect.kind) {
  case "send":
    break;
}
switch (operation.do) {
  case "stat":
    break;
  default:
    break;
}
switch (kind) {
  case "a":
    break;
  default:
    unreachable(kind);
}
switch (effect.kind) {
  case "send":
    break;
  default:
    return unreachable(effect);
}
switch (name) {
  case "a":
    break;
}
`,
    finds: [
      ":1 switches over a kind without unreachable() at its end",
      ":5 switches over a kind without unreachable() at its end",
    ],
  },
  "members without a word": {
    rule: rules.memberDoc,
    path: "models/a.ts",
    text: `/** What it is. */
export interface A {
  /** Octets. */
  readonly b: number;
  c(): void;
}
/** What it is. */
export class D {
  readonly #e = 1;
  constructor() {}
  f(): void {}
}
interface G {
  h: number;
}
/** What it is. */
export type I =
  /** With a number. */
  | { readonly kind: "j"; readonly number: number }
  | { readonly kind: "k" }
  | string;
`,
    finds: [
      ":5 has a member without a word: c(): void;",
      ":11 has a member without a word: f(): void {}",
      ':20 has a member without a word: { readonly kind: "k" }',
    ],
  },
  "a model's file of 251 lines": ofLines(251, rules.modelLength, "models/readiness/a.ts", [
    " has 251 lines",
  ]),
  "a shared file of 251 lines": ofLines(251, rules.modelLength, "models/driver/a.ts", []),
  "work that is left": {
    rule: rules.noMarkers,
    path: "README.md",
    text: `Fine.\n<!-- TO${"DO"}: later -->\n# FIX${"ME"}\nTodos are no markers.\n`,
    finds: [`:2 says: TO${"DO"}`, `:3 says: FIX${"ME"}`],
  },
  "types given up on": {
    rule: rules.reasons,
    path: "bench/a.ts",
    text: `let a: any;
// any thing, and "any" in words
let b: any; // -- the library says so
/${"/"} deno-lint-ignore no-explicit-any
let c: unknown;
/${"/"} @ts-ignore
/${"/"} deno-lint-ignore no-explicit-any -- as in the library
let d: any[];
`,
    finds: [
      `:4 lacks a reason: /${"/"} deno-lint-ignore no-explicit-any`,
      `:6 lacks a reason: /${"/"} @ts-ignore`,
      ":1 gives up on a type without a reason",
    ],
  },
  "paths and hosts of a machine": {
    rule: rules.noMachine,
    path: ".ci/run",
    text:
      `cd /${"work"}/main\ncurl https://registry.${"npmjs.org"}/deno\nls ./${"work"}/ a/${"tmp"}/b\n`,
    finds: [`:1 names a machine: /${"work"}/`, `:2 names a machine: registry.${"npm"}`],
  },
};

for (const [name, { rule, path, text, finds }] of Object.entries(CASES)) {
  Deno.test(`tidy rule judges ${name}`, () => {
    assertEquals(rule({ path, text }).map((found) => found.text.slice(path.length)), [...finds]);
  });
}
