/**
 * Locks on what is written and read here, on file systems that have none and on those whose locks
 * keep all other readers out: neither is at hand, so the runtime's calls stand in for them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { EXIT } from "../../client/cli/mod.ts";
import { names, octets, remembered, run, served } from "./stage.ts";
import type { Habits } from "./memory_files.ts";

const CONTENT = octets(300_000);
const THEN = new Date("2026-01-02T03:04:05Z");

/** Runs `body` with another method in the place of one of `owner`. */
async function replacing<T, K extends keyof T>(
  owner: T,
  name: K,
  method: T[K],
  body: () => Promise<void>,
): Promise<void> {
  const own = owner[name];
  owner[name] = method;
  try {
    await body();
  } finally {
    owner[name] = own;
  }
}

for (
  const reason of ["No locks available (os error 37)", "Function not implemented (os error 38)"]
) {
  served(`get goes on where locking says: ${reason}`, async ({ root, here, client }) => {
    await Deno.writeFile(`${root}/a`, CONTENT);
    const refuse = () => {
      throw new Error(reason);
    };
    await replacing(Deno.FsFile.prototype, "tryLockSync", refuse, async () => {
      const { status, error } = await client(["get", "a", "-o", `${here}/a`]);
      assertEquals(status, EXIT.ok, error);
    });
    assertEquals(await Deno.readFile(`${here}/a`), CONTENT);
    assertEquals(await names(here), ["a"]);
  });
}

let cut: number | undefined;
const CUTS: Habits = { cutsAfter: () => cut };

/** Opens nothing that has a lock, as Windows reads nothing of it by another handle. */
const opening = (locked: string): typeof Deno.open => {
  const { open } = Deno;
  return (path, options) => {
    if (path === locked) throw new Error("The file is locked by another handle (os error 33)");
    return open(path, options);
  };
};

remembered(
  "get -c reads the end of its part by the handle that has the lock",
  CUTS,
  async (stage) => {
    const { here, memory, server } = stage;
    const get = (...flags: string[]) =>
      run(server.address.port, ["get", "--retries", "0", ...flags, "/a", "-o", `${here}/a`]);
    memory.put("/a", CONTENT, THEN);
    cut = 100_000;
    assertEquals((await get()).status, EXIT.retry);
    cut = undefined;
    await replacing(Deno, "open", opening(`${here}/a.part`), async () => {
      const { status, error } = await get("-c");
      assertEquals(status, EXIT.ok, error);
    });
    assertEquals(server.commands.includes("REST 83616"), true);
    assertEquals(await Deno.readFile(`${here}/a`), CONTENT);
  },
);

remembered(
  "put -c reads the end of its file by the handle that has the lock",
  {},
  async (stage) => {
    const { here, memory, client } = stage;
    await Deno.writeFile(`${here}/a`, CONTENT);
    assertEquals((await client(["put", `${here}/a`])).status, EXIT.ok);
    const { open } = Deno;
    let opened = 0;
    const once: typeof Deno.open = (path, options) => {
      if (path === `${here}/a` && opened++ > 0) throw new Error("It is locked (os error 33)");
      return open(path, options);
    };
    await replacing(Deno, "open", once, async () => {
      assertEquals(await client(["put", "-c", `${here}/a`]), {
        status: EXIT.ok,
        output: "",
        error: "a: already complete\n",
      });
    });
    assertEquals(memory.files.get("a")!.content, CONTENT);
  },
);
