/**
 * Many clients at once: each has its own session, and none waits for another's network.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  closeQuietly,
  type Conversation,
  join,
  octets,
  pattern,
  readAll,
  readExactly,
  writeAll,
} from "../client.ts";
import type { Cases, Target } from "../target.ts";

/** How many clients come at once: what every model serves, and enough to interleave. */
const CLIENTS = 12;

async function clients(target: Target, count = CLIENTS) {
  return await Promise.all(Array.from({ length: count }, () => target.login()));
}

/** The cases by name. */
export const concurrency: Cases = {
  "sessions have each their own folder, type and name": async (target) => {
    const all = await clients(target);
    await Promise.all(all.map((ftp, index) => ftp.command(`MKD d${index}`, 257)));
    await Promise.all(all.map((ftp, index) => ftp.command(`CWD d${index}`, 250)));
    const said = await Promise.all(all.map((ftp) => ftp.command("PWD", 257)));
    said.forEach(({ text }, index) => {
      assertEquals(text.split('"')[1], `${target.folder}/d${index}`);
    });
  },

  "everybody downloads the same file at once": async (target) => {
    const content = pattern(500_000);
    await target.write("a", content);
    const all = await clients(target);
    for (const bytes of await Promise.all(all.map((ftp) => ftp.fetch("RETR a")))) {
      assertBytes(bytes, content);
    }
  },

  "everybody uploads at once": async (target) => {
    const all = await clients(target);
    await Promise.all(all.map((ftp, index) => ftp.put(`STOR a${index}`, pattern(200_000, index))));
    for (let index = 0; index < all.length; index++) {
      assertBytes(await target.read(`a${index}`), pattern(200_000, index));
    }
    assertEquals((await target.names()).length, all.length);
  },

  "uploads and downloads at once": async (target) => {
    const content = pattern(500_000);
    await target.write("a", content);
    const all = await clients(target);
    await Promise.all(all.map(async (ftp, index) => {
      if (index % 2 === 0) assertBytes(await ftp.fetch("RETR a"), content);
      else await ftp.put(`STOR b${index}`, content);
    }));
    for (const name of await target.names()) assertBytes(await target.read(name), content);
  },

  "a download that nobody reads holds up nobody else": async (target) => {
    const content = await target.large("a");
    const stalled = await target.login();
    const data = await stalled.begin("RETR a");
    const ftp = await target.login();
    await ftp.put("STOR b", pattern(300_000));
    assertBytes(await ftp.fetch("RETR b"), pattern(300_000));
    assertBytes(await readAll(data), content);
    await stalled.reply(226);
  },

  "an upload that sends nothing holds up nobody else": async (target) => {
    const stalled = await target.login();
    const data = await stalled.begin("STOR a");
    const ftp = await target.login();
    await ftp.put("STOR b", pattern(300_000));
    assertBytes(await ftp.fetch("RETR b"), pattern(300_000));
    await writeAll(data, octets("content"));
    data.close();
    await stalled.reply(226);
    assertEquals(await target.readText("a"), "content");
  },

  "a client that says nothing after connecting holds up nobody else": async (target) => {
    const silent = await target.dial();
    const ftp = await target.login();
    await ftp.command("MKD d", 257);
    await silent.reply(220);
    await target.holds("d");
  },

  "a client that reads no replies holds up nobody else": async (target) => {
    const deaf = await target.login();
    const shouting = deaf.send(octets("HELP\r\n".repeat(20_000))).catch(() => {});
    const ftp = await target.login();
    await ftp.put("STOR b", pattern(300_000));
    assertBytes(await ftp.fetch("RETR b"), pattern(300_000));
    deaf.close();
    await shouting;
  },

  "a passive port that nobody uses holds up nobody else": async (target) => {
    await target.write("a", "content");
    const waiting = await target.login();
    const port = await waiting.passivePort();
    await waiting.send("RETR a");
    const ftp = await target.login();
    assertEquals((await ftp.fetch("RETR a")).length, 7);
    assertEquals((await readAll(await waiting.dial(port))).length, 7);
    assertEquals(await waiting.finals(1), [226]);
  },

  "transfers proceed in turns": async (target) => {
    const content = await target.large("a");
    const all = await clients(target, 4);
    const data = await Promise.all(all.map((ftp) => ftp.passive()));
    await Promise.all(all.map((ftp) => ftp.command("RETR a", [125, 150])));
    const heads = await Promise.all(data.map((conn) => readExactly(conn, 300_000)));
    const rests = [];
    for (const conn of data.toReversed()) rests.unshift(await readAll(conn));
    rests.forEach((rest, index) => assertBytes(join(heads[index]!, rest), content));
    for (const ftp of all) await ftp.reply(226);
  },

  "a hundred sessions one after the other": async (target) => {
    for (let count = 0; count < 100; count++) {
      const ftp = await target.connect();
      await ftp.command("QUIT", 221);
      closeQuietly(ftp);
    }
    await (await target.login()).command("PWD", 257);
  },

  "eighty connections at once, or as many as are declared": async (target) => {
    const count = Math.min(80, target.connections ?? 80);
    const all = await Promise.all(Array.from({ length: count }, () => target.connect()));
    await Promise.all(all.map((ftp) => ftp.command("NOOP", 200)));
    await Promise.all(all.map((ftp) => ftp.command("QUIT", 221)));
  },

  "who comes beyond the declared limit is served when another leaves": async (target) => {
    const small = await target.own({ maxWorkers: 2 });
    assertEquals(small.connections, 2);
    const [one, two] = [await small.connect(), await small.connect()];
    const late = await small.dial();
    await one.command("QUIT", 221);
    await late.reply(220);
    await late.command("NOOP", 200);
    await two.command("NOOP", 200);
  },

  "who comes beyond the declared limit is told 421": async (target) => {
    const { connections } = target;
    assert(connections !== undefined, "No limit is declared");
    const served: Conversation[] = [];
    let code = 220;
    while (code === 220 && served.length <= connections) {
      const ftp = await target.dial();
      ({ code } = await ftp.reply([220, 421]));
      if (code === 220) served.push(ftp);
      else await ftp.end();
    }
    assertEquals(code, 421);
    const leaving = served.splice(0, served.length >> 1);
    await served.at(-1)!.command("NOOP", 200);
    for (const ftp of leaving) await ftp.command("QUIT", 221);
    for (const ftp of leaving) ftp.close();
    await (await target.login()).command("PWD", 257);
    await served.at(-1)!.command("NOOP", 200);
  },
};
