/**
 * Servers that run out: of descriptors while threads are wanted, of a reader for what they print,
 * of memory for listings that nobody reads. They refuse or drop, say so, and end when told to.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Child, servePermissions } from "../child.ts";
import { Conversation, type Endpoint, octets, readAll, writeAll } from "../conformance/client.ts";
import { kinds } from "../conformance/variants.ts";
import { eventually } from "../eventually.ts";
import { testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { flagsOf, growth, lacking, memoryOf, NEEDS, ONE_OF_EACH } from "./process.ts";

/** Descriptors of a server, and clients that want more of them than there are. */
const DESCRIPTORS = 90, CROWD = 100;

const unlimitable = lacking("prlimit", "--nofile=64:64", "true");

for (const variant of kinds) {
  testWith(
    NEEDS,
    `serve with ${DESCRIPTORS} descriptors outlives ${CROWD} clients [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = Child.serve(flagsOf(variant, root.path, 64), {
        wrapper: ["prlimit", `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`],
      });
      const endpoint = await server.serving();
      const crowd = await Promise.all(
        Array.from({ length: CROWD }, () => Conversation.connect(endpoint)),
      );
      // Some are served, some hear 421, some wait: none of it ends the server.
      const first = crowd.map((ftp) => ftp.reply([220, 421]));
      first.forEach((greeting) => greeting.catch(() => {})); // it ends with the connection
      await Promise.any(first);
      await server.stderr.match(/too many open files/i);
      for (const ftp of crowd) ftp.close();
      await Promise.allSettled(first);
      const ftp = await login(endpoint);
      assert((await ftp.list("NLST")).includes("large"));
      ftp.close();
      server.kill("SIGTERM");
      const { code, signal, stderr } = await server.ended();
      assertEquals([code, signal, /panicked|bug/.exec(stderr)], [0, null, null]);
    },
    variant.unavailable() ?? unlimitable,
  );
}

/** Messages that are more than a pipe and a stream's buffer take, and the length of each. */
const HELLOS = 400, HELLO_BYTES = 1_000;

/** A server whose output nobody reads behind its first line. */
class Unread implements AsyncDisposable {
  readonly process: Deno.ChildProcess;

  constructor(flags: readonly string[]) {
    const main = new URL("../../main.ts", import.meta.url).pathname;
    this.process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...servePermissions(), main, "serve", ...flags],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async serving(): Promise<Endpoint> {
    const reader = this.process.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    const match = / on (\S+):(\d+), model /.exec(new TextDecoder().decode(value));
    assert(match !== null, "It does not serve");
    return { host: match[1]!, port: Number(match[2]) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.process.status;
    await this.process.stdout.cancel();
    await this.process.stderr.cancel();
  }
}

/** A client of hello with a long message. */
async function greets({ host, port }: Endpoint, message: Uint8Array): Promise<void> {
  const conn = await Deno.connect({ hostname: host, port });
  await writeAll(conn, message);
  await readAll(conn).catch(() => {}); // closed with octets unread: a reset
}

/** How long a server without a reader may take to end: a guard, it needs a moment. */
const END_MS_MAX = 15_000;

for (const variant of kinds) {
  testWith(
    NEEDS,
    `serve ends on SIGTERM though nobody reads what it prints [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = new Unread([
        ...flagsOf(variant, root.path),
        ...["--protocol", "hello", "--grace", "1"],
      ]);
      const endpoint = await server.serving();
      const message = octets("m".repeat(HELLO_BYTES));
      for (let count = 0; count < HELLOS; count++) await greets(endpoint, message);
      server.process.kill("SIGTERM");
      const guard = setTimeout(() => server.process.kill("SIGKILL"), END_MS_MAX);
      const { code, signal } = await server.process.status;
      clearTimeout(guard);
      assertEquals([code, signal], [0, null]);
    },
    variant.unavailable(),
  );
}

