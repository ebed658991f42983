/**
 * How serve begins and ends, on every variant: the line that it prints, SIGINT and SIGTERM with
 * clients in every state, the counters at the end.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { SAME_SIGNAL_MS } from "../models/serve/signals.ts";
import { Child } from "./child.ts";
import { readAll } from "./conformance/client.ts";
import { type Variant, variants } from "./conformance/variants.ts";
import { flagsOf } from "./faults/process.ts";
import { type Need, SERVER_NEEDS, testWith } from "./permission.ts";
import { connected, downloading, LARGE_BYTES, login, Root } from "./served.ts";
import { noTerminal, Terminal, TERMINAL_NEEDS } from "./tmux.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

/** Threads of blocking at the start: few, each takes a tenth of a second. */
const THREADS = 2;

/** Event loops, or threads at the start. */
function workersOf({ model, options }: Variant): number {
  return model.name === "blocking" ? THREADS : options.workers ?? 1;
}

/** What stands after "model" in the line, by the variant's name without its workers. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  "blocking": `blocking (${THREADS} to 6 threads)`,
  "polling": "polling (every 1 ms)",
  "multiplex select": "multiplex (select)",
  "multiplex poll": "multiplex (poll)",
  "multiplex epoll": "multiplex (epoll, level)",
  "multiplex epoll level": "multiplex (epoll, level)",
  "multiplex epoll edge": "multiplex (epoll, edge)",
  "async": "async (for await)",
  "uring": "uring (io_uring)",
};

for (const variant of variants) {
  const absent = variant.unavailable();
  const test = (name: string, run: (root: Root) => Promise<void>) =>
    testWith(NEEDS, `serve ${name} [${variant.name}]`, async () => {
      using root = new Root();
      await run(root);
    }, absent);

  test("prints its line, SIGINT ends it with idle clients, and counts", async (root) => {
    await using server = Child.serve([...flagsOf(variant, root.path), "--stats"]);
    const endpoint = await server.serving();
    const count = workersOf(variant);
    assertEquals(
      endpoint.line,
      `ftplab: serving ftp on 127.0.0.1:${endpoint.port}, ` +
        `model ${DESCRIPTIONS[variant.name.split(",")[0]!]}, ` +
        `${count} worker${count === 1 ? "" : "s"}, root ${root.path}`,
    );
    const clients = [await login(endpoint), await connected(endpoint)];
    server.kill("SIGINT");
    for (const ftp of clients) {
      await ftp.reply(421);
      await ftp.end();
      ftp.close();
    }
    const { code, stdout, stderr } = await server.ended();
    assertEquals([code, stderr], [0, ""]);
    const { workers } = JSON.parse(stdout.slice(endpoint.line.length));
    assert(workers.length >= count); // blocking grows when its last thread gets a client
    let sessions = 0;
    for (const worker of workers) {
      assertEquals([worker.lane, worker.sessionsOpen], ["stopped", 0]);
      assert(worker.emptyWakeups <= worker.wakeups);
      if (worker.sessions > 0) assert(worker.octetsOut > 0);
      sessions += worker.sessions;
    }
    assertEquals(sessions, clients.length);
  });

  test("shows its counters on SIGUSR2, as often as it gets one", async (root) => {
    await using server = Child.serve([...flagsOf(variant, root.path), "--stats"]);
    const endpoint = await server.serving();
    const clients = [];
    for (const sessions of [1, 2]) {
      const client = await login(endpoint);
      server.kill("SIGUSR2");
      const line = await server.stdout.take(/^ftplab: stats .*\n/m);
      const { workers } = JSON.parse(line.slice(line.indexOf("{")));
      const sum = (field: string) =>
        workers.reduce(
          (total: number, worker: Record<string, number>) => total + worker[field]!,
          0,
        );
      assertEquals([sum("sessions"), sum("sessionsOpen")], [sessions, sessions]);
      clients.push(client);
    }
    server.kill("SIGINT");
    assertEquals((await server.ended()).code, 0);
    for (const client of clients) client.close();
  });

  test("lets a transfer finish after SIGTERM", async (root) => {
    await using server = Child.serve([...flagsOf(variant, root.path), "--grace", "60"]);
    const endpoint = await server.serving();
    const { ftp, data } = await downloading(endpoint);
    const idle = await login(endpoint);
    server.kill("SIGTERM");
    await idle.reply(421); // the stop has come
    idle.close();
    assertEquals((await readAll(data)).length, LARGE_BYTES - 1);
    await ftp.reply(226);
    await ftp.reply(421);
    await ftp.end();
    ftp.close();
    const { code, stderr } = await server.ended();
    assertEquals([code, stderr], [0, ""]);
  });

  test("ends a transfer after a second SIGINT", async (root) => {
    await using server = Child.serve([...flagsOf(variant, root.path), "--grace", "3600"]);
    const endpoint = await server.serving();
    const { ftp } = await downloading(endpoint);
    const idle = await login(endpoint);
    server.kill("SIGINT");
    await idle.reply(421);
    idle.close();
    await new Promise((resume) => setTimeout(resume, SAME_SIGNAL_MS));
    server.kill("SIGINT");
    const { code, stderr } = await server.ended();
    assertEquals([code, stderr], [0, ""]);
    ftp.close();
  });
}

/** Fails unless a download that has begun is finished before the server ends. */
async function assertFinishes({ ftp, data }: Awaited<ReturnType<typeof downloading>>) {
  assertEquals((await readAll(data)).length, LARGE_BYTES - 1);
  await ftp.reply(226);
  await ftp.reply(421);
  ftp.close();
}

testWith(NEEDS, "serve takes signals at once for one: a transfer finishes", async () => {
  using root = new Root();
  await using server = Child.serve(["--port", "0", "--root", root.path, "--grace", "60"]);
  const download = await downloading(await server.serving());
  server.kill("SIGINT");
  server.kill("SIGTERM");
  await assertFinishes(download);
  const { code, stderr } = await server.ended();
  assertEquals([code, stderr], [0, ""]);
});

testWith(
  [...NEEDS, ...TERMINAL_NEEDS],
  "Ctrl-C on the terminal of deno task serve lets a transfer finish",
  async () => {
    using root = new Root();
    const config = fromFileUrl(new URL("../deno.json", import.meta.url));
    const flags = ["--port", "0", "--root", root.path, "--grace", "60", "--log", "off"];
    await using terminal = await Terminal.open({
      command: [Deno.execPath(), "task", "--quiet", "--config", config, "serve", ...flags],
      columns: 200,
    });
    const screen = await terminal.waitFor(/^ftplab: serving .*$/m);
    const port = Number(/ on 127\.0\.0\.1:(\d+), /.exec(screen)![1]);
    const download = await downloading({ host: "127.0.0.1", port });
    await terminal.press("C-c");
    await assertFinishes(download);
    await terminal.ended();
  },
  noTerminal(),
);
