/**
 * put against servers that people have: where a file gets its name by renaming, and where nobody
 * may rename.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { testWith } from "../permission.ts";
import { DROP_BOXES, type ServerKind, SERVERS } from "./servers.ts";
import { names, octets, type Outcome, run, withFolders } from "./stage.ts";

/** A server, and what to put on it. */
interface Room {
  readonly here: string;
  /** What is served, on the disk, and its path on the server with a "/" at the end. */
  readonly folder: string;
  readonly prefix: string;
  put(...args: string[]): Promise<Outcome>;
}

function on(kind: ServerKind, name: string, body: (room: Room) => Promise<void>): void {
  testWith(kind.needs, `${name} [${kind.name}]`, () =>
    withFolders(async (root, here) => {
      const server = await kind.start(root);
      try {
        const put = (...args: string[]) => run(server.port, ["put", "--retries", "0", ...args]);
        await body({ here, folder: root, prefix: `${server.base}/`, put });
      } finally {
        await server.stop();
      }
    }), kind.skip);
}

for (const kind of SERVERS) {
  on(kind, "put stores a file, then another one over it", async ({ here, folder, prefix, put }) => {
    for (const content of [octets(300_000), octets(200_000), octets(0)]) {
      await Deno.writeFile(`${here}/a`, content);
      const { status, error } = await put(`${here}/a`, "-o", `${prefix}a`);
      assertEquals(status, EXIT.ok, error);
      assertEquals(await Deno.readFile(`${folder}/a`), content);
      assertEquals(await names(folder), ["a"]);
    }
  });

  on(kind, "put into the name of a directory stores nothing", async (room) => {
    const { here, folder, prefix, put } = room;
    await Deno.mkdir(`${folder}/a`);
    await Deno.writeTextFile(`${here}/a`, "new");
    const { status, error } = await put(`${here}/a`, "-o", `${prefix}a`);
    assertEquals([status, error], [
      EXIT.local,
      `Cannot store "${prefix}a": it is a directory\n`,
    ]);
    assertEquals([await names(folder), await names(`${folder}/a`)], [["a"], []]);
  });
}

for (const kind of DROP_BOXES) {
  on(
    kind,
    "put where nobody may rename stores a new file and leaves nothing else",
    async (room) => {
      const { here, folder, prefix, put } = room;
      await Deno.writeFile(`${here}/a`, octets(300_000));
      const { status, error } = await put(`${here}/a`, "-o", `${prefix}a`);
      assertEquals(status, EXIT.ok, error);
      assertEquals(await Deno.readFile(`${folder}/a`), octets(300_000));
      assertEquals(await names(folder), ["a"]);
    },
  );

  on(kind, "put where nobody may rename replaces nothing by itself", async (room) => {
    const { here, folder, prefix, put } = room;
    await Deno.writeTextFile(`${folder}/a`, "old");
    await Deno.writeTextFile(`${here}/a`, "new");
    const { status, error } = await put(`${here}/a`, "-o", `${prefix}a`);
    assertEquals(status, EXIT.refused);
    assertStringIncludes(
      error,
      `Cannot replace "${prefix}a" in one step, --direct does it in place`,
    );
    assertEquals(await Deno.readTextFile(`${folder}/a`), "old");
    assertEquals(await names(folder), ["a"]);
  });
}
