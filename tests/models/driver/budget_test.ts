/**
 * What one turn of a connection costs, and what is made for a client that does not read: real
 * sessions on the real driver, over a tree in memory. Needs no permission.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  BULK_BYTES,
  REPLIES_BYTES_MAX,
  REPLIES_STALL_MS,
  TURN_WORK_MAX,
} from "../../../models/limits.ts";
import { QUEUED_COMMANDS_MAX, READ_BYTES } from "../../../server/ftp/limits.ts";
import type { Effect } from "../../../server/mod.ts";
import { DrivenSession } from "../../driven/session.ts";
import { SETTINGS } from "../../driven/settings.ts";
import { send, stage } from "./script.ts";

/** A session that is logged in, TYPE A, with a file of `blocks` blocks and 3,000 names. */
function ready(blocks = 4): DrivenSession {
  const driver = new DrivenSession();
  driver.login();
  driver.tree.put("/big", new Uint8Array(blocks * READ_BYTES));
  for (let count = 0; count < 3_000; count++) {
    driver.tree.put(`/d/${"n".repeat(60)}${count}`, new Uint8Array(0));
  }
  driver.holdsTurns = true;
  return driver;
}

/** What was read of files up to now. */
function reads({ operations }: DrivenSession): number {
  return operations.filter((name) => name === "read").length;
}

Deno.test("Driver: a pipeline of SIZE in TYPE A gives others a turn after each block", () => {
  const driver = ready(4);
  driver.input("SIZE big\r\n".repeat(60));
  let turns = 0;
  for (let before = reads(driver); driver.nextTurn(); turns++) {
    const now = reads(driver);
    assert(now - before <= 1, `${now - before} blocks in one turn`);
    before = now;
  }
  assertEquals(reads(driver), 60 * 4);
  assert(turns >= 60 * 4 - 1, `${turns} turns`);
  assertEquals(driver.takeSaid().split("213 ").length - 1, 60);
});

Deno.test("Driver: replies leave as they are made, not when the pipeline is done", () => {
  const driver = ready(4);
  driver.input("SIZE big\r\n".repeat(60));
  const said: number[] = [];
  while (driver.nextTurn()) said.push(driver.heard().join("").split("213 ").length - 1);
  assert(said.every((replies) => replies <= 1), `${Math.max(...said)} replies at once`);
});

Deno.test("Driver: a stop is heard between two blocks, and ends the pipeline", () => {
  const driver = ready(4);
  driver.input("SIZE big\r\n".repeat(60));
  driver.stop();
  while (driver.nextTurn());
  assert(driver.closed);
  assertEquals(reads(driver), 4); // the command that was under way
  assertEquals(driver.takeSaid().match(/^\d+/gm), ["213", "421"]);
});

Deno.test("Driver: a turn makes so many replies, then others have theirs", () => {
  const replies = Array.from({ length: 10 * TURN_WORK_MAX }, (_, count) => send(`${count} `));
  const { log, driver, wire } = stage((input) => input === "in" ? replies : []);
  driver.input("in");
  assertEquals(wire.turnsAsked, 1);
  assert(driver.driver.pending && !driver.driver.wantsInput);
  assertEquals(
    log[1],
    `send ${Array.from({ length: TURN_WORK_MAX }, (_, at) => `${at} `).join("")}`,
  );
  let turns = 1;
  while (driver.driver.pending) {
    driver.resume();
    turns++;
  }
  assert(turns >= 10 && turns <= 11, `${turns} turns`);
  assertEquals(log.slice(1).join("").replaceAll("send ", "").trim().split(" ").length, 640);
});

Deno.test("Driver: a call costs more than a reply, a block or a search all of a turn", () => {
  const operation = { do: "stat", path: "/file" } as const;
  const calls: Effect[] = Array.from({ length: 100 }, (_, id) => ({ kind: "file", id, operation }));
  const { driver, store } = stage((input) => input === "in" ? calls : []);
  driver.input("in");
  assertEquals(store.operations.length, TURN_WORK_MAX / 2);

  const read = { do: "read", length: 1 } as const;
  const blocks: Effect[] = calls.map((_, id) => ({ kind: "file", id, operation: read }));
  const reading = stage((input) => input === "in" ? blocks : []);
  reading.driver.input("in");
  for (let turns = 1; turns <= 5; turns++) {
    assertEquals(reading.store.operations.length, turns);
    reading.driver.resume();
  }

  const unique = {
    do: "openUpload",
    path: "/up",
    partial: "/.up.ftplab-part",
    start: { at: "unique" },
    keepPartial: false,
  } as const;
  const searches: Effect[] = calls.map((_, id) => ({ kind: "file", id, operation: unique }));
  const searching = stage((input) => input === "in" ? searches : []);
  searching.driver.input("in");
  assertEquals(searching.store.operations.length, 1);
});

Deno.test("Driver: replies are put together, but not without end", () => {
  const line = "x".repeat(1_000);
  const replies = Array.from({ length: 40 }, () => send(line));
  const { log, driver } = stage((input) => input === "in" ? replies : []);
  driver.input("in");
  const sent = log.slice(1).map((entry) => entry.length - "send ".length);
  assert(sent.every((length) => length < REPLIES_BYTES_MAX + line.length), `${sent}`);
  assertEquals(sent.reduce((sum, length) => sum + length), 40_000);
});

