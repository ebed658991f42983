/**
 * What the operator hears of real sessions on the real driver, and that the gate is told of
 * everybody who comes, logs in and goes. Needs no permission but to read the protocols.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Protocol, protocols, type ServerEvent } from "../../../server/mod.ts";
import { TestAdmission } from "../../driven/link.ts";
import { DrivenSession } from "../../driven/session.ts";
import { PASSWORDS, PEER, SETTINGS } from "../../driven/settings.ts";
import { Tree } from "../../driven/tree.ts";
import { testWith } from "../../permission.ts";

const ORIGIN = { session: 1, host: "127.0.0.1" } as const;

function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A session that is logged in, with a file to fetch and nothing heard of it so far. */
function ready(): DrivenSession {
  const driver = new DrivenSession();
  driver.login();
  driver.say("TYPE I");
  driver.tree.put("/a.txt", octetsOf("data"));
  driver.link.events.length = 0;
  return driver;
}

/** The only event, without its seconds. */
function only({ link }: DrivenSession): ServerEvent {
  assertEquals(link.events.length, 1, JSON.stringify(link.events));
  return link.events[0]!;
}

Deno.test("Driver: a login is told, and one that failed with its name, never its password", () => {
  const driver = new DrivenSession();
  driver.say("USER writer", "PASS s3cret");
  driver.pass(500);
  driver.say("USER writer", `PASS ${PASSWORDS["writer"]}`);
  const [failed, login] = driver.link.events;
  assert(failed?.kind === "loginFailed");
  assertEquals([failed.session, failed.host, failed.user], [1, "127.0.0.1", "writer"]);
  assertEquals(login, { ...ORIGIN, kind: "login", user: "writer", access: "write" });
  assertEquals(driver.link.events.length, 2);
  const told = JSON.stringify(driver.link.events);
  assert(!told.includes("s3cret") && !told.includes(PASSWORDS["writer"]!));
});

Deno.test("Driver: a transfer is told with its octets and its time", () => {
  const driver = ready();
  driver.say("EPSV", "STOR b.txt");
  driver.receive(octetsOf("12345"));
  driver.pass(1_500);
  driver.upload(octetsOf("67"));
  assertEquals(only(driver), {
    ...ORIGIN,
    kind: "transfer",
    user: "writer",
    direction: "receive",
    path: "/b.txt",
    octets: 7,
    seconds: 1.5,
    outcome: "complete",
  });
});

Deno.test("Driver: octets of a transfer are those of the network", () => {
  const driver = ready();
  driver.tree.put("/lines", octetsOf("a\nb\n"));
  driver.say("TYPE A", "EPSV", "RETR lines");
  driver.download();
  const event = only(driver);
  assert(event.kind === "transfer");
  assertEquals([event.octets, event.direction], [6, "send"]);
});

Deno.test("Driver: a transfer that fails is told with the reason", () => {
  for (const [failure, code] of [["reset", "426"], ["noSpace", "552"]] as const) {
    const driver = ready();
    driver.say("EPSV", "STOR b.txt");
    driver.receive(octetsOf("123"));
    driver.breakTransfer(failure);
    const event = only(driver);
    assert(event.kind === "transfer");
    assertEquals([event.outcome, event.reason, event.octets], ["failed", "on purpose", 3]);
    assertEquals(driver.takeSaid().slice(0, 3), code);
  }
});

Deno.test("Driver: an upload that came whole and could not take its name is told as failed", () => {
  for (const command of ["APPE b.txt", "STOU b.txt"]) {
    const driver = ready();
    driver.say("EPSV", command);
    driver.receive(octetsOf("123"));
    driver.tree.put("/b.txt", octetsOf("another's"));
    driver.upload(octetsOf("45"));
    assertEquals(driver.takeSaid().slice(0, 3), "451");
    const event = only(driver);
    assert(event.kind === "transfer");
    assertEquals([event.outcome, event.reason, event.octets], ["failed", "file exists", 5]);
  }
});

Deno.test("Driver: an upload that could not take its name is told once, whatever the reason", () => {
  for (const failure of ["noSpace", "lost", "io"] as const) {
    const driver = ready();
    driver.failNext("commitUpload", failure);
    driver.say("EPSV", "STOR b.txt");
    driver.upload(octetsOf("123"));
    const event = only(driver);
    assert(event.kind === "transfer");
    assertEquals([event.path, event.outcome, event.reason], ["/b.txt", "failed", "on purpose"]);
  }
});

Deno.test("Driver: an upload to a name that STOU made is told by that", () => {
  const driver = ready();
  driver.tree.put("/b.txt", octetsOf("another's"));
  const [, path] = /FILE: (\S+)\r/.exec(driver.say("EPSV", "STOU b.txt"))!;
  driver.upload(octetsOf("123"));
  const event = only(driver);
  assert(event.kind === "transfer" && path !== "/b.txt");
  assertEquals([event.path, event.outcome], [path, "complete"]);
});

Deno.test("Driver: a transfer whose connection is given up is told, once", () => {
  const driver = ready();
  driver.say("EPSV", "RETR a.txt");
  driver.act((given) => given.abandon(driver.now));
  driver.act((given) => given.abandon(driver.now));
  const event = only(driver);
  assert(event.kind === "transfer");
  assertEquals([event.outcome, event.reason], ["failed", "the connection was closed"]);
  assert(!driver.store.isOpen);
});

