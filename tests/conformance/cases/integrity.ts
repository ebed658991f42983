/**
 * What is stored and sent is neither lost nor changed on the way: modes and owners stay, a download
 * is what was announced or fails, what is half stored never has its final name, facts are facts.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  assertBytes,
  closeQuietly,
  type Conversation,
  join,
  octets,
  pattern,
  readExactly,
  readUntilEnd,
  writeAll,
} from "../client.ts";
import type { Case, Cases, Target } from "../target.ts";

/** A download larger than the kernel's buffers, what it is cut to, and what it grows to. */
const WHOLE = 8_000_000, CUT = 1_000_000, GROWN = 12_000_000;

/** Looks at a folder until something is in it. */
const LOOKS_MAX = 2_000;

/** The permission bits, special ones included. */
async function modeOf(path: string): Promise<number> {
  return (await Deno.stat(path)).mode! & 0o7777;
}

/** Ways to store over a file; each leaves another content. */
const STORING: Readonly<Record<string, (ftp: Conversation, name: string) => Promise<unknown>>> = {
  "STOR": (ftp, name) => ftp.put(`STOR ${name}`, octets("new")),
  "APPE": (ftp, name) => ftp.put(`APPE ${name}`, octets("new")),
  "REST and STOR": async (ftp, name) => {
    const data = await ftp.passive();
    await ftp.command("REST 2", 350);
    await ftp.command(`STOR ${name}`, [125, 150]);
    await writeAll(data, octets("new"));
    closeQuietly(data);
    await ftp.reply([226, 250]);
  },
};

/** Modes that a file may have before: a secret, one for a group, a program, one for all. */
const MODES = [0o600, 0o640, 0o755, 0o666];

function modeStays(storeOver: (ftp: Conversation, name: string) => Promise<unknown>): Case {
  return async (target) => {
    const ftp = await target.login();
    for (const mode of MODES) {
      const name = `f${mode.toString(8)}`;
      await target.write(name, "old");
      await Deno.chmod(target.path(name), mode);
      await storeOver(ftp, name);
      assert((await target.readText(name)).includes("new"));
      assertEquals(await modeOf(target.path(name)), mode, `Mode of ${name}`);
    }
  };
}

/** Resolves when the case's folder holds a file with `length` octets; its name. */
async function nameOfGrown(target: Target, length: number): Promise<string> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    for (const name of await target.names()) {
      if ((await Deno.stat(target.path(name))).size === length) return name;
    }
    await new Promise((resume) => setTimeout(resume, 1));
  }
  throw new Error(`No file with ${length} octets`);
}

/** A download of a file whose size is changed to `size` once it has begun; what came of it. */
async function resized(target: Target, size: number, type: string, offset = 0) {
  await target.write("a", pattern(WHOLE));
  const ftp = await target.login();
  await ftp.command(`TYPE ${type}`, 200);
  const data = await ftp.passive();
  if (offset > 0) await ftp.command(`REST ${offset}`, 350);
  await ftp.command("RETR a", [125, 150]);
  const head = await readExactly(data, 1000);
  await Deno.truncate(target.path("a"), size);
  const count = head.length + await readUntilEnd(data);
  const { code } = await ftp.reply("any");
  await ftp.command("NOOP", 200);
  return { count, code };
}

function isCut(type: string): Case {
  return async (target) => {
    const { count, code } = await resized(target, CUT, type);
    assert(count < WHOLE + WHOLE / 50, `${count} octets of a file that has ${CUT}`);
    assert(code === 426 || code === 451, `${code} for a file that became shorter`);
  };
}

/** Bits that let a program run as somebody else, or that only an administrator sets. */
const SPECIAL = ["4755", "2755", "1777", "7777", "06755", "4000"];

/** Names of the root by which its mode might be reached. */
const ROOTS = ["/", ".", "//", "/.", "/..", "../../.."];

/** Resolves when a download that nobody reads goes on no more, as STAT tells. */
async function standsStill(ftp: Conversation): Promise<void> {
  for (let look = 0, before = ""; look < LOOKS_MAX; look++) {
    const { text } = await ftp.command("STAT", 211);
    if (text === before) return;
    before = text;
    await new Promise((resume) => setTimeout(resume, 5));
  }
  assert(false, "It goes on though nobody reads");
}

/** What `conn` brings until its end, which may be a reset. */
async function readWhatComes(conn: Deno.Conn): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of conn.readable) parts.push(part);
  } catch {
    // What was aborted need not end well.
  }
  return join(...parts);
}

