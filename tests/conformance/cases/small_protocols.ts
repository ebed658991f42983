/**
 * The small protocols: mini (messages without an end), echo and hello. The rules are those that
 * the sessions' own headers in server/ state.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  closeQuietly,
  join,
  octets,
  pattern,
  readAll,
  readExactly,
  readUntilEnd,
  text,
  writeAll,
} from "../client.ts";
import type { Cases, Overrides, Target } from "../target.ts";

/** The most that mini sends for one pull. */
const BLOCK_BYTES = 1024;

async function dial(
  target: Target,
  protocol: Overrides["protocol"] & string,
  anonymous: "read" | "write" = "write",
): Promise<Deno.TcpConn> {
  const server = await target.shared({ protocol, anonymous });
  const conn = await Deno.connect({ hostname: server.endpoint.host, port: server.endpoint.port });
  target.defer({ close: () => closeQuietly(conn) });
  conn.setNoDelay(true);
  return conn;
}

/** mini serves plain names of the root, so a case's file is called after its folder. */
function named(target: Target, name: string): string {
  return `${target.folder.slice(1)}-${name}`;
}

/** Makes a file of the root, removed when the case ends. */
async function place(target: Target, name: string, content: Uint8Array): Promise<string> {
  const file = named(target, name);
  await Deno.writeFile(`${target.root}/${file}`, content);
  cleanUp(target, file);
  return file;
}

function cleanUp(target: Target, file: string): void {
  target.defer({ close: () => Deno.remove(`${target.root}/${file}`).catch(() => {}) });
}

/** What one read brings: mini's answers have no end of their own. */
async function answer(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(BLOCK_BYTES);
  const count = await conn.read(buffer);
  return count === null ? "" : text(buffer.subarray(0, count));
}

async function ask(conn: Deno.Conn, message: string): Promise<string> {
  await writeAll(conn, octets(message));
  return await answer(conn);
}

/** All of a file, pulled after every piece of at most `piece` octets. */
async function get(
  conn: Deno.Conn,
  name: string,
  piece: number = BLOCK_BYTES,
): Promise<Uint8Array> {
  const message = octets(`get|${name}|0`);
  const said = await ask(conn, text(message));
  const match = /^YES\|(\d+)$/.exec(said);
  assert(match !== null, `Got "${said}"`);
  const size = Number(match[1]);
  const content = new Uint8Array(size);
  let at = 0;
  await writeAll(conn, message);
  while (at < size) {
    const count = await conn.read(content.subarray(at, Math.min(size, at + piece)));
    assert(count !== null, `Ended after ${at} of ${size}`);
    at += count;
    if (at < size) await writeAll(conn, message);
  }
  return content;
}

async function put(conn: Deno.Conn, name: string, content: Uint8Array): Promise<void> {
  assertEquals(await ask(conn, `put|${name}|${content.length}`), "OK");
  await writeAll(conn, content);
}

