/**
 * Half-closed control connections and servers that stop: one answer from all models. Who closes
 * only its own direction may still read (RFC 9293 section 3.6), so a download goes on; of an
 * upload nobody knows any more whether its end is the end of the file, unless QUIT was said.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  type Conversation,
  join,
  octets,
  pattern,
  readAll,
  readExactly,
  writeAll,
} from "../client.ts";
import { eventually } from "../../eventually.ts";
import { type Cases, LARGE, type Target } from "../target.ts";

/** Whoever connects to a server that stops is answered or refused long before: a guard. */
const ANSWER_MS_MAX = 8_000;

/**
 * What a connection to a server that stops comes to: its last reply. Of several workers one may not
 * have heard of the stop, and greets before it says 421.
 */
async function comesLate(target: Target): Promise<number | "refused" | "silence"> {
  const { host, port } = target.endpoint;
  const conn = await Deno.connect({ hostname: host, port }).catch(() => undefined);
  if (conn === undefined) return "refused";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"silence">((resolve) => {
    timer = setTimeout(() => resolve("silence"), ANSWER_MS_MAX);
  });
  const decoder = new TextDecoder();
  const said = readAll(conn).then(
    (bytes) => Number(/(\d{3}) [^\n]*\n$/.exec(decoder.decode(bytes))?.[1]) || "refused" as const,
    () => "refused" as const, // by a reset
  );
  const result = await Promise.race([said, late]);
  clearTimeout(timer);
  if (result === "silence") conn.close();
  await said;
  return result;
}

async function finished(ftp: Conversation, codes: readonly number[]): Promise<void> {
  assertEquals(await ftp.finals(codes.length), codes);
  await ftp.end();
}

/** Says STOR and QUIT, half-closes, and sends the file over what `connect` then gives. */
async function storesBehindQuit(
  target: Target,
  ftp: Conversation,
  connect: () => Promise<Deno.TcpConn>,
): Promise<void> {
  await ftp.send(octets("STOR a\r\nQUIT\r\n"));
  await ftp.conn.closeWrite();
  const data = await connect();
  await writeAll(data, pattern(5000));
  data.close();
  await finished(ftp, [226, 221]);
  assertBytes(await target.read("a"), pattern(5000));
}

