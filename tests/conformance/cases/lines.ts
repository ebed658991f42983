/**
 * The control connection: command lines, Telnet (RFC 959 section 5.3, RFC 854), limits, and
 * pipelining (RFC 1123 section 4.1.3; RFC 959 section 5.4 has each command answered in order).
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertBytes, finalReply, join, octets, pattern, portCommand, readAll } from "../client.ts";
import { type Cases, WRITER } from "../target.ts";

const IAC = 255;

/** The cases by name. */
export const commandLines: Cases = {
  "a command may come octet by octet": async (target) => {
    const ftp = await target.login();
    for (const byte of octets("MKD d\r\n")) await ftp.send(new Uint8Array([byte]));
    await ftp.reply(257);
    await target.holds("d");
  },

  "CR and LF may come in two segments": async (target) => {
    const ftp = await target.login();
    await ftp.send(octets("NOOP\r"));
    await ftp.send(octets("\nNOOP\r\n"));
    assertEquals(await ftp.finals(2), [200, 200]);
  },

  "a line that ends with LF alone is a line": async (target) => {
    const ftp = await target.login();
    await ftp.command(octets("NOOP\n"), 200);
    await ftp.command("PWD", 257);
  },

  "an empty line does not upset the order of replies": async (target) => {
    const ftp = await target.login();
    await ftp.send(octets("\r\nPWD\r\n"));
    const { code } = await ftp.reply([257, 500]);
    if (code === 500) await ftp.reply(257);
    await ftp.command("NOOP", 200);
  },

  "an over-long line is one 500": async (target) => {
    const ftp = await target.login();
    await ftp.send(join("MKD ", new Uint8Array(100_000).fill(97), "\r\nNOOP\r\n"));
    await ftp.reply([500, 501, 550, 553]);
    await ftp.reply(200);
    await target.holds();
  },

  "an over-long line of several megabytes is dropped": async (target) => {
    const ftp = await target.login();
    const chunk = new Uint8Array(1 << 18).fill(97);
    for (let count = 0; count < 8; count++) await ftp.send(chunk);
    await ftp.send(octets("\r\nPWD\r\n"));
    await ftp.reply(500);
    await ftp.reply(257);
  },

  "a path of 4096 octets is no over-long line": async (target) => {
    const ftp = await target.login();
    await ftp.command(`CWD ${"./".repeat(2000)}`, 250);
    await ftp.command(`CWD /${"a/".repeat(2040)}`, [550, 553]);
  },

  "spaces at the end of a name are part of it": async (target) => {
    const ftp = await target.login();
    await ftp.put("STOR a ", octets("content"));
    await target.holds("a ");
    await ftp.refused("RETR a", 550);
    assertEquals((await ftp.fetch("RETR a ")).length, 7);
  },

  "spaces at the start of a name are part of it": async (target) => {
    await target.write(" a", "content");
    const ftp = await target.login();
    assertEquals((await ftp.command("SIZE  a", 213)).text, "213 7");
  },

  "NUL in a command is refused and nothing is made": async (target) => {
    const ftp = await target.login();
    await ftp.command(octets("MKD a\0b\r\n"), "5xx");
    await ftp.command("NOOP", 200);
    await target.holds();
  },

  "an unfinished line at the end of the connection is no command": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.send(octets("DELE a"));
    await ftp.conn.closeWrite();
    await ftp.end().catch(() => {});
    await target.holds("a");
  },

  "commands before the end of the client's side are answered": async (target) => {
    const ftp = await target.login();
    await ftp.send(octets("MKD d\r\nPWD\r\n"));
    await ftp.conn.closeWrite();
    await ftp.reply(257);
    await ftp.reply(257);
    await target.holds("d");
  },

  "binary rubbish is answered and the session goes on": async (target) => {
    const ftp = await target.login();
    const rubbish = pattern(3000).filter((byte) => byte !== 10 && byte !== 13 && byte !== IAC);
    await ftp.command(join(rubbish, "\r\n"), [500, 501, 502]);
    await ftp.command("PWD", 257);
  },

  "IAC NOP inside a command is passed over": async (target) => {
    const ftp = await target.login();
    await ftp.command(join("NO", new Uint8Array([IAC, 241]), "OP\r\n"), 200);
  },

  "IAC DO and WILL are passed over": async (target) => {
    const ftp = await target.login();
    await ftp.command(join(new Uint8Array([IAC, 253, 1, IAC, 251, 3]), "PWD\r\n"), 257);
    await ftp.command("NOOP", 200);
  },

  "an IAC sequence may be cut anywhere": async (target) => {
    const ftp = await target.login();
    await ftp.send(join("PW", new Uint8Array([IAC])));
    await ftp.send(new Uint8Array([253]));
    await ftp.send(join(new Uint8Array([1]), "D\r\n"));
    await ftp.reply(257);
  },

  "a doubled IAC is one octet of a name, refused or kept": async (target) => {
    const ftp = await target.login();
    await ftp.command(join("CWD a", new Uint8Array([IAC, IAC]), "b\r\n"), "5xx");
    await ftp.command("PWD", 257);
  },

  "two commands in one segment are answered in order": async (target) => {
    const ftp = await target.login();
    await ftp.send(octets("PWD\r\nSYST\r\n"));
    assertEquals(await ftp.finals(2), [257, 215]);
  },

  "a whole login in one segment": async (target) => {
    const ftp = await target.connect();
    await ftp.send(octets(`USER ${WRITER.user}\r\nPASS ${WRITER.password}\r\nPWD\r\n`));
    assertEquals(await ftp.finals(3), [331, 230, 257]);
  },

  "commands in one segment take effect in order": async (target) => {
    const ftp = await target.login();
    await ftp.send(
      octets("MKD d\r\nCWD d\r\nMKD e\r\nPWD\r\nCDUP\r\nRNFR d\r\nRNTO f\r\nSIZE f\r\n"),
    );
    for (const code of [257, 250, 257]) await ftp.reply(code);
    assertStringIncludes((await ftp.reply(257)).text, `${target.folder}/d`);
    await ftp.reply([200, 250]);
    await ftp.reply(350);
    await ftp.reply(250);
    await ftp.reply(550);
    assertEquals(await target.names("f"), ["e"]);
  },

  "five hundred commands in one segment are five hundred answers": async (target) => {
    const ftp = await target.login();
    const commands = Array.from({ length: 250 }, () => "NOOP\r\nPWD\r\n").join("");
    await ftp.send(octets(commands));
    const codes = await ftp.finals(500);
    assert(codes.every((code, index) => code === (index % 2 === 0 ? 200 : 257)));
  },

  "file operations in one segment are all done": async (target) => {
    const ftp = await target.login();
    const names = Array.from({ length: 150 }, (_, index) => `d${index}`);
    await ftp.send(octets(names.map((name) => `MKD ${name}\r\n`).join("")));
    assert((await ftp.finals(150)).every((code) => code === 257));
    await target.holds(...names);
  },

  "transfers over PORT in one segment run one after the other": async (target) => {
    await target.write("a", pattern(70_000, 1));
    await target.write("b", pattern(70_000, 2));
    const ftp = await target.login();
    const [first, second] = [ftp.listen(), ftp.listen()];
    await ftp.send(octets(
      `${portCommand("PORT", first)}\r\nRETR a\r\n${portCommand("PORT", second)}\r\nRETR b\r\n`,
    ));
    assertBytes(await readAll(await ftp.accept(first)), pattern(70_000, 1));
    assertBytes(await readAll(await ftp.accept(second)), pattern(70_000, 2));
    assertEquals(await ftp.finals(4), [200, 226, 200, 226]);
  },

  "a command behind an upload sees what it stored": async (target) => {
    const ftp = await target.login();
    const data = await ftp.passive();
    await ftp.send(octets("STOR a\r\nSIZE a\r\nRNFR a\r\nRNTO b\r\n"));
    await data.write(octets("content"));
    data.close();
    await finalReply(ftp, 226);
    assertEquals((await ftp.reply(213)).text, "213 7");
    assertEquals(await ftp.finals(2), [350, 250]);
    await target.holds("b");
  },

  "what follows QUIT in its segment is not done": async (target) => {
    const ftp = await target.login();
    await ftp.send(octets("QUIT\r\nMKD d\r\n"));
    await ftp.reply(221);
    await ftp.end();
    await target.holds();
  },
};