/** The cases by name. */
export const integrity: Cases = {
  ...Object.fromEntries(
    Object.entries(STORING).map(([name, storeOver]) => [
      `${name} over a file keeps its mode`,
      modeStays(storeOver),
    ]),
  ),

  "STOR over a file keeps its owner and group where it may": async (target) => {
    const ftp = await target.login();
    await target.write("a", "old");
    const mine = await Deno.stat(target.path("a"));
    // Only root may give a file away; for anybody else it is its own before and after.
    const [uid, gid] = mine.uid === 0 ? [12_345, 23_456] : [mine.uid!, mine.gid!];
    await Deno.chown(target.path("a"), uid, gid);
    await Deno.chmod(target.path("a"), 0o640);
    await ftp.put("STOR a", octets("new"));
    const stat = await Deno.stat(target.path("a"));
    assertEquals([stat.uid, stat.gid, stat.mode! & 0o7777], [uid, gid, 0o640]);
    assertEquals(await target.readText("a"), "new");
  },

  "STOR over a file of mode 0600 never shows the new octets to others": async (target) => {
    await target.write("a", "old");
    await Deno.chmod(target.path("a"), 0o600);
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, octets("a secret"));
    const partial = await nameOfGrown(target, 8);
    const isOpen = (await modeOf(target.path(partial)) & 0o077) !== 0;
    data.close();
    await ftp.reply(226);
    assert(!isOpen, "The partial file of a secret could be read by others");
    assertEquals(await modeOf(target.path("a")), 0o600);
  },

  "STOR of a new name has the usual mode": async (target) => {
    const ftp = await target.login();
    await ftp.put("STOR a", octets("new"));
    assertEquals(await modeOf(target.path("a")), 0o666 & ~Deno.umask());
  },

  ...Object.fromEntries(SPECIAL.map((mode) => [
    `SITE CHMOD ${mode} sets no special bit`,
    async (target) => {
      await target.write("a", "content");
      await target.mkdir("d");
      const ftp = await target.login();
      for (const name of ["a", "d"]) {
        await ftp.command(`SITE CHMOD ${mode} ${name}`, "any");
        assertEquals(await modeOf(target.path(name)) & 0o7000, 0, `Special bits of ${name}`);
      }
    },
  ])) as Cases,

  "SITE CHMOD leaves the root's mode, by whatever name": async (target) => {
    const before = await modeOf(target.root);
    const ftp = await target.login();
    try {
      for (const folder of ["/", target.folder]) {
        await ftp.command(`CWD ${folder}`, 250);
        for (const name of ROOTS) {
          if (name === "." && folder !== "/") continue;
          await ftp.command(`SITE CHMOD 701 ${name}`, "5xx");
          assertEquals(await modeOf(target.root), before, `SITE CHMOD of ${name}`);
        }
      }
    } finally {
      await Deno.chmod(target.root, before);
    }
  },

  "RETR of a file that becomes shorter fails": isCut("I"),

  "RETR in TYPE A of a file that becomes shorter fails": isCut("A"),

  "RETR of a file that grows sends what it had": async (target) => {
    assertEquals(await resized(target, GROWN, "I"), { count: WHOLE, code: 226 });
  },

  "REST and RETR of a file that grows send what it had": async (target) => {
    const offset = 100_000;
    const { count, code } = await resized(target, GROWN, "I", offset);
    assertEquals({ count, code }, { count: WHOLE - offset, code: 226 });
  },

  "RETR in TYPE A of a file that grows sends what it had": async (target) => {
    const { count, code } = await resized(target, GROWN, "A");
    const bareLineFeeds = pattern(WHOLE).reduce(
      (sum, octet, at, all) => sum + (octet === 10 && all[at - 1] !== 13 ? 1 : 0),
      0,
    );
    assertEquals(code, 226);
    assert(count <= WHOLE + bareLineFeeds + 1, `${count - WHOLE - bareLineFeeds} octets too many`);
  },

  "what still comes of an aborted download is of its own file": async (target) => {
    const content = await target.large("a");
    await target.write("b", pattern(WHOLE, 2));
    const [ftp, other] = [await target.login(), await target.login()];
    const data = await ftp.begin("RETR a");
    await standsStill(ftp);
    await ftp.send("ABOR");
    assertEquals(await ftp.finals(2), [426, 226]);
    assertBytes(await other.fetch("RETR b"), pattern(WHOLE, 2));
    const left = await readWhatComes(data);
    assertBytes(left, content.subarray(0, left.length));
  },

  "STOU cut off half-way has no final name": async (target) => {
    const ftp = await target.login();
    const data = await ftp.passive();
    const { text } = await ftp.command("STOU", [125, 150]);
    const name = /FILE: (?:.*\/)?([^/\s]+)/.exec(text)![1]!;
    await writeAll(data, pattern(5000));
    await nameOfGrown(target, 5000);
    ftp.conn.close();
    assertEquals(await data.read(new Uint8Array(1)).catch(() => null), null);
    const other = await target.login();
    await other.command("NOOP", 200);
    assert(!(await target.names()).includes(name), "Half a file has the final name");
  },

  "ABOR of a STOU leaves no final name": async (target) => {
    const ftp = await target.login();
    const data = await ftp.passive();
    const { text } = await ftp.command("STOU", [125, 150]);
    const name = /FILE: (?:.*\/)?([^/\s]+)/.exec(text)![1]!;
    await writeAll(data, pattern(5000));
    await nameOfGrown(target, 5000);
    assert(!(await target.names()).includes(name), "A file has its name before it is complete");
    await ftp.send("ABOR");
    assertEquals(await ftp.finals(2), [426, 226]);
    closeQuietly(data);
    assert(!(await target.names()).includes(name), "Half a file has the final name");
  },

  "a partial file is listed for who may write, and for nobody else": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    const data = await ftp.begin("STOR b");
    await writeAll(data, pattern(5000));
    await nameOfGrown(target, 5000);
    const reader = await target.connect();
    await reader.command("USER anonymous", [230, 331]);
    await reader.command("PASS me@", [202, 230]);
    await reader.command(`CWD ${target.folder}`, 250);
    const writer = await target.login();
    for (const command of ["MLSD", "LIST -a"]) {
      assertMatch((await writer.list(command)).join("\n"), /\.b\.ftplab-part/, command);
      const seen = (await reader.list(command)).join("\n");
      assertMatch(seen, /\ba\b/);
      assert(!seen.includes(".ftplab-part"), `${command} shows a reader "${seen}"`);
    }
    data.close();
    await ftp.reply(226);
    assertBytes(await target.read("b"), pattern(5000));
  },
};
