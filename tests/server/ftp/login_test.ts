/**
 * Unit tests of how the FTP session lets users in: attempts, pauses, refusals and what the operator
 * hears of them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Effect } from "../../../server/mod.ts";
import { FtpSession } from "../../../server/ftp/session.ts";
import { DrivenSession } from "../../driven/session.ts";
import { PEER, SETTINGS, withLimits } from "../../driven/settings.ts";
import { codesOf, octetsOf } from "./ready.ts";

const EVERYTHING = { append: true, rename: true, modes: true, times: true };

/** All effects of a session that hears these lines, where every attempt is allowed. */
function effectsOf(...lines: string[]): Effect[] {
  const { now } = new DrivenSession();
  const session = new FtpSession(SETTINGS.ftp, PEER, now, EVERYTHING);
  session.handleInput(octetsOf(lines.map((line) => `${line}\r\n`).join("")), now);
  const effects: Effect[] = [];
  for (let effect = session.pollEffect(now); effect; effect = session.pollEffect(now)) {
    effects.push(effect);
    if (effect.kind !== "attemptLogin") continue;
    session.handleCompletion(effect.id, { kind: "attempt", allowed: true, delayMs: 0 }, now);
  }
  return effects;
}

Deno.test("PASS: the attempt is asked for first, and told when it succeeded", () => {
  const told = effectsOf("USER writer", "PASS pass word").filter(({ kind }) => kind !== "send");
  assertEquals(told, [
    { kind: "attemptLogin", id: 1, delayMs: SETTINGS.ftp.limits.loginDelayMs },
    { kind: "loggedIn", user: "writer", access: "write" },
  ]);
});

Deno.test("PASS: a failed attempt is told with its name, never with the password", () => {
  const effects = effectsOf("USER bob", "PASS secret");
  assertEquals(effects.filter(({ kind }) => kind === "loginFailed"), [
    { kind: "loginFailed", user: "bob", reason: "name and password do not go together" },
  ]);
  assert(!JSON.stringify(effects).includes("secret"));
});

Deno.test("PASS: an attempt that is not allowed looks at no password, and closes", () => {
  const driver = new DrivenSession();
  driver.admission.next = { allowed: false, delayMs: 0 };
  driver.takeSaid();
  assertEquals(codesOf(driver.say("USER writer", "PASS pass word", "PWD")), "331 421");
  assert(driver.closed);
  assertEquals(driver.effects, ["attemptLogin", "refused", "close"]);
});

Deno.test("PASS: a failed login waits as long as its attempt says, and changes nothing before", () => {
  const driver = new DrivenSession();
  driver.admission.next = { allowed: true, delayMs: 4_000 };
  driver.say("USER writer", "PASS wrong");
  driver.takeSaid();
  assertEquals(driver.session.pollDeadline(), driver.now + 4_000);
  driver.session.handleTimeout(driver.now + 3_999);
  assertEquals(driver.session.pollEffect(driver.now), undefined);
  driver.pass(4_000);
  assertEquals(codesOf(driver.takeSaid()), "530");
});

Deno.test("PASS: a failed login without a pause", () => {
  const driver = new DrivenSession();
  driver.admission.next = { allowed: true, delayMs: 0 };
  driver.say("USER writer", "PASS wrong");
  driver.pass(0);
  assertEquals(codesOf(driver.takeSaid()), "530");
});

Deno.test("PASS: a client that goes while a failed login waits is not kept", () => {
  const driver = new DrivenSession();
  driver.say("USER writer", "PASS wrong");
  driver.hangUp();
  assert(driver.closed);
});

Deno.test("USER and REIN: who was logged in is told to be no more, once", () => {
  const kinds = effectsOf("USER ftp", "PASS x", "REIN", "REIN", "USER ftp", "PASS x", "USER ftp")
    .map(({ kind }) => kind).filter((kind) => kind !== "send" && kind !== "attemptLogin");
  assertEquals(kinds, ["loggedIn", "loggedOut", "loggedIn", "loggedOut"]);
});

Deno.test("FtpSession: each refusal tells the operator why, in front of its close", () => {
  const strange = Array.from({ length: 10 }, () => "XYZZ");
  for (const lines of [["GET / HTTP/1.1", "NOOP"], ["connect x:1 HTTP/1.1"], strange]) {
    const effects = effectsOf(...lines).slice(-3);
    assertEquals(effects.map(({ kind }) => kind), ["send", "refused", "close"], lines[0]);
  }
  const driver = new DrivenSession({ settings: withLimits({ loginTimeoutMs: 1_000 }) });
  driver.pass(1_000);
  assertEquals(driver.effects, ["refused", "close"]);
});

Deno.test("FtpSession: every method of HTTP closes, in any case and wherever it is cut", () => {
  const methods = "GET POST HEAD PUT DELETE OPTIONS PATCH CONNECT TRACE PRI get".split(" ");
  for (const method of methods) {
    const driver = new DrivenSession();
    driver.takeSaid();
    for (const octet of octetsOf(`${method} / HTTP/1.1\r\n`)) driver.input(Uint8Array.of(octet));
    assertEquals(codesOf(driver.takeSaid()), "421", method);
    assert(driver.closed);
  }
});

Deno.test("FtpSession: a login in time ends its time-out", () => {
  const driver = new DrivenSession({ settings: withLimits({ loginTimeoutMs: 1_000 }) });
  driver.pass(999);
  driver.login();
  driver.pass(10_000);
  assert(!driver.closed);
});
