/**
 * TYPE A: lines end with CRLF on the network and with LF on disk, wherever a chunk ends
 * (RFC 959 section 3.1.1.1), and what SIZE and REST say of it (RFC 3659 sections 4 and 5).
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  assertBytes,
  closeQuietly,
  finalReply,
  octets,
  readAll,
  text,
  writeAll,
} from "../client.ts";
import { type Cases, type Target, WRITER } from "../target.ts";
import type { Conversation } from "../client.ts";

async function asciiLogin(target: Target): Promise<Conversation> {
  const ftp = await target.login();
  await ftp.command("TYPE A", 200);
  return ftp;
}

/** Lines of growing length, so that their ends fall on every place of a server's chunks. */
function manyLines(end: string): Uint8Array<ArrayBuffer> {
  const all: string[] = [];
  for (let index = 0; index < 12_000; index++) all.push("x".repeat(index % 97) + end);
  return octets(all.join(""));
}

/** The cases by name. */
export const ascii: Cases = {
  "RETR sends CRLF for LF": async (target) => {
    await target.write("a", "one\ntwo\n");
    const ftp = await asciiLogin(target);
    assertEquals(text(await ftp.fetch("RETR a")), "one\r\ntwo\r\n");
  },

  "RETR of a last line without end": async (target) => {
    await target.write("a", "one\ntwo");
    const ftp = await asciiLogin(target);
    assertEquals(text(await ftp.fetch("RETR a")), "one\r\ntwo");
  },

  "RETR of an empty file and of ends only": async (target) => {
    await target.write("a", "");
    await target.write("b", "\n\n\n");
    const ftp = await asciiLogin(target);
    assertEquals(text(await ftp.fetch("RETR a")), "");
    assertEquals(text(await ftp.fetch("RETR b")), "\r\n\r\n\r\n");
  },

  "RETR of many lines across every chunk": async (target) => {
    await target.write("a", manyLines("\n"));
    const ftp = await asciiLogin(target);
    assertBytes(await ftp.fetch("RETR a"), manyLines("\r\n"));
  },

  "STOR keeps LF for CRLF": async (target) => {
    const ftp = await asciiLogin(target);
    await ftp.put("STOR a", octets("one\r\ntwo\r\n"));
    assertEquals(await target.readText("a"), "one\ntwo\n");
  },

  "STOR of many lines across every chunk": async (target) => {
    const ftp = await asciiLogin(target);
    await ftp.put("STOR a", manyLines("\r\n"));
    assertBytes(await target.read("a"), manyLines("\n"));
  },

  "STOR of a CRLF cut between two segments": async (target) => {
    const ftp = await asciiLogin(target);
    const data = await ftp.passive();
    data.setNoDelay(true);
    await ftp.command("STOR a", [125, 150]);
    for (const piece of ["one\r", "\ntwo\r", "\n", "three", "\r\n"]) {
      await writeAll(data, octets(piece));
      await ftp.command("STAT", 211);
    }
    data.close();
    await finalReply(ftp, 226);
    assertEquals(await target.readText("a"), "one\ntwo\nthree\n");
  },

  "STOR of a last CR keeps it": async (target) => {
    const ftp = await asciiLogin(target);
    await ftp.put("STOR a", octets("one\r\ntwo\r"));
    assertEquals(await target.readText("a"), "one\ntwo\r");
  },

  "STOR of a CR inside a line keeps it": async (target) => {
    const ftp = await asciiLogin(target);
    await ftp.put("STOR a", octets("one\rtwo\r\r\n"));
    assertEquals(await target.readText("a"), "one\rtwo\r\n");
  },

  "what STOR took RETR gives back": async (target) => {
    const ftp = await asciiLogin(target);
    await ftp.put("STOR a", manyLines("\r\n"));
    assertBytes(await ftp.fetch("RETR a"), manyLines("\r\n"));
  },

  "APPE converts as STOR does": async (target) => {
    await target.write("a", "one\n");
    const ftp = await asciiLogin(target);
    await ftp.put("APPE a", octets("two\r\n"));
    assertEquals(await target.readText("a"), "one\ntwo\n");
  },

  "TYPE A and TYPE I may follow each other": async (target) => {
    await target.write("a", "one\n");
    const ftp = await asciiLogin(target);
    assertEquals((await ftp.fetch("RETR a")).length, 5);
    await ftp.command("TYPE I", 200);
    assertEquals((await ftp.fetch("RETR a")).length, 4);
    await ftp.command("TYPE L 8", 200);
    assertEquals((await ftp.fetch("RETR a")).length, 4);
  },

  "a session begins in TYPE A": async (target) => {
    await target.write("a", "one\n");
    const ftp = await target.connect();
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command(`PASS ${WRITER.password}`, 230);
    assertEquals(text(await ftp.fetch(`RETR ${target.folder}/a`)), "one\r\n");
  },

  "letters beyond ASCII pass unchanged": async (target) => {
    await target.write("a", "äö 日本\n");
    const ftp = await asciiLogin(target);
    assertEquals(text(await ftp.fetch("RETR a")), "äö 日本\r\n");
    await ftp.put("STOR b", octets("äö 日本\r\n"));
    assertEquals(await target.readText("b"), "äö 日本\n");
  },

  "SIZE is the size that RETR would send, or refused": async (target) => {
    await target.write("a", "one\ntwo\n");
    const ftp = await asciiLogin(target);
    const { code, text: said } = await ftp.command("SIZE a", [213, 504, 550]);
    if (code === 213) assertEquals(said, "213 10");
  },

  "REST counts octets as RETR sends them, or is refused": async (target) => {
    await target.write("a", "one\ntwo\nthree\n");
    const ftp = await asciiLogin(target);
    for (let offset = 1; offset <= 7; offset++) {
      const data = await ftp.passive();
      const { code } = await ftp.command(`REST ${offset}`, [350, 501, 504, 550, 551, 554]);
      if (code === 350) {
        await ftp.send("RETR a");
        const bytes = await readAll(data);
        const final = await finalReply(ftp, [226, 504, 550, 551, 554]);
        if (final.code === 226) assertEquals(text(bytes), "one\r\ntwo\r\nthree\r\n".slice(offset));
      }
      closeQuietly(data);
    }
  },

  "REST 0 is no restart": async (target) => {
    await target.write("a", "one\n");
    const ftp = await asciiLogin(target);
    const data = await ftp.passive();
    await ftp.command("REST 0", [350, 504]);
    await ftp.send("RETR a");
    assertEquals(text(await readAll(data)), "one\r\n");
    await finalReply(ftp, 226);
  },
};
