/**
 * How data connections come about: PORT, PASV (RFC 959), EPRT, EPSV (RFC 2428) and the rules
 * against bounce attacks (RFC 2577).
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertBytes,
  closeQuietly,
  finalReply,
  octets,
  pattern,
  portCommand,
  readAll,
  writeAll,
} from "../client.ts";
import type { Cases } from "../target.ts";

const PASSIVE = ["PASV", "EPSV", "EPSV 1"] as const;

/** EPRT arguments that RFC 2428 section 2 does not know. */
const BAD_EPRT = ["x", "|1|127.0.0.1|", "|1|127.0.0.1|99999|", "|1|127.0.0|2000|", "|1||2000|"];

/** PORT arguments that RFC 959 section 5.3.2 does not know. */
const BAD_PORT = ["x", "127,0,0,1,200", "127,0,0,1,200,200,1", "127,0,0,1,256,1", "127,0,0,1,-1,1"];

/** The cases by name. */
export const dataConnections: Cases = {
  ...Object.fromEntries(PASSIVE.map((verb) => [
    `${verb}: RETR over the port of the reply`,
    async (target) => {
      await target.write("a", pattern(3000));
      const ftp = await target.login();
      assertBytes(await ftp.fetch("RETR a", verb), pattern(3000));
    },
  ])) as Cases,

  "EPSV 2 on IPv4 is 522 and names 1": async (target) => {
    const ftp = await target.login();
    assertStringIncludes((await ftp.command("EPSV 2", 522)).text, "(1)");
    await ftp.command("EPSV 9", [501, 522]);
    await ftp.command("EPSV x", [501, 522]);
  },

  "EPSV ALL leaves EPSV alone": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.command("EPSV ALL", 200);
    await ftp.command("PASV", "5xx");
    await ftp.command(portCommand("PORT", ftp.listen()), "5xx");
    await ftp.command(portCommand("EPRT", ftp.listen()), "5xx");
    assertEquals((await ftp.fetch("RETR a")).length, 7);
  },

  "a transfer without PASV or PORT is 425": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.send("RETR a");
    await finalReply(ftp, 425);
    await ftp.send("LIST");
    await finalReply(ftp, 425);
    await ftp.command("NOOP", 200);
  },

  "PORT: the server connects from its own address": async (target) => {
    await target.write("a", pattern(3000));
    const ftp = await target.login();
    const listener = await ftp.active();
    await ftp.send("RETR a");
    const data = await ftp.accept(listener);
    assertEquals((data.remoteAddr as Deno.NetAddr).hostname, target.endpoint.host);
    assertBytes(await readAll(data), pattern(3000));
    await ftp.reply([125, 150]);
    await ftp.reply(226);
  },

  "EPRT: a transfer with any delimiter": async (target) => {
    await target.write("a", pattern(3000));
    const ftp = await target.login();
    for (const delimiter of ["|", "!"]) {
      const listener = ftp.listen();
      await ftp.command(portCommand("EPRT", listener).replaceAll("|", delimiter), 200);
      await ftp.send("RETR a");
      assertBytes(await readAll(await ftp.accept(listener)), pattern(3000));
      await finalReply(ftp, 226);
    }
  },

  "PORT: an upload": async (target) => {
    const ftp = await target.login();
    const listener = await ftp.active();
    await ftp.send("STOR a");
    const data = await ftp.accept(listener);
    await data.write(pattern(1000));
    data.close();
    await finalReply(ftp, 226);
    assertBytes(await target.read("a"), pattern(1000));
  },

  "PORT to another host is refused": async (target) => {
    const ftp = await target.login();
    await ftp.command("PORT 127,0,0,2,200,200", "5xx");
    await ftp.command("PORT 192,0,2,1,200,200", "5xx");
    await ftp.command("EPRT |1|192.0.2.1|51400|", "5xx");
    await ftp.send("LIST");
    await finalReply(ftp, 425);
  },

  "PORT to a port below 1024 is refused": async (target) => {
    const ftp = await target.login();
    await ftp.command("PORT 127,0,0,1,0,25", "5xx");
    await ftp.command("PORT 127,0,0,1,0,0", "5xx");
    await ftp.command("EPRT |1|127.0.0.1|1023|", "5xx");
    await ftp.send("LIST");
    await finalReply(ftp, 425);
  },

  "PORT of bad numbers is 501": async (target) => {
    const ftp = await target.login();
    for (const bad of BAD_PORT) await ftp.command(`PORT ${bad}`, [500, 501]);
    await ftp.command("NOOP", 200);
  },

  "EPRT of a bad form is 501, of another family 522": async (target) => {
    const ftp = await target.login();
    for (const bad of BAD_EPRT) await ftp.command(`EPRT ${bad}`, [500, 501]);
    await ftp.command("EPRT |3|127.0.0.1|51400|", 522);
    await ftp.command("EPRT |2|::1|51400|", "5xx");
    await ftp.command("NOOP", 200);
  },

  "nobody listens at the PORT: 425, and the session goes on": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    closeQuietly(await ftp.active());
    await ftp.send("RETR a");
    await finalReply(ftp, [425, 426]);
    assertEquals((await ftp.fetch("RETR a")).length, 7);
  },

  "nobody comes to the passive port: 425, and the session goes on": async (target) => {
    await target.write("a", "content");
    const hasty = await target.shared({ connectTimeoutMs: 60 });
    const ftp = await hasty.login();
    await ftp.passivePort();
    await ftp.send("RETR a");
    await finalReply(ftp, 425);
    assertEquals((await ftp.fetch("RETR a")).length, 7);
  },

  "an upload that nobody connects to leaves no file under its name": async (target) => {
    await target.write("b", "old");
    const hasty = await target.shared({ connectTimeoutMs: 60 });
    const ftp = await hasty.login();
    for (const name of ["a", "b"]) {
      await ftp.passivePort();
      await ftp.send(`STOR ${name}`);
      await finalReply(ftp, 425);
    }
    const names = await target.names();
    assert(!names.includes("a"), "An empty file took the name");
    assertEquals(await target.readText("b"), "old");
  },

  "the data connection may come after the command": async (target) => {
    await target.write("a", pattern(3000));
    const ftp = await target.login();
    const port = await ftp.passivePort();
    await ftp.send("RETR a");
    assertBytes(await readAll(await ftp.dial(port)), pattern(3000));
    await finalReply(ftp, 226);
  },

  "a second PASV takes the place of the first": async (target) => {
    await target.write("a", pattern(3000));
    const ftp = await target.login();
    await ftp.passivePort("PASV");
    assertBytes(await ftp.fetch("RETR a", "PASV"), pattern(3000));
  },

  "a connection to a port that a second EPSV replaced is not used": async (target) => {
    await target.write("a", pattern(3000));
    const ftp = await target.login();
    const stale = await ftp.passive();
    const data = await ftp.passive();
    await ftp.send("RETR a");
    assertBytes(await readAll(data), pattern(3000));
    await finalReply(ftp, 226);
    closeQuietly(stale);
  },

  "the last of PASV and PORT counts": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.passivePort();
    const listener = await ftp.active();
    await ftp.send("RETR a");
    assertEquals((await readAll(await ftp.accept(listener))).length, 7);
    await finalReply(ftp, 226);
    closeQuietly(await ftp.active());
    assertEquals((await ftp.fetch("RETR a")).length, 7);
  },

  "EPSV sent before the end of an upload is for the next transfer": async (target) => {
    await target.write("b", pattern(3000));
    const ftp = await target.login();
    let port = await ftp.passivePort();
    for (let round = 0; round < 5; round++) {
      const data = await ftp.dial(port);
      await ftp.command("STOR a", [125, 150]);
      await writeAll(data, pattern(1000));
      await ftp.send("EPSV");
      closeQuietly(data);
      await ftp.reply(226);
      port = await ftp.extendedPort();
    }
    const data = await ftp.dial(port);
    await ftp.send("RETR b");
    assertBytes(await readAll(data), pattern(3000));
    await finalReply(ftp, 226);
  },

  "PORT, STOR, PORT and RETR in one write are two transfers": async (target) => {
    await target.write("b", pattern(3000));
    const ftp = await target.login();
    const [up, down] = [ftp.listen(), ftp.listen()];
    const offers = [up, down].map((listener) => portCommand("PORT", listener));
    await ftp.send(octets(`${offers[0]}\r\nSTOR a\r\n${offers[1]}\r\nRETR b\r\n`));
    const data = await ftp.accept(up);
    await writeAll(data, pattern(1000));
    closeQuietly(data);
    assertBytes(await readAll(await ftp.accept(down)), pattern(3000));
    assertEquals(await ftp.finals(4), [200, 226, 200, 226]);
    assertBytes(await target.read("a"), pattern(1000));
  },

  "a passive port serves one transfer": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    assertEquals((await ftp.fetch("RETR a")).length, 7);
    await ftp.send("RETR a");
    await finalReply(ftp, 425);
  },

  "a PORT serves one transfer": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    const listener = await ftp.active();
    await ftp.send("RETR a");
    await readAll(await ftp.accept(listener));
    await finalReply(ftp, 226);
    await ftp.send("RETR a");
    await finalReply(ftp, 425);
  },

  "of two connections to a passive port the first is served": async (target) => {
    await target.write("a", pattern(3000));
    const ftp = await target.login();
    const port = await ftp.passivePort();
    const first = await ftp.dial(port);
    const second = await ftp.dial(port).catch(() => undefined);
    await ftp.send("RETR a");
    assertBytes(await readAll(first), pattern(3000));
    await finalReply(ftp, 226);
    if (second !== undefined) closeQuietly(second);
    assertBytes(await ftp.fetch("RETR a"), pattern(3000));
  },

  "a connection left in a passive port's backlog reaches no later session": async (target) => {
    await target.write("a", pattern(3000));
    const scarce = await target.own({ passivePortCount: 2 });
    const first = await scarce.login();
    await first.passive();
    await first.command("REIN", 220);
    const ftp = await scarce.login();
    for (let round = 0; round < 4; round++) {
      assertBytes(await ftp.fetch("RETR a"), pattern(3000));
    }
  },

  "a refused RETR leaves the next transfer alone": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.refused("RETR missing", 550);
    assertEquals((await ftp.fetch("RETR a")).length, 7);
  },

  "the data connection is closed before the 226": async (target) => {
    await target.write("a", pattern(100_000));
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    assertBytes(await readAll(data), pattern(100_000));
    await ftp.reply(226);
  },

  "fifty transfers one after the other": async (target) => {
    await target.write("a", pattern(5000));
    const ftp = await target.login();
    for (let round = 0; round < 50; round++) {
      assertBytes(await ftp.fetch("RETR a", round % 2 === 0 ? "EPSV" : "PASV"), pattern(5000));
    }
  },
};
