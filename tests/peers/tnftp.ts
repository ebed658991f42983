/**
 * tnftp, the BSD client, driven by a script on its standard input.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertBytes, pattern } from "../conformance/client.ts";
import { type Cases, type Target, WRITER } from "../conformance/target.ts";
import { Desk } from "./program.ts";

/** Runs the lines of a session; tnftp says on stdout what it did. */
async function tnftp(desk: Desk, target: Target, mode: "-A" | "-p", ...lines: string[]) {
  const { host, port } = target.endpoint;
  const script = [
    `open ${host} ${port}`,
    `user ${WRITER.user} "${WRITER.password}"`,
    `cd ${target.folder}`,
    ...lines,
    "quit",
    "",
  ];
  const { stdout } = await desk.run("tnftp", ["-n", "-i", "-v", "-d", mode], {
    stdin: script.join("\n"),
  });
  return stdout;
}

/** The cases by name. */
export const tnftpCases: Cases = {
  ...Object.fromEntries((["-p", "-A"] as const).map((mode) => [
    `get, put, ls and mget, ${mode === "-p" ? "passive" : "active"}`,
    async (target) => {
      const desk = await Desk.open(target);
      await target.write("a", pattern(300_000));
      await target.write("m1", pattern(1000, 1));
      await target.write("m2", pattern(1000, 2));
      await desk.write("b", pattern(300_000, 2));
      const said = await tnftp(desk, target, mode, "binary", "get a", "put b", "mget m*", "ls");
      assertBytes(await desk.read("a"), pattern(300_000));
      assertBytes(await target.read("b"), pattern(300_000, 2));
      assertBytes(await desk.read("m1"), pattern(1000, 1));
      assertBytes(await desk.read("m2"), pattern(1000, 2));
      assertStringIncludes(said, "m2");
    },
  ])) as Cases,

  "text both ways": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "one\ntwo\n");
    await desk.write("b", "three\nfour\n");
    await tnftp(desk, target, "-p", "ascii", "get a", "put b");
    assertEquals(new TextDecoder().decode(await desk.read("a")), "one\ntwo\n");
    assertEquals(await target.readText("b"), "three\nfour\n");
  },

  "reget goes on, append adds": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", pattern(300_000));
    await desk.write("a", pattern(300_000).subarray(0, 100_000));
    await target.write("b", "one ");
    await desk.write("b", "two");
    await tnftp(desk, target, "-p", "binary", "reget a", "append b b");
    assertBytes(await desk.read("a"), pattern(300_000));
    assertEquals(await target.readText("b"), "one two");
  },

  "folders, names, sizes and times": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "12345");
    const said = await tnftp(
      desk,
      target,
      "-p",
      "binary",
      "mkdir d",
      "rename a d/b",
      "chmod 600 d/b",
      "size d/b",
      "modtime d/b",
      "cd d",
      "pwd",
      "cdup",
      "mlsd d",
      "mlst d/b",
      "features",
      "remotehelp",
      "rstatus",
      "system",
      "quote NOOP",
      "delete d/b",
      "rmdir d",
    );
    await target.holds();
    assertStringIncludes(said, "213 5");
    assertStringIncludes(said, `${target.folder}/d`);
  },

  "sunique and runique": async (target) => {
    const desk = await Desk.open(target);
    await desk.write("a", "content");
    const said = await tnftp(desk, target, "-p", "binary", "sunique", "put a");
    const [name] = await target.names();
    assertStringIncludes(said, name!);
    assertEquals(await target.readText(name!), "content");
  },
};
