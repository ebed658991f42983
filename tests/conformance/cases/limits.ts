/**
 * What a server does at its limits and at its end: passive ports, idle and stalled
 * clients, stopping.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  assertBytes,
  closeQuietly,
  finalReply,
  join,
  octets,
  pattern,
  readAll,
  readExactly,
  readUntilEnd,
  writeAll,
} from "../client.ts";
import { freePorts } from "../../ports.ts";
import { type Cases, LARGE } from "../target.ts";

/** The cases by name. */
export const limits: Cases = {
  "no passive port left is 425, and one given back serves again": async (target) => {
    await target.write("a", "content");
    const scarce = await target.own({ passivePortCount: 2 });
    const [one, two, three] = [await scarce.login(), await scarce.login(), await scarce.login()];
    await one.passivePort();
    await two.passivePort("PASV");
    await three.command("EPSV", [421, 425]);
    await three.command("PASV", [421, 425]);
    await three.command("NOOP", 200);
    await one.command("QUIT", 221);
    await one.end();
    assertEquals((await three.fetch("RETR a")).length, 7);
    assertEquals((await three.fetch("RETR a")).length, 7);
  },

  "a session that asks for passive ports again and again holds one": async (target) => {
    await target.write("a", "content");
    const scarce = await target.own({ passivePortCount: 2 });
    const [greedy, other] = [await scarce.login(), await scarce.login()];
    for (let count = 0; count < 20; count++) {
      await greedy.passivePort(count % 2 === 0 ? "EPSV" : "PASV");
    }
    assertEquals((await other.fetch("RETR a")).length, 7);
    assertEquals((await greedy.fetch("RETR a")).length, 7);
  },

  "twenty transfers over two passive ports": async (target) => {
    await target.write("a", pattern(5000));
    const scarce = await target.own({ passivePortCount: 2 });
    const both = [await scarce.login(), await scarce.login()];
    await Promise.all(both.map(async (ftp) => {
      for (let count = 0; count < 10; count++) {
        assertBytes(await ftp.fetch("RETR a"), pattern(5000));
      }
    }));
  },

  "an idle client is told 421 and closed": async (target) => {
    const impatient = await target.shared({ idleTimeoutMs: 1_000 });
    const [ftp, silent] = [await impatient.login(), await impatient.connect()];
    for (const idle of [ftp, silent]) {
      await idle.reply(421);
      await idle.end();
    }
  },

  "a transfer under way is no idleness": async (target) => {
    const content = await target.large("a");
    const impatient = await target.shared({ idleTimeoutMs: 1_000 });
    const ftp = await impatient.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    const idle = await impatient.login();
    await idle.reply(421);
    assertBytes(join(head, await readAll(data)), content);
    await ftp.reply(226);
  },

  "a download that stands still is cut off, the session is not": async (target) => {
    await target.large("a");
    await target.write("b", "content");
    const impatient = await target.shared({ stallTimeoutMs: 80 });
    const ftp = await impatient.login();
    const data = await ftp.begin("RETR a");
    await ftp.reply([421, 425, 426, 451]);
    assert(await readUntilEnd(data) < LARGE);
    assertEquals((await ftp.fetch("RETR b")).length, 7);
  },

  "an upload that stands still is cut off and keeps no name": async (target) => {
    const impatient = await target.shared({ stallTimeoutMs: 80 });
    const ftp = await impatient.login();
    const data = await ftp.begin("STOR a");
    await ftp.reply([421, 425, 426, 451]);
    assertEquals(await data.read(new Uint8Array(1)).catch(() => null), null);
    assert(!(await target.names()).includes("a"));
    await ftp.command("NOOP", 200);
  },

  "stop ends with clients in every state": async (target) => {
    await target.large("a");
    const own = await target.own({ maxWorkers: 8 });
    const silent = await own.dial();
    const half = await own.login();
    await half.send(new Uint8Array([78, 79]));
    const waiting = await own.login();
    await waiting.passivePort();
    await waiting.send("RETR a");
    const stalled = await own.login();
    const data = await stalled.begin("RETR a");
    const uploading = await own.login();
    await uploading.passive();
    await uploading.command("STOR b", [125, 150]);
    await own.serving.stop(0);
    assert(await readUntilEnd(data) < LARGE);
    for (const ftp of [silent, half, waiting, stalled, uploading]) await readUntilEnd(ftp.conn);
    assert(!(await target.names()).includes("b"));
  },

  "stop lets a transfer finish within its grace": async (target) => {
    const content = await target.large("a");
    const own = await target.own({});
    const ftp = await own.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    const stopped = own.serving.stop(20_000);
    assertBytes(join(head, await readAll(data)), content);
    await finalReply(ftp, 226);
    await readUntilEnd(ftp.conn);
    await stopped;
  },

  "stop lets an upload finish within its grace": async (target) => {
    const own = await target.own({});
    const [ftp, idle] = [await own.login(), await own.login()];
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(5000));
    const stopped = own.serving.stop(20_000);
    await idle.reply(421); // the stop has come
    await writeAll(data, pattern(5000, 2));
    closeQuietly(data);
    await finalReply(ftp, 226);
    await readUntilEnd(ftp.conn);
    await stopped;
    assertBytes(await target.read("a"), join(pattern(5000), pattern(5000, 2)));
  },

  ...Object.fromEntries([["", ""], [" and had a command unread", "NOOP\r\n"]].map((
    [how, said],
  ) => [
    `an upload whose client is killed while the server stops${how} keeps no name`,
    async (target) => {
      const own = await target.own({});
      const [ftp, idle] = [await own.login(), await own.login()];
      const data = await ftp.begin("STOR a");
      await writeAll(data, pattern(5000));
      const stopped = own.serving.stop(20_000);
      await idle.reply(421);
      await ftp.send(octets(said!));
      closeQuietly(ftp.conn);
      closeQuietly(data);
      await stopped;
      assert(!(await target.names()).includes("a"));
    },
  ])) as Cases,

  "a server that has stopped accepts nobody, and its port is free": async (target) => {
    const [port] = freePorts(1);
    const own = await target.own({ port });
    await own.connect();
    await own.serving.stop(0);
    const { host } = own.endpoint;
    await assertRejects(
      () => Deno.connect({ hostname: host, port }).then(closeQuietly),
      Deno.errors.ConnectionRefused,
    );
    const again = await target.own({ port });
    assertEquals(again.endpoint.port, port);
    await again.connect();
  },

  "a port in use is one line of text": async (target) => {
    const error = await assertRejects(() => target.own({ port: target.endpoint.port }), Error);
    assertEquals(error.name, "ServeError");
    assert(!error.message.includes("\n"), error.message);
    await target.connect();
  },
};
