/**
 * ABOR in every state: RFC 959 sections 4.1.3 and 5.4, RFC 1123 section 4.1.2.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  closeQuietly,
  finalReply,
  join,
  octets,
  pattern,
  readExactly,
  readUntilEnd,
  writeAll,
} from "../client.ts";
import { type Cases, LARGE } from "../target.ts";

/** Telnet's Interrupt Process and Synch before the command (RFC 959 section 4.1.3). */
const URGENT_ABOR = join(new Uint8Array([255, 244, 255, 242]), octets("ABOR\r\n"));

/** The cases by name. */
export const abort: Cases = {
  ...Object.fromEntries([["ABOR", octets("ABOR\r\n")], ["IP, Synch, ABOR", URGENT_ABOR]].map((
    [name, command],
  ) => [
    `${name} during RETR: 426, 226, and the session goes on`,
    async (target) => {
      await target.large("a");
      await target.write("b", "content");
      const ftp = await target.login();
      const data = await ftp.begin("RETR a");
      await readExactly(data, 1000);
      await ftp.send(command as Uint8Array);
      await ftp.reply(426);
      await ftp.reply([225, 226]);
      assert(await readUntilEnd(data) < LARGE - 1000, "Everything came in spite of ABOR");
      assertEquals((await ftp.fetch("RETR b")).length, 7);
    },
  ])) as Cases,

  "ABOR without a transfer is 225 or 226": async (target) => {
    const ftp = await target.login();
    await ftp.command("ABOR", [225, 226]);
    await ftp.command(URGENT_ABOR, [225, 226]);
    await ftp.command("NOOP", 200);
  },

  "ABOR during STOR: 426, 226, and the name is not taken": async (target) => {
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(1000));
    await ftp.command("ABOR", 426);
    await ftp.reply([225, 226]);
    assertEquals(await data.read(new Uint8Array(1)).catch(() => null), null);
    assert(!(await target.names()).includes("a"));
    await ftp.put("STOR b", pattern(1000));
    assertBytes(await target.read("b"), pattern(1000));
  },

  "ABOR during APPE leaves what was there": async (target) => {
    await target.write("a", "old");
    const ftp = await target.login();
    const data = await ftp.begin("APPE a");
    await writeAll(data, octets(" new"));
    await ftp.command("ABOR", 426);
    await ftp.reply([225, 226]);
    assert((await target.readText("a")).startsWith("old"));
    closeQuietly(data);
  },

  "ABOR during an active transfer": async (target) => {
    await target.large("a");
    const ftp = await target.login();
    const listener = await ftp.active();
    await ftp.send("RETR a");
    const data = await ftp.accept(listener);
    await ftp.reply([125, 150]);
    await readExactly(data, 1000);
    await ftp.command("ABOR", 426);
    await ftp.reply([225, 226]);
    assert(await readUntilEnd(data) < LARGE - 1000);
  },

  "ABOR while the data connection has not come": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.passivePort();
    await ftp.send("RETR a");
    await ftp.send("ABOR");
    await finalReply(ftp, [425, 426]);
    await ftp.reply([225, 226]);
    assertEquals((await ftp.fetch("RETR a")).length, 7);
  },

  "ABOR after the end of a transfer is 225 or 226": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.fetch("RETR a");
    await ftp.command("ABOR", [225, 226]);
    assertEquals((await ftp.fetch("RETR a")).length, 7);
  },

  "two ABORs are two answers": async (target) => {
    await target.large("a");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    await readExactly(data, 1000);
    await ftp.send(octets("ABOR\r\nABOR\r\nNOOP\r\n"));
    const codes = await ftp.finals(4);
    assertEquals(codes[0], 426);
    assert(codes.slice(1, 3).every((code) => code === 225 || code === 226), `Got ${codes}`);
    assertEquals(codes[3], 200);
    closeQuietly(data);
  },

  "a command queued before ABOR is answered after it": async (target) => {
    await target.large("a");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    await readExactly(data, 1000);
    await ftp.send(octets("ABOR\r\nPWD\r\nTYPE I\r\n"));
    assertEquals((await ftp.finals(4)).map((code) => code === 225 ? 226 : code), [
      426,
      226,
      257,
      200,
    ]);
    closeQuietly(data);
  },

  "ABOR, then the same file again, whole": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    for (let round = 0; round < 3; round++) {
      const data = await ftp.begin("RETR a");
      await readExactly(data, 100_000);
      await ftp.command("ABOR", 426);
      await ftp.reply([225, 226]);
      closeQuietly(data);
    }
    assertBytes(await ftp.fetch("RETR a"), content);
  },
};
