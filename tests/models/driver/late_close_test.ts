/**
 * Data connections that close later than they are told to, as a ring's do: whatever comes next
 * finds nothing of them. Real sessions on the real driver, over a tree in memory. Needs no
 * permission.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { DrivenSession } from "../../driven/session.ts";
import { codesOf, octetsOf, ready } from "../../server/ftp/ready.ts";

/** A session that is logged in, with "/a.txt", on a wire that closes late. */
function slow(): DrivenSession {
  const driver = ready();
  driver.wire.slowToClose = true;
  return driver;
}

/** The next transfer, a download, works as ever. */
function assertServes(driver: DrivenSession): void {
  driver.wire.slowToClose = false;
  assertEquals(driver.download(), octetsOf("data"));
  assertEquals(codesOf(driver.takeSaid()), "226");
  assert(!driver.passive);
}

Deno.test("Driver: EPSV before an upload is closed lends the port of the next transfer", () => {
  const driver = slow();
  assertEquals(codesOf(driver.say("EPSV", "STOR up.txt", "EPSV")), "229 150");
  driver.upload(octetsOf("one"));
  assertEquals(driver.takeSaid(), "");
  driver.endClosing();
  assertEquals(codesOf(driver.takeSaid()), "226 229");
  assert(driver.passive);
  assertEquals(codesOf(driver.say("RETR a.txt")), "150");
  assertServes(driver);
  assertEquals(driver.tree.file("/up.txt"), octetsOf("one"));
});

Deno.test("Driver: PORT before an upload is closed connects when that is over", () => {
  const driver = slow();
  const said = driver.say(
    ...["PORT 127,0,0,1,200,10", "STOR up.txt"],
    ...["PORT 127,0,0,1,200,11", "RETR a.txt"],
  );
  assertEquals(codesOf(said), "200 150");
  driver.upload(octetsOf("one"));
  assertEquals(driver.takeSaid(), "");
  driver.endClosing();
  assertEquals(codesOf(driver.takeSaid()), "226 200 150");
  assertServes(driver);
});

for (const route of ["EPSV", "PORT 127,0,0,1,200,10"]) {
  Deno.test(`Driver: ABOR is answered when the transfer is closed, ${route.slice(0, 4)}`, () => {
    const driver = slow();
    driver.say(route, "RETR a.txt");
    assertEquals(codesOf(driver.say("ABOR", "EPSV", "RETR a.txt")), "");
    driver.endClosing();
    assertEquals(codesOf(driver.takeSaid()), "426 226 229 150");
    assertServes(driver);
  });
}

Deno.test("Driver: a client that leaves while its upload is closed has stored the file", () => {
  const driver = slow();
  driver.say("EPSV", "STOR up.txt");
  driver.upload(octetsOf("one"));
  driver.hangUp();
  assert(!driver.closed);
  driver.endClosing();
  assertEquals(codesOf(driver.takeSaid()), "226");
  assert(driver.closed);
  assertEquals(driver.tree.file("/up.txt"), octetsOf("one"));
});

Deno.test("Driver: a download that has gone is told as complete, though its client breaks off", () => {
  const driver = slow();
  driver.say("EPSV", "RETR a.txt");
  driver.link.events.length = 0;
  driver.download();
  assert(driver.closing);
  driver.act((given) => given.abandon(driver.now));
  const [event, ...others] = driver.link.events;
  assert(event?.kind === "transfer");
  assertEquals([event.outcome, event.octets, others], ["complete", 4, []]);
  driver.wire.finishClose();
});

Deno.test("Driver: a connection that is given up while its upload is closed hears nothing", () => {
  const driver = slow();
  driver.say("EPSV", "STOR up.txt");
  driver.upload(octetsOf("one"));
  driver.act((given) => given.abandon(driver.now));
  assert(driver.closed);
  driver.wire.finishClose();
  assertEquals(driver.takeSaid(), "");
});
