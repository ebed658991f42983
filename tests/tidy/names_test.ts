/**
 * Names over many files: each stands for one thing.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { testWith } from "../permission.ts";
import { namesOnce } from "./names.ts";
import { readTree } from "./source.ts";

testWith(["read"], "tidy namesOnce: no name is exported for two things", () => {
  const found = namesOnce(readTree(new URL("../../", import.meta.url)));
  assertEquals(found.map((finding) => finding.text), []);
});

Deno.test("tidy namesOnce finds values and types, and passes what is one thing", () => {
  const files = Object.entries({
    "server/a.ts": `export const a = 1, b = 2;
export interface B {}
export const B = 3;
export function once(c: number): void;
export function once(c: string): void;
const local = 4;
`,
    "server/ftp/commands/c.ts": "export function store() {}\n",
    "models/d.ts": 'export type B = 5;\nexport { a } from "../server/a.ts";\nconst local = 6;\n',
    "models/e.ts": "export enum b {}\nexport function main() {}\n",
    "client/f.ts": "export function store() {}\nexport async function main() {}\n",
    "client/g.ts": "export class b {}\nexport abstract class store {}\n",
    "tests/h.ts": "export const a = 7;\n",
  }).map(([path, text]) => ({ path, text }));
  assertEquals(namesOnce(files).map((finding) => finding.text), [
    "server/a.ts, models/e.ts, client/g.ts declare b",
    "server/a.ts, models/d.ts declare B",
    "client/f.ts, client/g.ts declare store",
  ]);
});
