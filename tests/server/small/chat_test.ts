import { assert, assertEquals, assertFalse } from "@std/assert";
import { chat } from "../../../server/small/chat.ts";
import { SETTINGS, SmallDriver } from "./driver.ts";

function prompts(driver: SmallDriver): string[] {
  return driver.questions.map((question) => question.prompt);
}

Deno.test("chat shows a message, asks for the answer, and sends it as it was typed", () => {
  const driver = new SmallDriver(chat, SETTINGS, 7);
  assertEquals(driver.heard(), []);
  driver.input("good day");
  assertEquals(driver.printed, ["client 7: good day"]);
  assertEquals(prompts(driver), ["answer client 7> "]);
  driver.reply("to you as well");
  assertEquals(driver.heard(), ["to you as well"]);
  assertEquals(prompts(driver), []);
  assertFalse(driver.closed);
});

Deno.test("chat asks about one message at a time, in order", () => {
  const driver = new SmallDriver(chat);
  driver.input("one");
  driver.input("two");
  driver.input("three\nfour\r\n\r\n");
  assertEquals(driver.printed, ["client 1: one"]);
  for (const word of ["one", "two", "three", "four"]) {
    assertEquals(driver.printed.at(-1), `client 1: ${word}`);
    assertEquals(driver.questions.length, 1);
    driver.reply(word.toUpperCase());
  }
  assertEquals(driver.heard(), ["ONE", "TWO", "THREE", "FOUR"]);
  assertEquals(driver.questions.length, 0);
});

Deno.test("chat wants no more input while 16 wait for the operator", () => {
  const driver = new SmallDriver(chat);
  let given = 0;
  while (driver.session.wantsInput) driver.input(`message ${++given}`);
  assertEquals(given, 17, "the one that is asked about and 16 that wait");
  driver.reply("yes");
  assert(driver.session.wantsInput);
  while (driver.questions.length > 0) driver.reply("");
  assertEquals(driver.printed.length, given);
});

Deno.test("chat divides a message that is too long", () => {
  const driver = new SmallDriver(chat);
  driver.input("x".repeat(2_500));
  while (driver.questions.length > 0) driver.reply("");
  assertEquals(driver.printed.map((line) => line.length - "client 1: ".length), [
    1_024,
    1_024,
    452,
  ]);
});

Deno.test("chat puts characters together that the network cut", () => {
  const driver = new SmallDriver(chat);
  const octets = new TextEncoder().encode("é");
  driver.input(octets.subarray(0, 1));
  assertEquals(driver.printed, []);
  driver.input(octets.subarray(1));
  assertEquals(driver.printed, ["client 1: é"]);
});

Deno.test("chat shows nothing that a terminal would obey, so nobody looks like another", () => {
  const driver = new SmallDriver(chat);
  driver.input("a\x1b[1A\x1b[2Kclient 2: b\u2028c");
  assertEquals(driver.printed, ["client 1: a\ufffd[1A\ufffd[2Kclient 2: b\ufffdc"]);
});

Deno.test("chat sends nothing for an empty answer", () => {
  const driver = new SmallDriver(chat);
  driver.input("one");
  driver.reply("");
  assertEquals(driver.heard(), []);
  driver.input("two");
  assertEquals(driver.questions.length, 1);
});

Deno.test("chat without an operator shows messages and asks nobody", () => {
  const driver = new SmallDriver(chat);
  driver.input("one");
  driver.input("two");
  driver.reply(undefined);
  driver.input("three");
  assertEquals(driver.printed, ["client 1: one", "client 1: two", "client 1: three"]);
  assertEquals(driver.questions.length, 0);
  assertFalse(driver.closed);
});

Deno.test("chat ends with its client, and drops the question that is open", () => {
  const driver = new SmallDriver(chat);
  driver.input("one");
  driver.input("two");
  assertEquals(driver.questions.length, 1);
  driver.end();
  assertEquals(driver.printed, ["client 1: one", "client 1: two"]);
  assertEquals(driver.questions.length, 1, "nothing is asked for a client that has gone");
  assert(driver.closed);
  // The operator answers nevertheless.
  driver.reply("yes");
  assertEquals(driver.heard(), []);
});

Deno.test("chat closes when the client leaves or the server stops", () => {
  const leaving = new SmallDriver(chat);
  leaving.end();
  assert(leaving.closed);
  const stopping = new SmallDriver(chat);
  stopping.input("one");
  stopping.stop();
  assert(stopping.closed);
});

Deno.test("chat closes a silent client, but not while the operator thinks", () => {
  const driver = new SmallDriver(chat);
  driver.input("one");
  driver.wait(10 * SETTINGS.chat.idleTimeoutMs);
  assertFalse(driver.closed);
  driver.reply("at last");
  driver.wait(SETTINGS.chat.idleTimeoutMs - 1);
  assertFalse(driver.closed);
  driver.wait(1);
  assert(driver.closed);
});
