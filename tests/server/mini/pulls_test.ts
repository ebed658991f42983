import { assert, assertEquals } from "@std/assert";
import { getLong, octetsOf, prepared, PULL_WAIT_MS } from "./driver.ts";
import { latin1 } from "../../driven/session.ts";

Deno.test("mini pulls that outnumber blocks are dropped, and the next message is answered", () => {
  for (const next of ["get|empty|0", "get|missing|0", "put|new|0"]) {
    const driver = prepared();
    getLong(driver);
    for (let count = 0; count < 40; count++) driver.input("get|long|0");
    assertEquals(driver.heard(), [], "late pulls are silent");
    driver.input(next);
    const answers = { "get|empty|0": "YES|0", "get|missing|0": "NO|0", "put|new|0": "OK" };
    assertEquals(driver.heard(), [answers[next as keyof typeof answers]]);
  }
});

Deno.test("mini pulls after pieces of one octet: all late ones are dropped for good", () => {
  const driver = prepared();
  driver.input("get|long|0");
  driver.input("get|long|0");
  let pulls = 1;
  let received = driver.heard().slice(1).join("");
  // The client receives one octet, and pulls while the file is not complete.
  for (let piece = 1; piece < 2_500; piece++) {
    assert(piece <= received.length, "a pull is owed only for an octet that came");
    driver.input("get|long|0");
    pulls++;
    received += driver.heard().join("");
  }
  assertEquals(pulls, 2_500);
  assertEquals(received, latin1(octetsOf(2_500)));
  driver.pass(60_000);
  assertEquals(driver.heard(), []);
  driver.input("get|long|0");
  assertEquals(driver.heard(), ["YES|2500"], "after a minute it is a new get");
});

Deno.test("mini pull number 2 + SIZE is a new get, at once", () => {
  const driver = prepared();
  for (let count = 0; count < 1 + 1 + 5; count++) driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5", "hello"]);
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5"]);
});

Deno.test("mini get of the same name again, whole blocks: answered when nothing follows", () => {
  const driver = prepared();
  getLong(driver);
  driver.input("get|long|0");
  assertEquals(driver.heard(), []);
  driver.pass(PULL_WAIT_MS - 1);
  assertEquals(driver.heard(), []);
  driver.pass(1);
  assertEquals(driver.heard(), ["YES|2500"]);
  for (let count = 0; count < 3; count++) driver.input("get|long|0");
  assertEquals(driver.heard().join(""), latin1(octetsOf(2_500)));
});

Deno.test("mini get of the same name a third time waits for nothing", () => {
  const driver = prepared();
  getLong(driver);
  driver.input("get|long|0");
  driver.pass(PULL_WAIT_MS);
  driver.heard();
  for (let count = 0; count < 3; count++) driver.input("get|long|0");
  driver.heard();
  getLong(driver);
  getLong(driver);
});

Deno.test("mini get of the same name again by a client that pulls after the last block too", () => {
  const driver = prepared();
  getLong(driver);
  driver.input("get|long|0");
  driver.input("get|long|0");
  driver.pass(PULL_WAIT_MS);
  assertEquals(driver.heard(), ["YES|2500"]);
  for (let count = 0; count < 4; count++) driver.input("get|long|0");
  assertEquals(driver.heard().join("").length, 2_500);
  driver.pass(60_000);
  assertEquals(driver.heard(), [], "its habit is known: the fourth was a pull");
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5"]);
});

Deno.test("mini get that nobody asked for is no habit: the next late pull is dropped again", () => {
  const driver = prepared();
  getLong(driver);
  driver.input("get|long|0");
  driver.pass(PULL_WAIT_MS);
  assertEquals(driver.heard(), ["YES|2500"], "the client rests, and is misjudged");
  driver.input("get|a|0");
  driver.input("get|a|0");
  assertEquals(driver.heard(), ["YES|5", "hello"]);
  getLong(driver);
  driver.input("get|long|0");
  driver.input("put|new|0");
  assertEquals(driver.heard(), ["OK"]);
});

Deno.test("mini get of the same name after a silence is answered at once", () => {
  const driver = prepared();
  getLong(driver);
  driver.pass(PULL_WAIT_MS);
  driver.input("get|long|0");
  assertEquals(driver.heard(), ["YES|2500"]);
});

Deno.test("mini two pulls in one segment get two blocks", () => {
  const driver = prepared();
  driver.input("get|long|0");
  driver.heard();
  driver.input("get|long|0get|long|0");
  assertEquals(driver.heard().join(""), latin1(octetsOf(2_048)));
  driver.input("get|long|0");
  assertEquals(driver.heard().join("").length, 452);
});
