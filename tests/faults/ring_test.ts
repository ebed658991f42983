/**
 * What may fail where the kernel carries operations out by itself: it has no ring, or refuses one
 * for a moment; a client has gone before anybody asked who it is.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { pageBytes } from "../../models/libc/probe.ts";
import { noCompiler } from "../bench/needs.ts";
import { Child } from "../child.ts";
import { Conversation } from "../conformance/client.ts";
import { variants } from "../conformance/variants.ts";
import { missing, testWith } from "../permission.ts";
import { login, Root } from "../served.ts";
import { Injection, uninjectable } from "./injection.ts";
import { flagsOf, lacking, NEEDS } from "./process.ts";

const absentTool = uninjectable();

const ring = variants.find(({ name }) => name === "uring")!;

testWith(
  NEEDS,
  "serve closes whom it cannot ask for its address, and goes on [uring]",
  async () => {
    using root = new Root();
    await using server = Child.serve(flagsOf(ring, root.path));
    const endpoint = await server.serving();
    const witness = await login(endpoint);
    {
      await using _ = await Injection.attach(server.pid, "getpeername", "ENOTCONN");
      const dropped = await Conversation.connect(endpoint);
      await dropped.end();
      dropped.close();
      (await login(endpoint)).close();
    }
    await witness.command("NOOP", 200);
    witness.close();
    server.kill("SIGINT");
    assertEquals((await server.ended()).code, 0);
  },
  ring.unavailable() ?? absentTool,
);

/** What io_uring_enter(2) may say for a moment: nothing was handed over, or the wait was short. */
const ENTER_ERRORS = ["EAGAIN", "EBUSY", "ENOMEM", "EINTR"];

testWith(NEEDS, "serve loses nobody to a ring that is refused for a moment [uring]", async () => {
  using root = new Root();
  await using server = Child.serve([...flagsOf(ring, root.path), "--anonymous", "write"]);
  const endpoint = await server.serving();
  const witness = await login(endpoint);
  for (const error of ENTER_ERRORS) {
    await using injection = await Injection.attach(server.pid, "io_uring_enter", error, "2+3");
    const ftp = await login(endpoint);
    await ftp.put("STOR up", new Uint8Array(10_000));
    assertEquals((await ftp.fetch("RETR up")).length, 10_000);
    await ftp.command("QUIT", 221);
    await ftp.end();
    ftp.close();
    await witness.command("NOOP", 200);
    const trace = await injection.end();
    assert(trace.includes("(INJECTED)"), `${error} was not injected: ${trace}`);
  }
  witness.close();
  server.kill("SIGINT");
  const { code, stderr } = await server.ended();
  assertEquals([code, /bug/.exec(stderr)], [0, null]);
}, ring.unavailable() ?? absentTool);

testWith(
  NEEDS,
  "serve --sqpoll serves, whether the kernel's thread sleeps or not [uring]",
  async () => {
    using root = new Root();
    const flags = [...flagsOf(ring, root.path), "--anonymous", "write", "--sqpoll", "1", "--stats"];
    await using server = Child.serve(flags);
    const endpoint = await server.serving();
    for (let round = 0; round < 3; round++) {
      const ftp = await login(endpoint);
      await ftp.put("STOR up", new Uint8Array(200_000));
      assertEquals((await ftp.fetch("RETR up")).length, 200_000);
      await ftp.put("STOR small", new Uint8Array(100));
      assertEquals((await ftp.fetch("RETR small")).length, 100);
      await ftp.command("QUIT", 221);
      await ftp.end();
      ftp.close();
    }
    server.kill("SIGINT");
    const { code, stdout } = await server.ended();
    assertEquals(code, 0);
    assertMatch(stdout, /model uring \(io_uring, sqpoll\)/);
  },
  ring.unavailable() ?? absentTool,
);

