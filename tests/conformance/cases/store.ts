/**
 * STOR, APPE and STOU: RFC 959 section 4.1.3; RFC 1123 section 4.1.2.9. An upload has its name
 * only when it is complete.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { assertBytes, finalReply, join, octets, pattern, readAll, writeAll } from "../client.ts";
import type { Cases } from "../target.ts";

const SIZES = [0, 1, 1023, 65_536, 65_537, 262_143, 1_048_579];

/** The name that a STOU gave, as RFC 1123 has the server say it: "FILE: name". */
function fileOf(begun: string): string {
  const match = /FILE: (?:.*\/)?([^/\s]+)/.exec(begun);
  assert(match !== null, `No name in "${begun}"`);
  return match[1]!;
}

/** The cases by name. */
export const store: Cases = {
  ...Object.fromEntries(SIZES.map((size) => [
    `STOR of ${size} octets`,
    async (target) => {
      const ftp = await target.login();
      await ftp.put("STOR a", pattern(size));
      await target.holds("a");
      assertBytes(await target.read("a"), pattern(size));
    },
  ])) as Cases,

  "STOR of a large file": async (target) => {
    const content = pattern(8_000_000);
    const ftp = await target.login();
    await ftp.put("STOR a", content);
    assertBytes(await target.read("a"), content);
  },

  "STOR keeps every octet in TYPE I, Telnet's and line ends too": async (target) => {
    const content = join("a\r\nb\nc\r\0", new Uint8Array([255, 244, 255, 242, 0, 26, 4]));
    const ftp = await target.login();
    await ftp.put("STOR a", content);
    assertBytes(await target.read("a"), content);
  },

  "STOR replaces a longer file": async (target) => {
    await target.write("a", pattern(5000));
    const ftp = await target.login();
    await ftp.put("STOR a", pattern(10, 2));
    await target.holds("a");
    assertBytes(await target.read("a"), pattern(10, 2));
  },

  "STOR by a relative and by an absolute path": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    await ftp.put("STOR d/a", octets("one"));
    await ftp.put(`STOR ${target.folder}/d/b`, octets("two"));
    assertEquals(await target.names("d"), ["a", "b"]);
    assertEquals(await target.readText("d/b"), "two");
  },

  "STOR below what is missing is refused": async (target) => {
    const ftp = await target.login();
    await ftp.refused("STOR missing/a", [550, 553]);
    await target.holds();
  },

  "STOR onto a folder is refused": async (target) => {
    await target.mkdir("d");
    await target.write("d/a", "content");
    const ftp = await target.login();
    await ftp.refused("STOR d", [550, 553]);
    assertEquals(await target.readText("d/a"), "content");
  },

  "STOR of a path that goes through a file is refused": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    await ftp.refused("STOR a/b", [550, 553]);
    assertEquals(await target.readText("a"), "content");
  },

  "STOR takes its name only when it is complete": async (target) => {
    await target.write("a", "old");
    const ftp = await target.login();
    const other = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(100_000));
    assertEquals(await target.readText("a"), "old");
    assertEquals((await other.fetch("RETR a")).length, 3);
    data.close();
    await ftp.reply(226);
    assertBytes(await target.read("a"), pattern(100_000));
    await target.holds("a");
  },

  "a new name appears only when the upload is complete": async (target) => {
    const ftp = await target.login();
    const other = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(100_000));
    await other.refused("RETR a", 550);
    assert(!(await target.names()).includes("a"));
    data.close();
    await ftp.reply(226);
    assertBytes(await other.fetch("RETR a"), pattern(100_000));
  },

  "an upload in small pieces": async (target) => {
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    for (let piece = 0; piece < 100; piece++) await writeAll(data, octets(`piece ${piece}\n`));
    data.close();
    await ftp.reply(226);
    assertEquals((await target.readText("a")).split("\n").length, 101);
  },

  "an uploaded file comes back": async (target) => {
    const ftp = await target.login();
    await ftp.put("STOR a", pattern(300_000), "PASV");
    assertEquals((await ftp.command("SIZE a", 213)).text, "213 300000");
    assertBytes(await ftp.fetch("RETR a"), pattern(300_000));
  },

  "ALLO before STOR changes nothing of it": async (target) => {
    const ftp = await target.login();
    const data = await ftp.passive();
    await ftp.command("ALLO 5", [200, 202]);
    await ftp.command("STOR a", [125, 150]);
    await writeAll(data, octets("longer than that"));
    data.close();
    await ftp.reply(226);
    assertEquals(await target.readText("a"), "longer than that");
  },

  "APPE adds at the end": async (target) => {
    await target.write("a", "one");
    const ftp = await target.login();
    await ftp.put("APPE a", octets(" two"));
    await ftp.put("APPE a", octets(" three"));
    assertEquals(await target.readText("a"), "one two three");
  },

  "APPE to a missing name makes the file": async (target) => {
    const ftp = await target.login();
    await ftp.put("APPE a", octets("one"));
    await target.holds("a");
    assertEquals(await target.readText("a"), "one");
  },

  "APPE onto a folder is refused": async (target) => {
    await target.mkdir("d");
    const ftp = await target.login();
    await ftp.refused("APPE d", [550, 553]);
  },

  "STOU says the name it picks, and it is free": async (target) => {
    await target.write("a", "old");
    const ftp = await target.login();
    const names = [];
    for (const content of ["first", "second"]) {
      const begun = await ftp.put("STOU", octets(content));
      assertMatch(begun.text, /^1(25|50) FILE: /);
      const name = fileOf(begun.text);
      assertEquals(await target.readText(name), content);
      names.push(name);
    }
    assertNotEquals(names[0], names[1]);
    await target.holds("a", ...names);
    assertEquals(await target.readText("a"), "old");
  },

  "two STOUs at once have two names": async (target) => {
    const [one, two] = [await target.login(), await target.login()];
    const [first, second] = [await one.passive(), await two.passive()];
    const a = fileOf((await one.command("STOU", [125, 150])).text);
    const b = fileOf((await two.command("STOU", [125, 150])).text);
    assertNotEquals(a, b);
    await writeAll(first, octets("one"));
    await writeAll(second, octets("two"));
    first.close();
    second.close();
    await one.reply([226, 250]);
    await two.reply([226, 250]);
    assertEquals([await target.readText(a), await target.readText(b)], ["one", "two"]);
    await target.holds(a, b);
  },

  "two uploads to one name leave one of them whole": async (target) => {
    const [one, two] = [await target.login(), await target.login()];
    const [first, second] = [await one.passive(), await two.passive()];
    await one.command("STOR a", [125, 150]);
    await writeAll(first, pattern(50_000, 1));
    const { code } = await two.command("STOR a", [125, 150, 450, 550, 553]);
    if (code < 200) {
      await writeAll(second, pattern(70_000, 2));
      second.close();
      await two.reply([226, 426, 450, 451, 550, 553]);
    }
    first.close();
    await one.reply(code < 200 ? [226, 426, 450, 451, 550, 553] : 226);
    await target.holds("a");
    const stored = await target.read("a");
    assertBytes(stored, stored.length === 50_000 ? pattern(50_000, 1) : pattern(70_000, 2));
  },

  "a file is uploaded while it is downloaded": async (target) => {
    await target.write("a", pattern(200_000));
    const [reader, writer] = [await target.login(), await target.login()];
    const upload = await writer.begin("STOR a");
    await writeAll(upload, pattern(1000, 2));
    assertBytes(await reader.fetch("RETR a"), pattern(200_000));
    upload.close();
    await writer.reply(226);
    assertBytes(await reader.fetch("RETR a"), pattern(1000, 2));
  },

  "an upload's file may be removed while it runs": async (target) => {
    await target.write("a", "old");
    const [writer, other] = [await target.login(), await target.login()];
    const upload = await writer.begin("STOR a");
    await other.command("DELE a", 250);
    await writeAll(upload, octets("new"));
    upload.close();
    await finalReply(writer, 226);
    assertEquals(await target.readText("a"), "new");
  },

  "NOOP during an upload is answered and harms nothing": async (target) => {
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(1000));
    await ftp.send("NOOP");
    data.close();
    assertEquals((await ftp.finals(2)).sort(), [200, 226]);
    assertBytes(await target.read("a"), pattern(1000));
  },

  "QUIT during an upload lets it finish": async (target) => {
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(100_000));
    await ftp.send("QUIT");
    await writeAll(data, pattern(100_000, 2));
    data.close();
    assertEquals(await ftp.finals(2), [226, 221]);
    await ftp.end();
    assertBytes(await target.read("a"), join(pattern(100_000), pattern(100_000, 2)));
  },

  "a download of an empty upload is empty": async (target) => {
    const ftp = await target.login();
    await ftp.put("STOR a", octets(""));
    const data = await ftp.passive();
    await ftp.send("RETR a");
    assertEquals((await readAll(data)).length, 0);
    await finalReply(ftp, 226);
  },
};
