/**
 * The examples in the client's documentation, run as they are printed.
 *
 * They connect to port 2121, as a reader would. Here the ports are those of servers of the test's
 * own: examples_preload.ts, which the runtime reads before each example, sends them there.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { testWith } from "../permission.ts";
import { NEEDS, octets, ours, withFolders } from "./stage.ts";

const PROJECT = new URL("../../", import.meta.url);

/** Every file of the client that a program can import; the command line is none. */
function library(folder = "client/"): string[] {
  return [...Deno.readDirSync(new URL(folder, PROJECT))].flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) return path === "client/cli" ? [] : library(`${path}/`);
    return path.endsWith(".ts") ? [path] : [];
  });
}

testWith(["read"], "examples of the client are all run, but those that need another host", () => {
  const ignored = library().flatMap((path) => {
    const text = Deno.readTextFileSync(new URL(path, PROJECT));
    const blocks = [...text.matchAll(/```ts ignore\n.*?```/gs)].map(([block]) => block);
    return blocks.filter((block) => !block.includes("ftp.example.org")).map(() => path);
  });
  assertEquals(ignored, []);
});

testWith(
  [...NEEDS, "run"],
  "examples of the client do what they say, on our server",
  () =>
    withFolders(async (root, here) => {
      await Deno.writeFile(`${root}/a.avi`, octets(10_000));
      await Deno.writeTextFile(`${root}/notes.txt`, "What is to be done.\n");
      await Deno.mkdir(`${root}/films/1970`, { recursive: true });
      await Deno.writeFile(`${here}/a.avi`, octets(10_000));
      const ftp = await ours.start(root, { protocol: "ftp", anonymous: "write" });
      const mini = await ours.start(root, { protocol: "mini", anonymous: "write" });
      try {
        const child = await new Deno.Command(Deno.execPath(), {
          args: [
            "test",
            "--doc",
            "--no-check",
            "--allow-net=127.0.0.1",
            `--allow-read`,
            `--allow-write=${here}`,
            "--allow-env=FTPLAB_EXAMPLE_PORTS",
            `--config=${fromFileUrl(new URL("deno.json", PROJECT))}`,
            `--preload=${fromFileUrl(new URL("examples_preload.ts", import.meta.url))}`,
            ...library().map((path) => fromFileUrl(new URL(path, PROJECT))),
          ],
          cwd: here,
          env: {
            FTPLAB_EXAMPLE_PORTS: `2121=${ftp.endpoint.port},8000=${mini.endpoint.port}`,
            NO_COLOR: "1",
          },
        }).output();
        const decoder = new TextDecoder();
        const [output, errors] = [decoder.decode(child.stdout), decoder.decode(child.stderr)];
        assert(child.success, `${output}\n${errors}`);
        const passed = Number(/(\d+) passed/.exec(output)?.[1]);
        const written = library().reduce(
          (sum, path) =>
            sum + Deno.readTextFileSync(new URL(path, PROJECT)).split("* ```ts\n").length - 1,
          0,
        );
        assertEquals(passed, written, output);
      } finally {
        await ftp.stop(0);
        await mini.stop(0);
      }
    }),
);
