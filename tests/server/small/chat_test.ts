import { assert, assertEquals, assertFalse } from "@std/assert";
import { chat } from "../../../server/small/chat.ts";
import { DrivenSession } from "../../driven/session.ts";
import { PEER, SETTINGS } from "../../driven/settings.ts";

function prompts(driver: DrivenSession): string[] {
  return driver.link.questions.map((question) => question.prompt);
}

Deno.test("chat shows a message, asks for the answer, and sends it as it was typed", () => {
  const driver = new DrivenSession({ protocol: chat, peer: { ...PEER, number: 7 } });
  assertEquals(driver.heard(), []);
  driver.input("good day");
  assertEquals(driver.link.printed, ["client 7: good day"]);
  assertEquals(prompts(driver), ["answer client 7> "]);
  driver.reply("to you as well");
  assertEquals(driver.heard(), ["to you as well"]);
  assertEquals(prompts(driver), []);
  assertFalse(driver.closed);
});

Deno.test("chat asks about one message at a time, in order", () => {
  const driver = new DrivenSession({ protocol: chat });
  driver.input("one");
  driver.input("two");
  driver.input("three\nfour\r\n\r\n");
  assertEquals(driver.link.printed, ["client 1: one"]);
  for (const word of ["one", "two", "three", "four"]) {
    assertEquals(driver.link.printed.at(-1), `client 1: ${word}`);
    assertEquals(driver.link.questions.length, 1);
    driver.reply(word.toUpperCase());
  }
  assertEquals(driver.heard(), ["ONE", "TWO", "THREE", "FOUR"]);
  assertEquals(driver.link.questions.length, 0);
});

Deno.test("chat wants no more input while 16 wait for the operator", () => {
  const driver = new DrivenSession({ protocol: chat });
  let given = 0;
  while (driver.session.wantsInput) driver.input(`message ${++given}`);
  assertEquals(given, 17, "the one that is asked about and 16 that wait");
  driver.reply("yes");
  assert(driver.session.wantsInput);
  while (driver.link.questions.length > 0) driver.reply("");
  assertEquals(driver.link.printed.length, given);
});

Deno.test("chat divides a message that is too long", () => {
  const driver = new DrivenSession({ protocol: chat });
  driver.input("x".repeat(2_500));
  while (driver.link.questions.length > 0) driver.reply("");
  assertEquals(driver.link.printed.map((line) => line.length - "client 1: ".length), [
    1_024,
    1_024,
    452,
  ]);
});

Deno.test("chat puts characters together that the network cut", () => {
  const driver = new DrivenSession({ protocol: chat });
  const octets = new TextEncoder().encode("é");
  driver.input(octets.subarray(0, 1));
  assertEquals(driver.link.printed, []);
  driver.input(octets.subarray(1));
  assertEquals(driver.link.printed, ["client 1: é"]);
});

Deno.test("chat shows nothing that a terminal would obey, so nobody looks like another", () => {
  const driver = new DrivenSession({ protocol: chat });
  driver.input("a\x1b[1A\x1b[2Kclient 2: b\u2028c");
  assertEquals(driver.link.printed, ["client 1: a\ufffd[1A\ufffd[2Kclient 2: b\ufffdc"]);
});

Deno.test("chat sends nothing for an empty answer", () => {
  const driver = new DrivenSession({ protocol: chat });
  driver.input("one");
  driver.reply("");
  assertEquals(driver.heard(), []);
  driver.input("two");
  assertEquals(driver.link.questions.length, 1);
});

Deno.test("chat without an operator shows messages and asks nobody", () => {
  const driver = new DrivenSession({ protocol: chat });
  driver.input("one");
  driver.input("two");
  driver.reply(undefined);
  driver.input("three");
  assertEquals(driver.link.printed, ["client 1: one", "client 1: two", "client 1: three"]);
  assertEquals(driver.link.questions.length, 0);
  assertFalse(driver.closed);
});

Deno.test("chat ends with its client, and drops the question that is open", () => {
  const driver = new DrivenSession({ protocol: chat });
  driver.input("one");
  driver.input("two");
  assertEquals(driver.link.questions.length, 1);
  driver.hangUp();
  assertEquals(driver.link.printed, ["client 1: one", "client 1: two"]);
  assertEquals(driver.link.questions, [], "nothing is asked for a client that has gone");
  assert(driver.closed);
});

Deno.test("chat closes when the client leaves or the server stops", () => {
  const leaving = new DrivenSession({ protocol: chat });
  leaving.hangUp();
  assert(leaving.closed);
  const stopping = new DrivenSession({ protocol: chat });
  stopping.input("one");
  stopping.stop();
  assert(stopping.closed);
});

Deno.test("chat closes a silent client, but not while the operator thinks", () => {
  const driver = new DrivenSession({ protocol: chat });
  driver.input("one");
  driver.pass(10 * SETTINGS.chat.idleTimeoutMs);
  assertFalse(driver.closed);
  driver.reply("at last");
  driver.pass(SETTINGS.chat.idleTimeoutMs - 1);
  assertFalse(driver.closed);
  driver.pass(1);
  assert(driver.closed);
});
