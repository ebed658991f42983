/** What a command has written, where the runtime rounds the numbers of files. @module */

import { assertThrows } from "@std/assert";
import { WrittenHere } from "../../client/cli/targets.ts";
import { LocalError } from "../../client/errors.ts";
import { testWith } from "../permission.ts";

testWith(
  ["read", "write"],
  "WrittenHere tells files apart whose numbers are rounded, and knows one by a link to it",
  () => {
    const folder = Deno.makeTempDirSync({ prefix: "ftplab-" });
    const [one, other, link] = ["one", "other", "link"].map((name) => `${folder}/${name}`);
    for (const path of [one!, other!]) Deno.writeTextFileSync(path, "");
    Deno.symlinkSync("one", link!);
    const { statSync } = Deno;
    Object.assign(Deno, {
      statSync: (path: string) => Object.assign(statSync(path), { ino: 2 ** 60 }),
    });
    try {
      const written = new WrittenHere();
      written.add(one!);
      written.assertOther(other!);
      for (const path of [one!, link!]) {
        assertThrows(() => written.assertOther(path), LocalError, "it is the same as");
      }
    } finally {
      Object.assign(Deno, { statSync });
      Deno.removeSync(folder, { recursive: true });
    }
  },
);