Deno.test("Driver: a transfer is timed to the end of its connection, however that ends", () => {
  const endings: ((driver: DrivenSession) => void)[] = [
    (session) => session.act((driver) => driver.abandon(session.now)),
    (session) => session.act((driver) => driver.refuse("enough", session.now)),
    (session) => session.act((driver) => driver.crashed(new Error("a bug"), session.now)),
  ];
  for (const end of endings) {
    const driver = ready();
    driver.link.expectsCrashes = true;
    driver.say("EPSV", "RETR a.txt");
    driver.pass(1_500);
    end(driver);
    const event = driver.link.events.find(({ kind }) => kind === "transfer");
    assert(event?.kind === "transfer");
    assertEquals(event.seconds, 1.5);
  }
});

Deno.test("Driver: a data connection that the client's port does not take is told, an abort is not", () => {
  const driver = ready();
  driver.failNext("connectData", "noConnection");
  driver.say("PORT 127,0,0,1,200,10", "RETR a.txt");
  assertEquals(only(driver), {
    ...ORIGIN,
    kind: "failure",
    operation: "connectData",
    failure: "noConnection",
    reason: "on purpose",
  });
  driver.link.events.length = 0;
  driver.wire.slowToConnect = true;
  driver.say("PORT 127,0,0,1,200,10", "RETR a.txt", "ABOR");
  driver.act((given) => given.abandon(driver.now));
  assertEquals(driver.link.events, []);
});

Deno.test("Driver: what the system refused is told with its words", () => {
  const driver = ready();
  driver.failNext("makeDirectory", "noSpace");
  driver.say("MKD d");
  assertEquals(only(driver), {
    ...ORIGIN,
    kind: "failure",
    operation: "makeDirectory",
    path: "/d",
    failure: "noSpace",
    reason: "on purpose",
  });
});

Deno.test("Driver: what a client is merely wrong about is no news", () => {
  const driver = ready();
  driver.say("CWD missing", "SIZE missing", "CWD a.txt", "MKD a.txt", "EPSV", "RETR missing");
  driver.say("REST 99", "RETR a.txt");
  assertEquals(driver.link.events, []);
});

Deno.test("Driver: a rule that closes the connection is told", () => {
  const driver = new DrivenSession();
  driver.say("GET / HTTP/1.1");
  const event = only(driver);
  assert(event.kind === "refused");
  assert(driver.closed && event.reason !== "");
});

testWith(
  ["read"],
  "Driver: a client that is silent for too long is told, in every protocol",
  async () => {
    for (const { name, module } of protocols.values()) {
      const { [name]: protocol }: Readonly<Record<string, Protocol>> = await import(module);
      const driver = new DrivenSession({ protocol: protocol! });
      if (name === "ftp") driver.login();
      driver.link.events.length = 0;
      driver.pass(SETTINGS.ftp.limits.idleTimeoutMs);
      const event = only(driver);
      assert(driver.closed && event.kind === "refused", name);
      assertMatch(event.reason, /for too long$/, name);
    }
  },
);

// --- the gate ---

Deno.test("Driver: the gate hears of every login and of its end", () => {
  const driver = new DrivenSession();
  const { open, users } = driver.admission;
  const counts = () => [open.get("127.0.0.1") ?? 0, users.get("127.0.0.1") ?? 0];
  assertEquals(counts(), [1, 0]);
  driver.login();
  assertEquals([counts(), driver.admission.failed], [[1, 1], 0]);
  driver.say("REIN");
  assertEquals(counts(), [1, 0]);
  driver.login("anonymous");
  driver.say("USER writer");
  assertEquals(counts(), [1, 0]);
  driver.say("PASS wrong");
  driver.pass(500);
  assertEquals([counts(), driver.admission.failed], [[1, 0], 1]);
  driver.login();
  driver.say("QUIT");
  assertEquals(counts(), [0, 0]);
});

testWith(["read"], "Driver: however connections end, the gate is even in the end", async () => {
  const endings: ((driver: DrivenSession) => void)[] = [
    (driver) => driver.hangUp(),
    (driver) => driver.stop(),
    (driver) => {
      driver.say("QUIT"); // a word like any other where it is none
      if (!driver.closed) driver.hangUp();
    },
    (driver) => driver.pass(1e7),
    (session) => session.act((driver) => driver.abandon(session.now)),
    (session) => session.act((driver) => driver.refuse("enough", session.now)),
    (session) => {
      session.link.expectsCrashes = true;
      session.act((driver) => driver.crashed(new Error("a bug"), session.now));
    },
  ];
  const admission = new TestAdmission();
  const tree = new Tree();
  for (const { name, logsIn, module } of protocols.values()) {
    const { [name]: protocol }: Readonly<Record<string, Protocol>> = await import(module);
    for (const end of endings) {
      for (const loggedIn of [false, true]) {
        const driver = new DrivenSession({ protocol: protocol!, admission, tree });
        if (loggedIn && logsIn) driver.login();
        end(driver);
        assert(driver.closed, name);
        assertEquals(driver.link.ended, 1);
      }
    }
  }
  admission.assertEmpty();
});

Deno.test("Driver: a session that crashes ends alone, whatever it was doing", () => {
  const tree = new Tree();
  const admission = new TestAdmission();
  const other = new DrivenSession({ tree, admission, peer: { ...PEER, number: 2 } });
  other.login();
  for (const prepare of ["", "EPSV", "EPSV\r\nSTOR b.txt", "EPSV\r\nRETR a.txt"]) {
    const driver = new DrivenSession({ tree, admission });
    driver.link.expectsCrashes = true;
    driver.login();
    driver.say("TYPE I", ...prepare.split("\r\n"));
    driver.session.handleStop = () => {
      throw new Error("a bug");
    };
    driver.stop();
    assert(driver.closed, prepare);
    assertEquals(driver.link.crashes.map(String), ["Error: a bug"]);
    assertEquals(other.say("PWD").slice(0, 3), "257");
  }
  other.say("QUIT");
  admission.assertEmpty();
});
