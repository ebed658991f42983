/**
 * Several event loops over one listener: how evenly their connections spread, how many accepts find
 * nobody, and that a stop amid a burst leaves nothing open.
 *
 * The async model is not among them: its workers listen each on their own, and the kernel's hash
 * spreads over them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { models, serveOptions, type ServeParts, type Server } from "../../../models/mod.ts";
import { missing, SERVER_NEEDS, testWith } from "../../permission.ts";
import { Root } from "../../served.ts";

/** Connections of one case. */
const CONNECTIONS = 64;

/** Looks at the counters until what is expected is there; each waits LOOK_MS. */
const LOOKS_MAX = 2_000, LOOK_MS = 5;

/** What the runtime may have opened meanwhile for itself; a burst that leaks is more. */
const RUNTIME_DESCRIPTORS = 8;

const LOOPS: readonly (readonly [model: string, parts: Partial<ServeParts>])[] = [
  ["polling", {}],
  ["multiplex", { selector: "select" }],
  ["multiplex", { selector: "poll" }],
  ["multiplex", { selector: "epoll", trigger: "level" }],
  ["multiplex", { selector: "epoll", trigger: "edge" }],
  ["uring", {}],
];

function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** Waits until `enough`, or gives up: an assertion of the test then says what is wrong. */
async function until(enough: () => boolean): Promise<void> {
  for (let looks = 0; !enough() && looks < LOOKS_MAX; looks++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function open(server: Server): number[] {
  return server.stats().map(({ sessionsOpen }) => sessionsOpen);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Connects once; resolves when the server has spoken. */
async function connect({ address }: Server): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname: address.host, port: address.port });
  await conn.read(new Uint8Array(256));
  return conn;
}

/** CONNECTIONS connections, one after the other or all at once. */
async function connectAll(server: Server, burst: boolean): Promise<Deno.Conn[]> {
  if (burst) return await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(server)));
  const conns: Deno.Conn[] = [];
  while (conns.length < CONNECTIONS) conns.push(await connect(server));
  return conns;
}

for (const [name, parts] of LOOPS) {
  const model = models.get(name)!;
  const absent = missing(["ffi"]).length > 0 ? undefined : model.unavailable();
  const label = [name, parts.selector, parts.trigger].filter((part) => part !== undefined);

  const serve = (workers: number, root: string) =>
    model.serve(serveOptions({ ...parts, root, port: 0, workers }));

  for (const workers of [2, 4]) {
    testWith(
      SERVER_NEEDS,
      `Workers get sessions by a factor of two at most, one by one and in a burst ` +
        `[${label.join(", ")}, ${workers} workers]`,
      async () => {
        using root = new Root();
        const server = await serve(workers, root.path);
        for (const burst of [false, true]) {
          const conns = await connectAll(server, burst);
          const spread = open(server);
          assertEquals(sum(spread), CONNECTIONS);
          assert(Math.max(...spread) <= 2 * Math.min(...spread), `${spread}`);
          for (const conn of conns) conn.close();
          await until(() => sum(open(server)) === 0);
        }
        const { sessions, emptyAccepts } = server.stats().reduce((total, worker) => ({
          sessions: total.sessions + worker.sessions,
          emptyAccepts: total.emptyAccepts + worker.emptyAccepts,
        }), { sessions: 0, emptyAccepts: 0 });
        assertEquals(sessions, 2 * CONNECTIONS);
        // One for each turn that accepts; polling tries without being told.
        if (name !== "polling") assert(emptyAccepts <= sessions, `${emptyAccepts} found nobody`);
        await server.stop(0);
      },
      absent,
    );
  }

  testWith(
    [...SERVER_NEEDS, "read"],
    `Server.stop amid a burst leaves no descriptor open [${label.join(", ")}]`,
    async () => {
      using root = new Root();
      const before = openDescriptors();
      for (let round = 0; round < 2; round++) {
        const server = await serve(4, root.path);
        const { host: hostname, port } = server.address;
        const burst = Array.from(
          { length: CONNECTIONS },
          () => Deno.connect({ hostname, port }).then((conn) => conn.close(), () => {}),
        );
        await burst[0];
        await Promise.all([server.stop(0), ...burst]);
      }
      await until(() => openDescriptors() <= before + RUNTIME_DESCRIPTORS);
      assert(openDescriptors() <= before + RUNTIME_DESCRIPTORS, `${openDescriptors() - before}`);
    },
    absent,
  );
}
