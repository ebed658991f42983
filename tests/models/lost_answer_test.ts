/**
 * An operator who answers a client that is leaving: the answer is lost, and the next question is
 * put all the same. In blocking, where a thread that is back in accept(2) comes for no answer; loops
 * are woken for each.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { blocking } from "../../models/blocking.ts";
import { TICK_MS } from "../../models/limits.ts";
import { SILENT, type Terminal } from "../../models/mod.ts";
import { octets, readExactly, text, writeAll } from "../conformance/client.ts";
import { eventually } from "../eventually.ts";
import { missing, SERVER_NEEDS, testWith } from "../permission.ts";
import { Root } from "../served.ts";
import { OPTIONS } from "./options.ts";

const absent = missing(["ffi"]).length > 0 ? undefined : blocking.unavailable();

testWith(SERVER_NEEDS, "chat goes on after an answer that came too late [blocking]", async () => {
  using root = new Root();
  const questions: ((line: string) => void)[] = [];
  const terminal: Terminal = {
    ...SILENT,
    ask: () => new Promise((answer) => questions.push(answer)),
  };
  // Of two threads the one that has waited longer takes the next client.
  const threads = { workers: 2, maxWorkers: 2 };
  const chat = { ...OPTIONS, ...threads, protocol: "chat", root: root.path };
  const server = await blocking.serve(chat, terminal);
  const { host: hostname, port } = server.address;
  const asked = async (line: string) => {
    const conn = await Deno.connect({ hostname, port });
    await writeAll(conn, octets(line));
    await eventually("a question is put", () => questions.length > 0);
    return { conn, answer: questions.shift()! };
  };
  try {
    const leaver = await asked("I leave");
    leaver.conn.close();
    // The worker sees that, while this thread, the supervisor's, hears nothing of it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * TICK_MS);
    leaver.answer("too late");
    const { conn, answer } = await asked("I stay");
    answer("in time");
    assertEquals(text(await readExactly(conn, 7)), "in time");
    conn.close();
  } finally {
    await server.stop(0);
  }
}, absent);
