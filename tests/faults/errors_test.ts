/**
 * System calls that fail once: accept(2) with every error that is one connection's only, calls of
 * one session, and selectors that are full. What fails ends one connection at most, never the
 * server, a worker or a neighbour.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Child } from "../child.ts";
import { closeQuietly, Conversation, type Endpoint, readUntilEnd } from "../conformance/client.ts";
import { kinds, variants } from "../conformance/variants.ts";
import { testWith } from "../permission.ts";
import { connected, login, Root } from "../served.ts";
import { Injection, uninjectable } from "./injection.ts";
import { flagsOf, NEEDS } from "./process.ts";

/** accept(2): errors of the network that are already pending on the new socket, and EPERM. */
const ACCEPT_ERRORS = [
  "ENETDOWN",
  "EPROTO",
  "ENOPROTOOPT",
  "EHOSTDOWN",
  "ENONET",
  "EHOSTUNREACH",
  "EOPNOTSUPP",
  "ENETUNREACH",
  "EPERM",
  "ECONNABORTED",
];

/**
 * Calls of one connection's work, and what they might fail with. Not read(2) and write(2): with
 * those the runtime's own threads wake each other.
 */
const SESSION_ERRORS: readonly (readonly [call: string, error: string])[] = [
  ["recvfrom", "EIO"],
  ["recvfrom", "ENOMEM"],
  ["sendto", "EIO"],
  ["sendto", "ENOBUFS"],
  ["setsockopt", "ENOBUFS"],
  ["getsockopt", "ENOBUFS"],
  ["getsockname", "ENOBUFS"],
  ["getpeername", "ENOBUFS"],
  ["io_uring_enter", "EBUSY"],
  ["openat", "ENFILE"],
  ["openat2", "ENFILE"],
  ["fstat", "EIO"],
  ["statx", "EIO"],
  ["newfstatat", "EIO"],
  ["sendfile", "EIO"],
  ["splice", "EIO"],
  ["flock", "ENOLCK"],
  ["rename", "EIO"],
  ["renameat2", "EIO"],
  ["shutdown", "ENOTCONN"],
];

/** Calls in which a thread may be waiting when they begin to fail, instead of a session's work. */
const WAITED_IN = ["recvfrom", "io_uring_enter"];

/** What a story always takes, in the runtime's calls and in ours: it has failed for somebody. */
const INJECTED_ALWAYS = {
  runtime: ["sendto", "openat", "rename"],
  ours: ["sendto", "openat2", "renameat2"],
} as const;

/** One client after another: with several threads each of them may meet the fault. */
const CLIENTS = 3;

/** How long a client goes on whose transfer comes to nothing; a whole story takes a moment. */
const STORY_MS_MAX = 2_000;

const absentTool = uninjectable();

/** With one worker the kernel accepts for a ring by itself: there is no call that could fail. */
const ACCEPTS_IN_RING = "the ring accepts, and not a call";

/** Everything that one session does with the kernel; what fails of it is nobody's concern. */
async function story(endpoint: Endpoint): Promise<void> {
  const ftp = await Conversation.connect(endpoint);
  // Whose data connection was lost waits as long as the server has patience for another.
  const guard = setTimeout(() => ftp.close(), STORY_MS_MAX);
  try {
    await ftp.reply("any");
    for (const line of ["USER anonymous", "PASS me", "TYPE I", "SIZE large", "MDTM large"]) {
      await ftp.command(line, "any");
    }
    for (const command of ["RETR large", "LIST", "STOR up"]) await move(ftp, command);
    await ftp.command("QUIT", "any");
  } catch {
    // The connection was ended: that is what may happen to it.
  } finally {
    clearTimeout(guard);
    ftp.close();
  }
}

async function move(ftp: Conversation, command: string): Promise<void> {
  const data = await ftp.passive();
  const { code } = await ftp.command(command, "any");
  if (command.startsWith("STOR")) await data.write(new Uint8Array(10_000)).catch(() => {});
  else if (code < 200) await readUntilEnd(data);
  closeQuietly(data);
  if (code < 200) await ftp.reply("any");
}