/** The cases by name. */
export const ends: Cases = {
  "a client that half-closes during RETR gets the rest and 226": async (target) => {
    const content = await target.large("a");
    const ftp = await target.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    await ftp.conn.closeWrite();
    assertBytes(join(head, await readAll(data)), content);
    await finished(ftp, [226]);
  },

  "a client that half-closes behind RETR gets the file and 226": async (target) => {
    await target.write("a", pattern(50_000));
    const ftp = await target.login();
    const data = await ftp.passive();
    await ftp.send("RETR a");
    await ftp.conn.closeWrite();
    assertBytes(await readAll(data), pattern(50_000));
    await finished(ftp, [226]);
  },

  "a client that half-closes before it connects gets the file and 226": async (target) => {
    await target.write("a", pattern(50_000));
    const ftp = await target.login();
    const port = await ftp.passivePort();
    await ftp.send("RETR a");
    await ftp.conn.closeWrite();
    assertBytes(await readAll(await ftp.dial(port)), pattern(50_000));
    await finished(ftp, [226]);
  },

  "a client that half-closes behind MLSD over PORT gets the listing and 226": async (target) => {
    await target.write("a", "content");
    const ftp = await target.login();
    const listener = await ftp.active();
    await ftp.send("MLSD");
    await ftp.conn.closeWrite();
    assert((await readAll(await ftp.accept(listener))).length > 0);
    await finished(ftp, [226]);
  },

  "what was sent before a half-close is carried out": async (target) => {
    await target.write("a", pattern(50_000));
    const ftp = await target.login();
    const data = await ftp.passive();
    await ftp.send(octets("RETR a\r\nMKD d\r\nPWD\r\nSIZE a\r\n"));
    await ftp.conn.closeWrite();
    assertBytes(await readAll(data), pattern(50_000));
    await finished(ftp, [226, 257, 257, 213]);
    await target.holds("a", "d");
  },

  "a script with QUIT and a half-close is answered to its end": async (target) => {
    const ftp = await target.login();
    await ftp.send(octets("PWD\r\nNOOP\r\nQUIT\r\n"));
    await ftp.conn.closeWrite();
    await finished(ftp, [257, 200, 221]);
  },

  "a client that half-closes during STOR has stored nothing": async (target) => {
    await target.write("a", "old");
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(5000));
    await ftp.conn.closeWrite();
    await finished(ftp, [426]);
    assertEquals(await data.read(new Uint8Array(1)).catch(() => null), null);
    assertEquals(await target.readText("a"), "old");
  },

  "a client that half-closes during APPE hears 426": async (target) => {
    await target.write("a", "old");
    const ftp = await target.login();
    const data = await ftp.begin("APPE a");
    await writeAll(data, pattern(5000));
    await ftp.conn.closeWrite();
    await finished(ftp, [426]);
    assertEquals(await data.read(new Uint8Array(1)).catch(() => null), null);
    // What came may have been appended already: so the client asks for SIZE, and resumes.
    assertBytes((await target.read("a")).subarray(0, 3), octets("old"));
  },

  "a client that half-closes, then ends its data, has stored nothing": async (target) => {
    await target.write("a", "old");
    const ftp = await target.login();
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(5000));
    await ftp.conn.closeWrite();
    data.close();
    await finished(ftp, [426]);
    assertEquals(await target.readText("a"), "old");
  },

  "a client that half-closes behind QUIT during STOR has its file": async (target) => {
    await target.write("a", "old");
    const [ftp, other] = [await target.login(), await target.login()];
    const data = await ftp.begin("STOR a");
    await writeAll(data, pattern(5000));
    await ftp.send("QUIT");
    await ftp.conn.closeWrite();
    // Mostly the server has heard both by then; what becomes of the upload does not depend on it.
    for (let round = 0; round < 3; round++) await other.command("NOOP", 200);
    assertEquals(await target.readText("a"), "old");
    await writeAll(data, pattern(5000, 2));
    data.close();
    await finished(ftp, [226, 221]);
    assertBytes(await target.read("a"), join(pattern(5000), pattern(5000, 2)));
  },

  "a client that closes both connections behind QUIT has its file": async (target) => {
    for (const name of ["data-first", "control-first"]) {
      const ftp = await target.login();
      const data = await ftp.begin(`STOR ${name}`);
      await writeAll(data, pattern(5000));
      await ftp.send("QUIT");
      const conns = [data, ftp.conn];
      for (const conn of name === "data-first" ? conns : conns.reverse()) conn.close();
      const isThere = async () => (await target.names()).includes(name);
      await eventually("the upload has its name", isThere);
      assertBytes(await target.read(name), pattern(5000));
    }
  },

  "a client that half-closes behind STOR and QUIT, then connects, has its file": async (target) => {
    const ftp = await target.login();
    const port = await ftp.passivePort();
    await storesBehindQuit(target, ftp, () => ftp.dial(port));
  },

  "a client that half-closes behind STOR and QUIT has its file over PORT": async (target) => {
    const ftp = await target.login();
    const listener = await ftp.active();
    await storesBehindQuit(target, ftp, () => ftp.accept(listener));
  },

  "who connects while a server drains hears 421 or is refused": async (target) => {
    await target.large("a");
    const own = await target.own({ maxWorkers: 4 });
    const ftp = await own.login();
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    const idle = await own.login();
    const stopped = own.serving.stop(60_000);
    await idle.reply(421); // the stop has come
    const answers = await Promise.all([1, 2, 3].map(() => comesLate(own)));
    assertEquals(head.length + (await readAll(data)).length, LARGE);
    await finished(ftp, [226, 421]);
    await stopped;
    for (const answer of answers) {
      assert(answer === 421 || answer === "refused", `A late client got ${answer}`);
    }
  },

  "a session that drains takes no further command": async (target) => {
    await target.large("a");
    // One loop hears of a stop for all of its sessions; another one may hear of it a moment later.
    const own = await target.own({ workers: 1, maxWorkers: 4 });
    const [ftp, idle] = [await own.login(), await own.login()];
    const data = await ftp.begin("RETR a");
    const head = await readExactly(data, 1000);
    const stopped = own.serving.stop(60_000);
    await idle.reply(421);
    await ftp.send("MKD late");
    assertEquals(head.length + (await readAll(data)).length, LARGE);
    await finished(ftp, [226, 421]);
    await stopped;
    await target.holds("a");
  },
};
