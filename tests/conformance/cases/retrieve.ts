/**
 * RETR, and what may be said and done while it runs: RFC 959 sections 4.1.3 and 5.4.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  finalReply,
  join,
  pattern,
  readAll,
  readExactly,
  readUntilEnd,
} from "../client.ts";
import { type Cases, LARGE, LARGE_CONTENT } from "../target.ts";

/** Around the sizes of buffers that servers use. */
const SIZES = [0, 1, 1023, 4096, 65_535, 65_536, 65_537, 262_145, 1_048_579];

/** The cases by name. */
export const retrieve: Cases = {
  ...Object.fromEntries(SIZES.map((size) => [
    `RETR of ${size} octets`,
    async (target) => {
      await target.write("a", pattern(size));
      const ftp = await target.login();
      assertBytes(await ftp.fetch("RETR a"), pattern(size));
    },
  ])) as Cases,

  "RETR of a large file": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    assertBytes(await ftp.fetch("RETR a"), content);
  },

  "RETR by a relative and by an absolute path": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "content");
    const ftp = await target.login();
    assertEquals((await ftp.fetch("RETR d/a")).length, 7);
    assertEquals((await ftp.fetch(`RETR ${target.folder}/d/a`)).length, 7);
    await ftp.command("CWD d", [200, 250]);
    assertEquals((await ftp.fetch("RETR a")).length, 7);
  },

  "RETR of what is missing, or of a folder, is 550": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    await ftp.refused("RETR missing", 550);
    await ftp.refused("RETR missing/a", 550);
    await ftp.refused("RETR d", 550);
  },

  "RETR of what is neither file nor folder is refused and does not hang": async (target) => {
    const made = await new Deno.Command("mkfifo", { args: [target.path("fifo")] }).output();
    assert(made.success, "Cannot make a FIFO");
    const ftp = await target.login();
    await ftp.refused("RETR fifo", "refusal");
    await ftp.command("NOOP", 200);
  },

  "a slow reader gets everything": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    const other = await target.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    await other.command("MKD d", 257);
    assertBytes(join(head, await readAll(data)), content);
    await ftp.reply(226);
  },

  "a reader that closes early harms only its transfer": async (target) => {
    await target.large("a");
    await target.write("b", "content");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    await readExactly(data, 1000);
    data.close();
    await ftp.reply([226, 426, 451, 551]);
    assertEquals((await ftp.fetch("RETR b")).length, 7);
  },

  "a file removed while it is sent arrives whole": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    const other = await target.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    await other.command("DELE a", 250);
    assertBytes(join(head, await readAll(data)), content);
    await ftp.reply(226);
  },

  "a file replaced by STOR while it is sent arrives as it was": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    const other = await target.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    await other.put("STOR a", pattern(500, 2));
    assertBytes(join(head, await readAll(data)), content);
    await ftp.reply(226);
    assertBytes(await target.read("a"), pattern(500, 2));
  },

  "a file cut short while it is sent ends the transfer": async (target) => {
    await target.write("a", LARGE_CONTENT);
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    await readExactly(data, 1000);
    await Deno.truncate(target.path("a"), 10);
    assert(await readUntilEnd(data) < LARGE - 1000, "More than the file held");
    await ftp.reply([226, 426, 451, 551]);
    assertEquals((await ftp.fetch("RETR a")).length, 10);
  },

  "NOOP and STAT are answered during a transfer or after it": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    await ftp.send("NOOP");
    await ftp.send("STAT");
    assertBytes(join(head, await readAll(data)), content);
    assertEquals((await ftp.finals(3)).sort(), [200, 211, 226]);
  },

  "STAT during a transfer is answered before its end": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    await ftp.command("STAT", [211, 213]);
    assertBytes(join(head, await readAll(data)), content);
    await ftp.reply(226);
  },

  "other commands wait for the end of the transfer": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    await ftp.send("MKD d");
    await ftp.send("SIZE a");
    assertBytes(join(head, await readAll(data)), content);
    await ftp.reply(226);
    await ftp.reply(257);
    assertEquals((await ftp.reply(213)).text, `213 ${LARGE}`);
  },

  "a rename that waits does not change the running transfer": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    await ftp.send("CWD /");
    await ftp.send("TYPE A");
    assertBytes(join(head, await readAll(data)), content);
    await ftp.reply(226);
    await ftp.reply(250);
    await ftp.reply(200);
  },

  "QUIT takes effect after the transfer": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    await ftp.send("QUIT");
    assertBytes(join(head, await readAll(data)), content);
    assertEquals(await ftp.finals(2), [226, 221]);
    await ftp.end();
  },

  "a control connection that closes ends the transfer": async (target) => {
    await target.large("a");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    await readExactly(data, 1000);
    ftp.conn.close();
    await readUntilEnd(data);
    const other = await target.login();
    assertBytes(await other.fetch("RETR a"), LARGE_CONTENT);
  },

  "RETR of a file beyond 4 GiB from a high offset": async (target) => {
    const size = 5 * 2 ** 30;
    await target.write("a", "");
    await Deno.truncate(target.path("a"), size);
    const file = await Deno.open(target.path("a"), { write: true });
    await file.seek(size - 5, Deno.SeekMode.Start);
    await file.write(new TextEncoder().encode("tail!"));
    file.close();
    const ftp = await target.login();
    assertEquals((await ftp.command("SIZE a", 213)).text, `213 ${size}`);
    const data = await ftp.passive();
    await ftp.command(`REST ${size - 5}`, 350);
    await ftp.send("RETR a");
    assertEquals(new TextDecoder().decode(await readAll(data)), "tail!");
    await finalReply(ftp, 226);
  },
};
