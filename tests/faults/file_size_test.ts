/**
 * A limit on the size of files (setrlimit(2), RLIMIT_FSIZE; ulimit -f, LimitFSIZE= of systemd):
 * an upload that passes it is refused, and nobody else hears of it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Child } from "../child.ts";
import { closeQuietly, pattern, writeAll } from "../conformance/client.ts";
import { variants } from "../conformance/variants.ts";
import { testWith } from "../permission.ts";
import { LARGE_BYTES, login, Root } from "../served.ts";
import { flagsOf, lacking, NEEDS, output } from "./process.ts";

/** More than a ring takes into its memory, so that all ways into a file are tried. */
const MORE = pattern(300_000);

const unlimitable = lacking("prlimit", "--fsize=1000000:", "true");

for (const variant of variants) {
  testWith(
    NEEDS,
    `serve refuses what passes the limit on the size of files [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = Child.serve([
        ...flagsOf(variant, root.path),
        ...["--anonymous", "write"],
      ]);
      const endpoint = await server.serving();
      // Only now: the runtime's own files at its start are larger than one cares to send.
      await output("prlimit", `--fsize=${LARGE_BYTES + 1}`, "--pid", `${server.pid}`);
      const ftp = await login(endpoint);
      const data = await ftp.begin("APPE large");
      await writeAll(data, MORE).catch(() => {}); // it is cut off
      closeQuietly(data);
      await ftp.reply(552);
      const next = await login(endpoint);
      await next.put("STOR small", MORE);
      assertEquals((await next.fetch("RETR small")).length, MORE.length);
      next.close();
      ftp.close();
      server.kill("SIGTERM");
      const { code, signal } = await server.ended();
      assertEquals([code, signal], [0, null]);
    },
    variant.unavailable() ?? unlimitable,
  );
}
