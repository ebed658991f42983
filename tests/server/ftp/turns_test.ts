/**
 * Unit tests of how the FTP session keeps to its turns: it works when it is polled, makes replies
 * as they are taken, and holds a bounded amount. And of the steps that a transfer takes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { QUEUED_BYTES_MAX, QUEUED_COMMANDS_MAX, READ_BYTES } from "../../../server/ftp/limits.ts";
import type { Effect } from "../../../server/mod.ts";
import { type DrivenSession } from "../../driven/session.ts";
import { SETTINGS } from "../../driven/settings.ts";
import { codesOf, octetsOf, ready } from "./ready.ts";

/** Polls and carries out until something is sent that `isLast` stops at, or nothing is left. */
function poll(driver: DrivenSession, count: number): Effect[] {
  const { session, now } = driver;
  const effects: Effect[] = [];
  while (effects.length < count) {
    const effect = session.pollEffect(now);
    if (effect === undefined) break;
    effects.push(effect);
    if (effect.kind === "file") {
      session.handleCompletion(effect.id, driver.perform(effect.operation), now);
    }
  }
  return effects;
}

function kindsOf(effects: readonly Effect[]): string[] {
  return effects.map((effect) => effect.kind === "file" ? effect.operation.do : effect.kind);
}

Deno.test("FtpSession: nothing runs before it is polled, and then one command at a time", () => {
  const { session, now, tree } = ready();
  session.handleInput(octetsOf("MKD d\r\nPWD\r\nPWD\r\nQUIT\r\n"), now);
  assert(!tree.has("/d"));
  const first = session.pollEffect(now);
  assertEquals(first?.kind, "file");
  assertEquals(session.pollEffect(now), undefined);
});

Deno.test("FtpSession: costly sizes in one write are one block each turn", () => {
  const driver = ready();
  driver.say("TYPE A");
  driver.tree.put("/big", new Uint8Array(4 * READ_BYTES));
  const line = octetsOf("SIZE big\r\n".repeat(60));
  driver.session.handleInput(line, driver.now);
  assertEquals(kindsOf(poll(driver, 4)), ["openRead", "read", "read", "read"]);
  // The stop is seen between two blocks: the command is finished, and no other begun.
  driver.session.handleStop(driver.now);
  assertEquals(kindsOf(poll(driver, 99)), ["read", "closeFile", "send", "send", "close"]);
});

Deno.test("FtpSession: listings by STAT are said as they are read, one part each turn", () => {
  const driver = ready();
  for (let number = 0; number < 3_000; number++) {
    driver.tree.put(`/d/${"n".repeat(60)}${number}`, octetsOf("x"));
  }
  driver.tree.put("/d", undefined);
  driver.session.handleInput(octetsOf("STAT d\r\n".repeat(2_000)), driver.now);
  assert(!driver.session.wantsInput);
  const effects = poll(driver, 4);
  assertEquals(kindsOf(effects), ["openListing", "read", "send", "send"]);
  for (const effect of effects) {
    assert(effect.kind !== "send" || effect.octets.length <= 2 * READ_BYTES);
  }
  assert(!driver.session.wantsInput, "a peer that reads nothing is not listened to");
});

Deno.test("STAT: a listing of any length is whole, and nothing in it ends it", () => {
  const driver = ready();
  driver.tree.put("/d", undefined);
  const names = Array.from({ length: 5_000 }, (_, number) => `212 ${"n".repeat(60)}${number}`);
  for (const name of names) driver.tree.put(`/d/${name}`, octetsOf("x"));
  const lines = driver.say("STAT d").split("\r\n").slice(0, -1);
  assertEquals(lines[0], "212-Status of /d:");
  assertEquals(lines.at(-1), "212 End");
  assert(lines.slice(1, -1).every((line) => line.startsWith(" -rw")));
  assertEquals(new Set(lines.slice(1, -1).map((line) => line.slice(61))).size, 5_000);
  assertEquals(driver.store.isOpen, false);
});

