/**
 * Transfer parameters and what a server tells of itself: RFC 959 sections 4.1.2 and 4.1.3,
 * RFC 2389.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Cases } from "../target.ts";

/** The cases by name. */
export const parameters: Cases = {
  "TYPE I, A, A N and L 8 are 200": async (target) => {
    const ftp = await target.login();
    for (const type of ["I", "A", "A N", "L 8", "i", "a n"]) await ftp.command(`TYPE ${type}`, 200);
  },

  "TYPE E, A T, A C and L 7 are 504": async (target) => {
    const ftp = await target.login();
    for (const type of ["E", "A T", "A C", "L 7"]) await ftp.command(`TYPE ${type}`, [501, 504]);
  },

  "TYPE without or with an unknown value is 501 or 504": async (target) => {
    const ftp = await target.login();
    await ftp.command("TYPE", [500, 501, 504]);
    await ftp.command("TYPE X", [501, 504]);
  },

  "a refused TYPE leaves the type in force": async (target) => {
    await target.write("a", "one\ntwo\n");
    const ftp = await target.login();
    await ftp.command("TYPE E", [501, 504]);
    assertEquals((await ftp.fetch("RETR a")).length, 8);
  },

  "MODE S is 200, MODE B, C and X are refused": async (target) => {
    const ftp = await target.login();
    await ftp.command("MODE S", 200);
    await ftp.command("MODE s", 200);
    for (const mode of ["B", "C", "X"]) await ftp.command(`MODE ${mode}`, [501, 504]);
    await ftp.command("MODE", [500, 501, 504]);
  },

  "STRU F is 200, STRU R, P and X are refused": async (target) => {
    const ftp = await target.login();
    await ftp.command("STRU F", 200);
    for (const structure of ["R", "P", "X"]) await ftp.command(`STRU ${structure}`, [501, 504]);
  },

  "ALLO is accepted with and without a record size": async (target) => {
    const ftp = await target.login();
    await ftp.command("ALLO 100", [200, 202]);
    await ftp.command("ALLO 100 R 10", [200, 202]);
  },

  "ALLO of what is no number is 501": async (target) => {
    const ftp = await target.login();
    await ftp.command("ALLO many", [500, 501, 504]);
    await ftp.command("NOOP", 200);
  },

  "SYST is 215 UNIX": async (target) => {
    const ftp = await target.login();
    assertMatch((await ftp.command("SYST", 215)).text, /^215 UNIX\b/);
  },

  "HELP lists verbs, HELP VERB tells of one": async (target) => {
    const ftp = await target.login();
    assertStringIncludes((await ftp.command("HELP", [211, 214])).text, "RETR");
    assertStringIncludes((await ftp.command("HELP RETR", [211, 214])).text, "RETR");
    await ftp.command("HELP retr", [211, 214]);
  },

  "HELP of an unknown verb is refused": async (target) => {
    const ftp = await target.login();
    await ftp.command("HELP XYZZY", [501, 502, 504]);
  },

  "SITE HELP lists the SITE commands": async (target) => {
    const ftp = await target.login();
    assertStringIncludes((await ftp.command("SITE HELP", [200, 211, 214])).text, "CHMOD");
  },

  "FEAT names the extensions in the form of RFC 2389": async (target) => {
    const ftp = await target.login();
    const { lines } = await ftp.command("FEAT", 211);
    assertMatch(lines[0]!, /^211-/);
    assertMatch(lines.at(-1)!, /^211 /);
    const features = lines.slice(1, -1);
    assert(features.every((line) => /^ [^ ]/.test(line)), "Each feature follows one space");
    const names = features.map((line) => line.trim().toUpperCase());
    for (const name of ["EPRT", "EPSV", "MDTM", "REST STREAM", "SIZE", "UTF8", "TVFS"]) {
      assert(names.includes(name), `FEAT lacks ${name}`);
    }
    assert(names.includes("MFMT"), "FEAT lacks MFMT");
    assert(names.some((name) => name.startsWith("MLST ")), "FEAT lacks MLST");
  },

  "every verb that FEAT names is known": async (target) => {
    const ftp = await target.login();
    const { lines } = await ftp.command("FEAT", 211);
    const verbs = lines.slice(1, -1).map((line) => line.trim().split(" ")[0]!)
      .filter((name) => !["UTF8", "TVFS"].includes(name));
    for (const verb of verbs) {
      const { code } = await ftp.command(verb, "any");
      assert(code !== 500 && code !== 502, `${verb} is ${code}`);
      if (code === 150 || code === 125) await ftp.reply("4xx");
    }
  },

  "OPTS UTF8 ON is 200": async (target) => {
    const ftp = await target.login();
    await ftp.command("OPTS UTF8 ON", [200, 202]);
    await ftp.command("opts utf8 on", [200, 202]);
  },

  "OPTS of an unknown feature is 501": async (target) => {
    const ftp = await target.login();
    await ftp.command("OPTS XYZZY 1", [501, 502, 504]);
  },

  "CLNT is taken": async (target) => {
    const ftp = await target.login();
    await ftp.command("CLNT suite 1", 200);
  },

  "STAT without a name tells of the session": async (target) => {
    const ftp = await target.login();
    const { lines } = await ftp.command("STAT", 211);
    assert(lines.length > 1, "One line only");
  },

  "an unknown verb is 500, an empty SITE one is refused": async (target) => {
    const ftp = await target.login();
    await ftp.command("XYZZY", [500, 502]);
    await ftp.command("XYZZY with words", [500, 502]);
    await ftp.command("SITE XYZZY", [500, 501, 502, 504]);
    await ftp.command("NOOP", 200);
  },

  "a verb of RFC 959 that is not implemented is 502": async (target) => {
    const ftp = await target.login();
    await ftp.command("SMNT /", [500, 502]);
  },

  "verbs are the same in any case": async (target) => {
    const ftp = await target.login();
    await ftp.command("noop", 200);
    await ftp.command("NoOp", 200);
    await ftp.command("pwd", 257);
  },

  "commands that need an argument are 501 without": async (target) => {
    const ftp = await target.login();
    const commands = ["DELE", "RMD", "MKD", "RNFR", "SIZE", "MDTM", "PORT", "EPRT", "REST", "MFMT"];
    for (const command of commands) await ftp.command(command, [500, 501]);
    await ftp.refused("RETR", [500, 501]);
    await ftp.refused("STOR", [500, 501]);
    await ftp.refused("APPE", [500, 501]);
  },
};
