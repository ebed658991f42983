/**
 * REST with RETR and STOR (RFC 3659 section 5), and what an interrupted upload leaves behind:
 * the old file as it was, and the new octets but for the last under ".NAME.ftplab-part" until a
 * resume completes them.
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
  portCommand,
  readAll,
  writeAll,
} from "../client.ts";
import { eventually } from "../../eventually.ts";
import type { Cases, Target } from "../target.ts";
import type { Conversation } from "../client.ts";

/** The octets that RETR a gives after REST `offset`. */
async function tail(ftp: Conversation, offset: number): Promise<Uint8Array> {
  const data = await ftp.passive();
  await ftp.command(`REST ${offset}`, 350);
  await ftp.send("RETR a");
  const bytes = await readAll(data);
  await finalReply(ftp, 226);
  return bytes;
}

/** Sends `bytes` and one octet more by STOR `name`, and aborts: `bytes` are kept. */
async function interrupted(ftp: Conversation, name: string, bytes: Uint8Array): Promise<void> {
  const data = await ftp.begin(`STOR ${name}`);
  await writeAll(data, join(bytes, "?"));
  await arrived(ftp, bytes.length + 1);
  await ftp.send("ABOR");
  assertEquals(await ftp.finals(2), [426, 226]);
  closeQuietly(data);
}

/** Asks until the server has taken `length` octets of its running upload off the network. */
async function arrived(ftp: Conversation, length: number): Promise<void> {
  for (let round = 0; round < 2000; round++) {
    const { text } = await ftp.command("STAT", [211, 213]);
    if (new RegExp(`\\b${length}\\b`).test(text)) return;
  }
  assert(false, `STAT never said ${length}`);
}

async function resumed(
  ftp: Conversation,
  command: string,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  const data = await ftp.passive();
  await ftp.command(`REST ${offset}`, 350);
  await ftp.command(command, [125, 150]);
  await writeAll(data, bytes);
  data.close();
  await ftp.reply([226, 250]);
}

async function partial(target: Target): Promise<Uint8Array> {
  return await target.read(".a.ftplab-part");
}

