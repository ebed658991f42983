/**
 * LIST, NLST and STAT of a name: RFC 959 section 4.1.3, RFC 1123 section 4.1.2.7.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { lines, octets, readAll, text } from "../client.ts";
import type { Cases } from "../target.ts";

/** A line of LIST as ls -l writes it, which is what clients parse. */
const LONG = /^([-dl])[-rwxsStT]{9}\s+\d+\s+\S+\s+\S+\s+(\d+) (\w{3} [ \d]\d [ \d:]{5}) (.+)$/;

function field(line: string, index: number): string {
  const match = LONG.exec(line);
  assert(match !== null, `Not a line of ls: "${line}"`);
  return match[index]!;
}

/** The cases by name. */
export const listing: Cases = {
  "LIST has a line of ls -l for every name": async (target) => {
    await target.mkdir("d");
    await target.write("a", "12345");
    await target.write("with space", "");
    const ftp = await target.login();
    const found = await ftp.list("LIST");
    assertEquals(found.map((line) => field(line, 4)).sort(), ["a", "d", "with space"]);
    const byName = new Map(found.map((line) => [field(line, 4), line]));
    assertEquals(field(byName.get("a")!, 2), "5");
    assertEquals(field(byName.get("a")!, 1), "-");
    assertEquals(field(byName.get("d")!, 1), "d");
  },

  "LIST shows the permissions": async (target) => {
    await target.write("a", "");
    await Deno.chmod(target.path("a"), 0o640);
    const ftp = await target.login();
    assertMatch((await ftp.list("LIST"))[0]!, /^-rw-r-----/);
  },

  "LIST dates: the time for the last half year, the year before": async (target) => {
    await target.write("old", "");
    await target.write("new", "");
    await Deno.utime(target.path("old"), new Date(), new Date(Date.UTC(2001, 1, 3, 4, 5)));
    const ftp = await target.login();
    const found = await ftp.list("LIST");
    const [fresh, old] = ["new", "old"].map((name) =>
      field(found.find((line) => line.endsWith(` ${name}`))!, 3)
    );
    assertMatch(old!, /^Feb [ 0]3 {2}2001$/);
    assertMatch(fresh!, /^\w{3} [ \d]\d \d\d:\d\d$/);
  },

  "LIST of an empty folder has no name": async (target) => {
    const ftp = await target.login();
    assertEquals(await ftp.list("LIST"), []);
  },

  "LIST of a folder by its path": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "");
    const ftp = await target.login();
    for (const way of ["d", `${target.folder}/d`, "d/"]) {
      assertEquals((await ftp.list(`LIST ${way}`)).map((line) => field(line, 4)), ["a"]);
    }
  },

  "LIST of a file is one line": async (target) => {
    await target.write("a", "12345");
    await target.write("b", "");
    const ftp = await target.login();
    const found = await ftp.list("LIST a");
    assertEquals(found.length, 1);
    assertEquals(field(found[0]!, 2), "5");
  },

  "LIST of what is missing is refused or empty": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    const data = await ftp.passive();
    const { code } = await ftp.command("LIST missing", [125, 150, 450, 550]);
    if (code < 200) {
      assertEquals((await readAll(data)).length, 0);
      await ftp.reply([226, 450, 550]);
    }
    await ftp.command("NOOP", 200);
  },

  "LIST -a, -l and -la are options, not names": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "");
    const ftp = await target.login();
    for (const option of ["-a", "-l", "-la", "-aL"]) {
      const names = (await ftp.list(`LIST ${option}`)).map((line) => field(line, 4));
      assert(names.includes("d"), `LIST ${option} gave ${names}`);
    }
    const names = (await ftp.list("LIST -l d")).map((line) => field(line, 4));
    assert(names.includes("a"), `LIST -l d gave ${names}`);
  },

  "LIST of 250 names is complete": async (target) => {
    const names = Array.from({ length: 250 }, (_, index) => `file-${1000 + index}`);
    for (const name of names) Deno.writeTextFileSync(target.path(name), "");
    const ftp = await target.login();
    assertEquals((await ftp.list("LIST")).map((line) => field(line, 4)).sort(), names);
  },

  "LIST shows links, so that nothing behind one is removed with it": async (target) => {
    await target.mkdir("precious");
    await target.write("precious/a", "12345");
    await target.mkdir("d");
    await Deno.symlink("../precious", target.path("d/relative"));
    await Deno.symlink(target.path("precious/a"), target.path("d/absolute"));
    await Deno.symlink(`${target.root}-elsewhere`, target.path("d/out"));
    const ftp = await target.login();
    const found = await ftp.list("LIST d");
    assertEquals(found.map((line) => [field(line, 1), field(line, 4)]), [
      ["l", `absolute -> ${target.folder}/precious/a`],
      ["l", "out -> ?"],
      ["l", "relative -> ../precious"],
    ]);
    assertEquals(field(found[0]!, 2), "5");
    assertEquals((await ftp.list("LIST -R d")).length, found.length + 1);
    assertEquals((await ftp.list("LIST d/absolute")).map((line) => field(line, 1)), ["l"]);
    for (const name of ["absolute", "relative"]) await ftp.command(`DELE d/${name}`, 250);
    assertEquals(await target.readText("precious/a"), "12345");
  },

  "NLST has names only": async (target) => {
    await target.mkdir("d");
    await target.write("a", "12345");
    await target.write("with space", "");
    const ftp = await target.login();
    assertEquals((await ftp.list("NLST")).sort(), ["a", "d", "with space"]);
  },

  "NLST of a folder gives names that a client can use": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "");
    await target.write("d/b", "");
    const ftp = await target.login();
    const names = (await ftp.list("NLST d")).sort();
    const bare = names.map((name) => name.replace(/^d\//, ""));
    assertEquals(bare, ["a", "b"]);
  },

  "NLST of an empty folder is empty or refused": async (target) => {
    const ftp = await target.login();
    const data = await ftp.passive();
    const { code } = await ftp.command("NLST", [125, 150, 450, 550]);
    if (code < 200) {
      assertEquals((await readAll(data)).length, 0);
      await ftp.reply(226);
    }
  },

  "NLST -l and -a are options, not names": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    for (const option of ["-l", "-a"]) {
      const found = await ftp.list(`NLST ${option}`);
      assert(found.some((line) => line.endsWith("a")), `NLST ${option} gave ${found}`);
    }
  },

  "listings have CRLF in TYPE A and in TYPE I": async (target) => {
    await target.write("a", "");
    await target.write("b", "");
    const ftp = await target.login();
    for (const type of ["A", "I"]) {
      await ftp.command(`TYPE ${type}`, 200);
      for (const verb of ["LIST", "NLST"]) {
        assertEquals(lines(await ftp.fetch(verb)).length, 2);
      }
    }
  },

  "LIST over PORT": async (target) => {
    await target.write("a", "");
    const ftp = await target.login();
    const listener = await ftp.active();
    await ftp.send("LIST");
    const bytes = await readAll(await ftp.accept(listener));
    assertEquals(await ftp.finals(1), [226]);
    assertEquals(lines(bytes).map((line) => field(line, 4)), ["a"]);
  },

  "STAT of a folder lists it on the control connection": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "12345");
    await target.write("d/213 trap", "");
    const ftp = await target.login();
    const { lines: found } = await ftp.command("STAT d", [211, 212, 213]);
    assert(found.slice(1, -1).some((line) => /5 .* a$/.test(line)), `No "a" in ${found}`);
    assert(found.slice(1, -1).some((line) => line.endsWith(" 213 trap")));
    await ftp.command("NOOP", 200);
  },

  "STAT of a file tells of it": async (target) => {
    await target.write("a", "12345");
    const ftp = await target.login();
    assertMatch((await ftp.command("STAT a", [211, 212, 213])).text, /5 .* a\b/);
  },

  "STAT of what is missing is refused": async (target) => {
    const ftp = await target.login();
    const { code, lines: found } = await ftp.command("STAT missing", [211, 212, 213, 450, 550]);
    assert(code >= 400 || !found.slice(1, -1).some((line) => LONG.test(line.trim())));
    await ftp.command("NOOP", 200);
  },

  "a listing shows what another session has just done": async (target) => {
    const [one, two] = [await target.login(), await target.login()];
    assertEquals(await one.list("LIST"), []);
    await two.put("STOR a", octets("content"));
    assertEquals((await one.list("LIST")).length, 1);
    await two.command("DELE a", 250);
    assertEquals(await one.list("LIST"), []);
  },

  "a reader of LIST that closes early harms only its listing": async (target) => {
    for (let index = 0; index < 300; index++) {
      Deno.writeTextFileSync(target.path(`a-rather-long-name-to-make-it-big-${index}`), "");
    }
    const ftp = await target.login();
    const data = await ftp.passive();
    await ftp.send("LIST");
    data.close();
    const codes = await ftp.finals(1);
    assert([226, 426, 451, 551, 425].includes(codes[0]!), `Got ${codes}`);
    assertEquals(lines(octets(text(await ftp.fetch("NLST")))).length, 300);
  },
};
