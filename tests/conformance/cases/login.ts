/**
 * Who is let in, and what nobody is let do before: RFC 959 sections 4.1.1 and 5.4.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Cases, WRITER } from "../target.ts";
import { pattern, readUntilEnd } from "../client.ts";

/** Commands that RFC 959 section 5.4 lets answer 530, and that need an account here. */
const NEED_LOGIN = [
  "CWD /",
  "CDUP",
  "PWD",
  "MKD x",
  "RMD x",
  "DELE x",
  "RNFR x",
  "RNTO x",
  "PASV",
  "EPSV",
  "PORT 127,0,0,1,200,200",
  "EPRT |1|127.0.0.1|51400|",
  "RETR x",
  "STOR x",
  "APPE x",
  "STOU",
  "LIST",
  "NLST",
  "MLSD",
  "MLST",
  "SIZE x",
  "MDTM x",
  "MFMT 20200101000000 x",
  "STAT /",
  "SITE CHMOD 600 x",
];

/** The cases by name. */
export const login: Cases = {
  "the greeting is 220": async (target) => {
    const ftp = await target.dial();
    await ftp.reply(220);
  },

  "USER 331, PASS 230, and the session begins in the root": async (target) => {
    const ftp = await target.connect();
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command(`PASS ${WRITER.password}`, 230);
    assertStringIncludes((await ftp.command("PWD", 257)).text, '257 "/"');
  },

  "an unknown name gets 331 like a known one, then 530": async (target) => {
    const ftp = await target.connect();
    await ftp.command("USER nobody-at-all", 331);
    await ftp.command(`PASS ${WRITER.password}`, 530);
    await ftp.command("PWD", 530);
  },

  "a wrong password is 530, and the right one still works": async (target) => {
    const ftp = await target.connect();
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command("PASS wrong", 530);
    await ftp.command("PWD", 530);
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command(`PASS ${WRITER.password}`, 230);
    await ftp.command("PWD", 257);
  },

  "a password is compared whole: no prefix, no more, no other case": async (target) => {
    const ftp = await target.connect();
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command(`PASS ${WRITER.password.slice(0, -1)}`, 530);
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command(`PASS ${WRITER.password}x`, 530);
    const other = await target.connect();
    await other.command(`USER ${WRITER.user}`, 331);
    await other.command(`PASS ${WRITER.password.toUpperCase()}`, 530);
  },

  "an account's name is compared with its case": async (target) => {
    const ftp = await target.connect();
    await ftp.command(`USER ${WRITER.user.toUpperCase()}`, 331);
    await ftp.command(`PASS ${WRITER.password}`, 530);
  },

  "the third failed login ends the connection": async (target) => {
    const ftp = await target.connect();
    for (let attempt = 1; attempt <= 3; attempt++) {
      await ftp.command(`USER ${WRITER.user}`, 331);
      await ftp.command("PASS wrong", attempt < 3 ? 530 : [530, 421]);
    }
    await readUntilEnd(ftp.conn);
  },

  "PASS before USER is 503": async (target) => {
    const ftp = await target.connect();
    await ftp.command(`PASS ${WRITER.password}`, 503);
    await ftp.command("PWD", 530);
  },

  "a command between USER and PASS does not log in by itself": async (target) => {
    const ftp = await target.connect();
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command("NOOP", [200, 503, 530]);
    await ftp.command("PWD", [503, 530]);
  },

  "USER without a name is refused": async (target) => {
    const ftp = await target.connect();
    await ftp.command("USER", "5xx");
    await ftp.command("PASS x", [503, 530]);
  },

  "every command on files is 530 before the login": async (target) => {
    const ftp = await target.connect();
    for (const command of NEED_LOGIN) await ftp.command(command, 530);
    await target.holds();
  },

  "NOOP, HELP, FEAT, SYST and QUIT need no login": async (target) => {
    const ftp = await target.connect();
    await ftp.command("NOOP", 200);
    await ftp.command("HELP", [211, 214]);
    await ftp.command("FEAT", 211);
    await ftp.command("SYST", 215);
    await ftp.command("QUIT", 221);
    await ftp.end();
  },

  "QUIT is 221 and closes the connection": async (target) => {
    const ftp = await target.login();
    await ftp.command("QUIT", 221);
    await ftp.end();
  },

  "REIN forgets the account, the folder and the passive port": async (target) => {
    const ftp = await target.login();
    await ftp.passivePort();
    await ftp.command("REIN", 220);
    await ftp.command("PWD", 530);
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command(`PASS ${WRITER.password}`, 230);
    assertStringIncludes((await ftp.command("PWD", 257)).text, '"/"');
    await ftp.command("LIST", 425);
  },

  "ACCT after the login is superfluous or accepted": async (target) => {
    const ftp = await target.login();
    await ftp.command("ACCT books", [202, 230, 503]);
    await ftp.command("PWD", 257);
  },

  "USER after the login begins another one": async (target) => {
    const ftp = await target.login();
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command(`PASS ${WRITER.password}`, 230);
    await ftp.command("PWD", 257);
  },

  "USER after the login, then a wrong password, leaves nobody logged in": async (target) => {
    const ftp = await target.login();
    await ftp.command(`USER ${WRITER.user}`, 331);
    await ftp.command("PASS wrong", 530);
    await ftp.command("PWD", 530);
    await ftp.command("MKD d", 530);
    await target.holds();
  },

  "anonymous is let in with any password": async (target) => {
    const ftp = await target.connect();
    await ftp.command("USER anonymous", [230, 331]);
    await ftp.command("PASS me@example.org", [202, 230]);
    await ftp.command("PWD", 257);
    const other = await target.connect();
    await other.command("USER ftp", [230, 331]);
    await other.command("PASS guest", [202, 230]);
    await other.command("PWD", 257);
  },

  "an anonymous reader reads": async (target) => {
    await target.write("a", "content");
    const ftp = await target.connect();
    await ftp.command("USER anonymous", [230, 331]);
    await ftp.command("PASS me@", [202, 230]);
    await ftp.command("TYPE I", 200);
    const bytes = await ftp.fetch(`RETR ${target.folder}/a`);
    assertEquals(new TextDecoder().decode(bytes), "content");
  },

  "an anonymous reader changes nothing by any command": async (target) => {
    await target.write("a", "content");
    await target.mkdir("d");
    const ftp = await target.connect();
    await ftp.command("USER anonymous", [230, 331]);
    await ftp.command("PASS me@", [202, 230]);
    await ftp.command(`CWD ${target.folder}`, 250);
    for (const verb of ["STOR a", "STOR b", "APPE a", "STOU"]) await ftp.refused(verb, "5xx");
    const before = await Deno.stat(target.path("a"));
    for (
      const command of [
        "DELE a",
        "MKD e",
        "RMD d",
        "RNFR a",
        "MFMT 20010101000000 a",
        "SITE CHMOD 600 a",
      ]
    ) await ftp.command(command, "5xx");
    await target.holds("a", "d");
    assertEquals(await target.readText("a"), "content");
    const after = await Deno.stat(target.path("a"));
    assertEquals([after.mode, after.mtime], [before.mode, before.mtime]);
  },

  "anonymous is refused where the server does not let it in": async (target) => {
    const closed = await target.shared({ anonymous: "off" });
    const ftp = await closed.connect();
    const { code } = await ftp.command("USER anonymous", [331, 530]);
    if (code === 331) await ftp.command("PASS me@", 530);
    await ftp.command("PWD", 530);
  },

  "a pause after a failed login holds up nobody else": async (target) => {
    const slow = await target.own({ loginDelayMs: 3_600_000 });
    const punished = await slow.connect();
    await punished.command(`USER ${WRITER.user}`, 331);
    await punished.send("PASS wrong");
    let answered = false;
    const waiting = punished.reply(530).then(() => answered = true, () => {});
    const ftp = await slow.login();
    await ftp.put("STOR a", pattern(10_000));
    assertEquals((await ftp.fetch("RETR a")).length, 10_000);
    assert(!answered, "The failed login was answered at once");
    punished.close();
    await waiting;
  },
};
