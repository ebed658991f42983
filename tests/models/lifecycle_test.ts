/**
 * Servers over their whole life, each in a process of its own: what happens when descriptors,
 * threads or the device run out, and what is left when it is over.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Child } from "../child.ts";
import { closeQuietly, Conversation, type Endpoint } from "../conformance/client.ts";
import { variants } from "../conformance/variants.ts";
import { descriptorsOf, flagsOf, lacking, NEEDS, output } from "../faults/process.ts";
import { testWith } from "../permission.ts";
import { connected, login, Root } from "../served.ts";

/** Descriptors that a server is left with when they are to run out, and clients that want one. */
const ROOM = 6, CROWD = 12;

/** Threads of blocking: more than there is room for, so that one of them finds none. */
const THREADS = 8;

/** How long a server is watched for spinning, milliseconds; one that does shows it at once. */
const WATCHED_MS = 400;

/** Between two tries of accept(2): the pause of all models, and a round of polling. */
const PAUSE_MS = 100, ROUND_MS = 1;

/** What a clock tick of /proc/PID/stat is: sysconf(_SC_CLK_TCK) on Linux. */
const TICK_MS = 10;

/** Processor time that `pid` has used, milliseconds. */
async function processorMs(pid: number): Promise<number> {
  const stat = await output("cat", `/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The workers' counters of a server that was started with --stats, after SIGINT. */
async function endedStats(server: Child) {
  server.kill("SIGINT");
  const { code, stdout } = await server.ended();
  assertEquals(code, 0);
  const { workers } = JSON.parse(stdout.slice(stdout.indexOf("\n{")));
  const total = (count: (worker: typeof workers[number]) => number | undefined): number =>
    workers.reduce((sum: number, worker: typeof workers[number]) => sum + (count(worker) ?? 0), 0);
  return { workers, total };
}

/** Sets how many descriptors `server` may have; those that are open stay so. */
async function limitDescriptors(server: Child, count: number): Promise<void> {
  await output("prlimit", "--pid", `${server.pid}`, `--nofile=${count}:`);
}

/** How many descriptors a server with one client has. */
async function descriptorsAtFirst(flags: readonly string[]): Promise<number> {
  await using server = Child.serve(flags);
  const ftp = await connected(await server.serving());
  const count = await descriptorsOf(server.pid);
  ftp.close();
  return count;
}

const unlimitable = lacking("prlimit", "--version");

for (const variant of variants) {
  const test = `serve without descriptors left pauses, then serves on [${variant.name}]`;
  testWith(NEEDS, test, async () => {
    using root = new Root();
    const begun = performance.now();
    const flags = [...flagsOf(variant, root.path, THREADS, THREADS), "--stats"];
    // An accept of the ring's keeps to the limit of when it was begun.
    const early = variant.name === "uring" ? await descriptorsAtFirst(flags) + ROOM : undefined;
    const wrapper = early === undefined ? [] : ["prlimit", `--nofile=${early}:${early}`];
    await using server = Child.serve(flags, { wrapper });
    const endpoint = await server.serving();
    const first = await connected(endpoint);
    const open = await descriptorsOf(server.pid);
    // A thread that blocks in accept(2) has its next descriptor already; the one after fails.
    const blocks = variant.model.name === "blocking";
    if (early === undefined) await limitDescriptors(server, blocks ? 1 : open + ROOM);

    const clients = await Promise.all(
      Array.from({ length: CROWD }, () => Conversation.connect(endpoint)),
    );
    const served: Conversation[] = [];
    const greetings = clients.map((ftp) => ftp.reply(220).then(() => void served.push(ftp)));
    greetings.forEach((greeting) => greeting.catch(() => {})); // it is awaited below
    first.close();
    await server.stderr.match(/^ftplab: Accepting pauses: too many open files/im);
    const watched = performance.now();
    const used = await processorMs(server.pid);
    await new Promise((resume) => setTimeout(resume, WATCHED_MS)); // to watch, not to wait
    const spent = await processorMs(server.pid) - used;
    const elapsed = performance.now() - watched;
    assert(spent < elapsed * 0.7, `It was busy for ${spent} of ${elapsed} ms`);
    assert(served.length > 0 && served.length < CROWD, `${served.length} were served`);
    await served[0]!.command("USER anonymous", 331);

    if (blocks) await limitDescriptors(server, open + CROWD);
    // Whoever is served makes room for another, and so to the last.
    await Promise.all(clients.map(async (ftp, index) => {
      await greetings[index];
      ftp.close();
    }));
    const { total } = await endedStats(server);
    assertEquals(total(({ sessions }) => sessions), CROWD + 1);
    assertEquals(total(({ sessionsOpen }) => sessionsOpen), 0);
    const pauseMs = variant.model.name === "polling" ? ROUND_MS : PAUSE_MS;
    const loops = blocks ? THREADS : variant.options.workers ?? 1;
    const bound = loops * ((performance.now() - begun) / pauseMs + 4 * CROWD);
    assert(total(({ calls }) => calls.accept4 ?? 0) < bound, "It called accept4 too often");
  }, variant.unavailable() ?? unlimitable);
}

/** More than FD_SETSIZE, and then some. */
const MANY = 1_100;

/** How many connect at the same time: less than a backlog, whatever the system caps it at. */
const AT_A_TIME = 100;

/** `count` clients that have read one reply each. */
async function many(endpoint: Endpoint, count: number) {
  const clients: { readonly ftp: Conversation; readonly code: number }[] = [];
  while (clients.length < count) {
    clients.push(
      ...await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
        const ftp = await Conversation.connect(endpoint);
        return { ftp, code: (await ftp.reply([220, 421])).code };
      })),
    );
  }
  return clients;
}

for (const variant of variants.filter(({ model }) => model.name !== "blocking")) {
  const limited = variant.options.selector === "select";
  const does = limited ? "refuses by 421 what select cannot watch" : "serves all";
  testWith(NEEDS, `serve with ${MANY} clients ${does} [${variant.name}]`, async () => {
    using root = new Root();
    await using server = Child.serve([
      ...flagsOf(variant, root.path, THREADS, THREADS),
      "--log",
      "text",
    ]);
    const endpoint = await server.serving();
    const clients = await many(endpoint, MANY);
    const refused = clients.filter(({ code }) => code === 421);
    try {
      if (!limited) {
        assertEquals(refused.length, 0);
        await clients.at(-1)!.ftp.command("USER anonymous", 331);
        return;
      }
      assert(refused.length > MANY - 1024 && refused.length < MANY - 900, `${refused.length}`);
      for (const { ftp } of refused) await ftp.end();
      await server.stderr.match(
        /^\S+ 127\.0\.0\.1 refused: select\(2\) cannot watch descriptor 1024$/m,
      );
      const served = clients.filter(({ code }) => code === 220);
      await served.at(-1)!.ftp.command("USER anonymous", 331);
      const leaving = served.slice(0, AT_A_TIME);
      for (const { ftp } of leaving) await ftp.command("QUIT", 221);
      for (const { ftp } of leaving) await ftp.end();
      (await login(endpoint)).close();
    } finally {
      for (const { ftp } of clients) ftp.close();
    }
  }, variant.unavailable());
}

const select = variants.find(({ options }) => options.selector === "select")!;

testWith(NEEDS, `serve --fd-set lets select serve ${MANY} clients`, async () => {
  using root = new Root();
  const flags = flagsOf(select, root.path, THREADS, THREADS);
  await using server = Child.serve([...flags, "--fd-set", "4096"]);
  const clients = await many(await server.serving(), MANY);
  try {
    assertEquals(clients.filter(({ code }) => code === 421).length, 0);
    await clients.at(-1)!.ftp.command("USER anonymous", 331);
  } finally {
    for (const { ftp } of clients) ftp.close();
  }
}, select.unavailable());

/** The shortest set that --fd-set makes: of so many workers some have descriptors beyond it. */
const SHORTEST_SET = 64;

testWith(NEEDS, "serve --fd-set does not start workers that select could not wake", async () => {
  using root = new Root();
  const crowded = { ...select, options: { ...select.options, workers: SHORTEST_SET } };
  const flags = [...flagsOf(crowded, root.path), "--fd-set", `${SHORTEST_SET}`];
  await using server = Child.serve(flags);
  const { code, stdout, stderr } = await server.ended();
  assertEquals([code, stdout], [1, ""]);
  const said = /^ftplab: Cannot start a worker: select\(2\) cannot watch descriptor \d+\n$/;
  assertMatch(stderr, said);
}, select.unavailable());

const blocking = variants.find(({ model }) => model.name === "blocking")!;

testWith(
  NEEDS,
  "serve grows to --max-workers, then clients wait in the backlog [blocking]",
  async () => {
    using root = new Root();
    const threads = ["--model", "blocking", "--workers", "1", "--max-workers", "3"];
    await using server = Child.serve([...threads, "--port", "0", "--root", root.path, "--stats"]);
    const endpoint = await server.serving();
    const served: Conversation[] = [];
    for (let count = 0; count < 3; count++) served.push(await login(endpoint));
    const late = [await Conversation.connect(endpoint), await Conversation.connect(endpoint)];
    await server.stderr.match(
      /^ftplab: All 3 workers are busy: (1 client waits|2 clients wait) in the backlog$/m,
    );
    const greetings = late.map((ftp) => ftp.reply(220));
    for (const ftp of served.slice(0, late.length)) await ftp.command("QUIT", 221);
    await Promise.all(greetings);
    for (const ftp of [...served, ...late]) ftp.close();
    const { workers, total } = await endedStats(server);
    assertEquals(workers.length, 3);
    assertEquals(total(({ sessions }) => sessions), 5);
  },
  blocking.unavailable(),
);

for (const variant of variants.filter(({ options }) => (options.workers ?? 1) > 1)) {
  testWith(
    NEEDS,
    `serve with several workers on one port serves every client [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = Child.serve([
        ...flagsOf(variant, root.path, THREADS, THREADS),
        "--stats",
      ]);
      const clients = await many(await server.serving(), AT_A_TIME);
      for (const { ftp } of clients) await ftp.command("USER anonymous", 331);
      for (const { ftp } of clients) ftp.close();
      const { workers, total } = await endedStats(server);
      assertEquals(workers.length, variant.options.workers);
      assertEquals(total(({ sessions }) => sessions), AT_A_TIME);
      // Who is quicker may take all from a shared listener; SO_REUSEPORT spreads by the client's port.
      const spread = variant.model.name === "async";
      if (spread) assert(workers.every(({ sessions }: { sessions: number }) => sessions > 0));
    },
    variant.unavailable(),
  );
}