Deno.test("STAT: a listing that cannot be read on says so in its last line", () => {
  const driver = ready();
  driver.tree.put("/d", undefined);
  for (let number = 0; number < 2_000; number++) driver.tree.put(`/d/${number}`, octetsOf("x"));
  const { session, now, store } = driver;
  session.handleInput(octetsOf("STAT d\r\n"), now);
  let said = "";
  let reads = 0;
  for (let effect = session.pollEffect(now); effect; effect = session.pollEffect(now)) {
    if (effect.kind === "send") said += new TextDecoder().decode(effect.octets);
    if (effect.kind !== "file") continue;
    const fails = effect.operation.do === "read" && ++reads === 2;
    const failed = { kind: "failed", failure: "io", detail: "" } as const;
    session.handleCompletion(effect.id, fails ? failed : driver.perform(effect.operation), now);
  }
  assert(said.endsWith("\r\n212 The rest cannot be read\r\n"), said.slice(-200));
  assertEquals(codesOf(said.slice(0, 5)), "212");
  assertEquals(store.isOpen, false);
});

Deno.test("FtpSession: a flood of commands is read no faster than it is answered", () => {
  const driver = ready();
  const { session, now } = driver;
  session.handleInput(octetsOf("PWD\r\n".repeat(10_000)), now);
  for (let left = 10_000; left > 0; left--) {
    assertEquals(session.wantsInput, left < QUEUED_COMMANDS_MAX, `${left} left`);
    assertEquals(session.pollEffect(now)?.kind, "send");
  }
  assertEquals(session.pollEffect(now), undefined);
});

Deno.test("FtpSession: any number of ABORs during a transfer are answered one by one", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt");
  driver.takeSaid();
  driver.session.handleInput(octetsOf("ABOR\r\n".repeat(1_000)), driver.now);
  const { session, now } = driver;
  assertEquals(session.pollEffect(now)?.kind, "abortTransfer");
  assertEquals(session.pollEffect(now), undefined);
  assert(!session.wantsInput);
  driver.breakTransfer("aborted");
  const codes = codesOf(driver.takeSaid()).split(" ");
  assertEquals(codes.length, 1_001);
  assertEquals([codes[0], new Set(codes.slice(1))], ["426", new Set(["226"])]);
});

Deno.test("ABOR: is heard during a transfer, however many NOOPs wait before it", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt");
  const count = 20 * QUEUED_COMMANDS_MAX;
  for (let said = 0; said < count; said++) assertEquals(driver.say("NOOP"), "");
  assertEquals(driver.say("NOOP now", "PWD", "NOOP", "NOOP"), "");
  assert(driver.session.wantsInput);
  const codes = codesOf(driver.say("ABOR")).split(" ");
  assertEquals(codes.slice(0, 2), ["426", "226"]);
  assertEquals(codes.slice(2, -4), Array.from({ length: count }, () => "200"));
  assertEquals(codes.slice(-4), ["501", "257", "200", "200"]);
});

Deno.test("FtpSession: NOOPs without end are not read without end", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt");
  let count = 0;
  while (driver.session.wantsInput && count <= QUEUED_BYTES_MAX) {
    driver.say("NOOP");
    count++;
  }
  assert(count <= QUEUED_BYTES_MAX / "NOOP".length, `${count} wait`);
  driver.download();
  assertEquals(codesOf(driver.takeSaid()).split(" ").length, 1 + count);
  assert(driver.session.wantsInput);
});

Deno.test("FtpSession: NOOPs give back the room that they took, however long each was", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt");
  const long = `NOOP${" ".repeat(QUEUED_BYTES_MAX / 4)}`;
  for (let said = 0; said < 5; said++) driver.say("NOOP", long);
  assert(!driver.session.wantsInput);
  driver.download();
  assertEquals(new Set(codesOf(driver.takeSaid()).split(" ")), new Set(["226", "200"]));
  assertEquals(codesOf(driver.say("PWD")), "257");
});

Deno.test("RETR: over PORT the connection is made before 150", () => {
  const driver = ready();
  driver.wire.slowToConnect = true;
  assertEquals(codesOf(driver.say("PORT 127,0,0,1,200,10", "RETR a.txt", "STAT", "NOOP")), "200");
  assertEquals(driver.effects, ["openRead", "connectData"]);
  assertEquals(driver.connecting, { family: 4, host: "127.0.0.1", port: 51_210 });
  driver.endConnecting();
  assertEquals(codesOf(driver.takeSaid()).slice(0, 7), "150 211");
  driver.download();
  assertEquals(codesOf(driver.takeSaid()), "226 200");
});

Deno.test("RETR: over PORT that cannot be reached there is 425 alone", () => {
  const driver = ready();
  driver.failNext("connectData", "noConnection");
  assertEquals(codesOf(driver.say("PORT 127,0,0,1,200,10", "RETR a.txt")), "200 425");
  assertEquals(driver.effects, ["openRead", "connectData", "closeFile"]);
});

