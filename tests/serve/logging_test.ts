/**
 * The log as a server process writes it, on every variant: which events come of a dialogue, in
 * which format, where they go by default, and that no password goes with them.
 *
 * @module
 */

import { assert, assertEquals, AssertionError, assertMatch } from "@std/assert";
import { Child } from "../child.ts";
import { type Variant, variants } from "../conformance/variants.ts";
import { Stranger } from "../conformance/stranger.ts";
import { flagsOf } from "../faults/process.ts";
import { type Need, SERVER_NEEDS, testWith } from "../permission.ts";
import { connected, downloading, LARGE_BYTES, login, Root } from "../served.ts";

const NEEDS: readonly Need[] = [...SERVER_NEEDS, "run"];

const PASSWORD = "hunter2";

/** A name that would write a line of its own on a terminal that obeyed it. */
const HOSTILE = 'ev"e\x1b[1A\x9b2K';

/** Looks at a file that grows, and how long between two of them, milliseconds. */
const LOOKS_MAX = 500, LOOK_MS = 20;

/** Waits until `path` holds something. */
async function grows(path: string): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    if (Deno.statSync(path).size > 0) return;
    await new Promise((resume) => setTimeout(resume, LOOK_MS));
  }
  throw new AssertionError(`${path} stays empty`);
}

/** One thread of blocking at first, and failed logins that need not be waited for. */
function quickly(variant: Variant, root: Root): string[] {
  return [...flagsOf(variant, root.path, 64, 1), "--login-delay", "0"];
}

/** A dialogue with something to tell of every kind; ends the server. */
async function talk(server: Child, root: Root): Promise<string> {
  const endpoint = await server.serving();
  const stranger = await connected(endpoint);
  await stranger.command(`USER ${HOSTILE}`, 331);
  await stranger.command(`PASS ${PASSWORD}`, 530);
  stranger.close();

  Deno.mkdirSync(`${root.path}/full/folder`, { recursive: true });
  const ftp = await login(endpoint);
  await ftp.put("STOR small", new Uint8Array(1_000));
  assertEquals((await ftp.fetch("RETR small")).length, 1_000);
  await ftp.refused("RMD full", 550);
  ftp.close();

  const broken = await downloading(endpoint);
  broken.data.close();
  await broken.ftp.reply([426, 451]);
  broken.ftp.close();
  server.kill("SIGINT");
  const { code, stderr } = await server.ended();
  assertEquals(code, 0);
  return stderr;
}

for (const variant of variants) {
  const test = (name: string, run: (root: Root) => Promise<void>, skip?: string) =>
    testWith(NEEDS, `serve ${name} [${variant.name}]`, async () => {
      using root = new Root();
      await run(root);
    }, skip ?? variant.unavailable());

  test("--log json tells of logins, transfers and failures, and of no password", async (root) => {
    await using server = Child.serve([...quickly(variant, root), "--log", "json"]);
    const log = await talk(server, root);
    assert(!log.includes(PASSWORD), log);
    // Workers tell of their events in batches: by time they are in order.
    const events = log.trimEnd().split("\n").map((line) => JSON.parse(line))
      .sort((left, right) => left.time < right.time ? -1 : left.time > right.time ? 1 : 0);
    for (const { time, session, host } of events) {
      assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert(Number.isInteger(session));
      assertEquals(host, "127.0.0.1");
    }
    const of = (kind: string) => events.filter((event) => event.kind === kind);
    assertEquals(of("loginFailed").map(({ user }) => user), [HOSTILE]);
    assertEquals(of("login").map(({ user, access }) => [user, access]), [
      ["anonymous", "write"],
      ["anonymous", "write"],
    ]);
    const transfers = of("transfer");
    assertEquals(
      transfers.map(({ direction, path, outcome }) => [direction, path, outcome]),
      [
        ["receive", "/small", "complete"],
        ["send", "/small", "complete"],
        ["send", "/large", "failed"],
      ],
    );
    assertEquals(transfers.slice(0, 2).map(({ octets }) => octets), [1_000, 1_000]);
    for (const { user, seconds } of transfers) {
      assertEquals(user, "anonymous");
      assert(seconds >= 0);
    }
    assert(transfers[2].octets < LARGE_BYTES);
    assert(transfers[2].reason !== "");
    const [failure, ...others] = of("failure").filter(({ path }) => path === "/full");
    assertEquals([failure.failure, others.length], ["notEmpty", 0]);
    assert(failure.reason !== "" && failure.operation !== "");
  });

  test("tells of a reset data connection in the words that every model has", async (root) => {
    await using server = Child.serve([...quickly(variant, root), "--log", "json"]);
    const endpoint = await server.serving();
    const ftp = await login(endpoint);
    const port = await ftp.passivePort();
    await ftp.send("STOR broken");
    const data = await Stranger.connect({ ...endpoint, port }, "127.0.0.1");
    await ftp.reply(150);
    // A connection that is reset before it is accepted never was one for the runtime.
    data.send("so far");
    await grows(`${root.path}/.broken.ftplab-part`);
    data.reset();
    await ftp.reply([426, 451]);
    ftp.close();
    server.kill("SIGINT");
    const { stderr } = await server.ended();
    const events = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
    const reasons = events.filter(({ kind }) => kind === "transfer").map(({ reason }) => reason);
    assertEquals(reasons, ["connection reset by peer"]);
  });

  test("writes text to a file, and nothing to a pipe, unless it is told to", async (root) => {
    const file = await Deno.makeTempFile();
    try {
      const wrapper = ["sh", "-c", 'exec "$@" 2> "$0"', file];
      await using server = Child.serve(quickly(variant, root), { wrapper });
      assertEquals(await talk(server, root), "");
      const log = await Deno.readTextFile(file);
      assert(!log.includes(PASSWORD), log);
      const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z #\d+ 127\.0\.0\.1 /;
      for (const line of log.trimEnd().split("\n")) assertMatch(line, stamp);
      assertMatch(log, /login "ev\\"e\\u001b\[1A\\u009b2K" failed: /);
      assertMatch(log, /send "\/small" for "anonymous", 1000 octets in [\d.]+ s, complete\n/);
      await using piped = Child.serve(quickly(variant, root));
      assertEquals(await talk(piped, root), "");
    } finally {
      await Deno.remove(file);
    }
  });
}
