/**
 * The folder that serve serves.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { ServeError } from "../../models/model.ts";
import { openRoot } from "../../models/root.ts";
import { testWith } from "../permission.ts";

/** Runs `body` in a new folder, which is the working directory meanwhile. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const before = Deno.cwd();
  const folder = await Deno.realPath(await Deno.makeTempDir());
  Deno.chdir(folder);
  try {
    await body(folder);
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
}

testWith(
  ["read", "write"],
  "openRoot makes ./files with a film, once",
  () =>
    inFolder(async (folder) => {
      assertEquals(await openRoot(undefined), `${folder}/files`);
      const film = await Deno.readFile("files/a.avi");
      assertEquals(new TextDecoder().decode(film.subarray(0, 4)), "RIFF");
      assertEquals(new DataView(film.buffer).getUint32(4, true), film.length - 8);
      await Deno.remove("files/a.avi");
      await openRoot(undefined);
      assertEquals([...Deno.readDirSync("files")], []);
    }),
);

testWith(
  ["read", "write"],
  "openRoot makes no folder that is named, and serves no file",
  () =>
    inFolder(async () => {
      await Deno.writeTextFile("file", "");
      await assertRejects(
        () => openRoot("none"),
        ServeError,
        'Cannot serve "none": no such folder',
      );
      await assertRejects(() => openRoot("file"), ServeError, 'Cannot serve "file": not a folder');
    }),
);