/** The cases by name. */
export const mini: Cases = {
  ...Object.fromEntries([1, 1023, 1024, 1025, 50_000].map((size) => [
    `mini: get of ${size} octets`,
    async (target) => {
      const file = await place(target, "a", pattern(size));
      assertBytes(await get(await dial(target, "mini"), file), pattern(size));
    },
  ])) as Cases,

  "mini: get of a missing name is NO|0, and the connection is good": async (target) => {
    const file = await place(target, "a", pattern(10));
    const conn = await dial(target, "mini");
    assertEquals(await ask(conn, `get|${named(target, "missing")}|0`), "NO|0");
    assertBytes(await get(conn, file), pattern(10));
  },

  "mini: get of an empty file is YES|0 and one pull": async (target) => {
    const empty = await place(target, "empty", new Uint8Array(0));
    const file = await place(target, "a", pattern(10));
    const conn = await dial(target, "mini");
    assertEquals((await get(conn, empty)).length, 0);
    assertBytes(await get(conn, file), pattern(10));
  },

  "mini: a block comes only for a pull and is at most 1024 octets": async (target) => {
    const file = await place(target, "a", pattern(3000));
    const conn = await dial(target, "mini");
    const message = `get|${file}|0`;
    assertEquals(await ask(conn, message), "YES|3000");
    for (const [from, length] of [[0, 1024], [1024, 1024], [2048, 952]] as const) {
      await writeAll(conn, octets(message));
      assertBytes(await readExactly(conn, length), pattern(3000).subarray(from, from + length));
    }
    assertEquals(await ask(conn, `get|${named(target, "missing")}|0`), "NO|0");
  },

  "mini: pulls after 1-octet pieces outnumber the blocks and are dropped": async (target) => {
    const file = await place(target, "a", pattern(1500));
    const other = await place(target, "b", pattern(100, 2));
    const conn = await dial(target, "mini");
    assertBytes(await get(conn, file, 1), pattern(1500));
    assertBytes(await get(conn, other), pattern(100, 2));
  },

  "mini: two pulls in one segment, and one in two": async (target) => {
    const file = await place(target, "a", pattern(2500));
    const conn = await dial(target, "mini");
    const message = `get|${file}|0`;
    assertEquals(await ask(conn, message), "YES|2500");
    await writeAll(conn, octets(message + message));
    assertBytes(await readExactly(conn, 2048), pattern(2500).subarray(0, 2048));
    for (const part of [message.slice(0, 7), message.slice(7)]) await writeAll(conn, octets(part));
    assertBytes(await readExactly(conn, 452), pattern(2500).subarray(2048));
  },

  "mini: put stores, and get gives it back": async (target) => {
    const file = named(target, "a");
    cleanUp(target, file);
    const conn = await dial(target, "mini");
    await put(conn, file, pattern(70_000));
    assertBytes(await get(conn, file), pattern(70_000));
    assertBytes(await Deno.readFile(`${target.root}/${file}`), pattern(70_000));
  },

  "mini: put replaces": async (target) => {
    const file = await place(target, "a", pattern(5000));
    const conn = await dial(target, "mini");
    await put(conn, file, pattern(10, 2));
    assertBytes(await get(conn, file), pattern(10, 2));
  },

  "mini: put of no octets makes an empty file": async (target) => {
    const file = named(target, "a");
    cleanUp(target, file);
    const conn = await dial(target, "mini");
    assertEquals(await ask(conn, `put|${file}|0`), "OK");
    assertEquals((await get(conn, file)).length, 0);
    assertEquals((await Deno.stat(`${target.root}/${file}`)).size, 0);
  },

  "mini: a broken put leaves nothing new under its name": async (target) => {
    const file = await place(target, "a", octets("old"));
    const conn = await dial(target, "mini");
    assertEquals(await ask(conn, `put|${file}|5000`), "OK");
    await writeAll(conn, pattern(100));
    conn.close();
    const other = await dial(target, "mini");
    assertEquals(text(await get(other, file)), "old");
  },

  "mini: stop lets a put finish within its grace": async (target) => {
    const file = named(target, "a");
    cleanUp(target, file);
    const own = await target.own({ protocol: "mini", anonymous: "write" });
    const { host, port } = own.endpoint;
    const conn = await Deno.connect({ hostname: host, port });
    const idle = await Deno.connect({ hostname: host, port });
    for (const end of [conn, idle]) target.defer({ close: () => closeQuietly(end) });
    assertEquals(await ask(conn, `put|${file}|10000`), "OK");
    const stopped = own.serving.stop(20_000);
    assertEquals(await readUntilEnd(idle), 0); // the stop has come
    for (let at = 0; at < 10_000; at += 1_000) {
      await writeAll(conn, pattern(10_000).subarray(at, at + 1_000));
    }
    assertEquals(await readUntilEnd(conn), 0);
    await stopped;
    assertBytes(await Deno.readFile(`${target.root}/${file}`), pattern(10_000));
  },

  "mini: names that leave the root or are none are refused": async (target) => {
    const before = await Deno.stat("/etc/passwd");
    const names = ["../etc/passwd", "/etc/passwd", "..", "", "a/b", "n".repeat(300)];
    await Promise.all(names.map(async (name) => {
      const reading = await dial(target, "mini");
      assertEquals(await ask(reading, `get|${name}|0`), "NO|0");
      reading.close();
      const writing = await dial(target, "mini");
      await writeAll(writing, octets(`put|${name}|3`));
      assert(text(await readAll(writing)).startsWith("ERR|"), `put of "${name}"`);
    }));
    assertEquals((await Deno.stat("/etc/passwd")).mtime, before.mtime);
  },

  "mini: where anonymous may only read, put is refused": async (target) => {
    const file = await place(target, "a", octets("old"));
    const conn = await dial(target, "mini", "read");
    await writeAll(conn, octets(`put|${file}|3`));
    assert(text(await readAll(conn)).startsWith("ERR|"), "Stored without the right to");
    assertEquals(text(await get(await dial(target, "mini", "read"), file)), "old");
  },

  "mini: a link that leads out is NO|0": async (target) => {
    const folder = await target.outside();
    const file = named(target, "link");
    await Deno.symlink(`${folder}/secret`, `${target.root}/${file}`);
    cleanUp(target, file);
    assertEquals(await ask(await dial(target, "mini"), `get|${file}|0`), "NO|0");
  },

  "mini: bad sizes are answered and store nothing": async (target) => {
    const file = named(target, "a");
    for (const size of ["-1", "x", "99999999999999999999"]) {
      const conn = await dial(target, "mini");
      await writeAll(conn, octets(`put|${file}|${size}`));
      await conn.closeWrite();
      assert(!text(await readAll(conn)).startsWith("OK"), `Size ${size} was taken`);
    }
    await assertAbsent(`${target.root}/${file}`);
  },

  "mini: an unknown command is answered": async (target) => {
    const conn = await dial(target, "mini");
    assert((await ask(conn, "steal|a|0")).length > 0, "Closed without a word");
    const file = await place(target, "a", pattern(10));
    assertBytes(await get(await dial(target, "mini"), file), pattern(10));
  },

  "mini: names in UTF-8 and with spaces": async (target) => {
    const file = await place(target, "日本 é", pattern(2000));
    assertBytes(await get(await dial(target, "mini"), file), pattern(2000));
  },

  "mini: several clients at once": async (target) => {
    const file = await place(target, "a", pattern(20_000));
    const all = await Promise.all([1, 2, 3, 4].map(() => dial(target, "mini")));
    for (const bytes of await Promise.all(all.map((conn) => get(conn, file)))) {
      assertBytes(bytes, pattern(20_000));
    }
  },
};