/** What io_uring_setup(2) says where there is no ring to be had, and what is told of it. */
const REFUSALS: Readonly<Record<string, RegExp>> = {
  ENOSYS:
    /^ftplab: Model uring is not available here: the kernel has no io_uring, or a seccomp filter hides it$/m,
  EINVAL:
    /^ftplab: Model uring is not available here: the kernel's io_uring is older than Linux 6\.1$/m,
  EPERM:
    /^ftplab: Model uring is not available here: (a seccomp filter|the s.*) forbids io_uring$/m,
  ENOMEM:
    /^ftplab: Model uring is not available here: the limit on locked memory \(ulimit -l\) .+$/m,
  EMFILE: /^ftplab: Model uring is not available here: io_uring_setup\(2\) fails: .+$/m,
};

/** A program whose rings are refused so, by their setup or by another `call` on them. */
function refusing(error: string, call = "io_uring_setup"): string[] {
  const inject = `inject=${call}:error=${error}`;
  return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject];
}

testWith(NEEDS, "bench without io_uring leaves uring and its twin out, and says why", async () => {
  const args = ["bench", "--models", "epoll,uring", "--twins", "--dry-run"];
  const options = { permissions: ["--allow-all"], wrapper: refusing("ENOSYS") };
  await using child = Child.main([...args, "--scenarios", "control"], options);
  const { code, stdout } = await child.ended();
  assertEquals(code, 0);
  const left = [...stdout.matchAll(/^(.*uring.*) is left out: the kernel has no io_uring/gm)];
  assertEquals(left.map(([, who]) => who), ["uring", "twin in C (uring)"], stdout);
}, absentTool ?? noCompiler);

for (const [error, sentence] of Object.entries(REFUSALS)) {
  testWith(NEEDS, `serve without io_uring says why in one sentence: ${error} [uring]`, async () => {
    using root = new Root();
    await using server = Child.serve(flagsOf(ring, root.path), { wrapper: refusing(error) });
    const { code, stderr } = await server.ended();
    assertEquals(code, 1);
    assertMatch(stderr, sentence);
    assertEquals(stderr.trim().split("\n").length, 1);
  }, ring.unavailable() ?? absentTool);
}

/** Why there is no ring where memory may not be locked. */
const NO_ROOM = "the limit on locked memory (ulimit -l) has no room for a ring";

testWith(NEEDS, "serve whose ring takes no buffers says why in one sentence [uring]", async () => {
  using root = new Root();
  const wrapper = refusing("ENOMEM", "io_uring_register");
  await using server = Child.serve(flagsOf(ring, root.path), { wrapper });
  const { code, stdout, stderr } = await server.ended();
  assertEquals([code, stdout, stderr], [1, "", `ftplab: Cannot start a worker: ${NO_ROOM}\n`]);
}, ring.unavailable() ?? absentTool);

/** Runs what follows it without the right to lock more memory than so many pages. */
function lockingAtMost(pages: number): string[] {
  const octets = pages * pageBytes();
  return ["setpriv", "--bounding-set=-ipc_lock", "prlimit", `--memlock=${octets}:${octets}`];
}

/** Why rings cannot be limited here: Linux counts their memory as locked since 6.14. */
function unlimited(): string | undefined {
  if (missing(NEEDS).length > 0) return undefined;
  const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);
  if (major < 6 || (major === 6 && minor < 14)) return "before Linux 6.14";
  const [program, ...args] = lockingAtMost(1);
  return lacking(program!, ...args, "true");
}

/** For whom there is no memory, with so many pages, and what is said before the reason. */
const LOCKED: readonly (readonly [who: string, pages: number, says: string])[] = [
  // The smallest ring would find room, but nobody wants it.
  ["any worker", 2, "Model uring is not available here"],
  ["the last of many workers", 50, "Cannot start a worker"],
];

/** More workers than have rings in the memory that some have, whatever the size of a page. */
const MANY = { ...ring, options: { ...ring.options, workers: 32 } };

for (const [who, pages, says] of LOCKED) {
  testWith(NEEDS, `serve without memory to lock for ${who} says so [uring]`, async () => {
    using root = new Root();
    const wrapper = lockingAtMost(pages);
    await using server = Child.serve(flagsOf(MANY, root.path), { wrapper });
    const { code, stdout, stderr } = await server.ended();
    assertEquals([code, stdout, stderr], [1, "", `ftplab: ${says}: ${NO_ROOM}\n`]);
  }, ring.unavailable() ?? unlimited());
}
