/**
 * Whoever comes and goes, the process has no more descriptors open than before. The threads of
 * the server live in the process of the suite, whose descriptors are counted from outside.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { closeQuietly, finalReply, portCommand } from "../client.ts";
import { inLanes } from "../lanes.ts";
import type { Cases, Target } from "../target.ts";

/** Looks at the descriptors after a client left: a server has that many looks to close its end. */
const LOOKS_MAX = 300, LOOK_MS = 10;

/** Clients at once where descriptors are counted. */
const LANES = 4;

/** What the runtime may have opened meanwhile for threads of its own; a leak is far more. */
const RUNTIME_DESCRIPTORS = 16;

/** Data sockets that a worker keeps before it lends them again. */
const DATA_SOCKETS = 33;

/** Servers started and ended; one descriptor left by each of them is more than the runtime's. */
const ENDED_SERVERS = 8;

/** How many descriptors this process has, in which all threads of the server live. */
async function descriptors(): Promise<number> {
  const { stdout } = await new Deno.Command("ls", { args: [`/proc/${Deno.pid}/fd`] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

async function settlesAt(expected: number): Promise<void> {
  let count = 0;
  for (let look = 0; look < LOOKS_MAX; look++) {
    count = await descriptors();
    if (count <= expected) return;
    await new Promise((resume) => setTimeout(resume, LOOK_MS));
  }
  assertEquals(count, expected, "Descriptors");
}

async function transfer(target: Target): Promise<void> {
  const ftp = await target.login();
  await ftp.fetch("LIST");
  ftp.close();
}

/** A server with all threads that it will have, and the data sockets that it keeps. */
async function warm(target: Target): Promise<Target> {
  const own = await target.own({ maxWorkers: LANES });
  const all = await Promise.all(Array.from({ length: LANES }, () => own.login()));
  for (let count = 0; count < DATA_SOCKETS; count++) {
    for (const ftp of all) await ftp.fetch("LIST");
  }
  for (const ftp of all) ftp.close();
  // All four may have come to one worker of several: so many more meet the others, too.
  await inLanes(Array(100), LANES, () => transfer(own));
  return own;
}

/** Data connections that are given up while they are made: more than the runtime's descriptors. */
const GIVEN_UP = 2 * RUNTIME_DESCRIPTORS;

/** A listener whose backlog is full: what is sent to connect to it is dropped (listen(2)). */
async function deaf(target: Target): Promise<Deno.TcpListener> {
  const hostname = target.endpoint.host;
  const listener = target.defer(Deno.listen({ hostname, port: 0, tcpBacklog: 0 }));
  target.defer(await Deno.connect({ hostname, port: listener.addr.port }));
  return listener;
}

/** Resolves when somebody has begun to connect to `port`, as the kernel tells (proc(5)). */
async function begun(port: number): Promise<void> {
  const synSent = new RegExp(`^ *\\d+: \\S+ \\w+:${port.toString(16).padStart(4, "0")} 02 `, "mi");
  for (let look = 0; look < LOOKS_MAX; look++) {
    if (synSent.test(await Deno.readTextFile("/proc/net/tcp"))) return;
    await new Promise((resume) => setTimeout(resume, 1));
  }
  assert(false, `Nobody connects to port ${port}`);
}

/** The cases by name. */
export const descriptorCases: Cases = {
  "2,500 connects, then 100 sessions with a transfer, leave the descriptors as they were": async (
    target,
  ) => {
    const own = await warm(target);
    const { host, port } = own.endpoint;
    const before = await descriptors();
    const visit = () => Deno.connect({ hostname: host, port }).then(closeQuietly);
    await inLanes(Array(2_500), LANES, visit);
    await settlesAt(before + RUNTIME_DESCRIPTORS);
    await inLanes(Array(100), LANES, () => transfer(own));
    await settlesAt(before + RUNTIME_DESCRIPTORS);
    await (await own.login()).command("NOOP", 200);
  },

  "data connections that are given up while they are made leave no descriptors": async (target) => {
    await target.write("a", "content");
    const all = await Promise.all(Array.from({ length: LANES }, () => target.login()));
    const listeners = await Promise.all(all.map(() => deaf(target)));
    const before = await descriptors();
    await Promise.all(all.map(async (ftp, lane) => {
      const listener = listeners[lane]!;
      for (let count = 0; count < GIVEN_UP / LANES; count++) {
        await ftp.command(portCommand("PORT", listener), 200);
        await ftp.send("RETR a");
        await begun(listener.addr.port);
        await ftp.send("ABOR");
        await finalReply(ftp, [425, 426]);
        await ftp.reply([225, 226]);
      }
    }));
    await settlesAt(before + RUNTIME_DESCRIPTORS);
  },

  "servers that have ended leave no descriptors behind": async (target) => {
    const before = await descriptors();
    for (let count = 0; count < ENDED_SERVERS; count++) {
      const own = await target.own({ maxWorkers: 2 });
      const ftp = await own.login();
      await ftp.fetch("LIST");
      await ftp.passivePort();
      await own.serving.stop(0);
      ftp.close();
    }
    await settlesAt(before + ENDED_SERVERS - 1);
  },

  "a second stop closes nothing of anybody's": async (target) => {
    const own = await target.own({ maxWorkers: 2 });
    await own.serving.stop(0);
    // These get the numbers of the descriptors that the server had.
    const listeners = Array.from({ length: 64 }, () => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      return target.defer({ listener, close: () => closeQuietly(listener) }).listener;
    });
    await own.serving.stop(0);
    for (const listener of listeners) {
      const [served, conn] = await Promise.all([
        listener.accept(),
        Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      ]);
      closeQuietly(served);
      closeQuietly(conn);
    }
  },
};