Deno.test("ABOR: while the data connection is made ends it without a 150", () => {
  const driver = ready();
  driver.wire.slowToConnect = true;
  driver.say("PORT 127,0,0,1,200,10", "RETR a.txt");
  assertEquals(codesOf(driver.say("ABOR")), "426 226");
  assertEquals(driver.effects, ["openRead", "connectData", "abortTransfer", "closeFile"]);
  assertEquals(codesOf(driver.say("RETR a.txt")), "425");
});

Deno.test("ABOR: a connection that is made meanwhile is not used", () => {
  const driver = ready();
  driver.wire.slowToConnect = true;
  driver.say("PORT 127,0,0,1,200,10", "RETR a.txt");
  const { session, now, store } = driver;
  const connecting = session.all.find((effect) => effect.kind === "connectData")!;
  session.handleInput(octetsOf("ABOR\r\n"), now);
  assertEquals(session.pollEffect(now)?.kind, "abortTransfer");
  session.handleCompletion(connecting.id, { kind: "connected" }, now);
  const effects = poll(driver, 9);
  assertEquals(kindsOf(effects), ["closeFile", "send", "send"]);
  assertEquals(store.isOpen, false);
});

Deno.test("FtpSession: a client that goes while PORT's address is connected to", () => {
  for (const [verb, kinds] of [["RETR", "startTransfer"], ["STOR", "abortTransfer"]] as const) {
    const driver = ready();
    driver.wire.slowToConnect = true;
    driver.say("PORT 127,0,0,1,200,10", `${verb} a.txt`);
    driver.hangUp();
    if (verb === "RETR") {
      driver.endConnecting();
      assertEquals(driver.download(), octetsOf("data"));
    }
    assert(driver.effects.includes(kinds), verb);
    assertEquals(driver.tree.file("/a.txt"), octetsOf("data"));
    assert(driver.closed);
  }
});

Deno.test("FtpSession: startTransfer says whose transfer it is, and of what", () => {
  const driver = ready();
  driver.say("TYPE A", "MKD d", "CWD d", "EPSV", "STOR up.txt");
  const { user, path, direction, lines } = driver.transfer!;
  assertEquals([user, path, direction], ["writer", "/d/up.txt", "receive"]);
  assertEquals(lines, { to: "file", skip: 0 });
  driver.upload(octetsOf("a\r\n"));
  driver.say("EPSV", "REST 2", "RETR /d/up.txt");
  assertEquals(driver.transfer?.lines, { to: "network", skip: 2 });
  assertEquals(driver.download(), octetsOf("\n"));
});

Deno.test("FEAT, HELP and replies follow from what the store is able to do", () => {
  const none = { append: false, rename: false, modes: false, times: false };
  const driver = ready("writer", none);
  const said = driver.say("FEAT", "HELP", "SITE HELP");
  for (const word of ["MFMT", "APPE", "RNFR", "RNTO", "CHMOD", "UNIX.mode"]) {
    assert(!said.includes(word), word);
  }
  assert(said.includes("UNIX.owner") && said.includes("MDTM") && said.includes("REST STREAM"));
  const lines = ["APPE a", "RNFR a.txt", "MFMT 20240102030405 a.txt", "HELP APPE"];
  assertEquals(codesOf(driver.say(...lines)), "502 502 502 502");
  assertEquals(codesOf(driver.say("SITE CHMOD 600 a.txt", "HELP SITE CHMOD")), "500 502");
  assertEquals(codesOf(driver.say("MDTM 20240102030405 a.txt")), "550");
});

Deno.test("FtpSession: a client is not idle while its commands wait to be run", () => {
  const { session, now } = ready();
  const idleMs = SETTINGS.ftp.limits.idleTimeoutMs;
  session.handleInput(octetsOf("PWD\r\nPWD\r\n"), now);
  session.handleTimeout(now + idleMs);
  assertEquals(session.pollDeadline(), now + 2 * idleMs);
  const kinds = [1, 2, 3].map(() => session.pollEffect(now + idleMs)?.kind);
  assertEquals(kinds, ["send", "send", undefined]);
  session.handleTimeout(now + 2 * idleMs);
  const ends = [1, 2, 3].map(() => session.pollEffect(now + 2 * idleMs)?.kind);
  assertEquals(ends, ["send", "refused", "close"]);
});
