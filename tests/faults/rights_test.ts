/**
 * What the server may not do: files of others in folders where it may write, when it runs as
 * nobody; roots that the runtime does not let it read.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Child, servePermissions } from "../child.ts";
import { closeQuietly, octets } from "../conformance/client.ts";
import { missing, testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { flagsOf, lacking, NEEDS, ONE_OF_EACH, output } from "./process.ts";

/** The user "nobody", as whom the server runs. */
const NOBODY = 65_534;

/** Runs what follows it as nobody. */
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];

/** Why the server cannot be run as nobody here. */
function unswitchable(): string | undefined {
  if (missing(NEEDS).length > 0) return undefined;
  if (Deno.uid() !== 0) return "only root may become nobody";
  const [program, ...args] = AS_NOBODY;
  const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
  return lacking(program!, ...args, "true") ??
    (lacking(program!, ...args, "test", "-r", main) && "nobody may not read this project");
}

/** Where the runtime keeps what it has compiled and downloaded. */
async function cacheFolder(): Promise<string> {
  const { denoDir } = JSON.parse(await output(Deno.execPath(), "info", "--json"));
  return denoDir;
}

const absentNobody = unswitchable();

for (const variant of ONE_OF_EACH) {
  testWith(
    NEEDS,
    `serve as nobody does not replace a file that it may not write [${variant.name}]`,
    async () => {
      using root = new Root();
      using cache = new Root();
      // The runtime and its cache are where nobody may not look, npm's below root's home.
      const runtime = `${cache.path}/deno`;
      await Deno.copyFile(Deno.execPath(), runtime);
      await output("cp", "-r", `${await cacheFolder()}/npm`, cache.path);
      await output("chown", "-R", `${NOBODY}`, cache.path);
      await output("chmod", "755", cache.path);
      await Deno.chmod(root.path, 0o777);
      for (const [name, mode] of [["theirs", 0o444], ["secret", 0o600], ["open", 0o666]] as const) {
        await Deno.writeTextFile(`${root.path}/${name}`, "old");
        await Deno.chmod(`${root.path}/${name}`, mode);
      }
      await using server = Child.serve(
        [...flagsOf(variant, root.path), "--anonymous", "write"],
        { wrapper: [...AS_NOBODY, "env", `DENO_DIR=${cache.path}`], runtime, cwd: root.path },
      );
      const ftp = await login(await server.serving());
      for (const name of ["theirs", "secret"]) {
        for (const verb of ["STOR", "APPE"]) await ftp.refused(`${verb} ${name}`, [550, 553]);
        const data = await ftp.passive();
        await ftp.command("REST 1", 350);
        await ftp.command(`STOR ${name}`, [550, 553]);
        closeQuietly(data);
        const { uid } = await Deno.stat(`${root.path}/${name}`);
        assertEquals([await Deno.readTextFile(`${root.path}/${name}`), uid], ["old", 0]);
      }
      await ftp.put("STOR open", octets("new")); // anybody may write to it
      assertEquals(await Deno.readTextFile(`${root.path}/open`), "new");
      assertEquals((await Deno.stat(`${root.path}/open`)).mode! & 0o7777, 0o666);
      assert(!(await ftp.list("NLST -a")).some((name) => name.endsWith(".ftplab-part")));
      ftp.close();
    },
    variant.unavailable() ?? absentNobody,
  );
}

/** Folders for which the runtime wants to be allowed everything. */
const FOLDERS = ["/dev", "/proc", "/sys"];

testWith(
  NEEDS,
  "serve of a root below /dev, /proc or /sys says what the runtime wants",
  async () => {
    for (const folder of FOLDERS) {
      const args = ["serve", "--port", "0", "--root", folder];
      await using server = Child.main(args, { permissions: servePermissions() });
      const { code, stdout, stderr } = await server.ended();
      assertMatch(stderr, /^ftplab: [^\n]*--allow-all[^\n]*\n$/);
      assertEquals([code, stdout], [1, ""]);
    }
  },
);

testWith(NEEDS, "serve of a root below /dev with --allow-all serves it", async () => {
  const folder = await Deno.makeTempDir({ dir: "/dev/shm", prefix: "ftplab-root-" });
  try {
    await Deno.writeTextFile(`${folder}/a`, "content");
    await using server = Child.main(
      ["serve", "--port", "0", "--root", folder],
      { permissions: ["--allow-all"] },
    );
    const ftp = await login(await server.serving());
    assertEquals((await ftp.fetch("RETR a")).length, 7);
    ftp.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}, lacking("test", "-w", "/dev/shm"));
