/**
 * put against servers that people have: where a file gets its name by renaming, and where nobody
 * may rename.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { DROP_BOXES, type Room, SERVERS, testOn } from "./servers.ts";
import { names, octets, type Outcome, run } from "./stage.ts";

/** Runs put; how it ended. */
const put = ({ port }: Room, ...args: string[]): Promise<Outcome> =>
  run(port, ["put", "--retries", "0", ...args]);

for (const kind of SERVERS) {
  testOn(kind, "put stores a file, then another one over it", async (room) => {
    const { here, root, prefix } = room;
    for (const content of [octets(300_000), octets(200_000), octets(0)]) {
      await Deno.writeFile(`${here}/a`, content);
      const { status, error } = await put(room, `${here}/a`, "-o", `${prefix}a`);
      assertEquals(status, EXIT.ok, error);
      assertEquals(await Deno.readFile(`${root}/a`), content);
      assertEquals(await names(root), ["a"]);
    }
  });

  testOn(kind, "put into the name of a directory stores nothing", async (room) => {
    const { here, root, prefix } = room;
    await Deno.mkdir(`${root}/a`);
    await Deno.writeTextFile(`${here}/a`, "new");
    const { status, error } = await put(room, `${here}/a`, "-o", `${prefix}a`);
    assertEquals([status, error], [
      EXIT.local,
      `Cannot store "${prefix}a": it is a directory\n`,
    ]);
    assertEquals([await names(root), await names(`${root}/a`)], [["a"], []]);
  });
}

for (const kind of DROP_BOXES) {
  testOn(
    kind,
    "put where nobody may rename stores a new file and leaves nothing else",
    async (room) => {
      const { here, root, prefix } = room;
      await Deno.writeFile(`${here}/a`, octets(300_000));
      const { status, error } = await put(room, `${here}/a`, "-o", `${prefix}a`);
      assertEquals(status, EXIT.ok, error);
      assertEquals(await Deno.readFile(`${root}/a`), octets(300_000));
      assertEquals(await names(root), ["a"]);
    },
  );

  testOn(kind, "put where nobody may rename replaces nothing by itself", async (room) => {
    const { here, root, prefix } = room;
    await Deno.writeTextFile(`${root}/a`, "old");
    await Deno.writeTextFile(`${here}/a`, "new");
    const { status, error } = await put(room, `${here}/a`, "-o", `${prefix}a`);
    assertEquals(status, EXIT.refused);
    assertStringIncludes(error, `Cannot replace "${prefix}a" in one step: `);
    assertStringIncludes(error, "; --direct does it in place\n");
    assertEquals(await Deno.readTextFile(`${root}/a`), "old");
    assertEquals(await names(root), ["a"]);
  });
}
