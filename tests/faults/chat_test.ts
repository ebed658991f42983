/**
 * Clients of chat that leave while their questions are open: their sessions are gone with them,
 * and the operator's next answer goes to who is still there.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Child } from "../child.ts";
import { octets, readAll, readExactly, text, writeAll } from "../conformance/client.ts";
import { kinds } from "../conformance/variants.ts";
import { eventually } from "../eventually.ts";
import { testWith } from "../permission.ts";
import { Root } from "../served.ts";
import { descriptorsOf, flagsOf, NEEDS } from "./process.ts";

/** Threads of blocking. */
const THREADS = 8;

/** Clients that write and leave; of blocking, whose threads look round at times, fewer. */
const LEAVERS = 60, LEAVERS_OF_THREADS = 2 * THREADS;

/** Descriptors that the runtime may have opened meanwhile. */
const RUNTIME_DESCRIPTORS = 16;

/** Sessions that are open, by the counters that SIGUSR2 shows. */
async function sessionsOpen(server: Child): Promise<number> {
  server.kill("SIGUSR2");
  const line = await server.stdout.take(/^ftplab: stats .*\n/m);
  const { workers } = JSON.parse(line.slice(line.indexOf("{")));
  return workers.reduce(
    (sum: number, worker: { sessionsOpen: number }) => sum + worker.sessionsOpen,
    0,
  );
}

for (const variant of kinds) {
  testWith(NEEDS, `serve of chat forgets who has left [${variant.name}]`, async () => {
    using root = new Root();
    await using server = Child.serve(
      [...flagsOf(variant, root.path, THREADS), "--protocol", "chat", "--stats"],
      { input: true },
    );
    const { host, port } = await server.serving();
    const connect = () => Deno.connect({ hostname: host, port });
    const before = await descriptorsOf(server.pid);
    const isLarge = variant.model.name === "blocking"; // its threads stay, with their descriptors
    const leavers = isLarge ? LEAVERS_OF_THREADS : LEAVERS;
    for (let count = 0; count < leavers; count++) {
      const conn = await connect();
      await writeAll(conn, octets("hi"));
      await conn.closeWrite();
      assertEquals(text(await readAll(conn)), ""); // the server closes, and has no answer
    }
    await eventually("no session is open", async () => await sessionsOpen(server) === 0);
    if (!isLarge) {
      await eventually(
        "no more descriptors than before",
        async () => await descriptorsOf(server.pid) <= before + RUNTIME_DESCRIPTORS,
      );
    }

    const conn = await connect();
    await writeAll(conn, octets("still here"));
    await server.stdout.match(/still here/);
    // What is typed for those who have left goes to nobody: the first lines may be for them.
    for (let line = 0; line < 3; line++) await server.type("an answer");
    assertEquals(text(await readExactly(conn, 9)), "an answer");
    conn.close();
    server.kill("SIGTERM");
    assertEquals((await server.ended()).code, 0);
  }, variant.unavailable());
}
