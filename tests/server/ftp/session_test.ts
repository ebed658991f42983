/**
 * Unit tests of server/ftp/session.ts: what dialogues cannot show, because it is about effects,
 * queues, time and the driver's own duties.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  ASCII_SIZE_BYTES_MAX,
  QUEUED_COMMANDS_MAX,
  READ_BYTES,
} from "../../../server/ftp/limits.ts";
import { DrivenSession } from "../../driven/session.ts";
import { PEER_6, SETTINGS, withLimits } from "../../driven/settings.ts";
import { codesOf, octetsOf, ready } from "./ready.ts";

Deno.test("FtpSession: a small download takes no effect more than it needs", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt");
  driver.download();
  assertEquals(driver.effects, ["openPassive", "openRead", "startTransfer", "closeFile"]);
  assertEquals(driver.passive, false);
});

Deno.test("FtpSession: an upload ends with its commit", () => {
  const driver = ready();
  driver.say("EPSV", "STOR b.txt");
  driver.upload(octetsOf("data"));
  assertEquals(driver.effects, ["openPassive", "openUpload", "startTransfer", "commitUpload"]);
});

Deno.test("FtpSession: an upload that breaks leaves all but its last octet to who goes on", () => {
  const driver = ready();
  driver.tree.put("/a.txt", octetsOf("old"));
  driver.say("EPSV", "STOR a.txt");
  driver.receive(octetsOf("half"));
  driver.breakTransfer("reset");
  assertEquals(codesOf(driver.takeSaid()), "426");
  assertEquals(driver.tree.file("/a.txt"), octetsOf("old"));
  assertEquals(driver.tree.file("/.a.txt.ftplab-part"), octetsOf("hal"));
  assertEquals(driver.store.isOpen, false);
  assertEquals(codesOf(driver.say("EPSV", "REST 3", "STOR a.txt")), "229 350 150");
  driver.upload(octetsOf("f whole"));
  assertEquals(driver.tree.file("/a.txt"), octetsOf("half whole"));
});

Deno.test("FtpSession: ALLO goes with the next upload only", () => {
  const driver = ready();
  const expected = () => {
    const operation = driver.store.operations.at(-1);
    return operation?.do === "openUpload" ? operation.expected : "no upload";
  };
  driver.say("ALLO 5", "EPSV", "STOR b.txt");
  assertEquals(expected(), 5);
  driver.upload(octetsOf("12345"));
  driver.say("EPSV", "STOR b.txt");
  driver.upload(octetsOf("12345"));
  driver.say("EPSV", "STOR b.txt");
  assertEquals(expected(), undefined);
});

Deno.test("FtpSession: ALLO of an upload that is refused is not that of the next", () => {
  for (const refused of [["TYPE A", "REST 5", "STOR b.txt"], ["STOR ."], ["APPE ."], ["STOU ."]]) {
    const driver = ready();
    const said = driver.say("EPSV", "ALLO 900000000000000", ...refused);
    assertMatch(codesOf(said), / 55[34]$/);
    assertEquals(codesOf(driver.say("TYPE I", "STOR b.txt")), "200 150", refused.join());
    const operation = driver.store.operations.at(-1);
    assert(operation?.do === "openUpload" && operation.expected === undefined, refused.join());
  }
});

Deno.test("FtpSession: REST and ALLO end with the command that the verb table refuses", () => {
  const reader = ready("anonymous");
  for (const refused of ["STOR b.txt", "APPE b.txt", "STOU", "RETR", "STOR", "RETR missing"]) {
    const codes = codesOf(reader.say("REST 2", refused, "EPSV", "RETR a.txt"));
    assertMatch(codes, /^350 (550|501) 229 150$/);
    assertEquals(reader.download(), octetsOf("data"), refused);
    reader.takeSaid();
  }
  reader.say("REST 2", "SIZE", "DELE a.txt", "EPSV", "RETR a.txt");
  assertEquals(reader.download(), octetsOf("ta"));
  const writer = ready();
  for (const refused of ["STOR", "APPE"]) {
    const said = writer.say("ALLO 900000000000000", "REST 4", refused, "EPSV", "STOR b.txt");
    assertEquals(codesOf(said), "200 350 501 229 150");
    const operation = writer.store.operations.at(-1);
    assert(operation?.do === "openUpload");
    assertEquals([operation.start.at, operation.expected], ["replace", undefined]);
    writer.upload(octetsOf("x"));
    writer.takeSaid();
  }
});

Deno.test("FtpSession: a new way to a data connection gives the passive port back", () => {
  const driver = ready();
  driver.say("PASV");
  assert(driver.passive);
  driver.say("PORT 127,0,0,1,200,10");
  assert(!driver.passive);
  driver.say("EPSV", "EPRT |1|127.0.0.1|5000|");
  assert(!driver.passive);
  driver.say("EPSV", "PORT 10,0,0,1,200,10");
  assert(driver.passive);
});

Deno.test("REIN: all is as after the greeting", () => {
  const driver = ready();
  driver.say("OPTS MLST size;", "ALLO 5", "REST 2", "EPSV", "REIN");
  assert(!driver.passive);
  driver.login();
  assert(
    driver.say("FEAT").includes("MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;UNIX.owner*;"),
  );
  assertEquals(codesOf(driver.say("EPSV", "STOR a.txt")), "229 150");
  const operation = driver.store.operations.at(-1);
  assert(operation?.do === "openUpload");
  assertEquals([operation.start.at, operation.expected], ["replace", undefined]);
  assert(driver.transfer?.lines !== undefined);
});

Deno.test("FtpSession: EPRT of a link-local address is 522, since no link can be told", () => {
  const [local, remote] = ["fe80::1", "fe80::2"].map((host, index) => (
    { family: 6, host, port: 2121 + index } as const
  ));
  const driver = new DrivenSession({ peer: { local: local!, remote: remote!, number: 1 } });
  driver.login();
  assertEquals(codesOf(driver.say("EPRT |2|FE80:0::2|5000|", "LIST", "EPSV")), "522 425 229");
});

Deno.test("FtpSession: PASV is for IPv4, EPSV and EPRT for both", () => {
  const driver = new DrivenSession({ peer: PEER_6 });
  driver.login();
  driver.tree.put("/a.txt", octetsOf("data"));
  assertEquals(codesOf(driver.say("PASV")), "425");
  assertEquals(codesOf(driver.say("EPSV 1")), "522");
  assertEquals(codesOf(driver.say("EPSV 2")), "229");
  assertEquals(codesOf(driver.say("PORT 127,0,0,1,200,10")), "504");
  assertEquals(codesOf(driver.say("EPRT |1|127.0.0.1|5000|")), "522");
  assertEquals(codesOf(driver.say("EPRT |2|0:0:0:0:0:0:0:2|5000|")), "504");
  assertEquals(codesOf(driver.say("EPRT |2|0:0::0:1|5000|", "RETR a.txt")), "200 150");
  assertEquals(driver.driver.transfer?.route, { family: 6, host: "::1", port: 5000 });
});

Deno.test("FtpSession: ABOR in one piece with RETR ends it", () => {
  const driver = ready();
  assertEquals(codesOf(driver.say("EPSV", "RETR a.txt", "ABOR", "NOOP")), "229 426 226 200");
  assertEquals(driver.effects, ["openPassive", "openRead", "closePassive", "closeFile"]);
  assertEquals(driver.store.isOpen, false);
});

Deno.test("FtpSession: ABOR while the file is opened or closed is answered at the end", () => {
  const driver = ready();
  driver.store.slow = true;
  driver.say("EPSV", "RETR a.txt", "NOOP", "ABOR");
  assertEquals(driver.takeSaid(), "");
  driver.release();
  driver.release();
  assertEquals(codesOf(driver.takeSaid()), "426 226 200");
  driver.say("EPSV", "RETR a.txt");
  driver.release();
  driver.download();
  driver.say("NOOP", "STAT", "ABOR");
  driver.release();
  assertEquals(codesOf(driver.takeSaid()).slice(0, 15), "226 226 200 211");
});

Deno.test("FtpSession: ABOR while a file is opened in vain follows the refusal", () => {
  const driver = ready();
  driver.store.slow = true;
  driver.say("EPSV", "RETR missing", "ABOR");
  driver.release();
  assertEquals(codesOf(driver.takeSaid()), "550 226");
});

Deno.test("FtpSession: a client that goes while its file is opened starts no transfer", () => {
  const driver = ready();
  driver.store.slow = true;
  driver.say("EPSV", "STOR a.txt");
  driver.hangUp();
  assert(!driver.closed);
  driver.release();
  driver.release();
  assert(driver.closed);
  assertEquals(driver.effects.includes("startTransfer"), false);
  assertEquals(driver.tree.file("/a.txt"), octetsOf("data"));
});

Deno.test("FtpSession: a client that goes while its upload is committed keeps it", () => {
  const driver = ready();
  driver.say("EPSV", "STOR b.txt");
  driver.store.slow = true;
  driver.upload(octetsOf("new"));
  driver.hangUp();
  driver.release();
  assertEquals(driver.tree.file("/b.txt"), octetsOf("new"));
  assert(driver.closed);
});

Deno.test("FtpSession: commands wait while an operation is under way", () => {
  const driver = ready();
  driver.store.slow = true;
  assertEquals(driver.say("MKD d", "NOOP", "ABOR"), "");
  assertEquals(driver.session.pollDeadline(), Infinity);
  driver.release();
  assertEquals(codesOf(driver.takeSaid()), "257 200 226");
});

Deno.test("FtpSession: a server that stops lets an operation end", () => {
  const driver = ready();
  driver.store.slow = true;
  driver.say("MKD d", "PWD");
  driver.stop();
  assert(!driver.closed);
  driver.release();
  assertEquals(codesOf(driver.takeSaid()), "257 421");
  assert(driver.closed);
});

Deno.test("FtpSession: a queue that is full makes it stop reading, and nothing is lost", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt");
  driver.say(...Array.from({ length: QUEUED_COMMANDS_MAX - 1 }, () => "PWD"));
  assert(driver.session.wantsInput);
  assertEquals(driver.say(...Array.from({ length: 1000 }, () => "SYST")), "");
  assert(!driver.session.wantsInput);
  driver.download();
  const codes = codesOf(driver.takeSaid()).split(" ");
  assertEquals(codes.length, 1 + QUEUED_COMMANDS_MAX - 1 + 1000);
  assertEquals(codes.lastIndexOf("257"), QUEUED_COMMANDS_MAX - 1);
  assert(driver.session.wantsInput);
});

Deno.test("FtpSession: long lines fill the queue sooner", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt");
  for (let count = 0; count < 4; count++) {
    assert(driver.session.wantsInput);
    driver.say(`CWD ${"a".repeat(8_300)}`);
  }
  assert(!driver.session.wantsInput);
  driver.download();
  assertEquals(codesOf(driver.takeSaid()), "226 550 550 550 550");
  assert(driver.session.wantsInput);
});

Deno.test("FtpSession: one command done does not make room while input is left over", () => {
  const driver = ready();
  driver.store.slow = true;
  driver.say(...Array.from({ length: 2 * QUEUED_COMMANDS_MAX }, () => "CWD /"));
  for (let left = 2 * QUEUED_COMMANDS_MAX; left > 0; left--) {
    assertEquals(driver.session.wantsInput, left <= QUEUED_COMMANDS_MAX, `${left} left`);
    driver.release();
  }
  assertEquals(codesOf(driver.takeSaid()).split(" ").length, 2 * QUEUED_COMMANDS_MAX);
});

Deno.test("FtpSession: an unread rest goes on with what comes after it", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt");
  driver.input(octetsOf("PWD\r\n".repeat(100) + "SY"));
  driver.input(octetsOf("ST\r\nNO"));
  driver.download();
  driver.input(octetsOf("OP\r\n"));
  const codes = codesOf(driver.takeSaid()).split(" ");
  assertEquals(codes.slice(-3), ["257", "215", "200"]);
  assertEquals(codes.length, 1 + 100 + 2);
});

Deno.test("FtpSession: octets that make no line do not put the idle time off", () => {
  const driver = new DrivenSession({ settings: withLimits({ idleTimeoutMs: 1000 }) });
  driver.takeSaid();
  for (let count = 0; count < 9; count++) {
    driver.pass(100);
    driver.input(octetsOf("N"));
  }
  driver.pass(99);
  assertEquals(driver.takeSaid(), "");
  driver.pass(1);
  assertEquals(codesOf(driver.takeSaid()), "421");
  assert(driver.closed);
});

Deno.test("FtpSession: the idle time begins anew when a transfer ends", () => {
  const driver = ready();
  driver.say("EPSV", "STOR b.txt");
  assertEquals(driver.session.pollDeadline(), Infinity);
  for (let count = 0; count < 9; count++) {
    driver.receive(octetsOf("slow"));
    driver.pass(SETTINGS.ftp.limits.stallTimeoutMs - 1);
  }
  driver.upload(octetsOf("."));
  assertEquals(driver.tree.file("/b.txt"), octetsOf(`${"slow".repeat(9)}.`));
  assertEquals(driver.session.pollDeadline(), driver.now + SETTINGS.ftp.limits.idleTimeoutMs);
});

Deno.test("FtpSession: a client that half-closes still gets its answers", () => {
  const driver = new DrivenSession();
  driver.takeSaid();
  driver.input(octetsOf("USER anonymous\r\nPASS x\r\nPWD\r\nPW"));
  driver.hangUp();
  assertEquals(codesOf(driver.takeSaid()), "331 230 257");
  assert(driver.closed);
});

Deno.test("FtpSession: no transfer is begun for a client that has gone", () => {
  const driver = ready();
  driver.say("EPSV", "STOR b.txt");
  driver.receive(octetsOf("half"));
  driver.say("PWD", "EPSV", "RETR a.txt", "PWD");
  driver.hangUp();
  assertEquals(codesOf(driver.takeSaid()), "426 257 229 425 257");
  assert(driver.closed);
  assertEquals(driver.effects.filter((effect) => effect === "startTransfer").length, 1);
});

Deno.test("FtpSession: a server that stops lets a transfer end, and takes ABOR meanwhile", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt", "PWD");
  driver.stop();
  assert(!driver.closed);
  assertEquals(codesOf(driver.say("ABOR")), "426 226 421");
  assert(driver.closed);
});

Deno.test("FtpSession: after its close it takes anything and does nothing", () => {
  const driver = ready();
  driver.say("QUIT", "NOOP");
  assert(driver.closed);
  driver.input(octetsOf("NOOP\r\n"));
  driver.hangUp();
  driver.stop();
  const { session } = driver.session;
  session.handleInput(octetsOf("NOOP\r\n"), driver.now);
  session.handleEnd(driver.now);
  session.handleStop(driver.now);
  session.handleTimeout(driver.now + 1e9);
  session.handleCompletion(1, { kind: "done" }, driver.now);
  assertEquals(session.pollEffect(driver.now), undefined);
});

Deno.test("FtpSession: a driver's mistakes are loud", () => {
  const { session: { session }, now } = ready();
  assertThrows(() => session.handleCompletion(999, { kind: "done" }, now), Error, "nothing asked");
  session.handleInput(octetsOf("EPSV\r\n"), now);
  const effect = session.pollEffect(now);
  assert(effect?.kind === "openPassive");
  assertThrows(
    () => session.handleCompletion(effect.id, { kind: "done" }, now),
    Error,
    `Cannot use "done"`,
  );
});

Deno.test("SIZE: in TYPE A a file is not read to find that it is too large", () => {
  const driver = ready();
  driver.tree.put("/large", new Uint8Array(ASCII_SIZE_BYTES_MAX + 1));
  assertEquals(codesOf(driver.say("TYPE A", "SIZE large")), "200 550");
  assertEquals(driver.effects, ["openRead", "closeFile"]);
});

Deno.test("SIZE: in TYPE A a file that grows while it is read is given up", () => {
  const driver = ready();
  const { session, now, store } = driver;
  session.handleInput(octetsOf("TYPE A\r\nSIZE a.txt\r\n"), now);
  let reads = 0;
  let said = "";
  for (
    let effect = session.pollEffect(now);
    effect !== undefined;
    effect = session.pollEffect(now)
  ) {
    if (effect.kind === "send") {
      said += new TextDecoder().decode(effect.octets);
    } else if (effect.kind === "file" && effect.operation.do === "read") {
      const octets = new Uint8Array(effect.operation.length);
      session.handleCompletion(effect.id, { kind: "octets", octets, ended: false }, now);
      reads++;
    } else if (effect.kind === "file") {
      session.handleCompletion(effect.id, driver.perform(effect.operation), now);
    }
  }
  assertEquals(codesOf(said), "200 550");
  assertEquals(reads, ASCII_SIZE_BYTES_MAX / READ_BYTES + 1);
  assert(!store.isOpen);
});

Deno.test("STAT: closes what it opened when it cannot be read", () => {
  const driver = ready();
  driver.failNext("read", "io");
  assertEquals(codesOf(driver.say("STAT /")), "451");
  assertEquals(driver.store.isOpen, false);
});