/** Names in the folder whose listing nobody reads, clients who ask for it, commands in a write. */
const NAMES = 30_000, LISTERS = 8, STATUS_COMMANDS = 2_000;

/** What a server may grow by: the heaps of its threads as they are collected, and no listings. */
const GROWTH_KIB_MAX = 65_536;

/** Async: the runtime reads all names of a folder at once, as objects that it drops again. */
const ASYNC_LISTINGS_KIB_MAX = 4 * GROWTH_KIB_MAX;

/** A folder of many names for all tests of this file, made at the first use. */
let crowded: Root | undefined;

function crowdedRoot(): Root {
  if (crowded !== undefined) return crowded;
  crowded = new Root();
  Deno.mkdirSync(`${crowded.path}/many`);
  Deno.mkdirSync(`${crowded.path}/some`);
  Deno.writeTextFileSync(`${crowded.path}/many/a name of some length 0`, "");
  Deno.writeTextFileSync(`${crowded.path}/some/a name of some length 0`, "");
  // Links to a few files: ext4 lets a file have 65,000 of them.
  for (let count = 1; count < NAMES; count++) {
    const folder = count % 10 === 0 ? "some" : "many";
    const path = `${crowded.path}/${folder}/a name of some length`;
    Deno.linkSync(`${path} 0`, `${path} ${count}`);
  }
  return crowded;
}

Deno.test.afterAll(() => crowded?.[Symbol.dispose]());

for (const variant of ONE_OF_EACH) {
  testWith(
    NEEDS,
    `serve makes no listing that nobody reads [${variant.name}]`,
    async () => {
      const { path } = crowdedRoot();
      await using server = Child.serve(flagsOf(variant, path, LISTERS + 2));
      const endpoint = await server.serving();
      const all: Conversation[] = [];
      while (all.length < LISTERS) all.push(await login(endpoint));
      const neighbour = await login(endpoint);
      // A thread's heap grows with its first uses, whatever they are.
      for (let round = 0; round < 3; round++) {
        for (const ftp of [...all, neighbour]) await ftp.list("LIST");
      }
      const grown = await growth(server.pid, async () => {
        await Promise.all(all.map(async (ftp) => {
          await ftp.passive();
          await ftp.command("LIST many", 150);
        }));
        for (let round = 0; round < 20; round++) await neighbour.list("LIST");
      });
      for (const ftp of [...all, neighbour]) ftp.close();
      const most = variant.model.name === "async" ? ASYNC_LISTINGS_KIB_MAX : GROWTH_KIB_MAX;
      assert(grown < most, `It grew by ${grown} KiB`);
    },
    variant.unavailable(),
  );

  testWith(
    NEEDS,
    `serve makes no replies that nobody reads [${variant.name}]`,
    async () => {
      const { path } = crowdedRoot();
      await using server = Child.serve(flagsOf(variant, path, LISTERS + 2));
      const endpoint = await server.serving();
      const [deaf, neighbour] = [await login(endpoint), await login(endpoint)];
      await neighbour.command("STAT some", "any");
      const grown = await growth(server.pid, async () => {
        await deaf.send(octets("STAT some\r\n".repeat(STATUS_COMMANDS)));
        for (let round = 0; round < 50; round++) await neighbour.command("NOOP", 200);
        await eventually("a stop of its growth", async () => await isLevel(server.pid));
      });
      deaf.close();
      neighbour.close();
      assert(grown < GROWTH_KIB_MAX, `It grew by ${grown} KiB`);
      server.kill("SIGTERM");
      assertEquals((await server.ended()).code, 0);
    },
    variant.unavailable(),
  );
}

/** Whether the most memory that `pid` ever took stays as it is while others would be served. */
async function isLevel(pid: number): Promise<boolean> {
  const before = await memoryOf(pid, "VmHWM");
  await new Promise((resume) => setTimeout(resume, 200)); // to watch, not to wait
  return await memoryOf(pid, "VmHWM") === before;
}