/** The cases by name. */
export const resume: Cases = {
  "REST n and RETR give the octets from n on": async (target) => {
    await target.write("a", pattern(70_000));
    const ftp = await target.login();
    for (const offset of [0, 1, 5000, 65_536, 69_999]) {
      assertBytes(await tail(ftp, offset), pattern(70_000).subarray(offset));
    }
  },

  "REST to the very end gives nothing": async (target) => {
    await target.write("a", pattern(1000));
    const ftp = await target.login();
    assertEquals((await tail(ftp, 1000)).length, 0);
  },

  "REST beyond the end gives no octet that is not there": async (target) => {
    await target.write("a", pattern(1000));
    const ftp = await target.login();
    const data = await ftp.passive();
    await ftp.command("REST 1001", 350);
    await ftp.send("RETR a");
    await finalReply(ftp, [226, 550, 551, 554]);
    closeQuietly(data);
    assertEquals((await ftp.fetch("RETR a")).length, 1000);
  },

  "REST counts for one transfer": async (target) => {
    await target.write("a", pattern(1000));
    const ftp = await target.login();
    assertEquals((await tail(ftp, 400)).length, 600);
    assertBytes(await ftp.fetch("RETR a"), pattern(1000));
  },

  "REST does not outlive a refused transfer": async (target) => {
    await target.write("a", pattern(1000));
    const ftp = await target.login();
    const data = await ftp.passive();
    await ftp.command("REST 400", 350);
    await ftp.command("RETR missing", 550);
    closeQuietly(data);
    assertBytes(await ftp.fetch("RETR a"), pattern(1000));
  },

  "REST of what is no number is 501": async (target) => {
    await target.write("a", pattern(1000));
    const ftp = await target.login();
    for (const bad of ["x", "-1", "1.5", "1x"]) await ftp.command(`REST ${bad}`, [500, 501]);
    assertBytes(await ftp.fetch("RETR a"), pattern(1000));
  },

  "REST of an absurd number gives no octet": async (target) => {
    await target.write("a", pattern(1000));
    const ftp = await target.login();
    const data = await ftp.passive();
    const { code } = await ftp.command("REST 99999999999999999999", [350, 500, 501, 554]);
    if (code === 350) {
      await ftp.send("RETR a");
      await finalReply(ftp, [226, 550, 551, 554]);
      assert(await data.read(new Uint8Array(10)) === null, "An octet came");
    }
    closeQuietly(data);
    assertBytes(await ftp.fetch("RETR a"), pattern(1000));
  },

  "REST n and STOR write from n on": async (target) => {
    await target.write("a", "0123456789");
    const ftp = await target.login();
    await resumed(ftp, "STOR a", 4, octets("xy"));
    const stored = await target.readText("a");
    assert(["0123xy", "0123xy6789"].includes(stored), `Stored "${stored}"`);
    await target.holds("a");
  },

  "REST at the end and STOR add": async (target) => {
    await target.write("a", "0123456789");
    const ftp = await target.login();
    await resumed(ftp, "STOR a", 10, octets("xy"));
    assertEquals(await target.readText("a"), "0123456789xy");
  },

  "REST beyond the end and STOR are refused and leave the file": async (target) => {
    await target.write("a", "0123456789");
    const ftp = await target.login();
    const data = await ftp.passive();
    await ftp.command("REST 11", 350);
    await ftp.command("STOR a", [550, 551, 554]);
    closeQuietly(data);
    assertEquals(await target.readText("a"), "0123456789");
    await target.holds("a");
  },

  "REST and STOR of a missing name are refused": async (target) => {
    const ftp = await target.login();
    const data = await ftp.passive();
    await ftp.command("REST 5", 350);
    await ftp.command("STOR a", [550, 551, 554]);
    closeQuietly(data);
    await target.holds();
  },

  "an interrupted STOR leaves the old file and keeps the new octets": async (target) => {
    await target.write("a", "old");
    const ftp = await target.login();
    await interrupted(ftp, "a", pattern(5000));
    await target.holds(".a.ftplab-part", "a");
    assertEquals(await target.readText("a"), "old");
    assertBytes(await partial(target), pattern(5000));
    assertEquals(new TextDecoder().decode(await ftp.fetch("RETR a")), "old");
  },

  "a resume of an interrupted overwrite from the old file's end is refused": async (target) => {
    const content = pattern(20_000, 2);
    await target.write("a", pattern(9000));
    const ftp = await target.login();
    await interrupted(ftp, "a", content.subarray(0, 5000));
    assertEquals((await ftp.command("SIZE a", 213)).text, "213 9000");
    const data = await ftp.passive();
    await ftp.command("REST 9000", 350);
    await ftp.command("STOR a", 554);
    await ftp.command("APPE a", 554);
    closeQuietly(data);
    assertBytes(await target.read("a"), pattern(9000));
    await resumed(ftp, "STOR a", 5000, content.subarray(5000));
    assertBytes(await target.read("a"), content);
    await target.holds("a");
  },

  "SIZE tells how far an interrupted upload came": async (target) => {
    const ftp = await target.login();
    await interrupted(ftp, "a", pattern(5000));
    assertEquals((await ftp.command("SIZE a", 213)).text, "213 5000");
    await ftp.refused("RETR a", 550);
  },

  "REST and STOR complete an interrupted upload": async (target) => {
    const content = pattern(9000);
    const ftp = await target.login();
    await interrupted(ftp, "a", content.subarray(0, 5000));
    await resumed(ftp, "STOR a", 5000, content.subarray(5000));
    await target.holds("a");
    assertBytes(await target.read("a"), content);
  },

  "a resume below the end of the partial writes over it": async (target) => {
    const content = pattern(9000);
    const ftp = await target.login();
    await interrupted(ftp, "a", content.subarray(0, 5000));
    await resumed(ftp, "STOR a", 4000, content.subarray(4000));
    await target.holds("a");
    assertBytes(await target.read("a"), content);
  },

  "a resume beyond the partial is refused and keeps it": async (target) => {
    const ftp = await target.login();
    await interrupted(ftp, "a", pattern(5000));
    const data = await ftp.passive();
    await ftp.command("REST 5001", 350);
    await ftp.command("STOR a", [550, 551, 554]);
    closeQuietly(data);
    assertBytes(await partial(target), pattern(5000));
  },

  "an upload interrupted twice is completed": async (target) => {
    const content = pattern(9000);
    const ftp = await target.login();
    await interrupted(ftp, "a", content.subarray(0, 3000));
    const data = await ftp.passive();
    await ftp.command("REST 3000", 350);
    await ftp.command("STOR a", [125, 150]);
    await writeAll(data, content.subarray(3000, 6001));
    for (let round = 0; round < 2000 && (await partial(target)).length < 6001; round++) {
      await ftp.command("STAT", [211, 213]);
    }
    await ftp.send("ABOR");
    assertEquals(await ftp.finals(2), [426, 226]);
    assertBytes(await partial(target), content.subarray(0, 6000));
    await resumed(ftp, "STOR a", 6000, content.subarray(6000));
    assertBytes(await target.read("a"), content);
  },

  "APPE completes an interrupted upload of a missing name": async (target) => {
    const content = pattern(9000);
    const ftp = await target.login();
    await interrupted(ftp, "a", content.subarray(0, 5000));
    await ftp.put("APPE a", content.subarray(5000));
    await target.holds("a");
    assertBytes(await target.read("a"), content);
  },

  "STOR without REST begins an interrupted upload anew": async (target) => {
    const ftp = await target.login();
    await interrupted(ftp, "a", pattern(5000));
    await ftp.put("STOR a", pattern(100, 2));
    await target.holds("a");
    assertBytes(await target.read("a"), pattern(100, 2));
  },

  "a STOR that no octet comes of keeps the partial": async (target) => {
    const ftp = await target.login();
    await interrupted(ftp, "a", pattern(5000));
    await ftp.command("STOR a", 425);
    const listener = ftp.listen();
    await ftp.command(portCommand("PORT", listener), 200);
    listener.close();
    await ftp.command("STOR a", 425);
    for (const connects of [false, true]) {
      const data = connects ? await ftp.passive() : await ftp.passivePort();
      await ftp.command("STOR a", 150);
      await ftp.send("ABOR");
      assertEquals(await ftp.finals(2), [426, 226]);
      if (typeof data === "object") closeQuietly(data);
    }
    assertBytes(await partial(target), pattern(5000));
    await resumed(ftp, "STOR a", 5000, pattern(9000).subarray(5000));
    assertBytes(await target.read("a"), pattern(9000));
  },

  "a large STOR takes the place of a larger partial": async (target) => {
    await target.write(".a.ftplab-part", pattern(2_000_000));
    const ftp = await target.login();
    await ftp.put("STOR a", pattern(1_000_000, 2));
    await target.holds("a");
    assertBytes(await target.read("a"), pattern(1_000_000, 2));
  },

  "DELE and RNFR of a name that is missing mean its partial": async (target) => {
    const ftp = await target.login();
    for (const name of ["a", "b"]) await interrupted(ftp, name, pattern(5000));
    await ftp.command("DELE b", 250);
    await ftp.command("RNFR a", 350);
    await ftp.command("RNTO c", 250);
    await target.holds(".c.ftplab-part");
    assertEquals((await ftp.command("SIZE c", 213)).text, "213 5000");
  },

  "DELE of a file takes along what an interrupted upload to it left": async (target) => {
    await target.write("a", "old");
    const ftp = await target.login();
    await interrupted(ftp, "a", pattern(5000));
    await ftp.command("DELE a", 250);
    await target.holds();
    await ftp.command("SIZE a", 550);
    await ftp.put("APPE a", pattern(100, 2));
    assertBytes(await target.read("a"), pattern(100, 2));
  },

  "RNTO takes along what interrupted uploads to both names left": async (target) => {
    const ftp = await target.login();
    for (const name of ["a", "b"]) {
      await target.write(name, name);
      await interrupted(ftp, name, pattern(5000));
    }
    await ftp.command("RNFR a", 350);
    await ftp.command("RNTO b", 250);
    await target.holds("b");
    await ftp.command("MFMT 20200101000000 b", 213);
    await resumed(ftp, "STOR b", 1, octets("!"));
    assertEquals(await target.readText("b"), "a!");
  },

  "an upload that has come whole has something left for who resumes": async (target) => {
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(5000));
    await arrived(ftp, 5000);
    const other = await target.login();
    await other.command("SIZE a", 450);
    ftp.conn.close(); // a client that is killed closes both
    closeQuietly(data);
    let said = await other.command("SIZE a", [213, 450]);
    for (let round = 0; round < 2000 && said.code === 450; round++) {
      said = await other.command("SIZE a", [213, 450]);
    }
    assertEquals(said.text, "213 4999");
    await resumed(other, "STOR a", 4999, pattern(5000).subarray(4999));
    await target.holds("a");
    assertBytes(await target.read("a"), pattern(5000));
  },

  "DELE of a name that is uploaded is 450": async (target) => {
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(5000));
    await arrived(ftp, 5000);
    const other = await target.login();
    await other.command("DELE a", 450);
    data.close();
    await ftp.reply(226);
    assertBytes(await target.read("a"), pattern(5000));
  },

  "a control connection that closes keeps the partial": async (target) => {
    await target.write("a", "old");
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(5001));
    await arrived(ftp, 5001);
    ftp.conn.close();
    assertEquals(await data.read(new Uint8Array(1)).catch(() => null), null);
    assertEquals(await target.readText("a"), "old");
    // The file is closed a moment after the data connection.
    await eventually("closed", async () => (await partial(target)).length <= 5000);
    assertBytes(await partial(target), pattern(5000));
  },

  "REST and STOR beyond 4 GiB": async (target) => {
    const size = 5 * 2 ** 30;
    await target.write("a", "");
    await Deno.truncate(target.path("a"), size);
    const ftp = await target.login();
    await resumed(ftp, "STOR a", size, octets("tail!"));
    assertEquals((await Deno.stat(target.path("a"))).size, size + 5);
    assertEquals((await ftp.command("SIZE a", 213)).text, `213 ${size + 5}`);
  },
};
