/**
 * Names on a server of others that has no MLSD: those that begin with a dot, and those that are
 * not UTF-8.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { connect } from "../../client/mod.ts";
import { testWith } from "../permission.ts";
import { absentServer, FOREIGN_NEEDS, openToAll, startForeign } from "./servers.ts";
import { octets, run, withFolders } from "./stage.ts";

const skip = absentServer("vsftpd");

/** Runs `body` with a port at which vsftpd serves `root`, where incoming takes uploads. */
async function withVsftpd(body: (port: number, root: string) => Promise<void>): Promise<void> {
  await withFolders(async (root) => {
    await Deno.mkdir(`${root}/incoming`);
    await openToAll(`${root}/incoming`);
    await openToAll(root);
    // It serves no root that its users may write to.
    await Deno.chmod(root, 0o755);
    const server = await startForeign("vsftpd", root);
    try {
      await body(server.port, root);
    } finally {
      await server.stop();
    }
  });
}

testWith(
  FOREIGN_NEEDS,
  "vsftpd tells of names that begin with a dot",
  () =>
    withVsftpd(async (port, root) => {
      await Deno.mkdir(`${root}/incoming/tree/.below`, { recursive: true });
      for (const name of ["incoming/.hidden", "incoming/tree/.a", "incoming/tree/.below/b"]) {
        await Deno.writeTextFile(`${root}/${name}`, "x");
      }
      await using client = await connect({ port });
      assertEquals(client.features.has("MLST"), false);
      const listed = (await client.list("incoming")).map(({ name }) => name);
      assertEquals(listed.sort(), [".hidden", "tree"]);
      assertEquals((await client.stat("incoming/.hidden")).size, 1);
      const below: string[] = [];
      for await (const entry of client.entries("incoming/tree")) below.push(entry.name);
      assertEquals(below.sort(), [".a", ".below"]);
      assertEquals((await run(port, ["ls", "-a", "incoming"])).output, ".hidden\ntree\n");
    }),
  skip,
);

testWith(
  FOREIGN_NEEDS,
  "vsftpd keeps the octets of a name, whatever it is called here",
  () =>
    withVsftpd(async (port) => {
      await using client = await connect({ port });
      const content = octets(1000);
      await client.upload(content, "incoming/caf\udce9");
      const screen = { outTerminal: true, columns: 40 };
      assertEquals((await run(port, ["ls", "incoming"], screen)).output, "caf\\xe9\n");
      assertEquals((await run(port, ["--encoding", "latin1", "ls", "incoming"])).output, "café\n");
      const form = "incoming/caf\\xe9";
      const got = await run(port, ["--escapes", "cat", form]);
      assertEquals([got.status, got.error], [0, ""]);
      assertEquals(await client.readFile("incoming/caf\udce9"), content);
      await using latin1 = await connect({ port, encoding: "latin1" });
      assertEquals(await latin1.readFile("incoming/café"), content);
    }),
  skip,
);
