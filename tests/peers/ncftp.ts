/**
 * ncftpget, ncftpput and ncftpls.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertBytes, pattern } from "../conformance/client.ts";
import { type Cases, type Target, WRITER } from "../conformance/target.ts";
import { Desk } from "./program.ts";

function account({ endpoint }: Target): string[] {
  return ["-u", WRITER.user, "-p", WRITER.password, "-P", `${endpoint.port}`, "-t", "8", "-r", "1"];
}

/** The cases by name. */
export const ncftpCases: Cases = {
  "ncftpget fetches files, passive and active": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", pattern(300_000));
    await target.write("b", pattern(10));
    for (const connection of ["-F", "-E"]) {
      const { host } = target.endpoint;
      const names = ["a", "b"].map((name) => `${target.folder}/${name}`);
      await desk.run("ncftpget", ["-V", connection, ...account(target), host, ".", ...names]);
      assertBytes(await desk.read("a"), pattern(300_000));
      assertBytes(await desk.read("b"), pattern(10));
      await Deno.remove(desk.path("a"));
    }
  },

  "ncftpget goes on with a part": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", pattern(300_000));
    await desk.write("a", pattern(300_000).subarray(0, 100_000));
    const { host } = target.endpoint;
    await desk.run("ncftpget", ["-V", "-z", ...account(target), host, ".", `${target.folder}/a`]);
    assertBytes(await desk.read("a"), pattern(300_000));
  },

  "ncftpget -R fetches a tree": async (target) => {
    const desk = await Desk.open(target);
    await Deno.mkdir(target.path("t/d"), { recursive: true });
    await target.write("t/a", pattern(1000));
    await target.write("t/d/b", pattern(2000));
    const { host } = target.endpoint;
    await desk.run("ncftpget", ["-V", "-R", ...account(target), host, ".", `${target.folder}/t`]);
    assertBytes(await desk.read("t/a"), pattern(1000));
    assertBytes(await desk.read("t/d/b"), pattern(2000));
  },

  "ncftpput sends files and trees": async (target) => {
    const desk = await Desk.open(target);
    await Deno.mkdir(desk.path("t/d"), { recursive: true });
    await desk.write("a", pattern(300_000));
    await desk.write("t/b", pattern(1000));
    await desk.write("t/d/c", pattern(2000));
    const { host } = target.endpoint;
    await desk.run("ncftpput", ["-V", ...account(target), host, target.folder, "a"]);
    await desk.run("ncftpput", ["-V", "-R", ...account(target), host, target.folder, "t"]);
    assertBytes(await target.read("a"), pattern(300_000));
    assertBytes(await target.read("t/b"), pattern(1000));
    assertBytes(await target.read("t/d/c"), pattern(2000));
  },

  "ncftpput -A appends, -m makes the folder": async (target) => {
    const desk = await Desk.open(target);
    await desk.write("a", "two");
    await target.write("a", "one ");
    const { host } = target.endpoint;
    await desk.run("ncftpput", ["-V", "-A", ...account(target), host, target.folder, "a"]);
    assertEquals(await target.readText("a"), "one two");
    await desk.run("ncftpput", ["-V", "-m", ...account(target), host, `${target.folder}/d`, "a"]);
    assertEquals(await target.readText("d/a"), "two");
  },

  "ncftpls lists": async (target) => {
    const desk = await Desk.open(target);
    await target.write("a", "");
    await target.mkdir("d");
    const { host } = target.endpoint;
    const { stdout } = await desk.run("ncftpls", [
      "-1",
      ...account(target),
      `ftp://${host}${target.folder}/`,
    ]);
    assertEquals(stdout.trim().split(/\s+/).sort(), ["a", "d"]);
  },
};
