import { assert, assertEquals } from "@std/assert";
import { getLong, NUMBER_WAIT_MS, octetsOf, prepared, text } from "./driver.ts";
import { latin1 } from "../../driven/session.ts";

Deno.test("mini messages cut anywhere mean the same", () => {
  const messages = ["get|long|0", "get|long|0", "put|new|12", "hello world!", "get|new|0"];
  for (const [number, cut] of messages.entries()) {
    for (let at = 1; at < cut.length; at++) {
      const driver = prepared();
      for (const [index, message] of messages.entries()) {
        if (index === number) {
          driver.input(message.slice(0, at));
          driver.pass(NUMBER_WAIT_MS - 1);
          driver.input(message.slice(at));
        } else {
          driver.input(message);
        }
        driver.pass(NUMBER_WAIT_MS);
      }
      const block = latin1(octetsOf(1_024));
      assertEquals(driver.heard(), ["YES|2500", block, "OK", "YES|12"], `${cut} cut at ${at}`);
    }
  }
});

Deno.test("mini messages octet by octet mean the same", () => {
  const driver = prepared();
  driver.inputSlowly("get|a|0get|a|0");
  driver.inputSlowly("put|new|10");
  driver.pass(NUMBER_WAIT_MS);
  driver.inputSlowly("0123456789get|new|0get|new|0");
  assertEquals(driver.heard(), ["YES|5", "hello", "OK", "YES|10", "0123456789"]);
});

Deno.test("mini messages in one segment are answered in order", () => {
  const driver = prepared();
  driver.input("get|missing|0get|a|0get|a|0put|new|3abcget|new|0");
  // A block of a file ends a turn: what was said until then leaves.
  assertEquals(driver.heard(), ["NO|0YES|5", "helloOKYES|3"]);
});

Deno.test("mini number at the end of the input waits for the rest of it", () => {
  const driver = prepared();
  driver.input("put|new|1");
  driver.pass(NUMBER_WAIT_MS - 1);
  driver.input("2");
  driver.pass(NUMBER_WAIT_MS - 1);
  assertEquals(driver.heard(), []);
  driver.pass(1);
  assertEquals(driver.heard(), ["OK"]);
  driver.input("hello world!");
  assertEquals(text(driver.tree.file("/new")), "hello world!");
});

const NONSENSE: readonly (readonly [string, string])[] = [
  ["del|a|0", "ERR|Command is neither get nor put"],
  ["GET|a|0", "ERR|Command is neither get nor put"],
  ["\r\n", "ERR|Command is neither get nor put"],
  ["\0\xff\0", "ERR|Command is neither get nor put"],
  ["put|a|x", "ERR|Size is not a whole number"],
  ["put|a|-1", "ERR|Size is not a whole number"],
  ["put|a| 1", "ERR|Size is not a whole number"],
  ["put|a|", "ERR|Message has no end"],
  ["put|a|9999999999999999", "ERR|Size is too large"],
  ["get|a", "ERR|Message has no end"],
  ["get|a|x", "NO|0"],
  ["get|a|b|0", "NO|0"],
  ["p", "ERR|Message has no end"],
  [`put|${"x".repeat(1_100)}|0`, "ERR|Message takes more than 1024 bytes"],
];

for (const [message, answer] of NONSENSE) {
  Deno.test(`mini answers ${JSON.stringify(message.slice(0, 20))} clearly and goes on`, () => {
    for (const slowly of [false, true]) {
      const driver = prepared();
      const octets = Uint8Array.from(message, (character) => character.charCodeAt(0));
      if (slowly) driver.inputSlowly(octets);
      else driver.input(octets);
      driver.pass(5_000);
      assertEquals(driver.heard(), [answer]);
      getLong(driver);
    }
  });
}

Deno.test("mini closes when what is no message does not end", () => {
  const driver = prepared();
  for (let count = 0; count < 5 && !driver.closed; count++) driver.input("!".repeat(16_384));
  assertEquals(driver.heard(), ["ERR|Command is neither get nor put"]);
  assert(driver.closed);
});
