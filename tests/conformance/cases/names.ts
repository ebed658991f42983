/**
 * Names beyond ASCII (RFC 2640): UTF-8 in, the same UTF-8 out, in every reply and listing.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { octets, text } from "../client.ts";
import type { Cases } from "../target.ts";

/** Two, three and four octets, right to left, a combining mark, quotes, and plain oddities. */
const NAMES = [
  "äöü ß.txt",
  "日本語",
  "🎉 party",
  "שלום",
  "e\u0301 decomposed",
  "it's",
  "a,b(c)",
  "#hash;semi",
];

/** The cases by name. */
export const names: Cases = {
  ...Object.fromEntries(NAMES.map((name) => [
    `a file called ${name}`,
    async (target) => {
      const ftp = await target.login();
      await ftp.put(`STOR ${name}`, octets(name));
      await target.holds(name);
      assertEquals(await ftp.list("NLST"), [name]);
      assert((await ftp.list("LIST"))[0]!.endsWith(` ${name}`));
      assert((await ftp.list("MLSD")).some((line) => line.endsWith(`; ${name}`)));
      assertStringIncludes((await ftp.command(`MLST ${name}`, 250)).text, name);
      assertEquals(text(await ftp.fetch(`RETR ${name}`)), name);
      await ftp.command(`RNFR ${name}`, 350);
      await ftp.command(`RNTO ${name}2`, 250);
      await ftp.command(`DELE ${name}2`, 250);
      await target.holds();
    },
  ])) as Cases,

  "folders beyond ASCII in the 257s": async (target) => {
    const ftp = await target.login();
    assertStringIncludes((await ftp.command("MKD 日本 é", 257)).text, `${target.folder}/日本 é"`);
    await ftp.command("CWD 日本 é", 250);
    assertStringIncludes((await ftp.command("PWD", 257)).text, `"${target.folder}/日本 é"`);
  },

  "composed and decomposed letters are two names": async (target) => {
    const ftp = await target.login();
    await ftp.put("STOR \u00e9", octets("composed"));
    await ftp.put("STOR e\u0301", octets("decomposed"));
    assertEquals((await target.names()).length, 2);
    assertEquals(text(await ftp.fetch("RETR \u00e9")), "composed");
  },

  "upper and lower case are two names": async (target) => {
    const ftp = await target.login();
    await ftp.put("STOR a", octets("lower"));
    await ftp.put("STOR A", octets("upper"));
    await target.holds("A", "a");
    assertEquals(text(await ftp.fetch("RETR a")), "lower");
  },

  "a letter may be cut by a segment's end": async (target) => {
    const ftp = await target.login();
    const command = octets("MKD é\r\n");
    await ftp.send(command.subarray(0, 5));
    await ftp.send(command.subarray(5));
    await ftp.reply(257);
    await target.holds("é");
  },

  "octets that are no UTF-8 are answered": async (target) => {
    const ftp = await target.login();
    await ftp.command(new Uint8Array([67, 87, 68, 32, 0xc3, 0x28, 13, 10]), "5xx");
    await ftp.command(new Uint8Array([67, 87, 68, 32, 0xe4, 13, 10]), "5xx");
    await ftp.command("PWD", 257);
  },
};
