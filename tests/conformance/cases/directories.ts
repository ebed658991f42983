/**
 * Folders and names of files: RFC 959 section 4.1.3 and appendix II.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Cases, Target } from "../target.ts";
import type { Conversation } from "../client.ts";

async function isAt(ftp: Conversation, path: string): Promise<void> {
  const { text } = await ftp.command("PWD", 257);
  assertStringIncludes(text, `257 "${path}"`);
}

async function exists(target: Target, name: string): Promise<boolean> {
  return await Deno.lstat(target.path(name)).then(() => true, () => false);
}

/** The cases by name. */
export const directories: Cases = {
  "CWD enters a folder, PWD says it": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    await ftp.command("CWD d", [200, 250]);
    await isAt(ftp, `${target.folder}/d`);
  },

  "CWD takes absolute, dotted and doubled paths": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    for (const way of ["d", "./d", "d/", "d/../d", `${target.folder}/d`, `/${target.folder}//d`]) {
      await ftp.command(`CWD ${target.folder}`, [200, 250]);
      await ftp.command(`CWD ${way}`, [200, 250]);
      await isAt(ftp, `${target.folder}/d`);
    }
  },

  "CWD to what is missing is 550 and stays": async (target) => {
    const ftp = await target.login();
    await ftp.command("CWD missing", 550);
    await isAt(ftp, target.folder);
  },

  "CWD to a file is 550 and stays": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    await ftp.command("CWD a", 550);
    await isAt(ftp, target.folder);
  },

  "CDUP goes to the parent": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    await ftp.command("CWD d", [200, 250]);
    await ftp.command("CDUP", [200, 250]);
    await isAt(ftp, target.folder);
  },

  "CDUP and CWD .. never leave the root": async (target) => {
    const ftp = await target.login();
    for (let level = 0; level < 4; level++) await ftp.command("CDUP", [200, 250, 550]);
    await isAt(ftp, "/");
    await ftp.command("CWD ../../..", [200, 250, 550]);
    await isAt(ftp, "/");
  },

  "a quote in a name is doubled in the 257s": async (target) => {
    const ftp = await target.login();
    const made = await ftp.command('MKD a"b', 257);
    assertStringIncludes(made.text, 'a""b"');
    await target.holds('a"b');
    await ftp.command('CWD a"b', [200, 250]);
    await isAt(ftp, `${target.folder}/a""b`);
  },

  "MKD makes a folder and says its absolute path": async (target) => {
    const ftp = await target.login();
    const { text } = await ftp.command("MKD d", 257);
    assertStringIncludes(text, `257 "${target.folder}/d"`);
    assert((await Deno.stat(target.path("d"))).isDirectory);
    await ftp.command("CWD d", [200, 250]);
  },

  "MKD of what exists is refused": async (target) => {
    await target.mkdir("d");
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.command("MKD d", [521, 550]);
    await ftp.command("MKD a", [521, 550]);
    assertEquals(await target.readText("a"), "content");
  },

  "MKD below what is missing is 550": async (target) => {
    const ftp = await target.login();
    await ftp.command("MKD missing/d", 550);
    await target.holds();
  },

  "RMD removes an empty folder": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    await ftp.command("RMD d", 250);
    await target.holds();
  },

  "RMD of a folder with something in it is 550": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "content");
    const ftp = await target.login();
    await ftp.command("RMD d", 550);
    assertEquals(await target.readText("d/a"), "content");
  },

  "RMD of a file or of nothing is 550": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.command("RMD a", 550);
    await ftp.command("RMD missing", 550);
    await target.holds("a");
  },

  "RMD of the root is refused": async (target) => {
    const ftp = await target.login();
    await ftp.command("RMD /", "5xx");
    assert((await Deno.stat(target.root)).isDirectory);
  },

  "a current folder that another removes leaves the session usable": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    await ftp.command("CWD d", [200, 250]);
    await Deno.remove(target.path("d"));
    await ftp.refused("STOR a", "refusal");
    await ftp.command("CDUP", [200, 250]);
    await isAt(ftp, target.folder);
  },

  "XMKD, XCWD, XPWD, XCUP and XRMD are the same as without X": async (target) => {
    const ftp = await target.login();
    await ftp.command("XMKD d", 257);
    await target.holds("d");
    await ftp.command("XCWD d", [200, 250]);
    assertStringIncludes((await ftp.command("XPWD", 257)).text, `"${target.folder}/d"`);
    await ftp.command("XCUP", [200, 250]);
    await ftp.command("XRMD d", 250);
    await target.holds();
  },

  "DELE removes a file": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    await ftp.command("DELE a", 250);
    await target.holds();
    await ftp.refused("RETR a", 550);
  },

  "DELE of a folder or of nothing is 550": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    await ftp.command("DELE d", 550);
    await ftp.command("DELE missing", [450, 550]);
    await target.holds("d");
  },

  "RNFR and RNTO rename a file": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.command("RNFR a", 350);
    await ftp.command("RNTO b", 250);
    await target.holds("b");
    assertEquals(await target.readText("b"), "content");
  },

  "RNFR and RNTO move a folder with what is in it": async (target) => {
    await target.mkdir("d");
    await target.mkdir("e");
    await target.write("d/a", "content");
    const ftp = await target.login();
    await ftp.command("RNFR d", 350);
    await ftp.command("RNTO e/f", 250);
    assertEquals(await target.readText("e/f/a"), "content");
    await target.holds("e");
  },

  "RNTO without RNFR is 503": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    await ftp.command("RNTO b", 503);
    await target.holds("a");
  },

  "RNFR counts until RNTO or another command that changes files": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    await ftp.command("RNFR a", 350);
    await ftp.command("DELE missing", 550);
    await ftp.command("RNTO b", 503);
    await ftp.command("RNFR a", 350);
    for (const [command, code] of [["NOOP", 200], ["PWD", 257], ["PASV", 227]] as const) {
      await ftp.command(command, code);
    }
    await ftp.command("RNTO b", 250);
    await ftp.command("RNTO c", 503);
    await target.holds("b");
  },

  "RNFR of what is missing is 550": async (target) => {
    const ftp = await target.login();
    await ftp.command("RNFR missing", [450, 550]);
    await ftp.command("RNTO b", 503);
  },

  "RNTO below what is missing fails and the source stays": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.command("RNFR a", 350);
    await ftp.command("RNTO missing/b", [550, 553]);
    assertEquals(await target.readText("a"), "content");
  },

  "RNTO onto a file replaces it or is refused, and loses nothing": async (target) => {
    await target.write("a", "new");
    await target.write("b", "old");
    const ftp = await target.login();
    await ftp.command("RNFR a", 350);
    const { code } = await ftp.command("RNTO b", [250, 550, 553]);
    if (code === 250) {
      await target.holds("b");
      assertEquals(await target.readText("b"), "new");
    } else {
      assertEquals([await target.readText("a"), await target.readText("b")], ["new", "old"]);
    }
  },

  "a folder cannot be moved into itself or onto a full one": async (target) => {
    await target.mkdir("d");
    await target.mkdir("e");
    await target.write("e/a", "content");
    const ftp = await target.login();
    await ftp.command("RNFR d", 350);
    await ftp.command("RNTO d/d", [550, 553]);
    await ftp.command("RNFR d", 350);
    await ftp.command("RNTO e", [550, 553]);
    await target.holds("d", "e");
    assertEquals(await target.readText("e/a"), "content");
  },

  "the root can be neither renamed nor replaced": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    const { code } = await ftp.command("RNFR /", [350, 550, 553]);
    if (code === 350) await ftp.command(`RNTO ${target.folder}/r`, [550, 553]);
    await ftp.command("RNFR d", 350);
    await ftp.command("RNTO /", [550, 553]);
    assert(await exists(target, "d"));
  },

  "SITE CHMOD sets the permissions": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    await ftp.command("SITE CHMOD 640 a", [200, 250]);
    assertEquals((await Deno.stat(target.path("a"))).mode! & 0o777, 0o640);
    await ftp.command("SITE chmod 0600 a", [200, 250]);
    assertEquals((await Deno.stat(target.path("a"))).mode! & 0o777, 0o600);
  },

  "SITE CHMOD refuses what is no mode and what is missing": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    const before = (await Deno.stat(target.path("a"))).mode;
    await ftp.command("SITE CHMOD 9x a", [500, 501, 504]);
    await ftp.command("SITE CHMOD 600", [500, 501, 504]);
    await ftp.command("SITE CHMOD 600 missing", 550);
    assertEquals((await Deno.stat(target.path("a"))).mode, before);
  },
};