/** Runs what follows it with a device of 1 MiB mounted on a folder, for itself alone. */
function onSmallDevice(folder: string): string[] {
  const mount = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"';
  return ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, folder];
}

const unmountable = lacking(
  "unshare",
  "--map-root-user",
  "--mount",
  "mount",
  "-t",
  "tmpfs",
  "x",
  "/mnt",
);

for (
  const variant of variants.filter(({ name }) =>
    /^(blocking|multiplex epoll level|async|uring)$/.test(name)
  )
) {
  testWith(
    NEEDS,
    `serve on a full device refuses the rest of an upload, and goes on [${variant.name}]`,
    async () => {
      using root = new Root();
      const wrapper = onSmallDevice(root.path);
      await using server = Child.serve(flagsOf(variant, root.path, THREADS, THREADS), { wrapper });
      const ftp = await login(await server.serving());
      const data = await ftp.passive();
      await ftp.command("STOR large", 150);
      await sendAll(data, 8 << 20);
      await ftp.reply([452, 552]);
      assertEquals(await ftp.list("NLST -a"), []); // neither under its name nor half done
      await ftp.command("ALLO 8000000", "any");
      await ftp.refused("STOR other", [452, 552]);
      await ftp.put("STOR small", new Uint8Array(1_000));
      assertEquals(await ftp.list("NLST"), ["small"]);
      ftp.close();
    },
    variant.unavailable() ?? unmountable,
  );
}

/** Sends `length` octets, or fewer when the other end does not want them. */
async function sendAll(conn: Deno.Conn, length: number): Promise<void> {
  const chunk = new Uint8Array(1 << 16);
  try {
    for (let sent = 0; sent < length;) sent += await conn.write(chunk);
  } catch (error) {
    const gone = error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.ConnectionReset;
    if (!gone) throw error;
  } finally {
    closeQuietly(conn);
  }
}