/** A tracer that detaches within a call whose number it has replaced leaves ENOSYS behind, once. */
const DETACHED = "Accepting pauses: function not implemented";

/** With several workers a ring calls accept(2) itself: the only ring that can be shown this. */
const ACCEPTING = variants.filter(({ name, standsForKind }) =>
  standsForKind || name === "uring, 2 workers"
);

for (const variant of ACCEPTING) {
  const absent = variant.unavailable() ?? absentTool ??
    (variant.name === "uring" ? ACCEPTS_IN_RING : undefined);

  testWith(
    NEEDS,
    `serve goes on after accept(2) failed for one connection [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = Child.serve(flagsOf(variant, root.path, 8));
      const endpoint = await server.serving();
      const witness = await login(endpoint);
      for (const error of ACCEPT_ERRORS) {
        await server.serving(); // at once: from now on there is patience with it again
        await using injection = await Injection.attach(server.pid, "accept4,accept", error);
        const clients = [];
        while (clients.length < CLIENTS) clients.push(await connected(endpoint));
        await witness.command("NOOP", 200);
        for (const ftp of clients) ftp.close();
        const trace = await injection.end();
        assert(trace.includes("(INJECTED)"), `${error} was not injected: ${trace}`);
      }
      witness.close();
      server.kill("SIGINT");
      const { code, stderr } = await server.ended();
      const said = stderr.replaceAll(DETACHED, "");
      assertEquals([code, /pauses|bug/.exec(said)], [0, null]);
    },
    absent,
  );
}

for (const variant of kinds.filter(({ options }) => (options.workers ?? 1) === 1)) {
  testWith(
    NEEDS,
    `serve loses one connection at most to a call that fails [${variant.name}]`,
    async () => {
      using root = new Root();
      await using server = Child.serve([...flagsOf(variant, root.path, 8), "--anonymous", "write"]);
      const endpoint = await server.serving();
      const injected = new Set<string>();
      for (const [call, error] of SESSION_ERRORS) {
        await server.serving(); // at once: from now on there is patience with it again
        {
          const when = WAITED_IN.includes(call) ? "2+7" : "1+7";
          await using injection = await Injection.attach(server.pid, call, error, when);
          await story(endpoint);
          if ((await injection.end()).includes("(INJECTED)")) injected.add(call);
        }
        const after = await login(endpoint).catch(() => undefined);
        assert(after !== undefined, `${call} ended the server by ${error}: ${server.stderr.text}`);
        await after.command("NOOP", 200);
        await after.fetch("LIST");
        after.close();
      }
      const always = INJECTED_ALWAYS[variant.model.name === "async" ? "runtime" : "ours"];
      assertEquals(always.filter((call) => !injected.has(call)), []);
      server.kill("SIGINT");
      const { code, signal } = await server.ended();
      assertEquals([code, signal], [0, null]);
    },
    absentTool ?? variant.unavailable(),
  );
}

for (const variant of variants.filter(({ options }) => options.selector === "epoll")) {
  for (const error of ["ENOSPC", "ENOMEM"]) {
    testWith(
      NEEDS,
      `serve answers 421 to whom epoll has no room for: ${error} [${variant.name}]`,
      async () => {
        using root = new Root();
        await using server = Child.serve(flagsOf(variant, root.path));
        const endpoint = await server.serving();
        const witness = await login(endpoint);
        {
          await using _ = await Injection.attach(server.pid, "epoll_ctl", error);
          const ftp = await Conversation.connect(endpoint);
          const { code } = await ftp.reply([220, 421]);
          if (code === 220) await ftp.reply(421); // it was greeted before it was watched
          await ftp.end();
          ftp.close();
        }
        await witness.command("NOOP", 200);
        (await login(endpoint)).close();
        witness.close();
        server.kill("SIGINT");
        assertEquals((await server.ended()).code, 0);
      },
      variant.unavailable() ?? absentTool,
    );
  }
}
