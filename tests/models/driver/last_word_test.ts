/**
 * Uploads whose client closes its control connection: behind QUIT what came is the whole file, in
 * whichever order the ends of the two connections are heard; else it is none. Real sessions on the
 * real driver, over a tree in memory. Needs no permission.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { QUEUED_COMMANDS_MAX } from "../../../server/ftp/limits.ts";
import type { DrivenSession } from "../../driven/session.ts";
import { SETTINGS } from "../../driven/settings.ts";
import { codesOf, octetsOf, ready } from "../../server/ftp/ready.ts";

/** An upload of which half has come. */
function uploading(): DrivenSession {
  const driver = ready();
  assertEquals(codesOf(driver.say("EPSV", "STOR b.txt")), "229 150");
  driver.receive(octetsOf("ha"));
  return driver;
}

/** The same, whose data has ended behind the client's close, of which nothing is heard yet. */
function unheard(): DrivenSession {
  const driver = uploading();
  driver.wire.alive = false;
  driver.upload(octetsOf("lf"));
  assertEquals(driver.takeSaid(), "");
  return driver;
}

function assertStored(driver: DrivenSession): void {
  assertEquals(codesOf(driver.takeSaid()), "226 221");
  assertEquals(driver.tree.file("/b.txt"), octetsOf("half"));
  assert(driver.closed);
}

function assertBroken(driver: DrivenSession, codes: string): void {
  assertEquals(codesOf(driver.takeSaid()), codes);
  assert(!driver.tree.has("/b.txt"));
}

Deno.test("Driver: an upload goes on behind QUIT and the end of its client", () => {
  const driver = uploading();
  assertEquals(driver.say("QUIT"), "");
  driver.hangUp();
  assert(!driver.closed);
  driver.upload(octetsOf("lf"));
  assertStored(driver);
});

Deno.test("Driver: an upload that ends behind a close waits for QUIT to be heard", () => {
  const driver = unheard();
  assertEquals(driver.say("QUIT"), "");
  driver.hangUp();
  assertStored(driver);
});

Deno.test("Driver: an upload behind QUIT may stand still no longer than any other", () => {
  const driver = uploading();
  driver.say("QUIT");
  driver.hangUp();
  driver.pass(SETTINGS.ftp.limits.stallTimeoutMs);
  assertBroken(driver, "426 221");
});

Deno.test("Driver: an upload that ends behind a close without QUIT is not stored", () => {
  const silent = unheard();
  silent.hangUp();
  assertBroken(silent, "426");
  const aborting = unheard();
  aborting.say("PWD");
  aborting.input("ABOR\r\nQUIT\r\n");
  assertBroken(aborting, "426 226 257 221");
});

Deno.test("Driver: an upload that ends behind a close does not wait for ever", () => {
  const driver = unheard();
  driver.pass(SETTINGS.ftp.limits.stallTimeoutMs);
  assertBroken(driver, "426");
});

Deno.test("Driver: an upload waits for no word that its session has no room for", () => {
  const many = "PWD\r\n".repeat(QUEUED_COMMANDS_MAX);
  const before = uploading();
  before.input(many);
  before.wire.alive = false;
  before.upload(octetsOf("lf"));
  const meanwhile = unheard();
  meanwhile.input(many);
  for (const driver of [before, meanwhile]) {
    assertBroken(driver, `426${" 257".repeat(QUEUED_COMMANDS_MAX)}`);
  }
});

for (const last of ["QUIT", "PWD"]) {
  const isStored = last === "QUIT";
  const what = `behind ${last} ${isStored ? "is begun" : "is not begun"}`;
  const end = (driver: DrivenSession) => {
    if (!isStored) return assertBroken(driver, "426 257");
    assertEquals(codesOf(driver.takeSaid()), "150");
    driver.upload(octetsOf("half"));
    assertStored(driver);
  };

  Deno.test(`Driver: an upload of who has closed ${what} when its file opens`, () => {
    const driver = ready();
    driver.store.slow = true;
    assertEquals(codesOf(driver.say("EPSV", "STOR b.txt", last)), "229");
    driver.hangUp();
    driver.store.slow = false;
    driver.release();
    end(driver);
  });

  Deno.test(`Driver: an upload of who has closed ${what} when it connects`, () => {
    const driver = ready();
    driver.wire.slowToConnect = true;
    assertEquals(codesOf(driver.say("PORT 127,0,0,1,200,10", "STOR b.txt", last)), "200");
    driver.hangUp();
    if (isStored) driver.endConnecting();
    end(driver);
  });
}
