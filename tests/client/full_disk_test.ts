/**
 * Disks that are full, on either side: nothing half-written has a name, the old file stays, and
 * what can be gone on with is.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { type Need, testWith } from "../permission.ts";
import { names, octets, ours, run, withFolders } from "./stage.ts";

const RUNS: readonly Need[] = ["net", "read", "write", "run", "sys"];

const CONTENT = octets(3_000_000);

async function mount(path: string, size: string, ...more: string[]): Promise<boolean> {
  const args = ["-t", "tmpfs", "-o", [...more, `size=${size}`].join(","), "tmpfs", path];
  return (await new Deno.Command("mount", { args, stderr: "null" }).output()).success;
}

async function unmount(path: string): Promise<void> {
  await new Deno.Command("umount", { args: [path] }).output();
}

/** Why no disk can be made; a container's root may mount none. */
async function whyNoDisk(): Promise<string | undefined> {
  const isLacking = RUNS.some((name) =>
    Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state !== "granted"
  );
  if (isLacking) return undefined; // which testWith says
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "needs root, to mount a small disk";
  const path = await Deno.makeTempDir();
  try {
    if (!await mount(path, "1m")) return "needs the right to mount a small disk";
    await unmount(path);
    return undefined;
  } finally {
    await Deno.remove(path);
  }
}

/** Runs `body` with a disk of 1 MiB at `root` or `here`. */
async function withSmallDisk(
  where: "root" | "here",
  body: (root: string, here: string, grow: () => Promise<boolean>) => Promise<void>,
): Promise<void> {
  await withFolders(async (root, here) => {
    const path = where === "root" ? root : here;
    assert(await mount(path, "1m"), "a disk is mounted");
    try {
      await body(root, here, () => mount(path, "16m", "remount"));
    } finally {
      await unmount(path);
    }
  });
}

const skip = await whyNoDisk();

testWith(
  RUNS,
  "get onto a disk that becomes full keeps the part, and -c goes on from it",
  () =>
    withSmallDisk("here", async (root, here, grow) => {
      await Deno.writeFile(`${root}/a`, CONTENT);
      const server = await ours.start(root, { anonymous: "write" });
      const { port } = server.endpoint;
      try {
        const full = await run(port, ["get", "a", "-o", `${here}/a`]);
        assertEquals(full.status, EXIT.local, full.error);
        assertStringIncludes(full.error, `"${here}/a.part", get --continue goes on from there\n`);
        assertStringIncludes(
          full.error,
          `Cannot write "${here}/a.part": no space left on device\n`,
        );
        assertEquals(await names(here), [".a.part.json", "a.part"]);
        await grow();
        const { status, error } = await run(port, ["get", "-c", "a", "-o", `${here}/a`]);
        assertEquals(status, EXIT.ok, error);
        assertEquals(await names(here), ["a"]);
        assertEquals(await Deno.readFile(`${here}/a`), CONTENT);
      } finally {
        await server.stop(0);
      }
    }),
  skip,
);

testWith(
  RUNS,
  "put onto a disk that becomes full leaves the old file, and nothing else",
  () =>
    withSmallDisk("root", async (root, here, grow) => {
      await Deno.writeTextFile(`${root}/a`, "old");
      await Deno.writeFile(`${here}/a`, CONTENT);
      const server = await ours.start(root, { anonymous: "write" });
      const { port } = server.endpoint;
      try {
        const full = await run(port, ["put", "--retries", "0", `${here}/a`]);
        assertMatch(full.error, /: (452|552) [^\n]+\n$/);
        assertEquals(await names(root), ["a"]);
        assertEquals(await Deno.readTextFile(`${root}/a`), "old");
        await grow();
        const { status, error } = await run(port, ["put", "-c", `${here}/a`]);
        assertEquals(status, EXIT.ok, error);
        assertEquals(await names(root), ["a"]);
        assertEquals(await Deno.readFile(`${root}/a`), CONTENT);
      } finally {
        await server.stop(0);
      }
    }),
  skip,
);