Deno.test("Driver: for a client that reads nothing, nothing more is made", () => {
  for (const command of ["STAT d", "MLST d", "PWD", "HELP", "FEAT", "STAT"]) {
    const driver = ready();
    driver.holdsTurns = false;
    driver.takeSaid();
    driver.wire.room = 0;
    driver.input(`${command}\r\n`.repeat(2_000));
    const made = driver.said.length;
    const bound = REPLIES_BYTES_MAX + 4 * READ_BYTES;
    assert(made > 0 && made <= bound, `${command}: ${made} octets`);
    const { length } = driver.session.all;
    driver.stop();
    driver.pass(1_000);
    assertEquals(driver.session.all.length, length, command);
    assert(!driver.driver.wantsInput);
  }
});

Deno.test("Driver: a client that reads slowly gets all, in pieces that it has room for", () => {
  const driver = ready();
  driver.holdsTurns = false;
  driver.takeSaid();
  driver.wire.room = 0;
  driver.input("STAT d\r\nNOOP\r\n");
  let said = "";
  for (let rounds = 0; rounds < 10_000 && !said.endsWith("200 OK\r\n"); rounds++) {
    assert(driver.said.length <= REPLIES_BYTES_MAX + 4 * READ_BYTES);
    said += driver.takeSaid();
    driver.take(10_000);
    if (/^200 /m.test(said)) break;
  }
  assertEquals(said.match(/n{60}\d+\r$/gm)?.length, 3_000);
  assert(/^200 .*\r\n$/m.test(said));
});

Deno.test("Driver: a client that takes no reply for too long is given up, and the operator hears", () => {
  const driver = ready();
  driver.holdsTurns = false;
  driver.wire.room = 0;
  driver.input("PWD\r\n".repeat(1_000));
  assertEquals(driver.driver.deadline, driver.now + REPLIES_STALL_MS);
  driver.pass(REPLIES_STALL_MS - 1);
  assert(!driver.closed);
  driver.pass(1);
  assert(driver.closed);
  assertEquals(driver.link.events.at(-1), {
    kind: "refused",
    session: 1,
    host: "127.0.0.1",
    reason: "it does not read its replies",
  });
  driver.admission.assertEmpty();
});

Deno.test("Driver: one that reads again in time starts anew", () => {
  const driver = ready();
  driver.holdsTurns = false;
  driver.wire.room = 0;
  driver.input("PWD\r\n".repeat(10_000));
  for (let count = 0; count < 5; count++) {
    driver.pass(REPLIES_STALL_MS - 1);
    driver.take(5_000);
    assert(!driver.closed);
    assertEquals(driver.driver.deadline, driver.now + REPLIES_STALL_MS);
  }
});

Deno.test("Driver: a client that takes replies in sips is let go when its login takes too long", () => {
  const driver = new DrivenSession();
  const { loginTimeoutMs } = SETTINGS.ftp.limits;
  driver.wire.room = 0;
  driver.input("FEAT\r\n".repeat(2_700));
  for (let sips = 0; sips < 4; sips++) {
    assert(!driver.closed);
    driver.pass(loginTimeoutMs / 4); // less than its replies may wait
    driver.take(20_000);
  }
  assert(driver.closed);
  assertMatch(driver.takeSaid(), /\r\n421 [^\n]*\r\n$/);
  const [event] = driver.link.events;
  assertEquals(event?.kind === "refused" && event.reason, "no login in time");
});

Deno.test("Driver: a session hears that its time has come while its replies wait, and says no more", () => {
  const { log, driver, session, wire } = stage((input) => [send(input)]);
  session.deadline = driver.now + 10;
  wire.congested = true;
  assertEquals(driver.driver.deadline, session.deadline);
  driver.expire(session.deadline);
  assertEquals(log, ["<timeout>"]);
  session.deadline = Infinity;
  wire.congested = false;
  driver.resume();
  assertEquals(log, ["<timeout>", "send <timeout>"]);
});

Deno.test("Driver: a transfer stalls on, though the client reads no replies", () => {
  const driver = new DrivenSession();
  driver.login();
  driver.say("EPSV");
  driver.tree.put("/a", new Uint8Array(10));
  driver.wire.room = 0;
  driver.input("RETR a\r\n");
  assertEquals(driver.transfer?.path, "/a");
  driver.pass(30_000);
  assertEquals(driver.transfer, undefined);
  driver.take(1e6);
  assert(driver.takeSaid().endsWith("\r\n"));
});

Deno.test("Driver: many commands behind a transfer take no more than the queue", () => {
  const driver = ready();
  driver.holdsTurns = false;
  driver.say("EPSV", "RETR big");
  driver.input("PWD\r\n".repeat(20_000));
  assert(!driver.driver.wantsInput);
  assert(driver.takeSaid() === "");
  driver.download(BULK_BYTES);
  const codes = driver.takeSaid().match(/^\d+/gm)!;
  assertEquals([codes.length, codes[0]], [20_001, "226"]);
  assert(20_000 > QUEUED_COMMANDS_MAX);
});
