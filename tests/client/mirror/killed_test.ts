/**
 * A mirror that is killed at some moment, and another one after it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Child } from "../../child.ts";
import { type Need, SERVER_NEEDS, testWith } from "../../permission.ts";
import { octets, run, withFolders } from "../stage.ts";
import { SERVERS } from "../servers.ts";

const FILES = 300;
const ROUNDS = 3;

/** How often and after which wait the folder is looked at, until enough files are there. */
const LOOKS_MAX = 2_000;
const LOOK_MS = 10;

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

async function count(folder: string): Promise<number> {
  let found = 0;
  for await (const _ of Deno.readDir(folder)) found++;
  return found;
}

async function contents(folder: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const { name } of Deno.readDir(folder)) {
    const bytes = await Deno.readFile(`${folder}/${name}`);
    // What is in the file decides, and so does its length.
    found.set(name, bytes.reduce((sum, octet, index) => (sum * 31 + octet + index) >>> 0, 7));
  }
  return new Map([...found].sort());
}

const [kind] = SERVERS;
testWith(
  NEEDS,
  "a mirror that was killed goes on to equal trees",
  () =>
    withFolders(async (root, here) => {
      const content = octets(40_000);
      for (let index = 0; index < FILES; index++) {
        await Deno.writeFile(`${root}/f${index}`, content.subarray(0, 30_000 + index));
      }
      const server = await kind!.start(root);
      try {
        const args = ["mirror", "-q", "-P", "8", "/", here];
        for (let round = 1; round <= ROUNDS; round++) {
          await using child = Child.main(["client", "--port", String(server.port), ...args], {
            permissions: ["--allow-all"],
          });
          for (let looks = 0; looks < LOOKS_MAX && await count(here) < round * 60; looks++) {
            await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
          }
          child.kill("SIGKILL");
          await child.ended();
        }
        const { status, error } = await run(server.port, args);
        assertEquals([status, error], [0, ""]);
        assertEquals(await contents(here), await contents(root));
      } finally {
        await server.stop();
      }
    }),
  kind!.skip,
);
