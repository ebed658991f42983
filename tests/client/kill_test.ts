/**
 * A client that is killed in the middle of a transfer, twenty times: what is left is always
 * something to go on from, and the end is the same file.
 *
 * The places are drawn for each run; a failure shows them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { testWith } from "../permission.ts";
import { FOREIGN_NEEDS, SERVERS } from "./servers.ts";
import { arrived, names, octets, withFolders } from "./stage.ts";

const MAIN = new URL("../../main.ts", import.meta.url).href;

const KILLS = 20;

/** Larger than what the kernel keeps between the two ends of a connection. */
const SIZE = 24_000_000;

/** Octets per second of the client that is killed: all of it would take a second. */
const RATE = "24000k";

const LOOK_MS = 1;

/** How long a client may take to get anywhere; it starts in a fraction of a second. */
const RUN_MS_MAX = 60_000;

/** One place in each of as many stretches of the file, and none in the last one. */
function drawPlaces(): number[] {
  return Array.from(
    { length: KILLS },
    (_, index) => Math.max(1, Math.floor(SIZE * (index + Math.random()) / (KILLS + 1))),
  );
}

function client(port: number, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, "client", "--port", String(port), ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Runs the client until `folder` has `place` octets, then kills it. */
async function killAt(
  place: number,
  folder: string,
  port: number,
  args: readonly string[],
): Promise<void> {
  const child = client(port, [...args.slice(0, 1), "--limit-rate", RATE, ...args.slice(1)]);
  const deadline = performance.now() + RUN_MS_MAX;
  let ended = false;
  const status = child.status.then((status) => {
    ended = true;
    return status;
  });
  while (!ended && await arrived(folder) < place && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  try {
    child.kill("SIGKILL");
  } catch {
    // It has come to its end meanwhile.
  }
  const [{ signal, code }, error] = await Promise.all([status, new Response(child.stderr).text()]);
  assert(signal === "SIGKILL" || code === 0, error);
}

for (const direction of ["get", "put"] as const) {
  for (const server of SERVERS) {
    testWith(
      FOREIGN_NEEDS,
      `${direction} that is killed at ${KILLS} places ends as the same file [${server.name}]`,
      () =>
        withFolders(async (root, here) => {
          const running = await server.start(root);
          const places = drawPlaces();
          try {
            const content = octets(SIZE);
            const [from, to] = direction === "get" ? [root, here] : [here, root];
            await Deno.writeFile(`${from}/f`, content);
            await Deno.chmod(`${from}/f`, 0o644);
            const [local, remote] = [`${here}/f`, `${running.base}/f`];
            const args = direction === "get" ? [remote, "-o", local] : [local, "-o", remote];
            for (const place of places) {
              await killAt(place, to, running.port, [direction, "-c", ...args]);
              const isNamed = (await names(to)).includes("f");
              // A kill that came too late is none; nothing half-done has the name.
              const text = `half of it has the name at ${place} of ${places}`;
              assert(!isNamed || same(await Deno.readFile(`${to}/f`), content), text);
            }
            const last = client(running.port, [direction, "-c", ...args]);
            const [{ code }, error] = await Promise.all([
              last.status,
              new Response(last.stderr).text(),
            ]);
            assertEquals(code, 0, `${error} after ${places}`);
            assertEquals(await names(to), ["f"], `${places}`);
            assert(same(await Deno.readFile(`${to}/f`), content), `other octets after ${places}`);
          } finally {
            await running.stop();
          }
        }),
      server.skip,
    );
  }
}

/** As assertEquals, which would show every octet. */
function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((octet, index) => octet === right[index]);
}
