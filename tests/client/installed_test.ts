/**
 * The client as a command of its own: README's lines as they stand, then what they made, used where
 * nothing of the project is.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { missing, testWith } from "../permission.ts";
import { NEEDS, ours, withFolders } from "./stage.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));

/** The lines that README has for it, from the first to the one before any other program. */
function recipe(readme: string): string {
  const lines = readme.split("\n");
  const start = lines.findIndex((line) => line.startsWith("    deno bundle "));
  const end = lines.findIndex((line, at) => at > start && line.startsWith("    mkdir "));
  assert(start >= 0 && end > start, "README says how the client is packed and installed");
  return lines.slice(start, end).join("\n");
}

async function sh(line: string, cwd: string, env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `deno() { "$DENO" "$@"; }\n${line}`],
    cwd,
    env: { ...env, DENO: Deno.execPath(), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What the runtime packs with comes from the registry the first time. */
async function unpackable(): Promise<string | undefined> {
  if (missing(["run"]).length > 0) return undefined; // the name of the test says that
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "server/unreachable.ts"],
    cwd: PROJECT,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success ? undefined : "deno bundle has not what it needs";
}

testWith(
  [...NEEDS, "run", "env"],
  "the client as README packs and installs it needs no file of the project",
  () =>
    withFolders(async (root, here) => {
      await Deno.writeTextFile(`${root}/a`, "12345");
      const home = `${here}/home`;
      await Deno.mkdir(home);
      const { denoDir } = JSON.parse(
        (await sh("deno info --json", here, {})).stdout,
      ) as { readonly denoDir: string };
      const env = { HOME: home, DENO_DIR: denoDir, DENO_INSTALL_ROOT: `${home}/.deno` };
      const made = await sh(recipe(await Deno.readTextFile(`${PROJECT}README.md`)), PROJECT, env);
      assertEquals(made.code, 0, made.stderr);

      const ftplab = (args: string) =>
        sh(`PATH="$(dirname "$DENO"):$PATH" exec "$HOME/.deno/bin/ftplab" ${args}`, here, env);
      const server = await ours.start(root, { anonymous: "write" });
      try {
        const { port } = server.endpoint;
        const got = await ftplab(`client get -q ftp://127.0.0.1:${port}/a`);
        assertEquals([got.code, got.stderr], [0, ""]);
        assertEquals(await Deno.readTextFile(`${here}/a`), "12345");
        const listed = await ftplab(`client --port ${port} ls -l`);
        assertMatch(listed.stdout, / a\n$/);
        const mirrored = await ftplab(`client mirror -q ftp://127.0.0.1:${port}/ m`);
        assertEquals([mirrored.code, mirrored.stderr], [0, ""]);
        assertEquals(await Deno.readTextFile(`${here}/m/a`), "12345");
      } finally {
        await server.stop(0);
      }
      assertMatch(
        (await ftplab("client get --help")).stdout,
        /^Usage: ftplab client \[FLAGS\] get /,
      );
      assertMatch((await ftplab("client completions bash")).stdout, /complete -F/);
      const served = await ftplab("serve");
      assertEquals(
        [served.code, served.stdout, served.stderr],
        [2, "", "ftplab: This is the client alone: serve needs the project's files\n"],
      );
    }),
  await unpackable(),
);
