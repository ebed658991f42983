/**
 * What imports lead to, over many files: circles, and rooms that a model must not reach.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { testWith } from "../permission.ts";
import { importCycles, importReach } from "./cycles.ts";
import { readTree } from "./source.ts";

const ROOT = new URL("../../", import.meta.url);

testWith(["read"], "tidy importCycles: there is none", () => {
  assertEquals(importCycles(readTree(ROOT)).map((finding) => finding.text), []);
});

testWith(["read"], "tidy importReach: async calls no C library, however far around", () => {
  const found = importReach(readTree(ROOT), ["models/async.ts", "models/runtime/"], "models/libc/");
  assertEquals(found.map((finding) => finding.text), []);
});

Deno.test("tidy importReach finds what is reached through others, types and workers too", () => {
  const files = Object.entries({
    "models/async.ts": 'import "./b.ts";\n',
    "models/b.ts": 'import type { C } from "./c.ts";\n',
    "models/c.ts": 'import "./libc/mod.ts";\n',
    "models/libc/mod.ts": "export const a = 1;\n",
    "models/other.ts": 'import "./libc/mod.ts";\n',
  }).map(([path, text]) => ({ path, text }));
  const found = importReach(files, ["models/async.ts"], "models/libc/");
  assertEquals(found.map((finding) => finding.text), ["models/c.ts reaches models/libc/mod.ts"]);
});

Deno.test("tidy importCycles finds each circle once, of types and values, and no other", () => {
  const files = Object.entries({
    "server/a.ts": 'import type { B } from "./b/b.ts";\nimport "./d.ts";\n',
    "server/b/b.ts": 'export { c } from "../c.ts";\nimport "../d.ts";\n',
    "server/c.ts": 'type A = import("./a.ts").A;\nimport "./d.ts";\n',
    "server/d.ts": 'import "./e.ts";\n// import "./a.ts"\n',
    "server/e.ts": "export const e = 1;\n",
    "models/g.ts": 'new Worker(new URL("./h.ts", import.meta.url), { type: "module" });\n',
    "models/h.ts": 'import "./g.ts";\n',
    "server/f.ts": 'const { f } = await import("./f.ts");\n',
  }).map(([path, text]) => ({ path, text }));
  assertEquals(importCycles(files).map((finding) => finding.text), [
    "server/a.ts -> server/b/b.ts -> server/c.ts -> server/a.ts is a circle of imports",
    "server/f.ts -> server/f.ts is a circle of imports",
  ]);
});
