/**
 * Port scanners, resets and other hosts at the control port and at passive ports: they change
 * nothing for the rightful client, and nothing of them is kept (RFC 2577 sections 2, 3 and 8).
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  closeQuietly,
  type Conversation,
  finalReply,
  pattern,
  readAll,
} from "../client.ts";
import { OTHER_HOST, resets, Stranger } from "../stranger.ts";
import { type Case, type Cases, type Target } from "../target.ts";

/** More than the backlog of a data socket, which is 8. */
const STRANGERS = 12;

/** How long a client may take to connect to a passive port, where nobody accepts it: a guard. */
const CONNECT_TIMEOUT_MS = 3_000;

/** Connections that are reset at once; a server that paused after each would be missed. */
const RESETS = 240;

/** Ports asked for where it is asserted that they are drawn. */
const PORTS = 24;

/** Fails unless `ports` look drawn from thousands: each from any, most far from the last. */
function assertDrawn(ports: readonly number[]): void {
  const said = `Ports can be foretold: ${ports.join(", ")}`;
  assert(new Set(ports).size >= PORTS / 2, said);
  const near = ports.filter((port, index) =>
    ports.slice(Math.max(0, index - 2), index).some((other) => Math.abs(port - other) <= 2)
  );
  assert(near.length <= PORTS / 4, said);
}

function drawn(verb: string): Case {
  return async (target) => {
    const ftp = await target.login();
    const ports = [];
    while (ports.length < PORTS) ports.push(await ftp.passivePort(verb));
    assertDrawn(ports);
  };
}

/** What strangers do at a passive port before or after the client sends its command. */
const AT_THE_PORT: Readonly<Record<string, (target: Target, port: number) => Promise<void>>> = {
  "resets of another host": ({ endpoint: { host } }, port) => resets({ host, port }, 3),
  "a connection of another host that stays": async (target, port) => {
    target.defer(await Stranger.attempt({ host: target.endpoint.host, port }));
  },
  "a connection of another host that sends": async (target, port) => {
    const stranger = await Stranger.attempt({ host: target.endpoint.host, port });
    target.defer(stranger).send("stolen");
  },
};

/** Uploads and downloads over the port at which `strangers` were, before and after the command. */
function harmless(strangers: typeof AT_THE_PORT[string]): Case {
  return async (target) => {
    await target.write("a", pattern(3000));
    const server = await target.shared({ connectTimeoutMs: CONNECT_TIMEOUT_MS });
    const ftp = await server.login();
    const transfer = async (command: string, isLate: boolean) => {
      const port = await ftp.passivePort();
      if (!isLate) await strangers(server, port);
      await ftp.send(command);
      if (isLate) await strangers(server, port);
      return await ftp.dial(port);
    };
    for (const isLate of [false, true]) {
      const down = await transfer("RETR a", isLate);
      assertBytes(await readAll(down), pattern(3000));
      await finalReply(ftp, 226);
      const up = await transfer("STOR b", isLate);
      await up.write(pattern(100));
      closeQuietly(up);
      await finalReply(ftp, 226);
      assertBytes(await target.read("b"), pattern(100));
    }
  };
}

async function serves(ftp: Conversation): Promise<void> {
  await ftp.command("NOOP", 200);
  assertEquals((await ftp.fetch("RETR a")).length, 7);
}

/** The cases by name. */
export const strangers: Cases = {
  ...Object.fromEntries(["EPSV", "PASV"].map((verb) => [
    `${verb}: the ports of one session are drawn`,
    drawn(verb),
  ])),

  "the ports of sessions one after the other are drawn": async (target) => {
    const ports = [];
    while (ports.length < PORTS) {
      const ftp = await target.login();
      ports.push(await ftp.passivePort());
      await ftp.command("QUIT", 221);
    }
    assertDrawn(ports);
  },

  ...Object.fromEntries(
    Object.entries(AT_THE_PORT).map(([name, act]) => [
      `${name} at a passive port: transfers go on`,
      harmless(act),
    ]),
  ),

  "foreign hosts are turned away while a port is lent": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    const port = await ftp.passivePort();
    const crowd = Array.from(
      { length: STRANGERS },
      async () => target.defer(await Stranger.attempt({ host: target.endpoint.host, port })),
    );
    await Promise.all(crowd);
    // As curl and lftp do: the connection is there before the command.
    const data = await ftp.dial(port);
    await ftp.send("RETR a");
    assertEquals((await readAll(data)).length, 7);
    await finalReply(ftp, 226);
  },

  "a foreign host does not get the file, however early it comes": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    const port = await ftp.passivePort();
    const thief = target.defer(await Stranger.attempt({ host: target.endpoint.host, port }));
    await ftp.send("RETR a");
    const data = await ftp.dial(port);
    assertEquals((await readAll(data)).length, 7);
    await finalReply(ftp, 226);
    thief.close();
    await thief.ended;
    assertEquals(thief.text, "");
  },

  "a reset from the client's own address costs one transfer at most": async (target) => {
    await target.write("a", "content");
    const server = await target.shared({ connectTimeoutMs: CONNECT_TIMEOUT_MS });
    const ftp = await server.login();
    const port = await ftp.passivePort();
    await resets({ host: server.endpoint.host, port }, 3, server.endpoint.host);
    const data = await ftp.dial(port).catch(() => undefined);
    await ftp.send("RETR a");
    await finalReply(ftp, [226, 425, 426]);
    if (data !== undefined) closeQuietly(data);
    await serves(ftp);
  },

  "resets at the control port keep nobody waiting": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    for (const host of [target.endpoint.host, OTHER_HOST]) {
      await resets(target.endpoint, RESETS / 2, host);
      await serves(ftp);
      await serves(await target.login());
    }
  },

  "a crowd that comes at once and resets keeps nobody waiting": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await Promise.all(Array.from({ length: RESETS }, () => resets(target.endpoint, 1)));
    await serves(ftp);
    await serves(await target.login());
  },
};