async function assertAbsent(path: string): Promise<void> {
  const found = await Deno.lstat(path).then(() => true, () => false);
  assert(!found, `"${path}" exists`);
}

/** The cases by name. */
export const echo: Cases = {
  "echo: what was sent comes back": async (target) => {
    const conn = await dial(target, "echo");
    for (const size of [1, 100, 5000]) {
      await writeAll(conn, pattern(size));
      assertBytes(await readExactly(conn, size), pattern(size));
    }
  },

  "echo: much comes back while it is sent, until the client ends": async (target) => {
    const content = pattern(3_000_000);
    const conn = await dial(target, "echo");
    const [bytes] = await Promise.all([
      readAll(conn),
      writeAll(conn, content).then(() => conn.closeWrite()),
    ]);
    assertBytes(bytes, content);
  },

  "echo: a client that reads nothing holds up nobody else": async (target) => {
    const deaf = await dial(target, "echo");
    const shouting = writeAll(deaf, pattern(20_000_000)).catch(() => {});
    const conn = await dial(target, "echo");
    await writeAll(conn, pattern(100));
    assertBytes(await readExactly(conn, 100), pattern(100));
    deaf.close();
    await shouting;
  },

  "echo: clients keep apart": async (target) => {
    const all = await Promise.all([1, 2, 3, 4].map(() => dial(target, "echo")));
    await Promise.all(all.map((conn, index) => writeAll(conn, pattern(1000, index))));
    for (const [index, conn] of all.entries()) {
      assertBytes(await readExactly(conn, 1000), pattern(1000, index));
    }
  },
};

/** The cases by name. */
export const hello: Cases = {
  "hello: greets, takes one message and closes": async (target) => {
    const conn = await dial(target, "hello");
    assertEquals(text(await readExactly(conn, 12)), "hello client");
    await writeAll(conn, octets("good day"));
    assertEquals(await readUntilEnd(conn), 0);
  },

  "hello: a client that says nothing is no trouble": async (target) => {
    const silent = await dial(target, "hello");
    assertEquals(text(await readExactly(silent, 12)), "hello client");
    silent.close();
    const conn = await dial(target, "hello");
    await conn.closeWrite();
    assertBytes(await readAll(conn), join("hello client"));
  },
};
